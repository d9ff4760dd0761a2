"""What SystemManager does about what goes wrong on a live day: what is lost is made good, and a stall is named."""

from collections import deque

from messages.base import Message
from messages.supervision import JournalHealth, MakeGood, StallNoticed, Supervised, WaitChanged

WITHIN_S = 60.0
"""So long a room that has met a bug is remembered."""
_EVERY_S = 3.0
"""A day that stands still is given a push so often."""


class Supervision:
    """Counts the bugs that a live day survives, and sees when nothing moves.

    Args:
        max_restarts: with more bugs than that within a minute it does not go on.
    """

    def __init__(self, max_restarts: int) -> None:
        self._most = max_restarts
        self._bugs: deque[float] = deque()
        self._wait: WaitChanged | None = None
        self._since_s: float | None = None
        self._pushed_s = 0.0
        self._stall = ""
        self._seen: tuple[str, ...] = ()
        self.journal: JournalHealth | None = None
        self.beats = 0
        """How often the rooms were looked at from outside."""

    def survives(self, at_s: float) -> bool:
        """Count a bug; return whether the day goes on."""
        self._bugs.append(at_s)
        while self._bugs[0] < at_s - WITHIN_S:
            self._bugs.popleft()
        return len(self._bugs) <= self._most

    @property
    def recent(self) -> int:
        """How many bugs there were within the last minute."""
        return len(self._bugs)

    def wait(self, message: WaitChanged) -> None:
        """Hear what a live day waits for."""
        if self._wait is None or message.what != self._wait.what:
            self._since_s = None
        self._wait = message if message.what else None

    def look(self, message: Supervised, *, is_up: bool) -> list[Message]:
        """Hear what was seen from outside; return what a day is told that stands still, and the log."""
        self.beats += 1
        self._seen, self.journal = message.troubles, message.journal
        at_s, wait = message.at_s, self._wait
        if wait is None or not is_up:
            self._since_s = None
        elif self._since_s is None:
            self._since_s = at_s
        is_stalled = wait is not None and self._since_s is not None and at_s - self._since_s >= wait.patience_s
        stall = wait.what if wait is not None and is_stalled else message.stall if is_up else ""
        said: list[Message] = [] if bool(stall) == bool(self._stall) else [StallNoticed(what=stall)]
        self._stall = stall
        if is_stalled and at_s - self._pushed_s >= _EVERY_S:
            self._pushed_s = at_s
            said.append(MakeGood())
        return said

    def troubles(self) -> list[str]:
        """Return a sentence for each thing that is wrong."""
        stalled = [f"nothing moves: {self._stall}"] if self._stall else []
        return [*stalled, *self._seen]
