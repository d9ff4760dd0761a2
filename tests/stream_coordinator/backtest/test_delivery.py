"""A session's bars, minute by minute, in order of time, and no faster than tickets come home."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.kernel.listen.tape_minutes import TapeMinutes
from actors.settings import Settings
from actors.stream_coordinator.backtest.gate import STAGED
from messages import (
    BarsArrived,
    GetProgress,
    ListenFrom,
    MinuteSettled,
    MinutesStaged,
    Pace,
    SetSpeed,
    StartRun,
    SubscribersChanged,
    TimeAdvanced,
    WakeAt,
)
from messages.values import MINUTE_NS, SECOND_NS
from tests.builders import session_tiny
from tests.session_data.streams import minutes_of
from tests.stream_coordinator.backtest.playing import (
    FREE,
    LOCKSTEP,
    MONDAY,
    TUESDAY,
    Hand,
    clock_of,
    ends,
    played,
    shape,
    starts,
)

OPEN = MONDAY.start_ns
ONE_A_TICKET = replace(FREE, minutes_per_ticket=1)


@pytest.mark.parametrize("settings", [ONE_A_TICKET, LOCKSTEP], ids=["free", "lockstep"])
def test_a_minute_of_all_symbols_is_one_message_and_with_it_the_minute_is_over(settings: Settings) -> None:
    hand = Hand(settings).opened().lockstep()
    hand.play()
    while hand.core._boundary is None:
        hand.home()

    said = played(hand.said)
    assert shape(said) == ["BarsArrived"] * 3
    assert [message.batch.names() for message in said] == [["A", "B"]] * 3
    assert [message.is_whole for message in said] == [True] * 3
    assert [message.now_ns - OPEN for message in said] == [MINUTE_NS, 2 * MINUTE_NS, 3 * MINUTE_NS]


@pytest.mark.parametrize("settings", [ONE_A_TICKET, LOCKSTEP], ids=["free", "lockstep"])
def test_a_bar_is_told_at_its_end_and_never_before(settings: Settings) -> None:
    hand = Hand(settings).opened().lockstep()
    hand.play()
    while hand.core._boundary is None:
        hand.home()

    told = hand.of(BarsArrived)
    assert len(told) == 3
    assert all(bar.known_ns == message.now_ns for message in told for bar in message.batch.bars())


def test_running_free_several_minutes_are_one_message_that_comes_at_the_end_of_the_last() -> None:
    (said,) = Hand(FREE, TUESDAY).opened().play()

    assert isinstance(said, BarsArrived)
    assert (said.is_whole, said.ticket > 0, said.now_ns) == (True, True, TUESDAY.end_ns)
    assert [(start - TUESDAY.start_ns) // MINUTE_NS for start in starts([said])] == [0, 0, 1, 1, 4, 4, 5, 5]


@pytest.mark.parametrize(("every", "runs"), [(1, [1, 2, 3, 4, 5]), (2, [2, 4, 5]), (4, [4, 5]), (9, [5])])
def test_so_many_minutes_travel_with_a_ticket_as_the_settings_say(every: int, runs: list[int]) -> None:
    hand = Hand(replace(FREE, minutes_per_ticket=every), session_tiny(5)).opened()
    open_ns = session_tiny(5).start_ns

    assert [(end - open_ns) // MINUTE_NS for end in ends(hand.play())] == runs


def test_a_minute_without_a_bar_passes_all_the_same() -> None:
    hand = Hand(ONE_A_TICKET).opened(skip=(1,))

    assert shape(hand.play()) == ["BarsArrived", "TimeAdvanced", "BarsArrived"]
    assert [(end - OPEN) // MINUTE_NS for end in ends(hand.said)] == [1, 2, 3]


def test_a_session_without_any_bar_is_played_to_its_end() -> None:
    hand = Hand(ONE_A_TICKET).opened(skip=range(3))

    assert shape(hand.play()) == ["TimeAdvanced"] * 3
    hand.home()
    hand.home()
    assert shape(hand.home()) == ["StartStopwatch", "closed"]


def test_minutes_without_a_bar_are_one_message_too() -> None:
    hand = Hand(FREE).opened(skip=range(3))

    assert ends(hand.play()) == [MONDAY.end_ns]
    assert shape(hand.home()) == ["StartStopwatch", "closed"]


def test_a_break_is_jumped_over() -> None:
    hand = Hand(ONE_A_TICKET, TUESDAY).opened()

    minutes = [(end - TUESDAY.start_ns) // MINUTE_NS for end in ends(hand.play())]

    assert minutes == [1, 2, 5, 6]


@given(
    st.lists(st.integers(1, 20), min_size=1, max_size=3),
    st.sets(st.integers(0, 59)),
    st.integers(1, 5),
    st.integers(1, 9),
    st.integers(0, 2),
)
def test_whatever_the_credit_every_bar_is_told_once_and_in_order_of_time(
    parts: list[int], skip: set[int], credit: int, every: int, listeners: int
) -> None:
    session = session_tiny(*parts)
    settings = Settings(store="none", pace=Pace.FREE, credit=credit, minutes_per_ticket=every)
    hand = Hand(settings, session).opened(skip=skip)
    hand.lockstep(listeners).play()
    most = 0
    while hand.core._boundary is None:
        most = max(most, len(hand.tickets))
        hand.home()

    slots = minutes_of(session)
    told, runs = starts(hand.said), [0, *(slots.index(end - MINUTE_NS) + 1 for end in ends(hand.said))]
    assert told == [start for slot, start in enumerate(slots) if slot not in skip for _ in range(2)]
    assert all(0 < end - first <= every for first, end in pairwise(runs))
    assert runs[-1] == len(slots)
    for message, (first, end) in zip(played(hand.said), pairwise(runs), strict=True):
        assert set(starts([message])) == {slots[slot] for slot in range(first, end) if slot not in skip}
    assert most <= credit


@given(
    st.lists(st.integers(1, 20), min_size=1, max_size=3),
    st.sets(st.integers(0, 59)),
    st.integers(1, 9),
)
def test_in_lockstep_every_minute_is_told_by_itself_and_none_before_the_one_before_is_done_with(
    parts: list[int], skip: set[int], credit: int
) -> None:
    session = session_tiny(*parts)
    hand = Hand(replace(LOCKSTEP, credit=credit), session).opened(skip=skip).lockstep()
    hand.play()
    out = []
    while hand.core._boundary is None:
        out.append(len(hand.tickets))
        hand.home()

    slots = minutes_of(session)
    assert out == [1] * len(slots)
    assert [end - MINUTE_NS for end in ends(hand.said)] == slots
    assert starts(hand.said) == [start for slot, start in enumerate(slots) if slot not in skip for _ in range(2)]
    assert all(set(starts([m])) <= {m.now_ns - MINUTE_NS} for m in played(hand.said))


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


def test_in_lockstep_a_few_minutes_wait_at_the_door_of_session_data() -> None:
    core = Hand(LOCKSTEP, session_tiny(STAGED + 40)).opened().lockstep().core

    (staged,) = core.handle(StartRun()).out
    (more,) = core.handle(
        MinuteSettled(ticket=TapeMinutes.of(staged)[29].ticket)
    ).out  # those before it came home unheard

    assert isinstance(staged, MinutesStaged)
    assert isinstance(more, MinutesStaged)
    assert [minute.now_ns - minute.batch.start_ns[-1] for minute in TapeMinutes.of(staged)] == [MINUTE_NS] * STAGED
    after = TapeMinutes.of(staged)[-1].ticket
    assert [minute.ticket for minute in TapeMinutes.of(more)] == [after + number for number in range(1, 31)]


def test_lockstep_without_a_subscriber_runs_free() -> None:
    hand = Hand(LOCKSTEP).opened()

    assert ends(hand.play()) == [MONDAY.end_ns]


def test_a_free_pace_stays_free_whoever_listens() -> None:
    hand = Hand(ONE_A_TICKET).opened().lockstep(2)

    assert len(ends(hand.play())) == 3


def test_free_minutes_stop_when_the_credit_is_used_up() -> None:
    settings = replace(FREE, credit=2, minutes_per_ticket=3)
    session = session_tiny(20)
    hand = Hand(settings, session).opened()

    ran = [[(end - session.start_ns) // MINUTE_NS for end in ends(said)] for said in (hand.play(), hand.home())]
    assert ran == [[3, 6], [9]]


@pytest.mark.parametrize("settings", [FREE, ONE_A_TICKET, LOCKSTEP])
def test_what_says_that_a_minute_is_over_has_a_ticket_always(settings: Settings) -> None:
    hand = Hand(settings, session_tiny(5)).opened(skip=(1, 4)).lockstep()
    hand.play()
    while hand.core._boundary is None:
        hand.home()

    assert all(message.ticket > 0 for message in hand.of(BarsArrived, TimeAdvanced))


def test_who_begins_to_listen_in_the_middle_gets_every_minute_from_then_on() -> None:
    session = session_tiny(6)
    hand = Hand(replace(LOCKSTEP, credit=1, minutes_per_ticket=2), session).opened()
    hand.play()

    (told, *early) = hand.tell(SubscribersChanged(count=1))
    minutes = [[(end - session.start_ns) // MINUTE_NS for end in ends(hand.home())] for _ in range(4)]

    assert (early, minutes) == ([], [[3], [4], [5], [6]])  # nothing before what ran free is done with
    assert isinstance(told, ListenFrom)
    assert [m.ticket >= told.ticket for m in played(hand.said)] == [False, True, True, True, True]


@pytest.mark.parametrize("credit", [1, 8])
def test_when_the_last_listener_leaves_the_run_goes_on_free_after_the_minutes_that_wait(credit: int) -> None:
    session = session_tiny(STAGED + 4)
    hand = Hand(replace(LOCKSTEP, credit=credit), session).opened().lockstep()
    hand.play()

    hand.tell(SubscribersChanged(count=0))
    while hand.core._boundary is None:
        hand.home()

    assert [(end - session.start_ns) // MINUTE_NS for end in ends(hand.said)] == [*range(1, STAGED + 1), STAGED + 4]


def test_on_the_clock_the_last_listener_that_leaves_changes_nothing_for_the_minutes() -> None:
    hand = Hand(replace(LOCKSTEP, speed=60.0), session_tiny(9)).opened().lockstep()
    hand.play()
    hand.clock(100)
    hand.clock(102)

    assert len(ends(hand.tell(SubscribersChanged(count=0)))) == 1


@pytest.mark.parametrize("settings", [FREE, LOCKSTEP], ids=["free", "lockstep"])
def test_a_ticket_that_comes_home_twice_changes_nothing(settings: Settings) -> None:
    hand = Hand(settings).opened().lockstep()
    hand.play()
    (ticket,) = hand.tickets
    hand.tell(MinuteSettled(ticket=ticket))

    assert hand.tell(MinuteSettled(ticket=ticket)) == []


@pytest.mark.parametrize("speed", [0.0, 60.0], ids=["at full speed", "on the clock"])
@pytest.mark.parametrize(
    ("dues", "visited"),
    [
        ((-5,), [60, 120, 180]),  # long past: who asked has been told a later time
        ((30,), [30, 60, 120, 180]),
        ((60,), [60, 120, 180]),  # the minute itself comes by
        ((150, 90), [60, 90, 120, 150, 180]),
        ((50, 20, 40), [20, 40, 50, 60, 120, 180]),
        ((200,), [60, 120, 180]),  # the session is over before
    ],
)
def test_deadlines_are_visited_on_the_way_each_when_what_came_before_is_done_with(
    speed: float, dues: tuple[int, ...], visited: list[int]
) -> None:
    hand = Hand(replace(LOCKSTEP, speed=speed), has_upkeep=True).opened().lockstep()
    hand.tell(*(WakeAt(due_ns=OPEN + due * SECOND_NS, key="retry") for due in dues))
    out = [played(hand.play())]
    for second in range(100, 110):
        out.append(played(hand.clock(second)))
        while hand.tickets and hand.core._boundary is None:
            out.append(played(hand.home()))

    assert all(len(said) <= 1 for said in out)
    assert [(now - OPEN) // SECOND_NS for now in clock_of(hand.said)] == visited
    assert ends(hand.said) == clock_of(hand.said)  # with a ticket, all of them


def test_minutes_that_travel_together_stop_at_a_deadline() -> None:
    session = session_tiny(9, day="2024-07-01")
    hand = Hand(FREE, session).opened()
    hand.tell(WakeAt(due_ns=OPEN + 2 * MINUTE_NS, key="retry"), WakeAt(due_ns=OPEN + 290 * SECOND_NS, key="retry"))

    told = clock_of(hand.play())
    assert [(now - OPEN) // SECOND_NS for now in told] == [120, 240, 290, 540]


def test_progress_tells_the_minutes_and_the_bars_played() -> None:
    hand = Hand(LOCKSTEP, MONDAY, TUESDAY)
    before = hand.ask(GetProgress())
    hand.opened().lockstep().play()

    progress = hand.ask(GetProgress())

    assert (before.session_date, before.sessions_total, before.minutes_total) == ("", 0, 0)
    assert (progress.session_date, progress.sessions_done, progress.sessions_total) == ("2024-07-01", 0, 2)
    assert (progress.minutes_done, progress.minutes_total, progress.bars) == (1, 3, 2)
    assert (progress.now_ns, progress.is_finished) == (OPEN + MINUTE_NS, False)


@pytest.mark.parametrize("settings", [ONE_A_TICKET, LOCKSTEP, replace(LOCKSTEP, speed=60.0)])
def test_progress_never_runs_ahead_of_what_has_been_let_in(settings: Settings) -> None:
    session = session_tiny(20)
    hand = Hand(replace(settings, credit=1), session).opened(skip=(4,)).lockstep()
    hand.play()
    for second in range(100, 130):
        hand.clock(second)
        progress, let_in = hand.ask(GetProgress()), ends(hand.said)
        assert progress.minutes_done <= len(let_in)
        assert progress.now_ns == session.start_ns + progress.minutes_done * MINUTE_NS
        assert progress.bars == 2 * (progress.minutes_done - (progress.minutes_done > 4))
        if hand.tickets and hand.core._boundary is None:
            hand.home()

    assert hand.ask(GetProgress()).minutes_done == 20


def test_at_full_speed_no_clock_is_asked() -> None:
    hand = Hand().opened()
    hand.play()

    assert "SetTimer" not in shape(hand.said)


def test_a_change_of_speed_before_the_start_starts_nothing() -> None:
    assert Hand().opened().tell(SetSpeed(speed=60.0)) == []
