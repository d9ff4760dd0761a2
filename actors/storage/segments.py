"""Which part of the day the bars of a file lie in."""

from collections.abc import Callable
from threading import Lock
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from messages.columns import Stamps

SegmentOf: TypeAlias = Callable[[str, Stamps], npt.NDArray[np.uint8]]
"""From a calendar's name and starts in ascending order to the ``SegmentKind`` number of each."""


def segments_of(segment_of: SegmentOf, calendar: str, starts: Stamps) -> npt.NDArray[np.uint8]:
    """Return the segment of each bar, asking once for all bars that start together.

    Args:
        segment_of: who knows.
        calendar: the calendar's name.
        starts: of bars, sorted.
    """
    is_next = starts[1:] != starts[:-1]
    if is_next.all():
        return segment_of(calendar, starts)
    first = np.flatnonzero(np.append(np.True_, is_next))
    bars_of_each = np.diff(first, append=len(starts))
    return np.repeat(segment_of(calendar, starts[first]), bars_of_each)


class CalendarSegments:
    """What the calendars say; each is made once, when it is first asked."""

    def __init__(self) -> None:
        self._calendars: dict[str, Any] = {}
        self._making = Lock()

    def __call__(self, calendar: str, starts: Stamps) -> npt.NDArray[np.uint8]:
        """Return the ``SegmentKind`` number of each start."""
        with self._making:
            if calendar not in self._calendars:
                # It brings pandas, for which readers need not wait.
                from actors.market.calendar import Calendar

                self._calendars[calendar] = Calendar(calendar)
        segment: npt.NDArray[np.uint8] = self._calendars[calendar].assign(starts).segment
        return segment
