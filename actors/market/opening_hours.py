"""When an exchange trades, for people and programs: hours of a day, next and previous, early and late, open or not."""

from datetime import datetime

import msgspec
import numpy as np

from actors.market.calendar import Calendar
from actors.market.instants import Day, Moment, day, moment
from messages.errors import SettingsError
from messages.values import DAY_NS, Nanos, SegmentKind, TradingSession
from messages.values import moment as shown_at

_FAR_DAYS = 40
"""No exchange has a longer holiday."""


class OpenSegment(msgspec.Struct, frozen=True, kw_only=True):
    """An unbroken stretch of trading."""

    kind: str
    """``pre_market``, ``regular`` or ``post_market``."""
    start: datetime
    """In exchange time, as ``end``."""
    end: datetime


class OpeningHours(msgspec.Struct, frozen=True, kw_only=True):
    """The hours of one session, in exchange time."""

    date: str
    """The session's label, ISO; it may open on the evening before."""
    open: datetime
    """The regular open."""
    close: datetime
    """The regular close."""
    minutes: int
    """Regular minutes: breaks are none."""
    is_late_open: bool
    """Whether it opens later than this exchange did regularly at that time."""
    is_early_close: bool
    """Whether it closes earlier than that."""
    segments: tuple[OpenSegment, ...]
    """The regular ones, and the extended ones where the calendar has them."""


