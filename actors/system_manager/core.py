"""The mind of SystemManager: which state the system is in, what may follow, and who is well."""

from typing import assert_never

from actors.kernel.outcome import NOTHING, Outcome, answer, refuse, tell
from actors.system_manager.supervision import WITHIN_S, Supervision
from messages.base import Message
from messages.commands import (
    AbortRun,
    ChangeMode,
    ClearError,
    Pause,
    PauseSystem,
    PrepareRun,
    Recover,
    ReportHealth,
    Resume,
    ResumeSystem,
    StartRoom,
    StartSystem,
    Step,
    StepSystem,
    StopRoom,
    StopSystem,
)
from messages.errors import IllegalTransition
from messages.events import (
    HealthReported,
    ReceiptSettled,
    RoomFailed,
    RoomStarted,
    RoomStopped,
    RunFailed,
    RunFinished,
    RunReady,
    SessionBoundary,
    StateChanged,
)
from messages.inboxes import SystemManagerInbox
from messages.lifecycle import TroublesChanged
from messages.listeners import SubscriberLate
from messages.queries import GetStatus
from messages.repairs import SourceReported, SourceStatus
from messages.replies import RoomHealth, SystemStatus
from messages.supervision import BugFound, MakeGood, Supervised, WaitChanged
from messages.values import Health, Mode, Room, SystemState

START_ORDER = (Room.STORES, Room.SESSION_DATA, Room.DATA_UPKEEP, Room.STREAM_COORDINATOR)
"""Stop is start read backwards."""

_OTHERS = (Room.SESSION_DATA, Room.STREAM_COORDINATOR, Room.DATA_UPKEEP)
_MOST_BUGS = 20
"""So many different ones are told of; a program that asks wrongly may find more."""

_STOPPED, _RUNNING, _PAUSED = SystemState.STOPPED, SystemState.RUNNING, SystemState.PAUSED

ALLOWED: dict[type[Message], tuple[str, frozenset[SystemState], SystemState]] = {
    StartSystem: ("start", frozenset({_STOPPED}), _RUNNING),
    PauseSystem: ("pause", frozenset({_RUNNING}), _PAUSED),
    ResumeSystem: ("resume", frozenset({_PAUSED}), _RUNNING),
    StepSystem: ("step", frozenset({_PAUSED}), _PAUSED),
    ChangeMode: ("change the mode", frozenset({_STOPPED}), _STOPPED),
    ClearError: ("clear the error", frozenset({SystemState.ERROR}), _STOPPED),
    StopSystem: ("stop", frozenset(SystemState), _STOPPED),
}
"""For each command: what it does, the states from which it may, and the state that it leads to."""


