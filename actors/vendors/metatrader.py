"""MetaTrader's exports: version 4's history center and version 5's bars, stamped with the start of the bar.

Version 4 writes ``EURUSD1.csv``, the minutes of a bar behind the symbol, without a header:
``2013.12.11,17:20,open,high,low,close,ticks``. Version 5 writes ``EURUSD_M1_202401020000_202401051659.csv`` with
``<DATE> <TIME> <OPEN> ... <TICKVOL> <VOL> <SPREAD>`` and tabs. Stamps are the broker's server's, and the file does not
say which zone that is: ``--tz``, where many brokers need ``America/New_York+7``.
"""

import re
from contextlib import suppress
from functools import partial
from pathlib import Path

from actors.reading import delimited, naming, shape
from actors.reading.delimited import TextReader
from actors.reading.format import Coverage, Format, Stamp
from actors.reading.peek import Head
from messages.errors import DataError

_MT5 = ["<DATE>", "<TIME>", "<OPEN>", "<HIGH>", "<LOW>", "<CLOSE>"]
_MT4 = ("date", "clock", "open", "high", "low", "close", "volume")
_DATE, _CLOCK = re.compile(r"\d{4}\.\d\d\.\d\d"), re.compile(r"\d\d:\d\d")
_VERSION_4 = re.compile(r"(?P<symbol>.*[A-Za-z].*?)(?P<minutes>1|5|15|30|60|240|1440|10080|43200)")
_VERSION_5 = re.compile(r"(?P<symbol>.+?)_M1(?:_\d{8,12}_\d{8,12})?", re.IGNORECASE)


def _sniff(head: Head) -> bool:
    first = head.cells(0)
    return first[: len(_MT5)] == _MT5 or _is_version_4(head)


def _is_version_4(head: Head) -> bool:
    rows = [head.cells(line) for line in range(min(len(head.lines), 20))]
    is_dotted = bool(rows) and len(rows[0]) > 1 and bool(_DATE.fullmatch(rows[0][0]) and _CLOCK.fullmatch(rows[0][1]))
    return is_dotted and head.delimiter == "," and shape.columns_of(rows[: max(1, len(rows) - 1)]) == _MT4


def _symbol(path: Path) -> str:
    if named := _VERSION_5.fullmatch(naming.stem_of(path)):
        return named["symbol"]
    with suppress(DataError):  # the last digit of a date is no period
        if named := _VERSION_4.fullmatch(naming.symbol_of(path)):
            return named["symbol"].rstrip("_-")
    return ""


METATRADER = Format(
    name="metatrader",
    title="MetaTrader 4 and 5 bars",
    source="https://www.metatrader5.com/en/terminal/help/trading_advanced/custom_instruments",
    stamp=Stamp.START,
    tz=None,
    adjusted=False,
    coverage=Coverage.ALL,
    emits_empty_minutes=False,
    sniff=_sniff,
    read=TextReader(partial(delimited.opens, symbol_named=_symbol)),
)
