"""One session date of one calendar as a Parquet file: bars sorted by start and symbol, for us and for others to read.

Its columns are those of ``actors.storage.barfile``. The keys ``barkeeper.*`` of the file's metadata hold the version of
this format, the calendar, the date, the exchange's zone, the interval of the bars, the symbol table and how many fields
are known. Files without that last key have no empty column.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from actors.kernel.ports import StoredDay
from actors.reading.raw.cells import cells_of, column_of
from actors.storage.atomic import patiently, replacing, unfinished_of
from actors.storage.barfile import ALL, FORMAT_VERSION, SEGMENTS, opened, schema_of, table_of, writing
from actors.storage.dayrows import ROW_GROUP, OpenFile, numbers_of, read_rows
from actors.storage.merging import Span, tidied
from messages.errors import DataError
from messages.tables.columns import EXTRA_FIELDS, FIELDS, BarBatch, Stamps
from messages.values import Interval

_LEAST_ROWS = 4_500
_FEWEST_GROUPS, _MOST_GROUPS = 4, 64
"""Groups of rows, each of a few symbols; one of 42 is 4 % of a file, with what says so. Each costs 2 ms to write."""


class _Header(msgspec.Struct, frozen=True, kw_only=True):
    """What the keys of the metadata say, as text."""

    version: str
    calendar: str
    date: str
    tz: str
    interval: str
    symbols: str
    fields: str = ""

    @property
    def known(self) -> int:
        """How many fields are known, if the file says so."""
        return len(FIELDS) if self.fields == str(len(FIELDS)) else len(ALL)

    @property
    def table(self) -> tuple[str, ...]:
        return msgspec.json.decode(self.symbols, type=tuple[str, ...])


class DayHead(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be known of a day before its first bar is written."""

    symbols: tuple[str, ...]
    """Those that have bars, sorted."""
    tz: str
    interval: Interval
    rows: int
    """How many fields the bars have: 5, or 7 with vwap and trades."""

    @classmethod
    def of(cls, day: StoredDay) -> "DayHead":
        """Return the head of a day."""
        bars = day.bars
        return cls(symbols=bars.symbols, tz=day.tz, interval=bars.interval, rows=len(bars.values))

    @classmethod
    def over(cls, old: "DayHead | None", first: StoredDay, symbols: Sequence[str]) -> "DayHead":
        """Return the head of a day into which one of these symbols is merged, of which this stretch comes first."""
        head = msgspec.structs.replace(cls.of(first), symbols=tuple(sorted(symbols)))
        if old is None:
            return head
        both = tuple(sorted({*old.symbols, *symbols}))
        return msgspec.structs.replace(old, symbols=both, rows=max(old.rows, head.rows))


def read_day(
    path: Path, calendar: str, date: str, symbols: Sequence[str] | None = None, span: Span | None = None
) -> StoredDay:
    """Return the day that a file holds; only these symbols if any are named, and only this span if one is given.

    The file is held open while it is read, so one that is put in its place meanwhile does not disturb.

    Raises:
        FileNotFoundError: there is no file.
        DataError: the file is damaged, or not the day that is expected there.
    """
    import pyarrow as pa  # 0.2 s that only those who read shall pay

    with _opened(path, calendar, date) as (file, header):
        index, starts, values, verdicts = read_rows(file, symbols, span, by_symbols=True)
        if file.is_large:  # what others leave is little, and a third of the time would go into asking for it again
            pa.default_memory_pool().release_unused()
        interval = Interval.parse(header.interval)
        bars = BarBatch(symbols=file.symbols, symbol_index=index, start_ns=starts, values=values, interval=interval)
        return tidied(StoredDay(bars=bars, verdicts=verdicts, tz=header.tz))


def read_head(path: Path, calendar: str, date: str) -> DayHead:
    """Return what a file says of its day, from its metadata alone.

    Raises:
        FileNotFoundError: there is no file.
        DataError: the file is damaged, or not the day that is expected there.
    """
    with _opened(path, calendar, date) as (file, header):
        interval = Interval.parse(header.interval)
        return DayHead(symbols=file.symbols, tz=header.tz, interval=interval, rows=len(file.fields))


