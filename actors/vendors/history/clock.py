"""What is over for a vendor: our clock may be ahead of its own, and then it has not made yet what we ask for.

What is said of the time was true before it came, so it says what time it is there by now at least.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Protocol, runtime_checkable

from messages.tables.columns import BarBatch
from messages.values import SECOND_NS, Nanos

_KEPT = 32
"""What was said before is forgotten: some clocks are set back."""
_WRONG_AT_MOST_NS = 24 * 3600 * SECOND_NS
"""By so much a clock that nobody looks after may be ahead."""
_TELLING_S = 2.0
_UNITS = (("days", 86_400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0))


class VendorClock:
    """What time it is at a vendor's, at least. Told and asked from several threads.

    Args:
        running_ns: a clock that nobody sets; it goes on from one word of the vendor's to the next.
    """

    def __init__(self, running_ns: Callable[[], Nanos] = time.monotonic_ns) -> None:
        self._running_ns = running_ns
        self._said: deque[Nanos] = deque(maxlen=_KEPT)
        self._lock = threading.Lock()

    def hear(self, date: str | None) -> None:
        """Take the ``Date`` of an answer by HTTP, if it has one that can be read."""
        try:
            said = parsedate_to_datetime(date or "")
        except ValueError:
            return
        if said.tzinfo is not None:
            self.hear_ns(round(said.timestamp()) * SECOND_NS)

    def hear_ns(self, said_ns: Nanos) -> None:
        """Take the time that the vendor says it is, or a moment that was over for it."""
        with self._lock:
            self._said.append(said_ns - self._running_ns())

    def now_ns(self) -> Nanos | None:
        """Return what time it is there by now, at least; ``None``: it has not said anything of it."""
        with self._lock:
            return max(self._said) + self._running_ns() if self._said else None


@runtime_checkable
class TellsTime(Protocol):
    """A vendor's client that hears from every answer what time it is there."""

    @property
    def clock(self) -> VendorClock:
        """The vendor's clock."""
        ...


class Times:
    """What is over, by our clock and by a vendor's.

    Args:
        now_ns: our clock.
        clock: the vendor's; ``None``: it does not say what time it is.
        out_after_s: how long after its end the vendor keeps a minute back.
        silent_after_s: how long after its end a minute without a row will not have one any more.
    """

    def __init__(
        self, now_ns: Callable[[], Nanos], clock: VendorClock | None, *, out_after_s: float, silent_after_s: float
    ) -> None:
        self._now_ns = now_ns
        self._clock = clock
        self._out_after_ns = round(out_after_s * SECOND_NS)
        self._silent_after_ns = round(silent_after_s * SECOND_NS)
        self._newest_ns: Nanos = 0

    @property
    def delay_ns(self) -> Nanos:
        """How long after its end a minute may still be on its way, or its silence not be final."""
        return max(self._out_after_ns, self._silent_after_ns)

    def is_later(self, out_after_s: float) -> bool:
        """Take that minutes are kept back for so long; return whether that is longer than was thought."""
        before_ns, self._out_after_ns = self._out_after_ns, max(self._out_after_ns, round(out_after_s * SECOND_NS))
        return self._out_after_ns > before_ns

    def shown(self, bars: BarBatch) -> None:
        """Take what the vendor has shown: for it, the newest of them has begun."""
        self._newest_ns = max(self._newest_ns, int(bars.start_ns.max(initial=0)))

    def out_ns(self, step_ns: Nanos, end_ns: Nanos) -> Nanos:
        """Return until where minutes are over and out."""
        return min(end_ns, (self._over_ns() - self._out_after_ns) // step_ns * step_ns)

    @property
    def final_ns(self) -> Nanos:
        """Until where a minute that the vendor does not show will not come any more.

        Of a vendor that does not say what time it is, only what lies before the newest minute that it has shown is
        over, and what is a day old.
        """
        over_ns = self._over_ns()
        final_ns = over_ns - self.delay_ns
        if self._said_ns() is not None:
            return final_ns
        return max(min(final_ns, self._newest_ns), over_ns - max(self.delay_ns, _WRONG_AT_MOST_NS))

    def is_over(self, end_ns: Nanos) -> bool:
        """Return whether all is out that ends by then, as far as is known before the vendor has said anything."""
        return end_ns <= (self.final_ns if self._clock is None else self._over_ns() - self.delay_ns)

    def trouble(self, name: str) -> str:
        """Return a sentence if our clock is ahead of the vendor's."""
        said_ns = self._said_ns()
        ahead_s = 0.0 if said_ns is None else (self._now_ns() - said_ns) / SECOND_NS
        if ahead_s < _TELLING_S:
            return ""
        unit, seconds = next(one for one in _UNITS if ahead_s >= 2 * one[1])
        return (
            f"this computer's clock is about {ahead_s / seconds:.0f} {unit} ahead of {name}'s, which says what is over"
        )

    def _over_ns(self) -> Nanos:
        now_ns, said_ns = self._now_ns(), self._said_ns()
        return now_ns if said_ns is None else min(now_ns, said_ns)

    def _said_ns(self) -> Nanos | None:
        return None if self._clock is None else self._clock.now_ns()
