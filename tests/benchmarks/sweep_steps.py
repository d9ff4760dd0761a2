"""The steps of the benchmark of sweeps; each runs in a process of its own.

``python -m tests.benchmarks.sweep_steps STEP ARGUMENTS``, arguments and result being one JSON object each.
"""

import os
import resource
import time
from collections import Counter
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

from actors.storage.parquet import ParquetStore
from actors.sweep import sweep
from actors.system import System
from tests.benchmarks.measuring import run_asked_step

WARM_UP = {"1d": 50, "5m": 60}


def crossing(system: System, fast: int) -> dict[str, Any]:
    """Follow one symbol's average, and say which process did."""
    slow, position, gain = 20, 0, 0.0
    name = system.active_symbols().get(timeout=60)[0]
    daily = system.last_bars(name, 50, "1d", with_history=True).get(timeout=60)
    for _ in system.minutes():
        window = system.last_bars(name, slow).get(timeout=60)
        if len(window) == slow:
            close = window.close
            gain += position * (close[-1] - close[-2])
            position = 1 if close[-fast:].mean() > close.mean() else -1
    return {"gain": gain, "before": len(daily), "pid": os.getpid()}


def idle(system: System, fast: int) -> dict[str, Any]:
    """Do nothing: what is left is what it takes to start."""
    return {"fast": fast}


def alone(store: str, last: int, sets: int) -> dict[str, Any]:
    """Play each task as a program would: a system, a loop, the next system."""
    with closing(ParquetStore(Path(store), read_only=True)) as files:
        dates = files.dates("XNYS")[-last:]
        _play(store, dates[0], 2)  # calendars and libraries are there
        cpu_s = time.process_time()
        for date in dates:
            for fast in range(2, 2 + sets):
                _play(store, date, fast)
        cpu_s = time.process_time() - cpu_s
    return {"tasks": last * sets, "cpu_s": cpu_s, "start_ms": _start_ms(store, last, sets)}


def swept(store: str, last: int, sets: int, workers: int, *, together: bool) -> dict[str, Any]:
    """Play all of it."""
    began = time.perf_counter()
    grid = {"fast": range(2, 2 + sets)}
    results = sweep(
        crossing, store=store, last=last, grid=grid, warm_up=WARM_UP, workers=workers, together=together, progress=False
    )
    seconds = time.perf_counter() - began
    assert results.is_complete, results.failures[:1]
    told = [one.result or {} for one in results]
    busiest = Counter(one["pid"] for one in told).most_common(1)[0][1]
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {
        "s": round(seconds, 2),
        "cpu_s": round(sum(one.ru_utime + one.ru_stime for one in usage), 2),
        "digest": sha256(repr([(one["gain"], one["before"]) for one in told]).encode()).hexdigest(),
        "busiest_share": round(busiest / len(told), 3),
    }


def _play(store: str, date: str, fast: int) -> None:
    with System.backtest(store=store, start=date, end=date, daily_sessions=50) as system:
        crossing(system, fast)


def _start_ms(store: str, last: int, sets: int) -> float:
    """Return what a task costs a warm worker that does nothing else."""
    grid = {"fast": range(sets)}
    sweep(idle, store=store, last=1, grid=grid, warm_up=WARM_UP, workers=1, progress=False)
    cpu_s = time.process_time()
    sweep(idle, store=store, last=last, grid=grid, warm_up=WARM_UP, workers=1, together=False, progress=False)
    return round((time.process_time() - cpu_s) / (last * sets) * 1e3, 1)


if __name__ == "__main__":
    run_asked_step({"alone": alone, "swept": swept})