def read_segments(path: Path, calendar: str, date: str) -> npt.NDArray[np.uint8]:
    """Return for each bar of a file the ``SegmentKind`` number that it says.

    Raises:
        FileNotFoundError: there is no file.
        DataError: the file is damaged, or not the day that is expected there.
    """
    with _opened(path, calendar, date, ("segment",)) as (file, _):
        parts = [numbers_of(file.column(group, "segment"), "segment", SEGMENTS) for group in file.groups(None)]
        return np.concatenate([np.empty(0, dtype=np.uint8), *parts]).astype(np.uint8)


def count_bars(path: Path) -> int:
    """Return how many bars a file has; none, if it cannot be read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return int(pq.read_metadata(path).num_rows)
    except (OSError, pa.ArrowException):
        return 0


def write_day(
    path: Path,
    calendar: str,
    date: str,
    day: StoredDay,
    segments: npt.NDArray[np.uint8],
    *,
    has_date: bool = False,
    by_symbols: bool = False,
) -> None:
    """Write a day: after a crash at any moment there is either the old file or the new one, whole.

    Args:
        path: the file; its folder is made if it is not there.
        calendar: the calendar's name.
        date: the session's label, ISO.
        day: bars, sorted, with a symbol table of only the symbols that have bars.
        segments: for each bar the ``SegmentKind`` it lies in.
        has_date: whether there is a column with the date.
        by_symbols: whether a large day is to be in groups of rows of a few symbols each, and symbols plain texts.

    Raises:
        OSError: the folder or the disk refuses; an old file is as it was.
    """
    with writing_day(path, calendar, date, DayHead.of(day), has_date=has_date, by_symbols=by_symbols) as write:
        groups = groups_for(len(day.bars), len(day.bars.symbols)) if by_symbols else 1
        for rows, bars, ends in _by_symbols(day.bars, groups):
            write(StoredDay(bars=bars, verdicts=day.verdicts[rows], tz=day.tz), segments[rows], ends)


def groups_for(bars: int, symbols: int) -> int:
    """Return into how many groups, each of a few symbols, a day is put that is to be read by its symbols."""
    groups = min(_MOST_GROUPS, bars // _LEAST_ROWS, symbols)
    return groups if groups >= _FEWEST_GROUPS else 1


def rearrange(path: Path, calendar: str, date: str, *, by_symbols: bool) -> bool:
    """Put a day into groups of rows of a few symbols each, or into the order of time; return whether it was not yet.

    What is written is read again and compared before it takes the place of the old file.

    Raises:
        FileNotFoundError: there is no file.
        DataError: the file is damaged, or what was written of it is not the same.
        OSError: the folder or the disk refuses; the old file is as it was.
    """
    with _opened(path, calendar, date) as (file, _):
        groups = groups_for(file.count, len(file.symbols)) if by_symbols else 1
        if file.are_by_symbols == (groups > 1) and file.has_plain_symbols == by_symbols:
            return False
    old, segments = read_day(path, calendar, date), read_segments(path, calendar, date)
    segments = segments[np.argsort(_starts_of(path, calendar, date), kind="stable")]
    copy = unfinished_of(path)
    write_day(copy, calendar, date, old, segments, by_symbols=by_symbols)
    if not _is_same(old, read_day(copy, calendar, date)):
        copy.unlink()
        raise DataError(f"{path}: what was written of it in another order could not be read back the same")
    patiently(lambda: os.replace(copy, path))
    return True


def _starts_of(path: Path, calendar: str, date: str) -> Stamps:
    """Return the starts of a file's bars as they stand in it."""
    with _opened(path, calendar, date) as (file, _):
        return read_rows(file, None, None)[1]


def _is_same(one: StoredDay, other: StoredDay) -> bool:
    return one.bars == other.bars and bool(np.array_equal(one.verdicts, other.verdicts)) and one.tz == other.tz


