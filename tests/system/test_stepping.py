"""Loops that are left, pauses, steps and runs in any order: every minute passes once, heard by a loop or by a step."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from functools import cache
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.kernel.ports import SourceAnswer
from actors.market.faults import Faults
from actors.storage.source import StoreSource
from actors.system import System
from messages import MinuteClosed, NotReady, TradingSession
from tests.depth import examples
from tests.system.worlds import memory, names_of, short
from tests.upstreams import Upstream

STORE = memory(3, 2, quiet=0.0)
WORLDS: dict[str, dict[str, Any]] = {
    "at full speed": {},
    "on the clock": {"speed": 360_000.0},
    "with repairs": {"faults": Faults(drop=0.1, outages=("09:35-09:37",), seed=1)},
}
S = 60
"""Nothing here takes seconds; a machine may be busy."""


def system_of(**world: Any) -> System:
    return short(STORE, sources=[StoreSource(STORE, "archive")] if "faults" in world else [], **world)


class Player:
    """Does what it is told so many minutes long, and knows what is to come of it."""

    def __init__(self, system: System, whole: list[MinuteClosed]) -> None:
        self.system = system
        self.whole = whole
        self.at = 0
        self.is_paused = False

    def pause(self, size: int = 0) -> None:
        del size
        if not self.is_paused:
            self.system.pause().get(timeout=S)
        self.is_paused = True

    def resume(self, size: int = 0) -> None:
        del size
        if self.is_paused:
            self.system.resume().get(timeout=S)
        self.is_paused = False

    def step(self, size: int) -> None:
        self.pause()
        for stepped in [self.system.step() for _ in range(size)]:
            stepped.get(timeout=S)
        self._passed(size)

    def loop(self, size: int) -> None:
        self.resume()
        self._heard(list(islice(self.system.minutes(), size)), size)

    def loop_of_a_task(self, size: int) -> None:
        self.resume()
        self._heard(asyncio.run(self._some(size)), size)

    def loops_of_two_tasks(self, size: int) -> None:
        async def both() -> list[list[MinuteClosed]]:
            return await asyncio.gather(self._some(size), self._some(size))

        self.resume()
        one, other = asyncio.run(both())
        assert one == other
        self._heard(one, size)

    async def _some(self, size: int) -> list[MinuteClosed]:
        seen: list[MinuteClosed] = []
        async for minute in self.system.minutes():
            seen.append(minute)
            if len(seen) == size:
                break
        return seen

    def step_in_a_loop_and_leave_it(self, size: int) -> None:
        del size
        self.resume()
        for minute in self.system.minutes():
            self._heard([minute], 1)
            self.pause()
            self.system.step().get(timeout=S)
            break
        else:
            return self._heard([], 1)
        self._passed(1)
        return self.step(1)  # which says when both are taken

    def _heard(self, minutes: list[MinuteClosed], asked: int) -> None:
        assert minutes == self.whole[self.at : self.at + asked]
        self._passed(asked)

    def _passed(self, minutes: int) -> None:
        self.at = min(self.at + minutes, len(self.whole))

    def is_over(self) -> bool:
        """Whether the run is; the tape stands where it was left, and readers see that."""
        seen = [self.system.progress().get(timeout=S) for _ in range(3)]
        ended = [sum(minute.end_ns <= progress.now_ns for minute in self.whole) for progress in seen]
        assert ended == [self.at] * 3
        return seen[-1].is_finished


DEEDS: tuple[Callable[[Player, int], None], ...] = (
    Player.pause,
    Player.resume,
    Player.step,
    Player.loop,
    Player.loop_of_a_task,
    Player.loops_of_two_tasks,
    Player.step_in_a_loop_and_leave_it,
)


@cache
def heard_whole(world: str) -> list[MinuteClosed]:
    with system_of(**WORLDS[world]) as system:
        return list(system.minutes())


@pytest.mark.parametrize("world", WORLDS)
@examples(12)
@given(deeds=st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(1, 9)), min_size=1, max_size=12))
def test_every_minute_passes_once_whoever_listens_leaves_pauses_and_steps(
    world: str, deeds: list[tuple[Callable[[Player, int], None], int]]
) -> None:
    whole = heard_whole(world)
    with system_of(**WORLDS[world]) as system:
        player = Player(system, whole)
        for deed, size in deeds:
            deed(player, size)
            if player.is_over():
                break
        else:
            player.resume()
            assert list(system.minutes()) == whole[player.at :]
        assert system.run(timeout=S).is_finished


@pytest.mark.parametrize("world", WORLDS)
def test_a_step_is_no_start_what_is_resumed_after_it_waits_for_who_comes(world: str) -> None:
    whole = heard_whole(world)
    with system_of(**WORLDS[world]) as system:
        player = Player(system, whole)
        player.step(2)
        player.resume()

        assert not player.is_over()
        assert list(system.minutes()) == whole[2:]


@pytest.mark.parametrize("world", WORLDS)
def test_a_step_passes_where_who_came_before_the_start_has_left_without_asking(world: str) -> None:
    whole = heard_whole(world)
    with system_of(**WORLDS[world]) as system:
        player = Player(system, whole)
        system.subscribe().close()
        player.step(2)
        player.resume()

        assert not player.is_over()
        assert list(system.minutes()) == whole[2:]


class Waiting(Upstream):
    """A source that is asked, and answers when it is let go."""

    def __init__(self) -> None:
        days = [STORE.read("XNYS", date) for date in STORE.dates("XNYS")]
        super().__init__(bar for day in days if day is not None for bar in day.bars.bars())
        self.was_asked, self.released = threading.Event(), threading.Event()

    def fetch(self, session: TradingSession, symbols: Sequence[str], start_ns: int, end_ns: int) -> SourceAnswer:
        self.was_asked.set()
        self.released.wait(S)
        return super().fetch(session, symbols, start_ns, end_ns)


def test_a_step_is_answered_when_what_was_missing_is_there_too() -> None:
    source, name = Waiting(), names_of(STORE)[0]
    with short(STORE, sources=[source], faults=Faults(outages=("09:31-09:32",))) as system:
        system.pause().get(timeout=S)
        while not source.was_asked.is_set():
            stepped = system.step()
            while not stepped.is_done() and not source.was_asked.wait(0.001):
                pass
        was_answered = stepped.is_done()
        source.released.set()
        stepped.get(timeout=S)
        minutes = system.progress().get(timeout=S).minutes_done
        bars = system.bar_count(name).get(timeout=S)

    assert (was_answered, bars) == (False, minutes)


def test_who_waits_for_a_step_when_the_system_stops_is_told_so() -> None:
    source = Waiting()
    with short(STORE, sources=[source], faults=Faults(outages=("09:31-09:32",))) as system:
        system.pause().get(timeout=S)
        stepped = [system.step() for _ in range(9)]
        source.was_asked.wait(S)
        system.stop().get(timeout=S)
        source.released.set()

        with pytest.raises(NotReady):
            stepped[-1].get(timeout=S)
