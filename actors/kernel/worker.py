"""Threads that do one kind of slow job after the other, and tell what came of each; who never does is replaced."""

import math
import queue
import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from actors.kernel.address import Address
from actors.kernel.future import Future, Timeout
from actors.kernel.telemetry import alarm
from messages.errors import NotReady

T = TypeVar("T")

MOST_GIVEN_UP = 8
"""Threads that still wait for an answer which never came; with as many, every further job fails at once."""


class _Thread(threading.Thread):
    """A thread of a worker, and what it does."""

    is_given_up = False
    """Whether its time was over: what it tells after all is told by nobody."""
    job: Any = None
    due_s: float | None = None


class _Newest:
    """A job that waits, whose place a newer one of its kind may take."""

    def __init__(self, kind: Hashable, job: Any) -> None:
        self.kind = kind
        self.job = job


class InTime:
    """An address for what jobs tell: what comes of one that was given up is thrown away."""

    def __init__(self, address: Address[Any]) -> None:
        self._address = address

    def tell(self, message: Any) -> None:
        """Pass it on, if the job that tells it is still waited for."""
        thread = threading.current_thread()
        if not (isinstance(thread, _Thread) and thread.is_given_up):
            self._address.tell(message)


def left(until_s: float) -> float:
    """Return how many seconds are left until a time of ``time.monotonic``; never none at all."""
    return max(until_s - time.monotonic(), 0.1)


def in_time(seconds: float, who: str, ask: Callable[[], T]) -> T:
    """Return an answer that may never come, which is waited for so many seconds.

    Raises:
        NotReady: it did not come.
    """
    answer: Future[T] = Future()

    def attempt() -> None:
        try:
            answer.set(ask())
        except BaseException as error:  # noqa: BLE001  # who asks is told, whatever it is
            answer.set_exception(error)

    threading.Thread(target=attempt, name="barkeeper-asking", daemon=True).start()
    try:
        return answer.get(timeout=seconds)
    except Timeout:
        raise NotReady(f"{who} gave no answer for {seconds:g} s") from None


def within(seconds: float, do: Callable[[], None]) -> bool:
    """Do something that may never come back; return whether it did in that time. What it raises is logged."""
    done = threading.Event()

    def attempt() -> None:
        try:
            do()
        except BaseException as error:  # noqa: BLE001  # nobody is left who could do anything about it
            alarm("not_closed", error=repr(error))
        done.set()

    threading.Thread(target=attempt, name="barkeeper-closing", daemon=True).start()
    return done.wait(seconds)


