"""What needs real time: the timer, the stopwatch of transitions, and a clock that can be held and moved."""

import threading
import time
from time import perf_counter_ns

from actors.kernel.address import Address
from actors.kernel.clock import Clock, SystemClock
from messages.commands import Pause, ReadStopwatch, Resume, SetSpeed, SetTimer, StartStopwatch, Step
from messages.events import StepSettled, StopwatchRead, TimerFired
from messages.values import Nanos

_COMING_S = 0.25
"""So long the bars of a minute may be on their way at its end, when a replay is stepped."""
_PATIENCE_S = 2.0
_LOOK_S = 0.01


class Timer:
    """Turns ``SetTimer`` into ``TimerFired``.

    Args:
        clock: whose time counts.
        reply_to: who is told.
        is_only: whether there is one timer, which is set anew whenever it has fired, as on a live day: then the one
            that was set last goes, and that it fires again is owed.
        ends_clock: whether nobody else goes by the clock, so that it ends with the timer.
    """

    def __init__(
        self, clock: Clock, reply_to: Address[TimerFired], *, is_only: bool = False, ends_clock: bool = False
    ) -> None:
        self._clock = clock
        self._reply_to = reply_to
        self._is_only = is_only
        self._ends_clock = ends_clock
        self._is_closed = False
        self._last = 0
        self.set_for_ns: Nanos = 0
        """What was asked for last."""
        self._fired_s: float | None = None

    def tell(self, message: SetTimer) -> None:
        """Have the clock call back."""
        self._last += 1
        self.set_for_ns = message.due_ns
        self._fired_s = None
        number = self._last
        self._clock.call_at(message.due_ns, lambda clock_ns: self._fired(number, clock_ns))

    def close(self) -> None:
        """Fire no more; may be called twice."""
        self._is_closed = True
        if self._ends_clock:
            self._clock.close()

    def _fired(self, number: int, clock_ns: int) -> None:
        if self._is_closed:
            return
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
    """Holds, moves and paces the clock of a live day of which all is a replay that goes by it; else it does nothing.

    Args:
        clock: such a clock; ``None``: there is none.
        timer: goes by it; who sets it has dealt with the time before.
        minutes: how long a base bar is, and how long it stays open after its end.
        told: hears that a step is taken.
    """

    def __init__(
        self,
        clock: SystemClock | None,
        timer: Timer,
        told: Address[StepSettled],
        minutes: tuple[Nanos, Nanos],
    ) -> None:
        self._clock = clock
        self._timer = timer
        self._minute_ns, grace_ns = minutes
        self._grace_ns = min(grace_ns, self._minute_ns - 1)  # or the next step would be one over two minutes
        self._told = told
        self._stepping = threading.Lock()
        self._moving = threading.Lock()
        self._is_held = False

    def tell(self, message: Pause | Resume | Step | SetSpeed) -> None:
        """Hold the clock, let it go on, take it to where the next minute is closed, or pace it."""
        if self._clock is None:
            return
        match message:
            case Pause():
                with self._moving:
                    self._is_held = True
                    self._clock.hold()
            case Resume():
                with self._moving:
                    self._is_held = False
                    self._clock.go_on()
            case SetSpeed():
                self._clock.run_at(message.speed)
            case Step():
                step = self._clock, message.step
                threading.Thread(target=self._step, args=step, name="barkeeper-step", daemon=True).start()

    def _step(self, clock: SystemClock, step: int) -> None:
        with self._stepping:
            end_ns = (clock.now_ns() // self._minute_ns + 1) * self._minute_ns
            self._come_to(clock, end_ns)
            time.sleep(_COMING_S)
            self._come_to(clock, end_ns + self._grace_ns)
        self._told.tell(StepSettled(step=step))

    def _come_to(self, clock: SystemClock, to_ns: Nanos) -> None:
        """Hop there, if nobody has let the clock go on, and wait until who sets the timer has been there too."""
        with self._moving:
            if not self._is_held:
                return
            clock.hop(to_ns)
        until_s = time.monotonic() + _PATIENCE_S
        while self._timer.set_for_ns <= to_ns and time.monotonic() < until_s:
            time.sleep(_LOOK_S)


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
