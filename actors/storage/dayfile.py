"""One session date of one calendar as a Parquet file: bars sorted by start and symbol, for us and for others to read.

The columns are ``symbol, start, open, high, low, close, volume[, vwap, trades], verdict, segment``; the keys
``barkeeper.*`` of the file's metadata hold the version of this format, the calendar, the date, the exchange's
zone, the interval of the bars and the symbol table.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from actors.kernel.ports import StoredDay
from actors.storage.atomic import patiently, replacing
from actors.storage.merging import tidied
from messages.columns import EXTRA_FIELDS, FIELDS, BarBatch, Floats, Indices, Mask, Stamps, Verdicts, freeze
from messages.errors import BarkeeperError, DataError
from messages.values import Interval, SegmentKind, Verdict

SUFFIX = ".parquet"
FORMAT_VERSION = "1"

_PREFIX = "barkeeper."
_VERDICTS = {verdict.name.lower(): int(verdict) for verdict in Verdict}
_SEGMENTS = {kind.name.lower(): int(kind) for kind in SegmentKind}
_NAMED = ("symbol", "verdict", "segment")
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

    @property
    def table(self) -> tuple[str, ...]:
        return msgspec.json.decode(self.symbols, type=tuple[str, ...])


def read_day(path: Path, calendar: str, date: str, symbols: Sequence[str] | None = None) -> StoredDay:
    """Return the day that a file holds; only these symbols if any are named.

    The file is held open while it is read, so one that is put in its place meanwhile does not disturb.

    Raises:
        FileNotFoundError: there is no file.
        DataError: the file is damaged, or not the day that is expected there.
    """
    import pyarrow as pa  # here and below: 0.2 s that only those who read or write shall pay

    with _opened(path, calendar, date) as (file, header):
        day = _day(file, header, symbols)
    pa.default_memory_pool().release_unused()
    return day


def read_symbols(path: Path, calendar: str, date: str) -> tuple[str, ...]:
    """Return the symbols of a file, sorted, from its metadata alone.

    Raises:
        FileNotFoundError: there is no file.
        DataError: the file is damaged, or not the day that is expected there.
    """
    with _opened(path, calendar, date) as (_, header):
        return header.table


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
    with replacing(path) as sink:
        _write(sink, _table(day, segments, _header(calendar, date, day)))


def _header(calendar: str, date: str, day: StoredDay) -> dict[str, str]:
    header = _Header(
        version=FORMAT_VERSION,
        calendar=calendar,
        date=date,
        tz=day.tz,
        interval=str(day.bars.interval),
        symbols=msgspec.json.encode(day.bars.symbols).decode(),
    )
    return {_PREFIX + key: text for key, text in msgspec.structs.asdict(header).items()}


def _table(day: StoredDay, segments: npt.NDArray[np.uint8], header: dict[str, str]) -> Any:
    import pyarrow as pa

    bars = day.bars
    columns = [
        pa.DictionaryArray.from_arrays(bars.symbol_index, pa.array(bars.symbols, pa.string())),
        pa.array(bars.start_ns).view(pa.timestamp("ns", "UTC")),
        *(pa.array(row) for row in bars.values),
        pa.DictionaryArray.from_arrays(day.verdicts, _texts(tuple(_VERDICTS))),
        pa.DictionaryArray.from_arrays(segments, _texts(tuple(_SEGMENTS))),
    ]
    names = ("symbol", "start", *_fields(len(bars.values)), "verdict", "segment")
    return pa.Table.from_arrays(columns, names, metadata=header)


@cache
def _texts(names: tuple[str, ...]) -> Any:
    import pyarrow as pa

    return pa.array(names, pa.string())


def _fields(rows: int) -> tuple[str, ...]:
    return (*FIELDS, *EXTRA_FIELDS)[:rows]


def _write(sink: Any, table: Any) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    buffered = pa.BufferedOutputStream(pa.PythonFile(sink, "w"), _BUFFER)
    pq.write_table(
        table,
        buffered,
        compression="lz4",
        write_page_checksum=True,
        write_statistics=_SEARCHED,
        row_group_size=_ROW_GROUP,
    )
    buffered.detach()  # else it would close the sink


@contextmanager
def _opened(path: Path, calendar: str, date: str) -> Iterator[tuple[Any, _Header]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with patiently(
            partial(pq.ParquetFile, path, read_dictionary=list(_NAMED), page_checksum_verification=True)
        ) as file:
            yield file, _checked(file, calendar, date)
    except FileNotFoundError:
        raise
    except BarkeeperError as error:
        raise DataError(f"{path}: {error}") from error
    except (pa.ArrowException, msgspec.MsgspecError, OSError, ValueError, IndexError) as error:
        expected = f"expected a Parquet file with the bars of {calendar} on {date}"
        raise DataError(f"{path} cannot be read: {expected}, but: {str(error).splitlines()[0]}") from error


def _checked(file: Any, calendar: str, date: str) -> _Header:
    found = {
        key.decode(errors="replace"): text.decode(errors="replace")
        for key, text in (file.schema_arrow.metadata or {}).items()
    }
    version = found.get(_PREFIX + "version")
    if version != FORMAT_VERSION:
        raise DataError(f"expected version {FORMAT_VERSION} of the format in {_PREFIX}version, found {version}")
    header = msgspec.convert({key.removeprefix(_PREFIX): text for key, text in found.items()}, _Header)
    if (header.calendar, header.date) != (calendar, date):
        raise DataError(f"expected {calendar} on {date}, found {header.calendar} on {header.date}")
    _check_columns(file.schema_arrow)
    return header


def _check_columns(schema: Any) -> None:
    import pyarrow as pa

    has_extra = any(name in schema.names for name in EXTRA_FIELDS)
    expected = dict.fromkeys(_NAMED, pa.string())
    expected |= {"start": pa.timestamp("ns", "UTC")}
    expected |= dict.fromkeys(_fields(7 if has_extra else 5), pa.float64())
    for name, kind in expected.items():
        found = schema.field(name).type if name in schema.names else "no such column"
        if getattr(found, "value_type", found) != kind:
            raise DataError(f"expected a column {name!r} of {kind}, found {found}")


def _day(file: Any, header: _Header, symbols: Sequence[str] | None) -> StoredDay:
    index = _numbers(file.read(["symbol"], use_threads=False), "symbol", _places(header.table))
    if len(index) != file.metadata.num_rows:  # the heads of its pages have no checksum
        raise DataError(f"the column 'symbol' has {len(index)} cells for {file.metadata.num_rows} rows")
    keep = _mask(header.table, symbols)[index]
    starts, values, verdicts = _columns(file, keep)
    bars = BarBatch(
        symbols=header.table,
        symbol_index=freeze(index[keep]),
        start_ns=freeze(starts),
        values=freeze(values),
        interval=Interval.parse(header.interval),
    )
    return tidied(StoredDay(bars=bars, verdicts=freeze(verdicts), tz=header.tz))


def _mask(table: tuple[str, ...], symbols: Sequence[str] | None) -> Mask:
    wanted = frozenset(symbols or table)
    return np.array([symbol in wanted for symbol in table], dtype=np.bool_)


def _columns(file: Any, keep: Mask) -> tuple[Stamps, Floats, Verdicts]:
    """Read the bars that are kept, one group of rows after the other, so that no table is ever whole in memory."""
    count = int(np.count_nonzero(keep))
    fields = [name for name in _fields(7) if name in file.schema_arrow.names]
    starts, verdicts = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.uint8)
    values = np.empty((len(fields), count))
    row = place = 0
    for group in range(file.num_row_groups):
        kept = keep[row : row + file.metadata.row_group(group).num_rows]
        here = slice(place, place + int(np.count_nonzero(kept)))
        row, place = row + len(kept), here.stop
        if here.start == here.stop:
            continue
        # Arrow's own threads would be hardly faster, and keep 40 MB once they have run.
        table = file.read_row_group(group, ["start", *fields, "verdict"], use_threads=False)
        starts[here] = table.column("start").to_numpy().view(np.int64)[kept]
        verdicts[here] = _numbers(table, "verdict", _VERDICTS)[kept]
        for number, name in enumerate(fields):
            values[number, here] = table.column(name).to_numpy()[kept]
    return starts, values, verdicts


def _numbers(table: Any, name: str, places: Mapping[str, int]) -> Indices:
    column = table.column(name)
    if column.null_count:
        raise DataError(f"the column {name!r} has empty cells")
    chunks = [_chunk_numbers(chunk, name, places) for chunk in column.chunks]
    return np.concatenate([np.empty(0, dtype=np.int32), *chunks])


def _chunk_numbers(chunk: Any, name: str, places: Mapping[str, int]) -> Indices:
    # A file may number its names in an order of its own.
    names, index = chunk.dictionary.to_pylist(), chunk.indices.to_numpy()
    numbers: Indices = np.array([places.get(text, -1) for text in names], dtype=np.int32)[index]
    if (numbers < 0).any():
        unknown = names[index[np.argmin(numbers)]]
        raise DataError(f"the column {name!r} holds {unknown!r}, which the format or the symbol table does not know")
    return numbers


def _places(table: tuple[str, ...]) -> dict[str, int]:
    return {symbol: place for place, symbol in enumerate(table)}
