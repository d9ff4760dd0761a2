"""The mind of StreamCoordinator: which session, which minute, and when it may be told."""

import heapq
from typing import assert_never

import msgspec

from actors.kernel.outcome import NOTHING, Outcome, answer, tell
from actors.settings import Settings
from actors.stream_coordinator.pacing import Pacer
from actors.stream_coordinator.playback import Playback
from messages.base import Message
from messages.commands import (
    AbortRun,
    ListenFrom,
    Pause,
    PlanSessions,
    Prefetch,
    PrepareRun,
    PublishBar,
    PublishBars,
    PublishQuote,
    PublishTick,
    ReadStopwatch,
    Resume,
    SetSpeed,
    SetTimer,
    StartRun,
    StartStopwatch,
    Step,
    WakeAt,
)
from messages.events import (
    BarArrived,
    BarsArrived,
    BoundaryKind,
    MinuteSettled,
    PrefetchFailed,
    QuoteArrived,
    RunFailed,
    RunFinished,
    RunReady,
    SessionBoundary,
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
from messages.inboxes import StreamCoordinatorInbox
from messages.queries import GetProgress, GetRunSummary
from messages.replies import Progress, RunSummary, SessionReport
from messages.values import Mode, Nanos, Pace, TradingSession


class StreamCoordinatorCore:
    """Plays sessions one after the other.

    A session is prefetched, opened, played minute by minute, drained, closed; then the next one opens. Every
    so many minutes a ticket travels along and comes home when all that follows from them is done; with
    subscribers in lockstep every minute has one, and only one is out.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pacer = Pacer(settings.speed)
        self._plan: tuple[TradingSession, ...] = ()
        self._played = 0
        self._playback: Playback | None = None
        self._next: SessionPrefetched | PrefetchFailed | None = None
        self._is_waiting_for_tape = False
        self._is_started = False
        self._is_paused = False
        self._steps = 0
        self._is_over = False
        self._failure: str | None = None
        self._subscribers = 0
        self._tickets: set[int] = set()
        self._last_ticket = 0
        self._boundary: BoundaryKind | None = None
        self._clock_ns: Nanos | None = None
        self._timer_ns: Nanos | None = None
        self._now_ns: Nanos = 0
        self._bars = 0
        self._wakes: list[Nanos] = []
        self._reports: list[SessionReport] = []
        self._transition_ms: float | None = None
        self._is_prefetched = False

    def handle(self, message: StreamCoordinatorInbox) -> Outcome:
        """Take one message."""
        match message:
            case MinuteSettled():
                return self._minute_settled(message)
            case TimerFired():
                return self._timer_fired(message)
            case PublishBars() | PublishBar() | PublishQuote() | PublishTick():
                return self._publish(message)
            case WakeAt():
                return self._wake_at(message)
            case GetProgress():
                return answer(message, self._progress())
            case GetRunSummary():
                return answer(message, self._summary())
            case SessionPrefetched() | PrefetchFailed():
                return self._session_prefetched(message)
            case SessionReported():
                return self._session_reported(message)
            case StopwatchRead():
                return self._stopwatch_read(message)
            case SubscribersChanged():
                return self._subscribers_changed(message)
            case SubscriberLate():
                return self._subscriber_late(message)
            case PrepareRun():
                return self._prepare_run(message)
            case SessionsPlanned():
                return self._sessions_planned(message)
            case StartRun():
                return self._start_run()
            case Pause():
                return self._pause()
            case Resume():
                return self._resume()
            case Step():
                return self._step()
            case SetSpeed():
                return self._set_speed(message)
            case RunFailed() | AbortRun():
                return self._fail(message.reason)
            case _:
                assert_never(message)

    def check(self) -> None:
        """Assert what must always be true."""
        assert len(self._tickets) <= self._settings.credit + 1, "more tickets out than there is credit"
        assert self._played <= len(self._plan)

    # --- from session to session

    def _prepare_run(self, message: PrepareRun) -> Outcome:
        if message.mode is Mode.LIVE:
            return self._fail("live mode needs a feed, and none is configured")
        return tell(PlanSessions())

    def _sessions_planned(self, message: SessionsPlanned) -> Outcome:
        if not message.sessions:
            return self._fail("there is no session to play: the store has no day in the range that was asked for")
        self._plan = message.sessions
        self._is_waiting_for_tape = True
        return tell(Prefetch(session=self._plan[0]))

    def _session_prefetched(self, message: SessionPrefetched | PrefetchFailed) -> Outcome:
        self._next = message
        return self._open() if self._is_waiting_for_tape and not self._is_over else NOTHING

    def _open(self) -> Outcome:
        """Open the prefetched session and send for the one after it; only now a failure to load it counts."""
        prefetched, self._next = self._next, None
        assert prefetched is not None, "nothing to open"
        if isinstance(prefetched, PrefetchFailed):
            return self._fail(f"session {prefetched.session.date} could not be loaded: {prefetched.reason}")
        self._is_waiting_for_tape = False
        tape = prefetched.tape
        self._playback = Playback(tape)
        self._pacer.release()
        self._now_ns = max(self._now_ns, tape.session.start_ns)
        opened = self._cross(BoundaryKind.OPENED, tape.session, tape.batch.symbols, prefetched)
        after = self._plan[self._played + 1 : self._played + 2]
        return tell(opened, *(Prefetch(session=session) for session in after))

    def _cross(
        self,
        kind: BoundaryKind,
        session: TradingSession,
        symbols: tuple[str, ...] = (),
        prefetched: SessionPrefetched | None = None,
    ) -> SessionBoundary:
        self._boundary = kind
        return SessionBoundary(
            kind=kind,
            session=session,
            now_ns=self._now_ns,
            symbols=symbols,
            ticket=self._ticket(),
            history=() if prefetched is None else prefetched.history,
        )

    def _crossed(self) -> Outcome:
        """A boundary has been acknowledged."""
        assert self._playback is not None, "no boundary without a session"
        kind, self._boundary = self._boundary, None
        if kind is BoundaryKind.OPENED:
            first: Message = RunReady(session=self._playback.session) if self._played == 0 else ReadStopwatch()
            return tell(first, *self._pump().out)
        self._bars += self._playback.bars_played
        self._playback = None
        self._played += 1
        if self._played == len(self._plan):
            self._is_over = True
            return tell(RunFinished(sessions=self._played))
        self._is_prefetched = self._next is not None
        if self._next is not None:
            return self._open()
        self._is_waiting_for_tape = True
        return NOTHING

    def _stopwatch_read(self, message: StopwatchRead) -> Outcome:
        self._transition_ms = message.elapsed_ns / 1e6
        return NOTHING

    def _session_reported(self, message: SessionReported) -> Outcome:
        self._reports.append(
            msgspec.structs.replace(
                message.report, transition_ms=self._transition_ms, is_prefetched=self._is_prefetched
            )
        )
        return NOTHING

    # --- from minute to minute

    @property
    def _is_lockstep(self) -> bool:
        return self._settings.pace is Pace.LOCKSTEP and self._subscribers > 0

    def _pump(self) -> Outcome:
        """Send as many minutes as may be sent now."""
        if self._is_over:
            return NOTHING
        out: list[Message] = []
        playback = self._playback
        while playback is not None and self._may_send(playback):
            if self._pacer.is_timed and not self._is_paused and not self._is_due(playback, out):
                break
            self._visit_wakes(playback.due_ns, out)
            self._now_ns = playback.due_ns
            self._steps = max(self._steps - 1, 0)
            out.extend(playback.play(self._ticket_if_due(playback)))
        if playback is not None and playback.is_over and not self._tickets and self._boundary is None:
            out.append(StartStopwatch())
            out.append(self._cross(BoundaryKind.CLOSED, playback.session))
        return Outcome(out=tuple(out))

    def _may_send(self, playback: Playback) -> bool:
        if not self._is_started or self._boundary is not None or playback.is_over:
            return False
        if self._is_paused and self._steps == 0:
            return False
        return len(self._tickets) < (1 if self._is_lockstep else self._settings.credit)

    def _ticket_if_due(self, playback: Playback) -> int:
        """Give the minute a ticket if it is its turn to have one."""
        every = 1 if self._is_lockstep or self._pacer.is_timed or self._is_paused else self._settings.minutes_per_ticket
        is_last = playback.position + 1 == playback.slots
        return self._ticket() if is_last or (playback.position + 1) % every == 0 else 0

    def _ticket(self) -> int:
        self._last_ticket += 1
        self._tickets.add(self._last_ticket)
        return self._last_ticket

    def _minute_settled(self, message: MinuteSettled) -> Outcome:
        self._tickets.discard(message.ticket)
        if self._is_over:
            return NOTHING
        if self._boundary is not None and not self._tickets:
            return self._crossed()
        return self._pump()

    def _visit_wakes(self, until_ns: Nanos, out: list[Message]) -> None:
        while self._wakes and self._wakes[0] < until_ns:
            out.append(TimeAdvanced(now_ns=max(heapq.heappop(self._wakes), self._now_ns)))

    def _wake_at(self, message: WakeAt) -> Outcome:
        heapq.heappush(self._wakes, message.due_ns)
        return NOTHING

    # --- the clock

    def _is_due(self, playback: Playback, out: list[Message]) -> bool:
        """Whether the clock has come to the next minute; else have it call back."""
        due_ns = 0 if self._pacer.needs_anchor else self._pacer.due(playback.due_ns)
        if not self._pacer.needs_anchor and self._clock_ns is not None and self._clock_ns >= due_ns:
            return True
        if self._timer_ns is None:
            self._timer_ns = due_ns
            out.append(SetTimer(due_ns=due_ns))
        return False

    def _timer_fired(self, message: TimerFired) -> Outcome:
        if self._timer_ns is not None and message.clock_ns >= self._timer_ns:
            self._timer_ns = None  # an earlier one was set before the pace changed, and starts nothing
        self._clock_ns = message.clock_ns
        self._pacer.anchor(message.clock_ns, self._now_ns)
        return self._pump()

    def _set_speed(self, message: SetSpeed) -> Outcome:
        self._pacer.change(message.speed)
        return self._restart_clock()

    def _restart_clock(self) -> Outcome:
        self._pacer.release()
        self._timer_ns = None
        return self._pump()

    # --- what people and programs want

    def _start_run(self) -> Outcome:
        if self._is_started:
            return NOTHING
        self._is_started = True
        return self._pump()

    def _pause(self) -> Outcome:
        self._is_paused = True
        return NOTHING

    def _resume(self) -> Outcome:
        self._is_paused = False
        self._steps = 0
        return self._restart_clock()

    def _step(self) -> Outcome:
        self._is_started = True
        self._steps += 1
        return self._restart_clock()

    def _publish(self, message: PublishBars | PublishBar | PublishQuote | PublishTick) -> Outcome:
        now_ns, receipt = self._now_ns, message.receipt
        match message:
            case PublishBars():
                return tell(
                    BarsArrived(
                        batch=message.batch,
                        now_ns=now_ns,
                        source=message.source,
                        is_correction=message.is_correction,
                        receipt=receipt,
                    )
                )
            case PublishBar():
                return tell(
                    BarArrived(
                        bar=message.bar,
                        now_ns=now_ns,
                        source=message.source,
                        is_correction=message.is_correction,
                        receipt=receipt,
                    )
                )
            case PublishQuote():
                return tell(QuoteArrived(quote=message.quote, now_ns=now_ns, receipt=receipt))
            case PublishTick():
                return tell(TickArrived(tick=message.tick, now_ns=now_ns, receipt=receipt))
            case _:
                assert_never(message)

    def _subscribers_changed(self, message: SubscribersChanged) -> Outcome:
        self._subscribers = message.count
        return tell(ListenFrom(ticket=self._last_ticket + 1), *self._pump().out)

    def _subscriber_late(self, message: SubscriberLate) -> Outcome:
        limit = self._settings.lockstep_timeout_s
        if message.names and limit is not None and message.seconds >= limit:
            return self._fail(f"subscriber {', '.join(message.names)} held up the run for {message.seconds:.0f} s")
        return NOTHING

    def _fail(self, reason: str) -> Outcome:
        if self._is_over:
            return NOTHING
        self._is_over = True
        self._failure = reason
        return tell(RunFailed(reason=reason))

    # --- how far it is

    def _progress(self) -> Progress:
        playback = self._playback
        place = min(self._played, len(self._plan) - 1)
        return Progress(
            session_date=self._plan[place].date if self._plan else "",
            sessions_done=self._played,
            sessions_total=len(self._plan),
            minutes_done=playback.position if playback else 0,
            minutes_total=playback.slots if playback else 0,
            bars=self._bars + (playback.bars_played if playback else 0),
            now_ns=self._now_ns,
            is_finished=self._is_over,
        )

    def _summary(self) -> RunSummary:
        return RunSummary(sessions=tuple(self._reports), is_finished=self._is_over, failure=self._failure)
