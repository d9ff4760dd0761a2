"""A live day under load: is memory flat, is the lag small, is anything dropped?

    python tests/benchmarks/soak.py --json
    python tests/benchmarks/soak.py --symbols 100 --messages 4000 --minutes 2

A simulated feed sends trades and quotes at the speed of time from the open on, no bars: they are folded from the
trades. The real system takes them, records the day every minute, and tells one subscriber everything it tells; a
second thread asks for a snapshot of twenty symbols five times a second. Lag is from the instant of a trade or quote to
its arrival at StreamCoordinator, as the status has it: the p99 of its last thousand reads, looked at once a second, of
which the median and the worst are reported. ``answer_ms`` is how long a snapshot takes, behind all that is in
SessionData's mailbox. Memory is the process's own (Linux), once a second; its growth is that of a straight line
through the second half.

Exits with 1 if memory grows by more than 1 MB a minute, if the lag's p99 is 250 ms or more, if a message was dropped,
conflated or rejected, or if bars are missing.
"""

import argparse
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # of a script only its own folder is known

import numpy as np

from actors.feeds.simulated.feed import SimulatedStream, simulated_feed
from actors.feeds.simulated.market import SimulatedMarket
from actors.feeds.simulated.prints import PrintRates
from actors.kernel.clock import SystemClock
from actors.market.calendar import Calendar
from actors.settings import LiveRules
from actors.system import System
from messages.values import MINUTE_NS, SECOND_NS
from tests.benchmarks.measuring import count, percentile, shown

CALENDAR, DATE = "XNYS", "2024-07-02"
MOST_GROWTH_MB = 1.0
MOST_LAG_MS = 250.0
_LEAD_S = 3.0
_MORE_QUOTES = 1.4
_ASKED_FOR = 20
_SECONDS_BETWEEN_ASKS = 0.2


class Samples:
    """What is measured beside the run: once a second its memory, five times a second how long an answer takes."""

    def __init__(self, system: System, symbols: Sequence[str]) -> None:
        self.memory_mb: list[float] = []
        self.answers_ms: list[float] = []
        self.lag_p99_ms: list[float] = []
        self._system = system
        self._symbols = symbols[:_ASKED_FOR]
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._weigh), threading.Thread(target=self._ask)]

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Measure until the block ends."""
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in self._threads:
                thread.join()

    def growth_mb(self) -> float:
        """Return by how much memory grows a minute, in the second half."""
        late = self.memory_mb[len(self.memory_mb) // 2 :]
        return float(np.polyfit(np.arange(len(late)) / 60.0, late, 1)[0]) if len(late) > 1 else 0.0

    def _weigh(self) -> None:
        while not self._over.wait(1.0):
            self.memory_mb.append(_memory_mb())
            (feed,) = self._system.live_status().get(timeout=60).feeds
            self.lag_p99_ms += [] if feed.lag_p99_ms is None else [feed.lag_p99_ms]

    def _ask(self) -> None:
        while not self._over.wait(_SECONDS_BETWEEN_ASKS):
            began = time.perf_counter()
            self._system.snapshot(self._symbols).get(timeout=60)
            self.answers_ms.append((time.perf_counter() - began) * 1e3)


def main() -> None:
    """Run what the command line asks for, print what came of it, and fail if it was too much."""
    wanted = _arguments()
    with tempfile.TemporaryDirectory(prefix="barkeeper-", ignore_cleanup_errors=True) as folder:
        report = soak(folder, wanted.symbols, wanted.messages, wanted.minutes)
    print(shown(report, as_json=wanted.json))
    if complaint := wrong(report):
        sys.exit(complaint)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--symbols", type=count, default=500, metavar="M")
    parser.add_argument("--messages", type=count, default=20_000, metavar="N", help="a second (default: 20000)")
    parser.add_argument("--minutes", type=count, default=10, metavar="T", help="how long (default: 10)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


def soak(store: str, symbols: int, messages_per_s: int, minutes: int) -> dict[str, Any]:
    """Run the first minutes of a day; return what was seen."""
    session = Calendar(CALENDAR).session(DATE)
    assert session is not None, "a day of trading"
    prints = round(messages_per_s * 60 / symbols / 2)
    # A symbol of few shares has fewer trades than it is given; quotes make up for that.
    market = SimulatedMarket.of_size(symbols)
    clock = SystemClock(1.0, session.open_ns - round(_LEAD_S * SECOND_NS))
    stream = SimulatedStream(has_bars=False, rates=PrintRates(ticks=prints, quotes=round(prints * _MORE_QUOTES)))
    feed = simulated_feed(market, [session], clock, stream)
    rules = LiveRules(record_every_min=1.0)
    with System.live(store, [feed], market.symbols, calendar=CALENDAR, clock=clock, live=rules) as system:
        samples = Samples(system, market.symbols)
        until_ns = session.open_ns + minutes * MINUTE_NS
        subscription = system.subscribe(name="soak")
        listening = threading.Thread(target=lambda: [None for _ in subscription])
        listening.start()
        while clock.now_ns() < session.open_ns:
            time.sleep(0.05)
        began, used = time.monotonic(), time.process_time()
        with samples.taken():
            while clock.now_ns() < until_ns:
                time.sleep(0.1)
        seconds, used = time.monotonic() - began, time.process_time() - used
        # The last minute has its grace.
        while clock.now_ns() < until_ns + 6 * SECOND_NS:
            time.sleep(0.1)
        health = system.live_status().get(timeout=60).feeds[0].health
        quality = system.quality().get(timeout=60).quality
        rooms = system.status().get(timeout=60).rooms
        events, dropped = subscription.taken, subscription.dropped
        subscription.close()
        listening.join()
    return {
        "messages_per_s": round((health.ticks + health.quotes) / (seconds + 6)),
        "seconds": round(seconds, 1),
        "cpu_percent": round(100 * used / seconds),
        "memory_mb": round(samples.memory_mb[-1]) if samples.memory_mb else None,
        "memory_growth_mb_per_minute": round(samples.growth_mb(), 3),
        "lag_p99_ms": percentile(samples.lag_p99_ms, 50, 2),
        "lag_p99_ms_worst": percentile(samples.lag_p99_ms, 100, 2),
        "answer_ms": {"p50": percentile(samples.answers_ms, 50, 2), "p99": percentile(samples.answers_ms, 99, 2)},
        "mailbox_high_water": max(room.mailbox_high_water for room in rooms),
        "events": events,
        "dropped": dropped,
        "conflated": health.conflated,
        "rejected": health.rejected,
        "completeness": quality.completeness,
    }


def wrong(report: dict[str, Any]) -> str:
    """Return what was too much, or nothing."""
    complaints = [
        f"memory grows by {report['memory_growth_mb_per_minute']} MB a minute"
        if report["memory_growth_mb_per_minute"] > MOST_GROWTH_MB
        else "",
        f"the lag's p99 is {report['lag_p99_ms']} ms" if report["lag_p99_ms"] >= MOST_LAG_MS else "",
        *(f"{report[what]} {what}" for what in ("dropped", "conflated", "rejected") if report[what]),
        f"{report['completeness']} % complete" if report["completeness"] != 100.0 else "",
    ]
    return "; ".join(filter(None, complaints))


def _memory_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    main()
