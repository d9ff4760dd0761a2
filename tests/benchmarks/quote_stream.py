"""Quotes by the thousand over a loopback connection from a process of their own, and what a reader waits meanwhile."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # of a script only its own folder is known

from actors.feeds.jsonlines.feed import JsonLinesFeed
from actors.feeds.jsonlines.line_source import SocketSource
from actors.storage.memory import MemoryStore
from actors.system import System

SYMBOLS = tuple(f"S{number:02}" for number in range(100))
_PIECES_PER_S = 200
_PAUSE_S = 0.001
"""A reader asks about a thousand times a second."""
_MINUTE_NS = 60 * 10**9


def measure(rate: int, seconds: float) -> dict[str, float]:
    """Ask a live system for a latest bar, again and again, while ``rate`` quotes a second come.

    Returns:
        How many quotes a second were taken, and half of the waits and all but a hundredth, in microseconds.
    """
    command = [sys.executable, str(Path(__file__).resolve()), str(rate)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sender:
        assert sender.stdout is not None, "it has a pipe"
        feed = JsonLinesFeed(SocketSource("127.0.0.1", int(sender.stdout.readline())))
        try:
            with System.live(MemoryStore(), feeds=[feed], symbols=SYMBOLS, calendar="24/7") as system:
                system.play()
                return _waits(system, seconds)
        finally:
            sender.kill()


def _waits(system: System, seconds: float) -> dict[str, float]:
    while system.latest_bar(SYMBOLS[0]).get(timeout=30) is None or not _taken(system):
        time.sleep(_PAUSE_S)
    before, began, waits = _taken(system), time.perf_counter(), []
    while time.perf_counter() - began < seconds:
        asked = time.perf_counter_ns()
        system.latest_bar(SYMBOLS[0]).get(timeout=30)
        waits.append((time.perf_counter_ns() - asked) / 1000)
        time.sleep(_PAUSE_S)
    took = time.perf_counter() - began
    ranked = sorted(waits)
    return {
        "streamed_per_s": round((_taken(system) - before) / took),
        "streamed_latest_bar_p50_us": round(median(waits), 1),
        "streamed_latest_bar_p99_us": round(ranked[len(ranked) * 99 // 100], 1),
    }


def _taken(system: System) -> int:
    return system.quality().get(timeout=30).quotes


def send(rate: int) -> None:
    """Wait for a reader, tell it where, and send it bars of the minute before and then quotes until it leaves."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        there, _ = listening.accept()
        with there:
            last_ns = (time.time_ns() // _MINUTE_NS - 1) * _MINUTE_NS
            prices = {"open": 10.0, "high": 11.0, "low": 9.0, "close": 10.5, "volume": 100.0}
            there.sendall(_lines({"type": "bar", "symbol": name, "start": last_ns, **prices} for name in SYMBOLS))
            number, began = 0, time.perf_counter()
            while True:
                due = int((time.perf_counter() - began) * rate)
                now_ns = time.time_ns()
                quotes = (
                    {"type": "quote", "symbol": SYMBOLS[n % len(SYMBOLS)], "at": now_ns, "bid": 10.0, "ask": 10.01}
                    for n in range(number, due)
                )
                there.sendall(_lines(quotes))
                number = due
                time.sleep(1 / _PIECES_PER_S)


def _lines(messages: Iterable[dict[str, object]]) -> bytes:
    return b"".join(json.dumps(message).encode() + b"\n" for message in messages)


if __name__ == "__main__":
    try:
        send(int(sys.argv[1]))
    except OSError:
        sys.exit(0)  # the reader has left
