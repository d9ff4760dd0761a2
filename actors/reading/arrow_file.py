"""Parquet and Feather (Arrow's file format) by the batch: what they hold, whatever wrote them."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from actors.reading import stamps
from actors.reading.dates import Written
from actors.reading.stamps import StampForm
from messages.errors import DataError
from messages.tables.columns import Floats, Mask, Stamps

_BATCH_ROWS = 1 << 18
_FEATHER = b"ARROW1"
_NANOS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}


def _is_feather(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_FEATHER)) == _FEATHER


@contextmanager
def _told_as_data_errors() -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:  # names of columns are text, or damaged
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise DataError(f"no sound Parquet or Feather file: {reason}") from error


def column_names(path: Path) -> list[str]:
    """Return the names of a file's columns.

    Raises:
        DataError: it is damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with _told_as_data_errors():
        if not _is_feather(path):
            return list(pq.read_schema(path).names)
        with pa.OSFile(str(path)) as source:
            return list(pa.ipc.open_file(source).schema.names)


def first_row(path: Path) -> list[str]:
    """Return the cells of the first row as text; nothing where there is none.

    Raises:
        DataError: it is damaged.
    """
    batch, _ = next(record_batches(path, column_names(path)), (None, 0.0))
    return [_told(column[0]) for column in batch.columns] if batch is not None and len(batch) else []


def _told(cell: Any) -> str:
    """Return a cell as text; nothing for a moment that Python knows no date or no zone of."""
    try:
        return str(cell.as_py())
    except (ArithmeticError, LookupError, ValueError):
        return ""


def record_batches(path: Path, columns: list[str]) -> Iterator[tuple[Any, float]]:
    """Yield some columns of a file, batch by batch, each with the share of the file that has been read with it.

    Raises:
        DataError: it is damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with _told_as_data_errors():
        if not _is_feather(path):
            with pq.ParquetFile(path) as file:
                done, total = 0, file.metadata.num_rows
                for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=columns):
                    done += len(batch)
                    yield batch, done / max(1, total)
            return
        with pa.OSFile(str(path)) as source:
            reader = pa.ipc.open_file(source)
            total = reader.num_record_batches
            for number in range(total):
                yield reader.get_batch(number).select(columns), (number + 1) / total


def is_text(column: Any) -> bool:
    """Return whether a column is text, neither moments nor numbers."""
    import pyarrow as pa

    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def stamps_of(column: Any, how: Written | None = None) -> tuple[Stamps, StampForm]:
    """Return stamps of any type, ``UNREADABLE`` where there is none, and how they were written.

    Args:
        column: of any type.
        how: how dates and times are written, if they are text and that is known.
    """
    import pyarrow as pa

    if pa.types.is_timestamp(column.type):
        form = StampForm.ISO_OFFSET if column.type.tz else StampForm.ISO
        numbers, known = _numbers(column.cast(pa.int64()))
        return np.where(known, stamps.nanos(numbers, _NANOS[column.type.unit]), stamps.UNREADABLE), form
    if pa.types.is_integer(column.type):
        numbers, known = _numbers(column.cast(pa.int64(), safe=False))
        if known.any() and stamps.is_spelled(int(numbers[known][0])):  # 202401160930
            return stamps.read_texts(texts_of(column), StampForm.TEXT, how), StampForm.TEXT
        found = np.full(len(column), stamps.UNREADABLE, dtype=np.int64)
        found[known] = stamps.epoch_ns(numbers[known])
        return found, StampForm.EPOCH
    if pa.types.is_floating(column.type):
        return stamps.from_fractions(floats_of(column, "time")), StampForm.EPOCH_FRACTION
    texts = texts_of(column)
    form = next((stamps.form_of(text) for text in texts if text), StampForm.TEXT)
    return stamps.read_texts(texts, form, how), form


def _numbers(column: Any) -> tuple[Stamps, Mask]:
    """Return whole numbers, 0 where there is none, and where there is one."""
    known: Mask = column.is_valid().to_numpy(zero_copy_only=False)
    return column.fill_null(0).to_numpy(zero_copy_only=False), known


def texts_of(column: Any) -> Any:
    """Return a column as text, empty where there is nothing; days and lengths of time as dates and clocks are written.

    Raises:
        DataError: it holds what cannot be written as text.
    """
    import pyarrow as pa

    with suppress(pa.ArrowInvalid):  # not all of them are midnights
        column = column.cast(pa.date32()) if pa.types.is_timestamp(column.type) else column
    if pa.types.is_duration(column.type):
        column = column.cast(pa.duration("s"), safe=False).cast(pa.int64()).cast(pa.int32()).cast(pa.time32("s"))
    try:
        texts = column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(f"a column is {column.type}; wanted text") from error
    return texts.fill_null("").to_numpy(zero_copy_only=False).astype(object)


def floats_of(column: Any, role: str) -> Floats:
    """Return a column as numbers, NaN where there is none.

    Raises:
        DataError: it holds something else.
    """
    import pyarrow as pa

    try:
        # Of a whole number beyond 2**53 the nearest will do: no price and no volume needs its last digit.
        is_whole = pa.types.is_integer(column.type)
        found: Floats = column.cast(pa.float64(), safe=not is_whole).to_numpy(zero_copy_only=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(f"column {role} is {column.type}; wanted numbers") from error
    return found
