"""The tape stands still when the last one that was reading leaves; nobody can hold himself up in silence."""

import asyncio
import gc
import threading
from collections.abc import AsyncIterator, Iterator
from itertools import chain, islice
from typing import Any

import pytest

from actors.market.faults import Faults
from actors.storage.memory import MemoryStore
from actors.storage.source import StoreSource
from actors.system import System
from messages import BarsUpdated, BoundaryKind, Deadlock, Event, MinuteClosed, NotReady, SessionBoundary, SystemFailed
from messages.values import MINUTE_NS, ONE_MINUTE
from tests.system.worlds import DATES, memory, names_of, plain, short

BARS_AND_MINUTES = ("bars", "minutes")
WORLDS: dict[str, dict[str, Any]] = {
    "at full speed": {},
    "on the clock": {"speed": 36_000.0},
    "with repairs": {"faults": Faults(drop=0.1, outages=("09:35-09:37",), seed=1)},
}


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    return memory(3, 3, quiet=0.0)


def system_of(store: MemoryStore, **world: Any) -> System:
    sources = [StoreSource(store, "archive")] if "faults" in world else []
    return short(store, sources=sources, **world)


def in_pieces(system: System, events: tuple[str, ...], size: int) -> Iterator[Event]:
    """All events, each so many by a subscription of their own."""
    while True:
        with system.subscribe(events) as subscription:
            try:
                piece = list(islice(subscription, size))
            except NotReady:
                return
        yield from piece
        if len(piece) < size:
            return


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
@pytest.mark.parametrize("size", [1, 4, 15])
def test_loop_break_loop_loses_no_minute_and_repeats_none(store: MemoryStore, world: dict[str, Any], size: int) -> None:
    with system_of(store, **world) as system:
        whole = list(system.minutes())
    with system_of(store, **world) as system:
        broken: list[MinuteClosed] = []
        while len(broken) < len(whole):
            for number, minute in enumerate(system.minutes(), 1):
                broken.append(minute)
                assert system.latest_bars().get(timeout=5) is not None
                if number == size:
                    break

    assert broken == whole


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_who_comes_for_bars_hears_those_of_a_minute_that_an_interrupt_kept_from_a_loop(
    store: MemoryStore, world: dict[str, Any]
) -> None:
    with system_of(store, **world) as system:
        whole = list(islice(system.subscribe(BARS_AND_MINUTES), 400))
    with system_of(store, **world) as system:
        heard: list[list[Event]] = []
        for _ in range(10):  # the fifth minute completes a bar of five
            minutes = system.subscribe(("minutes",))
            next(minutes)
            minutes.put_back(0)  # as after an interrupt
            minutes.close()
            with system.subscribe(BARS_AND_MINUTES) as events:
                heard.append(list(until_minute(events)))

    for *bars, minute in heard:
        present = [len(one.batch) for one in bars if isinstance(one, BarsUpdated) and one.interval == ONE_MINUTE]
        assert isinstance(minute, MinuteClosed)
        assert sum(present) == minute.present
    if "faults" not in world:  # else there is more in a minute, which is let go
        assert list(chain(*heard)) == whole[: sum(map(len, heard))]
        assert "5m" in {str(event.interval) for event in whole if isinstance(event, BarsUpdated)}


def test_who_comes_for_bars_hears_those_of_a_promised_minute_that_an_interrupt_kept_from_a_loop(
    store: MemoryStore,
) -> None:
    with short(store) as system:
        whole = list(islice(system.subscribe(BARS_AND_MINUTES), 400))
    with short(store) as system:
        minutes = system.subscribe(("minutes",))
        taken = [next(minutes) for _ in range(10)]
        minutes.put_back(9)
        minutes.close()
        with system.subscribe(BARS_AND_MINUTES) as events:
            heard = list(until_minute(events))

    end = whole.index(taken[-1]) + 1
    assert heard == whole[end - len(heard) : end]
    assert {str(event.interval) for event in heard if isinstance(event, BarsUpdated)} == {"1m", "5m"}


def until_minute(events: Iterator[Event]) -> Iterator[Event]:
    """All that comes up to the next minute."""
    for event in events:
        yield event
        if isinstance(event, MinuteClosed):
            return


def test_after_a_break_nothing_past_the_minute_exists(store: MemoryStore) -> None:
    with short(store) as system:
        symbol = system.active_symbols().get(timeout=5)[0]
        now_ns = 0
        for minute in islice(system.minutes(), 6):
            now_ns = minute.end_ns
        seen = [system.bar_count(symbol).get(timeout=5) for _ in range(50)]
        progress = system.progress().get(timeout=5)

    assert seen == [6] * 50
    assert (progress.minutes_done, progress.now_ns) == (6, now_ns)


