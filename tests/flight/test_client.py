"""The readers of a session in another process are those of a system: one suite asks both."""

import asyncio
import itertools
import os
import time
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import flight

from actors.flight.client import RemoteSession, connect
from actors.flight.connections import cut
from actors.flight.place import Place
from actors.flight.replies import packed
from actors.flight.tickets import ASK, VERSION, Welcome
from actors.kernel.ask.controls import Controls
from actors.kernel.ask.readers import Readers
from actors.system import System
from messages import Bar, Interval
from messages.errors import BarkeeperError, NotReady, SettingsError, Unreachable
from messages.tables.matrices import BarMatrix
from tests.benchmarks.reads import filled
from tests.depth import also_slow
from tests.patience import PATIENCE_S
from tests.system import test_seconds as seconds
from tests.system.futures import ASKED, plain, readers
from tests.system.worlds import memory, short

CHANGING = frozenset({"status"})
"""What its rooms have counted is another number a moment later."""


def asked(door: Any, symbol: str, date: str) -> Iterator[tuple[str, Any]]:
    """What a door answers, whatever it is asked."""
    for name, calls in ASKED.items():
        for number, (args, more) in enumerate(calls(symbol, date)):
            try:
                answer = getattr(door, name)(*args, **more).get(timeout=PATIENCE_S)
                assert answer is None or isinstance(answer, (str, int)) or answer._repr_html_(), (
                    f"a notebook shows {name}"
                )
                yield f"{name} {number}", type(answer) if name in CHANGING else plain(answer)
            except BarkeeperError as error:
                yield f"{name} {number}", (type(error), str(error))


def at_minute(system: System, number: int) -> None:
    """Play so many minutes, and stand there."""
    assert sum(1 for _ in itertools.islice(system.minutes(), number)) == number


@pytest.mark.parametrize("minute", also_slow([17], [0, 1, 15, 30]))
@pytest.mark.parametrize("symbol", ["AAPL", "NOBODY"])
def test_it_answers_as_the_system_does(minute: int, symbol: str) -> None:
    with short(memory(3)) as system, connect(system.serve().address) as session:
        at_minute(system, minute)
        symbol = symbol if symbol == "NOBODY" else system.active_symbols().get(timeout=PATIENCE_S)[0]

        assert dict(asked(session, symbol, "2024-07-01")) == dict(asked(system, symbol, "2024-07-01"))


def test_it_has_every_reader_of_a_system() -> None:
    of_a_system = {name for kind in (Readers, Controls) for name in vars(kind)} & readers()

    assert not {name for name in of_a_system if not callable(getattr(RemoteSession, name, None))}


def test_a_matrix_of_the_market_comes_whole_and_cannot_be_written() -> None:
    store = filled(tuple(f"S{number:02}" for number in range(40)), "2024-07-01")
    with System.backtest(store, closed=("10:30-16:00",)) as system, connect(system.serve().address) as session:
        at_minute(system, 60)
        far, near = (door.matrix(60, fields=(), fill="forward").get(timeout=PATIENCE_S) for door in (session, system))

        assert isinstance(far, BarMatrix)
        assert far == near
        assert not far.values.flags.writeable


def test_what_cannot_be_meant_is_refused_before_it_is_sent(session: RemoteSession) -> None:
    with pytest.raises(SettingsError, match="n is a whole number"):
        session.last_bars("AAPL", 0)
    with pytest.raises(SettingsError, match="policy is 'block', 'drop_oldest' or 'disconnect'"):
        session.subscribe(policy="wait")


def test_it_knows_the_length_of_its_bars_and_what_it_is(session: RemoteSession) -> None:
    assert (session.base_interval, session.is_live) == (Interval(seconds=60), False)
    assert repr(session).startswith("<RemoteSession at grpc://127.0.0.1:")


def test_where_no_interval_is_named_bars_are_of_the_sessions_own_length() -> None:
    with seconds.backtest(seconds.stored()) as system, connect(system.serve().address) as session:
        at_minute(system, 20)
        symbol = session.active_symbols().get(timeout=PATIENCE_S)[0]

        assert str(session.last_bars(symbol, 5).get(timeout=PATIENCE_S).interval) == "1s"
        assert dict(asked(session, symbol, seconds.SESSION.date)) == dict(asked(system, symbol, seconds.SESSION.date))


def test_many_questions_at_once_are_answered_each_its_own_way(system: System, session: RemoteSession) -> None:
    at_minute(system, 15)
    symbols = session.active_symbols().get(timeout=PATIENCE_S)
    wanted = [(symbol, count) for symbol in symbols for count in range(1, 40)]

    windows = [session.last_bars(symbol, count) for symbol, count in wanted]

    for (symbol, count), window in zip(wanted, windows, strict=True):
        assert window.get(timeout=PATIENCE_S) == system.last_bars(symbol, count).get(timeout=PATIENCE_S)


def test_in_an_event_loop_answers_are_awaited_and_so_are_minutes(system: System) -> None:
    address = system.serve().address

    async def strategy() -> tuple[list[int], Bar | None]:
        async with connect(address) as session:
            ends = []
            async for minute in session.minutes(policy="block"):
                assert await session.latest_bars() == await system.latest_bars()
                ends.append(minute.end_ns)
            symbols = await session.active_symbols()
            return ends, await session.latest_bar(symbols[0])

    ends, bar = asyncio.run(strategy())

    assert len(ends) == 30
    assert isinstance(bar, Bar)


