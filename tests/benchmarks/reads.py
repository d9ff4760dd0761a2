"""What a read costs: while the session stands still, after every minute, in loops, and while quotes stream in.

    python tests/benchmarks/reads.py --repeat 5 --json

``*_us`` are medians over all reads of all repeats, of a system whose reader is the only one: of one symbol, or of the
whole ``market`` of 500. While it stands still the same is asked again and again; ``*_fresh_us`` are first reads after
a minute. ``loop_*_us`` is a minute of README's loop. ``streamed_*`` is a live system that takes 20,000 quotes a second
from another process. The floor is what a plain program keeps: the last 20 bars of each interval in a dict of deques.
"""

import argparse
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # of a script only its own folder is known

import itertools

from actors.feeds.simulated.market import SimulatedMarket
from actors.market.calendar import Calendar
from actors.storage.memory import MemoryStore
from actors.system import System
from tests.benchmarks import quote_stream
from tests.benchmarks.measuring import count, percentile, shown

SYMBOL = "AAPL"
MARKET = tuple(f"S{number:03}" for number in range(500))
IDLE_AT = 300
"""After so many minutes the tape stands still, and reads are timed."""


def main() -> None:
    """Measure what the command line asks for and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=count, default=5, metavar="N", help="of how many systems (default: 5)")
    parser.add_argument("--reads", type=count, default=2000, metavar="N", help="of each kind (default: 2000)")
    parser.add_argument("--rate", type=count, default=20_000, metavar="N", help="quotes a second (default: 20,000)")
    parser.add_argument("--seconds", type=count, default=5, metavar="S", help="of streaming (default: 5)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    wanted = parser.parse_args()
    report = measure(wanted.repeat, wanted.reads) | market(wanted.repeat, wanted.reads)
    print(shown(report | quote_stream.measure(wanted.rate, wanted.seconds), as_json=wanted.json))


def measure(repeat: int, reads: int) -> dict[str, Any]:
    """Time every kind of read of one symbol in systems of their own, and the loops."""
    store = filled((SYMBOL,), "2024-07-02")
    waits: dict[str, list[float]] = {}
    loops: dict[str, list[float]] = {}
    for _ in range(repeat):
        time_all(store, kinds, reads, waits)
        for name, body in {"empty": lambda _: None, "last_20_5m": last_five}.items():
            loops.setdefault(name, []).append(loop(store, body))
    return {
        **{f"{name}_us": percentile(all_of_it, 50, 2) for name, all_of_it in waits.items()},
        "latest_bar_p99_us": percentile(waits["latest_bar"], 99, 1),
        **{f"loop_{name}_us": round(median(all_of_it), 1) for name, all_of_it in loops.items()},
        "floor_latest_us": percentile(timed(floor(), reads), 50, 3),
    }


def market(repeat: int, reads: int) -> dict[str, Any]:
    """Time every kind of read of the whole market."""
    store = filled(MARKET, "2024-07-01")
    waits: dict[str, list[float]] = {}
    for _ in range(repeat):
        time_all(store, kinds_of_market, max(reads // 20, 1), waits)
    return {f"market_{name}_us": percentile(all_of_it, 50, 1) for name, all_of_it in waits.items()}


def filled(symbols: tuple[str, ...], last: str) -> MemoryStore:
    """Return a store of some symbols from 2024-07-01 on."""
    store, made = MemoryStore(), SimulatedMarket(symbols=symbols)
    for session in Calendar("XNYS").sessions("2024-07-01", last):
        store.merge("XNYS", session.date, made.day(session))
    return store


Kinds = Callable[[System], dict[str, Callable[[], object]]]


def time_all(store: MemoryStore, of: Kinds, reads: int, waits: dict[str, list[float]]) -> None:
    """Time kinds of reads, each by itself: once after every minute, then again and again while nothing happens."""
    with System.backtest(store=store) as unread:
        names = list(of(unread))
    for name in names:
        with System.backtest(store=store) as system:
            minutes, read = iter(system.minutes()), of(system)[name]
            for _ in range(IDLE_AT):
                next(minutes)
                waits.setdefault(f"{name}_fresh", []).extend(timed(read, 1))
            waits.setdefault(name, []).extend(timed(read, reads))


def kinds(system: System) -> dict[str, Callable[[], object]]:
    """Return each kind of read of one symbol."""
    return {
        "latest_bar": lambda: system.latest_bar(SYMBOL).get(),
        "last_20_1m": lambda: system.last_bars(SYMBOL, 20).get(),
        "last_20_5m": lambda: system.last_bars(SYMBOL, 20, "5m").get(),
        "bar_count": lambda: system.bar_count(SYMBOL).get(),
        "metrics": lambda: system.metrics(SYMBOL).get(),
    }


def kinds_of_market(system: System) -> dict[str, Callable[[], object]]:
    """Return each kind of read of the whole market."""
    return {
        "matrix_20": lambda: system.matrix(20).get(),
        "matrix_20_5m": lambda: system.matrix(20, "5m").get(),
        "matrix_20_named": lambda: system.matrix(20, symbols=MARKET).get(),
        "matrix_last_known": lambda: system.matrix(1, fields=(), fill="forward").get(),
        "latest_bars": lambda: system.latest_bars().get(),
        "snapshot": lambda: system.snapshot().get(),
    }


def last_five(system: System) -> object:
    """the README's read of every minute."""
    return system.last_bars(SYMBOL, 20, "5m").get(timeout=1)


def timed(read: Callable[[], object], reads: int) -> list[float]:
    """Return how long each of so many reads took, in microseconds."""
    waits = []
    for _ in range(reads):
        began = time.perf_counter_ns()
        read()
        waits.append((time.perf_counter_ns() - began) / 1000)
    return waits


def loop(store: MemoryStore, body: Callable[[System], object]) -> float:
    """Return what a minute of a loop takes, in microseconds: half of them take less."""
    with System.backtest(store=store, symbols=[SYMBOL]) as system:
        stamps = [time.perf_counter_ns()]
        for _ in system.minutes():
            body(system)
            stamps.append(time.perf_counter_ns())
    return median(after - before for before, after in itertools.pairwise(stamps)) / 1000


def floor() -> Callable[[], object]:
    """Return the read of a program that keeps its bars in a dict of deques."""
    bars = {SYMBOL: deque([(1.0, 2.0, 0.5, 1.5, 100.0)] * 20, maxlen=20)}
    return lambda: bars[SYMBOL][-1]


if __name__ == "__main__":
    main()
