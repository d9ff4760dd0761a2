"""When an exchange trades: its sessions with their segments, and the session that each bar belongs to.

A session's date is exchange_calendars' label, its minutes come from the schedule's opens, closes and breaks.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache

import msgspec
import numpy as np
import numpy.typing as npt

from actors.market.hours import book, exchanges
from actors.market.hours.own import NOTHING_OWN, OwnHours
from actors.market.hours.spelling import clock_minutes, clock_range, day_number, iso
from actors.market.instants import Day
from actors.market.timetable import NOWHERE, Extension, Kinds, LocalClock, Schedule, Timetable, regularly
from messages.errors import SettingsError, shown
from messages.tables.columns import Indices, Stamps
from messages.values import DAY_NS, ONE_MINUTE, Interval, Nanos, SegmentKind, TradingSession


class ExtendedHours(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The hours around the regular ones, as exchange-local clock times such as ``"04:00"``.

    They end where the neighbouring session begins, and reach at most twelve hours from the open and the close.
    """

    start: str
    """Where the pre-market begins; it ends at the open."""
    end: str
    """Where the post-market ends; it begins at the close."""
    end_after_early_close: str | None = None
    """Where the post-market ends after an early close, if not at ``end`` as well."""
    breaks: tuple[str, ...] = ()
    """Clock ranges such as ``"16:00-16:10"`` in which nobody can trade; they cut extended hours only."""
    since: str | None = None
    """The first session (ISO date) that has them; ``None``: all have."""


_OWN_EXTENDED_HOURS = {
    "XNYS": ExtendedHours(start="04:00", end="20:00", end_after_early_close="17:00"),
    # The opening auction may end at 09:59, the closing one is between 16:10 and 16:12; since when trades at its price
    # are made for ten minutes more is not told. https://thechartist.com.au/when-does-the-asx-open
    "XASX": ExtendedHours(start="09:59", end="16:12", end_after_early_close="14:10", breaks=("16:00-16:10",)),
    # Morning and evening session: https://ria.ru/20250819/rynok-2036212151.html
    "XMOS": ExtendedHours(start="06:50", end="23:50", breaks=("18:50-19:00",), since="2025-01-27"),
}


