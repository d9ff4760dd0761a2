"""Which part of the day the bars of a file lie in."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from actors.market.calendar import Calendar
from messages.tables.columns import Stamps

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
    """What the calendars say.

    Args:
        calendars: gives a calendar by its name.
    """

    def __init__(self, calendars: Callable[[str], Calendar]) -> None:
        self._calendars = calendars

    def __call__(self, calendar: str, starts: Stamps) -> npt.NDArray[np.uint8]:
        """Return the ``SegmentKind`` number of each start."""
        return self._calendars(calendar).assign(starts).segment