def test_a_break_inside_a_minute_lets_go_the_rest_of_it_and_the_next_one_comes_next(store: MemoryStore) -> None:
    with short(store) as system:
        starts = []
        for _ in range(6):
            with system.subscribe(["bars", "minutes"], intervals=["1m"]) as events:
                starts.append(next(events).start_ns)  # type: ignore[attr-defined]  # both have one

    assert starts == sorted(set(starts))
    assert [(start - starts[0]) // (60 * 10**9) for start in starts] == list(range(6))


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_closes_and_what_settles_after_them_wait_as_well(store: MemoryStore, world: dict[str, Any]) -> None:
    with system_of(store, **world) as system:
        whole = list(system.subscribe(["minutes", "settled"]))
    with system_of(store, **world) as system:
        pieces = list(in_pieces(system, ("minutes", "settled"), 1))

    assert pieces == whole


def test_who_hears_of_sessions_only_stands_at_each_as_ever_and_a_loop_begun_there_has_every_minute(
    store: MemoryStore,
) -> None:
    with short(store) as system:
        whole = list(system.minutes())
    looped: list[Event] = []
    with short(store) as system:
        with system.subscribe(["sessions"]) as sessions:
            first = next(sessions)
            standing = [system.latest_bars().get(timeout=5) for _ in range(20)]
        looped += islice(system.minutes(), 20)
        with system.subscribe(["sessions"]) as sessions:
            kinds = [next(sessions).kind for _ in range(2)]  # type: ignore[attr-defined]  # boundaries
        looped += system.minutes()

    assert isinstance(first, SessionBoundary)
    assert standing == [(None, None, None)] * 20
    assert kinds == [BoundaryKind.CLOSED, BoundaryKind.OPENED]
    assert looped == whole[:20] + whole[30:]  # it heard the second of three sessions to its end


def test_each_session_closes_for_whoever_comes_back_for_that(store: MemoryStore) -> None:
    with short(store) as system:
        pieces = list(in_pieces(system, ("sessions",), 1))

    closed = [event.session.date for event in pieces if isinstance(event, SessionBoundary) and event.kind == "closed"]
    assert closed == list(DATES[:3])


def test_an_error_in_the_body_holds_the_tape_too_though_its_traceback_lives_on(store: MemoryStore) -> None:
    with short(store) as system:
        first: list[MinuteClosed] = []

        def fail() -> None:
            for minute in system.minutes():
                first.append(minute)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError) as caught:
            fail()
        rest = list(system.minutes())

    assert caught.value is not None
    assert len(first) + len(rest) == 45
    assert first[0].end_ns == rest[0].start_ns


def test_one_object_may_be_looped_over_twice_and_goes_on(store: MemoryStore) -> None:
    with short(store) as system:
        minutes = system.minutes()
        first = next(iter(minutes))
        second = next(iter(minutes))

    assert first.end_ns == second.start_ns


def test_minutes_that_nobody_loops_over_hold_up_nothing(store: MemoryStore) -> None:
    with short(store) as system:
        minutes = system.minutes()

        assert system.run(timeout=20).is_finished
        with pytest.raises(NotReady, match=r"the run is over: it was played to its end, 3 sessions; .* another System"):
            list(minutes)


def test_a_loop_that_is_let_go_in_a_circle_holds_the_tape_when_it_is_collected(store: MemoryStore) -> None:
    class Knot:
        def __init__(self, events: Any) -> None:
            self.events, self.itself = events, self

    with short(store) as system:
        knot = Knot(system.subscribe(["minutes"]))
        first = next(knot.events)
        del knot
        gc.collect()
        rest = list(system.minutes())

    assert first.end_ns == rest[0].start_ns
    assert len(rest) == 44


def test_while_somebody_else_reads_the_tape_goes_on(store: MemoryStore) -> None:
    with short(store) as system:
        seen: list[Event] = []
        reader = threading.Thread(target=lambda: seen.extend(system.subscribe(["minutes"])))
        leaver = system.subscribe(["minutes"])
        reader.start()
        next(leaver)
        leaver.close()
        reader.join(20)

    assert len(seen) >= 44


def test_who_waits_for_the_end_gets_there_whoever_leaves(store: MemoryStore) -> None:
    with short(store) as system:
        is_read = threading.Event()

        def read_some() -> None:
            for _ in islice(system.minutes(), 3):
                is_read.set()

        reader = threading.Thread(target=read_some)
        reader.start()
        is_read.wait(5)
        summary = system.run(timeout=20)
        reader.join(5)

    assert summary.is_finished


def test_paused_where_it_was_left_it_is_stepped_minute_by_minute(store: MemoryStore) -> None:
    with short(store) as system:
        for _ in islice(system.minutes(), 20):
            pass
        system.pause().get(timeout=5)
        done = []
        for _ in range(3):
            system.step().get(timeout=5)
            done.append(system.progress().get(timeout=5))
        system.resume().get(timeout=5)

        assert system.run(timeout=20).is_finished
    assert [one.sessions_done for one in done] == [1, 1, 1]


@pytest.mark.parametrize("steps", [1, 3])
def test_resumed_after_a_step_the_tape_still_waits_for_who_left(store: MemoryStore, steps: int) -> None:
    with short(store) as system:
        left = list(islice(system.minutes(), 5))
        system.pause().get(timeout=5)
        for _ in range(steps):
            system.step().get(timeout=5)
        system.resume().get(timeout=5)
        done = [system.progress().get(timeout=5).minutes_done for _ in range(200)]
        following = next(iter(system.minutes()))

    assert done == [5 + steps] * 200
    assert following.start_ns == left[-1].start_ns + (steps + 1) * MINUTE_NS


