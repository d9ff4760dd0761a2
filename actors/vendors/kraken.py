"""Kraken's OHLCVT archive: ``XBTUSD_1.csv``, the minutes of a bar behind the pair, in zips of all pairs and intervals.

A line without a header is the second since 1970 that a bar starts with, open, high, low, close, volume and the number
of trades. Minutes without a trade have no row.
"""

import re
from functools import partial
from pathlib import Path

from actors.reading import delimited, naming
from actors.reading.delimited import TextReader
from actors.reading.format import Coverage, Format, Stamp, Unsupported
from actors.reading.peek import Head

_COLUMNS = ("time", "open", "high", "low", "close", "volume", "trades")
_PAIR = r"[A-Z0-9.]{2,}?(?:USD[TCQR]?|EUR[QRT]?|GBP|JPY|CAD|AUD|CHF|XBT|ETH|DAI|DOT|PYUSD|RLUSD)"
_NAME = re.compile(rf"(?P<pair>{_PAIR})_(?P<minutes>1|5|15|30|60|240|720|1440)")
_SECONDS, _COUNT = re.compile(r"\d{10}"), re.compile(r"\d+")


def _named(path: Path) -> re.Match[str] | None:
    return _NAME.fullmatch(naming.stem_of(path))


def _sniff(head: Head) -> bool:
    row = head.cells(0)
    is_row = len(row) == len(_COLUMNS) and bool(_SECONDS.fullmatch(row[0]) and _COUNT.fullmatch(row[-1]))
    return is_row and _named(head.name) is not None


def _symbol(path: Path) -> str:
    named = _named(path)
    if named is None:
        return ""
    if named["minutes"] != "1":
        raise Unsupported(f"{path.name}: bars of {named['minutes']} minutes; only one-minute bars are imported")
    return named["pair"]


KRAKEN = Format(
    name="kraken",
    title="Kraken OHLCVT",
    source="https://support.kraken.com/articles/360047124832-downloadable-historical-ohlcvt-open-high-low-close-volume-trades-data",
    stamp=Stamp.START,
    tz="UTC",
    adjusted=False,
    coverage=Coverage.ALL,
    emits_empty_minutes=False,
    calendar="24/7",
    is_anybodys=True,
    columns=_COLUMNS,
    sniff=_sniff,
    read=TextReader(partial(delimited.opens, symbol_named=_symbol)),
)