class SystemManagerCore:
    """Life and death of the rooms, one state for all of them."""

    def __init__(
        self,
        mode: Mode = Mode.BACKTEST,
        late_after_s: float = 10.0,
        *,
        is_clock_ours: bool = False,
        max_restarts: int = 5,
    ) -> None:
        """Set up.

        Args:
            mode: what is run.
            late_after_s: a subscriber that holds up the run for so long is named in the status.
            is_clock_ours: whether a live clock can be stopped, for all that comes is a replay that goes by it.
            max_restarts: a live day that meets more bugs than that within a minute does not go on.
        """
        self._mode = mode
        self._is_clock_ours = is_clock_ours
        self._late_after_s = late_after_s
        self._state = SystemState.STOPPED
        self._change: str | None = None
        self._failure: str | None = None
        self._up: list[Room] = []
        self._coming: Room | None = None
        """Told to start, and not heard of since."""
        self._health: dict[Room, RoomHealth] = {}
        self._is_run_finished = False
        self._late: tuple[str, ...] = ()
        self._has_expired = False
        self._sources: dict[str, SourceStatus] = {}
        self._troubles: tuple[str, ...] = ()
        self._bugs: dict[str, int] = {}
        """Those that the run survived, and how often."""
        self._supervision = Supervision(max_restarts)

    def handle(self, message: SystemManagerInbox) -> Outcome:
        """Take one message. An illegal command is refused and changes nothing."""
        match message:
            case HealthReported():
                self._health[message.health.room] = message.health
                return NOTHING
            case GetStatus():
                return answer(message, self._status())
            case BugFound():
                return self._bug_found(message)
            case RoomStarted():
                return self._room_started(message)
            case RoomStopped():
                return self._room_stopped(message)
            case RoomFailed():
                return self._room_failed(message)
            case RunReady():
                return self._become(SystemState.RUNNING)
            case RunFinished():
                self._is_run_finished = True
                return tell(ReportHealth())
            case RunFailed():
                return self._fail(message.reason)
            case SubscriberLate():
                self._late = message.names if message.seconds >= self._late_after_s else ()
                return NOTHING
            case SourceReported():
                self._sources[message.status.source] = message.status
                return NOTHING
            case TroublesChanged():
                self._troubles = message.troubles
                return NOTHING
            case WaitChanged():
                self._supervision.wait(message)
                return NOTHING
            case Supervised():
                return tell(*self._supervision.look(message, is_up=self._is_up))
            case SessionBoundary():
                self._has_expired = message.timer_expired
                return NOTHING
            case _:
                return self._command(message)

    def check(self) -> None:
        """Assert what must always be true."""
        assert self._up == list(START_ORDER[: len(self._up)]) or self._change is not None, self._up

    # --- commands

    def _command(
        self,
        message: StartSystem | StopSystem | PauseSystem | ResumeSystem | StepSystem | ChangeMode | ClearError,
    ) -> Outcome:
        deed, states, target = ALLOWED[type(message)]
        if self._state not in states or (self._change is not None and not isinstance(message, StopSystem)):
            now = f"{self._state} and {self._change}" if self._change else str(self._state)
            wanted = " or ".join(sorted(states))
            only = f"this is done only when it is {wanted}"
            when = only if target in states else f"{target} is reached only from {wanted}"
            return refuse(message, IllegalTransition(f"cannot {deed}: the system is {now}, and {when}"))
        if self._is_refused_live(message):
            return refuse(message, IllegalTransition(f"cannot {deed} a live system: its clock does not stand still"))
        match message:
            case StartSystem():
                self._change = "starting"
                self._is_run_finished = False
                return answer(message, self._status(), self._start_next())
            case StopSystem():
                return answer(message, self._status(), *self._stop_next())
            case PauseSystem():
                return answer(message, *self._turn(SystemState.PAUSED, Pause()))
            case ResumeSystem():
                return answer(message, *self._turn(SystemState.RUNNING, Resume()))
            case StepSystem():
                return answer(message, self._status(), Step(step=message.step))
            case ChangeMode():
                self._mode = message.mode
                return answer(message, self._status())
            case ClearError():
                return self._clear_error(message)
            case _:
                assert_never(message)

    def _is_refused_live(self, message: Message) -> bool:
        is_held = isinstance(message, PauseSystem | StepSystem)
        return is_held and self._mode is Mode.LIVE and not self._is_clock_ours

    def _clear_error(self, message: ClearError) -> Outcome:
        """Stop what is left of a backtest; let a live run whose rooms are all up go on."""
        self._failure = None
        if self._mode is Mode.LIVE and self._up == list(START_ORDER):
            self._state = _RUNNING
            return answer(message, self._status(), Recover(), StateChanged(state=_RUNNING))
        self._state = _STOPPED
        return answer(message, self._status(), *self._stop_next())

    def _turn(self, state: SystemState, command: Message) -> tuple[SystemStatus, Message]:
        self._state = state
        return self._status(), command

    # --- rooms

    def _room_started(self, message: RoomStarted) -> Outcome:
        if message.room not in START_ORDER:
            return NOTHING
        self._coming = None
        self._up.append(message.room)
        return tell(self._start_next()) if self._change == "starting" else tell(*self._stop_next())

    def _start_next(self) -> Message:
        """Start the room that comes after those that are up; when all are, load the first session."""
        if len(self._up) == len(START_ORDER):
            return PrepareRun(mode=self._mode)
        self._coming = START_ORDER[len(self._up)]
        return StartRoom(room=self._coming)

    def _room_failed(self, message: RoomFailed) -> Outcome:
        self._coming = None
        is_stopping = self._change == "stopping"
        outcome = self._fail(f"{message.room} did not start: {message.reason}")
        return tell(*outcome.out, *self._stop_next()) if is_stopping else outcome

    def _room_stopped(self, message: RoomStopped) -> Outcome:
        if message.room not in self._up:
            return NOTHING
        self._up.remove(message.room)
        if self._change != "stopping":
            return self._fail(f"{message.room} stopped by itself")
        return tell(*self._stop_next())

    def _stop_next(self) -> tuple[Message, ...]:
        """Stop the room that was started last; when none is left, the system is stopped (or stays in error)."""
        if self._coming is not None:
            self._change = "stopping"
            return ()  # it is stopped when it is up
        if self._up:
            self._change = "stopping"
            return (StopRoom(room=self._up[-1]),)
        self._change = None
        if self._failure is None:
            self._state = SystemState.STOPPED
        return (StateChanged(state=self._state, failure=self._failure, is_down=True),)

    # --- trouble

    def _bug_found(self, message: BugFound) -> Outcome:
        said = f"a bug in {message.room} on {message.message}: {message.error}"
        nothing = ReceiptSettled(receipt=message.receipt, accepted=0, rejected=0, duplicates=0, failure=said)
        lost = (nothing,) if message.receipt else ()
        # Who starts the rooms cannot be made good: nobody would see that it has stopped.
        is_lost = self._change == "starting" and message.room is Room.SYSTEM_MANAGER
        if message.is_query or (self._mode is Mode.LIVE and message.is_sound and not is_lost):
            if said in self._bugs or len(self._bugs) < _MOST_BUGS:
                self._bugs[said] = self._bugs.get(said, 0) + 1
            if message.is_query:
                return NOTHING
            if self._supervision.survives(message.at_s):
                return tell(*lost, *self._goes_on(message))
            said = f"{said}; it is bug {self._supervision.recent} within {WITHIN_S:.0f} s, too many to go on"
        if message.room is Room.SYSTEM_MANAGER:
            self._coming = None  # rooms are started in its thread: a start that raised reports nothing else
        was_error = self._state is SystemState.ERROR
        out = (*lost, *self._fail(said).out)
        # Once is enough: a coordinator that cannot even abort would be told so for ever.
        return tell(*out) if was_error else tell(AbortRun(reason=self._failure or message.error), *out)

    def _goes_on(self, message: BugFound) -> tuple[Message, ...]:
        """Have made good what a message would have done that is in quarantine; a stop goes on with the next room."""
        room = message.room
        if self._change == "stopping":
            return self._stop_next() if room is Room.SYSTEM_MANAGER else ()
        is_unsaid = room is Room.SYSTEM_MANAGER and self._state is _RUNNING
        # Of whom a report spoke that is lost itself is not known: it may have been anybody.
        others = _OTHERS if message.message == BugFound.__name__ else ()
        good = (MakeGood(room=one) for one in (room, *others))
        return (*((StateChanged(state=_RUNNING),) if is_unsaid else ()), *good)

    @property
    def _is_up(self) -> bool:
        """Whether a live day should move."""
        is_live = self._mode is Mode.LIVE and not self._is_run_finished
        is_coming = self._change == "starting" or (self._state is _RUNNING and self._change is None)
        return is_live and is_coming

    def _fail(self, reason: str) -> Outcome:
        """Enter the error state; a start that failed stops what it had started."""
        if self._state is SystemState.STOPPED and self._change == "stopping":
            return NOTHING  # a start given up, or an error being cleared away: what still fails there is no news
        self._failure = self._failure or reason
        self._state = SystemState.ERROR
        changed = StateChanged(state=self._state, failure=self._failure)
        if self._change == "starting":
            return tell(changed, *self._stop_next())
        return tell(changed)

    def _become(self, state: SystemState) -> Outcome:
        if self._change != "starting":
            return NOTHING
        self._change = None
        self._state = state
        return tell(StateChanged(state=state))

    def _reasons(self) -> tuple[str, ...]:
        """Return why all is not well: what has failed, what is wrong, and what was survived."""
        return (
            *(() if self._failure is None else (self._failure,)),
            *(f"subscriber {name!r} holds up the run" for name in self._late),
            *(str(self._sources[name]) for name in sorted(self._sources) if self._sources[name].is_failing),
            *self._supervision.troubles(),
            *(trouble for health in self._health.values() for trouble in health.troubles),
            *(trouble for trouble in self._troubles if trouble not in map(str, self._sources.values())),
            *(said if count == 1 else f"{said} ({count} times)" for said, count in self._bugs.items()),
        )

    def _status(self) -> SystemStatus:
        reasons = self._reasons()
        health = Health.DEGRADED if reasons else Health.HEALTHY
        return SystemStatus(
            health=Health.ERROR if self._state is SystemState.ERROR else health,
            reasons=reasons,
            state=self._state,
            mode=self._mode,
            failure=self._failure,
            is_changing=self._change is not None,
            rooms=tuple(self._health[room] for room in Room if room in self._health),
            is_run_finished=self._is_run_finished,
            late_subscribers=self._late,
            sources=tuple(self._sources[name] for name in sorted(self._sources)),
            timer_expired=self._has_expired,
            beats=self._supervision.beats,
            journal=self._supervision.journal,
        )
