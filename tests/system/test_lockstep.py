"""Lockstep: a subscriber is alone with its minute; nothing past it exists yet, and every run is the same."""

from typing import Any

import numpy as np
import pytest

from actors.session_data.core import SessionDataCore
from actors.settings import SessionRules
from actors.storage.memory import MemoryStore
from actors.system import System
from messages import (
    BarsArrived,
    BarsUpdated,
    Event,
    GetActiveSymbols,
    GetLastBars,
    GetProgress,
    GetRunSummary,
    GetSnapshot,
    Interval,
    MinuteClosed,
    Room,
    SessionBoundary,
    StartRun,
    SystemFailed,
    SystemState,
    TimeAdvanced,
)
from messages.values import MINUTE_NS, ONE_MINUTE
from tests.stream_coordinator.backtest.playing import played, shape
from tests.switchboard import Switchboard
from tests.system.worlds import DATES, FIELDS, QUARTER, frame, memory, names_of, plain, short, xnys


@pytest.fixture(scope="module")
def half_day() -> MemoryStore:
    """The sessions of 2024-07-02 and of the half-day after it, whole."""
    store, whole = MemoryStore(), memory(3, 4, quiet=0.3, closed=())
    for date in DATES[1:3]:
        day = whole.read("XNYS", date)
        assert day is not None
        store.merge("XNYS", date, day)
    return store


def board_of(store: MemoryStore, **more: Any) -> Switchboard:
    return Switchboard(store, **{"closed": QUARTER, "symbols": names_of(store), **more}).up()


def all_events(store: MemoryStore, **more: Any) -> list[Event]:
    with short(store, **more) as system:
        return list(system.subscribe())


def test_two_runs_give_the_same_events_in_the_same_order() -> None:
    store = memory(3, 4, quiet=0.3)

    first, second = plain(all_events(store)), plain(all_events(store))

    assert len(first) > 3 * 15 * 2
    assert first == second


def test_threads_or_none_the_events_are_the_same() -> None:
    store = memory(2, 4, quiet=0.3)
    board = board_of(store, rules=short(store)._settings.rules)

    assert plain(list(board.listen())) == plain(all_events(store))


def test_a_minute_is_told_whole_bars_first_then_that_it_closed() -> None:
    board = board_of(memory(2, 2, quiet=0.0), rules=SessionRules(intervals=(Interval.parse("15m"),)))

    told = shape(list(board.listen()))

    minute = ["BarsUpdated", "MinuteClosed"]
    day = [*minute * 14, "BarsUpdated", *minute, "closed"]
    assert told == ["opened", *day, "opened", *day]


def test_a_bar_is_told_between_the_close_of_the_minute_before_it_and_its_own(half_day: MemoryStore) -> None:
    session = xnys().session(DATES[1])
    assert session is not None
    now_ns = session.open_ns

    for event in board_of(half_day, closed=()).listen("bars", "minutes", "sessions"):
        if isinstance(event, BarsUpdated) and event.interval == ONE_MINUTE:
            assert set(event.batch.start_ns.tolist()) == {now_ns}
        elif isinstance(event, MinuteClosed):
            assert event.start_ns == now_ns
            now_ns = event.end_ns
        elif isinstance(event, SessionBoundary):
            now_ns = event.now_ns


@pytest.mark.slow
def test_a_reader_in_the_loop_never_sees_past_its_minute_and_sees_all_of_it(half_day: MemoryStore) -> None:
    days = {date: frame(half_day, date) for date in DATES[1:3]}
    minutes = 0

    with System.backtest(half_day, names_of(half_day), intervals=["5m"]) as system:
        symbol = system.active_symbols().get(timeout=5)[-1]
        for minute in system.minutes():
            minutes += 1
            window = system.last_bars(symbol, 3).get(timeout=5)
            session = system.session().get(timeout=5)
            assert session is not None
            day = days[session.date]
            known = day[(day.symbol == symbol) & (day.start < minute.end_ns)].tail(3)

            assert window.now_ns == minute.end_ns
            np.testing.assert_array_equal(window.start_ns, known.start)
            np.testing.assert_array_equal(window.to_numpy(), known[FIELDS])

    assert minutes == 390 + 210


def folded(rows: Any, open_ns: int, until_ns: int) -> list[tuple[Any, ...]]:
    """The 5m bars that are finished at an instant, by pandas."""
    block = (rows.start - open_ns) // (5 * MINUTE_NS)
    known = rows[(block + 1) * 5 * MINUTE_NS + open_ns <= until_ns]
    groups = known.groupby(block[known.index])
    made = groups.agg({"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"})
    return [(open_ns + number * 5 * MINUTE_NS, *row) for number, row in zip(made.index, made.to_numpy(), strict=True)]


@pytest.mark.slow
def test_derived_bars_in_the_loop_are_those_that_pandas_folds_from_what_is_known() -> None:
    store = memory(2, 3, quiet=0.4)
    board = board_of(store)

    for minute in board.listen("minutes"):
        assert isinstance(minute, MinuteClosed)
        date = board.ask(GetProgress()).session_date
        session, rows = xnys(QUARTER).session(date), frame(store, date)
        assert session is not None
        for symbol in board.ask(GetActiveSymbols()):
            window = board.ask(GetLastBars(symbol=symbol, count=9, interval=Interval.parse("5m")))
            wanted = folded(rows[rows.symbol == symbol], session.open_ns, minute.end_ns)
            seen = [(start, *row) for start, row in zip(window.start_ns.tolist(), window.to_numpy(), strict=True)]
            assert [tuple(map(float, row)) for row in seen] == [tuple(map(float, row)) for row in wanted]


