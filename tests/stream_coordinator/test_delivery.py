"""A session's bars, minute by minute, in order of time, and no faster than tickets come home."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.settings import Settings
from messages import (
    BarsArrived,
    GetProgress,
    MinuteSettled,
    SetSpeed,
    SubscribersChanged,
    TimeAdvanced,
    WakeAt,
)
from messages.values import MINUTE_NS, SECOND_NS
from tests.builders import session_tiny
from tests.stream_coordinator.playing import FREE, LOCKSTEP, MONDAY, TUESDAY, Hand, ends, shape, starts

OPEN = MONDAY.start_ns
ONE_A_TICKET = replace(FREE, minutes_per_ticket=1)


def test_a_minute_of_all_symbols_is_one_message_and_then_the_minute_is_over() -> None:
    hand = Hand().opened()

    said = hand.play()

    assert shape(said) == ["BarsArrived", "TimeAdvanced"] * 3
    assert said[0].batch.names() == ["A", "B"]
    assert [message.now_ns - OPEN for message in said] == [m * MINUTE_NS for m in (1, 1, 2, 2, 3, 3)]


def test_a_bar_is_told_at_its_end_and_never_before() -> None:
    hand = Hand().opened()

    told = [message for message in hand.play() if isinstance(message, BarsArrived)]

    assert all(bar.known_ns == message.now_ns for message in told for bar in message.batch.bars())


def test_a_minute_without_a_bar_passes_all_the_same() -> None:
    hand = Hand().opened(skip=(1,))

    assert shape(hand.play()) == ["BarsArrived", "TimeAdvanced", "TimeAdvanced", "BarsArrived", "TimeAdvanced"]


def test_a_session_without_any_bar_is_played_to_its_end() -> None:
    hand = Hand().opened(skip=range(3))

    assert shape(hand.play()) == ["TimeAdvanced"] * 3
    assert shape(hand.home()) == ["StartStopwatch", "closed"]


def test_a_break_is_jumped_over() -> None:
    hand = Hand(FREE, TUESDAY).opened()

    minutes = [(end - TUESDAY.start_ns) // MINUTE_NS for end in ends(hand.play())]

    assert minutes == [1, 2, 5, 6]


@given(
    st.lists(st.integers(1, 20), min_size=1, max_size=3),
    st.sets(st.integers(0, 59)),
    st.integers(1, 5),
    st.integers(1, 9),
    st.booleans(),
)
def test_whatever_the_credit_every_bar_is_told_once_and_in_order_of_time(
    parts: list[int], skip: set[int], credit: int, every: int, is_lockstep: bool
) -> None:
    session = session_tiny(*parts)
    hand = Hand(Settings(store="none", credit=credit, minutes_per_ticket=every), session).opened(skip=skip)
    hand.lockstep(int(is_lockstep)).play()
    most = 0
    while hand.core._boundary is None:
        most = max(most, len(hand.tickets))
        hand.home()

    told = starts(hand.said)
    kept = [i for i in range(sum(parts)) if i not in skip]
    assert len(told) == 2 * len(kept)
    assert all(first <= second for first, second in pairwise(told))
    assert len(ends(hand.said)) == sum(parts)
    assert most <= (1 if is_lockstep else credit)


def test_nothing_is_played_before_it_is_asked_for() -> None:
    hand = Hand().opened()

    assert hand.of(BarsArrived, TimeAdvanced) == []


def test_play_asked_for_twice_plays_once() -> None:
    hand = Hand().opened()
    hand.play()

    assert hand.play() == []


def test_in_lockstep_one_minute_is_out_at_a_time() -> None:
    hand = Hand(LOCKSTEP).opened().lockstep()

    minutes = [ends(hand.play()), ends(hand.home()), ends(hand.home())]

    assert minutes == [[OPEN + MINUTE_NS], [OPEN + 2 * MINUTE_NS], [OPEN + 3 * MINUTE_NS]]


def test_lockstep_without_a_subscriber_runs_free() -> None:
    hand = Hand(LOCKSTEP).opened()

    assert len(ends(hand.play())) == 3


def test_a_free_pace_stays_free_whoever_listens() -> None:
    hand = Hand(ONE_A_TICKET).opened().lockstep(2)

    assert len(ends(hand.play())) == 3


def test_free_minutes_stop_when_the_credit_is_used_up() -> None:
    settings = replace(FREE, credit=2, minutes_per_ticket=3)
    hand = Hand(settings, session_tiny(20)).opened()

    assert len(ends(hand.play())) == 6
    assert len(ends(hand.home())) == 3


def test_the_last_minute_has_a_ticket_always() -> None:
    hand = Hand(FREE, session_tiny(5)).opened()

    assert [message.ticket > 0 for message in hand.play() if isinstance(message, TimeAdvanced)] == [False] * 4 + [True]


def test_who_begins_to_listen_in_the_middle_gets_every_minute_from_then_on() -> None:
    settings = replace(LOCKSTEP, credit=1, minutes_per_ticket=2)
    hand = Hand(settings, session_tiny(6)).opened()
    hand.play()

    hand.lockstep()

    assert [len(ends(hand.home())) for _ in range(4)] == [1, 1, 1, 1]


def test_when_the_last_listener_leaves_the_run_goes_on_free() -> None:
    hand = Hand(LOCKSTEP, session_tiny(9)).opened().lockstep()
    hand.play()

    assert len(ends(hand.tell(SubscribersChanged(count=0)))) == 8


def test_a_ticket_that_comes_home_twice_changes_nothing() -> None:
    hand = Hand(LOCKSTEP).opened().lockstep()
    hand.play()
    (ticket,) = hand.tickets
    hand.tell(MinuteSettled(ticket=ticket))

    assert hand.tell(MinuteSettled(ticket=ticket)) == []


@pytest.mark.parametrize(
    ("due", "visited"),
    [
        (-5 * SECOND_NS, [0, 60]),  # long past: at once, never backwards
        (30 * SECOND_NS, [30, 60]),
        (60 * SECOND_NS, [60]),  # the minute itself comes by
    ],
)
def test_a_deadline_that_was_asked_for_is_visited_on_the_way(due: int, visited: list[int]) -> None:
    hand = Hand(LOCKSTEP).opened().lockstep()
    hand.tell(WakeAt(due_ns=OPEN + due, key="retry"))

    assert [(end - OPEN) // SECOND_NS for end in ends(hand.play())] == visited


def test_deadlines_are_visited_in_order_of_time_and_carry_no_ticket() -> None:
    hand = Hand(LOCKSTEP).opened().lockstep()
    for seconds in (50, 20, 40):
        hand.tell(WakeAt(due_ns=OPEN + seconds * SECOND_NS, key="retry"))

    told = [m for m in hand.play() if isinstance(m, TimeAdvanced)]

    assert [((m.now_ns - OPEN) // SECOND_NS, m.ticket > 0) for m in told] == [
        (20, False),
        (40, False),
        (50, False),
        (60, True),
    ]


def test_progress_tells_the_minutes_and_the_bars_played() -> None:
    hand = Hand(LOCKSTEP, MONDAY, TUESDAY)
    before = hand.ask(GetProgress())
    hand.opened().lockstep().play()

    progress = hand.ask(GetProgress())

    assert (before.session_date, before.sessions_total, before.minutes_total) == ("", 0, 0)
    assert (progress.session_date, progress.sessions_done, progress.sessions_total) == ("2024-07-01", 0, 2)
    assert (progress.minutes_done, progress.minutes_total, progress.bars) == (1, 3, 2)
    assert (progress.now_ns, progress.is_finished) == (OPEN + MINUTE_NS, False)


def test_at_full_speed_no_clock_is_asked() -> None:
    hand = Hand().opened()
    hand.play()

    assert "SetTimer" not in shape(hand.said)


def test_a_change_of_speed_before_the_start_starts_nothing() -> None:
    assert Hand().opened().tell(SetSpeed(speed=60.0)) == []
