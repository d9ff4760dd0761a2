"""A feed that does as it is told, read by read."""

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import Any

from messages import FeedBars, FeedQuotes, FeedTicks, Quote, Tick
from messages.errors import ConnectionLost
from messages.feeds import FeedItem
from messages.tables.columns import BarBatch
from tests.builders import bar

END = "end"


class ScriptedFeed:
    """Each connection plays what was put next: items, an exception to raise, or ``END``."""

    name = "scripted"
    has_bars = True

    def __init__(self, *refusals: BaseException, is_remote: bool = True, is_probed: bool = False) -> None:
        self.is_remote = is_remote
        self.is_probed = is_probed
        self.refusals: list[BaseException] = list(refusals)
        """What the next connections fail with."""
        self.script: queue.Queue[Any] = queue.Queue()
        self.wanted: set[str] = set()
        self.threads: set[str] = set()
        self.closed = 0
        self.close_error: BaseException | None = None

    def connect(self, stopping: threading.Event) -> None:
        self.threads.add(threading.current_thread().name)
        if self.refusals:
            raise self.refusals.pop(0)

    def subscribe(self, symbols: Iterable[str]) -> None:
        if "BREAK" in symbols:
            raise ConnectionLost("broke while subscribing")
        self.wanted.update(symbols)

    def unsubscribe(self, symbols: Iterable[str]) -> None:
        self.wanted.difference_update(symbols)

    def reads(self) -> Iterator[tuple[FeedItem, ...]]:
        while True:
            try:
                step = self.script.get(timeout=0.02)
            except queue.Empty:
                yield ()
                continue
            if step is END:
                return
            if isinstance(step, BaseException):
                raise step
            yield step

    def close(self) -> None:
        self.closed += 1
        if self.close_error is not None:
            raise self.close_error

    def play(self, *steps: Any) -> None:
        """Put single items, or whole reads, or exceptions, or ``END``."""
        for step in steps:
            self.script.put(step if isinstance(step, tuple | BaseException | str) else (step,))


def some_bars(*closes: float, symbol: str = "A") -> FeedBars:
    start = 9 * 60 + 30
    clocks = [f"{(start + i) // 60:02}:{(start + i) % 60:02}" for i in range(len(closes))]
    given = [bar(symbol, clock, close) for clock, close in zip(clocks, closes, strict=True)]
    return FeedBars(feed="scripted", batch=BarBatch.of(given))


def some_quotes(*bids: float, symbol: str = "A") -> FeedQuotes:
    quotes = tuple(Quote(symbol=symbol, at_ns=i, bid=bid, ask=bid + 1) for i, bid in enumerate(bids))
    return FeedQuotes(feed="scripted", quotes=quotes)


def some_ticks(*prices: float, ids: tuple[str, ...] = (), symbol: str = "A") -> FeedTicks:
    ticks = tuple(Tick(symbol=symbol, at_ns=i, price=price, size=1.0) for i, price in enumerate(prices))
    return FeedTicks(feed="scripted", ticks=ticks, ids=ids)
