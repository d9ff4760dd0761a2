"""The floor must do its work right, or the ratio to it means nothing."""

import numpy as np

from actors.kernel.ports import StoredDay
from messages.tables.columns import BarBatch
from messages.values import MINUTE_NS, Bar, Verdict
from tests.benchmarks.floor import FloorBar, bars_of, run_floor

OPEN_NS = 1_704_205_800_000_000_000  # 2024-01-02 09:30 New York


def bar(symbol: str, minute: int, *prices_and_volume: float) -> FloorBar:
    return FloorBar(symbol, OPEN_NS + minute * MINUTE_NS, *prices_and_volume)


# Two symbols; A trades in minutes 0, 4, 5, 14 and 15, so its 5m bars start at 0, 5, 10 and 15, its 15m at 0 and 15.
BARS = [
    bar("A", 0, 10, 12, 9, 11, 100),
    bar("A", 4, 11, 13, 10, 12, 50),
    bar("B", 4, 5, 6, 4, 5, 7),
    bar("A", 5, 12, 12, 8, 9, 10),
    bar("A", 14, 9, 10, 9, 10, 20),
    bar("A", 15, 10, 11, 10, 11, 30),
]


def test_every_bar_and_every_finished_derived_bar_reaches_the_callback_in_order_of_being_known() -> None:
    heard: list[FloorBar] = []

    run_floor(BARS, heard.append)

    assert heard == [
        *BARS[:4],
        bar("A", 0, 10, 13, 9, 12, 150),  # 5m
        BARS[4],
        bar("A", 5, 12, 12, 8, 9, 10),  # 5m
        BARS[5],
        bar("A", 10, 9, 10, 9, 10, 20),  # 5m
        bar("A", 0, 10, 13, 8, 10, 180),  # 15m
        bar("A", 15, 10, 11, 10, 11, 30),  # what was still forming: 5m and 15m of A, then of B
        bar("A", 15, 10, 11, 10, 11, 30),
        bar("B", 0, 5, 6, 4, 5, 7),
        bar("B", 0, 5, 6, 4, 5, 7),
    ]


def test_the_floor_counts_derived_bars_and_keeps_high_low_and_volume() -> None:
    result = run_floor(BARS, lambda _: None)

    assert result.derived == {"5m": 5, "15m": 3}
    assert (result.high, result.low) == ({"A": 13, "B": 6}, {"A": 8, "B": 4})
    assert result.volume == {"A": 210, "B": 7}
    assert result.seconds > 0


def test_a_stored_day_becomes_one_struct_a_bar_in_order_of_time() -> None:
    batch = BarBatch.of(
        Bar(symbol=b.symbol, start_ns=b.start_ns, open=b.open, high=b.high, low=b.low, close=b.close, volume=b.volume)
        for b in reversed(BARS)
    )
    day = StoredDay(bars=batch, verdicts=np.full(len(BARS), Verdict.STREAMED, dtype=np.uint8))

    assert bars_of([day]) == BARS
    assert bars_of([]) == []
