"""The phases of a live session: which may follow which, and what the calendar and the clock make of them."""

from functools import cache
from itertools import pairwise, product
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.market.calendar import Calendar
from actors.stream_coordinator.live_day.lifecycle import MOVES, Lifecycle, check_move, diagram
from messages.errors import IllegalTransition
from messages.lifecycle import PhaseChanged, SessionPhase
from messages.values import MINUTE_NS, SECOND_NS, moment
from tests.builders import DAY, EXTENDED_DAY, HALF_DAY, at, session_tiny
from tests.stream_coordinator.live_day.living import (
    ACTIVE,
    ENDED,
    ERROR,
    HOUR,
    NOT_STARTED,
    POST_MARKET,
    PRE_MARKET,
    life,
    lived,
    phases,
)

ALLOWED = {
    "not_started": "pre_market active error",
    "pre_market": "active timeout error ended",
    "active": "post_market timeout error ended",
    "post_market": "ended timeout error",
    "ended": "not_started pre_market",
    "timeout": "active error ended",
    "error": "not_started active ended",
}
LISTED = [(SessionPhase(before), SessionPhase(after)) for before in ALLOWED for after in ALLOWED[before].split()]
UNLISTED = [move for move in product(SessionPhase, SessionPhase) if move not in LISTED]


class Move(NamedTuple):
    """A move by the clock of its exchange."""

    date: str
    clock: str
    after: SessionPhase


# --- the table


@pytest.mark.parametrize(("before", "after"), LISTED, ids=str)
def test_a_move_that_the_table_lists_is_allowed(before: SessionPhase, after: SessionPhase) -> None:
    check_move(before, after)

    assert f"    {before.name} --> {after.name}" in diagram().splitlines()


@pytest.mark.parametrize(("before", "after"), UNLISTED, ids=str)
def test_a_move_that_the_table_does_not_list_is_an_error_that_names_both_phases(
    before: SessionPhase, after: SessionPhase
) -> None:
    with pytest.raises(IllegalTransition) as caught:
        check_move(before, after)

    assert str(caught.value) == f"a session cannot go from {before} to {after}"
    assert f"    {before.name} --> {after.name}" not in diagram().splitlines()


def test_the_table_knows_every_phase_and_no_other_moves() -> None:
    assert set(MOVES) == set(SessionPhase)
    assert [(before, after) for before, afters in MOVES.items() for after in afters] == LISTED


def test_the_diagram_is_the_table_with_a_beginning() -> None:
    lines = diagram().splitlines()

    assert lines[:2] == ["stateDiagram-v2", "    [*] --> NOT_STARTED"]
    assert len(lines) == 2 + len(LISTED)


# --- by the clock


def test_a_day_goes_through_its_phases_each_at_its_time() -> None:
    made = life(grace_ns=5 * SECOND_NS)
    times = [
        (DAY.open_ns - 30 * MINUTE_NS, PRE_MARKET),
        (DAY.open_ns, ACTIVE),
        (DAY.close_ns, POST_MARKET),
        (DAY.close_ns + 5 * SECOND_NS, ENDED),
    ]
    for due_ns, after in times:
        made.heard(due_ns - 1)
        early, late = made.advance(due_ns - 1), made.advance(due_ns)

        assert (early, phases(late), made.phase) == ([], [after], after)


def test_every_move_says_from_where_to_where_and_when() -> None:
    made = life()
    (move,) = made.advance(DAY.open_ns - MINUTE_NS)

    assert move == PhaseChanged(
        session_date=DAY.date, before=NOT_STARTED, after=PRE_MARKET, now_ns=DAY.open_ns - MINUTE_NS
    )


def test_time_that_jumps_leaves_out_no_phase() -> None:
    made = life()
    moves = made.advance(DAY.end_ns + HOUR)

    assert phases(moves) == [ACTIVE, POST_MARKET, ENDED]
    assert not any(move.timer_expired for move in moves)
    assert made.advance(DAY.end_ns + 2 * HOUR) == []


def test_a_system_that_comes_up_within_hours_is_active_at_once() -> None:
    assert phases(life().advance(at("12:00"))[:1]) == [ACTIVE]


