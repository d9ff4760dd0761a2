"""What every bar store promises of splits and dividends."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from actors.kernel.ports import BarStore
from actors.storage.memory import MemoryStore
from actors.storage.parquet import ParquetStore
from messages.history import Adjustment
from tests.storage.days import DATE, bar, day


def test_a_store_that_was_told_of_no_split_has_no_adjustments(store: BarStore):
    store.merge("XNYS", DATE, day(bar("AAPL", 0)))

    assert store.adjustments() == ()


ADJUSTMENTS = (
    Adjustment(symbol="AAPL", ex_date="2020-08-31", split_ratio=4.0),
    Adjustment(symbol="AAPL", ex_date="2024-05-10", dividend=0.25),
    Adjustment(symbol="GE", ex_date="2021-08-02", split_ratio=0.125, dividend=0.01),
)


def memory_with_adjustments(folder: Path) -> BarStore:
    return MemoryStore(reversed(ADJUSTMENTS))


def parquet_with_adjustments(folder: Path) -> BarStore:
    rows = [msgspec.structs.asdict(one) for one in reversed(ADJUSTMENTS)]
    pq.write_table(pa.Table.from_pylist(rows), folder / "adjustments.parquet")
    return ParquetStore(folder, read_only=True)


@pytest.mark.parametrize("made", [memory_with_adjustments, parquet_with_adjustments])
def test_adjustments_come_sorted_by_symbol_and_date(tmp_path: Path, made: Callable[[Path], BarStore]):
    assert made(tmp_path).adjustments() == ADJUSTMENTS
