"""Stand-ins for the far side of a room: they remember, hold back, or break on purpose."""

import threading
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from actors.kernel.future import Future
from actors.kernel.inbox import Inbox
from actors.kernel.ports import BarStore, MergeCounts, StoredDay, StoredDays
from actors.storage.memory import MemoryStore
from messages.base import Query
from messages.certificates import SessionCertificate
from messages.history import Adjustment
from messages.values import Gap, Interval

M = TypeVar("M")
R = TypeVar("R")


class Outbox:
    """An address that remembers what it was told."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    def tell(self, message: object) -> None:
        self.messages.append(message)

    def hand(self, message: object) -> None:
        self.tell(message)

    def promise(self, *_minutes: object) -> None:
        """Nothing: each is told."""

    def of(self, kind: type[M]) -> list[M]:
        """What it was told of one class."""
        return [message for message in self.messages if isinstance(message, kind)]

    def take(self) -> list[Any]:
        """What it was told since the last time."""
        taken, self.messages = self.messages, []
        return taken


class CountingStore(MemoryStore):
    """Remembers which days were read, in which thread, and for which symbols."""

    def __init__(self, adjustments: Iterable[Adjustment] = ()) -> None:
        super().__init__(adjustments)
        self.reads: list[tuple[str, tuple[str, ...] | None]] = []
        self.threads: set[str] = set()

    def read(
        self,
        calendar: str,
        date: str,
        symbols: Sequence[str] | None = None,
        span: tuple[int, int] | None = None,
    ) -> StoredDay | None:
        self.reads.append((date, None if symbols is None else tuple(symbols)))
        self.threads.add(threading.current_thread().name)
        return super().read(calendar, date, symbols, span)


class FailingStore:
    """Another store whose reads of one date raise, and which can hold reads back until ``gate`` is set."""

    def __init__(self, store: BarStore, date: str = "", error: Exception | None = None) -> None:
        self._store = store
        self._date = date
        self._error = error
        self.gate = threading.Event()
        self.gate.set()
        self.reading = threading.Event()
        """Set when somebody has come to read."""
        self.is_closed = False

    def calendars(self) -> tuple[str, ...]:
        return self._store.calendars()

    def dates(self, calendar: str) -> tuple[str, ...]:
        return self._store.dates(calendar)

    def base_interval(self) -> Interval | None:
        return self._store.base_interval()

    def symbols(self, calendar: str, date: str) -> tuple[str, ...]:
        return self._store.symbols(calendar, date)

    def read(
        self,
        calendar: str,
        date: str,
        symbols: Sequence[str] | None = None,
        span: tuple[int, int] | None = None,
    ) -> StoredDay | None:
        self.reading.set()
        assert self.gate.wait(30), "nobody opened the gate"
        if self._error is not None and date == self._date:
            raise self._error
        return self._store.read(calendar, date, symbols, span)

    def merge(self, calendar: str, date: str, day: StoredDay) -> MergeCounts:
        return self._store.merge(calendar, date, day)

    def merge_stretches(
        self, calendar: str, date: str, symbols: Sequence[str], stretches: Iterable[StoredDay]
    ) -> MergeCounts:
        return self._store.merge_stretches(calendar, date, symbols, stretches)

    def merge_days(self, calendar: str, days: StoredDays) -> MergeCounts:
        return self._store.merge_days(calendar, days)

    def withdraw(self, calendar: str, date: str, gaps: Sequence[Gap]) -> int:
        return self._store.withdraw(calendar, date, gaps)

    def certified_calendars(self) -> tuple[str, ...]:
        return self._store.certified_calendars()

    def certified(self, calendar: str) -> tuple[str, ...]:
        return self._store.certified(calendar)

    def certificate(self, calendar: str, date: str) -> SessionCertificate | None:
        return self._store.certificate(calendar, date)

    def earlier(self, calendar: str, date: str) -> tuple[SessionCertificate, ...]:
        return self._store.earlier(calendar, date)

    def is_as_issued(self, calendar: str, date: str) -> bool | None:
        return self._store.is_as_issued(calendar, date)

    def certify(self, calendar: str, date: str, certificate: SessionCertificate) -> None:
        self._store.certify(calendar, date, certificate)

    def adjustments(self) -> tuple[Adjustment, ...]:
        return self._store.adjustments()

    def close(self) -> None:
        self.is_closed = True


class Mailbox:
    """What a room's address holds in place of Pykka's reference: puts all that comes into one queue."""

    def __init__(self, deliver: Any) -> None:
        self._deliver = deliver
        self._is_alive = True
        self.actor_inbox = Inbox()  # without a handler: nothing is handed over, all is told

    def tell(self, message: object) -> None:
        self._deliver(message, None)

    def ask(self, query: Query[R], *, block: bool) -> Future[R]:
        assert not block, "nobody waits in here"
        future: Future[R] = Future()
        self._deliver(query, future)
        return future

    def is_alive(self) -> bool:
        return self._is_alive

    def stop(self, *, block: bool) -> None:
        assert not block, "nobody waits in here"
        self._is_alive = False
        self._deliver(None, None)
