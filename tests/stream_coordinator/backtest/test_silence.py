"""A feed that falls silent, returns or never does; and what fails and is cleared."""

import pytest

from messages.errors import IllegalTransition
from messages.lifecycle import SessionPhase
from messages.values import MINUTE_NS, SECOND_NS
from tests.builders import BREAK_DAY, DAY, EXTENDED_DAY, at
from tests.stream_coordinator.live_day.living import (
    ACTIVE,
    ENDED,
    ERROR,
    HOUR,
    NOT_STARTED,
    POST_MARKET,
    PRE_MARKET,
    TIMEOUT,
    life,
    lived,
    phases,
    playing,
    silent,
)


def test_a_feed_that_is_silent_for_long_enough_times_the_session_out() -> None:
    made = playing()
    early = made.advance(at("09:34"))
    (late,) = made.advance(at("09:35"))

    assert early == []
    assert (late.before, late.after, late.timer_expired) == (ACTIVE, TIMEOUT, True)
    assert made.advance(at("12:00")) == []


@pytest.mark.parametrize("minutes", [1, 4])
def test_a_heartbeat_is_life(minutes: int) -> None:
    made = playing()
    for now_ns in range(DAY.open_ns, DAY.close_ns, minutes * MINUTE_NS):
        assert made.heard(now_ns) == []
        assert made.advance(now_ns) == []


def test_a_heartbeat_that_comes_late_does_not_turn_back_the_clock() -> None:
    made = playing()
    made.heard(at("09:40"))
    made.heard(at("09:31"))

    assert made.advance(at("09:44")) == []
    assert phases(made.advance(at("09:45"))) == [TIMEOUT]


def test_silence_before_the_open_does_not_count() -> None:
    made = life()
    made.heard(DAY.open_ns - 10 * HOUR)

    assert phases(made.advance(DAY.open_ns + 4 * MINUTE_NS)) == [ACTIVE]


def test_a_lunch_break_is_no_timeout() -> None:
    made = playing(BREAK_DAY)
    morning, afternoon = BREAK_DAY.regular
    made.heard(morning.end_ns - MINUTE_NS)
    at_lunch = [made.advance(now_ns) for now_ns in range(morning.end_ns, afternoon.start_ns, MINUTE_NS)]
    before = made.advance(afternoon.start_ns + 3 * MINUTE_NS)
    due = made.advance(afternoon.start_ns + 4 * MINUTE_NS)

    assert all(moves == [] for moves in at_lunch)
    assert (before, phases(due)) == ([], [TIMEOUT])


def test_silence_after_the_close_is_no_timeout() -> None:
    made = playing(EXTENDED_DAY)
    made.heard(at("15:58"))

    assert phases(made.advance(at("16:30"))) == [POST_MARKET]
    assert made.advance(at("19:59")) == []


def test_data_that_returns_makes_the_session_active_again() -> None:
    made = silent()
    (move,) = made.heard(at("10:00"))

    assert (move.before, move.after, move.now_ns, move.timer_expired) == (TIMEOUT, ACTIVE, at("10:00"), False)
    assert made.advance(at("10:04")) == []
    assert phases(made.advance(at("10:05"))) == [TIMEOUT]
    assert not made.is_timed_out


@pytest.mark.parametrize("clock", ["09:00", "16:00", "16:30"])
def test_data_that_comes_outside_hours_does_not(clock: str) -> None:
    made = silent(grace_ns=HOUR)

    assert made.heard(at(clock)) == []
    assert made.phase is TIMEOUT


def test_a_session_that_is_silent_until_its_close_ends_and_says_that_it_was_silence() -> None:
    made = silent(grace_ns=5 * SECOND_NS)
    waiting = made.advance(DAY.close_ns)
    (move,) = made.advance(DAY.close_ns + 5 * SECOND_NS)

    assert waiting == []
    assert (move.before, move.after, move.timer_expired) == (TIMEOUT, ENDED, True)
    assert made.is_timed_out


def test_a_session_that_recovered_and_closed_was_ended_by_the_clock() -> None:
    made = silent()
    made.heard(at("15:58"))
    moves = made.advance(DAY.end_ns)

    assert [(move.after, move.timer_expired) for move in moves] == [(POST_MARKET, False), (ENDED, False)]
    assert not made.is_timed_out


# --- errors


@pytest.mark.parametrize("clock", ["08:00", "09:15", "12:00", "16:05"])
def test_what_fails_is_an_error_until_somebody_clears_it(clock: str) -> None:
    made = life(grace_ns=HOUR)
    lived(made, at("08:00"), at(clock))
    before = made.phase
    (move,) = made.fail(at(clock))

    assert (move.before, move.after, move.timer_expired) == (before, ERROR, False)
    assert made.fail(at(clock)) == []
    assert made.advance(DAY.end_ns + 2 * HOUR) == made.heard(at("12:00")) == []


def test_a_session_that_timed_out_may_fail_too() -> None:
    assert phases(silent().fail(at("10:00"))) == [ERROR]


def test_an_ended_session_cannot_fail_any_more() -> None:
    made = life()
    made.advance(DAY.end_ns)

    assert (made.fail(DAY.end_ns), made.phase) == ([], ENDED)


@pytest.mark.parametrize(
    ("clock", "after"),
    [
        ("08:00", [NOT_STARTED]),
        ("09:15", [NOT_STARTED, PRE_MARKET]),
        ("09:30", [ACTIVE]),
        ("12:00", [ACTIVE]),
        ("16:00", [ENDED]),
        ("20:00", [ENDED]),
    ],
)
def test_an_error_is_left_for_what_the_time_of_day_calls_for(clock: str, after: list[SessionPhase]) -> None:
    made = life()
    made.fail(at("07:00"))

    assert phases(made.clear_error(at(clock))) == after
    assert made.phase is after[-1]


def test_after_an_error_the_feed_has_its_time_to_be_heard() -> None:
    made = playing()
    made.fail(at("09:32"))
    made.clear_error(at("12:00"))

    assert made.advance(at("12:04")) == []
    assert phases(made.advance(at("12:05"))) == [TIMEOUT]


@pytest.mark.parametrize("clock", ["08:00", "09:15", "12:00", "16:00"])
def test_where_there_is_no_error_none_can_be_cleared(clock: str) -> None:
    made = life()
    lived(made, at("08:00"), at(clock))
    before = made.phase
    with pytest.raises(IllegalTransition) as caught:
        made.clear_error(at(clock))

    assert str(caught.value) == f"clear the error: the session is {before}, not error"
    assert made.phase is before


def test_an_error_that_is_cleared_in_post_market_hours_leaves_the_session_in_them() -> None:
    made = life(EXTENDED_DAY)
    made.fail(at("15:00"))
    made.clear_error(at("16:30"))

    assert made.phase is POST_MARKET
