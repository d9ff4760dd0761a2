"""What a quote and a trade cost that come as lines of JSON from another program.

    python tests/benchmarks/feeds.py --json

Microseconds of CPU time a line, all threads of the process that listens; medians of the rounds, the least and most.
``live`` is all of a live day: lines from a pipe, taken, judged, kept, told; ``folded`` makes bars of trades as well.
``feed`` is the feed alone, from bytes to what it tells. ``decoded`` is what msgspec takes for the same lines at once,
and ``plain`` a program that keeps each in a deque of its symbol. Every line must have been taken.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict, deque
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # of a script only its own folder is known

import msgspec

from actors.feeds.jsonlines.feed import JsonLinesFeed
from actors.feeds.jsonlines.line_format import QuoteLine, TickLine
from actors.feeds.jsonlines.line_source import PipeSource
from actors.kernel.clock import SystemClock
from actors.market.calendar import Calendar
from actors.system import System
from messages.feeds import EVERYTHING, FeedQuotes, FeedTicks
from messages.values import SECOND_NS
from tests.benchmarks.measuring import count, lined_up, run_asked_step, run_step, shown

CALENDAR, DATE = "XNYS", "2024-07-02"
SYMBOLS = [f"S{number:03}" for number in range(100)]
KINDS: dict[str, type[QuoteLine | TickLine]] = {"quote": QuoteLine, "tick": TickLine}
LINES = 200_000
SPREAD_S = 2
"""Lines are stamped within so many seconds of the open, and come when those are over."""
_CHUNK = 1 << 16
_PATIENCE_S = 120.0
_NOTHING_GIVES_WAY = {"credit": 100_000}
"""Else quotes are conflated where the sender is faster than the day."""
_SENDER = "import shutil, sys; shutil.copyfileobj(open(sys.argv[1], 'rb'), sys.stdout.buffer)"


def main() -> None:
    """Measure what the command line asks for and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=count, default=LINES, metavar="N", help="of each kind (default: 200000)")
    parser.add_argument("--repeat", type=count, default=5, metavar="N", help="rounds (default: 5)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    wanted = parser.parse_args()
    report = take_all(wanted.lines, wanted.repeat)
    print(shown(report, as_json=True) if wanted.json else table(report))


def take_all(lines: int, repeat: int) -> dict[str, Any]:
    """Take every path from files that are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="barkeeper-", ignore_cleanup_errors=True) as folder:
        return measure(folder, lines, repeat)


def measure(folder: str, lines: int, repeat: int) -> dict[str, Any]:
    """Take every path ``repeat`` times, in turn."""
    files = {kind: f"{folder}/{kind}.jsonl" for kind in KINDS}
    for kind, file in files.items():
        Path(file).write_bytes(lines_of(kind, lines))
    paths: dict[str, dict[str, Any]] = {
        "quote, live": {"step": "live", "kind": "quote"},
        "quote, feed": {"step": "feed", "kind": "quote"},
        "quote, decoded": {"step": "decoded", "kind": "quote"},
        "quote, plain": {"step": "plain", "kind": "quote"},
        "tick, live": {"step": "live", "kind": "tick"},
        "tick, live, folded": {"step": "live", "kind": "tick", "is_folded": True},
        "tick, feed": {"step": "feed", "kind": "tick"},
        "tick, decoded": {"step": "decoded", "kind": "tick"},
        "tick, plain": {"step": "plain", "kind": "tick"},
    }
    taken: dict[str, list[float]] = {path: [] for path in paths}
    for _ in range(repeat):
        for path, how in paths.items():
            run = run_step(module="feeds", file=files[how["kind"]], **how)
            if run["taken"] != lines:
                sys.exit(f"{path}: of {lines} lines {run['taken']} were taken")
            taken[path].append(run["cpu_s"] / lines * 1e6)
    return {
        "lines": lines,
        "rounds": repeat,
        "us": {
            path: [round(value, 2) for value in (median(values), min(values), max(values))]
            for path, values in taken.items()
        },
    }


def lines_of(kind: str, count: int) -> bytes:
    """Return lines as another program would write them."""
    first_ns = open_ns()
    return b"".join(
        msgspec.json.encode(
            {
                "type": kind,
                "symbol": SYMBOLS[number % len(SYMBOLS)],
                "at": first_ns + number * SPREAD_S * SECOND_NS // count,
                **_more(kind, number, 100 + number % 97 / 100),
            }
        )
        + b"\n"
        for number in range(count)
    )


def _more(kind: str, number: int, price: float) -> dict[str, Any]:
    if kind == "quote":
        return {"bid": price, "ask": price + 0.01, "bid_size": number % 9 + 1.0, "ask_size": 3.0}
    return {"price": price, "size": number % 300 + 1.0, "id": str(number)}


def open_ns() -> int:
    """Return when the day begins."""
    session = Calendar(CALENDAR).session(DATE)
    assert session is not None, "a day of trading"
    return session.open_ns


def live(file: str, kind: str, *, is_folded: bool = False) -> dict[str, Any]:
    """Take a file's lines from a pipe in a live day that has just begun."""
    reading, writing = os.pipe()
    clock = SystemClock(1.0, open_ns() - SECOND_NS)
    feed = JsonLinesFeed(PipeSource(reading), has_bars=not is_folded)
    lines = Path(file).read_bytes().count(b"\n")
    with (
        tempfile.TemporaryDirectory() as store,
        System.live(store, [feed], SYMBOLS, calendar=CALENDAR, clock=clock, feed=_NOTHING_GIVES_WAY) as system,
    ):
        while clock.now_ns() < open_ns() + SPREAD_S * SECOND_NS:
            time.sleep(0.05)
        began = time.process_time()
        with subprocess.Popen([sys.executable, "-c", _SENDER, file], stdout=writing):
            os.close(writing)
            given_up = time.monotonic() + _PATIENCE_S
            while (taken := _taken(system, kind)) < lines and time.monotonic() < given_up:
                time.sleep(0.1)
        used = time.process_time() - began
    return {"taken": taken, "cpu_s": used}


def _taken(system: System, kind: str) -> int:
    report = system.quality().get(timeout=60)
    return report.quotes if kind == "quote" else report.ticks


class _Chunks:
    """A source that has everything already."""

    is_remote = False

    def __init__(self, file: str) -> None:
        data = Path(file).read_bytes()
        self._chunks = iter([data[first : first + _CHUNK] for first in range(0, len(data), _CHUNK)])

    def open(self) -> None:
        """Begin."""

    def read(self, timeout_s: float) -> bytes | None:
        """Return the next piece of it."""
        return next(self._chunks, None)

    def close(self) -> None:
        """End."""


def feed(file: str, kind: str) -> dict[str, Any]:
    """Let the feed read a file."""
    reader = JsonLinesFeed(_Chunks(file))
    reader.subscribe([EVERYTHING])
    taken = 0
    began = time.process_time()
    for items in reader.reads():
        for item in items:
            taken += len(item.quotes) if isinstance(item, FeedQuotes) else 0
            taken += len(item.ticks) if isinstance(item, FeedTicks) else 0
    return {"taken": taken, "cpu_s": time.process_time() - began}


def decoded(file: str, kind: str) -> dict[str, Any]:
    """Decode a file's lines at once, a piece after the other."""
    decoder = msgspec.json.Decoder(KINDS[kind])
    pieces = Path(file).read_bytes().splitlines(keepends=True)
    pieces = [b"".join(pieces[first : first + 500]) for first in range(0, len(pieces), 500)]
    taken = 0
    began = time.process_time()
    for piece in pieces:
        taken += len(decoder.decode_lines(piece))
    return {"taken": taken, "cpu_s": time.process_time() - began}


def plain(file: str, kind: str) -> dict[str, Any]:
    """Keep each line in a deque of its symbol, as a plain program would."""
    decode = msgspec.json.Decoder(KINDS[kind]).decode
    kept: dict[str, deque[Any]] = defaultdict(lambda: deque(maxlen=1000))
    taken = 0
    with Path(file).open("rb") as lines:
        began = time.process_time()
        for text in lines:
            message = decode(text)
            kept[message.symbol].append(message)
            taken += 1
    return {"taken": taken, "cpu_s": time.process_time() - began}


def table(report: dict[str, Any]) -> str:
    """Return the report to be read."""
    rows = [["a line", "us", "least", "most"], *([path, *map(str, us)] for path, us in report["us"].items())]
    return f"{report['lines']} lines of each, {report['rounds']} rounds:\n\n{lined_up(rows)}"


STEPS: dict[str, Callable[..., dict[str, Any]]] = {"live": live, "feed": feed, "decoded": decoded, "plain": plain}

if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in STEPS:
        run_asked_step(STEPS)
    else:
        main()
