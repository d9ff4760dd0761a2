"""When feeds are expected to give something: not at night, not on holidays, not over lunch."""

import threading
from datetime import timedelta

from actors.market.calendar import Calendar
from messages.values import SECOND_NS, Nanos, Segment, moment

_VALID_NS = 12 * 3600 * SECOND_NS


class ExpectedHours:
    """Whether minutes are expected at an instant, by the calendar; asked from any thread, at every read."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._lock = threading.Lock()
        self._known = (0, 0)
        self._segments: tuple[Segment, ...] = ()

    def __call__(self, now_ns: Nanos) -> bool:
        """Return whether a session is open, its extended hours included where they are played."""
        with self._lock:
            first_ns, end_ns = self._known
            if not first_ns <= now_ns < end_ns:
                self._look_up(now_ns)
            return any(segment.start_ns <= now_ns < segment.end_ns for segment in self._segments)

    def _look_up(self, now_ns: Nanos) -> None:
        """Remember the segments of half a day; a session may begin the day before its date."""
        today = moment(now_ns, self._calendar.tz).date()
        first, last = today - timedelta(days=2), today + timedelta(days=3)
        sessions = self._calendar.sessions(first.isoformat(), last.isoformat())
        self._segments = tuple(segment for session in sessions for segment in session.segments)
        self._known = now_ns, now_ns + _VALID_NS
