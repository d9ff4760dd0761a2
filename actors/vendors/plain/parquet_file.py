"""Plain Parquet or Feather with columns under any usual name: a frame of pandas or polars, an archive's table.

The columns' names mean what they mean in a plain CSV; a frame's index counts as a column. Stamps may be timestamps
with or without a zone, whole numbers since 1970, or text.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from actors.reading import arrow_file, stamps
from actors.reading.assemble import NO_VOLUME, Assembler
from actors.reading.format import Block, Broken, BrokenRow, Coverage, Format, Hints, RawBars
from actors.reading.peek import Head
from actors.reading.spelling import header
from actors.reading.stamps import StampForm
from actors.reading.tolerant import VALUE_ROLES, value_rows
from messages.columns import Indices, Stamps
from messages.errors import DataError

_NO_SYMBOL = "a symbol"


def _sniff(head: Head) -> bool:
    try:
        return head.is_arrow and bool(header.places_of(arrow_file.column_names(head.path)))
    except DataError:
        return False


def read(fmt: Format, path: Path, hints: Hints, symbol: str = "") -> Iterator[RawBars]:
    """Read a file of either kind by its columns' names.

    Args:
        fmt: its format.
        path: where it is.
        hints: what the user says.
        symbol: the symbol of rows that name none; else the file's name gives it.

    Raises:
        DataError: it is damaged, or lacks what a bar needs.
        ZoneMissing: its stamps carry no zone, and nobody said which.
    """
    names = arrow_file.column_names(path)
    roles = {role: names[place] for role, place in header.places_of(names).items()}
    first_row, assembler = 1, None
    for batch, share in arrow_file.record_batches(path, list(roles.values())):
        columns = {role: batch.column(batch.schema.names.index(name)) for role, name in roles.items()}
        stamps_ns, form = _stamps(columns)
        assembler = assembler or _assembler(fmt, path, hints, roles, symbol, is_local=form.is_local)
        yield from assembler.assembled(_block(columns, stamps_ns, form, first_row, share))
        first_row += len(batch)
    if assembler is None:
        raise DataError("the file has no rows")
    assembler.finish()


def _assembler(
    fmt: Format, path: Path, hints: Hints, roles: dict[str, str], symbol: str, *, is_local: bool
) -> Assembler:
    assembler = Assembler(fmt, hints, path, is_local=is_local, symbol=symbol)
    if "volume" not in roles:
        assembler.remark(NO_VOLUME)
    return assembler


def _stamps(columns: dict[str, Any]) -> tuple[Stamps, StampForm]:
    if header.DATE in columns:
        texts = [arrow_file.texts_of(columns[role]) for role in (header.DATE, header.CLOCK)]
        return stamps.read_texts(texts[0] + " " + texts[1], StampForm.TEXT), StampForm.TEXT
    return arrow_file.stamps_of(columns[header.STAMP])


def _block(columns: dict[str, Any], stamps_ns: Stamps, form: StampForm, first_row: int, share: float) -> Block:
    rows = np.arange(first_row, first_row + len(stamps_ns), dtype=np.int64)
    keep = stamps_ns != stamps.UNREADABLE
    broken = [_broken(row, "time", form.value) for row in rows[~keep].tolist()]
    symbols, symbol_index = _symbols(columns.get(header.SYMBOL), len(rows))
    nameless = keep & (symbol_index < 0)
    broken += [_broken(row, header.SYMBOL, _NO_SYMBOL) for row in rows[nameless].tolist()]
    keep &= ~nameless
    values = value_rows(
        {role: arrow_file.floats_of(columns[role], role) for role in VALUE_ROLES if role in columns}, len(rows)
    )
    return Block(
        stamps_ns=stamps_ns[keep],
        symbols=symbols,
        symbol_index=symbol_index[keep],
        values=values[:, keep],
        rows=rows[keep],
        broken=Broken.of(broken),
        share=share,
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


PARQUET = Format(
    name="parquet",
    title="plain Parquet or Feather",
    source="https://parquet.apache.org/docs/file-format/",
    stamp=None,
    tz=None,
    adjusted=None,
    coverage=Coverage.ALL,
    emits_empty_minutes=False,
    sniff=_sniff,
    read=read,
)
