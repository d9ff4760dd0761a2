"""The clock, pauses and speeds in the whole house; free pace, its subscribers and its bounds."""

from itertools import pairwise
from typing import Any

import pytest

from actors.kernel.clock import SystemClock
from actors.storage.memory import MemoryStore
from actors.system import System
from messages import (
    BarsArrived,
    GetBarCount,
    GetProgress,
    GetRunSummary,
    IllegalTransition,
    MinuteClosed,
    NotReady,
    Pace,
    PauseSystem,
    Policy,
    Prefetch,
    ResumeSystem,
    Room,
    SessionBoundary,
    SetSpeed,
    SettingsError,
    StartRun,
    StepSystem,
    SystemState,
    TimeAdvanced,
)
from messages.values import MINUTE_NS, SECOND_NS
from tests.stream_coordinator.backtest.playing import played
from tests.switchboard import Switchboard
from tests.system.worlds import QUARTER, memory, short


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    return memory(3, 3, quiet=0.2)


def running(store: MemoryStore, **more: Any) -> Switchboard:
    return Switchboard(store, **{"closed": QUARTER, **more}).play()


def minutes_done(board: Switchboard) -> int:
    return board.ask(GetProgress()).minutes_done


# --- the clock


def test_at_speed_sixty_a_minute_is_played_every_second(store: MemoryStore) -> None:
    board = running(store, speed=60.0)
    board.advance(0)

    done = []
    for _ in range(4):
        board.advance(SECOND_NS)
        done.append(minutes_done(board))

    assert done == [1, 2, 3, 4]


def test_the_speed_changes_while_it_runs(store: MemoryStore) -> None:
    board = running(store, speed=60.0)
    board.advance(0)
    board.advance(2 * SECOND_NS)

    board.stream_coordinator.tell(SetSpeed(speed=1.0))
    board.settle()
    board.advance(59 * SECOND_NS)
    slow = minutes_done(board)
    board.advance(SECOND_NS)

    assert (slow, minutes_done(board)) == (2, 3)


def test_paused_the_session_stands_and_may_be_stepped_through(store: MemoryStore) -> None:
    board = running(store, speed=60.0)
    board.advance(0)
    board.advance(2 * SECOND_NS)
    board.ask(PauseSystem())

    board.advance(100 * SECOND_NS)
    stood = minutes_done(board)
    board.ask(StepSystem())
    stepped = minutes_done(board)
    board.ask(ResumeSystem())
    board.advance(SECOND_NS)

    assert (stood, stepped, minutes_done(board)) == (2, 3, 4)


def test_a_whole_run_on_the_clock_takes_its_time(store: MemoryStore) -> None:
    board = running(store, speed=60.0)

    board.advance(45 * SECOND_NS)

    assert board.ask(GetRunSummary()).is_finished
    times = [message.now_ns for message in played(board.told(Room.SESSION_DATA, BarsArrived, TimeAdvanced))]
    assert len(times) == 45
    assert all(first < second for first, second in pairwise(times))


def test_a_system_can_be_paused_stepped_and_resumed_from_its_door(store: MemoryStore) -> None:
    with short(store, minutes_per_ticket=1, credit=1) as system:
        paused = system.pause().get(timeout=5)
        with pytest.raises(IllegalTransition, match="the system is paused"):
            system.pause().get(timeout=5)
        system.step().get(timeout=5)
        stepped = _minutes_when_still(system)
        resumed = system.resume().get(timeout=5)
        with pytest.raises(IllegalTransition, match="the system is running"):
            system.step().get(timeout=5)
        system.run(timeout=20)

    assert (paused.state, stepped, resumed.state) == (SystemState.PAUSED, 1, SystemState.RUNNING)


def _minutes_when_still(system: System) -> int:
    """The step went from the manager to the coordinator before this question could."""
    return system.progress().get(timeout=5).minutes_done


def test_a_slow_run_is_let_go_from_its_door(store: MemoryStore) -> None:
    with short(store, speed=1.0) as system:
        system.play()
        system.set_speed(0)

        assert system.run(timeout=20).is_finished


def test_a_clock_that_was_given_runs_on_for_the_others_who_go_by_it(store: MemoryStore) -> None:
    clock = SystemClock(scale=1000.0)
    with short(store, speed=60.0, clock=clock) as first, short(store, speed=60.0, clock=clock) as second:
        first.close()
        assert second.run(timeout=60).sessions
    with short(store, speed=60.0, clock=clock) as third:
        assert third.run(timeout=60).sessions
    clock.close()


def test_a_speed_below_zero_is_refused(store: MemoryStore) -> None:
    with short(store) as system, pytest.raises(SettingsError, match="speed is 0"):
        system.set_speed(-1)


# --- sessions


def test_the_next_session_is_sent_for_as_soon_as_one_has_opened(store: MemoryStore) -> None:
    board = Switchboard(store, closed=QUARTER).up()

    sent = [m.session.date for m in board.told(Room.DATA_UPKEEP, Prefetch) if isinstance(m, Prefetch)]
    assert sent == ["2024-07-01", "2024-07-02"]


