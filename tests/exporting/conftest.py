"""A store to export: three days, one of them certified, and a split."""

from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from actors.storage.parquet import ParquetStore
from messages.history import Adjustment
from messages.values import Verdict
from tests.certificates import certificate, run
from tests.storage.days import all_regular, bar, day

DATES = ("2024-03-07", "2024-03-08", "2024-03-11")
SPLIT = Adjustment(symbol="A", ex_date="2024-03-08", split_ratio=2.0)


def issued(digest: str = "d1"):
    return certificate("A", "B", date=DATES[0], digest=digest, runs=(run("A", "09:30", "09:32"),))


@pytest.fixture
def store(tmp_path: Path) -> ParquetStore:
    made = ParquetStore(tmp_path / "store", segment_of=all_regular)
    for number, date in enumerate(DATES):
        made.merge("XNYS", date, day(bar("A", 2, 10.0 + number, vwap=10.5), bar("B,b", 3), verdict=Verdict.FILLED))
    made.certify("XNYS", DATES[0], issued())
    pq.write_table(pa.Table.from_pylist([msgspec.structs.asdict(SPLIT)]), tmp_path / "store" / "_adjustments.pq")
    return made
