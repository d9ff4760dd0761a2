"""One session date of one calendar as a Parquet file: bars sorted by start and symbol, for us and for others to read.

The columns are ``symbol, start, open, high, low, close, volume, vwap, trades, verdict, segment``, in every file, so
that a folder of them is one table: where nobody knows vwap and trades these are empty. The keys ``barkeeper.*`` of the
file's metadata hold the version of this format, the calendar, the date, the exchange's zone, the interval of the bars,
the symbol table and how many fields are known. Files without that key have no empty column.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from actors.kernel.ports import StoredDay
from actors.storage.atomic import patiently, replacing, unfinished_of
from actors.storage.dayrows import VERDICTS, OpenFile, read_rows
from actors.storage.merging import Span, tidied
from messages.columns import EXTRA_FIELDS, FIELDS, BarBatch
from messages.errors import BarkeeperError, DataError
from messages.values import Interval, SegmentKind

FORMAT_VERSION = "1"

_PREFIX = "barkeeper."
_SEGMENTS = {kind.name.lower(): int(kind) for kind in SegmentKind}
_NAMED = ("symbol", "verdict", "segment")
_ALL = (*FIELDS, *EXTRA_FIELDS)
# Two megabytes a column: what reading a few symbols of a large market costs in memory.
_ROW_GROUP = 1 << 18
# A small day is handed to Python in one piece: each piece waits for the interpreter, and threads write days at once.
_BUFFER = 1 << 16
# Others look for rows by these; the least and greatest price of a day cost a tenth of writing it.
_SEARCHED: Any = ["symbol", "start"]  # pyarrow declares a bool, and documents a list too


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
        return len(FIELDS) if self.fields == str(len(FIELDS)) else len(_ALL)

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


def read_day(
    path: Path, calendar: str, date: str, symbols: Sequence[str] | None = None, span: Span | None = None
) -> StoredDay:
    """Return the day that a file holds; only these symbols if any are named, and only this span if one is given.

    The file is held open while it is read, so one that is put in its place meanwhile does not disturb.

    Raises:
        FileNotFoundError: there is no file.
        DataError: the file is damaged, or not the day that is expected there.
    """
    import pyarrow as pa  # here and below: 0.2 s that only those who read or write shall pay

    with _opened(path, calendar, date) as (file, header):
        index, starts, values, verdicts = read_rows(file, symbols, span)
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


def write_day(path: Path, calendar: str, date: str, day: StoredDay, segments: npt.NDArray[np.uint8]) -> None:
    """Write a day: after a crash at any moment there is either the old file or the new one, whole.

    Args:
        path: the file; its folder is made if it is not there.
        calendar: the calendar's name.
        date: the session's label, ISO.
        day: bars, sorted, with a symbol table of only the symbols that have bars.
        segments: for each bar the ``SegmentKind`` it lies in.

    Raises:
        OSError: the folder or the disk refuses; an old file is as it was.
    """
    with writing_day(path, calendar, date, DayHead.of(day)) as write:
        write(day, segments)


def copy_day(source: Path, target: Path, calendar: str, date: str) -> None:
    """Write a day that lies in one file into another, as ``write_day`` would today, group of rows by group of rows.

    Raises:
        FileNotFoundError: there is no such day.
        DataError: the file is damaged, or not the day that is expected there.
        OSError: the folder or the disk refuses.
    """
    import pyarrow as pa

    head = read_head(source, calendar, date)
    schema = _schema(calendar, date, head)
    with _opened(source, calendar, date) as (file, _), replacing(target) as sink, _writer(sink, schema) as writer:
        for group in file.groups(None):
            table = file.whole(group)
            columns = [
                _casted(table.column(field.name), field) if field.name in table.column_names
                else pa.nulls(len(table), field.type)
                for field in schema
            ]  # fmt: skip
            writer.write_table(pa.Table.from_arrays(columns, schema=schema), row_group_size=_ROW_GROUP)


def _casted(column: Any, field: Any) -> Any:
    import pyarrow as pa

    return pa.array(column.to_numpy(), from_pandas=True) if field.name in EXTRA_FIELDS else column.cast(field.type)


@contextmanager
def writing_day(
    path: Path, calendar: str, date: str, head: DayHead
) -> Iterator[Callable[[StoredDay, npt.NDArray[np.uint8]], None]]:
    """Yield what writes one stretch of a day after the other, with for each bar its segment; else as ``write_day``.

    The file takes its place at the end. Where the block raises, the old file stays, and nothing of the new one.

    Raises:
        OSError: the folder or the disk refuses; an old file is as it was.
    """
    schema = _schema(calendar, date, head)
    try:
        with replacing(path) as sink, _writer(sink, schema) as writer:
            yield lambda day, segments: writer.write_table(_table(day, segments, schema), row_group_size=_ROW_GROUP)
    except BaseException:
        unfinished_of(path).unlink(missing_ok=True)
        raise


def _schema(calendar: str, date: str, head: DayHead) -> Any:
    import pyarrow as pa

    header = _Header(
        version=FORMAT_VERSION,
        calendar=calendar,
        date=date,
        tz=head.tz,
        interval=str(head.interval),
        symbols=msgspec.json.encode(head.symbols).decode(),
        fields=str(head.rows),
    )
    kinds = {
        "symbol": pa.dictionary(pa.int32(), pa.string()),
        "start": pa.timestamp("ns", "UTC"),
        **dict.fromkeys(_ALL, pa.float64()),
        "verdict": pa.dictionary(pa.uint8(), pa.string()),
        "segment": pa.dictionary(pa.uint8(), pa.string()),
    }
    # Where no cell may be empty none is looked for: that makes reading and writing a third cheaper.
    fields = [pa.field(name, kind, nullable=name in EXTRA_FIELDS) for name, kind in kinds.items()]
    return pa.schema(fields, {_PREFIX + key: text for key, text in msgspec.structs.asdict(header).items()})


def _table(day: StoredDay, segments: npt.NDArray[np.uint8], schema: Any) -> Any:
    import pyarrow as pa

    bars = day.bars
    columns = [
        pa.DictionaryArray.from_arrays(bars.symbol_index, pa.array(bars.symbols, pa.string())),
        pa.array(bars.start_ns).view(pa.timestamp("ns", "UTC")),
        *(pa.array(row) for row in bars.values[: len(FIELDS)]),
        *(pa.array(row, from_pandas=True) for row in bars.values[len(FIELDS) :]),
        *(pa.nulls(len(bars), pa.float64()) for _ in range(len(bars.values), len(_ALL))),
        pa.DictionaryArray.from_arrays(day.verdicts, _texts(tuple(VERDICTS))),
        pa.DictionaryArray.from_arrays(segments, _texts(tuple(_SEGMENTS))),
    ]
    return pa.Table.from_arrays(columns, schema=schema)


@cache
def _texts(names: tuple[str, ...]) -> Any:
    import pyarrow as pa

    return pa.array(names, pa.string())


@contextmanager
def _writer(sink: Any, schema: Any) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    buffered = pa.BufferedOutputStream(pa.PythonFile(sink, "w"), _BUFFER)
    try:
        with pq.ParquetWriter(
            buffered, schema, compression="lz4", write_page_checksum=True, write_statistics=_SEARCHED
        ) as writer:
            yield writer
    finally:
        buffered.detach()  # else it would close the sink


@contextmanager
def _opened(path: Path, calendar: str, date: str) -> Iterator[tuple[OpenFile, _Header]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with (
            patiently(partial(pa.OSFile, str(path))) as source,
            # Without a buffer ahead this thread reads by itself, and need not wait for one of Arrow's at each call.
            pq.ParquetFile(
                source, read_dictionary=list(_NAMED), page_checksum_verification=True, pre_buffer=False
            ) as file,
        ):
            schema = file.schema_arrow
            header = _checked(schema, calendar, date)
            yield OpenFile(file, schema.names, header.table, header.known), header
    except FileNotFoundError:
        raise
    except BarkeeperError as error:
        raise DataError(f"{path}: {error}") from error
    except KeyError as error:  # of the columns that are read as dictionaries; what Arrow says is only b'segment'
        missing = next((name for name in _NAMED if name in str(error)), None)
        if missing is None:
            raise
        raise DataError(f"{path}: expected a column {missing!r} of string, found no such column") from error
    except (pa.ArrowException, msgspec.MsgspecError, OSError, ValueError, IndexError) as error:
        expected = f"expected a Parquet file with the bars of {calendar} on {date}"
        raise DataError(f"{path} cannot be read: {expected}, but: {str(error).splitlines()[0]}") from error


def _checked(schema: Any, calendar: str, date: str) -> _Header:
    found = {
        key.decode(errors="replace"): text.decode(errors="replace") for key, text in (schema.metadata or {}).items()
    }
    version = found.get(_PREFIX + "version")
    if version != FORMAT_VERSION:
        raise DataError(f"expected version {FORMAT_VERSION} of the format in {_PREFIX}version, found {version}")
    header = msgspec.convert({key.removeprefix(_PREFIX): text for key, text in found.items()}, _Header)
    if (header.calendar, header.date) != (calendar, date):
        raise DataError(f"expected {calendar} on {date}, found {header.calendar} on {header.date}")
    _check_columns(schema)
    return header


def _check_columns(schema: Any) -> None:
    import pyarrow as pa

    kinds = dict(zip(schema.names, schema.types, strict=True))
    has_extra = any(name in kinds for name in EXTRA_FIELDS)
    expected = dict.fromkeys(_NAMED, pa.string())
    expected |= {"start": pa.timestamp("ns", "UTC")}
    expected |= dict.fromkeys(_ALL if has_extra else FIELDS, pa.float64())
    for name, kind in expected.items():
        found = kinds.get(name, "no such column")
        if getattr(found, "value_type", found) != kind:
            raise DataError(f"expected a column {name!r} of {kind}, found {found}")
