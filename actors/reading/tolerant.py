"""Delimited text with broken rows: the sound rows as columns, and for every other row what is wrong with it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from actors.reading import stamps
from actors.reading.dates import Written
from actors.reading.format import Block, Broken, BrokenRow
from actors.reading.naming import SYMBOL
from actors.reading.stamps import StampForm
from messages.columns import EXTRA_FIELDS, FIELDS, Floats, Mask, Stamps

EMPTY = ("", "NaN", "nan", "NULL", "null", "NA", "N/A", "None")
"""What stands where there is no number."""

VALUE_ROLES = (*FIELDS, *EXTRA_FIELDS)
_SHOWN = 60
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)


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
    decimal_point: str,
    stamp_roles: Sequence[str],
    form: StampForm,
    numbers: Sequence[str] = VALUE_ROLES,
    pattern: str | Written | None = None,
) -> Block:
    """Read a block as text and keep the rows that make sense.

    Args:
        text: whole lines.
        first_row: the number of its first line in the file.
        names: the columns' names: their roles, or placeholders.
        delimiter: what divides the cells.
        decimal_point: what divides a number.
        stamp_roles: the columns that together make the stamp.
        form: how stamps are written.
        numbers: the columns that are numbers.
        pattern: which way dates and times are written, if they are written as people do.
    """
    table, uneven = _as_text(text, names, delimiter)
    rows = np.setdiff1d(np.arange(1, len(table) + len(uneven) + 1), [number for number, _ in uneven]) + first_row - 1
    cells = {name: _cells(table, name) for name in names if name in (*numbers, *stamp_roles, SYMBOL)}
    is_blank = np.logical_and.reduce([column == "" for column in cells.values()])
    broken, blank = _uneven_rows(uneven, first_row, delimiter, len(names))
    keep = ~is_blank

    stamps_ns = stamps.read_texts(_joined(cells, stamp_roles), form, pattern)
    keep &= _checked(
        "time", _joined(cells, stamp_roles), stamps_ns != stamps.UNREADABLE, form.value, keep, rows, broken
    )
    if SYMBOL in cells:
        keep &= _checked(SYMBOL, cells[SYMBOL], cells[SYMBOL] != "", "a symbol", keep, rows, broken)
    columns = {}
    for role in (role for role in numbers if role in cells):
        columns[role], is_read = _numbers(cells[role], decimal_point)
        keep &= _checked(role, cells[role], is_read, "a number", keep, rows, broken)

    symbols, symbol_index = (
        np.unique(cells[SYMBOL][keep].astype(str), return_inverse=True) if SYMBOL in cells else ([""], None)
    )
    count = int(np.count_nonzero(keep))
    return Block(
        stamps_ns=stamps_ns[keep],
        symbols=tuple(str(symbol) for symbol in symbols),
        symbol_index=np.zeros(count, dtype=np.int32) if symbol_index is None else symbol_index.astype(np.int32),
        values=value_rows({role: column[keep] for role, column in columns.items()}, count, numbers),
        rows=rows[keep],
        broken=Broken.of(broken, blank + int(np.count_nonzero(is_blank))),
    )


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


def _valid(text: bytes) -> bytes:
    return text.decode("utf-8", errors="replace").encode()


def _cells(table: Any, name: str) -> Any:
    import pandas as pd

    texts = table[name].to_numpy()
    return pd.Series(texts, dtype=object).str.strip().to_numpy()


def _joined(cells: Mapping[str, Any], stamp_roles: Sequence[str]) -> Any:
    first, *others = (cells[role] for role in stamp_roles)
    return first + " " + others[0] if others else first


def _numbers(cells: Any, decimal_point: str) -> tuple[Floats, Mask]:
    import pandas as pd

    series = pd.Series(cells, dtype=object)
    if decimal_point != ".":
        series = series.str.replace(decimal_point, ".", regex=False)
    texts = series.to_numpy(dtype=object)
    numbers: Floats = pd.to_numeric(series, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
    # To pandas 2 a number beyond a float, 1e400, is no number; to pandas 3 and pyarrow it is infinite.
    for place in np.flatnonzero(np.isnan(numbers)).tolist():
        if _NUMBER.fullmatch(texts[place]):
            numbers[place] = float(texts[place])
    return numbers, ~np.isnan(numbers) | np.isin(cells.astype(str), EMPTY)


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
        if not line.replace(delimiter, "").strip():
            blank += 1
            continue
        seen = f"{line.count(delimiter) + 1} fields: {line[:_SHOWN]}"
        broken.append(BrokenRow(row=first_row + number - 1, field="row", seen=seen, expected=f"{width} fields"))
    return broken, blank
