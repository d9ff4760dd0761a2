"""Rows in the binary form of PostgreSQL's COPY: whole columns to bytes and back, without a step for each row.

A row is the number of its fields, and for each its length and its bytes, all big-endian; an empty field has the length
-1 and no bytes (https://www.postgresql.org/docs/current/sql-copy.html). So rows that are empty in the same fields, with
texts of the same length, are all of one form: each kind of row is one array of records.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date as calendar_date
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from actors.storage.barfile import ALL, SEGMENTS
from actors.storage.dayrows import VERDICTS
from messages.errors import DataError
from messages.tables.columns import FIELDS, BarBatch, Floats, Stamps, Verdicts

MICRO_NS = 1_000
_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TAIL = b"\xff\xff"
_EPOCH = calendar_date(2000, 1, 1)
_EPOCH_NS = 946_684_800_000_000_000
_ROWS_AT_ONCE = 1 << 16


class Texts(NamedTuple):
    """A column of texts, none of them empty."""

    names: Sequence[str]
    places: npt.NDArray[Any]
    """For each row the place of its own."""


Column: TypeAlias = "str | Texts | npt.NDArray[Any]"
"""A text that all rows have; texts; or numbers, sent as the type they have, a masked one as an empty field."""


def bar_columns(
    calendar: str, date: str, bars: BarBatch, verdicts: Verdicts, segments: npt.NDArray[np.uint8]
) -> dict[str, Column]:
    """Return the columns of bars of one day.

    Raises:
        DataError: a bar starts at an instant that cannot be kept.
    """
    return {
        "calendar": calendar,
        "date": dates_of(date, len(bars)),
        "symbol": Texts(bars.symbols, bars.symbol_index),
        "start": micros_of(bars.start_ns),
        **{name: row if name in FIELDS else or_empty(row) for name, row in _fields(bars.values)},
        "verdict": Texts([*VERDICTS], verdicts),
        "segment": Texts([*SEGMENTS], segments),
    }


def _fields(values: Floats) -> Iterator[tuple[str, Floats]]:
    """Yield all fields, those of which nothing is known too."""
    for place, name in enumerate(ALL):
        yield name, values[place] if place < len(values) else np.full(values.shape[1], np.nan)


def dates_of(date: str, count: int) -> npt.NDArray[np.int32]:
    """Return a date as PostgreSQL counts it, once for each row."""
    return np.full(count, (calendar_date.fromisoformat(date) - _EPOCH).days, dtype=np.int32)


def micros_of(instants_ns: Stamps) -> Stamps:
    """Return instants as PostgreSQL counts them.

    Raises:
        DataError: one of them is finer than what it can hold.
    """
    if np.any(instants_ns % MICRO_NS):
        raise DataError("PostgreSQL keeps microseconds, and a bar starts between two of them")
    micros: Stamps = (instants_ns - _EPOCH_NS) // MICRO_NS
    return micros


def nanos_of(micros: npt.NDArray[Any]) -> Stamps:
    """Return instants that PostgreSQL counted as we do."""
    nanos: Stamps = micros.astype(np.int64) * MICRO_NS + _EPOCH_NS
    return nanos


def or_empty(values: Floats) -> npt.NDArray[Any]:
    """Return numbers of which an unknown one is an empty field."""
    return np.ma.MaskedArray(values, np.isnan(values))


def encoded(columns: Mapping[str, Column]) -> Iterator[bytes]:
    """Yield what COPY takes for rows of these columns, in their order; rows come in an order of their own."""
    yield _HEAD
    lengths = {name: _lengths(column) for name, column in columns.items()}
    count = next(len(column) for column in columns.values() if isinstance(column, np.ndarray))
    for rows in _alike(count, [length for length in lengths.values() if not isinstance(length, int)]):
        alike = {name: length if isinstance(length, int) else int(length[rows[0]]) for name, length in lengths.items()}
        for first in range(0, len(rows), _ROWS_AT_ONCE):
            yield _records(columns, alike, rows[first : first + _ROWS_AT_ONCE]).tobytes()
    yield _TAIL


def _lengths(column: Column) -> "int | npt.NDArray[np.int64]":
    """Return how many bytes a column has in all rows, or in each; -1: it is empty."""
    if isinstance(column, str):
        return len(column.encode())
    if isinstance(column, Texts):
        lengths = np.array([len(name.encode()) for name in column.names], dtype=np.int64)
        return np.take(lengths, column.places)
    if isinstance(column, np.ma.MaskedArray):
        return np.where(np.ma.getmaskarray(column), -1, column.itemsize)
    return column.itemsize


def _records(columns: Mapping[str, Column], lengths: Mapping[str, int], rows: npt.NDArray[np.intp]) -> Any:
    """Return rows that are alike in the lengths of their fields."""
    fields: list[tuple[str, str]] = [("fields", ">i2")]
    for name, length in lengths.items():
        column = columns[name]
        kind = column.dtype.newbyteorder(">").str if isinstance(column, np.ndarray) else f"S{length}"
        fields += [(f"length of {name}", ">i4"), *([(name, kind)] if length >= 0 else [])]
    made = np.zeros(len(rows), dtype=fields)
    made["fields"] = len(columns)
    for name, length in lengths.items():
        made[f"length of {name}"] = length
        if length >= 0:
            made[name] = _cells(columns[name], length, rows)
    return made


def _cells(column: Column, length: int, rows: npt.NDArray[np.intp]) -> Any:
    if isinstance(column, str):
        return column.encode()
    if isinstance(column, Texts):
        texts = [text if len(text) == length else b"" for text in (name.encode() for name in column.names)]
        return np.array(texts, dtype=f"S{length}")[column.places[rows]]
    return np.asarray(column)[rows]


def _alike(count: int, lengths: Sequence[npt.NDArray[np.int64]]) -> Iterator[npt.NDArray[np.intp]]:
    """Yield for each kind of row that there is which rows are of it."""
    code = np.zeros(count, dtype=np.int64)
    for of_column in lengths:
        code = code * (int(of_column.max(initial=0)) + 2) + of_column + 1
    order = np.argsort(code, kind="stable")
    bounds = np.flatnonzero(np.diff(code[order], prepend=-1))
    yield from np.split(order, bounds[1:]) if count else ()


def decoded(raw: bytes, kinds: Mapping[str, str], order_by: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
    """Return as columns what COPY gave.

    Args:
        raw: rows of these columns, none of them empty.
        kinds: by column, in their order, the type of its numbers, such as ``i8``.
        order_by: in the order of which columns, the first one first.
    """
    fields = [part for name, kind in kinds.items() for part in ((f"length of {name}", ">i4"), (name, f">{kind}"))]
    row = np.dtype([("fields", ">i2"), *fields])
    rows = np.frombuffer(raw, dtype=row, offset=len(_HEAD), count=(len(raw) - len(_HEAD) - len(_TAIL)) // row.itemsize)
    order = np.lexsort([rows[name] for name in reversed(order_by)])
    return {name: rows[name][order].astype(kind) for name, kind in kinds.items()}
