"""Who sends bars, and whose bar stays when two of equal rank claim a cell."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

MOST_SENDERS = 127


class Senders:
    """Numbers senders as they appear, and ranks them: those named in the settings first, then by name."""

    def __init__(self, preferred: Sequence[str]) -> None:
        self._preferred = {name: place for place, name in enumerate(preferred)}
        self._numbers: dict[str, int] = {}
        self.preference: npt.NDArray[np.uint8] = np.zeros(MOST_SENDERS + 1, dtype=np.uint8)
        """By number: the place in the order of preference; lower is preferred."""

    def number(self, name: str) -> int:
        """Return a sender's number; beyond the 127th all share one."""
        number = self._numbers.get(name)
        if number is None:
            number = self._numbers[name] = min(len(self._numbers), MOST_SENDERS)
            ordered = sorted(self._numbers, key=lambda sender: (self._preferred.get(sender, MOST_SENDERS), sender))
            for place, sender in enumerate(ordered):
                self.preference[self._numbers[sender]] = min(place, MOST_SENDERS)
        return number
