"""The mind of StreamCoordinator: which session, which minute, and when it may be told."""

from typing import assert_never

from actors.kernel.outcome import NOTHING, Outcome, answer, tell
from actors.settings import Settings
from actors.stream_coordinator.agenda import Agenda
from actors.stream_coordinator.backtest.gate import STAGED, Gate
from actors.stream_coordinator.backtest.hold import Hold
from actors.stream_coordinator.backtest.lived import LivedTape, opening, playing
from actors.stream_coordinator.backtest.pacing import Pacer
from actors.stream_coordinator.backtest.playback import Playback
from actors.stream_coordinator.backtest.progress import let_in, progress
from actors.stream_coordinator.backtest.pump import Pump
from actors.stream_coordinator.backtest.steps import Steps
from actors.stream_coordinator.backtest.tickets import Tickets
from actors.stream_coordinator.boundaries import closed, opened
from actors.stream_coordinator.leavers import Leavers
from actors.stream_coordinator.publishing import Published, arrival
from actors.stream_coordinator.reports import Reports
from messages.base import Message
from messages.commands import (
    AbortRun,
    AllowMinutes,
    HoldEnded,
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
    StartRun,
    StartStopwatch,
    Step,
    WakeAt,
)
from messages.events import (
    BoundaryKind,
    MinuteSettled,
    MinutesRecalled,
    PrefetchFailed,
    RunFailed,
    RunFinished,
    RunReady,
    SessionPrefetched,
    SessionReported,
    SessionsPlanned,
    StopwatchRead,
    SymbolsChanged,
    TimeAdvanced,
    TimerFired,
)
from messages.inboxes import StreamCoordinatorInbox
from messages.listeners import SubscriberLate, SubscribersChanged, SubscriptionDropped
from messages.queries import GetProgress, GetRunSummary
from messages.repairs import AbandonGaps, CertificateIssued, SessionSettled
from messages.replies import Progress
from messages.values import SECOND_NS, Mode, Nanos, Seen, TradingSession


