"""Which sessions a backtest plays: those of the store's days that lie in the range asked for."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta

from actors.kernel.address import Address
from actors.kernel.ports import BarStore
from actors.kernel.readings import dates_left
from actors.market.calendar import Calendar
from actors.settings import Settings
from actors.stream_coordinator.live_day.readiness import hours_of
from messages.commands import PlanLiveSessions, PlanSessions
from messages.errors import BarkeeperError, DataError, UnknownSymbol
from messages.events import RunFailed, SessionsPlanned
from messages.values import Nanos, TradingSession, moment

_LOOK_AHEAD_DAYS = 21
_SESSIONS_AHEAD = 3


class Planner:
    """Turns ``PlanSessions`` into ``SessionsPlanned`` or ``RunFailed``; reads the store's listing only.

    Where symbols are named, a session is one on which any of them has a bar: a day that belongs to others would count
    as missing what was never asked of it. With somebody to ask for what is missing, those in between count too.
    ``only`` is a session that is played whatever the calendar says.
    """

    def __init__(
        self,
        settings: Settings,
        store: BarStore,
        calendar: Calendar,
        reply_to: Address[SessionsPlanned | RunFailed],
        *,
        has_upstream: bool = False,
        only: TradingSession | None = None,
    ) -> None:
        self._only = only
        self._settings = settings
        self._has_upstream = has_upstream
        self._store = store
        self._calendar = calendar
        self._reply_to = reply_to

    def tell(self, message: PlanSessions | PlanLiveSessions) -> None:
        """Plan, in the thread of who asks."""
        try:
            if isinstance(message, PlanLiveSessions):
                self._reply_to.tell(self._coming(message.now_ns))
            else:
                sessions, without = self._sessions() if self._only is None else ((self._only,), ())
                self._reply_to.tell(SessionsPlanned(sessions=sessions, without_session=without))
        except (BarkeeperError, OSError) as error:
            self._reply_to.tell(RunFailed(reason=str(error)))

    def _coming(self, now_ns: Nanos) -> SessionsPlanned:
        """Return the session that is open at an instant, or else the next one, and those that follow."""
        today = moment(now_ns, self._calendar.tz).date()
        first, last = today - timedelta(days=2), today + timedelta(days=_LOOK_AHEAD_DAYS)
        sessions = self._calendar.sessions(first.isoformat(), last.isoformat())
        coming = tuple(session for session in sessions if session.end_ns > now_ns)[:_SESSIONS_AHEAD]
        usual = Counter(map(hours_of, sessions)).most_common(1)
        return SessionsPlanned(sessions=coming, usual_hours=usual[0][0] if usual else None)

    def _sessions(self) -> tuple[tuple[TradingSession, ...], tuple[str, ...]]:
        """Return the sessions of what is asked for, and the dates of it that have none."""
        asked = self._settings
        name = self._calendar.name
        held, lost = dates_left(self._store, name)
        if not held:
            self._check_whole(lost, "", "9999")
            others = ", ".join(self._store.calendars()) or "none"
            raise DataError(f"the store {asked.store} has no day of calendar {name}; it has: {others}")
        dates = [date for date in held if (asked.start or held[0]) <= date <= (asked.end or held[-1])]
        if not dates:
            raise DataError(
                f"the store's days of {name} run from {held[0]} to {held[-1]}: none lies in the range asked for"
            )
        dates = self._theirs(name, dates)
        dates = dates[-(asked.last or len(dates)) :]
        self._check_whole(lost, self._reach(held, dates[0]), asked.end or "9999")
        sessions = {session.date: session for session in self._calendar.sessions(dates[0], dates[-1])}
        played = tuple(sessions[date] for date in dates if date in sessions)
        return played, tuple(date for date in dates if date not in sessions)

    def _reach(self, held: Sequence[str], first: str) -> str:
        """Return how far back a run looks that begins on a date; empty: to the beginning of the store."""
        asked, place = self._settings, held.index(first)
        if asked.last is None and asked.start is None:
            return ""
        place -= max(asked.rules.trailing_sessions, asked.rules.daily_sessions)
        return min(held[place], asked.start or first) if place >= 0 else ""

    @staticmethod
    def _check_whole(lost: Mapping[str, str], first: str, last: str) -> None:
        """Refuse to play what may lack days of a file that cannot be read, or to look back at it."""
        for period, why in sorted(lost.items()):
            if first[: len(period)] <= period <= last[: len(period)]:
                raise DataError(why)

    def _theirs(self, name: str, dates: list[str]) -> list[str]:
        """Return the dates of the symbols that are named; refuse one that no day in the range has: a slip."""
        named = set(self._settings.symbols)
        if not named:
            return dates
        there = {date: set(self._store.symbols(name, date)) for date in dates}
        seen = set[str]().union(*there.values())
        if unknown := named - seen:
            raise UnknownSymbol.among(min(unknown), sorted(seen))
        theirs = [date for date in dates if not named.isdisjoint(there[date])]
        return [date for date in dates if theirs[0] <= date <= theirs[-1]] if self._has_upstream else theirs
