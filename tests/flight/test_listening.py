"""Subscriptions from another process: the same events, in the same order, and nobody waits for who is slow."""

import gc
import itertools
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from actors.conversation import Addresses, conversation
from actors.feeds.simulated.market import SimulatedMarket
from actors.flight.client import RemoteSession, connect
from actors.flight.hearing import TOLD
from actors.kernel.listen import fanout
from actors.session_data.core import SessionDataCore
from actors.storage.memory import MemoryStore
from actors.system import System
from messages import BarsArrived, Event, MinuteClosed, SessionBoundary
from messages.errors import NotReady, SettingsError, SystemFailed, UnknownSymbol
from messages.values import Room
from tests.doubles import Outbox
from tests.patience import PATIENCE_S
from tests.system.live import clock_before, live, market_feed, session_of
from tests.system.worlds import break_on, memory, plain, short


def told() -> set[type[Event]]:
    """Whatever a room tells subscribers."""
    there, nowhere = Outbox(), Outbox()
    names = Addresses.__struct_fields__
    several = {"reading": (), "journal": ()}
    to = Addresses(**{name: there if name == "fanout" else several.get(name, nowhere) for name in names})
    routes = conversation(to, is_live=True)
    return {kind for room in Room if room in routes for kind, ends in routes[room].items() if there in ends}


def test_whatever_a_subscriber_may_hear_is_understood_at_the_other_end() -> None:
    assert told() - fanout._FOR_US == set(TOLD)


def until(events: Iterator[Any], minutes: int) -> list[Event]:
    """All events until so many minutes have closed."""
    heard: list[Event] = []
    for event in events:
        heard.append(event)
        minutes -= isinstance(event, MinuteClosed)
        if minutes == 0:
            break
    return heard


@pytest.mark.parametrize(
    "wish",
    [{}, {"events": "bars", "symbols": 1, "intervals": ["1m", "5m"]}, {"events": ["minutes", "sessions"]}],
    ids=["all", "cut", "some"],
)
def test_who_is_waited_for_hears_what_a_subscriber_of_the_process_hears(wish: dict[str, Any]) -> None:
    store = memory(quiet=0.3)
    wish = {**wish, "symbols": store.symbols("XNYS", "2024-07-01")[: wish.get("symbols", 0)]}
    with short(store) as system:
        near = list(system.subscribe(**wish))

    with short(store) as system, connect(system.serve().address) as session:
        far = list(session.subscribe(**wish, policy="block"))

    assert plain(far) == plain(near)
    assert len(far) > 20


def test_in_lockstep_it_reads_the_minute_in_hand_and_no_later_one(system: System, session: RemoteSession) -> None:
    (first, *_) = system.active_symbols().get(timeout=PATIENCE_S)
    for minute in session.minutes(policy="block"):
        assert (minute.end_ns - session.session().get(timeout=PATIENCE_S).open_ns) // 60_000_000_000 <= 15  # type: ignore[union-attr]
        assert session.bars(first).get(timeout=PATIENCE_S).now_ns == minute.end_ns
        assert system.progress().get(timeout=PATIENCE_S).now_ns == minute.end_ns


def test_who_is_not_waited_for_hears_all_of_it_but_does_not_start_the_tape(
    system: System, session: RemoteSession
) -> None:
    events = session.subscribe(name="monitor")
    assert isinstance(next(events), SessionBoundary)
    assert system.progress().get(timeout=PATIENCE_S).minutes_done == 0

    near = list(system.subscribe())
    far = until(events, 30)

    assert (events.name, events.dropped, events.taken) == ("monitor", 0, len(far) + 1)
    assert plain(far) == plain(near[1 : len(far) + 1])
    assert plain(list(events)) == plain(near[len(far) + 1 :])
    with pytest.raises(NotReady, match="the run is over: it was played to its end"):
        list(session.subscribe())


def test_who_comes_later_is_told_which_session_is_open(system: System, session: RemoteSession) -> None:
    early = session.subscribe(["sessions", "minutes"])
    opening = next(early)
    minutes = iter(system.minutes())
    for _ in range(3):
        next(minutes)
    assert len(until(early, 3)) == 3

    with session.subscribe(["sessions", "minutes"]) as late:
        assert next(late) == opening
        fourth = next(minutes)
        assert next(late) == fourth
        assert next(early) == fourth


def test_two_who_want_different_symbols_hear_each_their_own(system: System, session: RemoteSession) -> None:
    one, other, _ = system.active_symbols().get(timeout=PATIENCE_S)
    ears = {name: session.subscribe("bars", name, intervals="1m") for name in (one, other)}

    list(system.minutes())

    for name, events in ears.items():
        heard = list(itertools.islice(events, system.bar_count(name).get(timeout=PATIENCE_S)))
        assert {symbol for event in heard for symbol in event.batch.names()} == {name}  # type: ignore[attr-defined]


