"""Who listens to a feed: directly, read by read, or through its runner, event by event."""

import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from actors.feeds.port import Feed
from messages import Bar, FeedBars, FeedHeartbeat
from messages.feeds import FeedItem
from tests.patience import PATIENCE_S

M = TypeVar("M")


class Listener:
    """An address that remembers what it was told, and can be waited at for more."""

    def __init__(self, handle: Callable[[Any], None] | None = None) -> None:
        self.messages: list[Any] = []
        self._handle = handle
        self._told = threading.Condition()

    def tell(self, message: Any) -> None:
        with self._told:
            self.messages.append(message)
            self._told.notify_all()
        if self._handle is not None:
            self._handle(message)

    def of(self, kind: type[M]) -> list[M]:
        """What it was told of one class so far."""
        with self._told:
            return [message for message in self.messages if isinstance(message, kind)]

    def wait_for(self, kind: type[M], count: int = 1) -> list[M]:
        """Wait until it was told so many of one class, and return them."""
        self.wait_until(lambda: len(self.of(kind)) >= count, f"{count} of {kind.__name__}")
        return self.of(kind)

    def wait_until(self, is_so: Callable[[], bool], what: str = "it") -> None:
        with self._told:
            assert self._told.wait_for(is_so, PATIENCE_S), f"waited in vain for {what}: {self.messages[-10:]}"

    def bars(self) -> list[Bar]:
        return [bar for event in self.of(FeedBars) for bar in event.batch.bars()]


class Reader:
    """Reads a feed in the test's own thread."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.stopping = threading.Event()
        self._reads: Iterator[tuple[FeedItem, ...]] = iter(())

    def connect(self) -> None:
        self.feed.connect(self.stopping)
        self._reads = self.feed.reads()

    def read(self) -> tuple[FeedItem, ...]:
        return next(self._reads)

    def until(self, is_enough: Callable[[list[FeedItem]], bool]) -> list[FeedItem]:
        """Read until what came is enough, heartbeats left out; return it."""
        found: list[FeedItem] = []
        for _ in range(200):
            found += [item for item in self.read() if not isinstance(item, FeedHeartbeat)]
            if is_enough(found):
                return found
        raise AssertionError(f"not enough came: {found}")

    def next_of(self, kind: type[M], count: int = 1) -> list[M]:
        """Read until so many of one class came, and return them."""
        found = self.until(lambda items: sum(isinstance(item, kind) for item in items) >= count)
        return [item for item in found if isinstance(item, kind)]

    def next_bars(self, count: int) -> list[Bar]:
        """Read until so many bars came; return them."""
        found = self.until(lambda items: len(bars_of(items)) >= count)
        return bars_of(found)


def bars_of(items: list[FeedItem]) -> list[Bar]:
    return [bar for item in items if isinstance(item, FeedBars) for bar in item.batch.bars()]