def test_the_stream_stands_still_while_a_subscriber_has_its_minute() -> None:
    board = board_of(memory(1))
    events = board.listen("minutes")
    board.stream_coordinator.tell(StartRun())

    for number in range(1, 16):
        minute = next(events)
        board.settle()
        assert isinstance(minute, MinuteClosed)
        assert len(played(board.told(Room.SESSION_DATA, BarsArrived, TimeAdvanced))) == number
        assert board.ask(GetSnapshot()).now_ns == minute.end_ns
        assert 0 < board.ask(GetProgress()).minutes_done <= number


def test_several_subscribers_get_the_same_minutes_and_the_slowest_sets_the_pace() -> None:
    board = board_of(memory(1))
    fast, slow = board.listen("minutes"), board.listen("minutes")
    board.stream_coordinator.tell(StartRun())

    first = [next(fast), next(slow)]
    waits = fast.poll()
    second = [next(slow), next(fast)]

    assert (waits, first[0], second[0]) == (None, first[1], second[1])
    assert len(played(board.told(Room.SESSION_DATA, BarsArrived, TimeAdvanced))) == 2


def test_after_the_last_subscriber_has_left_the_run_is_played_to_its_end_by_who_asks_for_that() -> None:
    with short(memory(2)) as system:
        for number, _ in enumerate(system.minutes()):
            if number == 3:
                break
        summary = system.run(timeout=20)

    assert [report.closed for report in summary.sessions] == [15, 15]


def test_when_the_last_subscriber_leaves_the_tape_stands_still_until_it_is_told_to_go_on() -> None:
    board = board_of(memory(1))
    events = board.listen("minutes")
    board.stream_coordinator.tell(StartRun())
    minute = next(events)
    assert isinstance(minute, MinuteClosed)

    events.close()
    stands = board.ask(GetProgress()), board.ask(GetSnapshot()).now_ns
    board.stream_coordinator.tell(StartRun())

    assert (stands[0].minutes_done, stands[0].is_finished, stands[1]) == (1, False, minute.end_ns)
    assert board.ask(GetRunSummary()).is_finished


def test_who_is_alone_in_a_loop_takes_minutes_the_shortest_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else what the other tests compare would be one and the same way."""
    handled: list[int] = []
    handle = SessionDataCore.handle

    def counted(core: SessionDataCore, message: Any) -> Any:
        handled.append(isinstance(message, BarsArrived | TimeAdvanced))
        return handle(core, message)

    monkeypatch.setattr(SessionDataCore, "handle", counted)
    with short(memory(2, 3, quiet=0.0)) as system:
        minutes = list(system.minutes())

    assert sum(handled) < len(minutes) / 2


def test_only_what_was_asked_for_is_told() -> None:
    store = memory(1, 3, quiet=0.0)
    board = board_of(store)
    name = store.symbols("XNYS", DATES[0])[1]

    events = list(board.listen("bars", symbols=[name], intervals=["5m"]))

    bars = [bar for event in events if isinstance(event, BarsUpdated) for bar in event.batch.bars()]
    assert {(bar.symbol, str(bar.interval)) for bar in bars} == {(name, "5m")}
    assert len(bars) == 3


def test_a_subscriber_that_holds_up_the_run_is_named_and_then_ends_it() -> None:
    board = board_of(memory(1), lockstep_timeout_s=20.0)
    events = board.listen("minutes")
    board.stream_coordinator.tell(StartRun())
    next(events)

    named = []
    for _ in range(12):
        board.fanout.watch(1.0)
        named.append(board.status.late_subscribers)
    for _ in range(12):
        board.fanout.watch(1.0)

    assert (named[0], named[-1]) == ((), ("listener",))
    assert board.state is SystemState.ERROR
    assert str(board.status.failure).startswith("subscriber listener held up the run for 20 s: read it on or close it")
    with pytest.raises(SystemFailed, match="listener held up the run"):
        list(events)


def test_a_subscriber_that_goes_on_in_time_is_never_named() -> None:
    board = board_of(memory(1))
    events = board.listen("minutes")
    board.stream_coordinator.tell(StartRun())

    for _ in events:
        board.fanout.watch(8.0)
        board.fanout.watch(1.0)
        assert board.status.late_subscribers == ()


def test_the_body_of_the_loop_may_take_its_time_in_any_order_of_reading() -> None:
    seen = []
    with short(memory(1, 2, quiet=0.0)) as system:
        subscription = system.subscribe(["bars"], intervals=["1m"])
        for event in subscription:
            assert isinstance(event, BarsUpdated)
            latest = [bar.start_ns for bar in system.latest_bars().get(timeout=5) if bar is not None]
            seen.append(set(latest) == {event.start_ns})

    assert seen == [True] * 15
