"""The days of a month or a year as one Parquet file: what a store keeps that has few bars a day.

Its columns are those of ``actors.storage.barfile``, ``date`` among them; it is sorted by date, start and symbol. The
keys ``barkeeper.*`` of its metadata hold the version of the format, the calendar, the period (``2024`` or
``2024-07``), the interval of the bars, the symbol table and, for each day, its date, how many bars it has, how many
fields of them are known, and the exchange's zone.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from actors.storage.atomic import replacing, unfinished_of
from actors.storage.barfile import DATE, FORMAT_VERSION, SEGMENTS, opened, schema_of, table_of, writing
from actors.storage.dayrows import OpenFile, numbers_of, read_rows
from actors.storage.narrow.together import Together
from messages.errors import DataError
from messages.tables.columns import EXTRA_FIELDS, FIELDS, BarBatch, Indices, Stamps, freeze
from messages.values import Interval


class _Day(NamedTuple):
    date: str
    bars: int
    fields: int
    tz: str


class _Header(msgspec.Struct, frozen=True, kw_only=True):
    """What the keys of the metadata say, as text."""

    version: str
    calendar: str
    period: str
    interval: str
    symbols: str
    days: str


class PeriodHead(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says of itself."""

    dates: tuple[str, ...]
    interval: Interval


def read_period(path: Path, calendar: str, period: str) -> Together:
    """Return all days of a file.

    Raises:
        FileNotFoundError: there is no file.
        DataError: the file is damaged, or not what is expected there.
    """
    with _opened(path, calendar, period) as (file, header, days):
        known = tuple(day.fields for day in days)
        symbols = msgspec.json.decode(header.symbols, type=tuple[str, ...])
        rows = OpenFile(file, file.schema_arrow.names, symbols, max(known), (DATE, "segment"))
        index, starts, values, verdicts = read_rows(rows, None, None)
        ends = np.cumsum([day.bars for day in days])
        dates = tuple(day.date for day in days)
        _check_dates(_numbers(rows, DATE, {date: place for place, date in enumerate(dates)}), ends)
        bars = BarBatch(
            symbols=symbols,
            symbol_index=index,
            start_ns=starts,
            values=values,
            interval=Interval.parse(header.interval),
        )
        found = Together(
            dates=dates, ends=ends, known=known, zones=tuple(day.tz for day in days),
            bars=bars, verdicts=verdicts, segments=freeze(_numbers(rows, "segment", SEGMENTS).astype(np.uint8)),
        )  # fmt: skip
        found.check()
        return found


def read_period_head(path: Path, calendar: str, period: str) -> PeriodHead:
    """Return what a file says of itself, from its metadata alone.

    Raises:
        FileNotFoundError: there is no file.
        DataError: the file is damaged, or not what is expected there.
    """
    with _opened(path, calendar, period) as (_, header, days):
        return PeriodHead(dates=tuple(day.date for day in days), interval=Interval.parse(header.interval))


def write_period(path: Path, calendar: str, period: str, days: Together) -> None:
    """Write days: after a crash at any moment there is either the old file or the new one, whole.

    Raises:
        OSError: the folder or the disk refuses; an old file is as it was.
    """
    counts = np.diff(days.ends, prepend=0)
    table = list(map(_Day, days.dates, counts.tolist(), days.known, days.zones))
    header = _Header(
        version=FORMAT_VERSION,
        calendar=calendar,
        period=period,
        interval=str(days.bars.interval),
        symbols=msgspec.json.encode(days.bars.symbols).decode(),
        days=msgspec.json.encode(table).decode(),
    )
    schema = schema_of(header, has_date=True)
    of_date = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    made = table_of(days.bars, days.verdicts, days.segments, schema, (days.dates, of_date))
    try:
        with replacing(path) as sink, writing(sink, schema) as write:
            write(made)
    except BaseException:
        unfinished_of(path).unlink(missing_ok=True)
        raise


def _numbers(file: OpenFile, name: str, places: Mapping[str, int]) -> Indices:
    parts = [numbers_of(file.column(group, name), name, places) for group in file.groups(None)]
    return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, dtype=np.int32), *parts])


def _check_dates(found: Indices, ends: Stamps) -> None:
    if not np.array_equal(np.searchsorted(found, np.arange(len(ends)), side="right"), ends) or np.any(
        np.diff(found) < 0
    ):
        raise DataError(f"the column {DATE!r} has other days, or other numbers of bars, than barkeeper.days")


@contextmanager
def _opened(path: Path, calendar: str, period: str) -> Iterator[tuple[Any, _Header, list[_Day]]]:
    def header_of(said: Mapping[str, str]) -> _Header:
        header = msgspec.convert(said, _Header)
        if (header.calendar, header.period) != (calendar, period):
            raise DataError(f"expected {calendar} in {period}, found {header.calendar} in {header.period}")
        return header

    expected = f"a Parquet file with the days of {calendar} in {period}"
    with opened(path, expected, header_of, has_date=True) as (file, _, header):
        days = msgspec.json.decode(header.days, type=list[_Day])
        most, least = len(FIELDS) + len(EXTRA_FIELDS), len(FIELDS)
        if not days or any(day.date[: len(period)] != period or day.fields not in (least, most) for day in days):
            raise DataError(f"the days in barkeeper.days are not those of {period}")
        yield file, header, days
