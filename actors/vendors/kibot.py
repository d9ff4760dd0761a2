"""Kibot's one-minute text files: ``MM/DD/YYYY,HH:MM,open,high,low,close,volume``, New York, stamped with the start.

There is no header, and a file for each symbol: ``MSFT.txt``; others write just that in other zones, so that a file is
Kibot's only where the user says so. The documentation says that a stamp is the time when the
bar opened, in US Eastern Time, and that prices and volumes are adjusted for splits and dividends. Pre-market and
after-market are there.
"""

import re
from datetime import UTC, datetime
from functools import partial

from actors.reading import delimited
from actors.reading.format import Coverage, Format, Stamp
from actors.reading.peek import Head

_COLUMNS = ("date", "clock", "open", "high", "low", "close", "volume")
_PATTERN = "%m/%d/%Y %H:%M"
_DATE, _CLOCK = re.compile(r"\d\d/\d\d/\d{4}"), re.compile(r"\d\d:\d\d")


_HOURS = ("04:00", "20:00")
_SATURDAY = 5


def _sniff(head: Head) -> bool:
    if head.delimiter != "," or not _has_shape(head.cells(0)):
        return False
    rows = [cells for line in range(len(head.lines)) if _has_shape(cells := head.cells(line))]
    return sum(map(_is_american, rows)) * 2 > len(rows)


def _has_shape(cells: list[str]) -> bool:
    return len(cells) == len(_COLUMNS) and bool(_DATE.fullmatch(cells[0]) and _CLOCK.fullmatch(cells[1]))


def _is_american(cells: list[str]) -> bool:
    """Return whether a row is a minute of a day on which New York may trade, the month first."""
    try:
        day = datetime.strptime(cells[0], "%m/%d/%Y").replace(tzinfo=UTC)
    except ValueError:
        return False
    return day.weekday() < _SATURDAY and _HOURS[0] <= cells[1] <= _HOURS[1]


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
    must_be_named=True,
    columns=_COLUMNS,
    sniff=_sniff,
    read=delimited.TextReader(partial(delimited.opens, pattern=_PATTERN)),
)
