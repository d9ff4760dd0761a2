"""A subscriber's place at the fanout: what it wants, its bounded queue, and who reads it."""

import threading
from collections import deque
from collections.abc import Sequence
from itertools import repeat

import msgspec

from actors.kernel.future import Future
from actors.kernel.listen.stretch import Stretch
from actors.kernel.listen.told import Told
from actors.kernel.listen.waiting import Owner, Wait, whoami
from messages.base import Event
from messages.errors import NotReady
from messages.events import BarsUpdated, BarsWithdrawn, MinuteClosed
from messages.values import Interval, Policy

_NO_TICKET = repeat(0)
NEVER = 1 << 62
"""A ticket that is never issued."""

_PROMISED = frozenset({BarsUpdated, MinuteClosed})
"""What is promised: of these a minute tells."""
_OF_BARS = frozenset({BarsUpdated, BarsWithdrawn})
"""Events that may be cut to some symbols or intervals; all others are told whole."""


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What a subscriber wants; empty means everything."""

    events: frozenset[type[Event]] = frozenset()
    symbols: frozenset[str] = frozenset()
    intervals: frozenset[Interval] = frozenset()

    def pick(self, event: Event) -> Event | None:
        """Return the event, cut to the wanted symbols, or ``None``."""
        if self.events and type(event) not in self.events:
            return None
        if type(event) not in _OF_BARS:
            return event
        assert isinstance(event, (BarsUpdated, BarsWithdrawn))
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


class Seat:
    """What the fanout knows of one subscriber. Filled from any thread, read by one at a time."""

    def __init__(self, number: int, name: str, wanted: Filter, policy: Policy, bound: int) -> None:
        self.number = number
        self.name = name
        self.policy = policy
        self.is_waited_for = policy is Policy.BLOCK
        self.dropped = 0
        self._taken = 0
        self.stretch: Stretch | None = None
        """Minutes that are promised to its reader."""
        self.listens_from = NEVER
        """The first ticket whose events come here; the coordinator says which."""
        self.has_asked = False
        """Whether anything was ever asked for here: who only came holds the tape up, but does not have it go on."""
        self.is_left = False
        """Whether its subscription was let go; nobody will read it any more."""
        self.owner: Owner = whoami()
        """Who reads it: who asked last, and at first who made it."""
        self.wait: Wait | None = None
        self._wanted = wanted
        is_cut = bool(wanted.symbols or wanted.intervals)
        self._is_whole = not is_cut or not self.wants_bars
        """Whether nothing that is wanted here is cut."""
        self._bound = bound
        self._lock = threading.Lock()
        self._queue: deque[tuple[Event, int]] = deque()
        self._pushed = 0
        self._mark = -1
        """How many events had been given before the last minute was."""
        self._waiter: Future[None] | None = None
        self._is_ended = False
        self._error: BaseException | None = None

    def wants_only(self, kinds: frozenset[type[Event]]) -> bool:
        """Whether nothing but events of these kinds is wanted here."""
        return bool(self._wanted.events) and self._wanted.events <= kinds

    @property
    def wants_bars(self) -> bool:
        """Whether bars are wanted here."""
        return not self._wanted.events or not _OF_BARS.isdisjoint(self._wanted.events)

    def pick(self, events: list[Event]) -> list[Event]:
        """Return those of the events that are wanted here."""
        kinds = self._wanted.events
        some = [event for event in events if type(event) in kinds] if kinds else events
        if self._is_whole:
            return some
        pick = self._wanted.pick
        return [kept for event in some if (kept := event if type(event) not in _OF_BARS else pick(event)) is not None]

    def push(self, events: list[Event], ticket: int) -> None:
        """Put events into the queue; the ticket goes with the last. Called by the fanout."""
        with self._lock:
            if self._is_ended:
                return
            count = len(events)
            if count == 1:  # nearly always
                self._queue.append((events[0], ticket))
            elif events:
                self._queue.extend(zip(events, _NO_TICKET, strict=False))
                self._queue[-1] = events[-1], ticket
            if ticket:
                self._mark = self._pushed
            self._pushed += count
            if not self.is_waited_for and (overflow := len(self._queue) - self._bound) > 0:
                self._overflow(overflow)
            if self._waiter is None:
                return
            waiter, self._waiter = self._waiter, None
        waiter.set()

    @property
    def is_fond(self) -> bool:
        """Whether its reader, who asks, may be promised minutes: they tell of something, and nothing is before them."""
        kinds = self._wanted.events
        return not (self._queue or self._is_ended) and (not kinds or not kinds.isdisjoint(_PROMISED))

    def pick_each(self, told: Sequence[Told]) -> tuple[Sequence[Told], Sequence[int]]:
        """Return what of minutes is wanted here, and for each how many of the minutes are over with it.

        Args:
            told: of each minute either that it closed, of all of them, or its bars and that.
        """
        entries, ends = list[Told](), list[int]()
        kinds = self._wanted.events
        if not isinstance(told[0], list):
            return (told, range(1, len(told) + 1)) if not kinds or MinuteClosed in kinds else (entries, ends)
        for number, events in enumerate(told, 1):
            assert isinstance(events, list), "minutes tell of their bars, or do not"
            if some := self.pick(events):
                entries.append(some if len(some) > 1 else some[0])
                ends.append(number)
        return entries, ends

    @property
    def taken(self) -> int:
        """Events taken out so far; those that a promise has for one minute, all with the first."""
        stretch = self.stretch  # another thread may end it
        return self._taken + (0 if stretch is None else stretch.taken)

    def end_stretch(self) -> None:
        """Count what was promised to the reader and taken."""
        stretch, self.stretch = self.stretch, None
        assert stretch is not None, "nothing was promised"
        taken, latest = stretch.taken, stretch.latest
        with self._lock:
            self._mark = self._pushed + taken - latest
            self._pushed += taken
            self._taken += taken

    def take(self) -> tuple[Event, int] | Future[None] | None:
        """Return the next event and its ticket, or something to wait for, or ``None`` at the end."""
        with self._lock:
            if self._queue:
                self._taken += 1
                return self._queue.popleft()
            if self._is_ended:
                if self._error is not None:
                    raise self._error
                return None
            waiter: Future[None] = Future()
            self._waiter = waiter
            return waiter

    def put_back(self, events: Sequence[Event], ticket: int) -> None:
        """Take back what was taken last and seen by nobody; the ticket goes with the last of it."""
        with self._lock:
            self._taken -= len(events)
            for event in reversed(events):
                self._queue.appendleft((event, ticket))
                ticket = 0

    @property
    def is_coming(self) -> bool:
        """Whether somebody sits here who is waited for, and is not let in yet."""
        return self.listens_from == NEVER and self.is_waited_for

    @property
    def is_over(self) -> bool:
        """Whether no more will come."""
        return self._is_ended

    @property
    def is_untouched(self) -> bool:
        """Whether nothing was taken of the minute that was given last."""
        return self.taken + self.dropped <= self._mark

    def finish(self, error: BaseException | None) -> None:
        """No more will come: reading stops after what is queued, or raises ``error``."""
        with self._lock:
            self._is_ended = True
            self._error = self._error or error
            waiter, self._waiter = self._waiter, None
        if waiter is not None:
            waiter.set()

    def close(self) -> None:
        """What is still queued is let go, and no more will come."""
        with self._lock:
            self._queue.clear()
        self.finish(None)

    def _overflow(self, count: int) -> None:
        if self.policy is Policy.DISCONNECT:
            self._queue.clear()
            self._is_ended = True
            self._error = NotReady(f"subscriber {self.name!r} fell {self._bound} events behind and was disconnected")
            return
        for _ in range(count):
            self._queue.popleft()
        self.dropped += count


def is_bare(events: list[Event]) -> bool:
    """Whether a minute has no bars of its own: others that are told with it come when it has closed."""
    kinds = map(type, events)
    return next((kind for kind in kinds if kind in _OF_BARS or kind is MinuteClosed), None) is MinuteClosed
