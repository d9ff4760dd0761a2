"""Kibot's one-minute text files: ``MM/DD/YYYY,HH:MM,open,high,low,close,volume``, New York, stamped with the start.

There is no header, and a file for each symbol: ``MSFT.txt``. The documentation says that a stamp is the time when the
bar opened, in US Eastern Time, and that prices and volumes are adjusted for splits and dividends. Pre-market and
after-market are there.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from actors.reading import delimited
from actors.reading.format import Coverage, Format, Hints, RawBars, Stamp
from actors.reading.peek import Head

_COLUMNS = ("date", "clock", "open", "high", "low", "close", "volume")
_PATTERN = "%m/%d/%Y %H:%M"
_DATE, _CLOCK = re.compile(r"\d\d/\d\d/\d{4}"), re.compile(r"\d\d:\d\d")


def _sniff(head: Head) -> bool:
    first = head.cells(0)
    fits = len(first) == len(_COLUMNS) and _DATE.fullmatch(first[0]) and _CLOCK.fullmatch(first[1])
    return bool(fits) and head.delimiter == ","


def _read(fmt: Format, path: Path, hints: Hints) -> Iterator[RawBars]:
    yield from delimited.read(fmt, path, hints, pattern=_PATTERN)


KIBOT = Format(
    name="kibot",
    title="Kibot one-minute text",
    source="https://www.kibot.com/Data_Format.aspx",
    stamp=Stamp.START,
    tz="America/New_York",
    adjusted=True,
    coverage=Coverage.EXTENDED,
    emits_empty_minutes=False,
    calendar="XNYS",
    is_anybodys=True,
    columns=_COLUMNS,
    sniff=_sniff,
    read=_read,
)
