"""What all Parquet files of bars have in common, of one day or of many: columns, and how they are packed and opened.

The columns are ``symbol, start, open, high, low, close, volume, vwap, trades, verdict, segment``, in every file, so
that a folder of them is one table: where nobody knows vwap and trades these are empty. Where the name of the folder
does not say the date, the column ``date`` does, as text.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from actors.reading.raw.cells import column_of, named_column
from actors.storage.atomic import patiently
from actors.storage.dayrows import ROW_GROUP, VERDICTS
from actors.storage.elsewhere.object_path import ObjectPath
from messages.errors import UNREADABLE, BarkeeperError, DataError
from messages.tables.columns import CLOSE, EXTRA_FIELDS, FIELDS, BarBatch, Verdicts
from messages.values import SegmentKind

FORMAT_VERSION = "1"
ALL = (*FIELDS, *EXTRA_FIELDS)
SEGMENTS = {kind.name.lower(): int(kind) for kind in SegmentKind}
DATE = "date"

_PREFIX = "barkeeper."
_NAMED = ("symbol", "verdict", "segment")
# A small day is handed to Python in one piece: each piece waits for the interpreter, and threads write days at once.
_BUFFER = 1 << 16
# For each batch Arrow looks anew which of a column's names occur in it: with its own, of 1,024 rows, that is a quarter
# of the time that writing takes.
_BATCH = 1 << 16
# Others look for rows by these; the least and greatest price of a day cost a tenth of writing it.
_SEARCHED = ["symbol", "start"]
# Prices repeat, and volumes hardly: to look for what repeats is most of the time that writing takes.
_REPEATING = [*_NAMED, *FIELDS[: CLOSE + 1]]

H = TypeVar("H", bound=msgspec.Struct)


def schema_of(header: msgspec.Struct, *, has_date: bool = False, by_symbols: bool = False) -> Any:
    """Return the schema of a file.

    Args:
        header: what the keys ``barkeeper.*`` of its metadata say, as text.
        has_date: whether there is a column with the date.
        by_symbols: whether symbols are plain texts to Arrow: it and polars pass over no group of rows by what stands in
            a column of a dictionary's words. Such files are larger in memory, and polars wants all files alike.
    """
    import pyarrow as pa  # here and below: 0.2 s that only those who read or write shall pay

    kinds = {
        "symbol": pa.string() if by_symbols else pa.dictionary(pa.int32(), pa.string()),
        "start": pa.timestamp("ns", "UTC"),
        **dict.fromkeys(ALL, pa.float64()),
        "verdict": pa.dictionary(pa.uint8(), pa.string()),
        "segment": pa.dictionary(pa.uint8(), pa.string()),
    }
    if has_date:
        kinds[DATE] = pa.dictionary(pa.int32(), pa.string())
    # Where no cell may be empty none is looked for: that makes reading and writing a third cheaper.
    fields = [pa.field(name, kind, nullable=name in EXTRA_FIELDS) for name, kind in kinds.items()]
    return pa.schema(fields, {_PREFIX + key: text for key, text in msgspec.structs.asdict(header).items()})


def table_of(
    bars: BarBatch,
    verdicts: Verdicts,
    segments: npt.NDArray[np.uint8],
    schema: Any,
    dates: tuple[Sequence[str], npt.NDArray[np.int32]] | None = None,
) -> Any:
    """Return bars as a table of that schema.

    Args:
        bars: with what else it takes in the next two, one each.
        verdicts: ``Verdict`` numbers.
        segments: ``SegmentKind`` numbers.
        schema: see ``schema_of``.
        dates: where there is a column with the date: all dates, and for each bar the place of its own.
    """
    import pyarrow as pa

    symbols = named_column(bars.symbol_index, bars.symbols)
    columns = [
        symbols if symbols.type == schema.field("symbol").type else symbols.dictionary_decode(),
        column_of(bars.start_ns, pa.timestamp("ns", "UTC")),
        *(column_of(row, pa.float64()) for row in bars.values[: len(FIELDS)]),
        *(column_of(row, pa.float64(), may_lack=True) for row in bars.values[len(FIELDS) :]),
        *(pa.nulls(len(bars), pa.float64()) for _ in range(len(bars.values), len(ALL))),
        named_column(verdicts, tuple(VERDICTS)),
        named_column(segments, tuple(SEGMENTS)),
    ]
    if dates is not None:
        columns.append(named_column(dates[1], dates[0]))
    return pa.Table.from_arrays(columns, schema=schema)


class _Sink:
    """A file as Arrow writes to it. What it refused Arrow tries again when it lets go, and complains on stderr then.

    So the stream between keeps its sink until then, and what comes late goes nowhere.
    """

    closed = False

    def __init__(self, file: Any) -> None:
        self._file = file
        self._has_refused = False

    def write(self, data: Any) -> int:
        if self._has_refused:
            return len(data)
        try:
            return int(self._file.write(data))
        except BaseException:
            self._has_refused = True
            raise

    def tell(self) -> int:
        return int(self._file.tell())

    def flush(self) -> None:
        if not self._has_refused:
            self._file.flush()

    def close(self) -> None:
        """Leave it open: who opened it closes it."""

    def is_done(self) -> None:
        """Let whatever may still come go nowhere."""
        self._has_refused = True


@contextmanager
def writing(sink: Any, schema: Any) -> Iterator[Callable[[Any], None]]:
    """Yield what writes one table after the other into a file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    is_of_many = DATE in schema.names  # then starts ascend from row to row, else they repeat
    searched: Any = [*_SEARCHED, DATE] if is_of_many else _SEARCHED  # pyarrow declares bools, and documents lists too
    repeating: Any = [*_REPEATING, DATE if is_of_many else "start"]
    file = _Sink(sink)
    buffered = pa.BufferedOutputStream(pa.PythonFile(file, "w"), _BUFFER)
    try:
        with pq.ParquetWriter(
            buffered,
            schema,
            compression="lz4",
            write_page_checksum=True,
            write_statistics=searched,
            use_dictionary=repeating,
            column_encoding={"start": "DELTA_BINARY_PACKED"} if is_of_many else None,
            write_batch_size=_BATCH,
        ) as writer:
            yield lambda table: writer.write_table(table, row_group_size=ROW_GROUP)
        buffered.flush()
    finally:
        file.is_done()


