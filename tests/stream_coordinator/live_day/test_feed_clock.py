"""Which bars are over by a feed's word, where its clock and ours differ; and which are parts of a minute."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.stream_coordinator.live_day.feed_clock import Belief, FeedClock
from messages import BarBatch
from messages.values import MINUTE_NS, SECOND_NS, Nanos
from tests.builders import at, bar

END = at("09:41")
START = END - MINUTE_NS
OVER, IN_DOUBT, PART = Belief.OVER, Belief.IN_DOUBT, Belief.PART


def clock() -> FeedClock:
    return FeedClock(10 * SECOND_NS)


def one(volume: float = 100.0, symbol: str = "A", start: Nanos = START) -> BarBatch:
    return BarBatch.of([bar(symbol, start, volume=volume)])


def after(seconds: float, end: Nanos = END) -> Nanos:
    """An instant by our clock, so many seconds after the end of the minute."""
    return end + round(seconds * SECOND_NS)


@given(
    behind_s=st.floats(0.5, 120.0),
    ways_s=st.lists(st.floats(0.0, 0.2), min_size=2, max_size=8),
    over_s=st.floats(0.0, 5.0),
)
def test_a_bar_that_is_sent_when_its_minute_is_over_is_taken_however_far_our_clock_is_behind(
    behind_s: float, ways_s: list[float], over_s: float
) -> None:
    ours = clock()
    for way_s in ways_s[1:]:
        ours.stamped(after(-30), after(-30 + way_s - behind_s))
    arrived_ns = after(over_s + ways_s[0] - behind_s)

    assert arrived_ns >= END or ours.early(one(), arrived_ns, is_final=False) is OVER


@given(
    left_s=st.floats(1.5, 60.0), behind_s=st.floats(-1.0, 120.0), ways_s=st.tuples(st.floats(0, 0.2), st.floats(0, 0.2))
)
def test_a_bar_whose_minute_has_some_time_left_by_the_feeds_stamps_is_a_part(
    left_s: float, behind_s: float, ways_s: tuple[float, float]
) -> None:
    ours = clock()
    ours.stamped(after(-61), after(-61 + ways_s[0] - behind_s))

    assert ours.early(one(), after(ways_s[1] - left_s - behind_s), is_final=False) is PART


def test_where_nothing_is_known_a_bar_that_is_a_little_early_is_believed_and_one_that_is_much_is_not() -> None:
    assert clock().early(one(), after(-10), is_final=False) is IN_DOUBT
    assert clock().early(one(), after(-10.001), is_final=False) is PART


def test_a_final_bar_is_over_by_its_word_and_shows_how_far_our_clock_is_behind() -> None:
    ours = clock()

    assert ours.early(one(), after(-50), is_final=True) is OVER
    assert ours.offset_ns == 50 * SECOND_NS
    assert ours.early(one(symbol="B"), after(-49.9), is_final=False) is OVER


@pytest.mark.parametrize("states", [*itertools.pairwise([-55, -30, -9.0, -5, -1.5, -0.1])])
def test_who_sends_a_minute_again_with_other_numbers_sends_parts(states: tuple[float, float]) -> None:
    ours = clock()
    ours.early(one(volume=1.0), after(states[0]), is_final=False)

    assert ours.early(one(volume=2.0), after(states[1]), is_final=False) is PART
    assert ours.sends_parts
    assert ours.early(one(symbol="B"), after(-0.1), is_final=False) is PART


def test_a_part_is_known_for_one_by_the_whole_bar_that_comes_after_it() -> None:
    ours = clock()
    believed = ours.early(one(volume=1.0), after(-1), is_final=False)
    ours.in_time(one(volume=2.0), after(0.3))
    next_start, next_end = END, END + MINUTE_NS

    assert believed is IN_DOUBT
    assert ours.early(one(start=next_start), after(-1, next_end), is_final=False) is PART


def test_the_same_bar_twice_is_no_sign_of_parts() -> None:
    ours = clock()
    ours.early(one(), after(-3), is_final=False)
    ours.in_time(one(), after(0.3))

    assert ours.early(one(), after(-2.9), is_final=False) is IN_DOUBT


def test_suspicion_ends_ten_minutes_after_the_last_part() -> None:
    ours = clock()
    ours.early(one(), after(-55), is_final=False)
    later, end = END + 10 * MINUTE_NS, END + 11 * MINUTE_NS

    assert ours.early(one(start=later), after(-2, end), is_final=False) is IN_DOUBT
    assert not ours.sends_parts


def test_a_bar_of_a_time_to_come_is_refused_and_says_nothing_of_its_sender() -> None:
    ours = clock()

    assert ours.early(one(), after(-60.5), is_final=False) is PART
    assert not ours.sends_parts


@pytest.mark.parametrize(
    ("behind_s", "said"), [(1.4, []), (1.5, ["this computer's clock is about 1.5 s behind feed f"])]
)
def test_a_clock_that_is_behind_is_said_from_a_second_and_a_half_on(behind_s: float, said: list[str]) -> None:
    ours = clock()
    for number in range(3):
        ours.early(one(start=START + number * MINUTE_NS), after(number * 60 - behind_s), is_final=False)

    assert ours.troubles("f") == said


def test_trades_and_quotes_may_be_as_far_ahead_as_those_of_their_feed_always_are() -> None:
    ours = clock()
    early = []
    for _ in range(6):
        early.append(ours.believed_ns / SECOND_NS)
        ours.stamped(after(60), after(0))

    assert early == [10, 10, 10, 10, 10, 70]


def test_what_is_always_old_when_it_comes_is_late_or_our_clock_is_ahead() -> None:
    ours = clock()
    for lag_s in (9.0, 8.0, 11.0):
        ours.stamped(after(0), after(lag_s))

    delayed = FeedClock(10 * SECOND_NS, 15 * MINUTE_NS)
    delayed.stamped(after(0), after(14 * 60))

    assert delayed.troubles("f") == []
    assert ours.offset_ns == -9 * SECOND_NS
    assert ours.troubles("f") == [
        "what feed f tells is at least 8.0 s old when it comes: it is late, or this computer's clock is ahead"
    ]
