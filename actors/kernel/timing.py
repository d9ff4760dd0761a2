"""What needs real time: the timer, the stopwatch of transitions, and a clock that can be held."""

import time
from time import perf_counter_ns

from actors.kernel.address import Address
from actors.kernel.clock import Clock, SystemClock
from messages.commands import Pause, ReadStopwatch, Resume, SetTimer, StartStopwatch
from messages.events import StopwatchRead, TimerFired


class Timer:
    """Turns ``SetTimer`` into ``TimerFired``.

    Args:
        clock: whose time counts.
        reply_to: who is told.
        is_only: whether there is one timer, which is set anew whenever it has fired, as on a live day: then the one
            that was set last goes, and that it fires again is owed.
    """

    def __init__(self, clock: Clock, reply_to: Address[TimerFired], *, is_only: bool = False) -> None:
        self._clock = clock
        self._reply_to = reply_to
        self._is_only = is_only
        self._last = 0
        self._fired_s: float | None = None

    def tell(self, message: SetTimer) -> None:
        """Have the clock call back."""
        self._last += 1
        self._fired_s = None
        number = self._last
        self._clock.call_at(message.due_ns, lambda clock_ns: self._fired(number, clock_ns))

    def _fired(self, number: int, clock_ns: int) -> None:
        if self._is_only:
            if number != self._last:
                return
            self._fired_s = time.monotonic()
        self._reply_to.tell(TimerFired(clock_ns=clock_ns))

    @property
    def owed_s(self) -> float:
        """For how many seconds of real time nobody has set the one timer that has fired."""
        fired_s = self._fired_s
        return 0.0 if fired_s is None else time.monotonic() - fired_s

    def remind(self) -> None:
        """Fire once more: the message may be lost that would have had it set."""
        self._reply_to.tell(TimerFired(clock_ns=self._clock.now_ns()))


class ClockKeeper:
    """Lets a clock stand still while the system is paused, if there is one that may."""

    def __init__(self, clock: SystemClock | None) -> None:
        self._clock = clock

    def tell(self, message: Pause | Resume) -> None:
        """Hold the clock, or let it go on."""
        if self._clock is None:
            return
        if isinstance(message, Pause):
            self._clock.hold()
        else:
            self._clock.go_on()


class Stopwatch:
    """Measures from ``StartStopwatch`` to ``ReadStopwatch`` in real time."""

    def __init__(self, reply_to: Address[StopwatchRead]) -> None:
        self._reply_to = reply_to
        self._started_ns = 0

    def tell(self, message: StartStopwatch | ReadStopwatch) -> None:
        """Start, or tell how long it has been."""
        if isinstance(message, StartStopwatch):
            self._started_ns = perf_counter_ns()
        else:
            self._reply_to.tell(StopwatchRead(elapsed_ns=perf_counter_ns() - self._started_ns))
