"""What may be commanded of a running system, and how it is, as methods; answers are futures."""

from collections.abc import Callable
from typing import Any, TypeVar

from actors.kernel.address import RoomAddress
from actors.kernel.ask import arguments as take
from actors.kernel.future import Future
from messages.base import Query
from messages.commands import (
    ChangeMode,
    ClearError,
    PauseSystem,
    ResumeSystem,
    SetSpeed,
    StepSystem,
    StopSystem,
)
from messages.errors import IllegalTransition, NotReady, SettingsError
from messages.lifecycle import GetLiveStatus, LiveStatus
from messages.queries import GetNow, GetProgress, GetRunSummary, GetStatus
from messages.readiness import GetReadiness, ReadinessReport
from messages.replies import Progress, RunSummary, SystemStatus
from messages.values import Mode

R = TypeVar("R")


class Controls:
    """The commands; from any thread."""

    def __init__(
        self,
        manager: RoomAddress,
        stream: RoomAddress,
        session: RoomAddress,
        next_step: Callable[[], tuple[int, Future[None]]],
        is_replay: Callable[[], bool],
        *,
        is_live: bool = False,
    ) -> None:
        self._manager = manager
        self._stream = stream
        self._session_data = session
        self._next_step = next_step
        self._is_replay = is_replay
        self._is_live = is_live

    def __reduce__(self) -> Any:
        raise TypeError("a system stays in its process: make one in each, or let sweep() do it")

    def pause(self) -> Future[SystemStatus]:
        """Hold the stream, or a replay's clock; fails with ``IllegalTransition`` unless running, and on a live day.

        A live day can be held that is a replay: all its feeds go by one clock, as ``replay`` and ``simulated`` do.
        """
        return self._manager.ask(PauseSystem())

    def resume(self) -> Future[SystemStatus]:
        """Go on; fails with ``IllegalTransition`` unless paused."""
        return self._manager.ask(ResumeSystem())

    def step(self) -> Future[SystemStatus]:
        """Play one minute, which readers see when this is answered; fails with ``IllegalTransition`` unless paused.

        Where the tape stands, for who listened has left, nobody hears that minute, and the next one is for who comes.
        A subscriber that has not asked for its next event holds up a step too; that is not waited for.
        """
        step, settled = self._next_step()
        asked = self._manager.ask(StepSystem(step=step))
        seen = asked.then(lambda _: settled).then(lambda _: self._caught_up()).then(lambda _: self._caught_up())
        return seen.then(lambda _: asked)

    def stop(self) -> Future[SystemStatus]:
        """Stop every room but keep the system's state readable through ``status``; answered at once."""
        return self._manager.ask(StopSystem())

    def set_speed(self, speed: float) -> None:
        """Change the pace of a replay: 0 as fast as possible, 1 real time, N times as fast.

        Raises:
            SettingsError: the speed is no such number; a replay that runs live goes by a clock, so 0 is none for it.
            IllegalTransition: the system is live, and goes by the computer's clock.
        """
        factor = take.speed(speed)
        if not self._is_replay():
            raise IllegalTransition("cannot set the speed of a live system: it goes by the clock")
        if self._is_live and not factor:
            raise SettingsError("a replay that runs live goes by a clock: its speed is more than 0")
        self._stream.tell(SetSpeed(speed=factor))

    def set_mode(self, mode: str) -> Future[SystemStatus]:
        """Change between ``backtest`` and ``live``; fails with ``IllegalTransition`` unless stopped."""
        return self._manager.ask(ChangeMode(mode=take.choice(Mode, mode, "mode")))

    def clear_error(self) -> Future[SystemStatus]:
        """Leave the error state, the only way out of it: a backtest is stopped, a live run goes on."""
        return self._manager.ask(ClearError())

    def status(self) -> Future[SystemStatus]:
        """State, mode, and the counters of every room, from their last health reports."""
        return self._manager.ask(GetStatus())

    def progress(self) -> Future[Progress]:
        """How far the run is: as far as readers see, whatever has been read ahead."""
        if self._is_live:
            return self._stream.ask(GetProgress())
        return self._caught_up().then(lambda now_ns: self._stream.ask(GetProgress(now_ns=now_ns)))

    def _caught_up(self) -> Future[int]:
        """Return how far readers see, once what was commanded before has been handed on to who is asked then."""
        return self._stream.ask(GetProgress()).then(lambda _: self._session_data.ask(GetNow()))

    def live_status(self) -> Future[LiveStatus]:
        """Where the live day is, and how its feeds are; fails with ``NotReady`` in a backtest."""
        return self._ask_of_live(GetLiveStatus())

    def readiness(self) -> Future[ReadinessReport]:
        """How ready everything is for the live session at hand or, after its close, for the next.

        The store is tried again when it is asked and a minute has gone by; the answer is what is known by then.
        Fails with ``NotReady`` in a backtest.
        """
        return self._ask_of_live(GetReadiness())

    def _ask_of_live(self, query: Query[R]) -> Future[R]:
        if self._is_live:
            return self._stream.ask(query)
        refused: Future[R] = Future()
        refused.set_exception(NotReady("this is a backtest: there is no live day"))
        return refused

    def summary(self) -> Future[RunSummary]:
        """What the run has come to so far, session by session."""
        return self._stream.ask(GetRunSummary())