@contextmanager
def opened(
    path: Path, expected: str, header_of: Callable[[Mapping[str, str]], H], *, has_date: bool = False
) -> Iterator[tuple[Any, Any, H]]:
    """Yield a file as pyarrow knows it, its schema and its header. Others may put one in its place meanwhile.

    Args:
        path: where it is.
        expected: what is expected there, for errors.
        header_of: makes the header of what the metadata say, and raises ``DataError`` where they say something else.
        has_date: whether its column with the date is to be read.

    Raises:
        FileNotFoundError: there is no file.
        DataError: the file is damaged, or not what is expected there; names it.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    named = [*_NAMED, DATE] if has_date else [*_NAMED]
    try:
        with (
            source_of(path) as source,
            # Without a buffer ahead this thread reads by itself, and need not wait for one of Arrow's at each call.
            pq.ParquetFile(source, read_dictionary=named, page_checksum_verification=True, pre_buffer=False) as file,
        ):
            schema = file.schema_arrow
            header = header_of(_said(schema))
            _check_columns(schema)
            yield file, schema, header
    except FileNotFoundError:
        raise
    except BarkeeperError as error:
        raise DataError(f"{path}: {error}") from error
    except KeyError as error:  # of the columns that are read as dictionaries; what Arrow says is only b'segment'
        missing = next((name for name in named if name in str(error)), None)
        if missing is None:
            raise
        raise DataError(f"{path}: expected a column {missing!r} of string, found no such column") from error
    except (pa.ArrowException, *UNREADABLE, OSError, ValueError, IndexError) as error:
        raise DataError(f"{path} cannot be read: expected {expected}, but: {str(error).splitlines()[0]}") from error


def source_of(path: Path) -> Any:
    """Return a file, or an object of a bucket, as pyarrow reads it.

    Raises:
        FileNotFoundError: there is none.
        OSError: it cannot be opened.
    """
    import pyarrow as pa

    if not isinstance(path, ObjectPath):
        return patiently(partial(pa.OSFile, str(path)))
    found = path.source()
    return pa.BufferReader(found) if isinstance(found, bytes) else pa.PythonFile(found, "r")


def _said(schema: Any) -> dict[str, str]:
    """Return what the keys of the metadata say that are ours, without their prefix.

    Raises:
        DataError: the format has another version.
    """
    prefix = _PREFIX.encode()
    found = {
        key[len(prefix) :].decode(errors="replace"): text.decode(errors="replace")
        for key, text in (schema.metadata or {}).items()
        if key.startswith(prefix)
    }
    if (version := found.get("version")) != FORMAT_VERSION:
        raise DataError(f"expected version {FORMAT_VERSION} of the format in {_PREFIX}version, found {version}")
    return found


@lru_cache(maxsize=2)
def _kinds(*, has_extra: bool) -> dict[str, Any]:
    import pyarrow as pa

    kinds: dict[str, Any] = dict.fromkeys(_NAMED, pa.string())
    kinds |= {"start": pa.timestamp("ns", "UTC")}
    return kinds | dict.fromkeys(ALL if has_extra else FIELDS, pa.float64())


def _check_columns(schema: Any) -> None:
    kinds = dict(zip(schema.names, schema.types, strict=True))
    has_extra = any(name in kinds for name in EXTRA_FIELDS)
    for name, kind in _kinds(has_extra=has_extra).items():
        found = kinds.get(name, "no such column")
        if getattr(found, "value_type", found) != kind:
            raise DataError(f"expected a column {name!r} of {kind}, found {found}")
