"""What a door waits for: that the system runs, that it has stopped, that the run is over."""

from actors.kernel.future import Future
from messages.errors import NotReady, SystemFailed
from messages.events import RunFailed, RunFinished, StateChanged
from messages.values import SystemState


class Milestones:
    """Futures that resolve when the system gets there. ``tell`` may come from any thread."""

    def __init__(self) -> None:
        self.running: Future[None] = Future()
        self.stopped: Future[None] = Future()
        self.finished: Future[None] = Future()
        self._has_failed = False

    def tell(self, message: StateChanged | RunFinished | RunFailed) -> None:
        """Resolve what has been reached."""
        if isinstance(message, RunFinished):
            self.finished.set()
        elif isinstance(message, RunFailed):
            self.fail(message.reason)
        else:
            self._state_changed(message)

    def _state_changed(self, message: StateChanged) -> None:
        if message.state is SystemState.RUNNING:
            self.running.set()
            if self._has_failed:  # a live run goes on whose error was cleared
                self.finished, self._has_failed = Future(), False
        if message.failure is not None:
            self.fail(message.failure)
        if message.is_down:
            self.stopped.set()
            self._has_failed = True
            self.finished.set_exception(NotReady("the system was stopped"))

    def fail(self, reason: str) -> None:
        """Nothing more will be reached; who waits is told why."""
        self._has_failed = True
        error = SystemFailed(reason)
        self.running.set_exception(error)
        self.finished.set_exception(error)
