"""Symbols that join and leave a backtest in the middle: as if they had been there, or had not, all along."""

from typing import Any

import pytest

from actors.storage.memory import MemoryStore
from messages import (
    AddSymbols,
    GapDetected,
    GetDigest,
    GetHistory,
    GetMetrics,
    GetRunSummary,
    LockSymbols,
    MinuteClosed,
    NotReady,
    RemoveSymbols,
    Room,
    StartRun,
    SymbolLocked,
    SymbolReport,
    SymbolsCatchingUp,
    SymbolsChanged,
)
from tests.depth import also_slow
from tests.switchboard import Switchboard
from tests.system.test_upkeep import bars_of
from tests.system.worlds import QUARTER, memory, plain, short
from tests.upkept import Upkept
from tests.upstreams import Upstream

SESSIONS = 3
KINDS = ("lockstep", "free", "upkept")


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    return memory(SESSIONS, 4, quiet=0.3)


def names(store: MemoryStore) -> tuple[str, ...]:
    return store.symbols("XNYS", store.dates("XNYS")[0])


def board(store: MemoryStore, kind: str, symbols: tuple[str, ...], **more: Any) -> Switchboard:
    fields = {"closed": QUARTER, "symbols": symbols, "minutes_per_ticket": 1, **more}
    if kind == "upkept":
        return Upkept(store, [Upstream(bars_of(store), is_authoritative=True)], pace="free", **fields)
    return Switchboard(store, pace=kind, **fields)


def played(board: Switchboard, minutes: int, *commands: Any) -> Switchboard:
    """Play to the end; when so many minutes are over, tell these."""
    listener = board.up().listen("minutes")
    for _ in range(minutes):
        next(listener)
    board.stream_coordinator.tell(StartRun())
    for command in commands:
        board.ask(command)
    list(listener)
    return board


def reports(board: Switchboard, symbol: str) -> list[SymbolReport]:
    """What a symbol's sessions came to."""
    summary = board.ask(GetRunSummary())
    assert summary.is_finished, summary.failure
    return [one for report in summary.sessions for one in report.symbol_reports() if one.symbol == symbol]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("minutes", also_slow([1, 15], [0, 7, 14, 16, 20]))
def test_who_joins_has_every_minute_from_the_session_s_first_on(store: MemoryStore, kind: str, minutes: int) -> None:
    *some, last = names(store)
    joined = played(board(store, kind, tuple(some)), minutes, AddSymbols(symbols=(last,)))
    there = played(board(store, kind, names(store)), 0)
    since = 0 if minutes <= 15 else 1
    if minutes == 15:  # between two sessions: it joins the one that closed, or the one that has just opened
        since = SESSIONS - len(reports(joined, last))

    assert reports(joined, last) == reports(there, last)[since:]
    assert [reports(joined, one) for one in some] == [reports(there, one) for one in some]
    assert joined.ask(GetDigest()) == there.ask(GetDigest())


@pytest.mark.parametrize("kind", KINDS)
def test_its_history_is_that_of_the_others(store: MemoryStore, kind: str) -> None:
    *some, last = names(store)
    fields = {"start": store.dates("XNYS")[-1]}
    joined = played(board(store, kind, tuple(some), **fields), 5, AddSymbols(symbols=(last,)))
    there = played(board(store, kind, names(store), **fields), 0)
    asked = GetHistory(symbol=last, sessions=2)

    assert joined.ask(asked).bars() == there.ask(asked).bars()
    assert len(joined.ask(asked)) > 10


def test_two_runs_in_which_somebody_joins_are_the_same(store: MemoryStore) -> None:
    *some, last = names(store)

    def told() -> list[Any]:
        with short(store, symbols=some) as system:
            events = []
            for event in system.subscribe():
                events.append(event)
                if sum(isinstance(one, MinuteClosed) for one in events) == 4 and isinstance(event, MinuteClosed):
                    system.add_symbols(last).get(timeout=5)
            return plain(events)

    first, second = told(), told()

    assert first == second
    assert any(isinstance(event[0], SymbolsChanged) for event in first)


def test_nothing_of_who_joins_is_seen_before_its_time(store: MemoryStore) -> None:
    *some, last = names(store)
    played = board(store, "lockstep", tuple(some)).up()
    minutes = played.listen("minutes")
    for number, minute in enumerate(minutes):
        if number == 3:
            played.ask(AddSymbols(symbols=(last,)))
        if number > 3:
            latest = played.ask(GetMetrics(symbol=last)).last_update_ns
            assert isinstance(minute, MinuteClosed)
            assert latest is None or latest <= minute.end_ns


@pytest.mark.parametrize("kind", KINDS)
def test_who_leaves_is_not_in_the_session_that_was_read_already(store: MemoryStore, kind: str) -> None:
    *some, last = names(store)
    left = played(board(store, kind, names(store)), 5, RemoveSymbols(symbols=(last,)))

    assert [one.symbol for report in left.ask(GetRunSummary()).sessions for one in report.symbol_reports()] == (
        some * SESSIONS
    )


def test_nobody_asks_for_minutes_of_who_left(store: MemoryStore) -> None:
    last = names(store)[-1]
    left = board(store, "upkept", names(store))
    played(left, 5, RemoveSymbols(symbols=(last,)))
    told = left.told(Room.DATA_UPKEEP, SymbolsChanged, GapDetected)
    since = next(place for place, message in enumerate(told) if isinstance(message, SymbolsChanged))

    assert not [m for m in told[since:] if isinstance(m, GapDetected) and last in m.gap.symbols]


def test_who_joins_a_backtest_with_an_upstream_catches_up_within_the_minute(store: MemoryStore) -> None:
    *some, last = names(store)
    joined = board(store, "upkept", tuple(some))
    events = joined.up().listen("minutes", "symbols")
    seen = []
    for event in events:
        seen.append(type(event).__name__)
        if seen.count("MinuteClosed") == 5 and seen[-1] == "MinuteClosed":
            joined.ask(AddSymbols(symbols=(last,)))
    first = seen.index(SymbolsCatchingUp.__name__)

    assert "SymbolsCaughtUp" in seen[first : first + 4]


def test_a_lock_refuses_a_removal_until_it_is_given_back(store: MemoryStore) -> None:
    first = names(store)[0]
    with short(store) as system:
        with system.locked(first, name="strategy"):
            with pytest.raises(SymbolLocked, match=f"{first} cannot be removed: it is locked by strategy"):
                system.remove_symbols(first).get(timeout=5)
            held = system.lock(first, name="strategy").get(timeout=5)
        left = system.remove_symbols(first).get(timeout=5)

        assert held == (first,)
        assert first not in left
        assert system.unlock(name="strategy").get(timeout=5) == ()


def test_a_lock_holds_in_the_next_session(store: MemoryStore) -> None:
    first = names(store)[0]
    locked = played(board(store, "lockstep", names(store)), 5, LockSymbols(symbols=(first,), name="desk"))

    with pytest.raises(SymbolLocked):
        locked.ask(RemoveSymbols(symbols=(first,)))


def test_a_backtest_has_no_readiness(store: MemoryStore) -> None:
    with short(store) as system, pytest.raises(NotReady, match="this is a backtest"):
        system.readiness().get(timeout=5)