class Assignment(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Which session and which segment each of many bars belongs to."""

    dates: tuple[str, ...]
    """The sessions that occur (ISO), ascending."""
    date_index: Indices
    """For each bar, its session's place in ``dates``; -1: in no session, and its local date has none."""
    segment: Kinds
    """For each bar, its ``SegmentKind`` number; ``OUTSIDE`` where it is in no segment."""


def known_calendars(own: OwnHours = NOTHING_OWN) -> tuple[str, ...]:
    """Return every name that a calendar may be asked for by, aliases such as ``NYSE`` included, sorted."""
    return book.names(own)


class Calendar:
    """The sessions of one exchange.

    Args:
        name: any of ``known_calendars``, in upper or lower case.
        extended: whether sessions have their pre-market and post-market.
        extended_hours: where those lie; US equities know their own.
        closed: exchange-local clock ranges such as ``"16:00-17:00"``, cut out of every session.
        base_interval: the length of its sessions' base bars.
        own: special sessions and calendars that go before all others.

    Raises:
        SettingsError: the calendar is unknown or cannot be built, a clock time is none, or ``extended`` lacks
            its ``extended_hours``.
    """

    def __init__(
        self,
        name: str,
        *,
        extended: bool = False,
        extended_hours: ExtendedHours | None = None,
        closed: str | Iterable[str] = (),
        base_interval: Interval = ONE_MINUTE,
        own: OwnHours = NOTHING_OWN,
    ) -> None:
        self.name = book.canonical(name, own)
        """The name without aliases: ``NYSE`` is ``XNYS``."""
        self.extended = extended
        self.clipped: str | None = None
        """Once dates were asked for that the calendar does not know: a sentence for the log that says so."""
        hours = extended_hours or _OWN_EXTENDED_HOURS.get(self.name)
        if extended and hours is None:
            raise SettingsError(f"calendar {self.name} has no extended hours of its own; set extended_hours")
        self._extension = None if hours is None else _extension(hours)
        if isinstance(closed, bytes) or not isinstance(closed, Iterable):
            raise SettingsError(f"closed is a range of clock times or several, not {shown(closed)}")
        self._closed = tuple(clock_range(text) for text in ((closed,) if isinstance(closed, str) else closed))
        self._base_interval = base_interval
        self._own = own
        self._sessions: dict[int, TradingSession] = {}

    @cached_property
    def _schedule(self) -> Schedule:
        return _well_known(self.name) if self._is_well_known else book.schedule(self.name, self._own)

    @cached_property
    def _timetable(self) -> Timetable:
        if self._is_well_known:
            return _timetable_of(self.name, self._extension, self._closed)
        return Timetable(self._schedule, self._extension, self._closed)

    @property
    def _is_well_known(self) -> bool:
        """Whether nobody has changed it; then every system of the process may share it."""
        return self._own == NOTHING_OWN and not exchanges.is_changed()

    @property
    def tz(self) -> str:
        """The exchange's zone (IANA)."""
        return self._schedule.zone

    def session(self, date: Day) -> TradingSession | None:
        """Return the session of a date (a text is ISO), or ``None`` where there is none.

        Raises:
            SettingsError: that is no date.
        """
        found = self.sessions(date, date)
        return found[0] if found else None

    def sessions(self, start: Day, end: Day) -> tuple[TradingSession, ...]:
        """Return the sessions from one date to another (ISO), both included.

        Raises:
            SettingsError: a text is no date.
        """
        first, last = day_number(start), day_number(end)
        self._note_if_unknown(first, last)
        return tuple(self._session(index) for index in self._timetable.between(first, last))

    def regular_hours(self, dates: Sequence[str]) -> tuple[Stamps, Stamps, Stamps]:
        """Return the open and the close of the sessions of some dates (ISO), and how many regular base bars each has.

        Every one of the dates has a session.
        """
        index = np.searchsorted(self._timetable.labels, [day_number(date) for date in dates])
        opens, closes, lengths = (column[index] for column in self._timetable.regular)
        return opens, closes, lengths // self._base_interval.span_ns

    def regular_ns(self, start_ns: Stamps, end_ns: Stamps) -> Stamps:
        """Return how much regular time there is in each of some spans."""
        before = self._timetable.regular_ns_before
        return before(end_ns) - before(start_ns)

    def extended_session(self, date: str) -> TradingSession | None:
        """Return the session of a date (ISO) with its extended hours, where the calendar has them, asked for or not.

        Raises:
            SettingsError: the text is no date.
        """
        session, day = self.session(date), day_number(date)
        if session is None:
            return None
        segments = self._timetable.segments(self._timetable.between(day, day)[0], extended=True)
        return msgspec.structs.replace(session, segments=segments)

    def irregular(self, start: str, end: str) -> tuple[frozenset[str], frozenset[str]]:
        """Return of a range, both dates included, which sessions open late, and which close early.

        Late and early are measured against the hours that were regular at that time.

        Raises:
            SettingsError: a text is no date.
        """
        schedule = self._schedule
        first, end_place = np.searchsorted(schedule.labels, (day_number(start), day_number(end) + 1)).tolist()
        labels = schedule.labels[first:end_place]
        if not len(labels):
            return frozenset(), frozenset()
        clock = LocalClock(schedule.zone, int(labels[0]) - 2, int(labels[-1]) + 2)
        opens, closes = schedule.opens[first:end_place], schedule.closes[first:end_place]
        is_late = opens > regularly(opens, labels, schedule.regular_opens, clock)
        is_early = closes < regularly(closes, labels, schedule.regular_closes, clock)
        late, early = (frozenset(map(iso, labels[chosen].tolist())) for chosen in (is_late, is_early))
        return late, early

    def _session(self, index: int) -> TradingSession:
        if index not in self._sessions:
            self._sessions[index] = TradingSession(
                calendar=self.name,
                date=iso(int(self._timetable.labels[index])),
                tz=self.tz,
                segments=self._timetable.segments(index, extended=self.extended),
                base_interval=self._base_interval,
            )
        return self._sessions[index]

    def assign(self, starts_ns: Stamps) -> Assignment:
        """Return the session and the segment of each bar; the starts may come in any order.

        A bar belongs to the session in whose segments it starts, else, marked ``OUTSIDE``, to the session of
        its exchange-local date. Extended hours count wherever the calendar has them, asked for or not.
        """
        if len(starts_ns) == 0:
            return Assignment(dates=(), date_index=np.empty(0, np.int32), segment=np.empty(0, np.uint8))
        self._note_if_unknown(int(starts_ns.min()) // DAY_NS, int(starts_ns.max()) // DAY_NS)
        session, segment = self._timetable.locate(starts_ns)
        # Nowhere is -1; the sessions that occur lie between the least and the greatest.
        least, greatest = int(session.min()), int(session.max())
        is_used = np.zeros(greatest - least + 1, dtype=np.bool_)
        is_used[session - least] = True
        is_used[0] &= least != NOWHERE
        place = np.cumsum(is_used, dtype=np.int32) - np.int32(1)  # before the first that is used: nowhere
        labels = self._timetable.labels[np.flatnonzero(is_used) + least]
        return Assignment(
            dates=tuple(iso(day) for day in labels.tolist()), date_index=place[session - least], segment=segment
        )

    def counts_when_later(self, starts_ns: Stamps, shifts_ns: Sequence[Nanos]) -> npt.NDArray[np.int64]:
        """Return how many bars would lie in each kind of segment if all started later by each of some shifts.

        Args:
            starts_ns: the starts of some bars, in any order.
            shifts_ns: how much later, below zero: earlier.

        Returns:
            Shifts x ``SegmentKind``, as many as ``assign`` gives that segment.
        """
        shifts = np.array(shifts_ns, dtype=np.int64)
        if not len(starts_ns):
            return np.zeros((len(shifts), len(SegmentKind)), dtype=np.int64)
        ordered = np.sort(starts_ns)
        edges = ordered[[0, -1]] + (shifts.min(), shifts.max())
        self._note_if_unknown(*(edges // DAY_NS).tolist())
        return self._timetable.counts_when_later(ordered, shifts)

    def _note_if_unknown(self, first: int, last: int) -> None:
        known_first, known_last = self._schedule.known
        if first < known_first or last > known_last:
            span = f"from {iso(known_first)} to {iso(known_last)}"
            self.clipped = f"calendar {self.name} is known {span}; what lies outside is left out"


@lru_cache(maxsize=32)
def _well_known(name: str) -> Schedule:
    return book.schedule(name, NOTHING_OWN)


@lru_cache(maxsize=32)
def _timetable_of(name: str, extension: Extension | None, closed: tuple[tuple[int, int], ...]) -> Timetable:
    return Timetable(_well_known(name), extension, closed)


def _extension(hours: ExtendedHours) -> Extension:
    return Extension(
        start=clock_minutes(hours.start),
        end=clock_minutes(hours.end),
        end_after_early_close=clock_minutes(hours.end_after_early_close or hours.end),
        breaks=tuple(clock_range(text) for text in hours.breaks),
        since=None if hours.since is None else day_number(hours.since),
    )
