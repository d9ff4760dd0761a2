"""The mind of DataUpkeep: what is missing and who is asked for it, what is in memory, and what is read next."""

from collections import Counter, deque
from collections.abc import Iterable
from typing import assert_never

from actors.data_upkeep.prefetch import Prefetching
from actors.data_upkeep.repairs import Repairs
from actors.kernel.outcome import NOTHING, Outcome, answer, tell
from messages.base import Message
from messages.certificates import GapStory, SessionCertificate
from messages.commands import Prefetch, WakeAt
from messages.events import (
    BoundaryKind,
    GapDetected,
    PrefetchFailed,
    ReadFailed,
    SessionBoundary,
    SessionPrefetched,
    SessionRead,
    SymbolsChanged,
)
from messages.history import RequireHistory
from messages.inboxes import DataUpkeepInbox
from messages.joining import LoadSymbols, SymbolsJoined, SymbolsLoaded
from messages.readiness import CheckStore, StoreChecked
from messages.repairs import (
    AbandonGaps,
    CertificateIssued,
    FetchAnswered,
    FillFailed,
    GapNarrowed,
    GetCertificate,
    GetGapStories,
    IssueCertificate,
    MinuteApplied,
    NotRecorded,
    PassTicket,
    SessionSealed,
    SessionSettled,
    TransitionMeasured,
)
from messages.supervision import MakeGood, SessionStands
from messages.values import MINUTE_NS, Nanos, Room, TradingSession

_CERTIFICATES = 400
"""How many are kept in memory: a year and a half of sessions."""
_SHOWN_AFTER_NS = 30 * MINUTE_NS
"""Of session time, or with the next close: making one takes a while, and readers of a backtest see it at the same
minute in every run."""


