"""The sessions of an exchange as arrays: where every segment begins and ends, and whose it is.

Time is cut into cells at each edge of a segment; cell ``c`` lies between edges ``c - 1`` and ``c``, so one binary
search finds the session and the segment of an instant.
"""

from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple, Self, TypeAlias
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import numpy.typing as npt

from messages.tables.columns import Indices, Mask, Stamps
from messages.values import DAY_NS, MINUTE_NS, SECOND_NS, Nanos, Segment, SegmentKind

Days: TypeAlias = npt.NDArray[np.int64]
"""Dates as days since 1970-01-01."""
Kinds: TypeAlias = npt.NDArray[np.uint8]
"""``SegmentKind`` numbers."""

NOWHERE = -1
NO_BREAK = np.iinfo(np.int64).min
"""In place of a break's start or end on a day without one: what NaT is as an integer."""

_EPOCH = datetime(1970, 1, 1).toordinal()
_MARGIN_DAYS = 2  # a session may begin on the evening before its label, and its extension end after it
_LONGEST_EXTENSION_NS: Nanos = DAY_NS // 2
_MANY = 1 << 10


class Extension(msgspec.Struct, frozen=True, kw_only=True):
    """Extended hours, in minutes after local midnight."""

    start: int
    end: int
    end_after_early_close: int
    breaks: tuple[tuple[int, int], ...] = ()
    """Ranges that are cut out of them."""
    since: int | None = None
    """The label of the first session that has them."""


