"""Who sends bars, and whose bar stays when two of equal rank claim a cell."""

from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from actors.session_data.hold.accounts import plus
from messages.feeds import FeedSettled, Taken

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
        self._taken: dict[str, Taken] = {}
        for name in (UNKNOWN, *preferred):  # first, so that however many come, those named have their own
            self.number(name)

    @property
    def names(self) -> dict[int, str]:
        """By number: the sender's name."""
        return {number: name for name, number in self._numbers.items()}

    def settled(self, message: FeedSettled) -> FeedSettled:
        """Return a feed's ticket with what has become of what it sent."""
        taken = self._taken.get(message.feed)
        return message if taken is None else msgspec.structs.replace(message, taken=taken)

    def book(self, name: str, taken: Taken) -> Taken:
        """Book what became of one message's bars, trades or quotes; return it."""
        before = self._taken.get(name)
        self._taken[name] = taken if before is None else plus(before, taken)
        return taken

    def accounts(self) -> dict[str, Taken]:
        """Return what became of what each sent to this process."""
        return dict(self._taken)

    def reckon(self, accounts: dict[str, Taken]) -> None:
        """Have these accounts: what is told again from a journal was not sent again."""
        self._taken = dict(accounts)

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
