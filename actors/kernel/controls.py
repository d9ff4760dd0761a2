"""What may be commanded of a running system, and how it is, as methods; answers are futures."""

import math

from actors.kernel.address import RoomAddress
from actors.kernel.future import Future
from messages.commands import (
    ChangeMode,
    ClearError,
    PauseSystem,
    ResumeSystem,
    SetSpeed,
    StepSystem,
    StopSystem,
)
from messages.errors import NotReady, SettingsError
from messages.lifecycle import GetLiveStatus, LiveStatus
from messages.queries import GetProgress, GetRunSummary, GetStatus
from messages.replies import Progress, RunSummary, SystemStatus
from messages.values import Mode


class Controls:
    """The commands; from any thread."""

    def __init__(self, manager: RoomAddress, stream: RoomAddress, *, is_live: bool = False) -> None:
        self._manager = manager
        self._stream = stream
        self._is_live = is_live

    def pause(self) -> Future[SystemStatus]:
        """Hold the stream; fails with ``IllegalTransition`` unless running."""
        return self._manager.ask(PauseSystem())

    def resume(self) -> Future[SystemStatus]:
        """Go on; fails with ``IllegalTransition`` unless paused."""
        return self._manager.ask(ResumeSystem())

    def step(self) -> Future[SystemStatus]:
        """Play one minute; fails with ``IllegalTransition`` unless paused."""
        return self._manager.ask(StepSystem())

    def stop(self) -> Future[SystemStatus]:
        """Stop every room but keep the system's state readable through ``status``; answered at once."""
        return self._manager.ask(StopSystem())

    def set_speed(self, speed: float) -> None:
        """Change the pace: 0 as fast as possible, 1 real time, N times as fast."""
        if not 0 <= speed < math.inf:
            raise SettingsError(f"speed is 0 (as fast as possible) or more, not {speed}")
        self._stream.tell(SetSpeed(speed=speed))

    def set_mode(self, mode: str) -> Future[SystemStatus]:
        """Change between ``backtest`` and ``live``; fails with ``IllegalTransition`` unless stopped."""
        return self._manager.ask(ChangeMode(mode=Mode(mode)))

    def clear_error(self) -> Future[SystemStatus]:
        """Leave the error state; the only way out of it."""
        return self._manager.ask(ClearError())

    def status(self) -> Future[SystemStatus]:
        """State, mode, and the counters of every room, from their last health reports."""
        return self._manager.ask(GetStatus())

    def progress(self) -> Future[Progress]:
        """How far the run is."""
        return self._stream.ask(GetProgress())

    def live_status(self) -> Future[LiveStatus]:
        """Where the live day is, and how its feeds are; fails with ``NotReady`` in a backtest."""
        if self._is_live:
            return self._stream.ask(GetLiveStatus())
        refused: Future[LiveStatus] = Future()
        refused.set_exception(NotReady("this is a backtest: there is no live day"))
        return refused

    def summary(self) -> Future[RunSummary]:
        """What the run has come to so far, session by session."""
        return self._stream.ask(GetRunSummary())
