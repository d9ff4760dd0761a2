"""The mind of SessionData: takes what arrives, closes minutes, answers readers. The only writer of bars in memory."""

import math
from collections.abc import Iterable

import msgspec

from actors.kernel.outcome import NOTHING, Outcome, answer, tell
from actors.session_data.book import Book
from actors.session_data.history import History
from actors.session_data.intake import Intake
from actors.session_data.prints import Prints
from actors.session_data.reader import Reader
from actors.session_data.sealing import mark_day, sealed_book, sealed_day
from actors.session_data.senders import Senders
from actors.session_data.warming import Requirements
from actors.settings import SessionRules
from messages.base import Event
from messages.columns import BarBatch
from messages.commands import AddSymbols, RecordSession, RemoveSymbols
from messages.errors import NotReady, UnknownSymbol
from messages.events import (
    BarArrived,
    BarRejected,
    BarsArrived,
    BoundaryKind,
    MinuteSettled,
    QuoteArrived,
    ReceiptSettled,
    SessionBoundary,
    SessionReported,
    SymbolsChanged,
    TickArrived,
    TimeAdvanced,
)
from messages.feeds import (
    DayVolumeReported,
    FeedConnected,
    FeedEnded,
    FeedLost,
    MessagesRejected,
    SymbolsRefused,
    TradeAmended,
    TradingStatusChanged,
)
from messages.history import RequireHistory
from messages.inboxes import SessionDataInbox
from messages.lifecycle import LagChanged, PhaseChanged
from messages.repairs import (
    AbandonGaps,
    BarsFilled,
    GapAbandoned,
    MinuteApplied,
    NoTradeConfirmed,
    PassTicket,
    SessionSettled,
)
from messages.values import Nanos, Quote, Tick, Verdict


