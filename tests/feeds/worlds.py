"""One market, as each feed lets it happen."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np

from actors.feeds.jsonlines.feed import JsonLinesFeed
from actors.feeds.jsonlines.line_source import FileSource, LineSource, PipeSource, SocketSource
from actors.feeds.replay import replay_feed
from actors.feeds.simulated.feed import simulated_feed
from actors.kernel.ports import StoredDay
from actors.storage.memory import MemoryStore
from messages import Bar, Verdict
from messages.tables.columns import freeze
from tests.builders import DAY
from tests.feeds.jsonlines.sender import LineServer
from tests.feeds.vendor_worlds import VENDOR_WORLDS
from tests.feeds.world import BARS, MARKET, World, day_clock


@contextmanager
def replay_world(_folder: Path) -> Iterator[World]:
    clock, store = day_clock(), MemoryStore()
    verdicts = freeze(np.full(len(BARS), Verdict.STREAMED, dtype=np.uint8))
    store.merge("XNYS", DAY.date, StoredDay(bars=BARS, verdicts=verdicts))
    yield World(replay_feed(store, [DAY], clock), clock)


@contextmanager
def simulated_world(_folder: Path) -> Iterator[World]:
    clock = day_clock()
    yield World(simulated_feed(MARKET, [DAY], clock), clock)


@contextmanager
def file_world(folder: Path) -> Iterator[World]:
    path = folder / "lines.jsonl"
    path.touch()

    def append(bars: list[Bar]) -> None:
        with path.open("ab") as file:
            file.write(lines_of(bars))

    yield World(_jsonlines(FileSource(path)), day_clock(), append)


@contextmanager
def pipe_world(_folder: Path) -> Iterator[World]:
    reading, writing = os.pipe()
    source = PipeSource(reading)

    def write(bars: list[Bar]) -> None:
        os.write(writing, lines_of(bars))

    yield World(_jsonlines(source), day_clock(), write)
    os.close(writing)
    source.open()
    source._thread.join(10)
    os.close(reading)


@contextmanager
def socket_world(_folder: Path) -> Iterator[World]:
    server = LineServer()
    world = World(
        _jsonlines(SocketSource("127.0.0.1", server.port)), day_clock(), lambda bars: server.write(lines_of(bars))
    )
    world.left = server.hang_up
    yield world
    server.close()


WORLDS = [replay_world, simulated_world, file_world, pipe_world, socket_world, *VENDOR_WORLDS]


def _jsonlines(source: LineSource) -> JsonLinesFeed:
    return JsonLinesFeed(source)


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
