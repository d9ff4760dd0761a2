"""The same system in an event loop, which goes on turning."""

import asyncio
import contextlib
import itertools
import threading
from typing import Any, Self

import pytest

from actors.kernel.listen import subscription
from actors.session_data.core import SessionDataCore
from actors.storage.memory import MemoryStore
from actors.system import System
from actors.wiring import House
from messages import BarsArrived, DataError, NotReady, Quote, SystemFailed, UnknownSymbol
from tests.system.worlds import break_on, memory, short


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    return memory(2, 3, quiet=0.0)


class Ticker:
    """Another task of the same loop; it counts how often it gets its turn."""

    def __init__(self) -> None:
        self.turns = 0
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._tick())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()

    async def _tick(self) -> None:
        while True:
            self.turns += 1
            await asyncio.sleep(0)


def test_minutes_come_to_a_loop_and_are_the_same_as_in_a_thread(store: MemoryStore) -> None:
    async def collect() -> list[Any]:
        with short(store) as system:
            return [minute async for minute in system.minutes()]

    with short(store) as system:
        in_a_thread = list(system.minutes())

    assert asyncio.run(collect()) == in_a_thread
    assert len(in_a_thread) == 30


def test_other_tasks_have_their_turns_though_the_next_minute_is_always_there(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription, "_TURN_S", 0.0)

    async def turns_between() -> list[int]:
        async with Ticker() as ticker:
            with short(store) as system:
                turns = [ticker.turns async for _ in system.minutes()]
        return [after - before for before, after in itertools.pairwise(turns)]

    assert min(asyncio.run(turns_between())) >= 1


def test_in_a_loop_too_nothing_past_the_minute_exists(store: MemoryStore) -> None:
    async def read() -> list[bool]:
        with short(store) as system:
            symbol = (await system.active_symbols())[0]
            seen = []
            async for minute in system.minutes():
                window = await system.last_bars(symbol, 1)
                seen.append((window.now_ns, int(window.start_ns[-1])) == (minute.end_ns, minute.start_ns))
            return seen

    assert asyncio.run(read()) == [True] * 30


def test_waiting_for_a_minute_blocks_nobody_else(store: MemoryStore) -> None:
    async def listen() -> tuple[int, int]:
        with short(store, speed=600.0) as system:  # a minute takes a tenth of a second
            async with Ticker() as ticker:
                async for _ in system.minutes():
                    break
            return ticker.turns, system.progress().get(timeout=5).minutes_done

    turns, minutes = asyncio.run(listen())

    assert minutes >= 1
    assert turns > 50


def test_several_loops_of_one_program_listen_side_by_side(store: MemoryStore) -> None:
    async def count(system: Any) -> int:
        return len([minute async for minute in system.minutes()])

    async def both() -> list[int]:
        with short(store) as system:
            return await asyncio.gather(*(count(system) for _ in range(3)))

    assert asyncio.run(both()) == [30, 30, 30]


def test_an_answer_that_is_an_error_is_raised_where_it_is_awaited(store: MemoryStore) -> None:
    async def ask() -> None:
        with short(store) as system:
            await system.latest_bar("NOBODY")

    with pytest.raises(UnknownSymbol):
        asyncio.run(ask())


def test_a_failing_run_is_raised_in_the_loop(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    break_on(monkeypatch, SessionDataCore, BarsArrived, nth=3)

    async def listen() -> None:
        with short(store) as system:
            async for _ in system.subscribe():
                pass

    with pytest.raises(SystemFailed, match="a bug in session_data on BarsArrived"):
        asyncio.run(listen())


def test_closing_in_the_loop_wakes_a_task_that_waits(store: MemoryStore) -> None:
    async def listen(system: Any) -> str:
        try:
            async for _ in system.subscribe():
                pass
        except NotReady as error:
            return str(error)
        return "ended"

    async def close_soon() -> str:
        with short(store, speed=1.0) as system:
            task = asyncio.create_task(listen(system))
            await asyncio.sleep(0)
            system.close()
            return await task

    assert asyncio.run(close_soon()) == "the system is closed"


def test_a_task_that_is_cancelled_while_it_waits_lets_the_run_go_on(store: MemoryStore) -> None:
    async def give_up() -> bool:
        with short(store, speed=1.0) as system:
            minutes = system.minutes()

            async def first() -> object:
                return await anext(aiter(minutes))

            task = asyncio.create_task(first())
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            system.set_speed(0)
            return system.run(timeout=20).is_finished

    assert asyncio.run(give_up())


def test_published_in_a_loop_and_read_there(store: MemoryStore) -> None:
    async def publish() -> tuple[object, object]:
        with short(store) as system:
            symbol = (await system.active_symbols())[0]
            quote = Quote(symbol=symbol, at_ns=(await system.progress()).now_ns, bid=1.0, ask=2.0)
            await system.publish(quote)
            return quote, await system.latest_quote(symbol)

    sent, read = asyncio.run(publish())

    assert sent == read


def test_a_loop_goes_on_turning_while_a_system_is_made_started_and_closed() -> None:
    """What takes its time is done in another thread: the loop's own thread builds no house."""
    built_in, started_in = [], []
    sound_build, sound_start = House.__init__, System.start

    def build(self: Any, *args: Any, **named: Any) -> None:
        built_in.append(threading.current_thread())
        sound_build(self, *args, **named)

    def start(self: Any, *args: Any) -> Any:
        started_in.append(threading.current_thread())
        return sound_start(self, *args)

    async def play() -> int:
        async with short(memory(1, 2, quiet=0.0)) as system:
            return len([minute async for minute in system.minutes()])

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(House, "__init__", build)
        patched.setattr(System, "start", start)
        assert asyncio.run(play()) == 15

    assert len(built_in) == len(started_in) == 1
    assert threading.main_thread() not in built_in + started_in


def test_settings_that_do_not_fit_the_store_are_refused_where_the_loop_enters() -> None:
    async def enter() -> None:
        async with System.backtest(MemoryStore()):
            raise AssertionError("there is nothing to play")

    with pytest.raises(DataError, match="is empty"):
        asyncio.run(enter())


def test_a_task_that_is_cancelled_on_its_way_in_leaves_nothing_running(store: MemoryStore) -> None:
    async def enter(system: System) -> None:
        async with system:
            await asyncio.sleep(60)

    async def cancel() -> System:
        system = short(store)
        entering = asyncio.create_task(enter(system))
        await asyncio.sleep(0)
        entering.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await entering
        return system

    assert repr(asyncio.run(cancel())).endswith(": closed>")
