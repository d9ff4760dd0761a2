"""How fast a backtest may go: as fast as credit allows, or no faster than so many times real time."""

from messages.commands import SetTimer
from messages.values import Nanos


class Pacer:
    """Converts session time to clock time. It is anchored whenever the pace or the session changes."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._anchor: tuple[Nanos, Nanos] | None = None
        self._clock_ns: Nanos = 0
        self._timer_ns: Nanos | None = None

    @property
    def is_timed(self) -> bool:
        """Whether minutes have a due time at all."""
        return self._speed > 0

    def change(self, speed: float) -> None:
        """Go faster or slower from now on."""
        self._speed = speed
        self.restart()

    def release(self) -> None:
        """Forget the anchor: time jumped to another session."""
        self._anchor = None

    def restart(self) -> None:
        """Begin anew: time stood still, or goes at another speed; a timer that is still set starts nothing."""
        self._anchor = None
        self._timer_ns = None

    def is_due(self, session_ns: Nanos) -> bool:
        """Whether the clock, as last heard of, shows that the session has come to ``session_ns``."""
        return self._anchor is not None and self._clock_ns >= self._due(session_ns)

    def timer(self, session_ns: Nanos) -> SetTimer | None:
        """Return the timer to set for ``session_ns``, or at once to find the anchor; ``None``: one is set already."""
        if self._timer_ns is not None:
            return None
        self._timer_ns = 0 if self._anchor is None else self._due(session_ns)
        return SetTimer(due_ns=self._timer_ns)

    def fired(self, clock_ns: Nanos, session_ns: Nanos) -> None:
        """Hear that the clock shows ``clock_ns``, while the session stands at ``session_ns``."""
        if self._timer_ns is not None and clock_ns >= self._timer_ns:
            self._timer_ns = None
        self._clock_ns = clock_ns
        if self._anchor is None:
            self._anchor = (clock_ns, session_ns)

    def _due(self, session_ns: Nanos) -> Nanos:
        assert self._anchor is not None, "no anchor yet"
        clock_ns, since_ns = self._anchor
        return clock_ns + round((session_ns - since_ns) / self._speed)
