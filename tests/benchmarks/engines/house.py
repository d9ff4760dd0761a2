"""This engine: one subscriber, who hears every minute."""

import asyncio
from collections.abc import Callable
from contextlib import closing
from typing import Any

from actors.system import System
from messages.tables.columns import BarBatch
from messages.tables.windows import BarWindow
from messages.values import Bar
from tests.benchmarks import steps
from tests.benchmarks.engines.work import Run
from tests.benchmarks.measuring import run_asked_step

CLOSE, VOLUME = 3, 4


def replay(folder: str, *, sessions: int, pace: str, by_bar: bool = False) -> dict[str, Any]:
    """Play the store; a minute's bars are taken down at once, or one by one as a callback of one bar would."""
    run = Run()
    take = _one_by_one(run) if by_bar else _at_once(run)
    with run.timed("load"):
        system = steps.system_of(f"{folder}/store", pace=pace, last=sessions, trailing=5).start()
    with closing(system), run.timed("replay"):
        for event in system.subscribe(events=("bars",), intervals=steps.INTERVALS):
            take(event.interval.seconds // 60, event.batch)
    return run.result()


def _at_once(run: Run) -> Callable[[int, BarBatch], None]:
    def take(minutes: int, batch: BarBatch) -> None:
        run.tally.note_many(minutes, batch.values[CLOSE], batch.values[VOLUME])

    return take


def _one_by_one(run: Run) -> Callable[[int, BarBatch], None]:
    def take(minutes: int, batch: BarBatch) -> None:
        for bar in batch.bars():
            run.tally.note(minutes, bar.close, bar.volume)

    return take


def loop(folder: str, *, sessions: int, body: str, symbol: str) -> dict[str, Any]:
    """Play the store in the README's loop with one of its reads in every minute, of one symbol."""
    run = Run()
    with run.timed("load"):
        system = steps.system_of(f"{folder}/store", pace="lockstep", last=sessions, trailing=5).start()
    with closing(system), run.timed("replay"):
        if body == "async_last_20_5m":
            asyncio.run(_awaited(run, system, symbol))
        else:
            _looped(run, system, _reads(system, symbol)[body])
    return run.result()


def _reads(system: System, symbol: str) -> dict[str, Callable[[], float]]:
    return {
        "empty": lambda: 0.0,
        "latest_bar": lambda: _close(system.latest_bar(symbol).get(timeout=1)),
        "last_20": lambda: _trend(system.last_bars(symbol, 20).get(timeout=1)),
        "last_20_5m": lambda: _trend(system.last_bars(symbol, 20, "5m").get(timeout=1)),
    }


def _close(bar: Bar | None) -> float:
    return 0.0 if bar is None else bar.close


def _trend(window: BarWindow) -> float:
    """Do what the README's strategy does; return the latest close."""
    if len(window) == 20 and window.close[-1] > window.close.mean():
        ...
    return float(window.close[-1]) if len(window) else 0.0


def _looped(run: Run, system: System, read: Callable[[], float]) -> None:
    note = run.tally.note
    for _ in system.minutes():
        note(1, read(), 0.0)


async def _awaited(run: Run, system: System, symbol: str) -> None:
    note = run.tally.note
    async for _ in system.minutes():
        note(1, _trend(await system.last_bars(symbol, 20, "5m")), 0.0)


if __name__ == "__main__":
    run_asked_step({"replay": replay, "loop": loop})
