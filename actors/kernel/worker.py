"""A thread that does one kind of slow job after the other, and tells what came of each."""

import queue
import threading
from collections.abc import Callable
from typing import Any

from actors.kernel.telemetry import alarm


class Worker:
    """An address whose messages are jobs; ``tell`` never waits.

    ``do`` runs in the worker's own thread and should tell its outcome, good or bad. What it raises is a bug:
    logged, and given to ``on_bug`` in that thread.
    """

    def __init__(self, name: str, do: Callable[[Any], None], on_bug: Callable[[Any, BaseException], None]) -> None:
        self._name = name
        self._do = do
        self._on_bug = on_bug
        self._jobs: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def tell(self, message: Any) -> None:
        """Queue a job."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=f"barkeeper-{self._name}", daemon=True)
            self._thread.start()
        self._jobs.put(message)

    def close(self, timeout: float = 5.0) -> None:
        """Finish the job at hand, drop the rest, and end the thread; may be called twice."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._jobs.put(None)
            thread.join(timeout)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None and self._thread is not None:
            try:
                self._do(job)
            except Exception as error:  # noqa: BLE001  # the thread must live, and whoever waits must hear
                alarm("worker_bug", worker=self._name, job=repr(job), error=repr(error))
                self._on_bug(job, error)
