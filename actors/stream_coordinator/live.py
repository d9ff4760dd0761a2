"""The mind of StreamCoordinator on a live day: the clock leads, feeds deliver, sessions follow one another."""

import heapq
from collections import deque
from typing import assert_never

import numpy as np

from actors.kernel.outcome import NOTHING, Outcome, answer, tell
from actors.settings import Settings
from actors.stream_coordinator.agenda import Agenda
from actors.stream_coordinator.boundaries import closed, opened
from actors.stream_coordinator.hearing import Hearing
from actors.stream_coordinator.lifecycle import Lifecycle
from actors.stream_coordinator.publishing import arrival
from actors.stream_coordinator.reports import Reports
from messages.base import Message
from messages.columns import BarBatch
from messages.commands import (
    AbortRun,
    ListenFrom,
    Pause,
    PlanLiveSessions,
    Prefetch,
    PrepareRun,
    PublishBar,
    PublishBars,
    PublishQuote,
    PublishTick,
    RecordSession,
    Resume,
    SetSpeed,
    SetTimer,
    StartRun,
    Step,
    WakeAt,
)
from messages.events import (
    BarsArrived,
    MinuteSettled,
    PrefetchFailed,
    QuoteArrived,
    RunFailed,
    RunFinished,
    RunReady,
    SessionPrefetched,
    SessionReported,
    SessionsPlanned,
    StopwatchRead,
    SubscriberLate,
    SubscribersChanged,
    TickArrived,
    TimeAdvanced,
    TimerFired,
)
from messages.feeds import (
    DayVolumeReported,
    FeedBars,
    FeedConnected,
    FeedEnded,
    FeedHeartbeat,
    FeedLost,
    FeedQuotes,
    FeedReported,
    FeedSettled,
    FeedTicks,
    MessagesRejected,
    SymbolsRefused,
    TradeAmended,
    TradingStatusChanged,
)
from messages.inboxes import LiveStreamInbox
from messages.lifecycle import GetLiveStatus, LiveStatus, SessionPhase
from messages.queries import GetProgress, GetRunSummary
from messages.repairs import AbandonGaps, CertificateIssued, SessionSettled
from messages.replies import Progress
from messages.values import MINUTE_NS, SECOND_NS, Nanos, TradingSession

TICK_NS = SECOND_NS // 4
"""Time is told at least so often."""


