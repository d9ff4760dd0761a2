"""NautilusTrader's FXCM test data: one side of a currency pair by the minute, ``gbpusd-m1-bid-2012.csv``.

The header is ``timestamp,open,high,low,close``, stamps are UTC and carry it, and label the bar's start: weeks begin at
22:00 and end at 21:59 in winter, which is 17:00 in New York. The side is a part of the symbol, GBPUSD-BID, since bids
and asks are not one series. There is no volume column. Bars of Binance and of perpetuals that come with the same
package are Binance klines and plain CSV.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from actors.reading import delimited, naming
from actors.reading.delimited import Opened, TextReader
from actors.reading.format import OFFSET, Coverage, Format, Hints, Stamp
from actors.reading.peek import Head

_NAME = re.compile(r"([a-z0-9]+)-m1-(bid|ask)(?:-\d{4})?", re.IGNORECASE)
_HEADER = ["timestamp", "open", "high", "low", "close"]


def _sniff(head: Head) -> bool:
    return head.cells(0) == _HEADER and _NAME.fullmatch(naming.stem_of(head.name)) is not None


def _opens(fmt: Format, path: Path, hints: Hints) -> Iterator[Opened]:
    name = _NAME.fullmatch(naming.stem_of(Head(path, hints.member).name))
    if name is not None and not hints.symbol:
        hints = msgspec.structs.replace(hints, symbol=f"{name[1]}-{name[2]}".upper())
    yield from delimited.opens(fmt, path, hints)


NAUTILUS = Format(
    name="nautilus",
    title="NautilusTrader FXCM bid or ask bars",
    source="https://nautilustrader.io/docs/latest/tutorials/backtest_fx_bars",
    stamp=Stamp.START,
    tz=OFFSET,
    adjusted=False,
    coverage=Coverage.ALL,
    emits_empty_minutes=False,
    calendar="FX",
    sniff=_sniff,
    read=TextReader(_opens),
)
