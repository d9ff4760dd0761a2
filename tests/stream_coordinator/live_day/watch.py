"""A live coordinator whose clock is moved by hand, and the rest of the house answering at once, as it would."""

from collections.abc import Iterable
from typing import Any

from actors.kernel.future import Future
from actors.settings import LiveRules, SessionRules, Settings
from actors.stream_coordinator.live import LiveCore
from messages import (
    AbandonGaps,
    Bar,
    BarBatch,
    BoundaryKind,
    CertificateIssued,
    FeedBars,
    FeedHeartbeat,
    LiveStatus,
    Message,
    MinuteSettled,
    Mode,
    PhaseChanged,
    PlanLiveSessions,
    Prefetch,
    PrepareRun,
    SessionBoundary,
    SessionPhase,
    SessionPrefetched,
    SessionSettled,
    SessionsPlanned,
    Tape,
    TimeAdvanced,
    TimerFired,
    TradingSession,
)
from messages.lifecycle import GetLiveStatus
from messages.values import MINUTE_NS, SECOND_NS, Nanos
from tests.builders import at
from tests.certificates import certificate

FEED = "feed"
GRACE_NS = 5 * SECOND_NS


def live_settings(**rules: Any) -> Settings:
    """Five seconds of grace, as a live system has."""
    live = LiveRules(**rules)
    return Settings(store="none", mode=Mode.LIVE, rules=SessionRules(grace_ns=GRACE_NS), live=live)


class Watch:
    """Tells the coordinator messages and remembers what it says.

    Args:
        *sessions: what the calendar knows.
        now: where the clock stands; by default a minute before the first session.
        known: bars that the store has of the first session.
        silent: what the house does not answer.
        **rules: of ``LiveRules``.
    """

    def __init__(
        self,
        *sessions: TradingSession,
        now: Nanos | None = None,
        known: Iterable[Bar] = (),
        silent: tuple[type[Message], ...] = (),
        **rules: Any,
    ) -> None:
        self.core = LiveCore(live_settings(**rules))
        self.sessions = sessions
        self.now_ns = sessions[0].start_ns - 60 * SECOND_NS if now is None else now
        self.said: list[Message] = []
        """All that was ever said."""
        self.silent = silent
        self._known = tuple(known)
        self._closing: TradingSession | None = None

    def up(self) -> "Watch":
        """Prepare, and open the first session."""
        self.tell(PrepareRun(mode=Mode.LIVE))
        self.fire()
        return self

    def at(self, when: str | Nanos) -> list[Any]:
        """Let the clock show a time and the timer fire; return what is said."""
        self.now_ns = at(when, self.sessions[0])
        return self.fire()

    def fire(self) -> list[Any]:
        """Let the timer fire."""
        return self.tell(TimerFired(clock_ns=self.now_ns))

    def tell(self, *messages: Any) -> list[Any]:
        """Tell, let the house answer, and return what was said to that."""
        first = len(self.said)
        waiting = list(messages)
        while waiting:
            outcome = self.core.handle(waiting.pop(0))
            self.said += outcome.out
            for said in outcome.out:
                waiting += [] if isinstance(said, self.silent) else self._answers(said)
        self.core.check()
        return self.said[first:]

    def bars(self, *given: Bar, at: Nanos | None = None, feed: str = FEED, **more: Any) -> list[Any]:
        """Let bars come from the feed; when their last minute is over unless the time is given."""
        arrived_ns = max(bar.known_ns for bar in given) if at is None else at
        self.now_ns = max(self.now_ns, arrived_ns)
        return self.tell(FeedBars(feed=feed, batch=BarBatch.of(given), arrived_ns=arrived_ns, **more))

    @property
    def status(self) -> LiveStatus:
        answer = self.core.handle(GetLiveStatus()).answer
        assert isinstance(answer, LiveStatus)
        return answer

    @property
    def moves(self) -> list[SessionPhase]:
        """Every phase that was ever told, in order."""
        return [move.after for move in of(self.said, PhaseChanged)]

    def _answers(self, said: Message) -> list[Message]:
        match said:
            case PlanLiveSessions(now_ns=now_ns):
                coming = tuple(session for session in self.sessions if session.end_ns > now_ns)
                return [SessionsPlanned(sessions=coming[:3])]
            case Prefetch(session=session):
                batch = BarBatch.of(self._known if session == self.sessions[0] else ())
                return [SessionPrefetched(tape=Tape(session=session, batch=batch))]
            case SessionBoundary(ticket=ticket):
                self._closing = said.session if said.kind is BoundaryKind.CLOSED else None
                return [MinuteSettled(ticket=ticket)]
            case TimeAdvanced(ticket=ticket, now_ns=now_ns):
                is_over = self._closing is not None and now_ns >= self._closing.end_ns + GRACE_NS
                return [MinuteSettled(ticket=ticket), *(self._settled() if is_over else ())]
            case AbandonGaps():
                return self._settled()
        return []

    def _settled(self) -> list[Message]:
        session, self._closing = self._closing, None
        if session is None:
            return []
        issued = CertificateIssued(certificate=certificate("A", session=session), is_kept=True)
        return [message for message in (SessionSettled(session_date=session.date), issued) if not self._mutes(message)]

    def _mutes(self, message: Message) -> bool:
        return isinstance(message, self.silent)


def lived(watch: Watch, first: int, end: int, *, is_heard: bool = True) -> list[Message]:
    """Let the day pass minute by minute."""
    said: list[Message] = []
    for now_ns in range(first, end + 1, MINUTE_NS):
        watch.now_ns = now_ns
        said += watch.tell(FeedHeartbeat(feed=FEED, arrived_ns=now_ns)) if is_heard else []
        said += watch.fire()
    return said


def of(said: Iterable[Message], *kinds: Any) -> list[Any]:
    """What was said of these classes."""
    return [message for message in said if isinstance(message, kinds)]


def answered(core: LiveCore, query: Any) -> Any:
    """What the core answers to a query."""
    outcome = core.handle(query)
    assert outcome.error is None
    assert not isinstance(outcome.answer, Future)
    return outcome.answer