class StreamCoordinatorCore:
    """Plays sessions one after the other.

    A session is prefetched, opened, played minute by minute, drained, closed; then the next one opens. Every
    so many minutes a ticket travels along and comes home when all that follows from them is done; with
    subscribers in lockstep every minute has one, and only one is out.
    """

    def __init__(self, settings: Settings, *, has_upkeep: bool = False, lived: LivedTape | None = None) -> None:
        """Set up.

        Args:
            settings: what to play and how.
            has_upkeep: whether closed sessions settle, and are certified, before the next opens.
            lived: what the session was told on its day, to be played in the place of its tape.
        """
        self._settings = settings
        self._has_upkeep = has_upkeep
        self._lived = lived
        self._pacer = Pacer(settings.speed)
        self._timeout_ns = round(settings.end_of_data_timeout_s * SECOND_NS)
        self._plan: tuple[TradingSession, ...] = ()
        self._played = 0
        self._playback: Playback | None = None
        self._next: SessionPrefetched | PrefetchFailed | None = None
        self._is_waiting_for_tape = False
        self._is_over = False
        self._failure: str | None = None
        self._tickets = Tickets()
        is_plain = not has_upkeep and lived is None and settings.seen is Seen.AS_KNOWN
        self._hold = Hold()
        self._gate = Gate(settings, self._tickets, self._pacer, self._hold, is_plain=is_plain)
        self._boundary: BoundaryKind | None = None
        self._now_ns: Nanos = 0
        self._bars = 0
        self._agenda = Agenda()
        self._minutes = Pump(self._gate, self._tickets, self._pacer, self._agenda, self._timeout_ns)
        self._reports = Reports()
        self._settling: TradingSession | None = None
        self._is_settled = False
        self._is_abandoning = False
        self._certified = ""
        self._steps = Steps(self._gate, self._hold, self._tickets)
        self._leavers = Leavers(is_named=bool(settings.symbols))

    def handle(self, message: StreamCoordinatorInbox) -> Outcome:
        """Take one message."""
        outcome = NOTHING if self._hold.keeps(message) else self._take(message)
        return self._settle_steps(outcome) if self._steps.are_awaited else outcome

    def _take(self, message: StreamCoordinatorInbox) -> Outcome:
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
                return answer(message, self._progress(message.now_ns))
            case GetRunSummary():
                return answer(message, self._reports.summary(is_finished=self._is_over, failure=self._failure))
            case SessionPrefetched() | PrefetchFailed():
                return self._session_prefetched(message)
            case SessionReported():
                self._reports.add(message.report)
                return NOTHING
            case SessionSettled():
                self._is_settled = True
                return NOTHING if self._settling is None or self._is_over else self._settle()
            case CertificateIssued():
                return self._certificate_issued(message)
            case StopwatchRead():
                self._reports.transition_ms = message.elapsed_ns / 1e6
                return tell(*self._measured())
            case SubscribersChanged():
                return self._subscribers_changed(message)
            case SubscriberLate():
                return self._subscriber_late(message)
            case SubscriptionDropped():
                return tell(message)
            case SymbolsChanged():
                self._leavers.note(message)
                return NOTHING
            case PrepareRun():
                return self._prepare_run(message)
            case SessionsPlanned():
                return self._sessions_planned(message)
            case StartRun():
                return self._start_run()
            case Pause():
                self._gate.is_paused = True
                return tell(AllowMinutes(count=0))
            case Resume():
                return self._resume()
            case Step():
                return self._step(message)
            case SetSpeed():
                return self._set_speed(message)
            case MinutesRecalled():
                return self._minutes_recalled(message)
            case RunFailed() | AbortRun():
                return self._fail(message.reason)
            case _:
                assert_never(message)

    def check(self) -> None:
        """Assert what must always be true."""
        assert len(self._tickets) <= max(self._settings.credit, STAGED) + 1, "more tickets out than there is credit"
        assert self._played <= len(self._plan)

    # --- from session to session

    def _prepare_run(self, message: PrepareRun) -> Outcome:
        if message.mode is Mode.LIVE:
            return self._fail("live mode needs a feed, and none is configured")
        return tell(PlanSessions())

    def _sessions_planned(self, message: SessionsPlanned) -> Outcome:
        if not message.sessions:
            return self._fail("there is no session to play: the store has no day in the range that was asked for")
        self._plan, self._reports.without_session = message.sessions, message.without_session
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
        prefetched = self._leavers.out_of(prefetched)
        tape = prefetched.tape
        self._playback, self._reports.seen = playing(tape, self._settings, self._lived)
        self._reports.tape = tape
        self._pacer.release()
        self._now_ns = max(self._now_ns, tape.session.start_ns)
        self._boundary = BoundaryKind.OPENED
        boundary = opening(opened(prefetched, self._now_ns, self._tickets.issue()), tape, self._lived)
        after = self._plan[self._played + 1 : self._played + 2]
        return tell(boundary, *(Prefetch(session=session) for session in after))

    def _crossed(self) -> Outcome:
        """A boundary has been acknowledged."""
        assert self._playback is not None, "no boundary without a session"
        kind, self._boundary = self._boundary, None
        if kind is BoundaryKind.OPENED:
            if self._played:
                return tell(ReadStopwatch(), *self._pump().out)
            return tell(RunReady(session=self._playback.session), *self._measured(), *self._pump().out)
        self._bars += self._playback.bars_before(self._playback.slots)
        session, self._playback = self._playback.session, None
        self._played += 1
        if not self._has_upkeep:
            return self._go_on()
        self._settling = session
        return self._settle()

    def _measured(self) -> list[Message]:
        """Say how the session at hand was opened."""
        if self._playback is None or not self._has_upkeep:
            return []
        return [self._reports.opening(self._playback.session.date)]

    def _settle(self) -> Outcome:
        """Let a closed session get its last verdicts: visit what is due until it has them, or the next one opens."""
        session = self._settling
        assert session is not None, "nothing to settle"
        if self._is_settled:
            self._settling, self._is_settled, self._is_abandoning = None, False, False
            return tell(StartStopwatch(), *self._go_on().out)
        due_ns = self._agenda.next_due(self._now_ns)
        if self._tickets or self._is_abandoning or due_ns is None:
            return NOTHING
        if self._played < len(self._plan) and due_ns >= self._plan[self._played].start_ns:
            self._is_abandoning = True
            return tell(AbandonGaps(session_date=session.date))
        self._now_ns = due_ns
        return tell(TimeAdvanced(now_ns=due_ns, ticket=self._tickets.issue()))

    def _certificate_issued(self, message: CertificateIssued) -> Outcome:
        self._certified = max(self._certified, message.certificate.date)
        return self._go_on() if self._played == len(self._plan) and not self._is_over else NOTHING

    def _go_on(self) -> Outcome:
        """Open the next session, or end the run when the last one has all that it is to have."""
        if self._played == len(self._plan):
            if self._has_upkeep and self._certified < self._plan[-1].date:
                return NOTHING
            self._is_over = True
            return tell(RunFinished(sessions=self._played))
        self._reports.is_prefetched = self._next is not None
        if self._next is not None:
            return self._open()
        self._is_waiting_for_tape = True
        return NOTHING

    # --- from minute to minute

    def _pump(self) -> Outcome:
        """Send as many minutes as may be sent now."""
        if self._is_over or self._hold.is_shut:
            return NOTHING
        self._hold.let_by(self._tickets.minute)  # one under way is the step's
        if self._settling is not None:
            return self._settle()
        out, playback = list[Message](), self._playback
        if playback is not None and self._boundary is None:
            out, self._now_ns = self._minutes.draw(playback, self._now_ns)
            self._hold.let_by(self._tickets.minute)
        if playback is not None and playback.is_over and not self._tickets and self._boundary is None:
            out += self._close(playback)
        return Outcome(out=tuple(out))

    def _close(self, playback: Playback) -> list[Message]:
        """Let the last minutes have their grace, and close: whoever hears of the close has heard of every minute."""
        over_ns = playback.session.end_ns + self._settings.rules.grace_ns
        if self._now_ns < over_ns:
            self._now_ns = over_ns
            return [TimeAdvanced(now_ns=over_ns, ticket=self._tickets.issue())]
        self._boundary = BoundaryKind.CLOSED
        expired = playback.has_expired(self._now_ns, self._timeout_ns)
        return [
            StartStopwatch(),
            closed(playback.session, self._now_ns, self._tickets.issue(), timer_expired=expired),
        ]

    def _minute_settled(self, message: MinuteSettled) -> Outcome:
        self._tickets.home(message.ticket)
        if self._is_over:
            return NOTHING
        if self._boundary is not None and not self._tickets:
            return self._crossed()
        return self._pump()

    def _wake_at(self, message: WakeAt) -> Outcome:
        self._agenda.add(message.due_ns)
        return self._pump() if self._settling is not None else NOTHING

    # --- the clock

    def _timer_fired(self, message: TimerFired) -> Outcome:
        self._pacer.fired(message.clock_ns, self._now_ns)
        return self._pump()

    def _set_speed(self, message: SetSpeed) -> Outcome:
        self._pacer.change(message.speed)
        recall = self._steps.recall() if self._pacer.is_timed else []  # what waits at the door waits for nobody's clock
        return tell(*recall, *self._pump().out)

    def _minutes_recalled(self, message: MinutesRecalled) -> Outcome:
        if self._playback is not None:
            self._now_ns = self._minutes.recall(self._playback, message)
        return self._pump()

    # --- what people and programs want

    def _start_run(self) -> Outcome:
        if self._gate.is_started and not self._hold.is_on:
            return NOTHING
        self._gate.is_started = True
        return tell(*self._go_on_again(), *self._pump().out)

    def _go_on_again(self) -> list[Message]:
        """End a hold, if there is one, and take what has waited for that."""
        if not self._hold.is_on:
            return []
        self._pacer.restart()
        return [HoldEnded(hold=self._hold.number), *self._steps.end_hold(), *self._moved()]

    def _moved(self) -> list[Message]:
        """Take what was put aside while the tape stood."""
        return [said for message in self._hold.take() for said in self._take(message).out]  # type: ignore[arg-type]  # it came from here

    def _resume(self) -> Outcome:
        self._gate.is_paused, self._gate.steps = False, 0
        self._pacer.restart()
        return tell(AllowMinutes(count=None), *self._pump().out)

    def _step(self, message: Step) -> Outcome:
        self._pacer.restart()
        return tell(*self._steps.add(message.step), *self._moved(), *self._pump().out)

    def _settle_steps(self, outcome: Outcome) -> Outcome:
        is_between = self._boundary is not None or self._settling is not None or self._is_waiting_for_tape
        settled = self._steps.settled(is_over=self._is_over, is_between=is_between)
        return Outcome(outcome.answer, (*outcome.out, *settled), outcome.error)

    def _publish(self, message: Published) -> Outcome:
        # While minutes wait at the door this room is ahead, and it is whatever time SessionData has come to.
        return tell(arrival(message, 0 if self._gate.is_ahead else self._now_ns))

    def _subscribers_changed(self, message: SubscribersChanged) -> Outcome:
        stepped = self._steps.listen(message)
        at_opening = self._playback is not None and self._playback.position == 0 and self._boundary is None
        if at_opening and self._gate.is_in_turn:
            return tell(ListenFrom(ticket=self._tickets.issue_opening(), is_ticketed=True), *stepped, *self._pump().out)
        under_way = message.let_in if self._tickets.staged_out else self._tickets.last
        return tell(ListenFrom(ticket=under_way + 1), *stepped, *self._pump().out)

    def _subscriber_late(self, message: SubscriberLate) -> Outcome:
        reason = self._gate.is_held_up(message)
        return self._fail(reason) if reason else NOTHING

    def _fail(self, reason: str) -> Outcome:
        if self._is_over:
            return NOTHING
        self._is_over = True
        self._failure = reason
        return tell(RunFailed(reason=reason))

    # --- how far it is

    def _progress(self, now_ns: Nanos) -> Progress:
        return progress(
            self._plan,
            self._played,
            self._playback,
            now_ns=now_ns or let_in(self._playback, self._tickets, self._now_ns),
            bars_before=self._bars,
            timeout_ns=self._timeout_ns,
            is_finished=self._is_over,
        )
