"""One subscriber's bounded queue, read by ``for`` in a thread or ``async for`` in an event loop."""

import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from types import TracebackType
from typing import Protocol, Self

import msgspec

from actors.kernel.future import Future
from messages.base import Event
from messages.errors import NotReady
from messages.events import BarsUpdated, BarsWithdrawn
from messages.values import Interval, Policy

NEVER = 1 << 62
"""A ticket that is never issued."""


class GiveBack(Protocol):
    """How a subscription says that it is done with a ticket, or leaves."""

    def __call__(self, subscription: "Subscription", ticket: int, *, is_leaving: bool) -> None:
        """Return one ticket, or all that it holds when it leaves."""
        ...


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What a subscriber wants; empty means everything."""

    events: frozenset[type[Event]] = frozenset()
    symbols: frozenset[str] = frozenset()
    intervals: frozenset[Interval] = frozenset()

    def pick(self, event: Event) -> Event | None:
        """Return the event, cut to the wanted symbols, or ``None``."""
        if self.events and type(event) not in self.events:
            return None
        if not isinstance(event, BarsUpdated | BarsWithdrawn):
            return event
        if self.intervals and event.interval not in self.intervals:
            return None
        return self._cut(event) if self.symbols else event

    def _cut(self, event: BarsUpdated | BarsWithdrawn) -> BarsUpdated | BarsWithdrawn | None:
        if isinstance(event, BarsWithdrawn):
            symbols = tuple(symbol for symbol in event.symbols if symbol in self.symbols)
            return msgspec.structs.replace(event, symbols=symbols) if symbols else None
        batch = event.batch
        if self.symbols.issuperset(batch.symbols):
            return event
        keep = [batch.symbols[index] in self.symbols for index in batch.symbol_index.tolist()]
        counts = event.base_counts
        if counts is not None:
            counts = tuple(count for count, kept in zip(counts, keep, strict=True) if kept)
        cut = batch.only(self.symbols)
        return msgspec.structs.replace(event, batch=cut, base_counts=counts) if len(cut) else None


class Subscription:
    """An iterator of events. Asking for the next one says that the one before has been dealt with.

    Close it, or use it as a context manager: a backtest in lockstep waits for every subscriber. One reader
    at a time.
    """

    def __init__(self, name: str, wanted: Filter, policy: Policy, bound: int, give_back: GiveBack) -> None:
        self.name = name
        self.policy = policy
        self.dropped = 0
        """Events dropped so far (policy ``drop_oldest``)."""
        self.taken = 0
        """Events taken out so far."""
        self.listens_from = NEVER
        """The first ticket whose events come here; the coordinator says which."""
        self._wanted = wanted
        self._bound = bound
        self._give_back = give_back
        self._lock = threading.Lock()
        self._queue: deque[tuple[Event, int]] = deque()
        self._waiter: Future[None] | None = None
        self._ticket = 0
        self._is_ended = False
        self._error: BaseException | None = None
        self.on_first: Callable[[], None] | None = None
        """Called once, before the first event is waited for."""

    def pick(self, events: Sequence[Event]) -> list[Event]:
        """Return those of the events that are wanted here."""
        return [kept for event in events if (kept := self._wanted.pick(event)) is not None]

    def push(self, events: list[Event], ticket: int) -> None:
        """Put events into the queue; the ticket goes with the last. Called by the fanout."""
        with self._lock:
            if self._is_ended:
                return
            last = len(events) - 1
            self._queue.extend((event, ticket if i == last else 0) for i, event in enumerate(events))
            overflow = len(self._queue) - self._bound if self.policy is not Policy.BLOCK else 0
            if overflow > 0:
                self._overflow(overflow)
            waiter, self._waiter = self._waiter, None
        if waiter is not None:
            waiter.set()

    def finish(self, error: BaseException | None) -> None:
        """No more will come: iteration stops after what is queued, or raises ``error``."""
        with self._lock:
            self._is_ended = True
            self._error = self._error or error
            waiter, self._waiter = self._waiter, None
        if waiter is not None:
            waiter.set()

    def close(self) -> None:
        """Leave; what is still queued is let go. May be called twice."""
        with self._lock:
            self._queue.clear()
        self.finish(None)
        self._give_back(self, 0, is_leaving=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        while True:
            taken = self._take()
            if isinstance(taken, Future):
                taken.get()
            elif taken is None:
                raise StopIteration
            else:
                return taken

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        while True:
            taken = self._take()
            if isinstance(taken, Future):
                await taken
            elif taken is None:
                raise StopAsyncIteration
            else:
                return taken

    def _take(self) -> "Event | Future[None] | None":
        """Return the next event, or something to wait for, or ``None`` at the end."""
        self._settle()
        with self._lock:
            if self._queue:
                event, self._ticket = self._queue.popleft()
                self.taken += 1
                return event
            if self._is_ended:
                if self._error is not None:
                    raise self._error
                return None
            waiter: Future[None] = Future()
            self._waiter = waiter
            return waiter

    def _settle(self) -> None:
        first, self.on_first = self.on_first, None
        if first is not None:
            first()
        ticket, self._ticket = self._ticket, 0
        if ticket and self.policy is Policy.BLOCK:
            self._give_back(self, ticket, is_leaving=False)

    def _overflow(self, count: int) -> None:
        if self.policy is Policy.DISCONNECT:
            self._queue.clear()
            self._is_ended = True
            self._error = NotReady(f"subscriber {self.name!r} fell {self._bound} events behind and was disconnected")
            return
        for _ in range(count):
            self._queue.popleft()
        self.dropped += count