def test_closing_where_it_was_left_ends_cleanly(store: MemoryStore) -> None:
    with short(store) as system:
        next(iter(system.minutes()))


def test_a_task_that_gives_up_waiting_leaves_the_minute_to_the_next(store: MemoryStore) -> None:
    async def read() -> list[MinuteClosed]:
        seen: list[MinuteClosed] = []
        with short(store) as system:
            while len(seen) < 45:
                minutes = aiter(system.minutes())
                task = asyncio.ensure_future(anext(minutes))
                for _ in range(len(seen) % 5):
                    await asyncio.sleep(0)
                task.cancel()
                try:
                    seen.append(await task)
                except asyncio.CancelledError:
                    async for minute in system.minutes():
                        seen.append(minute)
                        break
        return seen

    with short(store) as system:
        whole = list(system.minutes())

    assert plain(list(asyncio.run(read()))) == plain(list(whole))


def test_a_loop_after_a_run_that_failed_says_so(store: MemoryStore) -> None:
    with short(store) as system:
        system._house.session_data.tell(None)
        with pytest.raises(SystemFailed):
            system.run(timeout=20)

        with pytest.raises(SystemFailed, match="the run is over: it failed: a bug in session_data"):
            next(iter(system.minutes()))


# --- who would wait for himself


def test_a_subscription_that_its_own_thread_never_reads_is_named_at_once(store: MemoryStore) -> None:
    with short(store, lockstep_timeout_s=None) as system:
        bars = system.subscribe(["bars"], intervals=["5m"], name="mine")
        seen = []
        with pytest.raises(Deadlock, match=r"'minutes\(\)' would wait for ever: subscription 'mine'.*pace=\"free\""):
            seen += list(system.minutes())
        assert next(bars) is not None
        bars.close()

        assert list(system.minutes())


def test_a_subscription_that_its_own_thread_has_ceased_to_read_is_named_at_once(store: MemoryStore) -> None:
    with short(store, lockstep_timeout_s=None) as system:
        first = iter(system.minutes())
        next(first)

        with pytest.raises(Deadlock, match=r"subscription 'minutes\(\)', which is read"):
            list(system.subscribe(["minutes"], name="other"))


def test_waiting_for_the_end_of_a_run_that_one_holds_up_is_refused(store: MemoryStore) -> None:
    with short(store, lockstep_timeout_s=None) as system:
        held = system.subscribe(["minutes"], name="mine")

        with pytest.raises(Deadlock, match=r"run\(\) would wait for ever: subscription 'mine'"):
            system.run(timeout=20)
        held.close()

        assert system.run(timeout=20).is_finished


def test_a_task_that_waits_for_what_it_holds_up_is_told_so(store: MemoryStore) -> None:
    async def wait() -> None:
        with short(store, lockstep_timeout_s=None) as system:
            held = system.subscribe(["bars"], name="mine")
            async for _ in system.minutes():
                pass
            held.close()

    with pytest.raises(Deadlock, match="subscription 'mine'"):
        asyncio.run(wait())


def test_what_is_made_here_and_read_elsewhere_is_nobodys_fault(store: MemoryStore) -> None:
    with short(store) as system:
        bars, seen = system.subscribe(["bars"], intervals=["1m"]), list[Event]()
        reader = threading.Thread(target=lambda: seen.extend(bars))
        reader.start()
        minutes = list(system.minutes())
        reader.join(20)

    assert len(seen) == 45
    assert minutes[-1].end_ns == seen[-1].batch.start_ns[0] + 60 * 10**9  # type: ignore[attr-defined]  # bars


def test_tasks_that_read_what_their_parent_made_are_nobodys_fault(store: MemoryStore) -> None:
    async def count(events: Any) -> int:
        return len([event async for event in events])

    async def read() -> tuple[int, int]:
        with short(store) as system:
            task = asyncio.create_task(count(system.subscribe(["bars"], intervals=["1m"])))
            return await count(system.minutes()), await task

    assert asyncio.run(read()) == (45, 45)


def test_an_async_generator_that_was_left_keeps_nobody_waiting_and_no_minute(store: MemoryStore) -> None:
    async def read() -> list[MinuteClosed]:
        seen: list[MinuteClosed] = []
        async with short(store) as system:

            async def minutes() -> AsyncIterator[MinuteClosed]:
                async for minute in system.minutes():
                    yield minute

            while len(seen) < 45:
                async for minute in minutes():
                    seen.append(minute)
                    if len(seen) % 4 == 0:
                        break
        return seen

    with short(store) as system:
        whole = list(system.minutes())

    assert asyncio.run(read()) == whole


def test_after_each_step_readers_see_its_minute(store: MemoryStore) -> None:
    (name, *_) = names_of(store)
    with short(store) as system:
        system.pause().get(timeout=5)
        counts = []
        for _ in range(14):  # with the last one the next session opens
            system.step().get(timeout=5)
            counts.append(system.bar_count(name).get(timeout=5))

    assert counts == list(range(1, 15))
