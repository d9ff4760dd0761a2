"""One market, as each feed lets it happen: minute by minute, at a word of the test."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from actors.feeds.jsonlines.feed import JsonLinesFeed
from actors.feeds.jsonlines.line_source import FileSource, LineSource, PipeSource, SocketSource
from actors.feeds.port import Feed
from actors.feeds.replay import replay_feed
from actors.feeds.simulated.feed import simulated_feed
from actors.feeds.simulated.market import SimulatedMarket
from actors.kernel.clock import ManualClock
from actors.kernel.ports import StoredDay
from actors.storage.memory import MemoryStore
from actors.vendors.alpaca.feed import AlpacaFeed
from messages import Bar, Verdict
from messages.columns import freeze
from messages.values import MINUTE_NS
from tests.builders import DAY
from tests.feeds.jsonlines.sender import LineServer
from tests.vendors.alpaca.server import KEYS, AlpacaServer, bar_message

MARKET = SimulatedMarket(symbols=("A", "B"))
BARS = MARKET.day(DAY).bars


class World:
    """A feed, and what makes a minute happen at its far side."""

    def __init__(self, feed: Feed, clock: ManualClock, happen: Callable[[list[Bar]], None] | None = None) -> None:
        self.feed = feed
        self.clock = clock
        self._happen = happen
        self.subscribed: Callable[..., None] = lambda *_symbols: None
        """Waits until the far side knows of these subscriptions."""
        self.left: Callable[[], None] = lambda: None
        """Lets the far side know that the feed is gone."""

    def minute(self, number: int) -> list[Bar]:
        """Let the n-th minute of the day be over; return its bars, sorted by symbol."""
        bars = [*BARS.rows(2 * number, 2 * number + 2).bars()]
        end_ns = bars[0].start_ns + MINUTE_NS
        if self.clock.now_ns() < end_ns:
            self.clock.advance(end_ns - self.clock.now_ns())
        if self._happen is not None:
            self._happen(bars)
        return bars


def _clock() -> ManualClock:
    return ManualClock(DAY.start_ns)


@contextmanager
def replay_world(_folder: Path) -> Iterator[World]:
    clock, store = _clock(), MemoryStore()
    verdicts = freeze(np.full(len(BARS), Verdict.STREAMED, dtype=np.uint8))
    store.merge("XNYS", DAY.date, StoredDay(bars=BARS, verdicts=verdicts))
    yield World(replay_feed(store, [DAY], clock), clock)


@contextmanager
def simulated_world(_folder: Path) -> Iterator[World]:
    clock = _clock()
    yield World(simulated_feed(MARKET, [DAY], clock), clock)


@contextmanager
def file_world(folder: Path) -> Iterator[World]:
    path = folder / "lines.jsonl"
    path.touch()

    def append(bars: list[Bar]) -> None:
        with path.open("ab") as file:
            file.write(lines_of(bars))

    yield World(_jsonlines(FileSource(path)), _clock(), append)


@contextmanager
def pipe_world(_folder: Path) -> Iterator[World]:
    reading, writing = os.pipe()
    source = PipeSource(reading)

    def write(bars: list[Bar]) -> None:
        os.write(writing, lines_of(bars))

    yield World(_jsonlines(source), _clock(), write)
    os.close(writing)
    source.open()
    source._thread.join(10)
    os.close(reading)


@contextmanager
def socket_world(_folder: Path) -> Iterator[World]:
    server = LineServer()
    world = World(
        _jsonlines(SocketSource("127.0.0.1", server.port)), _clock(), lambda bars: server.write(lines_of(bars))
    )
    world.left = server.hang_up
    yield world
    server.close()


@contextmanager
def alpaca_world(_folder: Path) -> Iterator[World]:
    server = AlpacaServer()
    world = World(
        AlpacaFeed(KEYS, url=server.url, channels=("bars",)),  # one request at a time: nobody reads between
        _clock(),
        lambda bars: server.send(*(_alpaca_bar(bar) for bar in bars)),
    )
    world.subscribed = server.wait_for_subscribers
    yield world
    server.stop()


WORLDS = [replay_world, simulated_world, file_world, pipe_world, socket_world, alpaca_world]


def _jsonlines(source: LineSource) -> JsonLinesFeed:
    return JsonLinesFeed(source)


def _alpaca_bar(bar: Bar) -> dict[str, Any]:
    prices: dict[str, Any] = {"o": bar.open, "h": bar.high, "l": bar.low, "c": bar.close, "v": bar.volume}
    return bar_message(bar.symbol, bar.start_ns, **prices, n=None, vw=None)


def lines_of(bars: list[Bar]) -> bytes:
    """Return bars as a sender writes them."""
    return b"".join(
        msgspec.json.encode(
            {
                "type": "bar",
                "symbol": bar.symbol,
                "start": bar.start_ns,
                "open": bar.open,
                "high": bar.high,
                "low": bar.low,
                "close": bar.close,
                "volume": bar.volume,
            }
        )
        + b"\n"
        for bar in bars
    )
