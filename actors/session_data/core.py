"""The mind of SessionData: takes what arrives, closes minutes, answers readers. The only writer of bars in memory."""

from collections.abc import Iterable, Sequence

import msgspec

from actors.kernel.listen.told import Told
from actors.kernel.outcome import NOTHING, Outcome, tell
from actors.session_data.answer.reader import Reader
from actors.session_data.hold.accounts import unequal
from actors.session_data.hold.book import Book
from actors.session_data.hold.ledger import Ledger
from actors.session_data.hold.print_log import PrintLog
from actors.session_data.hold.report import reported
from actors.session_data.hold.senders import Senders
from actors.session_data.members.joining import FromStore
from actors.session_data.members.roster import Members
from actors.session_data.news import question_of
from actors.session_data.past.history import history_for
from actors.session_data.past.sealer import Sealer
from actors.session_data.past.warm_up import Requirements
from actors.session_data.standing import stands
from actors.session_data.take.ahead import Ahead
from actors.session_data.take.doubt import doubt
from actors.session_data.take.intake import Intake
from actors.session_data.take.receipts import receipted
from actors.session_data.take.trades_and_quotes import Trading
from actors.settings import SessionRules
from messages.base import Event, Message
from messages.commands import AddSymbols, RecordSession, RemoveSymbols
from messages.events import (
    BarArrived,
    BarRejected,
    BarsArrived,
    BoundaryKind,
    GapDetected,
    MinuteSettled,
    QuoteArrived,
    QuotesArrived,
    SessionBoundary,
    SymbolsChanged,
    TickArrived,
    TicksArrived,
    TimeAdvanced,
)
from messages.feeds import FeedConnected, FeedEnded, FeedLost, FeedSettled, Taken, TradeAmended, TradingStatusChanged
from messages.history import RequireHistory
from messages.inboxes import SessionDataInbox
from messages.joining import LockSymbols, SymbolsJoined, SymbolsLoaded, UnlockSymbols
from messages.listeners import HearingChanged
from messages.repairs import (
    AbandonGaps,
    BarsFilled,
    GapAbandoned,
    MinuteApplied,
    NoTradeConfirmed,
    PassTicket,
    SessionSettled,
)
from messages.supervision import MakeGood
from messages.tables.columns import BarBatch
from messages.values import Nanos, Quote, Tick, Verdict


