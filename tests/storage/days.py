"""Small days to store: one date, bars with the dull fields filled in."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from actors.kernel.ports import StoredDay
from actors.storage.parquet import ParquetStore
from actors.storage.places import Places
from messages.tables.columns import BarBatch, Stamps
from messages.values import Bar, SegmentKind, Verdict

DATE = "2024-03-08"
START = 1_709_908_200_000_000_000
"""09:30 in New York on that date."""
MINUTE = 60_000_000_000


def bar(symbol: str, minute: int, price: float = 10.0, **fields: float | None) -> Bar:
    given = {"open": price, "high": price, "low": price, "close": price, "volume": 100.0, **fields}
    return Bar(symbol=symbol, start_ns=START + minute * MINUTE, **given)


def day(*bars: Bar, verdict: Verdict = Verdict.STREAMED) -> StoredDay:
    batch = BarBatch.of(bars)
    return StoredDay(bars=batch, verdicts=np.full(len(batch), verdict, dtype=np.uint8), tz="America/New_York")


def all_regular(calendar: str, starts: Stamps) -> npt.NDArray[np.uint8]:
    """Stand for a calendar in which every minute is a regular one."""
    return np.full(len(starts), SegmentKind.REGULAR, dtype=np.uint8)


def file_of(store: ParquetStore, date: str = DATE) -> Path:
    return store.root / "calendar=XNYS" / f"date={date}" / "bars.parquet"


def made_narrow(root: Path) -> Path:
    """Make a store's folder that keeps its days together."""
    Places(root).make_narrow(narrow=True)
    return root


def year_of(store: ParquetStore, year: str = DATE[:4]) -> Path:
    return store.root / "calendar=XNYS" / f"{year}.parquet"
