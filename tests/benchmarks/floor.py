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


class _Book(msgspec.Struct):
    """All that is kept of one symbol: one look-up a bar finds everything."""

    kept: deque[FloorBar]
    high: float
    low: float
    volume: float
    five: FloorBar
    """The 5m bar that is forming."""
    fifteen: FloorBar


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
    books: dict[str, _Book] = {}
    fives = fifteens = 0
    for bar in bars:
        callback(bar)
        book = books.get(bar.symbol)
        if book is None:
            books[bar.symbol] = _open_book(bar)
            continue
        book.kept.append(bar)
        if bar.high > book.high:
            book.high = bar.high
        if bar.low < book.low:
            book.low = bar.low
        book.volume += bar.volume
        forming = book.five
        if bar.start_ns - forming.start_ns < FIVE_MINUTES_NS:
            _extend(forming, bar)
        else:
            callback(forming)
            fives += 1
            book.five = _begin(bar, FIVE_MINUTES_NS)
        forming = book.fifteen
        if bar.start_ns - forming.start_ns < FIFTEEN_MINUTES_NS:
            _extend(forming, bar)
        else:
            callback(forming)
            fifteens += 1
            book.fifteen = _begin(bar, FIFTEEN_MINUTES_NS)
    for book in books.values():
        callback(book.five)
        callback(book.fifteen)
    derived = {"5m": fives + len(books), "15m": fifteens + len(books)}
    return _result(time.perf_counter() - began, derived, books)


def _open_book(bar: FloorBar) -> _Book:
    return _Book(
        kept=deque((bar,), maxlen=KEPT_BARS),
        high=bar.high,
        low=bar.low,
        volume=bar.volume,
        five=_begin(bar, FIVE_MINUTES_NS),
        fifteen=_begin(bar, FIFTEEN_MINUTES_NS),
    )


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


def _result(seconds: float, derived: dict[str, int], books: dict[str, _Book]) -> FloorResult:
    return FloorResult(
        seconds=seconds,
        derived=derived,
        high={symbol: book.high for symbol, book in books.items()},
        low={symbol: book.low for symbol, book in books.items()},
        volume={symbol: book.volume for symbol, book in books.items()},
    )