class OpeningTimes:
    """The sessions of an exchange for who wants to know when it trades; safe from any thread, and waits for nobody.

    Dates are sessions' labels. ``special_sessions.toml`` and settings count, as everywhere.
    """

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar

    def __repr__(self) -> str:
        return f"<OpeningTimes {self.name}, {self.tz}>"

    @property
    def name(self) -> str:
        """The calendar's name, without aliases."""
        return self._calendar.name

    @property
    def tz(self) -> str:
        """The exchange's zone (IANA)."""
        return self._calendar.tz

    def session(self, date: Day) -> TradingSession | None:
        """Return the session of a date, or ``None`` where there is none.

        Raises:
            SettingsError: that is no date.
        """
        return self._calendar.session(day(date))

    def sessions(self, start: Day, end: Day) -> tuple[TradingSession, ...]:
        """Return the sessions from one date to another, both included.

        Raises:
            SettingsError: that is no date, or the range ends before it starts.
        """
        first, last = _span(start, end)
        return self._calendar.sessions(first, last)

    def is_session(self, date: Day) -> bool:
        """Return whether a date has a session.

        Raises:
            SettingsError: that is no date.
        """
        return self.session(date) is not None

    def hours(self, date: Day) -> OpeningHours | None:
        """Return the hours of a date's session, or ``None`` where there is none.

        Raises:
            SettingsError: that is no date.
        """
        found = self.hours_between(date, date)
        return found[0] if found else None

    def hours_between(self, start: Day, end: Day) -> tuple[OpeningHours, ...]:
        """Return the hours of the sessions from one date to another, both included.

        Raises:
            SettingsError: that is no date, or the range ends before it starts.
        """
        first, last = _span(start, end)
        late, early = self._calendar.irregular(first, last)
        return tuple(self._told(session, late, early) for session in self._calendar.sessions(first, last))

    def late_opens(self, start: Day, end: Day) -> tuple[str, ...]:
        """Return the dates of a range, both ends included, whose session opens late.

        Raises:
            SettingsError: that is no date, or the range ends before it starts.
        """
        return tuple(sorted(self._calendar.irregular(*_span(start, end))[0]))

    def early_closes(self, start: Day, end: Day) -> tuple[str, ...]:
        """Return the dates of a range, both ends included, whose session closes early.

        Raises:
            SettingsError: that is no date, or the range ends before it starts.
        """
        return tuple(sorted(self._calendar.irregular(*_span(start, end))[1]))

    def next_session(self, after: Day | Moment) -> TradingSession:
        """Return the first session after a date, or the first that opens after a moment.

        Raises:
            SettingsError: that is neither, or the calendar knows no later session.
        """
        date, instant_ns = self._place(after)
        session = next((one for one in self._around(date, +1) if _is_after(one, date, instant_ns)), None)
        if session is None:
            raise SettingsError(f"calendar {self.name} knows no session after {date}")
        return session

    def previous_session(self, before: Day | Moment) -> TradingSession:
        """Return the last session before a date, or the last that has closed by a moment.

        Raises:
            SettingsError: that is neither, or the calendar knows no earlier session.
        """
        date, instant_ns = self._place(before)
        session = next((one for one in reversed(self._around(date, -1)) if _is_before(one, date, instant_ns)), None)
        if session is None:
            raise SettingsError(f"calendar {self.name} knows no session before {date}")
        return session

    def session_at(self, at: Moment, *, extended: bool = False) -> TradingSession | None:
        """Return the session that is open at a moment, or ``None`` while there is none: at night, and over lunch.

        Args:
            at: an instant; a clock time or a date alone is none.
            extended: whether pre-market and post-market count.

        Raises:
            SettingsError: that is no instant.
        """
        instant_ns = moment(at)
        if isinstance(instant_ns, str):
            raise SettingsError(
                f"{at!r} is no instant; give an aware datetime, or text such as 2024-07-02T10:30:00-04:00"
            )
        found = self._calendar.assign(np.array([instant_ns]))
        segment = int(found.segment[0])
        if segment == SegmentKind.OUTSIDE or (segment != SegmentKind.REGULAR and not extended):
            return None
        return self._calendar.session(found.dates[int(found.date_index[0])])

    def is_open(self, at: Moment, *, extended: bool = False) -> bool:
        """Return whether the exchange trades at a moment; arguments and errors are those of ``session_at``."""
        return self.session_at(at, extended=extended) is not None

    def _place(self, given: Day | Moment) -> tuple[str, Nanos | None]:
        """Return a date, and the instant in it if that is what was meant."""
        found = moment(given)
        if isinstance(found, str):
            return day(found), None
        return shown_at(found, self.tz).date().isoformat(), found

    def _around(self, date: str, direction: int) -> tuple[TradingSession, ...]:
        near = datetime.fromisoformat(date).toordinal()
        # A session may open on the evening before its label, or of a day long before it.
        ends = sorted((near - 2 * direction, near + _FAR_DAYS * direction))
        within = (min(max(end, 1), datetime.max.toordinal()) for end in ends)
        return self._calendar.sessions(*(datetime.fromordinal(end).date().isoformat() for end in within))

    def _told(self, session: TradingSession, late: frozenset[str], early: frozenset[str]) -> OpeningHours:
        whole = self._calendar.extended_session(session.date) or session
        return OpeningHours(
            date=session.date,
            open=shown_at(session.open_ns, self.tz),
            close=shown_at(session.close_ns, self.tz),
            minutes=sum(part.end_ns - part.start_ns for part in session.regular) // (DAY_NS // 1440),
            is_late_open=session.date in late,
            is_early_close=session.date in early,
            segments=tuple(
                OpenSegment(
                    kind=part.kind.name.lower(),
                    start=shown_at(part.start_ns, self.tz),
                    end=shown_at(part.end_ns, self.tz),
                )
                for part in whole.segments
            ),
        )


def _is_after(session: TradingSession, date: str, instant_ns: Nanos | None) -> bool:
    return session.date > date if instant_ns is None else session.open_ns > instant_ns


def _is_before(session: TradingSession, date: str, instant_ns: Nanos | None) -> bool:
    return session.date < date if instant_ns is None else session.close_ns <= instant_ns


def _span(start: Day, end: Day) -> tuple[str, str]:
    first, last = day(start), day(end)
    if first > last:
        raise SettingsError(f"the range ends on {last}, before it starts on {first}")
    return first, last