@pytest.mark.parametrize("policy", ["drop_oldest", "disconnect"])
def test_who_takes_nothing_holds_up_nobody_and_is_told_what_it_lost(
    system: System, session: RemoteSession, policy: str
) -> None:
    events = session.subscribe("minutes", policy=policy, bound=4, name="sleeper")
    with session.subscribe("minutes") as awake:
        assert sum(1 for _ in system.minutes()) == 30
        assert len(list(itertools.islice(awake, 30))) == 30

    if policy == "disconnect":
        with pytest.raises(NotReady, match="'sleeper' fell 4 events behind and was disconnected"):
            list(events)
        return
    heard = list(itertools.islice(events, 4))
    while heard[-1].end_ns != system.session().get(timeout=PATIENCE_S).close_ns:  # type: ignore[attr-defined,union-attr]
        heard.append(next(events))
    assert events.dropped == 30 - len(heard)
    assert [minute.end_ns for minute in heard] == sorted(minute.end_ns for minute in heard)  # type: ignore[attr-defined]


def test_what_nobody_will_tell_is_refused_over_there(session: RemoteSession) -> None:
    with pytest.raises(SettingsError, match="unknown event 'bar'"):
        session.subscribe("bar")
    with pytest.raises(SettingsError, match="30m can be read, but is not told"):
        session.subscribe("bars", intervals="30m")
    with pytest.raises(UnknownSymbol, match="NOBODY"):
        session.subscribe("bars", "NOBODY")


def test_before_the_start_nobody_can_listen() -> None:
    system = short(memory(1))
    with connect(system.serve().address) as session:
        with pytest.raises(NotReady, match="not started"):
            session.subscribe()
        with pytest.raises(NotReady, match="not started"):
            session.digest().get(timeout=PATIENCE_S)
    system.close()


def test_when_who_is_waited_for_leaves_the_tape_goes_on_for_the_others(system: System, session: RemoteSession) -> None:
    events = session.subscribe("minutes", policy="block")
    assert len(list(itertools.islice(events, 5))) == 5

    session.close()

    assert sum(1 for _ in system.minutes()) == 25


def test_a_subscription_that_is_let_go_is_closed_over_there(system: System, session: RemoteSession) -> None:
    relay = session.subscribe("minutes")
    assert _seats(system) == 1
    del relay
    gc.collect()

    for _ in range(3):
        with session.subscribe("minutes"):
            assert _seats(system) == 1
    list(system.minutes())
    _until(lambda: _seats(system) == 0)


def _seats(system: System) -> int:
    return len(system._house.fanout._seats)


def _until(is_so: Any) -> None:
    woken = threading.Event()
    for _ in range(1000):
        if is_so():
            return
        woken.wait(0.01)
    raise AssertionError("it never came to that")


def test_a_run_that_fails_says_so_to_who_listens_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    break_on(monkeypatch, SessionDataCore, BarsArrived, nth=3)
    with short(memory(1)) as system, connect(system.serve().address) as session:
        events = session.subscribe("minutes")
        with pytest.raises(SystemFailed):
            list(system.minutes())

        with pytest.raises(SystemFailed):
            list(events)


def test_of_a_live_day_nobody_is_waited_for() -> None:
    market, day = SimulatedMarket.of_size(2), session_of()
    clock = clock_before(day, 600.0)
    with (
        live(MemoryStore(), [market_feed(market, day, clock)], clock, symbols=market.symbols) as system,
        connect(system.serve().address) as session,
    ):
        assert session.is_live
        with pytest.raises(SettingsError, match="nobody holds up a live day"):
            session.subscribe(policy="block")
        near = system.subscribe(["minutes"])
        far = session.subscribe(["minutes"])
        assert (
            session.live_status().get(timeout=PATIENCE_S).session
            == system.live_status().get(timeout=PATIENCE_S).session
        )
        assert until(far, 8)[-1] == until(near, 8)[-1]


def test_a_program_that_ends_at_once_has_told_all_of_it() -> None:
    system = short(memory(2)).start()
    with connect(system.serve().address) as session:
        heard: list[Event] = []
        listener = threading.Thread(target=heard.extend, args=(session.subscribe("minutes"),))
        listener.start()
        assert sum(1 for _ in system.minutes()) == 30
        system.close()
        listener.join(5)

    assert len(heard) == 30


def test_a_tape_at_full_speed_is_told_whole_in_the_end() -> None:
    with short(memory(5), pace="free") as system, connect(system.serve().address) as session:
        events = session.subscribe(["minutes", "sessions"])
        heard = [next(events)]
        system.run(timeout=PATIENCE_S)
        heard += events

    assert sum(isinstance(event, MinuteClosed) for event in heard) == 5 * 15
    assert isinstance(heard[-1], SessionBoundary)
