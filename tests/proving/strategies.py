"""Strategies that look where they may, and such as do not; this file is played by name."""

import random
import time
from collections import deque
from pathlib import Path
from typing import Any


class Honest:
    """Buys above the mean, and remembers it."""

    def __init__(self, length: int = 3) -> None:
        self.length = length
        self.trades: list[tuple[str, int, float]] = []
        self.lately: deque[str] = deque(maxlen=4)

    def run(self, system: Any) -> dict[str, Any]:
        for minute in system.minutes():
            for symbol in system.active_symbols().get(timeout=20):
                window = system.last_bars(symbol, self.length).get(timeout=20)
                if len(window) == self.length and window.close[-1] > window.close.mean():
                    self.trades.append((symbol, minute.end_ns, float(window.close[-1])))
                    self.lately.append(symbol)
        return {"trades": len(self.trades)}


def hears_bars(system: Any) -> dict[str, Any]:
    """Listen to bars instead of minutes."""
    total = sum(float(event.batch.volume.sum()) for event in system.subscribe(["bars"], intervals=["1m"]))
    return {"volume": total}


def asks_the_clock(system: Any) -> dict[str, Any]:
    """Buy when the computer's clock says so."""
    bought = 0
    for _ in system.minutes():
        bought += time.time_ns() // 1000 % 2
    return {"bought": bought}


def dices(system: Any) -> dict[str, Any]:
    """Buy at random."""
    bought = sum(random.random() for _ in system.minutes())  # that is its fault
    return {"bought": bought}


def reads_tomorrow(system: Any) -> dict[str, Any]:
    """Ask the store itself for what is to come, by a back door."""
    tomorrow = 0.0
    for minute in system.minutes():
        day = system._house.store.read("XNYS", f"{minute.start:%Y-%m-%d}")
        tomorrow = float(day.bars.close[-1])
    return {"tomorrow": tomorrow}


def opens_a_file(system: Any) -> dict[str, Any]:
    """Look into the file that lies beside."""
    size = 0
    for _ in system.minutes():
        size = sum(len(path.read_bytes()) for path in Path(FOLDER).rglob("bars.parquet"))
    return {"size": size}


FOLDER = str(Path(__file__).parent / "nowhere")


def fails(system: Any) -> dict[str, Any]:
    """Fail."""
    for minute in system.minutes():
        raise ValueError(minute.present)
    return {}


def hears_nothing(system: Any) -> dict[str, Any]:
    """Run to the end without listening."""
    system.run(timeout=20)
    return {}