def test_a_miss_waits_for_its_data_and_is_counted_as_one(store: MemoryStore) -> None:
    board = Switchboard(store, closed=QUARTER).up()
    board.is_loader_held = True  # from now on: the second session is in memory, the third is not
    board.stream_coordinator.tell(StartRun())
    board.settle()
    waiting = board.ask(GetProgress())

    board.release()

    hits = [report.is_prefetched for report in board.ask(GetRunSummary()).sessions]
    assert (waiting.sessions_done, waiting.is_finished) == (2, False)
    assert hits == [False, True, False]


def test_a_session_s_bars_are_unseen_until_it_opens(store: MemoryStore) -> None:
    name = store.symbols("XNYS", "2024-07-01")[0]
    board = Switchboard(store, closed=QUARTER, symbols=(name,)).up()

    assert board.ask(GetBarCount(symbol=name)) == 0


@pytest.mark.slow
def test_at_speed_sixty_the_prefetch_is_always_in_time() -> None:
    """Seven sessions of a quarter of an hour at 60 times, on a clock that runs 30 times as fast."""
    clock = SystemClock(scale=30.0)
    with short(memory(7, 50), speed=60.0, clock=clock) as system:
        reports = system.run(timeout=30).sessions
    clock.close()

    hits = [report.is_prefetched for report in reports[2:]]
    assert sum(hits) / len(hits) > 0.95


# --- free pace


def free(store: MemoryStore, **more: Any) -> Switchboard:
    more = {"credit": 2, "minutes_per_ticket": 3, **more}
    return Switchboard(store, closed=QUARTER, pace=Pace.FREE, **more).up()


def test_a_blocking_subscriber_that_is_slow_bounds_what_runs_ahead_of_it(store: MemoryStore) -> None:
    board = free(store)
    events = board.listen()
    next(events)
    board.settle()

    assert minutes_done(board) <= 2 * 3 + 3
    waiting = len(events.subscription.seat._queue)
    for _ in range(20):
        next(events)
        board.settle()
        assert len(events.subscription.seat._queue) <= 2 * waiting


def test_a_blocking_subscriber_gets_everything_in_free_pace_too(store: MemoryStore) -> None:
    told = [event for event in free(store).listen("minutes") if isinstance(event, MinuteClosed)]

    assert len(told) == 45
    assert all(first.end_ns < second.end_ns for first, second in pairwise(told))


def test_one_that_drops_the_oldest_holds_up_nobody_and_counts_what_it_lost(store: MemoryStore) -> None:
    board = free(store)
    events = board.listen("minutes", policy=Policy.DROP_OLDEST, bound=10)

    kept = list(events)

    assert [len(kept), events.subscription.dropped] == [10, 35]
    last = kept[-1]
    assert isinstance(last, MinuteClosed)
    assert last.end_ns == board.ask(GetProgress()).now_ns


def test_one_that_would_rather_leave_is_told_why(store: MemoryStore) -> None:
    board = free(store)
    events = board.listen("minutes", policy=Policy.DISCONNECT, bound=10)

    with pytest.raises(NotReady, match="'listener' fell 10 events behind"):
        list(events)
    assert board.ask(GetRunSummary()).is_finished


def test_subscribers_of_every_policy_live_side_by_side(store: MemoryStore) -> None:
    board = free(store)
    keen = board.listen("minutes")
    lossy = board.listen("minutes", policy=Policy.DROP_OLDEST, bound=5)
    touchy = board.listen("minutes", policy=Policy.DISCONNECT, bound=5)

    kept = len(list(keen))

    assert (kept, len(list(lossy)), lossy.subscription.dropped) == (45, 5, 40)
    assert repr(lossy.subscription).endswith(": drop_oldest, 5 taken, 40 dropped>")
    with pytest.raises(NotReady, match="disconnected"):
        list(touchy)


def test_free_runs_with_threads_keep_mailboxes_short(store: MemoryStore) -> None:
    with short(store, pace="free", credit=2, minutes_per_ticket=4) as system:
        events = [event for event in system.subscribe() if isinstance(event, SessionBoundary | MinuteClosed)]
        depths = {room.room: room.mailbox_high_water for room in system.status().get(timeout=5).rooms}

    assert len([event for event in events if isinstance(event, MinuteClosed)]) == 45
    assert depths[Room.SESSION_DATA] <= 2 * (2 * 4) + 8


def test_every_reply_in_free_pace_says_when_it_was_answered(store: MemoryStore) -> None:
    with short(store, pace="free") as system:
        name = system.active_symbols().get(timeout=5)[0]
        for event in system.minutes():
            assert system.last_bars(name, 1).get(timeout=5).now_ns >= event.end_ns


def test_the_clock_of_the_stream_stands_at_the_open_before_the_run(store: MemoryStore) -> None:
    board = Switchboard(store, closed=QUARTER).up()
    progress = board.ask(GetProgress())

    assert (progress.now_ns % (60 * MINUTE_NS), progress.minutes_done) == (30 * MINUTE_NS, 0)
