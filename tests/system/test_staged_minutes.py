"""Lockstep, where a few minutes wait at SessionData's door: nobody in the loop can tell that they are there."""

from collections.abc import Iterable
from typing import Any

import pytest

from actors.storage.memory import MemoryStore
from messages import (
    BarsArrived,
    BarsUpdated,
    Event,
    GetBars,
    GetLastBars,
    GetQuality,
    GetRunSummary,
    GetSnapshot,
    MinuteClosed,
    PauseSystem,
    PublishBar,
    ResumeSystem,
    Room,
    SetSpeed,
    StartRun,
    StepSystem,
    TimeAdvanced,
    Verdict,
)
from messages.values import MINUTE_NS, SECOND_NS
from tests.builders import bar
from tests.stream_coordinator.backtest.playing import played
from tests.switchboard import Listener, Switchboard
from tests.system.worlds import DATES, QUARTER, memory


def board_of(store: MemoryStore, **more: Any) -> Switchboard:
    return Switchboard(store, **{"closed": QUARTER, **more}).up()


def taken(events: Listener) -> list[Event]:
    """The next event, if it comes without anybody's doing and the run is not over."""
    try:
        event = events.poll()
    except StopIteration:
        return []
    return [] if event is None else [event]


def each(events: Iterable[Event]) -> list[Any]:
    """Each minute with its bars, by symbol: those of one block may come in one piece or in two."""
    said: list[Any] = []
    bars: dict[Any, Any] = {}
    for event in events:
        if isinstance(event, BarsUpdated):
            batch, counts = event.batch, event.base_counts or (event.base_expected,) * len(event.batch)
            for symbol, *one in zip(batch.names(), counts, batch.values.T.tolist(), strict=True):
                bars[event.interval, event.start_ns, event.revision, symbol] = one
        else:
            said.append((event, bars))
            bars = {}
    return said


def in_the_loop(board: Switchboard, minutes: int) -> tuple[Listener, MinuteClosed]:
    """Who listens, and the minute that it has come to."""
    events = board.listen("minutes")
    for _ in range(minutes):
        minute = next(events)
    board.settle()
    assert isinstance(minute, MinuteClosed)
    return events, minute


@pytest.mark.parametrize("minutes", [1, 5, 9])
def test_a_pause_takes_effect_at_once_though_minutes_wait_at_the_door(minutes: int) -> None:
    board = board_of(memory(2))
    events, minute = in_the_loop(board, minutes)
    board.ask(PauseSystem())

    waits = events.poll(), events.poll()
    now_ns = board.ask(GetSnapshot()).now_ns
    board.ask(ResumeSystem())

    assert (waits, now_ns) == ((None, None), minute.end_ns)
    after = next(events)
    assert isinstance(after, MinuteClosed)
    assert after.start_ns == minute.end_ns


@pytest.mark.parametrize("minutes", [1, 5, 9])
def test_a_step_in_the_loop_plays_exactly_one_minute(minutes: int) -> None:
    board = board_of(memory(2))
    events, minute = in_the_loop(board, minutes)
    board.ask(PauseSystem())
    assert events.poll() is None

    for number in range(1, 5):
        board.ask(StepSystem())
        stepped = events.poll()
        assert isinstance(stepped, MinuteClosed)
        assert stepped.end_ns == minute.end_ns + number * MINUTE_NS
        assert events.poll() is None
        assert board.ask(GetSnapshot()).now_ns == stepped.end_ns


def test_steps_carry_over_from_session_to_session_minute_by_minute() -> None:
    board = board_of(memory(2))
    events, _ = in_the_loop(board, 1)
    board.ask(PauseSystem())
    told = 1
    for _ in range(40):  # a step at the end of a session opens the next one
        if told < 30:
            board.ask(StepSystem())
            told += len([*taken(events), *taken(events)])

    assert len(played(board.told(Room.SESSION_DATA, BarsArrived, TimeAdvanced))) == told == 30


def test_a_bar_that_is_published_in_the_loop_is_read_in_the_same_minute_and_makes_no_later_one_known() -> None:
    store = memory(1, 2, quiet=0.0)
    board = board_of(store)
    name = store.symbols("XNYS", DATES[0])[0]

    for number, minute in enumerate(board.listen("minutes"), start=1):
        assert isinstance(minute, MinuteClosed)
        mine = bar("MINE", minute.start_ns, 100.0 + number)
        board.stream_coordinator.tell(PublishBar(bar=mine, source="me", receipt=number))
        board.settle()
        own, of_tape = (board.ask(GetLastBars(symbol=symbol, count=99)) for symbol in ("MINE", name))

        assert (int(own.start_ns[-1]), float(own.close[-1])) == (minute.start_ns, 100.0 + number)
        assert len(own) == len(of_tape) == number
        assert own.now_ns == of_tape.now_ns == minute.end_ns


