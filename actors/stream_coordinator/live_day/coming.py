"""The sessions to come: which they are, and whether the next one is in memory."""

from collections import deque
from collections.abc import Iterable

from actors.stream_coordinator.leavers import Leavers
from messages.commands import Prefetch
from messages.events import PrefetchFailed, SessionPrefetched
from messages.values import MINUTE_NS, Nanos, TradingSession

_BACKOFF_NS = MINUTE_NS
_LONGEST_BACKOFF_NS = 30 * MINUTE_NS


class Coming:
    """Sends for the next session, and again with longer and longer waits when it cannot be loaded.

    The last try is at its start: then it must open.
    """

    def __init__(self, leavers: Leavers) -> None:
        self.leavers = leavers
        """Who is not part of any session to come."""
        self._sessions: deque[TradingSession] = deque()
        self._last = ""
        self._prefetched: SessionPrefetched | None = None
        self._is_asked = False
        self._retry_ns: Nanos = 0
        self._failures = 0
        self.trouble = ""
        """That the next session could not be loaded so far, and why."""

    def __len__(self) -> int:
        return len(self._sessions)

    @property
    def next(self) -> TradingSession | None:
        """The session that comes next, if it is known."""
        return self._sessions[0] if self._sessions else None

    @property
    def is_loaded(self) -> bool:
        """Whether the next session is in memory."""
        return self._prefetched is not None

    def begins_by(self, now_ns: Nanos) -> bool:
        """Return whether the next session has begun by then, as it has at the close of one round the clock."""
        return bool(self._sessions) and self._sessions[0].start_ns <= now_ns

    def troubles(self) -> list[str]:
        """Return that the next session could not be loaded so far."""
        return [self.trouble] if self.trouble else []

    def plan(self, sessions: Iterable[TradingSession]) -> None:
        """Hear what the calendar knows; sessions that were known are passed over."""
        new = [session for session in sessions if session.date > self._last]
        self._sessions += new
        self._last = new[-1].date if new else self._last

    def prefetch(self, now_ns: Nanos) -> list[Prefetch]:
        """Send for the next session, unless it is here, or on its way, or the next try is not due."""
        if not self._sessions or self.is_loaded or self._is_asked or now_ns < self._retry_ns:
            return []
        self._is_asked = True
        return [Prefetch(session=self._sessions[0])]

    def ask_again(self) -> None:
        """What was asked for may be lost; who is asked twice answers once."""
        self._is_asked = False

    def came(self, message: SessionPrefetched) -> None:
        """The next session is in memory; one that was asked for twice may have been opened since."""
        if self.next is None or message.tape.session.date != self.next.date:
            return
        self._prefetched = message
        self._is_asked, self._retry_ns, self._failures, self.trouble = False, 0, 0, ""

    def failed(self, message: PrefetchFailed, now_ns: Nanos) -> bool:
        """The next session could not be loaded; return whether it is too late to try once more."""
        self._is_asked = False
        self.trouble = f"session {message.session.date} could not be loaded: {message.reason}"
        self._failures += 1
        wait_ns = min(_BACKOFF_NS << min(self._failures - 1, 8), _LONGEST_BACKOFF_NS)
        start_ns = message.session.start_ns
        self._retry_ns = min(now_ns + wait_ns, max(start_ns, now_ns))
        return now_ns >= start_ns

    def take(self) -> SessionPrefetched:
        """Return the next session, to be opened; the one after it is next."""
        prefetched, self._prefetched = self._prefetched, None
        assert prefetched is not None, "nothing to open"
        self._sessions.popleft()
        return self.leavers.out_of(prefetched)
