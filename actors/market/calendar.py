"""When an exchange trades: its sessions with their segments, and the session that each bar belongs to.

A session's date is exchange_calendars' label, its minutes come from the schedule's opens, closes and breaks.
"""

import re
from datetime import date, timedelta
from difflib import get_close_matches
from functools import cached_property

import msgspec
import numpy as np

from actors.market.hours import exchanges
from actors.market.timetable import NOWHERE, Extension, Kinds, Schedule, Timetable
from messages.columns import Indices, Stamps
from messages.errors import SettingsError
from messages.values import DAY_NS, ONE_MINUTE, Interval, TradingSession

_EPOCH = date(1970, 1, 1)


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


_OWN_EXTENDED_HOURS = {"XNYS": ExtendedHours(start="04:00", end="20:00", end_after_early_close="17:00")}


class Assignment(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Which session and which segment each of many bars belongs to."""

    dates: tuple[str, ...]
    """The sessions that occur (ISO), ascending."""
    date_index: Indices
    """For each bar, its session's place in ``dates``; -1: in no session, and its local date has none."""
    segment: Kinds
    """For each bar, its ``SegmentKind`` number; ``OUTSIDE`` where it is in no segment."""


def known_calendars() -> tuple[str, ...]:
    """Return every name that a calendar may be asked for by, aliases such as ``NYSE`` included, sorted."""
    return tuple(sorted(exchanges.names()))


class Calendar:
    """The sessions of one exchange.

    Args:
        name: any of ``known_calendars``, in upper or lower case.
        extended: whether sessions have their pre-market and post-market.
        extended_hours: where those lie; US equities know their own.
        closed: exchange-local clock ranges such as ``"16:00-17:00"``, cut out of every session.
        base_interval: the length of its sessions' base bars.

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
        closed: tuple[str, ...] = (),
        base_interval: Interval = ONE_MINUTE,
    ) -> None:
        self.name = _canonical(name)
        """The name without aliases: ``NYSE`` is ``XNYS``."""
        self.extended = extended
        self.clipped: str | None = None
        """Once dates were asked for that the calendar does not know: a sentence for the log that says so."""
        hours = extended_hours or _OWN_EXTENDED_HOURS.get(self.name)
        if extended and hours is None:
            raise SettingsError(f"calendar {self.name} has no extended hours of its own; set extended_hours")
        self._extension = None if hours is None else _extension(hours)
        self._closed = tuple(_clock_range(text) for text in closed)
        self._base_interval = base_interval
        self._sessions: dict[int, TradingSession] = {}

    @cached_property
    def _schedule(self) -> Schedule:
        return exchanges.schedule(self.name)

    @cached_property
    def _timetable(self) -> Timetable:
        return Timetable(self._schedule, self._extension, self._closed)

    @property
    def tz(self) -> str:
        """The exchange's zone (IANA)."""
        return self._schedule.zone

    def session(self, date: str) -> TradingSession | None:
        """Return the session of a date (ISO), or ``None`` where there is none.

        Raises:
            SettingsError: the text is no date.
        """
        found = self.sessions(date, date)
        return found[0] if found else None

    def sessions(self, start: str, end: str) -> tuple[TradingSession, ...]:
        """Return the sessions from one date to another (ISO), both included.

        Raises:
            SettingsError: a text is no date.
        """
        first, last = _day(start), _day(end)
        self._note_if_unknown(first, last)
        return tuple(self._session(index) for index in self._timetable.between(first, last))

    def extended_session(self, date: str) -> TradingSession | None:
        """Return the session of a date (ISO) with its extended hours, where the calendar has them, asked for or not.

        Raises:
            SettingsError: the text is no date.
        """
        session, day = self.session(date), _day(date)
        if session is None:
            return None
        segments = self._timetable.segments(self._timetable.between(day, day)[0], extended=True)
        return msgspec.structs.replace(session, segments=segments)

    def _session(self, index: int) -> TradingSession:
        if index not in self._sessions:
            self._sessions[index] = TradingSession(
                calendar=self.name,
                date=_iso(int(self._timetable.labels[index])),
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
        labels = self._timetable.labels
        is_used = np.zeros(len(labels) + 1, dtype=np.bool_)
        is_used[session] = True  # nowhere is -1: the place after the last session
        is_used[NOWHERE] = False
        place = np.cumsum(is_used, dtype=np.int32) - np.int32(1)
        place[NOWHERE] = NOWHERE
        dates = tuple(_iso(day) for day in labels[is_used[:-1]].tolist())
        return Assignment(dates=dates, date_index=place[session], segment=segment)

    def _note_if_unknown(self, first: int, last: int) -> None:
        known_first, known_last = self._schedule.labels[[0, -1]].tolist()
        if first < known_first or last > known_last:
            span = f"from {_iso(known_first)} to {_iso(known_last)}"
            self.clipped = f"calendar {self.name} is known {span}; what lies outside is left out"


def _canonical(name: str) -> str:
    spelled = {known.upper(): known for known in known_calendars()}
    wanted = name.strip().upper()
    if wanted not in spelled:
        near = get_close_matches(wanted, spelled, n=3, cutoff=0.4)
        hint = f"nearest: {', '.join(near)}" if near else "known are XNYS, XLON, XTKS, CMES, 24/7 and many more"
        raise SettingsError(f"unknown calendar {name!r}; {hint}")
    return exchanges.canonical(spelled[wanted])


def _extension(hours: ExtendedHours) -> Extension:
    return Extension(
        start=_clock_minutes(hours.start),
        end=_clock_minutes(hours.end),
        end_after_early_close=_clock_minutes(hours.end_after_early_close or hours.end),
    )


def _clock_minutes(text: str) -> int:
    found = re.fullmatch(r"\s*(\d{1,2}):([0-5]\d)\s*", text)
    minutes = int(found[1]) * 60 + int(found[2]) if found else None
    if minutes is None or minutes > 24 * 60:
        raise SettingsError(f"{text!r} is no clock time; write it as 09:30")
    return minutes


def _clock_range(text: str) -> tuple[int, int]:
    begin, dash, end = text.partition("-")
    if not dash or begin.strip() == end.strip():
        raise SettingsError(f"{text!r} is no range of clock times; write it as 16:00-17:00")
    return _clock_minutes(begin), _clock_minutes(end)


def _day(text: str) -> int:
    try:
        return date.fromisoformat(text).toordinal() - _EPOCH.toordinal()
    except ValueError:
        raise SettingsError(f"{text!r} is no date; write it as 2024-05-31") from None


def _iso(day: int) -> str:
    return (_EPOCH + timedelta(days=day)).isoformat()
