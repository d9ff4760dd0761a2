"""When a session's certificate is made, and made anew: its end, and whatever changes it afterwards."""

from collections import Counter
from collections.abc import Mapping

from actors.session_data.hold.book import Book
from actors.session_data.hold.senders import Senders
from actors.session_data.past.history import History
from actors.session_data.past.sealing import mark_day, sealed_book, sealed_day
from messages.base import Event
from messages.repairs import GapAbandoned, NoTradeConfirmed
from messages.values import Interval, Nanos, Verdict


class Sealer:
    """Says what certificates are made of; where nobody keeps any, nothing.

    Args:
        is_on: whether settled sessions are certified.
        history: the days before the session at hand.
        senders: who said what.
        intervals: the derived bars that a digest is made of.
        is_patient: whether what changes a settled session is sealed when time goes on, and not at once: corrections
            come one by one, and each would be a whole day to write, twenty megabytes of 500 symbols.
    """

    def __init__(
        self,
        history: History,
        senders: Senders,
        intervals: tuple[Interval, ...],
        *,
        is_on: bool,
        is_patient: bool = False,
    ) -> None:
        self._is_on = is_on
        self._is_patient = is_patient
        self._repaired: Counter[str] = Counter()
        """Days of history that changed since they were sealed last, and how many corrections each has taken."""
        self._is_owing = False
        self._history = history
        self._senders = senders
        self._intervals = intervals
        self._date = ""
        self._revision = 0

    def has_sealed(self, book: Book) -> bool:
        """Return whether the session at hand has settled."""
        return book.session.date == self._date

    def settle(self, book: Book | None, date: str, now_ns: Nanos) -> list[Event]:
        """Return what the first certificate of a session is made of; said again if what was said is lost."""
        if book is not None and self.has_sealed(book):
            self._date = ""
        return self.seal(book, date, now_ns)

    def seal(self, book: Book | None, date: str, now_ns: Nanos, corrections: int = 0) -> list[Event]:
        """Return what the certificate of a session is made of: the one that closed last, or a day of history.

        ``corrections`` are those since its last certificate, of a day of history.
        """
        day = self._history.day(date)
        if not self._is_on:
            return []
        if book is not None and book.session.date == date:
            issuer = "fill" if date == self._date else "session"
            self._date, self._revision = date, book.revision
            return [sealed_book(book, self._senders, self._intervals, issuer, book.ledger.since_sealed(), now_ns)]
        return [] if day is None else [sealed_day(day, self._senders, self._intervals, corrections, now_ns)]

    def seal_again(self, book: Book | None, repaired: Mapping[str, int], now_ns: Nanos) -> list[Event]:
        """Return what the certificates of settled sessions are made of that have just changed, if that is told at once.

        Args:
            book: the session at hand.
            repaired: days of history that changed, and how many corrections each has taken.
            now_ns: session time.
        """
        self._repaired.update(repaired)
        self._is_owing = True
        return [] if self._is_patient else self.due(book, now_ns)

    def due(self, book: Book | None, now_ns: Nanos) -> list[Event]:
        """Return what the certificates of settled sessions are made of that have changed, if it has not been told."""
        out: list[Event] = []
        if not self._is_owing:
            return out
        self._is_owing = False
        for date, corrections in self._repaired.items():
            out += self.seal(book, date, now_ns, corrections)
        self._repaired.clear()
        if book is not None and book.session.date == self._date and book.revision > self._revision:
            out += self.seal(book, self._date, now_ns)
        return out

    def mark(
        self, book: Book | None, message: NoTradeConfirmed | GapAbandoned, verdict: Verdict, now_ns: Nanos
    ) -> list[Event]:
        """Give minutes a verdict; return what the certificate of their day is made of, if it has one."""
        sender = self._senders.number(message.source)
        day = self._history.day(message.session_date)
        if book is not None and book.session.date == message.session_date:
            book.mark(message.gaps, verdict, sender)
            return self.seal_again(book, {}, now_ns)
        if day is not None:
            mark_day(self._history, day, message.gaps, verdict, sender)
            return self.seal_again(book, {message.session_date: 0}, now_ns)
        return []

    def record(self, book: Book | None, now_ns: Nanos) -> list[Event]:
        """Return the open session as it stands, to be written down; and what is due of those that have settled."""
        due = self.due(book, now_ns)
        if book is None or book.session.date == self._date:
            return due
        return [*due, sealed_book(book, self._senders, self._intervals, "recording", (0, {}), now_ns)]
