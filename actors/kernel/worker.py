"""Threads that do one kind of slow job after the other, and tell what came of each."""

import queue
import threading
from collections.abc import Callable
from typing import Any

from actors.kernel.telemetry import alarm


class Worker:
    """An address whose messages are jobs; ``tell`` never waits.

    ``do`` runs in a thread of the worker's own, or at most ``threads`` of them at once, and should tell its
    outcome, good or bad. What it raises is a bug: logged, and given to ``on_bug`` in that thread.
    """

    def __init__(
        self, name: str, do: Callable[[Any], None], on_bug: Callable[[Any, BaseException], None], threads: int = 1
    ) -> None:
        self._name = name
        self._do = do
        self._on_bug = on_bug
        self._count = threads
        self._jobs: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._idle = threading.Semaphore(0)
        self._is_open = True

    def tell(self, message: Any) -> None:
        """Queue a job."""
        self._jobs.put(message)
        if self._is_open and not self._idle.acquire(blocking=False) and len(self._threads) < self._count:
            name = f"barkeeper-{self._name}"
            thread = threading.Thread(target=self._run, args=(self._idle,), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def close(self, timeout: float = 5.0) -> None:
        """Finish the jobs at hand, drop the rest, and end the threads; may be called twice."""
        self._is_open = False
        self.finish(timeout)

    def finish(self, timeout: float = 5.0) -> None:
        """Do every job that is queued, and wait for that; a job that comes later starts a thread anew."""
        threads, self._threads = self._threads, []
        self._idle = threading.Semaphore(0)
        for _ in threads:
            self._jobs.put(None)
        for thread in threads:
            thread.join(timeout)

    def _run(self, idle: threading.Semaphore) -> None:
        while (job := self._jobs.get()) is not None and self._is_open:
            try:
                self._do(job)
            except Exception as error:  # noqa: BLE001  # the thread must live, and whoever waits must hear
                alarm("worker_bug", worker=self._name, job=repr(job), error=repr(error))
                self._on_bug(job, error)
            idle.release()
