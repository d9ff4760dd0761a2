"""The mind of StreamCoordinator on a live day: the clock leads, feeds deliver, sessions follow one another."""

from collections.abc import Sequence

from actors.kernel.outcome import NOTHING, Outcome, answer, tell
from actors.settings import Settings
from actors.stream_coordinator.agenda import Agenda
from actors.stream_coordinator.boundaries import closed, opened, recorded
from actors.stream_coordinator.leavers import Leavers
from actors.stream_coordinator.live_day.arrivals import Arrivals
from actors.stream_coordinator.live_day.beforehand import Beforehand
from actors.stream_coordinator.live_day.coming import Coming
from actors.stream_coordinator.live_day.lifecycle import Lifecycle
from actors.stream_coordinator.live_day.noted import Noted
from actors.stream_coordinator.live_day.owing import Owing, waits
from actors.stream_coordinator.live_day.readiness import Readiness
from actors.stream_coordinator.live_day.standing import progress, status
from actors.stream_coordinator.live_day.troubles import Troubles
from actors.stream_coordinator.live_day.writing import Writing
from actors.stream_coordinator.publishing import arrival
from actors.stream_coordinator.reports import Reports
from messages.base import Message
from messages.commands import (
    AbortRun,
    ListenFrom,
    Pause,
    PlanLiveSessions,
    PrepareRun,
    PublishBar,
    PublishBars,
    PublishQuote,
    PublishTick,
    Recover,
    Resume,
    SetTimer,
    WakeAt,
)
from messages.events import (
    BarsArrived,
    MinuteSettled,
    PrefetchFailed,
    RunFailed,
    RunFinished,
    RunReady,
    SessionBoundary,
    SessionPrefetched,
    SessionsPlanned,
    TimeAdvanced,
    TimerFired,
)
from messages.feeds import (
    DayVolumeReported,
    FeedBars,
    FeedConnected,
    FeedEnded,
    FeedHeartbeat,
    FeedLife,
    FeedLost,
    FeedQuotes,
    FeedReported,
    FeedTicks,
    MessagesRejected,
    SymbolsRefused,
    TradeAmended,
    TradingStatusChanged,
)
from messages.inboxes import LiveStreamInbox
from messages.lifecycle import GetLiveStatus, LiveStatus, SessionPhase
from messages.listeners import SubscribersChanged
from messages.queries import GetProgress, GetRunSummary
from messages.readiness import GetReadiness, ReadinessReport
from messages.repairs import AbandonGaps, SessionSettled
from messages.replies import Progress
from messages.supervision import MakeGood, SessionStands, WaitChanged
from messages.values import MINUTE_NS, SECOND_NS, Nanos, Room, TradingSession

TICK_NS = SECOND_NS // 4
"""Time is told at least so often."""


