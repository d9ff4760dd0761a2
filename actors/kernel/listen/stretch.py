"""Minutes that are promised to the only reader there is, who takes one after the other without asking for each."""

from collections import deque
from collections.abc import Sequence
from itertools import chain
from threading import Lock

from actors.kernel.listen.told import Told
from messages.base import Event


class Stretch:
    """Minutes that follow each other, of which it is known what will be told. The first that he hears of is with him.

    A minute is over for the room as soon as the reader has taken what is told of it, or of a later one: the room moves
    up to him before it does or answers anything else. What he has not taken may be called back at any time, from any
    thread.

    Args:
        told: of each minute all that is told.
        tickets: which it has.
        picked: what of that is for the reader, and for each how many minutes are over with it; ``None``: all of it.
    """

    def __init__(
        self,
        told: Sequence[Told],
        tickets: Sequence[int],
        picked: tuple[Sequence[Told], Sequence[int]] | None = None,
    ) -> None:
        self._told = told
        self._tickets = tickets
        self._entries, self._ends = picked or (told, range(1, len(told) + 1))
        self.left = deque(self._entries)
        """What is not taken. The reader takes from the left; each is taken once, by him or who recalls it."""
        self.first = self.left.popleft()
        """What is with the reader from the beginning."""
        self.first_ticket = tickets[self._ends[0] - 1]
        self._most = len(self._entries)
        self._recalled = 0
        self._is_called_back = False
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._told)

    @property
    def passed(self) -> int:
        """How many minutes are over with what the reader has taken."""
        taken = self._most - len(self.left)
        if self._is_called_back:  # looked at afterwards: until then nobody but the reader has taken any
            taken = self._taken()
        return self._ends[taken - 1]

    @property
    def ticket(self) -> int:
        """That of the last of them."""
        return self._tickets[self.passed - 1]

    @property
    def told(self) -> list[Event]:
        """All that is told of the last of them."""
        return _events(self._told[self.passed - 1])

    @property
    def taken(self) -> int:
        """How many events the reader has taken."""
        taken = self._taken()
        return sum(map(_count, self._entries[:taken])) if isinstance(self._told[0], list) else taken

    @property
    def latest(self) -> int:
        """How many of those he took at once with the last of them."""
        return _count(self._entries[self._taken() - 1])

    def beyond(self, given: int) -> list[Event]:
        """Return what the reader has taken beyond so many events."""
        return list(chain.from_iterable(map(_events, self._entries[: self._taken()])))[given:]

    def recall(self) -> int:
        """Call back what is not taken, for good; return how many minutes are over."""
        with self._lock:
            self._is_called_back = True
            while self.left:
                try:
                    self.left.pop()
                except IndexError:  # the reader was faster
                    break
                self._recalled += 1
        return self.passed

    def _taken(self) -> int:
        with self._lock:
            return self._most - self._recalled - len(self.left)

    def __repr__(self) -> str:
        return f"<Stretch of {len(self)} minutes, {self.passed} over>"


def _events(told: Told) -> list[Event]:
    return told if isinstance(told, list) else [told]


def _count(told: Told) -> int:
    return len(told) if isinstance(told, list) else 1
