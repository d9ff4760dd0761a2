"""The mind of DataUpkeep: what is in memory, what must be read for the next session, and what is missing."""

from collections.abc import Sequence
from typing import assert_never

from actors.kernel.outcome import NOTHING, Outcome, tell
from messages.commands import Prefetch, ReadSession
from messages.events import (
    BoundaryKind,
    GapDetected,
    PrefetchFailed,
    ReadFailed,
    SessionBoundary,
    SessionPrefetched,
    SessionRead,
    SymbolsChanged,
)
from messages.inboxes import DataUpkeepInbox


class DataUpkeepCore:
    """Knows which trailing days SessionData holds, so that each is read once."""

    def __init__(self, dates: Sequence[str], symbols: Sequence[str] | None, trailing_sessions: int) -> None:
        """Set up.

        Args:
            dates: the store's session dates, ascending.
            symbols: what to read; ``None``: everything.
            trailing_sessions: how many days of history come before a session.
        """
        self._dates = tuple(dates)
        self._symbols = None if symbols is None else tuple(symbols)
        self._trailing = trailing_sessions
        self._held: set[str] = set()
        self.gaps = 0
        """``GapDetected`` told here so far; fills come with their own issue."""

    def handle(self, message: DataUpkeepInbox) -> Outcome:
        """Take one message."""
        match message:
            case GapDetected():
                return self._gap_detected(message)
            case Prefetch():
                return self._prefetch(message)
            case SessionRead():
                return tell(SessionPrefetched(tape=message.tape, history=message.history))
            case ReadFailed():
                return tell(PrefetchFailed(session=message.session, reason=message.reason))
            case SessionBoundary():
                return self._session_boundary(message)
            case SymbolsChanged():
                return self._symbols_changed(message)
            case _:
                assert_never(message)

    def check(self) -> None:
        """Assert what must always be true."""
        assert list(self._dates) == sorted(self._dates), "dates out of order"

    def _gap_detected(self, message: GapDetected) -> Outcome:
        del message
        self.gaps += 1
        return NOTHING

    def _prefetch(self, message: Prefetch) -> Outcome:
        before = [date for date in self._dates if date < message.session.date]
        wanted = before[len(before) - min(self._trailing, len(before)) :]
        missing = tuple(date for date in wanted if date not in self._held)
        self._held.update(missing)
        # The session itself becomes a day of history when it closes.
        self._held.add(message.session.date)
        return tell(ReadSession(session=message.session, symbols=self._symbols, history=missing))

    def _session_boundary(self, message: SessionBoundary) -> Outcome:
        if message.kind is BoundaryKind.CLOSED:
            oldest = [date for date in sorted(self._held) if date <= message.session.date]
            self._held.difference_update(oldest[: max(len(oldest) - self._trailing - 1, 0)])
        return NOTHING

    def _symbols_changed(self, message: SymbolsChanged) -> Outcome:
        if self._symbols is not None:
            left = [symbol for symbol in self._symbols if symbol not in message.removed]
            self._symbols = tuple(left + [symbol for symbol in message.added if symbol not in left])
        return NOTHING