def _by_symbols(bars: BarBatch, groups: int) -> Iterator[tuple[Any, BarBatch, list[int]]]:
    """Yield bars in groups of a few symbols, so that who asks for one need not read all.

    As many groups at a time as are small together: which rows they are, the bars, and where each group ends.
    """
    count = len(bars.symbols)
    if groups == 1:
        yield slice(None), bars, [len(bars)]
        return
    group_of = (np.arange(count) * groups // count).astype(np.uint8)
    group = group_of[bars.symbol_index]
    order = np.argsort(group, kind="stable")  # in a group they stay in the order of time
    firsts = np.searchsorted(group_of, np.arange(groups + 1)).tolist()
    ends = np.cumsum(np.bincount(group, minlength=groups))
    begin = done = 0
    while begin < groups:
        end = max(begin + 1, int(np.searchsorted(ends, done + ROW_GROUP, side="right")))
        rows = order[done : ends[end - 1]]
        batch = BarBatch(
            symbols=bars.symbols[firsts[begin] : firsts[end]],
            symbol_index=bars.symbol_index[rows] - np.int32(firsts[begin]),
            start_ns=bars.start_ns[rows],
            values=np.take(bars.values, rows, axis=1, mode="clip"),
            interval=bars.interval,
        )
        yield rows, batch, (ends[begin:end] - done).tolist()
        begin, done = end, int(ends[end - 1])


def copy_day(source: Path, target: Path, calendar: str, date: str) -> None:
    """Write a day that lies in one file into another, as ``write_day`` would today, group of rows by group of rows.

    Raises:
        FileNotFoundError: there is no such day.
        DataError: the file is damaged, or not the day that is expected there.
        OSError: the folder or the disk refuses.
    """
    import pyarrow as pa

    head = read_head(source, calendar, date)
    schema = schema_of(_header_of(calendar, date, head))
    with _opened(source, calendar, date) as (file, _), replacing(target) as sink, writing(sink, schema) as write:
        for group in file.groups(None):
            table = file.whole(group)
            columns = [
                _casted(table.column(field.name), field) if field.name in table.column_names
                else pa.nulls(len(table), field.type)
                for field in schema
            ]  # fmt: skip
            write(pa.Table.from_arrays(columns, schema=schema))


def _casted(column: Any, field: Any) -> Any:
    if field.name not in EXTRA_FIELDS:
        return column.cast(field.type)
    return column_of(cells_of(column, np.float64), field.type, may_lack=True)


@contextmanager
def writing_day(
    path: Path, calendar: str, date: str, head: DayHead, *, has_date: bool = False, by_symbols: bool = False
) -> Iterator[Callable[[StoredDay, npt.NDArray[np.uint8], Sequence[int]], None]]:
    """Yield what writes one stretch of a day after the other; else as ``write_day``.

    It takes the stretch, for each bar its segment, and where a group of rows ends; in which these are is the caller's.

    The file takes its place at the end. Where the block raises, the old file stays, and nothing of the new one.

    Raises:
        OSError: the folder or the disk refuses; an old file is as it was.
    """
    schema = schema_of(_header_of(calendar, date, head), has_date=has_date, by_symbols=by_symbols)

    try:
        with replacing(path) as sink, writing(sink, schema) as write:

            def stretch(day: StoredDay, segments: npt.NDArray[np.uint8], ends: Sequence[int]) -> None:
                dates = ((date,), np.zeros(len(day.bars), dtype=np.int32)) if has_date else None
                table = table_of(day.bars, day.verdicts, segments, schema, dates)
                for first, end in pairwise((0, *ends)):
                    write(table.slice(first, end - first))

            yield stretch
    except BaseException:
        unfinished_of(path).unlink(missing_ok=True)
        raise


def _header_of(calendar: str, date: str, head: DayHead) -> _Header:
    return _Header(
        version=FORMAT_VERSION,
        calendar=calendar,
        date=date,
        tz=head.tz,
        interval=str(head.interval),
        symbols=msgspec.json.encode(head.symbols).decode(),
        fields=str(head.rows),
    )


@contextmanager
def _opened(path: Path, calendar: str, date: str, more: Sequence[str] = ()) -> Iterator[tuple[OpenFile, _Header]]:
    def header_of(said: Mapping[str, str]) -> _Header:
        header = msgspec.convert(said, _Header)
        if (header.calendar, header.date) != (calendar, date):
            raise DataError(f"expected {calendar} on {date}, found {header.calendar} on {header.date}")
        return header

    with opened(path, f"a Parquet file with the bars of {calendar} on {date}", header_of) as (file, schema, header):
        yield OpenFile(file, schema.names, header.table, header.known, more), header
