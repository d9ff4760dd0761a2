"""QuantConnect LEAN's data folder: zips of minute trade bars of equities, crypto, crypto futures, futures, indices.

The members of a zip have no header: milliseconds since midnight, open, high, low, close, volume. The time is the bar's
start; equities' prices are multiplied by 10000. ``lean_folders`` knows what the folders say.

A future has one member a contract month. Its symbol is the field's: root, letter of the delivery month, two digits of
the year, so ``es`` of 201312 is ESZ13. Everything else is called what its folder is called. Quotes, seconds and ticks
have formats of their own; what none of them takes is refused here.
"""

from collections.abc import Iterator
from pathlib import Path

from actors.reading.delimited import Opened, TextReader
from actors.reading.format import Coverage, Format, Hints, Stamp, Unsupported
from actors.reading.layout import Layout
from actors.reading.stamps import StampForm
from actors.vendors.lean import folders
from actors.vendors.lean.folders import QUOTED_ONLY, Place

BARS = Layout(
    delimiter=",",
    places={"time": 0, "open": 1, "high": 2, "low": 3, "close": 4, "volume": 5},
    width=6,
    header_lines=0,
    form=StampForm.TIME_OF_DAY,
)
"""The columns of trade bars, of minutes and of seconds."""


def _opens(fmt: Format, path: Path, hints: Hints) -> Iterator[Opened]:
    place = folders.checked_place(path)
    refusal = _refusal(place)
    if refusal is not None:
        raise Unsupported(refusal)
    yield from folders.opened(fmt, hints, place, BARS)


def _refusal(place: Place) -> str | None:
    what = f"LEAN {place.resolution} {place.kind} data of {place.asset} {place.market}"
    match place.resolution, place.kind:
        case _ if not place.is_known:
            return f"{what}; options are not imported"
        case "minute", "trade" if place.asset not in QUOTED_ONLY:
            return None
        case "minute", "quote" if place.asset in QUOTED_ONLY:
            return f"{what}, which has quotes only; imported with --format lean-quote or without --format"
        case "minute", "quote":
            return f"{what}, which has trades too; imported only with --format lean-quote, as mid prices with volume 0"
        case "second" | "tick", "trade":
            return _refusal_beside_bars(what, place)
        case _:
            return f"{what}; imported are one-minute bars and quotes, and trades by the second or the tick"


def _refusal_beside_bars(what: str, place: Place) -> str:
    beside = place.has_beside("minute", "second") if place.resolution == "tick" else place.has_beside("minute")
    why = f", beside which stand the day's {beside} bars" if beside else ""
    return f"{what}{why}; imported only with --format lean-{place.resolution}"


LEAN = Format(
    name="lean",
    title="QuantConnect LEAN data folder",
    source="https://www.quantconnect.com/docs/v2/lean-cli/datasets/format-and-storage",
    stamp=Stamp.START,
    tz=None,
    adjusted=False,  # raw prices; factor_files hold the adjustments
    coverage=Coverage.ALL,
    emits_empty_minutes=False,
    takes_zips=True,
    has_capitals=False,
    sniff=folders.looks_like_lean,
    read=TextReader(_opens),
)
