"""Plain Parquet with columns under any usual name: a frame of pandas or polars, a table of a research archive.

The columns' names mean what they mean in a plain CSV; a frame's index counts as a column. Stamps may be timestamps
with or without a zone, whole numbers since 1970, or text.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from actors.vendors import naming, stamps
from actors.vendors.assemble import NO_VOLUME, Assembler
from actors.vendors.format import Broken, BrokenRow, Coverage, Format, Hints, RawBars
from actors.vendors.peek import Head
from actors.vendors.stamps import StampForm
from actors.vendors.tolerant import VALUE_ROLES, value_rows
from messages.columns import Floats, Indices, Stamps
from messages.errors import DataError

_BATCH_ROWS = 1 << 20
_NO_SYMBOL = "a symbol"


class _Columns(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Some consecutive records."""

    stamps_ns: Stamps
    symbols: tuple[str, ...]
    symbol_index: Indices
    values: Floats
    rows: Stamps
    broken: Broken


def _sniff(head: Head) -> bool:
    try:
        return head.is_parquet and bool(naming.places_of(column_names(head.path)))
    except DataError:
        return False


def column_names(path: Path) -> list[str]:
    """Return the names of a Parquet file's columns.

    Raises:
        DataError: it is damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        names: list[str] = pq.read_schema(path).names
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"no sound Parquet file: {str(error).splitlines()[0]}") from error
    return names


def _read(fmt: Format, path: Path, hints: Hints) -> Iterator[RawBars]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            yield from _bars(fmt, path, hints, file)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"no sound Parquet file: {str(error).splitlines()[0]}") from error


def _bars(fmt: Format, path: Path, hints: Hints, file: Any) -> Iterator[RawBars]:
    names = file.schema_arrow.names
    roles = {role: names[place] for role, place in naming.places_of(names).items()}
    first_row, assembler = 1, None
    for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=list(roles.values())):
        columns = {role: batch.column(batch.schema.names.index(name)) for role, name in roles.items()}
        stamps_ns, form = _stamps(columns)
        assembler = assembler or _assembler(fmt, path, hints, roles, is_local=form.is_local)
        yield from assembler.assembled(_columns(columns, stamps_ns, form, first_row))
        first_row += len(batch)
    if assembler is None:
        raise DataError("the file has no rows")
    assembler.finish()


def _assembler(fmt: Format, path: Path, hints: Hints, roles: dict[str, str], *, is_local: bool) -> Assembler:
    assembler = Assembler(fmt, hints, path, is_local=is_local)
    if "volume" not in roles:
        assembler.remark(NO_VOLUME)
    return assembler


def _stamps(columns: dict[str, Any]) -> tuple[Stamps, StampForm]:
    import pyarrow as pa

    if naming.DATE in columns:
        texts = [_texts(columns[role]) for role in (naming.DATE, naming.CLOCK)]
        return stamps.read_texts(texts[0] + " " + texts[1], StampForm.TEXT), StampForm.TEXT
    column = columns[naming.STAMP]
    if pa.types.is_timestamp(column.type):
        form = StampForm.ISO_OFFSET if column.type.tz else StampForm.ISO
        exact = column.cast(pa.timestamp("ns", column.type.tz)).cast(pa.int64())
        return exact.fill_null(stamps.UNREADABLE).to_numpy(zero_copy_only=False), form
    if pa.types.is_integer(column.type):
        numbers = column.cast(pa.int64())
        found = np.full(len(column), stamps.UNREADABLE, dtype=np.int64)
        known = column.is_valid().to_numpy(zero_copy_only=False)
        found[known] = stamps.epoch_ns(numbers.drop_null().to_numpy())
        return found, StampForm.EPOCH
    texts = _texts(column)
    form = next((stamps.form_of(text) for text in texts if text), StampForm.TEXT)
    return stamps.read_texts(texts, form), form


def _texts(column: Any) -> Any:
    import pyarrow as pa

    return column.cast(pa.string()).fill_null("").to_numpy(zero_copy_only=False).astype(object)


def _columns(columns: dict[str, Any], stamps_ns: Stamps, form: StampForm, first_row: int) -> _Columns:
    rows = np.arange(first_row, first_row + len(stamps_ns), dtype=np.int64)
    keep = stamps_ns != stamps.UNREADABLE
    broken = [_broken(row, "time", form.value) for row in rows[~keep].tolist()]
    symbols, symbol_index = _symbols(columns.get(naming.SYMBOL), len(rows))
    nameless = keep & (symbol_index < 0)
    broken += [_broken(row, naming.SYMBOL, _NO_SYMBOL) for row in rows[nameless].tolist()]
    keep &= ~nameless
    values = value_rows({role: _floats(columns[role], role) for role in VALUE_ROLES if role in columns}, len(rows))
    return _Columns(
        stamps_ns=stamps_ns[keep],
        symbols=symbols,
        symbol_index=symbol_index[keep],
        values=values[:, keep],
        rows=rows[keep],
        broken=Broken.of(broken),
    )


def _broken(row: int, field: str, expected: str) -> BrokenRow:
    return BrokenRow(row=row, field=field, seen="nothing that can be read", expected=expected)


def _symbols(column: Any, length: int) -> tuple[tuple[str, ...], Indices]:
    import pyarrow as pa

    if column is None:
        return ("",), np.zeros(length, dtype=np.int32)
    encoded = column.cast(pa.string()).dictionary_encode()
    index = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    return tuple(encoded.dictionary.to_pylist()), index


def _floats(column: Any, role: str) -> Floats:
    import pyarrow as pa

    try:
        found: Floats = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(f"column {role} is {column.type}; wanted numbers") from error
    return found


PARQUET = Format(
    name="parquet",
    title="plain Parquet",
    source="https://parquet.apache.org/docs/file-format/",
    stamp=None,
    tz=None,
    coverage=Coverage.ALL,
    emits_empty_minutes=False,
    sniff=_sniff,
    read=_read,
)
