"""What a feed tells, on credit: a coordinator that is behind is told as much in fewer messages."""

import threading
from collections import deque

import msgspec

from actors.kernel.address import Address
from messages.feeds import FeedBars, FeedEvent, FeedHeartbeat, FeedQuotes, FeedReported, FeedTicks
from messages.values import Nanos, Quote, Tick

_MOST_TICKS = 10_000
"""Trades in one message, where many wait."""


class _TickRun:
    """Trades that wait, to be told as one event."""

    def __init__(self, event: FeedTicks) -> None:
        self._event = event
        self._ticks: list[Tick] = []
        self._ids: list[str] = []

    def add(self, event: FeedTicks) -> None:
        self._ticks += event.ticks
        self._ids += event.ids or [""] * len(event.ticks)

    @property
    def is_full(self) -> bool:
        return len(self._ticks) >= _MOST_TICKS

    def event(self) -> FeedTicks:
        ids = tuple(self._ids) if any(self._ids) else ()
        return msgspec.structs.replace(self._event, ticks=tuple(self._ticks), ids=ids)


class _QuoteSlot:
    """Quotes that wait, the latest of each symbol: they are told in the place of the first of them."""

    def __init__(self, feed: str) -> None:
        self._feed = feed
        self._latest: dict[str, Quote] = {}
        self._arrived_ns: Nanos = 0

    def add(self, event: FeedQuotes) -> int:
        """Add quotes; return by how many there are now more."""
        before = len(self._latest)
        self._latest.update((quote.symbol, quote) for quote in event.quotes)
        self._arrived_ns = event.arrived_ns
        return len(self._latest) - before

    def event(self) -> FeedQuotes:
        return FeedQuotes(feed=self._feed, quotes=tuple(self._latest.values()), arrived_ns=self._arrived_ns)


class Outgoing:
    """Tells events in order, at most ``credit`` of those with data before they are settled; safe from any thread.

    What waits for credit: bars as they came, trades gathered into larger messages, quotes conflated per symbol.
    """

    def __init__(self, address: Address[FeedEvent], credit: int) -> None:
        self._address = address
        self._credit = credit
        self._unsettled: set[int] = set()
        self._last_ticket = 0
        self._waiting: deque[FeedEvent | _TickRun | _QuoteSlot] = deque()
        self._quotes: _QuoteSlot | None = None
        # Reentrant: an address that handles at once may settle before `tell` returns.
        self._lock = threading.RLock()
        self.waiting = 0
        """Bars, trades and quotes that wait."""
        self.conflated = 0
        """Quotes that gave way to a later one."""

    def put(self, event: FeedEvent) -> None:
        """Tell an event, now or when its turn comes."""
        with self._lock:
            if isinstance(event, FeedReported) or self._may_go(event):  # a report is of no use when it is old
                self._tell(event)
            else:
                self._keep(event)

    def settled(self, ticket: int) -> None:
        """Take a ticket back, and tell what may go now."""
        with self._lock:
            self._unsettled.discard(ticket)
            while self._waiting and self._may_be_told(self._waiting[0]):
                self._tell(self._next())

    def forgive(self) -> None:
        """Tickets may be lost: let go what waited for them."""
        with self._lock:
            self._unsettled.clear()
        self.settled(0)

    def _may_go(self, event: FeedEvent) -> bool:
        return not self._waiting and self._may_be_told(event)

    def _may_be_told(self, kept: "FeedEvent | _TickRun | _QuoteSlot") -> bool:
        return len(self._unsettled) < self._credit or not _is_on_credit(kept)

    def _tell(self, event: FeedEvent) -> None:
        if isinstance(event, FeedBars | FeedTicks | FeedQuotes):
            self._last_ticket += 1
            self._unsettled.add(self._last_ticket)
            event = msgspec.structs.replace(event, ticket=self._last_ticket)
        self._address.tell(event)

    def _keep(self, event: FeedEvent) -> None:
        if isinstance(event, FeedQuotes):
            self._keep_quotes(event)
        elif isinstance(event, FeedTicks):
            self._keep_ticks(event)
        elif not isinstance(event, FeedHeartbeat):  # what waits is sign enough of life
            self._waiting.append(event)
            self.waiting += _size(event)

    def _keep_quotes(self, event: FeedQuotes) -> None:
        if self._quotes is None:
            self._quotes = _QuoteSlot(event.feed)
            self._waiting.append(self._quotes)
        more = self._quotes.add(event)
        self.waiting += more
        self.conflated += len(event.quotes) - more

    def _keep_ticks(self, event: FeedTicks) -> None:
        last = self._waiting[-1] if self._waiting else None
        if not isinstance(last, _TickRun) or last.is_full:
            last = _TickRun(event)
            self._waiting.append(last)
        last.add(event)
        self.waiting += _size(event)

    def _next(self) -> FeedEvent:
        kept = self._waiting.popleft()
        if kept is self._quotes:
            self._quotes = None
        event = kept.event() if isinstance(kept, _TickRun | _QuoteSlot) else kept
        self.waiting -= _size(event)
        return event


def _is_on_credit(kept: "FeedEvent | _TickRun | _QuoteSlot") -> bool:
    return isinstance(kept, FeedBars | FeedTicks | FeedQuotes | _TickRun | _QuoteSlot)


def _size(event: FeedEvent) -> int:
    match event:
        case FeedBars():
            return len(event.batch)
        case FeedTicks():
            return len(event.ticks)
        case FeedQuotes():
            return len(event.quotes)
        case _:
            return 1
