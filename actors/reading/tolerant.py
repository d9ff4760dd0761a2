"""Delimited text with broken rows: the sound rows as columns, and for every other row what is wrong with it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from actors.reading import stamps
from actors.reading.dates import Written
from actors.reading.format import Block, Broken, BrokenRow
from actors.reading.spelling import numerals
from actors.reading.spelling.flags import are_over
from actors.reading.spelling.header import IS_OVER, PRICES, SYMBOL, places_of
from actors.reading.spelling.numerals import Numerals
from actors.reading.stamps import StampForm
from messages.errors import DataError
from messages.tables.columns import EXTRA_FIELDS, FIELDS, Floats, Indices, Mask, Stamps

VALUE_ROLES = (*FIELDS, *EXTRA_FIELDS)
_SHOWN = 60
_ASKED = 100
_NOTE = re.compile(r"[\"#\s]*(?:[A-Za-z][\w.]*\s+\w|(?i:end|eof)\W*$)")
"""How a sentence begins, which may stand below a table and is no broken row."""


def value_rows(columns: Mapping[str, Floats], length: int, roles: Sequence[str] = VALUE_ROLES) -> Floats:
    """Return roles x rows; a missing volume is 0, anything else that is missing unknown (NaN).

    Args:
        columns: what there is.
        length: how many rows.
        roles: what is wanted; of a bar's fields the vwap and the trades are left out where the file has neither.
    """
    if roles == VALUE_ROLES and not any(role in columns for role in EXTRA_FIELDS):
        roles = FIELDS
    values = np.empty((len(roles), length))
    for row, role in enumerate(roles):
        values[row] = columns.get(role, 0.0 if role == "volume" else np.nan)
    return values


def read_tolerantly(
    text: bytes,
    first_row: int,
    names: Sequence[str],
    delimiter: str,
    marks: Numerals,
    stamp_roles: Sequence[str],
    form: StampForm,
    numbers: Sequence[str] = VALUE_ROLES,
    pattern: str | Written | None = None,
    label: str = "",
) -> Block:
    """Read a block as text and keep the rows that make sense.

    Args:
        text: whole lines.
        first_row: the number of its first line in the file.
        names: the columns' names: their roles, or placeholders.
        delimiter: what divides the cells.
        marks: how numbers are written.
        stamp_roles: the columns that together make the stamp.
        form: how stamps are written.
        numbers: the columns that are numbers.
        pattern: which way dates and times are written, if they are written as people do.
        label: a column of text that may be empty, if one is asked for.
    """
    table, uneven = _as_text(text, names, delimiter)
    rows = np.setdiff1d(np.arange(1, len(table) + len(uneven) + 1), [number for number, _ in uneven]) + first_row - 1
    cells = {name: _cells(table, name) for name in names if name in (*numbers, *stamp_roles, SYMBOL, label)}
    is_blank = np.logical_and.reduce([column == "" for column in cells.values()]) | _are_notes(cells, stamp_roles)
    broken, blank = _uneven_rows(uneven, first_row, delimiter, len(names))
    keep = ~is_blank
    is_over = are_over(_cells(table, IS_OVER)) if IS_OVER in names else ~is_blank
    has_left_out, keep = bool(np.any(keep & ~is_over)), keep & is_over

    stamps_ns = stamps.read_texts(_joined(cells, stamp_roles), form, pattern)
    is_read = stamps_ns != stamps.UNREADABLE
    unread = np.flatnonzero(keep & ~is_read)
    _check_no_other_header(table, names, unread[:_ASKED], rows)
    wanted = form.wanted(_joined(cells, stamp_roles)[unread])
    keep &= _checked("time", _joined(cells, stamp_roles), is_read, wanted, keep, rows, broken)
    if SYMBOL in cells:
        keep &= _checked(SYMBOL, cells[SYMBOL], cells[SYMBOL] != "", "a symbol", keep, rows, broken)
    columns = {}
    for role in (role for role in numbers if role in cells):
        columns[role], is_read = numerals.read(cells[role], marks)
        keep &= _checked(role, cells[role], is_read, "a number", keep, rows, broken)

    symbols, symbol_index = _table_of(cells, SYMBOL, keep)
    labels, label_index = _table_of(cells, label, keep)
    count = int(np.count_nonzero(keep))
    return Block(
        stamps_ns=stamps_ns[keep],
        symbols=symbols or ("",),
        symbol_index=np.zeros(count, dtype=np.int32) if symbol_index is None else symbol_index,
        labels=labels,
        label_index=label_index,
        values=value_rows({role: column[keep] for role, column in columns.items()}, count, numbers),
        rows=rows[keep],
        broken=Broken.of(broken, blank + int(np.count_nonzero(is_blank))),
        has_left_out=has_left_out,
    )


def _check_no_other_header(table: Any, names: Sequence[str], places: Stamps, rows: Stamps) -> None:
    """Check that no row in the midst is a header with the columns in another order: what follows would be misread."""
    for place in places.tolist():
        try:
            found = places_of([table[name][place].as_py() for name in names])
        except DataError:
            continue
        if any(names[found[role]] != role for role in PRICES):
            raise DataError(
                f"line {rows[place]} is a header with the columns in another order than above: split the file there"
            )


def _table_of(cells: Mapping[str, Any], role: str, keep: Mask) -> tuple[tuple[str, ...], Indices | None]:
    if role not in cells:
        return (), None
    table, index = np.unique(cells[role][keep].astype(str), return_inverse=True)
    return tuple(str(text) for text in table), index.astype(np.int32)


def _as_text(text: bytes, names: Sequence[str], delimiter: str) -> tuple[Any, list[tuple[int, str]]]:
    import pyarrow as pa
    from pyarrow import csv

    uneven: list[tuple[int, str]] = []

    def set_aside(row: Any) -> str:
        uneven.append((row.number, row.text))
        return "skip"

    table = csv.read_csv(
        pa.BufferReader(_valid(text)),
        read_options=csv.ReadOptions(column_names=list(names), use_threads=False),
        parse_options=csv.ParseOptions(delimiter=delimiter, ignore_empty_lines=False, invalid_row_handler=set_aside),
        convert_options=csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
    )
    return table, uneven


def _are_notes(cells: Mapping[str, Any], stamp_roles: Sequence[str]) -> Any:
    """Return which rows have words in place of a stamp and nothing else: ``Downloaded from ...`` below a table."""
    others = [column == "" for name, column in cells.items() if name != stamp_roles[0]]
    words = [_NOTE.match(cell) is not None for cell in cells[stamp_roles[0]]]
    return np.logical_and.reduce([np.array(words, dtype=np.bool_), *others])


def _valid(text: bytes) -> bytes:
    return text.decode("utf-8", errors="replace").encode()


def _cells(table: Any, name: str) -> Any:
    import pandas as pd

    texts = table[name].to_numpy()
    return pd.Series(texts, dtype=object).str.strip().to_numpy()


def _joined(cells: Mapping[str, Any], stamp_roles: Sequence[str]) -> Any:
    first, *others = (cells[role] for role in stamp_roles)
    return first + " " + others[0] if others else first


def _checked(
    field: str, cells: Any, is_read: Mask, expected: str, keep: Mask, rows: Stamps, broken: list[BrokenRow]
) -> Mask:
    broken.extend(
        BrokenRow(row=int(rows[place]), field=field, seen=cells[place][:_SHOWN], expected=expected)
        for place in np.flatnonzero(keep & ~is_read).tolist()
    )
    return is_read


def _uneven_rows(
    uneven: list[tuple[int, str]], first_row: int, delimiter: str, width: int
) -> tuple[list[BrokenRow], int]:
    broken, blank = [], 0
    for number, line in uneven:
        if not line.replace(delimiter, "").strip() or (line.count(delimiter) < width - 1 and _NOTE.match(line)):
            blank += 1
            continue
        seen = f"{line.count(delimiter) + 1} fields: {line[:_SHOWN]}"
        broken.append(BrokenRow(row=first_row + number - 1, field="row", seen=seen, expected=f"{width} fields"))
    return broken, blank
