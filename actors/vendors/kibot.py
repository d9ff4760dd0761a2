"""Kibot's one-minute text files: ``MM/DD/YYYY,HH:MM,open,high,low,close,volume``, New York, stamped with the start.

There is no header, and a file for each symbol: ``MSFT.txt``. The documentation says that a stamp is the time when the
bar opened, in US Eastern Time, and that prices and volumes are adjusted for splits and dividends. Pre-market and
after-market are there.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from actors.reading import delimited
from actors.reading.format import Coverage, Format, Hints, RawBars, Stamp
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


def _read(fmt: Format, path: Path, hints: Hints) -> Iterator[RawBars]:
    for raw in delimited.read(fmt, path, hints, pattern=_PATTERN):
        yield msgspec.structs.replace(raw, remarks=(*raw.remarks, *taken_for("Kibot", hints)))


def taken_for(vendor: str, hints: Hints) -> tuple[str, ...]:
    """Return the remark on a file that was taken for a vendor's by a shape that others write too."""
    if hints.tz or hints.calendar or hints.is_format_named:
        return ()
    taken = f"taken for {vendor}'s, New York time and XNYS, by a shape that others write too"
    return (f"{taken}: if it is another's, say its zone and calendar with --tz and --calendar",)


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
