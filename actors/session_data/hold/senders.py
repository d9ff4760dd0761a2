"""Who sends bars, and whose bar stays when two of equal rank claim a cell."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from messages.feeds import FeedSettled

MOST_SENDERS = 127

UNKNOWN = ""
"""Who wrote the days that were read from a store; its number is 0, what an empty plane of sources holds."""


class Senders:
    """Numbers senders as they appear, and ranks them: those named in the settings first, then by name."""

    def __init__(self, preferred: Sequence[str]) -> None:
        self._preferred = {name: place for place, name in enumerate(preferred)}
        self._numbers: dict[str, int] = {}
        self.preference: npt.NDArray[np.uint8] = np.full(MOST_SENDERS + 1, MOST_SENDERS, dtype=np.uint8)
        """By number: the place in the order of preference; lower is preferred."""
        self.refused: Counter[str] = Counter()
        """Bars, trades and quotes that could not be taken, by sender, since it was told."""
        for name in (UNKNOWN, *preferred):  # first, so that however many come, those named have their own
            self.number(name)

    @property
    def names(self) -> dict[int, str]:
        """By number: the sender's name."""
        return {number: name for name, number in self._numbers.items()}

    def settled(self, message: FeedSettled) -> FeedSettled:
        """Return a feed's ticket with what could not be taken of what it sent."""
        refused = self.refused.pop(message.feed, 0)
        return FeedSettled(feed=message.feed, ticket=message.ticket, refused=refused) if refused else message

    def number(self, name: str) -> int:
        """Return a sender's number; beyond the 127th all share one, and come last."""
        number = self._numbers.get(name)
        if number is not None:
            return number
        if len(self._numbers) == MOST_SENDERS:
            return MOST_SENDERS
        self._numbers[name] = len(self._numbers)
        ordered = sorted(self._numbers, key=lambda sender: (self._preferred.get(sender, MOST_SENDERS), sender))
        for place, sender in enumerate(ordered):
            self.preference[self._numbers[sender]] = place
        return self._numbers[name]
