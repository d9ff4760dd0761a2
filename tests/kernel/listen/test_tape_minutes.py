"""Minutes that are cut out of a tape when somebody looks at them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.kernel.listen.tape_minutes import TapeMinutes
from messages.events import BarsArrived, MinutesStaged, TimeAdvanced
from messages.tables.columns import BarBatch
from messages.values import MINUTE_NS
from tests.builders import bar

SYMBOLS = "ABC"
START_NS = bar("A", "09:30").start_ns


def minutes_of(counts: list[int]) -> tuple[TapeMinutes, list[BarsArrived | TimeAdvanced]]:
    """Return minutes with so many bars each, and what they are, bar by bar."""
    bars = [
        [bar(symbol, START_NS + minute * MINUTE_NS) for symbol in SYMBOLS[:count]]
        for minute, count in enumerate(counts)
    ]
    tape = BarBatch.of([one for minute in bars for one in minute])
    rows = [sum(counts[:minute]) for minute in range(len(counts) + 1)]
    ends_ns = [START_NS + (minute + 1) * MINUTE_NS for minute in range(len(counts))]
    expected: list[BarsArrived | TimeAdvanced] = []
    for now_ns, ticket, (first, end) in zip(ends_ns, range(7, 7 + len(counts)), pairwise(rows), strict=True):
        if first == end:
            expected.append(TimeAdvanced(now_ns=now_ns, ticket=ticket))
        else:
            batch = tape.rows(first, end)
            expected.append(BarsArrived(batch=batch, now_ns=now_ns, is_whole=True, ticket=ticket, first_row=first))
    staged = MinutesStaged(tape=tape, rows=tuple(rows), ends_ns=tuple(ends_ns), first_ticket=7)
    return TapeMinutes.of(staged), expected


@given(
    counts=st.lists(st.integers(0, len(SYMBOLS)), min_size=1, max_size=8),
    places=st.slices(8).filter(lambda place: place.step in (None, 1)),
)
def test_they_are_the_minutes_of_the_tape_whichever_are_looked_at(counts: list[int], places: slice) -> None:
    minutes, expected = minutes_of(counts)

    assert list(minutes) == expected
    assert list(minutes[places]) == expected[places]
    assert list(minutes[places].tickets) == [one.ticket for one in expected[places]]
    assert [minutes[place - len(counts)] for place in range(len(counts))] == expected


def test_there_is_none_after_the_last() -> None:
    minutes, _ = minutes_of([1, 0])

    with pytest.raises(IndexError):
        minutes[2]


def test_they_are_known_by_where_they_begin_in_the_tape_and_by_when_they_are_over() -> None:
    minutes, expected = minutes_of([2, 1, 3])
    ends_ns = [one.now_ns for one in expected]

    assert [minutes.are([0, 2, 3, 6][: count + 1], ends_ns[:count]) for count in range(4)] == [True] * 4
    assert minutes[1:].are([2, 3, 6], ends_ns[1:])
    assert not minutes.are([0, 1, 3], ends_ns[:2])
    assert not minutes.are([0, 2, 3], ends_ns[1:])
    assert not minutes.are([0, 2, 3, 6, 7], [*ends_ns, ends_ns[-1] + MINUTE_NS])
