"""QuantConnect LEAN's data folder: zips of minute trade bars of equities, crypto, crypto futures, futures, indices.

The folders say what a file is (``equity/usa/minute/spy/20131007_trade.zip``), the zip's own name gives the date, and
its members have no header: milliseconds since midnight, open, high, low, close, volume. The time is the bar's start in
the zone that ``market-hours-database.json`` calls the data's; equities' prices are multiplied by 10000.

A future has one member a contract month. Its symbol is the field's: root, letter of the delivery month, two digits of
the year, so ``es`` of 201312 is ESZ13. Everything else is called what its folder is called. Quotes, ticks, seconds,
hours and days, and what has quotes only (forex, CFD), are not imported.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from actors.vendors.assemble import Assembler
from actors.vendors.delimited import Block, Layout, blocks
from actors.vendors.format import Coverage, Format, Hints, RawBars, Stamp, Unsupported
from actors.vendors.peek import Head, members
from actors.vendors.stamps import StampForm
from messages.errors import DataError
from messages.values import SECOND_NS

_ASSETS = "equity|crypto|cryptofuture|future|index|forex|cfd|option|futureoption|indexoption"
_FOLDERS = re.compile(rf"(?:^|/)({_ASSETS})/([a-z0-9]+)/(minute|second|tick|hour|daily)/(?:.+/)?([^/]+)\.zip$")
_MEMBER = re.compile(r"\d{8}_.+_(?:minute|second|tick)_(?:trade|quote|openinterest).*\.csv", re.IGNORECASE)
_CONTRACT = re.compile(r"_(\d{4})(\d\d)(?:_\d+)?\.csv$")
_MONTHS = "FGHJKMNQUVXZ"
_EQUITY_SCALE = 10_000.0

# Zone and calendar, by asset and market; the last entry of an asset is for markets that are not named.
_AROUND_THE_CLOCK = ("UTC", "24/7")
_ABROAD: dict[str, tuple[str | None, str | None]] = {
    "eurex": ("Europe/Berlin", "XEUR"),
    "india": ("Asia/Kolkata", "XBOM"),
    "hkfe": ("Asia/Hong_Kong", "XHKG"),
    "krx": ("Asia/Seoul", "XKRX"),
    "ose": ("Asia/Tokyo", "XTKS"),
}
_HOMES: dict[str, dict[str, tuple[str | None, str | None]]] = {
    "equity": {"usa": ("America/New_York", "XNYS"), "india": ("Asia/Kolkata", "XBOM")},
    "crypto": {"": _AROUND_THE_CLOCK},
    "cryptofuture": {"": _AROUND_THE_CLOCK},
    "future": {"sgx": ("UTC", None), "": ("UTC", "CMES")} | _ABROAD,
    "index": {"usa": (None, "XNYS"), "cboe": ("America/New_York", "XNYS")} | _ABROAD,
}
# The market-hours database keeps these three in Chicago and most other US indices in New York.
_CHICAGO_INDICES = ("SPX", "VIX", "NDX")

_LAYOUT = Layout(
    delimiter=",",
    places={"time": 0, "open": 1, "high": 2, "low": 3, "close": 4, "volume": 5},
    width=6,
    header_lines=0,
    form=StampForm.TIME_OF_DAY,
)


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    """What the folders say of a file."""

    asset: str
    market: str
    resolution: str
    folder: str
    name: str

    @property
    def kind(self) -> str:
        """``trade`` or ``quote``, where the name says it."""
        return self.name.partition("_")[2] or "trade"


def _place(path: Path) -> _Place | None:
    found = _FOLDERS.search(path.absolute().as_posix().lower())
    if found is None:
        return None
    asset, market, resolution, name = found.groups()
    return _Place(asset=asset, market=market, resolution=resolution, folder=path.absolute().parent.name, name=name)


def _sniff(head: Head) -> bool:
    return bool(head.members) and (_place(head.path) is not None or _MEMBER.fullmatch(head.members[0]) is not None)


def _checked(path: Path) -> _Place:
    place = _place(path)
    if place is None:
        raise DataError(
            "a LEAN file outside LEAN's folders: they say what it is, as in equity/usa/minute/spy/20131007_trade.zip"
        )
    if place.resolution != "minute":
        raise Unsupported(f"LEAN {place.resolution} data; only one-minute trade bars are imported")
    if place.kind != "trade" or place.asset not in _HOMES:
        raise Unsupported(f"LEAN {place.kind} data of {place.asset} {place.market}; only trade bars are imported")
    return place


def _read(fmt: Format, path: Path, hints: Hints) -> Iterator[RawBars]:
    place = _checked(path)
    zone, calendar = _home(place)
    scale = _EQUITY_SCALE if place.asset == "equity" else 1.0
    fmt = msgspec.structs.replace(fmt, tz=zone, price_scale=scale, calendar=calendar)
    midnight_ns = _midnight(place.name)
    for member in members(path):
        assembler = Assembler(fmt, hints, path, is_local=True, symbol=_symbol(place, member))
        for block in blocks(path, member, _LAYOUT):
            for raw in assembler.assembled(_dated(block, midnight_ns)):
                yield msgspec.structs.replace(raw, market=f"{place.asset}/{place.market}")
        assembler.finish()


def _home(place: _Place) -> tuple[str | None, str | None]:
    homes = _HOMES[place.asset]
    if (place.asset, place.market) == ("index", "usa") and place.folder.upper() in _CHICAGO_INDICES:
        return "America/Chicago", "XNYS"
    return homes.get(place.market) or homes.get("", (None, None))


def _symbol(place: _Place, member: str) -> str:
    contract = _CONTRACT.search(member) if place.asset == "future" else None
    if contract is None:
        return place.folder
    return f"{place.folder}{_MONTHS[int(contract[2]) - 1]}{contract[1][2:]}"


def _midnight(name: str) -> int:
    try:
        day = datetime.strptime(name[:8], "%Y%m%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise DataError(f"the name {name!r} begins with no date; wanted one like 20131007_trade") from error
    return int(day.timestamp()) * SECOND_NS


def _dated(block: Block, midnight_ns: int) -> Block:
    return msgspec.structs.replace(block, stamps_ns=block.stamps_ns + midnight_ns)


LEAN = Format(
    name="lean",
    title="QuantConnect LEAN data folder",
    source="https://www.quantconnect.com/docs/v2/lean-cli/datasets/format-and-storage",
    stamp=Stamp.START,
    tz=None,
    coverage=Coverage.ALL,
    emits_empty_minutes=False,
    sniff=_sniff,
    read=_read,
)
