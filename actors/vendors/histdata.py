"""HistData's free minutes of currencies, metals and indices: ``DAT_ASCII_EURUSD_M1_201202.csv``, bids, bar start.

A line is ``20120201 000000;open;high;low;close;0``, which is NinjaTrader's shape; the files for MetaTrader
(``DAT_MT_``) have ``2012.02.01,00:00,...``. Stamps are Eastern Standard Time all year, without daylight saving, so
five hours behind UTC; the volume is always 0. A month is a zip with a report of its gaps beside the data. Files of
ticks hold quotes.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from actors.reading import delimited, naming
from actors.reading.delimited import Opened, TextReader
from actors.reading.format import Coverage, Format, Hints, Stamp, Unsupported
from actors.reading.layout import misfit
from actors.reading.peek import Head
from actors.vendors import currencies

_NAME = re.compile(
    r"(?:DAT|HISTDATA_COM)_(?:ASCII|MT|MS|NT|XLSX)_(?P<symbol>[A-Z0-9]+)_(?P<kind>M1|T|T_LAST|T_BID|T_ASK)_?\d{4,6}",
    re.IGNORECASE,
)


def _named(path: Path) -> re.Match[str] | None:
    return _NAME.fullmatch(naming.stem_of(path))


def _sniff(head: Head) -> bool:
    named = _named(head.name)
    return named is not None and (named["kind"].upper() != "M1" or misfit(head) is None)


def _symbol(path: Path) -> str:
    named = _named(path)
    return named["symbol"] if named else ""


def _opens(fmt: Format, path: Path, hints: Hints) -> Iterator[Opened]:
    named = _named(Head(path, hints.member).name)
    if named is not None and named["kind"].upper() != "M1":
        raise Unsupported("HistData's ticks, which are quotes; imported are its minutes (M1)")
    for file in delimited.opens(fmt, path, hints, symbol_named=_symbol):
        yield msgspec.structs.replace(file, told=currencies.at_home)


HISTDATA = Format(
    name="histdata",
    title="HistData minutes",
    source="https://www.histdata.com/f-a-q/data-files-detailed-specification/",
    stamp=Stamp.START,
    tz="Etc/GMT+5",  # five hours behind UTC, all year
    adjusted=False,
    coverage=Coverage.ALL,
    emits_empty_minutes=False,
    sniff=_sniff,
    read=TextReader(_opens),
)
