"""The only timer. A clock tells its time and calls back once when it shows a due time; due in the past means now."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from typing import Protocol

from actors.kernel.telemetry import alarm
from messages.values import SECOND_NS, Nanos


class Clock(Protocol):
    """A source of time. Callbacks come from the clock's own thread and should only tell."""

    def now_ns(self) -> Nanos:
        """Return the clock's time."""
        ...

    def call_at(self, due_ns: Nanos, callback: Callable[[Nanos], None]) -> None:
        """Call back once, with the clock's time, when it shows ``due_ns``."""
        ...

    def close(self) -> None:
        """Forget all that is due; may be called twice."""
        ...


_CLOSING_S = 1.0
_LOOK_NS = 2 * SECOND_NS
_STEP_NS = SECOND_NS // 1000


class SystemClock:
    """The computer's clock, or one that runs ``scale`` times as fast from when it was made.

    The computer's time is looked at whenever somebody asks, and every two seconds: what counts in between stands still
    while a computer is suspended, and does not follow a clock that is set (as ``CLOCK_MONOTONIC`` in clock_gettime(2)).
    A step forward is followed, so that nothing that comes right after it seems to be of the future, and what has become
    due is called; after a step back this clock goes on as it did.

    Args:
        scale: how many times as fast.
        start_ns: what it shows when it is made; by default the computer's time.
    """

    def __init__(self, scale: float = 1.0, start_ns: Nanos | None = None) -> None:
        self._follows = start_ns is None and scale == 1.0
        # What it shows, since when it runs from there (None: it stands still), and how fast; one value, for any thread.
        self._anchor: tuple[Nanos, Nanos | None, float]
        self._anchor = (time.time_ns() if start_ns is None else start_ns, time.monotonic_ns(), scale)
        self._due: list[tuple[Nanos, int, Callable[[Nanos], None]]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._is_open = True
        self._thread: threading.Thread | None = None

    def now_ns(self) -> Nanos:
        """Return nanoseconds since the epoch; never goes back, whatever happens to the computer's clock."""
        if self._follows and time.time_ns() > self._shown_ns() + _STEP_NS:
            self._look()
        return self._shown_ns()

    def _shown_ns(self) -> Nanos:
        shown_ns, since_ns, scale = self._anchor
        return shown_ns if since_ns is None else shown_ns + round((time.monotonic_ns() - since_ns) * scale)

    def _look(self) -> None:
        """Go to the computer's time, if that is ahead."""
        with self._changed:
            there_ns = time.time_ns()
            if self._anchor[1] is not None and there_ns > self._shown_ns() + _STEP_NS:
                self._anchor = there_ns, time.monotonic_ns(), 1.0
                self._changed.notify()

    def hold(self) -> None:
        """Stand still; what is due is due when it goes on. For a clock that shows another time than the computer's."""
        self._move(is_held=True)

    def go_on(self) -> None:
        """Run on from where it stands; nothing if it runs."""
        self._move(is_held=False)

    def run_at(self, scale: float) -> None:
        """Be so many times as fast, from now on or when it goes on."""
        self._move(scale=scale)

    def hop(self, to_ns: Nanos) -> None:
        """Stand still at a later time, as if none had gone by until then; what has become due is called."""
        self._move(to_ns, is_held=True)

    def _move(self, to_ns: Nanos = 0, *, is_held: bool | None = None, scale: float | None = None) -> None:
        with self._changed:
            real_ns = time.monotonic_ns()
            now_ns, (_, since_ns, before) = max(self.now_ns(), to_ns), self._anchor
            is_held, scale = since_ns is None if is_held is None else is_held, before if scale is None else scale
            self._follows = self._follows and not is_held and scale == 1.0
            self._anchor = now_ns, None if is_held else real_ns, scale
            self._changed.notify()

    def call_at(self, due_ns: Nanos, callback: Callable[[Nanos], None]) -> None:
        """Call back from the clock's thread."""
        with self._changed:
            if not self._is_open:
                return
            heapq.heappush(self._due, (due_ns, next(self._order), callback))
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="barkeeper-clock", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Stop the thread."""
        with self._changed:
            self._is_open = False
            self._due.clear()
            self._changed.notify()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(_CLOSING_S)

    def _run(self) -> None:
        while (callback := self._next()) is not None:
            try:
                callback(self.now_ns())
            except BaseException as error:  # noqa: BLE001  # whatever it is, others are still to be called
                alarm("clock_bug", error=repr(error))

    def _next(self) -> Callable[[Nanos], None] | None:
        with self._changed:
            while self._is_open:
                wait_ns = self._due[0][0] - self.now_ns() if self._due else SECOND_NS * 3600
                if wait_ns <= 0:
                    return heapq.heappop(self._due)[2]
                _, since_ns, scale = self._anchor
                if self._follows and self._due:
                    wait_ns = min(wait_ns, _LOOK_NS)
                wait_s = min(wait_ns / scale / SECOND_NS, threading.TIMEOUT_MAX)
                self._changed.wait(None if since_ns is None else wait_s)
        return None


class ManualClock:
    """A clock that stands still until it is told; calls back in the caller's thread. For tests and tools."""

    def __init__(self, now_ns: Nanos = 0) -> None:
        self._now_ns = now_ns
        self._due: list[tuple[Nanos, int, Callable[[Nanos], None]]] = []
        self._order = itertools.count()

    def now_ns(self) -> Nanos:
        """Return the time it was last set to."""
        return self._now_ns

    def call_at(self, due_ns: Nanos, callback: Callable[[Nanos], None]) -> None:
        """Remember; called back by ``advance``."""
        heapq.heappush(self._due, (due_ns, next(self._order), callback))

    def advance(self, by_ns: Nanos) -> None:
        """Move on, visiting every due time on the way in order."""
        until = self._now_ns + by_ns
        while self._due and self._due[0][0] <= until:
            due_ns, _, callback = heapq.heappop(self._due)
            self._now_ns = max(self._now_ns, due_ns)
            callback(self._now_ns)
        self._now_ns = until

    def close(self) -> None:
        """Forget all that is due."""
        self._due.clear()
