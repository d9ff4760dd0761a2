"""Minutes that are promised to the only reader there is, who takes one after the other without asking for each."""

from collections import deque
from collections.abc import Sequence
from threading import Lock

from messages.base import Event


class Stretch:
    """Minutes that follow each other, of which nothing is told but that they closed. The first is with its reader.

    A minute is over for the room as soon as the reader has taken it: the room moves up to him before it does or answers
    anything else. What he has not taken may be called back at any time, from any thread.

    Args:
        events: what is told of each minute.
        tickets: which it has.
    """

    def __init__(self, events: Sequence[Event], tickets: Sequence[int]) -> None:
        self.events = events
        self.tickets = tickets
        self.left = deque(events)
        """Those that are not taken. The reader takes from the left; each is taken once, by him or who recalls it."""
        self.left.popleft()
        self._recalled = 0
        self._lock = Lock()

    @property
    def passed(self) -> int:
        """How many the reader has taken."""
        with self._lock:
            return len(self.events) - self._recalled - len(self.left)

    @property
    def ticket(self) -> int:
        """That of the minute that was taken last."""
        return self.tickets[self.passed - 1]

    @property
    def event(self) -> Event:
        """What is told of it."""
        return self.events[self.passed - 1]

    def recall(self) -> int:
        """Call back what is not taken, for good; return how many have been."""
        with self._lock:
            while self.left:
                try:
                    self.left.pop()
                except IndexError:  # the reader was faster
                    break
                self._recalled += 1
            return len(self.events) - self._recalled

    def __repr__(self) -> str:
        return f"<Stretch of {len(self.events)} minutes, {self.passed} taken>"
