"""What a feed has given so far, and how its connection is."""

from messages.feeds import (
    FeedBars,
    FeedHealth,
    FeedItem,
    FeedQuotes,
    FeedTicks,
    MessagesRejected,
    Rejection,
    Taken,
)
from messages.values import Nanos


class Tally:
    """Counted by the feed's thread, read by any."""

    def __init__(self, feed: str) -> None:
        self._feed = feed
        self._is_connected = False
        self.is_over = False
        """Whether there will be no more."""
        self._connections = 0
        self._losses = 0
        self._last_error = ""
        self._last_life_ns: Nanos | None = None
        self._bars = 0
        self._corrections = 0
        self._quotes = 0
        self._ticks = 0
        self._misread = 0
        self._first_misread: Rejection | None = None
        self._taken = Taken()

    def connected(self) -> None:
        """Count a connection."""
        self._is_connected = True
        self._connections += 1

    def lost(self, reason: str) -> None:
        """Count a loss."""
        self._is_connected = False
        self._losses += 1
        self._last_error = reason

    def settled(self, taken: Taken) -> None:
        """Note what has become of all that was understood so far; told by the thread that settles tickets."""
        self._taken = taken

    def over(self) -> None:
        """Note that there will be no more."""
        self._is_connected = False
        self.is_over = True

    def add(self, item: FeedItem, now_ns: Nanos) -> None:
        """Count what a read gave."""
        self._last_life_ns = now_ns
        match item:
            case FeedQuotes():
                self._quotes += len(item.quotes)
            case FeedTicks():
                self._ticks += len(item.ticks)
            case FeedBars():
                self._bars += len(item.batch)
                self._corrections += len(item.batch) if item.is_correction else 0
            case MessagesRejected():
                self._misread += item.count
                self._first_misread = self._first_misread or next(iter(item.first), None)
            case _:
                pass

    def health(self, *, waiting: int, conflated: int) -> FeedHealth:
        """Return all of it."""
        taken, misread = self._taken, self._misread
        return FeedHealth(
            feed=self._feed,
            is_connected=self._is_connected,
            is_over=self.is_over,
            connections=self._connections,
            losses=self._losses,
            last_life_ns=self._last_life_ns,
            last_error=self._last_error,
            bars=self._bars,
            corrections=self._corrections,
            quotes=self._quotes,
            conflated=conflated,
            ticks=self._ticks,
            rejected=misread + taken.rejected,
            received=misread + taken.received,
            accepted=taken.accepted,
            duplicates=taken.duplicates,
            misread=misread,
            first_misread=self._first_misread,
            waiting=waiting,
        )
