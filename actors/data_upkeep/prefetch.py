"""What SessionData holds of the days before a session, and what it needs, so that each day is read once."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import islice

import msgspec

from actors.market.axis import axis_of
from messages.commands import Prefetch, ReadSession
from messages.events import SymbolsChanged
from messages.history import HistoryPlan, Requirement
from messages.joining import LoadSymbols
from messages.values import Interval, TradingSession

SessionOf = Callable[[str], TradingSession | None]


class Prefetching:
    """Says what must be read for the next session.

    Sessions are prefetched in the order in which they open, and SessionData keeps of those before one as many as
    its plan says; so what it will hold is known here without asking.

    Args:
        dates: the store's session dates, ascending.
        symbols: what to read; ``None``: everything.
        trailing_sessions: how many days of history come before a session, with their minutes.
        daily_sessions: of how many there shall be daily bars, those with their minutes included.
        session_of: the calendar's session of a date; without it a session counts for nothing but its daily bar.
    """

    def __init__(
        self,
        dates: Sequence[str],
        symbols: Sequence[str] | None,
        trailing_sessions: int,
        daily_sessions: int = 0,
        session_of: SessionOf | None = None,
    ) -> None:
        self._dates = tuple(dates)
        self._known = frozenset(dates)
        self._symbols = None if symbols is None else tuple(symbols)
        self._trailing = trailing_sessions
        self._daily = daily_sessions
        self._session_of = session_of
        self._needs: list[Requirement] = []
        self._bars: dict[tuple[str, Interval], int] = {}
        self._minutes: set[str] = set()
        self._daily_only: set[str] = set()
        self._latest: str | None = None
        self._before_last: tuple[set[str], set[str], str | None] = (set(), set(), None)
        self._behind: dict[str, ReadSession] = {}
        """For the session at hand and the next: all that comes before it, held or not."""

    def require(self, requirement: Requirement) -> None:
        """Have so many bars there, from the next session on that is prefetched."""
        if requirement not in self._needs:
            self._needs.append(requirement)

    def wanted(self, message: Prefetch) -> ReadSession:
        """Return what to read for a session: its tape, and of the sessions before it what will not be held."""
        date = message.session.date
        self._before_last = self._minutes, self._daily_only, self._latest
        before = self._before(date)
        self._size(before)
        most = max(self._trailing, self._daily)
        sessions = list(islice(reversed(before), most))
        minutes, daily = sessions[: self._trailing], sessions[self._trailing : self._daily]
        held = self._minutes | ({self._latest} if self._latest else set())
        plan = HistoryPlan(
            trailing_sessions=self._trailing,
            daily_sessions=self._daily,
            oldest=sessions[-1] if sessions else "",
            store_begins=self._dates[0] if self._dates else "",
            needs=tuple(self._needs),
        )
        job = ReadSession(
            session=message.session,
            symbols=self._symbols,
            history=tuple(sorted(set(minutes) - held)),
            daily=tuple(sorted(set(daily) - held - self._daily_only)),
            plan=plan,
        )
        whole = msgspec.structs.replace(job, history=tuple(sorted(minutes)), daily=tuple(sorted(daily)))
        earlier = [(day, behind) for day, behind in self._behind.items() if day != date]
        self._behind = dict([*earlier[-1:], (date, whole)])
        # What falls out of the minutes stays as a daily bar, and the session itself becomes a day of history.
        self._minutes, self._daily_only, self._latest = set(minutes), set(daily), date
        return job

    def failed(self) -> None:
        """What was wanted last could not be read: nothing of it is in memory."""
        self._minutes, self._daily_only, self._latest = self._before_last

    def joining(self, message: LoadSymbols) -> ReadSession:
        """Return what to read for symbols that join a session: their day, and all that is held of the days before."""
        session, symbols = message.session, message.symbols
        job = self._behind.get(session.date) or ReadSession(session=session)
        return msgspec.structs.replace(job, symbols=symbols, joining=symbols)

    def symbols_changed(self, message: SymbolsChanged) -> None:
        """Read other symbols from now on."""
        if self._symbols is not None:
            left = [symbol for symbol in self._symbols if symbol not in message.removed]
            self._symbols = tuple(left + [symbol for symbol in message.added if symbol not in left])

    def check(self) -> None:
        """Assert what must always be true."""
        assert list(self._dates) == sorted(self._dates), "dates out of order"

    def _before(self, date: str) -> Sequence[str]:
        """Return the sessions before one: those in the store, and those that were played."""
        stored = self._dates[: bisect_left(self._dates, date)]
        played = {*self._minutes, *self._daily_only, *([self._latest] if self._latest else [])}
        others = [day for day in played - self._known if day < date]
        return sorted([*stored, *others]) if others else stored

    def _size(self, before: Sequence[str]) -> None:
        """Keep enough sessions for all that is required; once kept, as many stay."""
        longest: dict[Interval, int] = {}
        for need in self._needs:
            longest[need.interval] = max(longest.get(need.interval, 0), need.bars)
        for interval, bars in longest.items():
            if interval.is_daily or interval.is_long:
                self._daily = max(
                    self._daily, bars * interval.sessions + (interval.sessions if interval.is_long else 0)
                )
            else:
                self._trailing = max(self._trailing, self._sessions_with(interval, bars, before))

    def _sessions_with(self, interval: Interval, bars: int, before: Sequence[str]) -> int:
        """Return how many of the last sessions have so many bars, if none of them is missing."""
        sessions = 0
        for date in reversed(before):
            if bars <= 0:
                break
            bars -= self._bars_of(date, interval)
            sessions += 1
        return sessions

    def _bars_of(self, date: str, interval: Interval) -> int:
        if (date, interval) not in self._bars:
            session = None if self._session_of is None else self._session_of(date)
            self._bars[date, interval] = 0 if session is None else len(axis_of(session).edges(interval)) - 1
        return self._bars[date, interval]