class SessionDataCore:
    """One session, the days before it, and the latest quotes and ticks.

    Until the next session opens, readers see the one that closed.
    """

    def __init__(
        self,
        rules: SessionRules | None = None,
        *,
        has_upkeep: bool = False,
        fills: bool = True,
        needed: Iterable[str] = (),
        holds_arrivals: bool = False,
        plays_all: bool = False,
        keeps_prints: bool = False,
    ) -> None:
        """Set up.

        Args:
            rules: how what comes is treated.
            has_upkeep: whether tickets pass through DataUpkeep, and settled sessions are certified.
            fills: whether DataUpkeep sees to it that every missing minute gets a verdict.
            needed: symbols without which a session is not complete.
            holds_arrivals: whether arrivals wait while symbols that join are being loaded, as in a backtest.
            plays_all: whether no symbols are named of what is replayed: who has not traded before is not known yet.
            keeps_prints: whether it is kept what was known when, as on a live day.
        """
        self._rules = rules = rules or SessionRules()
        self._prints = PrintLog(self._rules.grace_ns) if keeps_prints else None
        self._has_upkeep = has_upkeep
        self.now_ns: Nanos = 0
        self._book: Book | None = None
        self.history = history_for(self._rules)
        self._requirements = Requirements()
        self.senders = Senders(self._rules.sources)
        self._sealer = Sealer(self.history, self.senders, rules.intervals, is_on=has_upkeep, is_patient=keeps_prints)
        self._members = Members(needed, fills=has_upkeep and fills, holds_arrivals=holds_arrivals, plays_all=plays_all)
        self.trading = Trading(self._rules, self.senders)
        self.ahead = Ahead(self.senders, self._members, self.trading)
        self.reader = Reader(self.history, self._requirements, self.trading, self.ahead)

    def handle(self, message: SessionDataInbox) -> Outcome:
        """Take one message. Bad data is an event; only a bug raises."""
        if self.ahead.promise is not None:
            self.move_up(is_over=not message.is_question)
        if type(message) is BarsArrived or type(message) is TimeAdvanced:
            if (events := self.ahead.take(message, self._book)) is not None:
                self._know(message.now_ns)
                return Outcome(None, (*events, *self._applied(message.ticket)))
        elif message.is_question:
            return self.reader.read(message, self.now_ns)  # type: ignore[arg-type]  # a question is what is asked
        else:
            self.ahead.disturb()
        ready = [said for loaded in self._members.ready_for(message) for said in self._handle_one(loaded).out]
        if self._members.holds(message):
            return tell(*ready)
        return self._handle_one(message, *ready)

    def plain(self, minutes: Sequence[BarsArrived | TimeAdvanced]) -> Sequence[Told]:
        """Return what is told of the next minutes: bars that are heard of, and that they closed, if that is all."""
        self.move_up(is_over=True)
        return self.ahead.plain(minutes, self._book)

    def move_up(self, *, is_over: bool) -> None:
        """Take what a reader has taken of the minutes that were promised; he gets no more, if that ``is_over``."""
        self._know(self.ahead.move_up(self._book, is_over=is_over))

    def glance(self) -> None:
        """Show what he has taken to the reader of the session, which sees to it that nobody looks beyond."""
        self.now_ns = self.ahead.glance(self._book)  # never less than it was: whatever else comes ends the promise

    def _handle_one(self, message: SessionDataInbox, *before: Message) -> Outcome:
        outcome = self._handle(message)
        if self._prints is not None and outcome.out:
            outcome = msgspec.structs.replace(outcome, out=self._prints.told(outcome.out, self._book, self.now_ns))
        if self._book is not None and self._members.tables is not None:
            outcome = msgspec.structs.replace(outcome, out=self._members.tables.told(outcome.out, self._book))
        news = self._members.news(self._book, self.now_ns, self._requirements.symbols)
        return msgspec.structs.replace(outcome, out=(*before, *outcome.out, *news)) if before or news else outcome

    def _handle(self, message: SessionDataInbox) -> Outcome:
        match message:
            case BarsArrived():
                return self._bars_arrived(message)
            case TicksArrived():
                return self._ticks_arrived(message)
            case QuotesArrived():
                return self._quotes_arrived(message)
            case TimeAdvanced():
                return self._time_advanced(message)
            case BarArrived():
                return self._take(BarBatch.of((message.bar,)), message)
            case QuoteArrived():
                return self._print_arrived(message.quote, message)
            case TickArrived():
                return self._print_arrived(message.tick, message)
            case SessionBoundary():
                return self._session_boundary(message)
            case HearingChanged():
                return self.ahead.hear(message, self._book)
            case PassTicket():
                return tell(MinuteSettled(ticket=message.ticket))
            case FeedSettled():
                return tell(self.senders.settled(message))
            case BarsFilled():
                return self._bars_filled(message)
            case NoTradeConfirmed():
                return tell(message, *self._sealer.mark(self._book, message, Verdict.NO_TRADE, self.now_ns))
            case GapAbandoned():
                return tell(message, *self._sealer.mark(self._book, message, Verdict.ABANDONED, self.now_ns))
            case RecordSession():
                return tell(*self._sealer.record(self._book, self.now_ns))
            case FeedConnected() | FeedLost() | FeedEnded() | TradingStatusChanged():
                doubted = self.trading.note(message)
                found = doubt(doubted, self._book, self.history, self._sealer, self.senders, self.now_ns)
                return tell(message, *found)
            case TradeAmended():
                return tell(message, *self.trading.amend(message))
            case AbandonGaps():
                return self._abandon_gaps(message)
            case SessionSettled():
                sealed = self._sealer.settle(self._book, message.session_date, self.now_ns)
                return tell(*reported(self._book, message.session_date), *sealed, message)
            case RequireHistory():
                self._requirements.add(message.requirement)
                return NOTHING
            case AddSymbols():
                return self._add_symbols(message)
            case RemoveSymbols():
                return self._members.remove(message, self._book)
            case LockSymbols() | UnlockSymbols():
                return self._members.lock(message, self._book)
            case SymbolsLoaded():
                return self._symbols_loaded(message)
            case MakeGood():
                return tell(*stands(message, self._book, self.history, self._sealer, self._members, self.now_ns))
            case _:
                question = question_of(message)
                return tell(message) if question is None else self.reader.read(question, self.now_ns)

    def missing(self) -> list[GapDetected]:
        """Return what the open session still lacks of its closed minutes, for who has not heard of it."""
        return [] if self._book is None else self._book.missing()

    def inherit(self, before: "SessionDataCore") -> None:
        """Take over the closed days of one that met a bug, to which nobody writes, and what feeds are told."""
        self.history.adopt(before.history)
        self.senders.reckon(before.senders.accounts())

    def troubles(self) -> tuple[str, ...]:
        """Return a sentence for each sender, and for the session, whose counts do not add up. It costs nothing."""
        counts = self.senders.accounts()
        if self._book is not None:
            counts[f"session {self._book.session.date}"] = self._book.ledger.taken()
        return tuple(unequal(counts))

    def check(self) -> None:
        """Assert what must always be true."""
        if self._book is not None:
            self._book.check()

    # --- arrivals

    def _bars_arrived(self, message: BarsArrived) -> Outcome:
        if not message.is_whole or self._book is None:
            return self._take(message.batch, message)
        self._know(message.now_ns)
        return Outcome(out=(*self._whole(message.batch, message, self._book), *self._applied(message.ticket)))

    def _whole(self, batch: BarBatch, message: BarsArrived | FromStore, book: Book) -> list[Event]:
        """Take whole minutes, with what is played from here."""
        intake = Intake(message, book, self.history, self.senders, self._rules, self.now_ns)
        intake.take_whole(self._members.with_due(batch, book, self.now_ns))
        return intake.events

    def _take(self, batch: BarBatch, message: BarsArrived | BarArrived) -> Outcome:
        self._know(message.now_ns)
        if (book := self._book) is None:
            rejected = [BarRejected(bar=bar, source=message.source, reason="no_session") for bar in batch.bars()]
            self.senders.book(message.source, Taken(received=len(batch), rejected=len(rejected)))
            return receipted(rejected, message.receipt, accepted=0, duplicates=0)
        before = book.ledger.taken()
        intake = Intake(message, book, self.history, self.senders, self._rules, self.now_ns)
        intake.take(batch)
        taken = self.senders.book(message.source, book.ledger.taken(since=before))
        if self._rules.grace_ns:  # what completes a minute closes it; nobody waits for the deadline
            book.close_until(self.now_ns, intake.events)
        events = [*intake.events, *self._sealer.seal_again(self._book, intake.repaired, self.now_ns)]
        return receipted(events, message.receipt, accepted=taken.accepted, duplicates=taken.duplicates)

    def _bars_filled(self, message: BarsFilled) -> Outcome:
        assert self._book is not None, "a fill before any session"
        intake = Intake(message, self._book, self.history, self.senders, self._rules, self.now_ns)
        intake.take_fill(message.batch)
        return tell(*intake.events, *self._sealer.seal_again(self._book, intake.repaired, self.now_ns))

    def _abandon_gaps(self, message: AbandonGaps) -> Outcome:
        """The next session is about to open: what is still open of this one closes now, its grace over or not."""
        events: list[Event] = []
        if self._book is not None and self._book.session.date == message.session_date:
            events += self._folded(0)
            self._book.close_until(self.now_ns + self._rules.grace_ns, events)
        return tell(*events, message)

    def _ticks_arrived(self, message: TicksArrived) -> Outcome:
        self._know(message.now_ns)
        return Outcome(out=self.trading.take_ticks(message, self.now_ns, self._ledger))

    def _quotes_arrived(self, message: QuotesArrived) -> Outcome:
        self._know(message.now_ns)
        return Outcome(out=self.trading.take_quotes(message, self.now_ns, self._ledger))

    def _print_arrived(self, item: Tick | Quote, message: TickArrived | QuoteArrived) -> Outcome:
        self._know(message.now_ns)
        reason = self.trading.take(item, self.now_ns, self._ledger)
        refused = (reason,) if reason else ()
        return receipted((), message.receipt, accepted=1 - len(refused), duplicates=0, refused=refused)

    @property
    def _ledger(self) -> Ledger:
        """The open session's; before the first one what comes is not counted."""
        return Ledger() if self._book is None else self._book.ledger

    def _folded(self, grace_ns: Nanos) -> list[Event]:
        """Write the bars that are due of feeds that send trades only."""
        events: list[Event] = []
        if (book := self._book) is None:
            return events
        for made in self.trading.due(self.now_ns, grace_ns):
            intake = Intake(made, book, self.history, self.senders, self._rules, self.now_ns)
            if made.is_gone:
                intake.take_out(made.batch)
            else:
                intake.take(made.batch)
            events += [*intake.events, *self._sealer.seal_again(self._book, intake.repaired, self.now_ns)]
        return events

    # --- time

    def _time_advanced(self, message: TimeAdvanced) -> Outcome:
        self._know(message.now_ns)
        out = self._folded(self._rules.grace_ns)
        if self._book is not None and self._members.is_playing:
            out += self._whole(BarBatch.of(()), FromStore("tape"), self._book)
        elif self._book is not None:
            self._book.close_until(self.now_ns, out)
        out += self._sealer.due(self._book, self.now_ns)
        return Outcome(out=(*out, *self._applied(message.ticket)))

    def _applied(self, ticket: int) -> tuple[Event, ...]:
        """Send a ticket on its way: to the subscribers, or to DataUpkeep first."""
        if not ticket:
            return ()
        now_ns = self.now_ns
        return (MinuteApplied(now_ns=now_ns, ticket=ticket) if self._has_upkeep else MinuteSettled(ticket=ticket),)

    def _know(self, now_ns: Nanos) -> None:
        self.now_ns = max(self.now_ns, now_ns)

    def _session_boundary(self, message: SessionBoundary) -> Outcome:
        self._know(message.now_ns)
        boundary = message.bare()
        is_opening = message.kind is BoundaryKind.OPENED
        unseen = [] if is_opening or self._book is None else self._book.reveal()
        if is_opening and self._book is not None and self._book.session == message.session:
            there = self._book.symbols  # it is open: who said so had not heard of it
            return tell(msgspec.structs.replace(boundary, symbols=there), *self._applied(message.ticket))
        if not is_opening:
            return Outcome(out=(*unseen, boundary, *self._close(message), *self._applied(message.ticket)))
        events = self._open(message)
        assert self._book is not None, "no session without a book"
        # Whom the tape has besides is not known to anybody yet.
        there = tuple(symbol for symbol in self._book.grid.symbols if symbol not in self._book.removed)
        events.append(msgspec.structs.replace(boundary, symbols=there))
        joining = self._members.open(self._book, message.symbols)
        events += self._requirements.reported(self.history, message.session.date)
        is_held = self._members.holds_ticket(message.ticket)
        return Outcome(out=(*events, *joining, *(() if is_held else self._applied(message.ticket))))

    def _close(self, message: SessionBoundary) -> list[Event]:
        events: list[Event] = []
        if self._book is not None and self._book.session == message.session:
            self._book.has_ended = True
            events += self._folded(self._rules.grace_ns)
            self._book.close_until(self.now_ns, events)
            events += [] if self._has_upkeep else reported(self._book, message.session.date)
        return events

    def _open(self, message: SessionBoundary) -> list[Message]:
        """Begin a session; return how the one before it ended."""
        told: list[Message] = []
        if self._book is not None:
            # A day of history closes nothing: what ended closes now, its grace over or not.
            events = self._folded(0)
            self._book.close_until(self.now_ns + self._rules.grace_ns, events)
            told += [*events, *self._sealer.due(self._book, self.now_ns)]
            if self._prints is not None:
                told = list(self._prints.told(tuple(told), self._book, self.now_ns))
        spare = None if self._book is None else self.history.roll(self._book.grid)
        self.history.extend(message.history, message.background)
        known = self._members.known(message, self.history.traded, self._requirements.symbols)
        unseen = set(message.symbols) - known
        symbols = message.symbols if known.issubset(message.symbols) else tuple(sorted(known | unseen))
        self._book = Book(message.session, symbols, self._rules, self.trading.halts, unseen, spare)
        self.reader.open(self._book)
        self._book.recall(message.runs, self.senders, message.told)
        self.ahead.open(self._book, None if self._has_upkeep else message.tape)
        self.trading.open(self._book.axis.interval, message.session)
        return told

    def _add_symbols(self, message: AddSymbols) -> Outcome:
        outcome = self._members.add(message, self._book)
        for said in outcome.out:
            if isinstance(said, SymbolsChanged):
                self.trading.join(said.added, self.now_ns)
        return outcome

    def _symbols_loaded(self, message: SymbolsLoaded) -> Outcome:
        """Take what the store has of symbols that join, then the arrivals that have waited for it."""
        out: list[Message] = []
        self.history.widen(message.history, message.background)
        book, tape = self._book, message.tape
        if book is not None and tape is not None and tape.session == book.session:
            book.recall(tape.runs, self.senders, tape.told)
            given = FromStore("tape" if message.is_played else "recording")
            intake = Intake(given, book, self.history, self.senders, self._rules, self.now_ns)
            intake.take(self._members.so_far(message, tape, book, self.now_ns))
            out += [*intake.events, *self._sealer.seal_again(self._book, intake.repaired, self.now_ns)]
        if not self._requirements.symbols.isdisjoint(message.symbols):
            out += self._requirements.reported(self.history, message.session_date)
        symbols = message.symbols
        out.append(SymbolsJoined(session_date=message.session_date, symbols=symbols, reason=message.reason))
        ticket, held = self._members.loaded(message)
        out += self._applied(ticket)
        return tell(*out, *(said for arrived in held for said in self.handle(arrived).out))
