"""What a door waits for: that the system runs, that a step is taken, that it has stopped, that the run is over."""

import itertools
import threading

from actors.kernel.future import Future
from messages.errors import NotReady, SystemFailed
from messages.events import RunFailed, RunFinished, StateChanged, StepSettled
from messages.values import SystemState


class Milestones:
    """Futures that resolve when the system gets there. ``tell`` may come from any thread."""

    def __init__(self) -> None:
        self.running: Future[None] = Future()
        self.stopped: Future[None] = Future()
        self.finished: Future[None] = Future()
        self._has_failed = False
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._steps: dict[int, Future[None]] = {}

    def next_step(self) -> tuple[int, Future[None]]:
        """Return a number for a step, and what resolves when it is taken, or nothing more can be."""
        settled: Future[None] = Future()
        with self._lock:
            number = next(self._numbers)
            self._steps[number] = settled
        return number, settled

    def _stepped(self, step: int | None = None, error: Exception | None = None) -> None:
        """Resolve the steps up to this one, or all."""
        with self._lock:
            taken = [self._steps.pop(number) for number in sorted(self._steps) if step is None or number <= step]
        for settled in taken:
            settled.set() if error is None else settled.set_exception(error)

    def tell(self, message: StateChanged | RunFinished | RunFailed | StepSettled) -> None:
        """Resolve what has been reached."""
        if isinstance(message, StepSettled):
            self._stepped(message.step)
        elif isinstance(message, RunFinished):
            self.finished.set()
            self._stepped()
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
            stopped = NotReady("the system was stopped")
            self.finished.set_exception(stopped)
            self._stepped(error=stopped)

    def fail(self, reason: str) -> None:
        """Nothing more will be reached; who waits is told why."""
        self._has_failed = True
        error = SystemFailed(reason)
        self.running.set_exception(error)
        self.finished.set_exception(error)
        self._stepped(error=error)