class Schedule(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What is known of a calendar's sessions, in order of time: when they are open, as unbroken runs."""

    zone: str
    labels: Days
    """One a session; all that follows has one element a run."""
    session: Indices
    """The place among the labels of the session that a run belongs to."""
    starts: Stamps
    ends: Stamps
    regular_opens: tuple[tuple[int, int], ...]
    """Since which day sessions regularly open at how many minutes after midnight of their label; ascending."""
    regular_closes: tuple[tuple[int, int], ...]
    """Since which day they regularly close at how many minutes after midnight of their label; ascending."""
    known: tuple[int, int]
    """The first and the last day of which it is known whether there is a session."""

    @property
    def opens(self) -> Stamps:
        """When each session begins."""
        return self.starts[np.searchsorted(self.session, np.arange(len(self.labels)))]

    @property
    def closes(self) -> Stamps:
        """When each session ends."""
        return self.ends[np.searchsorted(self.session, np.arange(len(self.labels)), side="right") - 1]

    @classmethod
    def with_break(
        cls,
        opens: Stamps,
        break_starts: Stamps,
        break_ends: Stamps,
        closes: Stamps,
        *,
        zone: str,
        labels: Days,
        regular_opens: tuple[tuple[int, int], ...],
        regular_closes: tuple[tuple[int, int], ...],
    ) -> Self:
        """Return the schedule of sessions with one break at most, whose edges are ``NO_BREAK`` where there is none."""
        has_break = break_starts != NO_BREAK
        count = 1 + has_break
        session = np.repeat(np.arange(len(labels), dtype=np.int32), count)
        first = np.cumsum(count) - count
        last = first + has_break
        starts, ends = np.empty(len(session), np.int64), np.empty(len(session), np.int64)
        starts[last], ends[first] = break_ends, break_starts
        starts[first], ends[last] = opens, closes
        return cls(
            zone=zone,
            labels=labels,
            session=session,
            starts=starts,
            ends=ends,
            regular_opens=regular_opens,
            regular_closes=regular_closes,
            known=(int(labels[0]), int(labels[-1])),
        )


class _Runs(NamedTuple):
    """Segments, one element each."""

    session: Indices
    kind: Kinds
    start: Stamps
    end: Stamps


class LocalClock:
    """An exchange's clock over a span of local dates, daylight saving included."""

    def __init__(self, zone: str, first: int, last: int) -> None:
        self._zone = ZoneInfo(zone)
        self.days: Days = np.arange(first, last + 1, dtype=np.int64)

    def instants(self, days: Days, minutes: int) -> Stamps:
        """Return when the clock shows this many minutes after midnight on each of these dates of the span."""
        place = days - self.days[0]
        ahead = self._ahead_at_midnight[place]
        # Within a date the clock changes twice a year; looking up only those is twenty times as fast.
        for change in np.flatnonzero(ahead != self._ahead_at_midnight[place + 1]).tolist():
            ahead[change] = self._ahead_ns(int(days[change]), minutes)
        instants: Stamps = days * DAY_NS + minutes * MINUTE_NS - ahead
        return instants

    @cached_property
    def _ahead_at_midnight(self) -> Stamps:
        # No clock of any zone was ever put forward and back within a week, so most days need no looking up.
        first, end = int(self.days[0]), int(self.days[-1]) + 3
        weekly = np.array([self._ahead_ns(day, 0) for day in range(first, end + 7, 7)], dtype=np.int64)
        daily = np.repeat(weekly, 7)[: end - first]
        for week in np.flatnonzero(weekly[1:] != weekly[:-1]).tolist():
            for place in range(7 * week, min(7 * week + 7, end - first)):
                daily[place] = self._ahead_ns(first + place, 0)
        return daily

    def _ahead_ns(self, day: int, minutes: int) -> Nanos:
        shown = datetime.fromordinal(_EPOCH + day) + timedelta(0, minutes * 60)
        offset = self._zone.utcoffset(shown) or timedelta()
        return (offset.days * 86_400 + offset.seconds) * SECOND_NS

    @cached_property
    def midnights(self) -> Stamps:
        """When each date of the span begins."""
        return self.instants(self.days, 0)

    def places(self, instants: Stamps) -> Indices:
        """Return for each instant the place of its local date, counted from 1; 0: before the span."""
        return np.searchsorted(self.midnights, instants, side="right").astype(np.int32)

    def dates(self, instants: Stamps) -> Days:
        """Return the local date of each instant of the span."""
        return self.places(instants) + (self.days[:1] - 1)


class Timetable:
    """Every session of a schedule that has regular minutes, with its segments.

    Args:
        schedule: what the calendar says.
        extension: the hours around the regular ones, if there are any.
        closed: clock ranges to cut out, as minutes after midnight; one that ends before it begins wraps midnight.
    """

    def __init__(
        self, schedule: Schedule, extension: Extension | None = None, closed: tuple[tuple[int, int], ...] = ()
    ) -> None:
        first, last = int(schedule.labels[0]) - _MARGIN_DAYS, int(schedule.labels[-1]) + _MARGIN_DAYS
        self._clock = LocalClock(schedule.zone, first, last)
        runs = _regular_runs(schedule)
        if extension is not None:
            runs += _extended_runs(schedule, self._clock, extension)
        breaks = extension.breaks if extension is not None else ()
        self._paint(
            _in_order(runs),
            [_closure(self._clock, hours) for hours in closed],
            [_closure(self._clock, hours) for hours in breaks],
        )
        self.labels: Days = self._keep_open_sessions(schedule.labels)
        """The dates of the sessions, ascending; a session's index is its place here."""

    def _paint(self, runs: _Runs, closures: list[tuple[Stamps, Stamps]], breaks: list[tuple[Stamps, Stamps]]) -> None:
        edges = [runs.start, runs.end, *(edge for closure in (*closures, *breaks) for edge in closure)]
        self._edges: Stamps = _distinct(np.concatenate(edges))
        run = np.searchsorted(runs.start, self._edges, side="right") - 1
        is_open = _within(self._edges, runs.start, runs.end)
        for starts, ends in closures:
            is_open &= ~_within(self._edges, starts, ends)
        for starts, ends in breaks:
            is_open &= (runs.kind[run] == SegmentKind.REGULAR) | ~_within(self._edges, starts, ends)
        # No segment lies before the first edge.
        self._session_of: Indices = np.append(np.int32(NOWHERE), np.where(is_open, runs.session[run], NOWHERE))
        self._kind_of: Kinds = np.append(
            np.uint8(SegmentKind.OUTSIDE), np.where(is_open, runs.kind[run], np.uint8(SegmentKind.OUTSIDE))
        )

    def _keep_open_sessions(self, labels: Days) -> Days:
        # Closures may take a session's last regular minute; without one it has neither open nor close.
        is_kept = np.zeros(len(labels), dtype=np.bool_)
        is_kept[self._session_of[self._kind_of == SegmentKind.REGULAR]] = True
        number = np.append(np.where(is_kept, np.cumsum(is_kept) - 1, NOWHERE), NOWHERE).astype(np.int32)
        self._session_of = number[self._session_of]
        self._kind_of[self._session_of == NOWHERE] = SegmentKind.OUTSIDE
        return labels[is_kept]

    def between(self, first: int, last: int) -> range:
        """Return the indices of the sessions from one date to another, both included."""
        i, j = np.searchsorted(self.labels, (first, last + 1)).tolist()
        return range(i, j)

    def segments(self, index: int, *, extended: bool) -> tuple[Segment, ...]:
        """Return the segments of a session in order of time, the extended ones only if asked for."""
        cells = self._cells[self._first_cell[index] : self._first_cell[index + 1]]
        found = zip(self._kind_of[cells], self._edges[cells - 1].tolist(), self._edges[cells].tolist(), strict=True)
        return tuple(
            Segment(kind=SegmentKind(kind), start_ns=start_ns, end_ns=end_ns)
            for kind, start_ns, end_ns in found
            if extended or kind == SegmentKind.REGULAR
        )

    @cached_property
    def regular(self) -> tuple[Stamps, Stamps, Stamps]:
        """For each session where its regular hours begin and end, and how long they are without breaks."""
        cells = self._cells[self._kind_of[self._cells] == SegmentKind.REGULAR]
        starts, ends, session = self._edges[cells - 1], self._edges[cells], self._session_of[cells]
        first = np.searchsorted(session, np.arange(len(self.labels)))
        last = np.append(first[1:], len(cells)) - 1
        return starts[first], ends[last], np.add.reduceat(ends - starts, first)

    def regular_ns_before(self, instants: Stamps) -> Stamps:
        """Return how much regular time there is before each instant."""
        cell = np.searchsorted(self._edges, instants, side="right")
        since = np.append(self._edges[:1], self._edges)[cell]
        is_open = self._kind_of[cell] == SegmentKind.REGULAR
        return self._regular_before[cell] + np.where(is_open, instants - since, 0)

    @cached_property
    def _regular_before(self) -> Stamps:
        """For each cell how much regular time there is before it."""
        is_open = self._kind_of[1:-1] == SegmentKind.REGULAR
        return np.concatenate([[0, 0], np.cumsum(np.diff(self._edges) * is_open)])

    @cached_property
    def _cells(self) -> npt.NDArray[np.int64]:
        return np.flatnonzero(self._session_of != NOWHERE)

    @cached_property
    def _first_cell(self) -> npt.NDArray[np.int64]:
        return np.searchsorted(self._session_of[self._cells], np.arange(len(self.labels) + 1))

    def locate(self, instants: Stamps) -> tuple[Indices, Kinds]:
        """Return the session and the segment kind of each instant; outside segments the local date decides."""
        edges, session_of, kind_of = self._whereabouts
        if len(instants) > _MANY and np.all(instants[1:] >= instants[:-1]):
            # Of many in order it is cheaper to look for the edges among them.
            first, last = np.searchsorted(edges, instants[[0, -1]], side="right").tolist()
            of_each = np.diff(np.searchsorted(instants, edges[first:last]), prepend=0, append=len(instants))
            return np.repeat(session_of[first : last + 1], of_each), np.repeat(kind_of[first : last + 1], of_each)
        cell = np.searchsorted(edges, instants, side="right")
        return session_of[cell], kind_of[cell]

    def counts_when_later(self, instants: Stamps, shifts_ns: Stamps) -> npt.NDArray[np.int64]:
        """Return how many instants, ascending, lie in each kind of segment if all are later: shifts x kinds."""
        edges, _, kind_of = self._whereabouts
        reach = np.abs(shifts_ns).max() + 1  # what is farther away is so by any shift
        span = np.clip(instants[[0, -1]], edges[0] - reach, edges[-1] + reach)
        span += np.array([shifts_ns.min(), shifts_ns.max()])
        first, last = np.searchsorted(edges, span, side="right").tolist()
        before = np.searchsorted(instants, edges[first:last] - shifts_ns[:, np.newaxis])
        in_each = np.diff(before, prepend=0, append=len(instants), axis=1)
        return in_each @ np.eye(len(SegmentKind), dtype=np.int64)[kind_of[first : last + 1]]

    @cached_property
    def _whereabouts(self) -> tuple[Stamps, Indices, Kinds]:
        # With the local midnights among the edges a cell has one date as well, and so one search answers for all.
        edges = _distinct(np.concatenate([self._edges, self._clock.midnights]))
        cell = np.searchsorted(self._edges, edges, side="right")
        session, kind = self._session_of[cell], self._kind_of[cell]
        by_date = self._session_on[self._clock.places(edges)]
        session_of = np.append(np.int32(NOWHERE), np.where(kind == SegmentKind.OUTSIDE, by_date, session))
        return edges, session_of, np.append(np.uint8(SegmentKind.OUTSIDE), kind)

    @cached_property
    def _session_on(self) -> Indices:
        sessions = np.full(len(self._clock.days) + 1, NOWHERE, dtype=np.int32)
        sessions[self.labels - self._clock.days[0] + 1] = np.arange(len(self.labels))
        return sessions


def _distinct(instants: Stamps) -> Stamps:
    ordered = np.sort(instants)  # numpy's unique hashes first, which takes ten times as long here
    is_new: Mask = np.append(np.True_, ordered[1:] != ordered[:-1])
    return ordered[is_new]


def _within(instants: Stamps, starts: Stamps, ends: Stamps) -> Mask:
    place = np.searchsorted(starts, instants, side="right") - 1
    return (place >= 0) & (instants < ends[place])


def _in_order(parts: list[_Runs]) -> _Runs:
    session, kind, start, end = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(start, kind="stable")
    order = order[start[order] < end[order]]
    return _Runs(session[order], kind[order], start[order], end[order])


def _runs(kind: SegmentKind, session: Indices, start: Stamps, end: Stamps) -> _Runs:
    return _Runs(session, np.full(len(session), kind, dtype=np.uint8), start, end)


def _regular_runs(schedule: Schedule) -> list[_Runs]:
    return [_runs(SegmentKind.REGULAR, schedule.session, schedule.starts, schedule.ends)]


def _extended_runs(schedule: Schedule, clock: LocalClock, extension: Extension) -> list[_Runs]:
    session = np.arange(len(schedule.labels), dtype=np.int32)
    opens, closes = schedule.opens, schedule.closes
    is_early = closes < _regular_closes(schedule, clock)
    full, short = (_reach(clock, closes, end, +1) for end in (extension.end, extension.end_after_early_close))
    ends = np.where(is_early, short, full)
    ends[:-1] = np.minimum(ends[:-1], opens[1:])
    starts = _reach(clock, opens, extension.start, -1)
    starts[1:] = np.maximum(starts[1:], ends[:-1])
    if extension.since is not None:
        has_them = schedule.labels >= extension.since
        starts, ends = np.where(has_them, starts, opens), np.where(has_them, ends, closes)
    return [
        _runs(SegmentKind.PRE_MARKET, session, starts, opens),
        _runs(SegmentKind.POST_MARKET, session, closes, ends),
    ]


def _reach(clock: LocalClock, instants: Stamps, minutes: int, direction: int) -> Stamps:
    """The next or the previous time that the clock shows these minutes; the instant itself if that is far away."""
    dates = clock.dates(instants)
    same_day, other_day = clock.instants(dates, minutes), clock.instants(dates + direction, minutes)
    reached = np.where((same_day - instants) * direction > 0, same_day, other_day)
    return np.where(np.abs(reached - instants) <= _LONGEST_EXTENSION_NS, reached, instants)


def _regular_closes(schedule: Schedule, clock: LocalClock) -> Stamps:
    return regularly(schedule.closes, schedule.labels, schedule.regular_closes, clock)


def regularly(instants: Stamps, labels: Days, regular: tuple[tuple[int, int], ...], clock: LocalClock) -> Stamps:
    """Return when sessions open or close by rule; where there is no rule, the given instants."""
    for since, minutes in regular:
        days, of_day = divmod(minutes, 1440)
        instants = np.where(labels >= since, clock.instants(labels + days, of_day), instants)
    return instants


def _closure(clock: LocalClock, hours: tuple[int, int]) -> tuple[Stamps, Stamps]:
    begin, end = hours
    begins = clock.instants(clock.days, begin)
    ends = clock.instants(clock.days + (1 if end <= begin else 0), end)
    is_real = begins < ends  # clocks may skip the range when they are put forward
    return begins[is_real], ends[is_real]
