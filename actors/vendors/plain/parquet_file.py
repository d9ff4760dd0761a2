"""Plain Parquet or Feather with columns under any usual name: a frame of pandas or polars, an archive's table.

The columns' names mean what they mean in a plain CSV; a frame's index counts as a column. Stamps may be timestamps
with or without a zone, whole numbers since 1970, or text.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from actors.reading import arrow_file, dates, layout, stamps
from actors.reading.assemble import NO_VOLUME, Assembler
from actors.reading.dates import Written
from actors.reading.format import (
    Block,
    Broken,
    BrokenRow,
    Coverage,
    Format,
    Hints,
    RawBars,
    of_many,
    open_to,
    zone_said_otherwise,
)
from actors.reading.peek import Head
from actors.reading.series import OneSeries, telling
from actors.reading.spelling import header
from actors.reading.spelling.flags import are_flags, are_over
from actors.reading.stamps import StampForm
from actors.reading.tolerant import VALUE_ROLES, value_rows
from messages.errors import DataError
from messages.tables.columns import Indices, Stamps

_NO_SYMBOL = "a symbol"
_ASKED_ROWS = 200


def _sniff(head: Head) -> bool:
    try:
        return head.is_arrow and bool(_header(head.path, arrow_file.column_names(head.path)))
    except DataError:
        return False


def _header(path: Path, names: list[str]) -> header.Header:
    try:
        return header.read(names)
    except DataError:
        return header.read(names, arrow_file.first_row(path))  # the time may be a column without a name


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
    said = _header(path, names)
    fmt = open_to(fmt, zone=said.zone, is_end=said.is_end)
    hints, of_times = of_many(hints, is_of_many=said.is_of_many)
    places = header.with_volume(said.places, names, lambda place: _has_any(path, names[place]))
    roles = {role: names[place] for role, place in places.items()}
    series = next(iter(telling(names, places)), "")
    one_series = OneSeries(series)
    if series:
        roles[layout.SERIES] = series
    how = _written(path, [roles[role] for role in (header.DATE, header.CLOCK, header.STAMP) if role in roles], hints)
    first_row, assembler = 1, None
    for batch, share in arrow_file.record_batches(path, list(roles.values())):
        columns = {role: batch.column(batch.schema.names.index(name)) for role, name in roles.items()}
        stamps_ns, form = _stamps(columns, how)
        if assembler is None:
            assembler = _assembler(fmt, path, hints, roles, symbol, how, is_local=form.is_local)
            for remark in (*header.units_told(names, places), *of_times, *zone_said_otherwise(said.zone, hints)):
                assembler.remark(remark)
        block = _block(columns, stamps_ns, form, first_row, share)
        yield from assembler.assembled(one_series.noted(block))
        first_row += len(batch)
    if assembler is None:
        raise DataError("the file has no rows")
    assembler.finish()


def _assembler(
    fmt: Format, path: Path, hints: Hints, roles: dict[str, str], symbol: str, how: Written | None, *, is_local: bool
) -> Assembler:
    strangers = () if header.SYMBOL in roles else _strangers(path, set(roles.values()))
    assembler = Assembler(fmt, hints, path, is_local=is_local, symbol=symbol, strangers=strangers, written=how)
    if "volume" not in roles:
        assembler.remark(NO_VOLUME)
    return assembler


def _strangers(path: Path, known: set[str]) -> tuple[str, ...]:
    """Return the columns of words whose names nobody knows."""
    others = [name for name in arrow_file.column_names(path) if name not in known]
    for batch, _ in arrow_file.record_batches(path, others) if others else ():
        texts = {
            name: arrow_file.texts_of(column[:_ASKED_ROWS])
            for name, column in zip(others, batch.columns, strict=True)
            if arrow_file.is_text(column)
        }
        return layout.strangers_among({}, tuple(texts), list(zip(*texts.values(), strict=True)))
    return ()


def _has_any(path: Path, name: str) -> bool:
    """Return whether a column has any number but 0."""
    batches = (batch.column(0) for batch, _ in arrow_file.record_batches(path, [name]))
    return any(np.nan_to_num(arrow_file.floats_of(column, name)).any() for column in batches)


def _written(path: Path, names: list[str], hints: Hints) -> Written | None:
    """Return how stamps that are text are written, told by all of them; ``None`` where they are no such text."""
    days, clocks = set[str](), set[str]()
    for batch, _ in arrow_file.record_batches(path, names):
        columns = [batch.column(batch.schema.names.index(name)) for name in names]
        if len(columns) == 1 and not arrow_file.is_text(columns[0]):
            return None
        for texts, seen in zip(dates.split(_joined(columns)), (days, clocks), strict=True):
            seen.update(texts)
    return dates.way_of(days, clocks, hints.dates)


def _joined(columns: list[Any]) -> Any:
    first, *others = map(arrow_file.texts_of, columns)
    return first + " " + others[0] if others else first


def _stamps(columns: dict[str, Any], how: Written | None) -> tuple[Stamps, StampForm]:
    if header.DATE in columns:
        texts = _joined([columns[role] for role in (header.DATE, header.CLOCK)])
        return stamps.read_texts(texts, StampForm.TEXT, how), StampForm.TEXT
    return arrow_file.stamps_of(columns[header.STAMP], how)


def _block(columns: dict[str, Any], stamps_ns: Stamps, form: StampForm, first_row: int, share: float) -> Block:
    rows = np.arange(first_row, first_row + len(stamps_ns), dtype=np.int64)
    keep = stamps_ns != stamps.UNREADABLE
    is_over = np.ones(len(rows), dtype=np.bool_)
    with suppress(DataError):  # a column of something else that is called so
        if header.IS_OVER in columns and are_flags(said := arrow_file.texts_of(columns[header.IS_OVER])):
            is_over = are_over(said)
    broken = [_broken(row, "time", form.value) for row in rows[~keep].tolist()]
    symbols, symbol_index = _symbols(columns.get(header.SYMBOL), len(rows))
    nameless = keep & (symbol_index < 0)
    broken += [_broken(row, header.SYMBOL, _NO_SYMBOL) for row in rows[nameless].tolist()]
    keep &= ~nameless & is_over
    numbers = {role: arrow_file.floats_of(columns[role], role) for role in VALUE_ROLES if role in columns}
    if header.MORE_VOLUME in columns:
        more = arrow_file.floats_of(columns[header.MORE_VOLUME], header.MORE_VOLUME)
        numbers["volume"] = numbers["volume"] + np.nan_to_num(more, posinf=np.inf)
    values = value_rows(numbers, len(rows))
    labels, label_index = _symbols(columns.get(layout.SERIES), len(rows))
    return Block(
        labels=labels,
        label_index=label_index[keep] if layout.SERIES in columns else None,
        stamps_ns=stamps_ns[keep],
        symbols=symbols,
        symbol_index=symbol_index[keep],
        values=values[:, keep],
        rows=rows[keep],
        broken=Broken.of(broken),
        has_left_out=not is_over.all(),
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
