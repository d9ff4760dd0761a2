"""NinjaTrader's historical data as text: ``yyyyMMdd HHmmss;open;high;low;close;volume``, UTC, bar end.

There is no header, and HistData's files look alike, without volume. The documentation of the import format says that a
stamp is the end of the bar; exports are in UTC. Only the file's name says whose bars they are, and an instrument's name
there may be more than a symbol (``ES 03-24``).
"""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from actors.reading import delimited
from actors.reading.delimited import Opened, TextReader
from actors.reading.format import Coverage, Format, Hints, RawBars, Stamp
from actors.reading.peek import Head
from messages.errors import DataError

_PRICE = r"[-+]?\d*[.,]?\d+"
_LINE = re.compile(rf"\d{{8}} \d{{6}};{_PRICE};{_PRICE};{_PRICE};{_PRICE};\d+")


def _sniff(head: Head) -> bool:
    return bool(head.lines) and _LINE.fullmatch(head.lines[0].strip()) is not None


def _is_without_volume(head: Head) -> bool:
    return all(line.strip().endswith(";0") for line in head.lines[:-1] or head.lines)


def _opens(fmt: Format, path: Path, hints: Hints) -> Iterator[Opened]:
    if not hints.is_format_named and _is_without_volume(Head(path, hints.member)):
        raise DataError(
            "NinjaTrader and HistData write this shape, five hours and a minute apart, and without any volume nothing "
            "tells them apart; say which with --format ninjatrader or --format histdata"
        )
    for file in delimited.opens(fmt, path, hints):
        yield file if hints.symbol else msgspec.structs.replace(file, told=_named)


def _named(bars: RawBars) -> RawBars:
    named = f"the symbol {bars.symbols[0]} is taken from the file's name; --symbol gives another"
    return msgspec.structs.replace(bars, remarks=(*bars.remarks, named))


NINJATRADER = Format(
    name="ninjatrader",
    title="NinjaTrader text export",
    source="https://ninjatrader.com/support/helpGuides/nt8/importing.htm",
    stamp=Stamp.END,
    tz="UTC",
    adjusted=None,  # an option of the export
    coverage=Coverage.ALL,
    is_anybodys=True,
    emits_empty_minutes=False,
    columns=("time", "open", "high", "low", "close", "volume"),
    sniff=_sniff,
    read=TextReader(_opens),
)