class LiveCore:
    """Opens a session before its hours, lets arrivals through as the clock allows, closes it, and opens the next.

    A session that has closed settles until ``post_market_delay`` after its close, or until the next one opens.
    """

    def __init__(self, settings: Settings, *, has_feed: bool = True) -> None:
        """Set up; without a feed it will not start."""
        self._has_feed = has_feed
        rules = settings.live
        self._rules = rules
        self._grace_ns = settings.rules.grace_ns
        self._delay_ns = round(rules.post_market_delay_min * MINUTE_NS)
        self._record_ns = round(rules.record_every_min * MINUTE_NS)
        self._now_ns: Nanos = 0
        self._ticket = 0
        self._plan: deque[TradingSession] = deque()
        self._life: Lifecycle | None = None
        self._is_opening = False
        self._is_closed = False
        self._is_settled = False
        self._is_abandoning = False
        self._certified = ""
        self._recorded_ns: Nanos = 0
        self._opened = 0
        self._bars = 0
        self._is_over = False
        self._failure: str | None = None
        self._next: SessionPrefetched | None = None
        self._agenda = Agenda()
        self._reports = Reports()
        self._hearing = Hearing(rules)
        self._early: list[tuple[Nanos, int, FeedBars]] = []
        self._skewed = 0

    def handle(self, message: LiveStreamInbox) -> Outcome:
        """Take one message."""
        match message:
            case FeedTicks() | FeedQuotes():
                return self._prints(message)
            case FeedBars():
                return self._bars_came(message)
            case TimerFired():
                return self._timer_fired(message)
            case MinuteSettled():
                return self._minute_settled(message)
            case PublishBars() | PublishBar() | PublishQuote() | PublishTick():
                return tell(arrival(message, self._now_ns))
            case WakeAt():
                self._agenda.add(message.due_ns)
                return NOTHING
            case GetLiveStatus():
                return answer(message, self._status())
            case GetProgress():
                return answer(message, self._progress())
            case GetRunSummary():
                return answer(message, self._reports.summary(is_finished=self._is_over, failure=self._failure))
            case (
                FeedHeartbeat()
                | FeedConnected()
                | FeedLost()
                | FeedEnded()
                | FeedReported()
                | SymbolsRefused()
                | MessagesRejected()
                | TradeAmended()
                | DayVolumeReported()
                | TradingStatusChanged()
            ):
                return self._feed_said(message)
            case PrepareRun():
                return tell(SetTimer(due_ns=0)) if self._has_feed else self._fail("live mode needs a feed")
            case SessionsPlanned():
                return self._sessions_planned(message)
            case SessionPrefetched():
                self._next = message
                return self._open() if self._life is None else NOTHING
            case PrefetchFailed():
                return self._fail(f"session {message.session.date} could not be loaded: {message.reason}")
            case SessionReported():
                self._reports.add(message.report)
                return NOTHING
            case SessionSettled():
                self._is_settled = True
                return NOTHING
            case CertificateIssued():
                self._certified = max(self._certified, message.certificate.date)
                return NOTHING
            case SubscribersChanged():
                return tell(ListenFrom(ticket=self._ticket + 1))
            case RunFailed() | AbortRun():
                return self._fail(message.reason)
            case StartRun() | StopwatchRead() | SubscriberLate():
                return NOTHING
            case Pause() | Resume() | Step() | SetSpeed():
                return NOTHING  # SystemManager refuses them: a live clock does not stand still
            case _:
                assert_never(message)

    def check(self) -> None:
        """Assert what must always be true."""
        assert all(early[0] > self._now_ns - TICK_NS * 8 for early in self._early), "bars that nobody let through"

    # --- sessions

    def _sessions_planned(self, message: SessionsPlanned) -> Outcome:
        if not message.sessions and self._life is None:
            return self._fail("the calendar knows no session from now on")
        before = self._plan[-1].date if self._plan else ""
        self._plan += [session for session in message.sessions if session.date > before]
        return tell(Prefetch(session=self._plan[0])) if self._life is None else NOTHING

    def _open(self) -> Outcome:
        prefetched, self._next = self._next, None
        assert prefetched is not None, "nothing to open"
        session = self._plan.popleft()
        self._life = Lifecycle(
            session,
            timeout_ns=round(self._rules.session_timeout_s * SECOND_NS),
            grace_ns=self._grace_ns,
            window_ns=round(self._rules.prefetch_window_min * MINUTE_NS),
        )
        self._is_opening = True
        self._is_closed = self._is_settled = self._is_abandoning = False
        self._recorded_ns = max(self._now_ns, session.start_ns)
        boundary = opened(prefetched, self._now_ns, self._issue())
        self._life.heard(self._now_ns)  # who starts in the middle of a day has not been deaf until now
        known = self._recorded(prefetched.tape.batch)
        return tell(boundary, *known, *self._life.advance(self._now_ns))

    def _recorded(self, tape: BarBatch) -> list[Message]:
        """Return what the store has of today already: it was recorded before, by this system or by another."""
        count = int(np.searchsorted(tape.start_ns, self._now_ns - MINUTE_NS, side="right"))
        return [BarsArrived(batch=tape.rows(0, count), now_ns=self._now_ns, source="recording")] if count else []

    def _minute_settled(self, message: MinuteSettled) -> Outcome:
        del message
        if not self._is_opening or self._life is None:
            return NOTHING
        self._is_opening = False
        self._opened += 1
        return tell(RunReady(session=self._life.session)) if self._opened == 1 else NOTHING

    def _after(self, life: Lifecycle) -> list[Message]:
        """Return what is due at and after the close of a session."""
        session, now_ns = life.session, self._now_ns
        if not self._is_closed and now_ns >= session.end_ns:
            self._is_closed = True
            coming = [Prefetch(session=self._plan[0])] if self._plan and self._rules.auto_roll else []
            return [closed(session, now_ns, self._issue()), RecordSession(), *coming]
        if not self._rules.auto_roll:
            if self._certified >= session.date and not self._is_over:
                self._is_over = True
                return [RunFinished(sessions=self._opened)]
            return []
        if not self._is_closed or self._next is None:
            return []
        following = self._next.tape.session
        rolls_ns = min(session.end_ns + self._delay_ns, following.start_ns)
        if now_ns < max(rolls_ns, session.end_ns + self._grace_ns):  # the last minute has its grace, come what may
            return []
        if self._is_settled:
            more = [PlanLiveSessions(now_ns=following.end_ns)] if len(self._plan) < 2 else []
            return [*life.end(now_ns), *self._open().out, *more]
        if self._is_abandoning:
            return []
        self._is_abandoning = True
        return [AbandonGaps(session_date=session.date)]

    # --- time

    def _issue(self) -> int:
        self._ticket += 1
        return self._ticket

    def _timer_fired(self, message: TimerFired) -> Outcome:
        self._now_ns = max(self._now_ns, message.clock_ns)
        if self._is_over:
            return NOTHING
        due_ns = self._agenda.next_due(self._now_ns)
        timer = SetTimer(due_ns=min(self._now_ns + TICK_NS, due_ns or self._now_ns + TICK_NS))
        if not self._plan and self._life is None:
            return tell(PlanLiveSessions(now_ns=self._now_ns), timer)
        if self._life is None or self._is_opening:
            return tell(timer)
        out: list[Message] = [*self._due_bars(), TimeAdvanced(now_ns=self._now_ns, ticket=self._issue())]
        out += self._life.advance(self._now_ns)
        if self._recorded_ns + self._record_ns <= self._now_ns < self._life.session.end_ns:
            self._recorded_ns = self._now_ns
            out.append(RecordSession())
        out += self._after(self._life)
        return tell(*out, timer)

    # --- feeds

    def _heard(self, arrived_ns: Nanos) -> list[Message]:
        self._now_ns = max(self._now_ns, arrived_ns)
        return [] if self._life is None else [*self._life.heard(self._now_ns)]

    def _bars_came(self, message: FeedBars) -> Outcome:
        out = self._heard(message.arrived_ns)
        batch = message.batch
        out += [FeedSettled(feed=message.feed, ticket=message.ticket)] if message.ticket else []
        if len(batch) == 0:
            return tell(*out)
        end_ns = int(batch.start_ns[-1]) + batch.interval.span_ns
        if not message.is_correction:  # which tells of a bar that came long ago
            out += self._hearing.lag(message.feed, end_ns, self._now_ns)
        ahead_ns = end_ns - self._now_ns
        if 0 < ahead_ns <= round(self._rules.max_clock_skew_s * SECOND_NS):
            heapq.heappush(self._early, (end_ns, self._issue(), message))
            return tell(*out)
        # SessionData refuses what lies in the future.
        self._skewed += int(np.count_nonzero(batch.start_ns > self._now_ns - batch.interval.span_ns))
        return tell(*out, *self._let_through(message))

    def _due_bars(self) -> list[Message]:
        """Return the bars that came early and whose time has come."""
        out: list[Message] = []
        while self._early and self._early[0][0] <= self._now_ns:
            out += self._let_through(heapq.heappop(self._early)[2])
        return out

    def _let_through(self, message: FeedBars) -> list[Message]:
        self._bars += len(message.batch)
        arrived = BarsArrived(
            batch=message.batch, now_ns=self._now_ns, source=message.feed, is_correction=message.is_correction
        )
        return [arrived, TimeAdvanced(now_ns=self._now_ns, ticket=self._issue())]

    def _prints(self, message: FeedTicks | FeedQuotes) -> Outcome:
        out = self._heard(message.arrived_ns)
        out += [FeedSettled(feed=message.feed, ticket=message.ticket)] if message.ticket else []
        prints = message.ticks if isinstance(message, FeedTicks) else message.quotes
        if prints:
            out += self._hearing.lag(message.feed, prints[-1].at_ns, self._now_ns)
        if isinstance(message, FeedTicks):
            out += [TickArrived(tick=tick, now_ns=self._now_ns) for tick in message.ticks]
        else:
            out += [QuoteArrived(quote=quote, now_ns=self._now_ns) for quote in message.quotes]
        return tell(*out)

    def _feed_said(
        self,
        message: FeedHeartbeat
        | FeedConnected
        | FeedLost
        | FeedEnded
        | FeedReported
        | SymbolsRefused
        | MessagesRejected
        | TradeAmended
        | DayVolumeReported
        | TradingStatusChanged,
    ) -> Outcome:
        self._hearing.note(message)
        if isinstance(message, FeedLost):
            return tell(message)
        if isinstance(message, FeedReported):
            return NOTHING
        if isinstance(message, FeedHeartbeat):
            return tell(*self._heard(message.arrived_ns))
        if isinstance(message, TradeAmended | DayVolumeReported | TradingStatusChanged):
            return tell(message, *self._heard(message.arrived_ns))
        return tell(message)

    # --- how it is

    def _fail(self, reason: str) -> Outcome:
        if self._is_over:
            return NOTHING
        self._is_over = True
        self._failure = reason
        moves = [] if self._life is None else self._life.fail(self._now_ns)
        return tell(*moves, RunFailed(reason=reason))

    def _status(self) -> LiveStatus:
        life = self._life
        return LiveStatus(
            session=None if life is None else life.session,
            phase=SessionPhase.NOT_STARTED if life is None else life.phase,
            is_session_active=life is not None and life.is_active and not self._is_over,
            timer_expired=life is not None and (life.is_timed_out or life.phase is SessionPhase.TIMEOUT),
            now_ns=self._now_ns,
            feeds=self._hearing.statuses(),
            early=sum(len(early[2].batch) for early in self._early),
            skewed=self._skewed,
        )

    def _progress(self) -> Progress:
        session = None if self._life is None else self._life.session
        total = 0 if session is None else sum(s.end_ns - s.start_ns for s in session.segments) // MINUTE_NS
        done = 0 if session is None else _minutes_over(session, self._now_ns)
        return Progress(
            session_date="" if session is None else session.date,
            sessions_done=max(self._opened - 1, 0),
            sessions_total=0,
            minutes_done=done,
            minutes_total=total,
            bars=self._bars,
            now_ns=self._now_ns,
            is_finished=self._is_over,
        )


def _minutes_over(session: TradingSession, now_ns: Nanos) -> int:
    spans = (min(now_ns, segment.end_ns) - segment.start_ns for segment in session.segments)
    return sum(max(span, 0) for span in spans) // MINUTE_NS
