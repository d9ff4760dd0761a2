"""Of which of many small files there is nothing odd to be told, with the rules of ``oddities`` for all at once."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from actors.importing.oddities import CONVINCING_SHARE, FEW_BARS, SHIFTS_NS
from actors.importing.special_days import (
    FEWEST_PAUSES,
    NEAR_CURRENCIES,
    begin_after_a_pause,
    shifts,
    trades_day_and_night,
)
from actors.market.calendar import Assignment, Calendar
from messages.tables.columns import Mask, Stamps
from messages.values import DAY_NS, MINUTE_NS, Interval, SegmentKind

Places: TypeAlias = npt.NDArray[np.intp]

_FARTHEST_NS = max(SHIFTS_NS)
_FILE = 1 << 40
"""More minutes than there are on either side of 1970."""


def nothing_odd(
    starts_ns: Stamps, edges: Places, assignment: Assignment, are_ends: Mask, calendar: Calendar, base: Interval
) -> Mask:
    """Return for each file whether nothing would be told of it; no where that takes a closer look.

    Args:
        starts_ns: the bars of one file after the other; an answer is meant for files whose bars ascend and lie in
            segments, each of them.
        edges: where each file begins in them, and the last one ends.
        assignment: their sessions and segments.
        are_ends: for each file whether its stamps were taken to be the end of the bar.
        calendar: whose sessions.
        base: the length of the bars.
    """
    count = np.diff(edges)
    regular = np.add.reduceat(assignment.segment == SegmentKind.REGULAR, edges[:-1], dtype=np.int64)
    is_regular: Mask = regular == count
    if not assignment.dates:
        return is_regular & ~are_ends
    may_pause = trades_day_and_night(calendar, assignment.dates)
    if (is_regular & ~are_ends).all() and not may_pause:
        return is_regular
    days = _Days(starts_ns, edges, assignment, calendar)
    is_asked = days.may_pause_at_another_time() if may_pause else np.zeros(len(count), dtype=np.bool_)
    is_odd = days.are_a_minute_off(are_ends)
    if calendar.name in NEAR_CURRENCIES:
        is_odd |= ~is_regular
    is_odd |= ~is_regular & (
        days.are_shifted() | _may_be_regular_at_another_time(starts_ns, edges, regular, calendar, base)
    )
    return ((is_regular & ~are_ends) | ~is_odd) & ~is_asked


def _may_be_regular_at_another_time(
    starts_ns: Stamps, edges: Places, regular: Stamps, calendar: Calendar, base: Interval
) -> Mask:
    """Return whether so few bars are regular that it is asked whether they would be at another time, and may be."""
    count = np.diff(edges)
    first, last = starts_ns[edges[:-1]], starts_ns[edges[1:] - 1]
    most = calendar.regular_ns(first - _FARTHEST_NS, last + base.span_ns + _FARTHEST_NS) // base.span_ns
    may_be: Mask = (count >= FEW_BARS) & (regular * 2 < count) & (most >= CONVINCING_SHARE * count)
    return may_be


class _Days:
    """The days of each file, as its minutes show them."""

    def __init__(self, starts_ns: Stamps, edges: Places, assignment: Assignment, calendar: Calendar) -> None:
        chosen = np.flatnonzero(starts_ns % MINUTE_NS == 0)
        file = np.repeat(np.arange(len(edges) - 1), np.diff(edges))[chosen]
        day = assignment.date_index[chosen]
        is_new = (np.diff(file, prepend=-1) != 0) | (np.diff(day, prepend=-1) != 0)
        self._minutes = starts_ns[chosen]
        self._keys = file * _FILE + self._minutes // MINUTE_NS
        self._edges = np.append(np.flatnonzero(is_new), len(chosen))
        self._file, self._day = file[self._edges[:-1]], day[self._edges[:-1]]
        self._files = len(edges) - 1
        self._dates, self._calendar = assignment.dates, calendar

    def are_shifted(self) -> Mask:
        """Return for each file whether any day begins and ends later or earlier than its session by the same time."""
        opens, closes, expected = (column[self._day] for column in self._calendar.regular_hours(self._dates))
        return self._of_files(shifts(self._minutes, self._edges, opens, closes, expected) != 0)

    def may_pause_at_another_time(self) -> Mask:
        """Return for each file whether several days begin late and last to the end of a day and night."""
        opens, closes, _ = (column[self._day] for column in self._calendar.regular_hours(self._dates))
        late, over = self._minutes[self._edges[:-1]] - opens, self._minutes[self._edges[1:] - 1] + MINUTE_NS - closes
        found = np.bincount(self._file[begin_after_a_pause(late, over, opens, closes)], minlength=self._files)
        may_be: Mask = found >= FEWEST_PAUSES
        return may_be

    def are_a_minute_off(self, are_ends: Mask) -> Mask:
        """Return for each file whether a day begins and ends a minute too late, or where stamps are ends too early."""
        regular = self._calendar.regular_hours(self._dates)[:2]
        sessions = [self._calendar.extended_session(date) for date in self._dates]
        whole = np.array([[each.start_ns, each.end_ns] for each in sessions if each is not None]).T
        is_end = are_ends[self._file]
        is_off = np.zeros(len(self._file), dtype=np.bool_)
        for starts_ns, ends_ns in (regular, whole):
            starts, ends = starts_ns[self._day], ends_ns[self._day]
            is_late = self._has(ends) & ~self._has(starts)
            before, earlier, last = (
                self._has(at) for at in (starts - MINUTE_NS, starts - 2 * MINUTE_NS, ends - MINUTE_NS)
            )
            is_early = before & ~earlier & ~last & self._has(starts)
            is_off |= np.where(is_end, is_early, is_late) & (ends - starts < DAY_NS)
        return self._of_files(is_off)

    def _has(self, starts_ns: Stamps) -> Mask:
        """Return for a minute of each day whether its file has it."""
        wanted = self._file * _FILE + starts_ns // MINUTE_NS
        place = np.minimum(np.searchsorted(self._keys, wanted), len(self._keys) - 1)
        has: Mask = self._keys[place] == wanted
        return has

    def _of_files(self, of_days: Mask) -> Mask:
        found: Mask = np.bincount(self._file[of_days], minlength=self._files) > 0
        return found