@pytest.mark.parametrize("change", [SetSpeed(speed=60.0), None], ids=["on the clock", "left alone"])
def test_what_is_published_while_minutes_wait_does_not_close_them_without_their_bars(change: SetSpeed | None) -> None:
    store = memory(1, 2, quiet=0.0)
    board = board_of(store)
    events, minute = in_the_loop(board, 1)
    if change is None:
        events.subscription.close()
        board.stream_coordinator.tell(StartRun())
    else:
        board.stream_coordinator.tell(change)
    board.stream_coordinator.tell(PublishBar(bar=bar("MINE", minute.start_ns), source="me", receipt=1))
    board.settle()
    for _ in range(40):  # by the clock, no more than one minute comes in a second
        board.advance(SECOND_NS)
        taken(events)

    assert board.ask(GetRunSummary()).is_finished
    name = store.symbols("XNYS", DATES[0])[0]
    assert set(board.ask(GetBars(symbol=name)).verdicts.tolist()) == {Verdict.STREAMED}


def test_a_bar_of_a_later_minute_cannot_be_published_though_minutes_wait() -> None:
    board = board_of(memory(1, 2, quiet=0.0))
    _, minute = in_the_loop(board, 3)
    board.stream_coordinator.tell(PublishBar(bar=bar("MINE", minute.end_ns), source="me", receipt=1))
    board.settle()

    assert dict(board.ask(GetQuality()).reasons) == {"in_the_future": 1}


@pytest.mark.parametrize("pace", ["lockstep", "free"])
@pytest.mark.parametrize("after", [1, 4, 9])
def test_a_newcomer_gets_every_minute_from_some_minute_on(pace: str, after: int) -> None:
    board = board_of(memory(2), pace=pace, minutes_per_ticket=2)
    first = board.listen("minutes")
    seen = [next(first) for _ in range(after)]
    second = board.listen("minutes")
    told = []
    for _ in range(60):
        told += taken(second)
        seen += taken(first)

    assert len(seen) == 30
    assert 30 - after - (2 if pace == "lockstep" else 9) <= len(told) <= 30 - after + 1
    assert told == seen[-len(told) :]


def test_who_joins_a_run_that_was_free_is_alone_with_its_minutes_from_the_first() -> None:
    board = board_of(memory(2), minutes_per_ticket=2)
    board.stream_coordinator.tell(StartRun())
    while len(board.told(Room.SESSION_DATA, BarsArrived)) < 2:
        board.deliver()

    minutes = board.listen("minutes")
    told = []
    for minute in minutes:
        assert isinstance(minute, MinuteClosed)
        board.settle()
        told.append(minute.end_ns)
        assert board.ask(GetSnapshot()).now_ns == minute.end_ns

    assert len(told) >= 20


@pytest.mark.parametrize("delivered", range(0, 25, 3))
def test_who_joins_a_listener_to_sessions_hears_every_bar_from_some_minute_on(delivered: int) -> None:
    """While only sessions were listened to, no bar was put into words."""
    alone = board_of(memory(2)).listen("bars", "minutes")
    every = each(event for _ in range(100) for event in taken(alone))
    board = board_of(memory(2), minutes_per_ticket=3)
    sessions = board.listen("sessions")
    taken(sessions)
    sessions.subscription._take()
    for _ in range(delivered):
        board.deliver()

    newcomer = board.listen("bars", "minutes")
    told: list[Event] = []
    for _ in range(100):
        told += taken(newcomer)
        taken(sessions)

    heard = each(told)
    assert heard
    assert heard == every[-len(heard) :]


def test_who_goes_from_the_clock_to_full_speed_is_still_alone_with_its_minute() -> None:
    board = board_of(memory(1), speed=60.0)
    minutes = board.listen("minutes")
    board.stream_coordinator.tell(StartRun())
    board.settle()
    board.advance(0)
    board.advance(SECOND_NS)
    next(minutes)
    board.stream_coordinator.tell(SetSpeed(speed=0.0))

    for minute in minutes:
        assert isinstance(minute, MinuteClosed)
        board.settle()
        assert board.ask(GetSnapshot()).now_ns == minute.end_ns