def test_a_client_in_an_event_loop_is_not_open_before_its_block() -> None:
    async def early() -> None:
        with pytest.raises(NotReady, match="use `with` or `async with`"):
            connect(1).last_bars("AAPL", 1)

    asyncio.run(early())


def test_where_nobody_serves_it_says_so_at_once() -> None:
    with pytest.raises(Unreachable, match=r"no session is served at grpc://127\.0\.0\.1:1"):
        connect(1)


def test_when_the_connection_is_lost_questions_fail_and_the_next_ones_open_another(
    system: System, session: RemoteSession
) -> None:
    at_minute(system, 7)
    events = session.subscribe("bars")

    assert cut(Place.parse(system.serve().address).port) == 0  # of another server nobody had come
    assert cut(session._place.port) > 0
    with pytest.raises(Unreachable, match=f"{session._place}"):
        list(events)
    answer = _until_answered(session)

    assert answer == system.digest().get(timeout=PATIENCE_S)


def _until_answered(session: RemoteSession) -> str:
    given_up = time.monotonic() + PATIENCE_S
    while True:
        try:
            return session.digest().get(timeout=PATIENCE_S)
        except Unreachable:  # gRPC may wait a second before it connects anew
            if time.monotonic() > given_up:
                raise
            time.sleep(0.01)


def test_who_lost_the_connection_has_what_it_missed_from_changes_since(system: System) -> None:
    service = system.serve()
    port = Place.parse(service.address).port
    minutes = iter(system.minutes())
    with connect(port) as session:
        held = {}
        with session.subscribe("bars", intervals="1m") as events:
            for _ in range(5):
                next(minutes)
            revision = system.changes_since(0).get(timeout=PATIENCE_S).revision
            for event in events:
                held |= {(bar.symbol, bar.start_ns): bar.close for bar in event.batch}  # type: ignore[attr-defined]
                if event.revision == revision:  # type: ignore[attr-defined]
                    break
        service.close()
        for _ in range(5):
            next(minutes)  # nobody hears these
        system.serve(port)
        _until_answered(session)

        missed = session.changes_since(revision).get(timeout=PATIENCE_S)
        held |= {(bar.symbol, bar.start_ns): bar.close for bar in missed}

        everything = system.changes_since(0).get(timeout=PATIENCE_S)
        assert held == {(bar.symbol, bar.start_ns): bar.close for bar in everything}
        assert 0 < len(missed) < len(everything)


@pytest.mark.parametrize("minutes", [2, 9])
def test_where_another_process_serves_by_then_the_first_answer_has_all_its_bars(minutes: int) -> None:
    with short(memory(1)) as first, connect(first.serve().address) as session:
        at_minute(first, 5)
        revision = session.changes_since(0).get(timeout=PATIENCE_S).revision
        port = Place.parse(str(session._place)).port
        first.close()
        with short(memory(1)) as second:
            at_minute(second, minutes)  # its revisions are others, whether they have come as far or not
            second.serve(port)
            _until_answered(session)

            missed = session.changes_since(revision).get(timeout=PATIENCE_S)
            assert missed == second.changes_since(0).get(timeout=PATIENCE_S)
            assert len(missed)
            assert not len(session.changes_since(missed.revision).get(timeout=PATIENCE_S))


def test_another_version_is_named_from_the_start_and_after_the_connection_was_lost(
    session: RemoteSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.flight.host.VERSION", 99)
    wrong = "this session speaks version 99, and its client 2"

    with pytest.raises(NotReady, match=wrong):
        connect(session._place.port)
    assert session.digest().get(timeout=PATIENCE_S)  # its connection is older
    cut(session._place.port)
    with pytest.raises(NotReady, match=wrong):
        _until_answered(session)


class _Other(flight.FlightServerBase):  # type: ignore[misc]  # pyarrow has no types
    """Answers the first message as we do, and whatever comes then with what nobody says here."""

    def do_exchange(self, context: Any, descriptor: Any, reader: Any, writer: Any) -> None:
        del context
        writer.begin(pa.schema([]))
        welcome = Welcome(version=VERSION, base_interval=Interval(seconds=60), is_live=False, life="x")
        first = welcome if descriptor.command == ASK else "you"
        said = itertools.chain([bytes(packed(first))], itertools.repeat(b"\x00\xc1"))
        if descriptor.command != ASK:
            writer.write_metadata(pa.py_buffer(next(said)))
        for _ in reader:
            writer.write_metadata(pa.py_buffer(next(said)))


def test_what_is_not_understood_ends_what_waits_for_it() -> None:
    with _Other("grpc://127.0.0.1:0") as other, connect(other.port) as session:
        with pytest.raises(Unreachable, match="is not understood here, as if of another version"):
            session.digest().get(timeout=PATIENCE_S)
        with pytest.raises(Unreachable, match="is not understood here, as if of another version"):
            list(session.subscribe())


def test_a_closed_client_answers_no_more_and_may_be_closed_twice(session: RemoteSession) -> None:
    session.close()
    session.close()

    with pytest.raises(Unreachable, match="closed"):
        session.digest().get(timeout=PATIENCE_S)
    assert repr(session).endswith("closed>")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
def test_a_fork_is_told_to_connect_by_itself(session: RemoteSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session._far, "_home", 1)

    with pytest.raises(NotReady, match="of process 1, of which this one is a fork: connect here"):
        session.digest().get(timeout=PATIENCE_S)