class Worker:
    """An address whose messages are jobs; ``tell`` never waits.

    ``do`` runs in a thread of the worker's own, or at most ``threads`` of them at once, and should tell its
    outcome, good or bad. What it raises is a bug: logged, and given to ``on_bug`` in that thread.

    Args:
        name: of its threads.
        do: one job.
        on_bug: the job, and what was raised.
        threads: how many jobs are done at once.
        deadline_s: a job that takes longer has failed; its thread is left to itself, and another takes its place.
        on_late: such a job, and why it failed.
        same: what jobs have in common of which only the newest need be done: of those that wait, one after the other,
            only it is. They would pile up where the work is slow. It returns ``None`` of a job that is always done.
    """

    def __init__(
        self,
        name: str,
        do: Callable[[Any], None],
        on_bug: Callable[[Any, BaseException], None],
        threads: int = 1,
        *,
        deadline_s: float | None = None,
        on_late: Callable[[Any, str], None] | None = None,
        same: Callable[[Any], Hashable] | None = None,
    ) -> None:
        self._name = name
        self._do = do
        self._on_bug = on_bug
        self._count = threads
        self._deadline_s = deadline_s
        self._on_late = on_late
        self._same = same
        self._last: _Newest | None = None
        """The last job that waits, if a newer one may take its place."""
        self._jobs: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._threads: list[_Thread] = []
        self._given_up: list[_Thread] = []
        self._watch: threading.Thread | None = None
        self._looks_at_s = 0.0
        """When it looks again whether a job is late."""
        self._changed = threading.Condition()
        self._idle = threading.Semaphore(0)
        self._is_open = True

    def tell(self, message: Any) -> None:
        """Queue a job."""
        if self._is_exhausted():
            self._fail(message, f"{MOST_GIVEN_UP} calls are still without an answer")
            return
        with self._changed:  # not behind what ends the threads of a queue that has just been left
            kind = None if self._same is None else self._same(message)
            if self._last is not None and self._last.kind == kind:
                self._last.job = message
                return
            self._last = None if kind is None else _Newest(kind, message)
            self._jobs.put(self._last or message)
            if self._is_open and not self._idle.acquire(blocking=False):
                self._start_one()

    def close(self, timeout: float = 5.0) -> None:
        """Finish the jobs at hand, drop the rest, and end the threads; may be called twice."""
        self._is_open = False
        self.finish(timeout)

    def finish(self, timeout: float = 5.0) -> None:
        """Do every job that is queued, and wait for that; a job that comes later starts a thread anew.

        That thread has a queue of its own: it must not take the leave that one of these waits for.
        """
        with self._changed:
            threads, self._threads = self._threads, []
            for _ in threads:
                self._jobs.put(None)
            if threads:
                self._jobs, self._idle = queue.SimpleQueue(), threading.Semaphore(0)
            self._changed.notify()
        for thread in threads:
            thread.join(timeout)

    def _start_one(self) -> None:
        with self._changed:
            if len(self._threads) >= self._count:
                return
            thread = _Thread(
                target=self._run, args=(self._jobs, self._idle), name=f"barkeeper-{self._name}", daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def _run(self, jobs: queue.SimpleQueue[Any], idle: threading.Semaphore) -> None:
        thread = threading.current_thread()
        assert isinstance(thread, _Thread)
        while (job := self._next(jobs)) is not None and self._is_open:
            self._begin(thread, job)
            try:
                self._do(job)
            except BaseException as error:  # noqa: BLE001  # the thread must live, and whoever waits must hear
                if not thread.is_given_up:
                    alarm("worker_bug", worker=self._name, job=repr(job), error=repr(error))
                    self._on_bug(job, error)
            with self._changed:
                thread.due_s = thread.job = None
                if thread.is_given_up:
                    return
            idle.release()

    def _next(self, jobs: queue.SimpleQueue[Any]) -> Any:
        job = jobs.get()
        if not isinstance(job, _Newest):
            return job
        with self._changed:
            if job is self._last:
                self._last = None
            return job.job

    # --- deadlines

    def _begin(self, thread: _Thread, job: Any) -> None:
        if self._deadline_s is None:
            return
        with self._changed:
            thread.job, thread.due_s = job, time.monotonic() + self._deadline_s
            is_awaited = thread.due_s >= self._looks_at_s  # waking it at each job costs as much as a short one
            if self._watch is None:
                self._watch = threading.Thread(
                    target=self._watch_over, name=f"barkeeper-watch-{self._name}", daemon=True
                )
                self._watch.start()
            elif not is_awaited:
                self._changed.notify()

    def _watch_over(self) -> None:
        while True:
            with self._changed:
                if not self._is_open:  # asked here, or it would wait for a word that has been said
                    return
                now_s = time.monotonic()
                late = [one for one in self._threads if one.due_s is not None and one.due_s <= now_s]
                jobs = [one.job for one in late]
                for one in late:
                    one.is_given_up = True
                    self._threads.remove(one)
                    self._given_up.append(one)
                if not late:
                    dues = [one.due_s for one in self._threads if one.due_s is not None]
                    self._looks_at_s = min(dues, default=math.inf)
                    self._changed.wait(min(self._looks_at_s - now_s, threading.TIMEOUT_MAX) if dues else None)
            for job in jobs:
                alarm("worker_gave_no_answer", worker=self._name, job=repr(job))
                self._fail(job, f"gave no answer for {self._deadline_s:g} s")
            if jobs:
                self._go_on_without_them()

    def _go_on_without_them(self) -> None:
        """Let others do what waits, unless too many are gone: then all that waits has failed."""
        if self._is_exhausted():
            with self._changed:
                has_threads = bool(self._threads)
            while not has_threads and not self._jobs.empty():
                self._fail(self._next(self._jobs), f"{MOST_GIVEN_UP} calls are still without an answer")
        elif not self._jobs.empty():
            self._start_one()

    def _is_exhausted(self) -> bool:
        if not self._given_up:
            return False
        with self._changed:
            self._given_up = [one for one in self._given_up if one.is_alive()]
            return len(self._given_up) >= MOST_GIVEN_UP

    def _fail(self, job: Any, reason: str) -> None:
        if self._on_late is not None:
            self._on_late(job, reason)
