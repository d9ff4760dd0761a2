"""Splits and dividends in a store's root: a Parquet file with symbol, ex_date, split_ratio and dividend.

An empty ``split_ratio`` is 1, an empty ``dividend`` 0. The file is read only: it is put there by who knows them.
"""

import io
import math
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from actors.storage.atomic import patiently
from messages.errors import DataError
from messages.history import Adjustment

_COLUMNS = ("symbol", "ex_date", "split_ratio", "dividend")
_NAMED = 5


def read_adjustments(path: Path) -> tuple[Adjustment, ...]:
    """Return what a file holds, sorted by symbol and date; nothing where there is no file.

    Raises:
        DataError: the file cannot be read, or rows of it cannot be used; names the first of them by row and field.
    """
    try:
        rows = patiently(lambda: _rows(path))
    except FileNotFoundError:
        return ()
    made: dict[tuple[str, str], Adjustment] = {}
    faults: list[str] = []
    for number, row in enumerate(rows, start=1):
        one = _adjustment(row)
        if isinstance(one, str):
            faults.append(f"row {number}, {one}")
        elif (one.symbol, one.ex_date) in made:
            faults.append(f"row {number}, ex_date: {one.symbol} has another row for {one.ex_date}")
        else:
            made[one.symbol, one.ex_date] = one
    if faults:
        more = f" (and {len(faults) - _NAMED} more)" if len(faults) > _NAMED else ""
        raise DataError(f"{path}: {'; '.join(faults[:_NAMED])}{more}")
    return tuple(made[key] for key in sorted(made))


def _rows(path: Path) -> list[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(io.BytesIO(path.read_bytes())).read()
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, FileNotFoundError | PermissionError):
            raise
        raise DataError(
            f"{path} cannot be read: expected a Parquet file with {', '.join(_COLUMNS)}: {error}"
        ) from error
    absent = [name for name in _COLUMNS if name not in table.column_names]
    if absent:
        raise DataError(f"{path} has no column {', '.join(absent)}; expected {', '.join(_COLUMNS)}")
    rows: list[dict[str, Any]] = table.select(list(_COLUMNS)).to_pylist()
    return rows


def _adjustment(row: dict[str, Any]) -> Adjustment | str:
    """Return a row as an adjustment, or what is wrong with it."""
    symbol, ex_date = row["symbol"], _iso(row["ex_date"])
    ratio, dividend = _number(row["split_ratio"], 1.0), _number(row["dividend"], 0.0)
    checks = {
        "symbol": (isinstance(symbol, str) and symbol != "", "a name"),
        "ex_date": (ex_date != "", "a date such as 2024-06-10"),
        "split_ratio": (0 < ratio < math.inf, "a number above 0"),
        "dividend": (0 <= dividend < math.inf, "a number, 0 or more"),
    }
    for name, (is_good, expected) in checks.items():
        if not is_good:
            return f"{name}: expected {expected}, found {row[name]!r}"
    return Adjustment(symbol=symbol, ex_date=ex_date, split_ratio=ratio, dividend=dividend)


def _number(given: object, default: float) -> float:
    """Return a number, the default for none given; NaN for what is no number."""
    if given is None:
        return default
    return float(given) if isinstance(given, int | float | Decimal) else math.nan


def _iso(given: object) -> str:
    """Return a date as text; empty where it is none."""
    if isinstance(given, datetime):
        given = given.date()
    try:
        return (given if isinstance(given, date) else date.fromisoformat(str(given))).isoformat()
    except ValueError:
        return ""
