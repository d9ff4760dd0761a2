"""Waiting for a clock to show a time: woken by it, by somebody, or by patience running out."""

import threading

from actors.kernel.clock import Clock
from messages.values import Nanos


class AlarmClock:
    """One thread waits; any other may wake it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._woken = threading.Event()
        self._set_for_ns: Nanos | None = None

    def set_for(self, due_ns: Nanos) -> None:
        """Ring when the clock shows ``due_ns``; a second call for the same time does nothing."""
        if due_ns != self._set_for_ns:
            self._set_for_ns = due_ns
            self._clock.call_at(due_ns, self._ring)

    def wait(self, timeout_s: float | None = None) -> None:
        """Wait until it rings or is woken, at most ``timeout_s`` seconds of real time. May return early."""
        self._woken.wait(timeout_s)
        self._woken.clear()

    def wake(self) -> None:
        """Let the one who waits go on; if nobody waits, the next one does not."""
        self._woken.set()

    def _ring(self, _now_ns: Nanos) -> None:
        self._woken.set()
