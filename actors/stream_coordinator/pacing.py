"""How fast a backtest may go: as fast as credit allows, or no faster than so many times real time."""

from messages.values import Nanos


class Pacer:
    """Converts session time to clock time. It is anchored whenever the pace or the session changes."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._anchor: tuple[Nanos, Nanos] | None = None

    @property
    def is_timed(self) -> bool:
        """Whether minutes have a due time at all."""
        return self._speed > 0

    @property
    def needs_anchor(self) -> bool:
        """Whether the clock must be read before the next minute."""
        return self.is_timed and self._anchor is None

    def change(self, speed: float) -> None:
        """Go faster or slower from now on."""
        self._speed = speed
        self._anchor = None

    def release(self) -> None:
        """Forget the anchor: time stood still, or jumped to another session."""
        self._anchor = None

    def anchor(self, clock_ns: Nanos, session_ns: Nanos) -> None:
        """Say that the clock shows ``clock_ns`` while the session stands at ``session_ns``."""
        if self._anchor is None:
            self._anchor = (clock_ns, session_ns)

    def due(self, session_ns: Nanos) -> Nanos:
        """Return when the clock will show that the session reaches ``session_ns``."""
        assert self._anchor is not None, "anchor first"
        clock_ns, since_ns = self._anchor
        return clock_ns + round((session_ns - since_ns) / self._speed)
