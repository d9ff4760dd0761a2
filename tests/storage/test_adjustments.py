"""Splits and dividends beside a Parquet store: read as they are meant, refused by row and field."""

import os
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from actors.storage.parquet import ParquetStore
from messages import Adjustment, DataError
from tests.storage.days import DATE, bar, day

SPLIT = {"symbol": "NVDA", "ex_date": "2024-06-10", "split_ratio": 10.0, "dividend": None}
DIVIDEND = {"symbol": "NVDA", "ex_date": "2024-06-11", "split_ratio": None, "dividend": 0.01}


def put(store: ParquetStore, *rows: dict[str, Any]) -> Path:
    store.root.mkdir(parents=True, exist_ok=True)
    path = store.root / "_adjustments.pq"
    pq.write_table(pa.Table.from_pylist(list(rows)), path)
    return path


def test_a_store_without_the_file_has_none(store: ParquetStore) -> None:
    assert store.adjustments() == ()


@pytest.mark.parametrize("name", ["_adjustments.parquet", "adjustments.parquet"])
def test_the_names_that_it_had_are_known_too(store: ParquetStore, name: str) -> None:
    put(store, SPLIT).rename(store.root / name)

    assert [one.ex_date for one in store.adjustments()] == ["2024-06-10"]


def test_what_is_left_empty_changes_nothing(store: ParquetStore) -> None:
    put(store, DIVIDEND, SPLIT)

    assert store.adjustments() == (
        Adjustment(symbol="NVDA", ex_date="2024-06-10", split_ratio=10.0),
        Adjustment(symbol="NVDA", ex_date="2024-06-11", dividend=0.01),
    )


@pytest.mark.parametrize("given", ["2024-06-10", "20240610", date(2024, 6, 10), datetime(2024, 6, 10)])
def test_a_date_may_be_text_or_a_date(store: ParquetStore, given: object) -> None:
    put(store, {**SPLIT, "ex_date": given})

    assert [one.ex_date for one in store.adjustments()] == ["2024-06-10"]


@pytest.mark.parametrize("ratio", [10, Decimal("10.0")])
def test_a_number_may_be_whole_or_decimal(store: ParquetStore, ratio: object) -> None:
    put(store, {**SPLIT, "split_ratio": ratio})

    assert [one.split_ratio for one in store.adjustments()] == [10.0]


@pytest.mark.parametrize(
    ("field", "wrong", "says"),
    [
        ("symbol", None, "symbol: expected a name, found None"),
        ("symbol", "", "symbol: expected a name, found ''"),
        ("ex_date", "soon", "ex_date: expected a date such as 2024-06-10, found 'soon'"),
        ("ex_date", None, "ex_date: expected a date such as 2024-06-10, found None"),
        ("split_ratio", 0.0, "split_ratio: expected a number above 0, found 0.0"),
        ("split_ratio", float("nan"), "split_ratio: expected a number above 0, found nan"),
        ("split_ratio", "ten", "split_ratio: expected a number above 0, found 'ten'"),
        ("dividend", -0.5, "dividend: expected a number, 0 or more, found -0.5"),
        ("dividend", float("inf"), "dividend: expected a number, 0 or more, found inf"),
    ],
)
def test_a_bad_row_is_named_by_file_row_and_field(store: ParquetStore, field: str, wrong: object, says: str) -> None:
    path = put(store, {**SPLIT, field: wrong})

    with pytest.raises(DataError) as caught:
        store.adjustments()

    assert str(caught.value) == f"{path}: row 1, {says}"


def test_the_first_of_many_bad_rows_are_named_and_the_others_counted(store: ParquetStore) -> None:
    put(store, SPLIT, *[{**SPLIT, "ex_date": None}] * 7)

    with pytest.raises(DataError, match=r"row 2, ex_date.*row 6, ex_date.* \(and 2 more\)$"):
        store.adjustments()


def test_two_rows_of_one_symbol_for_one_date_contradict_each_other(store: ParquetStore) -> None:
    put(store, SPLIT, SPLIT)

    with pytest.raises(DataError, match="row 2, ex_date: NVDA has another row for 2024-06-10"):
        store.adjustments()


def test_a_file_without_a_column_is_refused(store: ParquetStore) -> None:
    path = put(store, {"symbol": "NVDA", "ex_date": "2024-06-10"})

    with pytest.raises(DataError) as caught:
        store.adjustments()

    assert str(caught.value).startswith(f"{path} has no column split_ratio, dividend")


def test_a_torn_file_is_refused(store: ParquetStore) -> None:
    put(store, SPLIT).write_bytes(b"PAR1 and no more")

    with pytest.raises(DataError, match=r"_adjustments\.pq cannot be read"):
        store.adjustments()


def test_a_file_is_read_again_only_when_it_changed(store: ParquetStore) -> None:
    path = put(store, SPLIT)
    first = store.adjustments()
    again = store.adjustments()
    put(store, DIVIDEND)
    os.utime(path, ns=(1, 1))

    assert again is first
    assert [one.dividend for one in store.adjustments()] == [0.01]
    path.unlink()
    assert store.adjustments() == ()


def test_the_file_is_neither_a_calendar_nor_a_day(store: ParquetStore) -> None:
    store.merge("XNYS", DATE, day(bar("AAPL", 0)))
    put(store, SPLIT)

    assert store.calendars() == ("XNYS",)
    assert store.dates("XNYS") == (DATE,)
