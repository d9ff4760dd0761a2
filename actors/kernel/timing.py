"""What needs real time: the timer, the stopwatch of transitions, and a clock that can be held."""

from time import perf_counter_ns

from actors.kernel.address import Address
from actors.kernel.clock import Clock, SystemClock
from messages.commands import Pause, ReadStopwatch, Resume, SetTimer, StartStopwatch
from messages.events import StopwatchRead, TimerFired


class Timer:
    """Turns ``SetTimer`` into ``TimerFired``."""

    def __init__(self, clock: Clock, reply_to: Address[TimerFired]) -> None:
        self._clock = clock
        self._reply_to = reply_to

    def tell(self, message: SetTimer) -> None:
        """Have the clock call back."""
        self._clock.call_at(message.due_ns, self._fired)

    def _fired(self, clock_ns: int) -> None:
        self._reply_to.tell(TimerFired(clock_ns=clock_ns))


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