class SessionDataCore:
    """One session, the days before it, and the latest quotes and ticks.

    Until the next session opens, readers see the one that closed.
    """

    def __init__(self, rules: SessionRules | None = None, *, has_upkeep: bool = False) -> None:
        """Set up.

        Args:
            rules: how what comes is treated.
            has_upkeep: whether tickets pass through DataUpkeep, and settled sessions are certified.
        """
        self._rules = rules or SessionRules()
        self._has_upkeep = has_upkeep
        self._sealed_date = ""
        self._sealed_revision = 0
        self._now_ns: Nanos = 0
        self._book: Book | None = None
        self._history = History(self._rules.trailing_sessions, self._rules.daily_sessions)
        self._requirements = Requirements()
        self._senders = Senders(self._rules.sources)
        self._quotes: Prints[Quote] = Prints(self._rules.quote_window)
        self._ticks: Prints[Tick] = Prints(self._rules.quote_window)

    def handle(self, message: SessionDataInbox) -> Outcome:
        """Take one message. Bad data is an event; only a bug raises."""
        match message:
            case BarsArrived():
                return self._bars_arrived(message)
            case TimeAdvanced():
                return self._time_advanced(message)
            case BarArrived():
                return self._bar_arrived(message)
            case QuoteArrived():
                return self._quote_arrived(message)
            case TickArrived():
                return self._tick_arrived(message)
            case SessionBoundary():
                return self._session_boundary(message)
            case PassTicket():
                return tell(MinuteSettled(ticket=message.ticket))
            case BarsFilled():
                return self._bars_filled(message)
            case NoTradeConfirmed():
                return self._mark(message, Verdict.NO_TRADE)
            case GapAbandoned():
                return self._mark(message, Verdict.ABANDONED)
            case RecordSession():
                return tell(*self._record())
            case PhaseChanged() | LagChanged() | FeedConnected() | FeedLost() | FeedEnded() | SymbolsRefused():
                return tell(message)
            case MessagesRejected() | TradeAmended() | DayVolumeReported() | TradingStatusChanged():
                return tell(message)
            case AbandonGaps():
                return self._abandon_gaps(message)
            case SessionSettled():
                return tell(*self._report(message.session_date), *self._seal(message.session_date), message)
            case RequireHistory():
                self._requirements.add(message.requirement)
                return NOTHING
            case AddSymbols():
                return self._add_symbols(message)
            case RemoveSymbols():
                return self._remove_symbols(message)
            case _:
                reader = Reader(self._book, self._history, self._requirements, self._now_ns, self._quotes, self._ticks)
                return reader.read(message)

    def check(self) -> None:
        """Assert what must always be true."""
        if self._book is not None:
            self._book.check()

    # --- arrivals

    def _bars_arrived(self, message: BarsArrived) -> Outcome:
        if not message.is_whole or self._book is None:
            return self._take(message.batch, message)
        self._know(message.now_ns)
        intake = Intake(message, self._book, self._history, self._senders, self._rules, self._now_ns)
        intake.take_whole(message.batch)
        return Outcome(out=(*intake.events, *self._applied(message.ticket)))

    def _bar_arrived(self, message: BarArrived) -> Outcome:
        return self._take(BarBatch.of((message.bar,)), message)

    def _take(self, batch: BarBatch, message: BarsArrived | BarArrived) -> Outcome:
        self._know(message.now_ns)
        book = self._book
        if book is None:
            rejected = [BarRejected(bar=bar, source=message.source, reason="no_session") for bar in batch.bars()]
            return _receipted(rejected, message.receipt, accepted=0, duplicates=0)
        accepted, duplicates = book.ledger.accepted, book.ledger.duplicates
        intake = Intake(message, book, self._history, self._senders, self._rules, self._now_ns)
        intake.take(batch)
        if self._rules.grace_ns:  # what completes a minute closes it; nobody waits for the deadline
            book.close_until(self._now_ns, intake.events)
        return _receipted(
            [*intake.events, *self._certify_again(intake)],
            message.receipt,
            accepted=book.ledger.accepted - accepted,
            duplicates=book.ledger.duplicates - duplicates,
        )

    def _bars_filled(self, message: BarsFilled) -> Outcome:
        book = self._book
        assert book is not None, "a fill before any session"
        intake = Intake(message, book, self._history, self._senders, self._rules, self._now_ns)
        intake.take_fill(message.batch)
        return tell(*intake.events, *self._certify_again(intake))

    def _certify_again(self, intake: Intake) -> list[Event]:
        """Return what the certificates of settled sessions are made of that have just changed."""
        repaired = [sealed for date, corrections in intake.repaired.items() for sealed in self._seal(date, corrections)]
        book = self._book
        is_news = book is not None and book.session.date == self._sealed_date and book.revision > self._sealed_revision
        return [*repaired, *(self._seal(self._sealed_date) if is_news else ())]

    def _seal(self, date: str, corrections: int = 0) -> list[Event]:
        """Return what the certificate of a session is made of: the one that closed last, or a day of history.

        ``corrections`` are those since its last certificate, of a day of history.
        """
        book, day = self._book, self._history.day(date)
        if not self._has_upkeep:
            return []
        if book is not None and book.session.date == date:
            issuer = "fill" if date == self._sealed_date else "session"
            self._sealed_date, self._sealed_revision = date, book.revision
            counts = book.ledger.since_sealed()
            return [sealed_book(book, self._senders, self._rules.intervals, issuer, counts, self._now_ns)]
        if day is None:
            return []
        return [sealed_day(day, self._senders, self._rules.intervals, corrections, self._now_ns)]

    def _record(self) -> list[Event]:
        """Return the open session as it stands, to be written down."""
        book = self._book
        if book is None or book.session.date == self._sealed_date:
            return []
        return [sealed_book(book, self._senders, self._rules.intervals, "recording", (0, {}), self._now_ns)]

    def _abandon_gaps(self, message: AbandonGaps) -> Outcome:
        """The next session is about to open: what is still open of this one closes now, its grace over or not."""
        events: list[Event] = []
        if self._book is not None and self._book.session.date == message.session_date:
            self._book.close_until(self._now_ns + self._rules.grace_ns, events)
        return tell(*events, message)

    def _mark(self, message: NoTradeConfirmed | GapAbandoned, verdict: Verdict) -> Outcome:
        sender = self._senders.number(message.source)
        day = self._history.day(message.session_date)
        if self._book is not None and self._book.session.date == message.session_date:
            self._book.mark(message.gaps, verdict, sender)
        elif day is not None:
            mark_day(self._history, day, message.gaps, verdict, sender)
            return tell(message, *self._seal(message.session_date))
        return tell(message)

    def _quote_arrived(self, message: QuoteArrived) -> Outcome:
        self._know(message.now_ns)
        quote = message.quote
        is_sane = _finite(quote.bid, quote.ask, quote.bid_size, quote.ask_size) and quote.at_ns <= self._now_ns
        if is_sane:
            self._quotes.add(quote)
        return _receipted(
            (), message.receipt, accepted=int(is_sane), duplicates=0, refused=() if is_sane else ("bad_quote",)
        )

    def _tick_arrived(self, message: TickArrived) -> Outcome:
        self._know(message.now_ns)
        tick = message.tick
        is_sane = _finite(tick.price, tick.size) and tick.size >= 0 and tick.at_ns <= self._now_ns
        if is_sane:
            self._ticks.add(tick)
        return _receipted(
            (), message.receipt, accepted=int(is_sane), duplicates=0, refused=() if is_sane else ("bad_tick",)
        )

    # --- time

    def _time_advanced(self, message: TimeAdvanced) -> Outcome:
        self._know(message.now_ns)
        out: list[Event] = []
        if self._book is not None:
            self._book.close_until(self._now_ns, out)
        return Outcome(out=(*out, *self._applied(message.ticket)))

    def _applied(self, ticket: int) -> tuple[Event, ...]:
        """Send a ticket on its way: to the subscribers, or to DataUpkeep first."""
        if not ticket:
            return ()
        if self._has_upkeep:
            return (MinuteApplied(now_ns=self._now_ns, ticket=ticket),)
        return (MinuteSettled(ticket=ticket),)

    def _know(self, now_ns: Nanos) -> None:
        self._now_ns = max(self._now_ns, now_ns)

    def _session_boundary(self, message: SessionBoundary) -> Outcome:
        self._know(message.now_ns)
        boundary = msgspec.structs.replace(message, history=(), background=None, runs=(), ticket=0)
        is_opening = message.kind is BoundaryKind.OPENED
        events = [*self._open(message), boundary] if is_opening else [boundary, *self._close(message)]
        if is_opening:
            events += self._requirements.reported(self._history, message.session.date)
        return Outcome(out=(*events, *self._applied(message.ticket)))

    def _close(self, message: SessionBoundary) -> list[Event]:
        events: list[Event] = []
        if self._book is not None and self._book.session == message.session:
            self._book.close_until(self._now_ns, events)
            events += [] if self._has_upkeep else self._report(message.session.date)
        return events

    def _report(self, date: str) -> list[Event]:
        if self._book is None or self._book.session.date != date:
            return []
        return [SessionReported(report=self._book.report())]

    def _open(self, message: SessionBoundary) -> list[Event]:
        """Begin a session; return how the one before it ended."""
        events: list[Event] = []
        if self._book is not None:
            # A day of history closes nothing: what ended closes now, its grace over or not.
            self._book.close_until(self._now_ns + self._rules.grace_ns, events)
            self._history.roll(self._book.grid)
        self._history.extend(message.history, message.background)
        self._book = Book(message.session, message.symbols, self._rules)
        self._book.recall(message.runs, self._senders)
        self._quotes.clear()
        self._ticks.clear()
        return events

    # --- symbols

    def _add_symbols(self, message: AddSymbols) -> Outcome:
        book = self._book
        if book is None:
            return Outcome(error=NotReady("no session has been opened yet"))
        added = tuple(symbol for symbol in dict.fromkeys(message.symbols) if book.column(symbol) is None)
        for symbol in added:
            book.add(symbol)
        if not added:
            return answer(message, tuple(book.symbols))
        return answer(message, tuple(book.symbols), SymbolsChanged(added=added), *book.gaps_before(added))

    def _remove_symbols(self, message: RemoveSymbols) -> Outcome:
        book = self._book
        if book is None:
            return Outcome(error=NotReady("no session has been opened yet"))
        for symbol in message.symbols:
            if book.column(symbol) is None:
                return Outcome(error=UnknownSymbol.among(symbol, book.symbols))
        book.removed.update(message.symbols)
        return answer(message, tuple(book.symbols), SymbolsChanged(removed=message.symbols))


def _receipted(
    events: Iterable[Event], receipt: int, *, accepted: int, duplicates: int, refused: tuple[str, ...] = ()
) -> Outcome:
    """Return the events, and the receipt where somebody waits for one."""
    out = tuple(events)
    if not receipt:
        return Outcome(out=out)
    reasons = [*refused, *(event.reason for event in out if isinstance(event, BarRejected))]
    return tell(
        *out,
        ReceiptSettled(
            receipt=receipt,
            accepted=accepted,
            rejected=len(reasons),
            duplicates=duplicates,
            reasons=tuple(sorted(set(reasons))),
        ),
    )


def _finite(*numbers: float) -> bool:
    return all(map(math.isfinite, numbers))