class LiveCore:
    """Opens a session before its hours, lets arrivals through as the clock allows, closes it, and opens the next.

    ``post_market_delay`` after a close it is the next session's turn. That one is loaded and opened ``prefetch_window``
    before its hours, so that it has what was imported in between; until then the one that has closed settles.
    """

    def __init__(self, settings: Settings, *, has_feed: bool = True) -> None:
        """Set up; without a feed it will not start."""
        self._has_feed = has_feed
        rules = settings.live
        self._rules = rules
        self._grace_ns = settings.rules.grace_ns
        self._window_ns = round(rules.prefetch_window_min * MINUTE_NS)
        self._delay_ns = round(rules.post_market_delay_min * MINUTE_NS)
        self._now_ns: Nanos = 0
        self._ticket = 0
        self._life: Lifecycle | None = None
        self._open_date = ""
        self._owing = Owing()
        self._is_closed = False
        self._is_settled = False
        self._is_abandoning = False
        self._is_over = False
        self._is_paused = False
        self._failure: str | None = None
        self._coming = Coming(Leavers(is_named=bool(settings.symbols)))
        self._beforehand = Beforehand(self._coming, is_followed=rules.auto_roll)
        self._writing = Writing(rules)
        self._agenda = Agenda()
        self._reports = Reports()
        self._arrivals = Arrivals(rules)
        self._readiness = Readiness(self._window_ns)
        parts = (self._coming, self._writing, self._arrivals, self._readiness)
        self._troubles = Troubles(parts, self._arrivals.hearing)
        self._noted = Noted(*parts, self._reports, self._ready, settings.speed)

    def handle(self, message: LiveStreamInbox) -> Outcome:
        """Take one message."""
        match message:
            case FeedTicks() | FeedQuotes() | FeedBars() | FeedHeartbeat():
                return self._feed_lives(message)
            case TradeAmended() | DayVolumeReported() | TradingStatusChanged():
                return self._feed_lives(message)
            case FeedConnected() | FeedLost() | FeedEnded() | FeedReported() | SymbolsRefused() | MessagesRejected():
                return tell(*self._arrivals.take(message, self._now_ns))
            case TimerFired():
                return self._timer_fired(message)
            case MinuteSettled():
                return self._confirmed() if self._owing.waits_for(message.ticket) else NOTHING
            case PublishBars() | PublishBar() | PublishQuote() | PublishTick():
                return tell(*self._let_by((arrival(message, self._now_ns),)))
            case WakeAt():
                self._agenda.add(message.due_ns)
                return NOTHING
            case GetLiveStatus():
                return answer(message, self._status())
            case GetProgress():
                return answer(message, self._progress())
            case GetRunSummary():
                return answer(message, self._reports.summary(is_finished=self._is_down, failure=self._failure))
            case PrepareRun():
                return tell(SetTimer(due_ns=0)) if self._has_feed else self._fail("live mode needs a feed")
            case SessionsPlanned():
                return self._sessions_planned(message)
            case GetReadiness():
                return answer(message, self._ready(), *self._readiness.asked(self._now_ns))
            case SessionPrefetched():
                self._coming.came(message)
                return tell(*self._open()) if self._life is None else NOTHING
            case PrefetchFailed():
                return self._prefetch_failed(message)
            case SessionSettled():
                self._is_settled = True
                return NOTHING
            case Recover():
                return self._recover()
            case MakeGood():
                return self._make_good(message)
            case SessionStands():
                return self._session_stands(message)
            case SubscribersChanged():
                return tell(ListenFrom(ticket=self._ticket + 1))
            case RunFailed() | AbortRun():
                return self._fail(message.reason)
            case Pause() | Resume():
                self._is_paused = isinstance(message, Pause)
                return NOTHING  # it is the clock that stands still
            case _:
                return tell(*self._noted.take(message))

    def check(self) -> None:
        """Assert what must always be true."""
        self._arrivals.check(self._now_ns)

    # --- sessions

    def _sessions_planned(self, message: SessionsPlanned) -> Outcome:
        if not message.sessions and self._life is None:
            return self._fail("the calendar knows no session from now on")
        self._readiness.note(message)
        self._coming.plan(message.sessions)
        return tell(*self._coming.prefetch(self._now_ns)) if self._life is None else NOTHING

    @property
    def _is_between(self) -> bool:
        """Whether it is a session's turn that has not been opened yet."""
        return self._life is not None and self._life.session.date != self._open_date

    def _open(self) -> list[Message]:
        """Open the session that is in memory; if it was another one's turn, that one ends."""
        prefetched = self._coming.take()
        session, ended = prefetched.tape.session, self._life
        if ended is not None and ended.session.date == session.date:
            life, before, is_following = ended, [], False
        else:
            life, is_following = Lifecycle.of(session, self._rules, self._grace_ns), ended is not None
            before = [] if ended is None else ended.end(self._now_ns)
        life.is_followed = self._rules.auto_roll and self._coming.begins_by(session.end_ns)
        self._life, self._open_date = life, session.date
        self._is_closed = self._is_settled = self._is_abandoning = False
        self._writing.open(session, self._now_ns)
        boundary = opened(prefetched, self._now_ns, self._issue())
        life.heard(self._now_ns)  # who starts in the middle of a day has not been deaf until now
        said = self._owing.opens((boundary, *recorded(prefetched.tape.batch, self._now_ns)))
        moves = life.follow(self._now_ns) if is_following else life.advance(self._now_ns)
        return [*before, *said, *self._with_time(self._beforehand.opened(self._now_ns)), *moves]

    def _confirmed(self) -> Outcome:
        """Its ticket came home, or SessionData says so: the session is open."""
        if not self._owing.opening or self._life is None:
            return NOTHING
        self._owing.confirmed()
        return tell(RunReady(session=self._life.session)) if self._owing.opened == 1 else NOTHING

    def _after(self, life: Lifecycle) -> list[Message]:
        """Return what is due at and after the close of a session."""
        session, now_ns = life.session, self._now_ns
        out: list[Message] = []
        if not self._is_closed and now_ns >= session.end_ns + self._grace_ns:
            self._is_closed = True
            out += [self._close(life), *self._writing.write(now_ns)]
        if self._rules.auto_roll:
            return [*out, *self._go_on(life)]
        if self._writing.is_certified(session):
            self._is_over = True
            out.append(RunFinished(sessions=self._owing.opened))
        return out

    def _close(self, life: Lifecycle) -> SessionBoundary:
        return closed(life.session, self._now_ns, self._issue(), timer_expired=life.is_silent)

    def _go_on(self, life: Lifecycle) -> list[Message]:
        """Return what leads to the next session: its turn comes, it is loaded, the one before settles, it opens."""
        following, now_ns = self._coming.next, self._now_ns
        if following is None:
            return []
        is_near = self._coming.begins_by(now_ns + self._window_ns)
        out: list[Message] = [*self._coming.prefetch(now_ns)] if is_near else []
        if not self._is_closed:
            return out
        if not self._is_between:
            if now_ns < min(life.session.end_ns + self._delay_ns, following.start_ns):
                return out
            if not is_near:
                self._life = Lifecycle.of(following, self._rules, self._grace_ns)
                return [*out, *life.end(now_ns), *self._life.follow(now_ns)]
        return [*out, *self._open_next(following)] if is_near else out

    def _open_next(self, session: TradingSession) -> list[Message]:
        """Open the next session once it is in memory, and the one before it has all its verdicts."""
        if not self._coming.is_loaded:
            return []
        if self._is_settled:
            more = [PlanLiveSessions(now_ns=session.end_ns)] if len(self._coming) <= 2 else []
            return [*self._open(), *more]
        if self._is_abandoning:
            return []
        self._is_abandoning = True
        return [AbandonGaps(session_date=self._open_date)]

    def _prefetch_failed(self, message: PrefetchFailed) -> Outcome:
        """Try again later, unless nothing has been opened yet, or it must open now."""
        is_too_late = self._coming.failed(message, self._now_ns)
        return self._fail(self._coming.trouble) if is_too_late or self._life is None else NOTHING

    # --- time

    def _issue(self) -> int:
        self._ticket += 1
        return self._ticket

    def _timer_fired(self, message: TimerFired) -> Outcome:
        due: list[Message] = [*self._come_to(message.clock_ns), *self._troubles.news()]
        if self._is_over:
            return tell(*due)
        due += self._owing.news(self._waits)
        dues_ns = self._now_ns + TICK_NS, self._agenda.next_due(self._now_ns), self._arrivals.next_due_ns
        timer = SetTimer(due_ns=min(due_ns for due_ns in dues_ns if due_ns is not None))
        if self._life is None and not self._coming:
            return tell(*due, PlanLiveSessions(now_ns=self._now_ns), timer)
        if self._life is None or self._owing.opening or self._failure is not None:
            due += self._coming.prefetch(self._now_ns) if self._life is None and self._failure is None else []
            return tell(*due, timer)
        out = [*due, TimeAdvanced(now_ns=self._now_ns, ticket=self._issue())]
        if not self._is_between:
            out += self._life.advance(self._now_ns)
            out += self._readiness.due(self._life.session, self._now_ns, self._arrivals)
            out += self._writing.due(self._life.session, self._now_ns)
        out += self._after(self._life)
        return tell(*out, timer)

    # --- what is owed

    def _waits(self) -> WaitChanged:
        following = self._coming.next
        is_near = self._coming.begins_by(self._now_ns + self._window_ns)
        is_needed = self._life is None or (self._is_closed and self._is_between and is_near)
        return waits(
            date=self._open_date,
            is_planned=following is not None,
            is_loaded=not is_needed or self._coming.is_loaded or bool(self._coming.trouble),
            is_opening=bool(self._owing.opening),
            is_closed=self._is_closed and not self._is_between and not self._rules.auto_roll,
            is_settled=self._is_settled,
            is_over=self._is_down,
        )

    def _make_good(self, message: MakeGood) -> Outcome:
        """Something may be lost: have the timer go, and ask again for what has not come."""
        if self._is_over:
            return tell(RunFinished(sessions=self._owing.opened))
        self._coming.ask_again()
        self._is_abandoning = False
        ready = [RunReady(session=self._life.session)] if self._life is not None and self._owing.opened == 1 else []
        is_plan_short = self._life is not None and len(self._coming) < 2 and message.room is not Room.SYSTEM_MANAGER
        plan = [PlanLiveSessions(now_ns=self._now_ns)] if is_plan_short else []
        listen = ListenFrom(ticket=self._ticket + 1)  # who came and was not heard of would hear nothing all day
        return tell(*ready, *plan, listen, SetTimer(due_ns=0))

    def _session_stands(self, message: SessionStands) -> Outcome:
        """Say again what SessionData has not heard of."""
        life, session = self._life, message.session
        if life is None or self._failure is not None:
            return NOTHING
        is_at_hand = session is not None and session.date == self._open_date
        if self._owing.opening:
            return self._confirmed() if is_at_hand else tell(*self._owing.opening)
        self._is_settled = self._is_settled or (is_at_hand and message.is_settled)
        is_unheard = is_at_hand and self._is_closed and not message.is_closed and not self._is_between
        return tell(self._close(life)) if is_unheard else NOTHING

    # --- feeds

    def _feed_lives(self, message: FeedLife) -> Outcome:
        due = self._come_to(message.arrived_ns)
        moves = [] if self._life is None else self._life.heard(self._now_ns)
        return tell(*due, *moves, *self._with_time(self._arrivals.take(message, self._now_ns)))

    def _come_to(self, now_ns: Nanos) -> list[Message]:
        """Let it be so late, if it is not later already; return what was held for this time."""
        self._now_ns = max(self._now_ns, now_ns)
        return self._with_time(self._arrivals.due(self._now_ns))

    def _with_time(self, arrived: Sequence[Message]) -> list[Message]:
        """Let time be told after bars: a ticket lets subscribers have what follows from them."""
        arrived = self._let_by(arrived)
        if not any(isinstance(message, BarsArrived) for message in arrived):
            return arrived
        return [*arrived, TimeAdvanced(now_ns=self._now_ns, ticket=self._issue())]

    def _let_by(self, arrived: Sequence[Message]) -> list[Message]:
        return self._beforehand.let_by(arrived, self._now_ns) if self._failure is None else [*arrived]

    # --- how it is

    def _ready(self) -> ReadinessReport:
        session = self._coming.next if self._life is None or self._is_closed else self._life.session
        return self._readiness.report(session, self._now_ns, self._arrivals)

    @property
    def _is_down(self) -> bool:
        """Whether the run is over, or has failed and nobody has cleared the error."""
        return self._is_over or self._failure is not None

    def _is_held_up(self, life: Lifecycle) -> bool:
        is_held = self._is_down or self._is_paused or self._is_between
        return is_held or self._readiness.is_catching_up(life.session.date)

    def _fail(self, reason: str) -> Outcome:
        """Let nothing open or close any more until somebody clears the error; what comes is still taken."""
        if self._is_down:
            return NOTHING
        self._failure = reason
        moves = [] if self._life is None else self._life.fail(self._now_ns)
        return tell(*moves, *self._beforehand.give_up(self._now_ns), RunFailed(reason=reason))

    def _recover(self) -> Outcome:
        """The error is cleared: go on where the time of day is."""
        if self._failure is None:
            return NOTHING
        self._failure = None
        life = self._life
        moves = life.clear_error(self._now_ns) if life is not None and life.phase is SessionPhase.ERROR else []
        return tell(*moves)

    def _phase(self) -> SessionPhase:
        if self._failure is not None:
            return SessionPhase.ERROR
        return SessionPhase.NOT_STARTED if self._life is None else self._life.phase

    def _status(self) -> LiveStatus:
        life, troubles = self._life, self._troubles.now()
        is_active = life is not None and life.is_active and not self._is_held_up(life)
        return status(life, self._phase(), self._now_ns, self._arrivals, troubles, is_session_active=is_active)

    def _progress(self) -> Progress:
        session, done = None if self._life is None else self._life.session, max(self._owing.opened - 1, 0)
        return progress(session, self._now_ns, sessions_done=done, bars=self._arrivals.bars, is_finished=self._is_down)
