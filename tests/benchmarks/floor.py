"""The floor: the obvious single-threaded program that the system is measured against.

Every bar is one Struct in memory, and one loop does all the work. It knows no gaps, corrections, calendars or
readers.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeAlias

import msgspec

from actors.kernel.ports import StoredDay
from messages.values import MINUTE_NS

FIVE_MINUTES_NS = 5 * MINUTE_NS
FIFTEEN_MINUTES_NS = 15 * MINUTE_NS
KEPT_BARS = 390
"""How many bars a symbol's deque holds: one session of US equities."""


class FloorBar(msgspec.Struct, gc=False):
    """One bar of any interval, labelled by its start."""

    symbol: str
    start_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: float


class FloorResult(msgspec.Struct):
    """What a run took and what it found; high, low and volume are each symbol's over the whole run."""

    seconds: float
    derived: dict[str, int]
    """How many bars of each derived interval were finished."""
    high: dict[str, float]
    low: dict[str, float]
    volume: dict[str, float]


Callback: TypeAlias = Callable[[FloorBar], object]


def bars_of(days: Sequence[StoredDay]) -> list[FloorBar]:
    """Return the bars of some days, given in order of time, as one Struct each."""
    return [bar for day in days for bar in _bars_of_day(day)]


def _bars_of_day(day: StoredDay) -> list[FloorBar]:
    columns = [column.tolist() for column in day.bars.values[:5]]
    return list(map(FloorBar, day.bars.names(), day.bars.start_ns.tolist(), *columns))


def run_floor(bars: list[FloorBar], callback: Callback) -> FloorResult:
    """Play bars in order of time; ``callback`` gets each one, and each derived bar when the next one begins.

    Derived bars are cut at multiples of their length since the epoch, which on US exchanges is the same as
    counting from the open. Those still forming after the last bar are finished then.
    """
    began = time.perf_counter()
    kept: dict[str, deque[FloorBar]] = {}
    high: dict[str, float] = {}
    low: dict[str, float] = {}
    volume: dict[str, float] = {}
    five: dict[str, FloorBar] = {}
    fifteen: dict[str, FloorBar] = {}
    fives = fifteens = 0
    for bar in bars:
        symbol = bar.symbol
        callback(bar)
        if symbol not in kept:
            kept[symbol] = deque((bar,), maxlen=KEPT_BARS)
            high[symbol], low[symbol], volume[symbol] = bar.high, bar.low, bar.volume
            five[symbol], fifteen[symbol] = _begin(bar, FIVE_MINUTES_NS), _begin(bar, FIFTEEN_MINUTES_NS)
            continue
        kept[symbol].append(bar)
        if bar.high > high[symbol]:
            high[symbol] = bar.high
        if bar.low < low[symbol]:
            low[symbol] = bar.low
        volume[symbol] += bar.volume
        forming = five[symbol]
        if bar.start_ns - forming.start_ns < FIVE_MINUTES_NS:
            _extend(forming, bar)
        else:
            callback(forming)
            fives += 1
            five[symbol] = _begin(bar, FIVE_MINUTES_NS)
        forming = fifteen[symbol]
        if bar.start_ns - forming.start_ns < FIFTEEN_MINUTES_NS:
            _extend(forming, bar)
        else:
            callback(forming)
            fifteens += 1
            fifteen[symbol] = _begin(bar, FIFTEEN_MINUTES_NS)
    for symbol in kept:
        callback(five[symbol])
        callback(fifteen[symbol])
    derived = {"5m": fives + len(kept), "15m": fifteens + len(kept)}
    return FloorResult(time.perf_counter() - began, derived, high, low, volume)


def _begin(bar: FloorBar, span_ns: int) -> FloorBar:
    start_ns = bar.start_ns - bar.start_ns % span_ns
    return FloorBar(bar.symbol, start_ns, bar.open, bar.high, bar.low, bar.close, bar.volume)


def _extend(forming: FloorBar, bar: FloorBar) -> None:
    if bar.high > forming.high:
        forming.high = bar.high
    if bar.low < forming.low:
        forming.low = bar.low
    forming.close = bar.close
    forming.volume += bar.volume
