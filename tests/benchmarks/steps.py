"""The steps of the throughput benchmark; each runs in a process of its own, so that none counts towards another.

``python -m tests.benchmarks.steps STEP ARGUMENTS``, arguments and result being one JSON object each.
"""

import itertools
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from actors.feeds.simulated.market import SimulatedMarket
from actors.kernel.clock import SystemClock
from actors.market.calendar import Calendar
from actors.market.faults import Faults
from actors.storage.parquet import ParquetStore
from actors.storage.source import StoreSource
from actors.system import System
from messages.replies import RunSummary
from messages.values import Interval, TradingSession
from tests.benchmarks.floor import FloorBar, bars_of, run_floor
from tests.benchmarks.measuring import run_asked_step

CALENDAR = "XNYS"
FIRST_DAY = date(2024, 1, 2)
INTERVALS = ("1m", "5m", "15m")
SECONDS_BETWEEN_ASKS = 0.005


def make(store: str, symbols: int, sessions: int, closed: Sequence[str] = ()) -> dict[str, Any]:
    """Write the sessions of a simulated market, day by day; return how many bars they have."""
    market = SimulatedMarket.of_size(symbols)
    with closing(ParquetStore(Path(store))) as files:
        days = first_sessions(sessions, closed)
        added = [files.merge(CALENDAR, session.date, market.day(session)).added for session in days]
    return {"added": added}


def first_sessions(count: int, closed: Sequence[str] = ()) -> tuple[TradingSession, ...]:
    """Return the first so many sessions from ``FIRST_DAY`` on."""
    # Two calendar days a session and a fortnight for holidays are always enough.
    last_day = FIRST_DAY + timedelta(days=2 * count + 14)
    return Calendar(CALENDAR, closed=tuple(closed)).sessions(FIRST_DAY.isoformat(), last_day.isoformat())[:count]


def floor(store: str, last: int) -> dict[str, Any]:
    """Run the floor over the bars of the store's last days."""
    bars = _bars_at_rest(store, last)
    heard = 0

    def hear(_: FloorBar) -> None:
        nonlocal heard
        heard += 1

    result = run_floor(bars, hear)
    return {"seconds": result.seconds, "heard": {"1m": heard - sum(result.derived.values()), **result.derived}}


def _bars_at_rest(store: str, last: int) -> list[FloorBar]:
    with closing(ParquetStore(Path(store), read_only=True)) as files:
        days = (files.read(CALENDAR, day) for day in files.dates(CALENDAR)[-last:])
        return bars_of([day for day in days if day is not None])


def replay(store: str, **how: Any) -> dict[str, Any]:
    """Replay the store through the real system with one subscriber; time it."""
    heard: Counter[Interval] = Counter()
    began = time.perf_counter()
    with system_of(store, **how) as system:
        loaded = time.perf_counter()
        for event in system.subscribe(events=("bars",), intervals=INTERVALS):
            heard[event.interval] += len(event.batch)
        finished = time.perf_counter()
        summary = system.summary().get(timeout=60)
    return {
        "load_seconds": loaded - began,
        "seconds": finished - loaded,
        "heard": {str(interval): count for interval, count in heard.items()},
        "peak_rss_mb": _peak_rss_mb(),
        **_transitions(summary),
    }


def system_of(
    store: str,
    pace: str,
    last: int,
    trailing: int,
    speed: float = 0.0,
    scale: float = 1.0,
    closed: Sequence[str] = (),
    drop: float = 0.0,
    seed: int = 0,
) -> System:
    """Put a backtest together.

    Args:
        store: folder of the store.
        pace: ``free`` or ``lockstep``.
        last: sessions to play.
        trailing: sessions of history before each.
        speed: times real time; 0 as fast as possible.
        scale: how many times as fast as the computer's the clock goes.
        closed: hours to leave out of every session.
        drop: share of the bars that the feed loses; then the same folder, opened again, is asked for them.
        seed: of the losses.
    """
    return System.backtest(
        store=store,
        calendar=CALENDAR,
        pace=pace,
        last=last,
        trailing_sessions=trailing,
        speed=speed,
        clock=SystemClock(scale) if speed else None,
        closed=tuple(closed),
        faults=Faults(drop=drop, seed=seed),
        sources=(StoreSource(ParquetStore(Path(store), read_only=True), "upstream"),) if drop else (),
    )


def _transitions(summary: RunSummary) -> dict[str, Any]:
    if summary.failure is not None:
        raise SystemExit(f"the replay failed: {summary.failure}")
    return {
        "transition_ms": [report.transition_ms for report in summary.sessions if report.transition_ms is not None],
        "is_prefetched": [report.is_prefetched for report in summary.sessions],
    }


def asks(store: str, **how: Any) -> dict[str, Any]:
    """Replay again, untimed, while a second thread asks for latest bars; return how long it waited for each."""
    symbols = _symbols_at_rest(store)
    is_over = threading.Event()
    with (
        system_of(store, **how) as system,
        ThreadPoolExecutor(max_workers=1) as second,
    ):
        events = iter(system.subscribe(events=("bars",), intervals=INTERVALS))
        next(events)
        waits = second.submit(_ask_gently, system, symbols, is_over)
        try:
            for _ in events:
                pass
        finally:
            is_over.set()
        return {"waits_us": waits.result()}


def _symbols_at_rest(store: str) -> tuple[str, ...]:
    with closing(ParquetStore(Path(store), read_only=True)) as files:
        return files.symbols(CALENDAR, files.dates(CALENDAR)[0])


def _ask_gently(system: System, symbols: tuple[str, ...], is_over: threading.Event) -> list[float]:
    waits: list[float] = []
    for symbol in itertools.cycle(symbols):
        asked = time.perf_counter()
        system.latest_bar(symbol).get(timeout=5)
        waits.append(1e6 * (time.perf_counter() - asked))
        if is_over.wait(SECONDS_BETWEEN_ASKS):
            break
    return waits


def _peak_rss_mb() -> float | None:
    """Return the most memory this process ever had; Windows does not say."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


STEPS: dict[str, Callable[..., dict[str, Any]]] = {"make": make, "floor": floor, "replay": replay, "asks": asks}

if __name__ == "__main__":
    run_asked_step(STEPS)
