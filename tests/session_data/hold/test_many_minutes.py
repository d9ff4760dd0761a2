"""What many minutes complete at once, against a walk through their cells, to the last bit."""

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.market.axis import SessionAxis
from actors.session_data.hold.derived import DerivedBars
from actors.session_data.hold.grid import Grid
from messages.values import FIRST_WITH_BAR, Interval
from tests.builders import session_24_7, session_tiny, session_xhkg, session_xnys

OPEN, HIGH, LOW, CLOSE, VOLUME = range(5)
SESSIONS = [session_xnys("2024-07-03", extended=True), session_xhkg(), session_tiny(7), session_24_7()]
INTERVALS = [Interval.parse(text) for text in ("2m", "3m", "5m", "7m", "15m", "30m", "1h", "90m", "1d")]


def walked(cells: list[list[float]]) -> list[float]:
    """One symbol's bars, as lists of fields, made one."""
    volume = cells[0][VOLUME]
    for cell in cells[1:]:
        volume += cell[VOLUME]
    return [cells[0][OPEN], max(c[HIGH] for c in cells), min(c[LOW] for c in cells), cells[-1][CLOSE], volume]


@settings(max_examples=150)
@given(data=st.data())
def test_many_minutes_complete_what_a_walk_through_them_finds(data: st.DataObject) -> None:
    axis = SessionAxis(data.draw(st.sampled_from(SESSIONS)))
    intervals = tuple(data.draw(st.lists(st.sampled_from(INTERVALS), min_size=1, unique=True)))
    first = data.draw(st.integers(0, axis.slots - 1))
    stop = data.draw(st.integers(first + 1, axis.slots))
    count = data.draw(st.integers(1, 3))
    dice = np.random.default_rng(data.draw(st.integers(0, 99)))
    grid = Grid(axis, [f"S{number}" for number in range(count)])
    grid.values[:stop, :, :count] = dice.uniform(0.1, 99.9, (stop, 5, count))
    grid.verdicts[:stop, :count] = FIRST_WITH_BAR
    derived = DerivedBars(axis, intervals, grid.verdicts.shape[1])
    told = derived.on_minutes(grid, slice(first, stop), list(range(axis.slots)))

    ends = {interval: axis.edges(interval).tolist() for interval in intervals}
    expected = {
        (end - 1, interval): (begin, end)
        for interval, edges in ends.items()
        for begin, end in itertools.pairwise(edges)
        if first < end <= stop
    }
    assert [(slot, one.interval) for slot in sorted(told) for one in told[slot]] == sorted(
        expected, key=lambda key: (key[0], intervals.index(key[1]))
    )
    for slot, updates in told.items():
        for one in updates:
            begin, end = expected[slot, one.interval]
            bars = [walked(grid.values[begin:end, :, column].tolist()) for column in range(count)]
            assert one.batch.values.T.tolist() == bars
            assert (one.base_counts, one.base_expected) == (None, end - begin)
            assert one.batch.start_ns.tolist() == [axis.start_of(begin)] * count
            assert one.revision == slot - first