def test_extended_hours_are_prepared_for_and_waited_for() -> None:
    made = life(EXTENDED_DAY)
    clocks = ["03:59", "04:00", "09:29", "09:30"]
    before = [made.advance(at(clock)) and made.phase for clock in clocks]
    made.heard(at("15:59"))
    after = [made.advance(at(clock)) and made.phase for clock in ("15:59", "16:00", "19:59", "20:00")]

    assert before == [[], PRE_MARKET, [], ACTIVE]
    assert after == [[], POST_MARKET, [], ENDED]


def test_a_window_that_is_longer_than_the_extended_hours_begins_before_them() -> None:
    made = life(EXTENDED_DAY, window_ns=6 * HOUR)

    assert phases(made.advance(at("03:30"))) == [PRE_MARKET]


def test_without_a_window_a_session_is_not_prepared_for() -> None:
    made = life(window_ns=0)

    assert made.advance(DAY.open_ns - 1) == []
    assert phases(made.advance(DAY.open_ns)) == [ACTIVE]


def test_a_session_is_active_between_its_open_and_its_close_and_at_no_other_time() -> None:
    made = life(HALF_DAY)
    seen = []
    for minute in range(-60, 300):
        made.heard(HALF_DAY.open_ns + minute * MINUTE_NS)
        made.advance(HALF_DAY.open_ns + minute * MINUTE_NS)
        seen += [minute] if made.is_active else []

    assert seen == list(range(210))


@cache
def xnys() -> Calendar:
    return Calendar("XNYS")


@pytest.mark.parametrize(
    ("first", "last", "closes"),
    [
        ("2024-07-01", "2024-07-07", {"01": "16:00", "02": "16:00", "03": "13:00", "05": "16:00"}),
        ("2024-11-01", "2024-11-05", {"01": "16:00", "04": "16:00", "05": "16:00"}),
        ("2024-03-08", "2024-03-12", {"08": "16:00", "11": "16:00", "12": "16:00"}),
    ],
    ids=["a half-day and a holiday", "the clocks go back", "the clocks go forward"],
)
def test_a_week_goes_by_the_clock_of_its_exchange(first: str, last: str, closes: dict[str, str]) -> None:
    moves = []
    for session in xnys().sessions(first, last):
        made = life(session, grace_ns=MINUTE_NS)
        for move in lived(made, session.open_ns - HOUR, session.end_ns + HOUR):
            local = moment(move.now_ns, session.tz)
            moves.append(Move(f"{local:%d}", f"{local:%H:%M}", move.after))

    assert moves == [
        Move(date, clock, after)
        for date, close in closes.items()
        for clock, after in (
            ("09:00", PRE_MARKET),
            ("09:30", ACTIVE),
            (close, POST_MARKET),
            (f"{close[:3]}01", ENDED),
        )
    ]


# --- whatever happens


HAPPENINGS = st.lists(
    st.tuples(st.sampled_from(["advance", "advance", "heard", "fail", "clear_error"]), st.integers(0, 15)),
    max_size=30,
)


@given(happenings=HAPPENINGS, grace=st.integers(0, 3), patience=st.integers(1, 4))
def test_whatever_happens_every_move_is_one_that_the_table_lists(
    happenings: list[tuple[str, int]], grace: int, patience: int
) -> None:
    session = session_tiny(6, 5, pre=3, post=4)
    made = Lifecycle(session, timeout_ns=patience * MINUTE_NS, grace_ns=grace * MINUTE_NS, window_ns=5 * MINUTE_NS)
    now_ns, moves = session.start_ns - 10 * MINUTE_NS, []
    for name, later in happenings:
        now_ns += later * MINUTE_NS
        if name != "clear_error" or made.phase is ERROR:
            moves += getattr(made, name)(now_ns)
    journey = [NOT_STARTED, *phases(moves)]

    assert [(move.before, move.after) for move in moves] == list(pairwise(journey))
    assert set(pairwise(journey)) <= set(LISTED)
    assert made.phase is journey[-1]
    assert made.is_active == (journey[-1] is ACTIVE)


@given(patience=st.integers(1, 4), grace=st.integers(0, 3), heard=st.sets(st.integers(0, 30)))
def test_however_silent_the_feed_is_a_session_comes_to_its_end(patience: int, grace: int, heard: set[int]) -> None:
    session = session_tiny(6, 5, post=4)
    made = Lifecycle(session, timeout_ns=patience * MINUTE_NS, grace_ns=grace * MINUTE_NS)
    for minute in range(40):
        now_ns = session.start_ns + minute * MINUTE_NS
        made.heard(now_ns) if minute in heard else None
        made.advance(now_ns)

    assert made.phase is ENDED