class DataUpkeepCore:
    """Sees to it that every minute gets its verdict, and that the next session is in memory before it opens.

    Tickets pass through here on their way from SessionData to the subscribers. While requests are out that
    were due by a ticket's minute, it waits (``holds_tickets``: in a backtest, whose clock so stands still).
    """

    def __init__(
        self, prefetching: Prefetching, repairs: Repairs, *, grace_ns: Nanos = 0, holds_tickets: bool = True
    ) -> None:
        self._prefetching = prefetching
        self._repairs = repairs
        self._grace_ns = grace_ns
        self._holds_tickets = holds_tickets
        self._now_ns: Nanos = 0
        self._held: list[int] = []
        self._loading: set[str] = set()
        """Symbols that join: what the store has of them comes before any request for their minutes."""
        self._wakes: set[Nanos] = set()
        self._closing: dict[str, TradingSession] = {}
        self._abandoned: set[str] = set()
        self._transitions: dict[str, TransitionMeasured] = {}
        self._sealed: list[SessionSealed] = []
        self._coming = ""
        self._reading = ""
        """The session that is being read."""
        self._issued: CertificateIssued | None = None
        """The last that was told."""
        self._opened_ns: Nanos = 0
        self._opened: deque[TradingSession] = deque(maxlen=2)
        """The latest, and the one before it."""
        self._certificates: dict[str, SessionCertificate] = {}
        self._shown_from: dict[str, Nanos] = {}
        """By date when the certificate that is being made, or has just been, is there for readers of a backtest."""
        self._owed: Counter[str] = Counter()
        """By date how many are being made."""
        self._made: dict[str, SessionCertificate] = {}
        """Those that are there before that time."""
        self.gaps = 0
        """``GapDetected`` told here so far."""

    def handle(self, message: DataUpkeepInbox) -> Outcome:
        """Take one message."""
        match message:
            case MinuteApplied():
                return self._minute_applied(message)
            case GapDetected():
                return self._gap_detected(message)
            case FetchAnswered():
                return self._go_on(self._repairs.settled(message, self._now_ns))
            case FillFailed():
                return self._go_on([message, *self._repairs.settled(message, self._now_ns)])
            case GapNarrowed():
                return self._gap_narrowed(message)
            case SessionBoundary():
                return self._session_boundary(message)
            case Prefetch():
                return self._prefetch(message)
            case SessionRead():
                return self._session_read(message)
            case ReadFailed():
                return self._read_failed(message)
            case LoadSymbols():
                self._loading.update(message.symbols)  # once, however often they are asked for
                return tell(self._prefetching.joining(message))
            case SymbolsJoined():
                self._loading.difference_update(message.symbols)
                return self._go_on(() if self._loading else self._repairs.advance(self._now_ns))
            case CheckStore() | StoreChecked():
                return tell(message)
            case AbandonGaps():
                self._abandoned.add(message.session_date)
                return self._go_on(self._repairs.abandon(message.session_date, self._now_ns))
            case TransitionMeasured():
                self._transitions[message.session_date] = message
                return NOTHING
            case SessionSealed():
                return self._session_sealed(message)
            case NotRecorded():
                return tell(message)
            case CertificateIssued():
                return self._certificate_issued(message)
            case RequireHistory():
                self._prefetching.require(message.requirement)
                return NOTHING
            case SymbolsChanged():
                self._prefetching.symbols_changed(message)
                self._loading.difference_update(message.removed)
                self._repairs.forget(frozenset(message.removed))
                return self._go_on(())
            case MakeGood():
                return self._make_good(message)
            case SessionStands():
                return self._session_stands(message)
            case GetGapStories():
                return answer(message, self._gap_stories(message.date))
            case GetCertificate():
                return answer(message, self._certificate(message.date))
            case _:
                assert_never(message)

    def check(self) -> None:
        """Assert what must always be true."""
        self._prefetching.check()
        self._repairs.check()

    # --- gaps

    def _minute_applied(self, message: MinuteApplied) -> Outcome:
        self._now_ns = max(self._now_ns, message.now_ns)
        if not message.ticket:
            return NOTHING  # something of this instant is still on its way
        self._held.append(message.ticket)
        self._close_rounds()
        late = self._issue() if self._sealed and message.now_ns > self._opened_ns else []
        return self._go_on([*late, *(() if self._loading else self._repairs.advance(self._now_ns))])

    def _gap_detected(self, message: GapDetected) -> Outcome:
        self.gaps += 1
        # Where nobody can be asked, who catches up on a live day must not be waited for: its minutes are given up.
        if self._repairs.has_sources or (message.is_catch_up and not self._holds_tickets):
            for session in () if self._holds_tickets else self._opened:
                if session.date == message.session_date:
                    self._repairs.open(session)  # it may have settled: what turns out later is asked for all the same
            self._repairs.detected(message)
        return NOTHING

    def _gap_narrowed(self, message: GapNarrowed) -> Outcome:
        self._repairs.narrowed(message, self._now_ns)
        return self._go_on(())

    def _go_on(self, sent: Iterable[Message]) -> Outcome:
        """Send what the repairs want, then what has become possible: settle, let tickets go, be woken."""
        out = list(sent)
        if not self._repairs.is_fetching:
            out += self._settle()
        self._show()
        if not (self._holds_tickets and (self._repairs.is_fetching or self._is_owing())):
            out += [PassTicket(ticket=ticket) for ticket in self._held]
            self._held.clear()
        return Outcome(out=(*self._wake(), *out))

    def _settle(self) -> list[Message]:
        out: list[Message] = []
        for date, session in list(self._closing.items()):
            is_over = self._now_ns >= self._end_of(session) or date in self._abandoned
            if is_over and not self._repairs.is_open(date):
                del self._closing[date]
                out.append(SessionSettled(session_date=date))
        return out

    def _wake(self) -> list[WakeAt]:
        """Ask for the next due time, once; before anything else is sent, so that no ticket gets home before it."""
        self._wakes = {due_ns for due_ns in self._wakes if due_ns > self._now_ns}
        dues = [self._repairs.next_due(), *(self._end_of(session) for session in self._closing.values())]
        new = {due_ns for due_ns in dues if due_ns is not None and due_ns > self._now_ns} - self._wakes
        self._wakes |= new
        return [WakeAt(due_ns=due_ns, key="upkeep") for due_ns in sorted(new)]

    def _end_of(self, session: TradingSession) -> Nanos:
        return session.end_ns + self._grace_ns

    # --- what is owed

    def _make_good(self, message: MakeGood) -> Outcome:
        """Something may be lost: if it was an answer told here, ask again; say again what others may not know."""
        said: list[Message] = []
        if message.room is Room.DATA_UPKEEP:
            self._reading = ""
            self._loading.clear()
            self._owed.clear()
            self._repairs.begin_again(self._now_ns)
            said += self._repairs.advance(self._now_ns)
        if self._issued is not None and message.room in (Room.DATA_UPKEEP, Room.STREAM_COORDINATOR, None):
            said.append(self._issued)
        return self._go_on(said)

    def _session_stands(self, message: SessionStands) -> Outcome:
        """Catch up with what SessionData knows of its session; nobody is asked for one that has settled."""
        session = message.session
        if session is None:
            return NOTHING
        date = session.date
        self._now_ns = max(self._now_ns, message.now_ns)
        if message.is_settled:
            is_certified = date in self._made or date in self._certificates or self._owed[date] > 0
            is_sealed = any(sealed.day.session.date == date for sealed in self._sealed)
            return NOTHING if is_certified or is_sealed else tell(SessionSettled(session_date=date))
        self._repairs.open(session)
        if message.is_closed and date not in self._closing:
            self._closing[date] = session
        return self._go_on(())

    # --- sessions

    def _prefetch(self, message: Prefetch) -> Outcome:
        """Have a session read; one that is asked for a second time is on its way, or was lost."""
        date = message.session.date
        if date == self._reading:
            return NOTHING
        if date == self._coming:
            self._prefetching.failed()
        self._coming = self._reading = date
        return tell(self._prefetching.wanted(message))

    def _session_read(self, message: SessionRead) -> Outcome:
        tape, history, background = message.tape, message.history, message.background
        if not message.joining:
            self._reading = ""
            return tell(SessionPrefetched(tape=tape, history=history, background=background))
        loaded = SymbolsLoaded(
            session_date=tape.session.date,
            symbols=message.joining,
            tape=tape,
            history=history,
            background=background,
            is_played=self._holds_tickets,
        )
        return tell(loaded)

    def _read_failed(self, message: ReadFailed) -> Outcome:
        session, reason = message.session, message.reason
        if message.joining:
            return tell(SymbolsLoaded(session_date=session.date, symbols=message.joining, reason=reason))
        self._reading = ""
        self._prefetching.failed()
        return tell(PrefetchFailed(session=session, reason=reason))

    def _session_boundary(self, message: SessionBoundary) -> Outcome:
        self._now_ns = max(self._now_ns, message.now_ns)
        if message.kind is BoundaryKind.OPENED:
            self._repairs.open(message.session)
            self._opened_ns = message.now_ns
            if message.session not in self._opened:
                self._opened.append(message.session)
        else:
            self._closing[message.session.date] = message.session
            self._shown_from = {date: min(due_ns, self._now_ns) for date, due_ns in self._shown_from.items()}
        return NOTHING

    def _close_rounds(self) -> None:
        for date, session in self._closing.items():
            if self._now_ns >= self._end_of(session) and date not in self._abandoned:
                self._repairs.close_round(date, self._now_ns)

    def _session_sealed(self, message: SessionSealed) -> Outcome:
        if message.issued_by == "recording":
            return tell(IssueCertificate(sealed=message, gaps=()))
        self._sealed.append(message)
        # Certifying takes a core for a while: not now, when a backtest is about to open another session.
        is_early = message.issued_by == "session" and self._coming > message.day.session.date
        return NOTHING if is_early and self._holds_tickets else tell(*self._issue())

    def _issue(self) -> list[Message]:
        """Have certificates made of what was sealed."""
        sealed, self._sealed = self._sealed, []
        if self._holds_tickets and self._coming > max((message.day.session.date for message in sealed), default=""):
            new = [message.day.session.date for message in sealed if message.issued_by == "session"]
            self._shown_from |= dict.fromkeys(new, self._now_ns + _SHOWN_AFTER_NS)
        self._owed.update(message.day.session.date for message in sealed)
        return [self._certificate_job(message) for message in sealed]

    def _certificate_job(self, message: SessionSealed) -> IssueCertificate:
        date = message.day.session.date
        opening = self._transitions.pop(date, None)
        return IssueCertificate(
            sealed=message,
            gaps=self._repairs.close(date),
            is_prefetched=None if opening is None else opening.is_prefetched,
            transition_ms=None if opening is None else opening.transition_ms,
            old=self._made.get(date) or self._certificates.get(date),
        )

    def _certificate_issued(self, message: CertificateIssued) -> Outcome:
        self._made[message.certificate.date] = message.certificate
        self._issued = message
        self._owed -= Counter((message.certificate.date,))
        return self._go_on([message])

    def _is_owing(self) -> bool:
        """Return whether readers would see a certificate now, had it been made in time."""
        return any(due_ns <= self._now_ns and self._owed[date] > 0 for date, due_ns in self._shown_from.items())

    def _show(self) -> None:
        """Let readers see what has been made, in a backtest at the same minute in every run."""
        if not self._made or self._is_owing():
            return
        for date in [date for date in self._made if self._shown_from.get(date, self._now_ns) <= self._now_ns]:
            self._shown_from.pop(date, None)
            self._certificates.pop(date, None)
            self._certificates[date] = self._made.pop(date)
        for date in list(self._certificates)[:-_CERTIFICATES]:
            del self._certificates[date]

    def _gap_stories(self, date: str | None) -> tuple[GapStory, ...]:
        stories = self._repairs.stories(date, self._now_ns)
        if stories is not None:
            return stories
        certificate = self._certificate(date)
        return () if certificate is None else certificate.gaps

    def _certificate(self, date: str | None) -> SessionCertificate | None:
        if date is not None or not self._certificates:
            return self._certificates.get(date or "")
        return next(reversed(self._certificates.values()))
