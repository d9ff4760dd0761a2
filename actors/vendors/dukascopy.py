"""Dukascopy's candles as its site and JForex write them: ``EURUSD_Candlestick_1_M_BID_01.01.2024-31.01.2024.csv``.

The header begins with the zone of the stamps: ``Gmt time``, ``Local time`` (each stamp then ends in ``GMT+0100``), or,
from JForex, ``Time (EET)``, which is Athens' time. A candle is stamped with its start; the side is a part of the
symbol, EURUSD-BID, since bids and asks are not one series. While the market is closed there may be flat candles without
volume.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from actors.reading import delimited, naming
from actors.reading.delimited import Opened, TextReader
from actors.reading.format import Coverage, Format, Hints, Stamp
from actors.reading.peek import Head
from actors.reading.spelling.header import plain
from actors.vendors import currencies

_TIMES = {"gmttime", "localtime", "timeeet", "timeutc", "timegmt", "utc", "gmt"}
_COLUMNS = ["open", "high", "low", "close", "volume"]
_NAME = re.compile(
    r"(?P<symbol>.+?)_(?:UTC_)?(?:Candlestick_)?\d+[_ ]?[A-Za-z]+_(?P<side>bid|ask)(?:_.*)?", re.IGNORECASE
)


def _sniff(head: Head) -> bool:
    header = [plain(name) for name in head.cells(0)]
    return header[:1] != [] and header[0] in _TIMES and header[1:6] == _COLUMNS


def _symbol(path: Path) -> str:
    named = _NAME.fullmatch(naming.stem_of(path))
    return f"{named['symbol']}-{named['side']}".upper() if named else ""


def _opens(fmt: Format, path: Path, hints: Hints) -> Iterator[Opened]:
    for file in delimited.opens(fmt, path, hints, symbol_named=_symbol):
        yield msgspec.structs.replace(file, told=currencies.at_home)


DUKASCOPY = Format(
    name="dukascopy",
    title="Dukascopy and JForex candles",
    source="https://www.dukascopy.com/swiss/english/marketwatch/historical/",
    stamp=Stamp.START,
    tz=None,  # the header says
    adjusted=False,
    coverage=Coverage.ALL,
    emits_empty_minutes=True,
    sniff=_sniff,
    read=TextReader(_opens),
)
