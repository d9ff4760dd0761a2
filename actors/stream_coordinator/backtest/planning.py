"""Which sessions a backtest plays: those of the store's days that lie in the range asked for."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from actors.kernel.address import Address
from actors.kernel.ports import BarStore
from actors.market.calendar import Calendar
from actors.market.coarser import is_finer
from actors.reading.spelling.addresses import shown
from actors.settings import Settings
from actors.stream_coordinator.live_day.readiness import hours_of
from messages.commands import PlanLiveSessions, PlanSessions
from messages.errors import BarkeeperError, DataError, SettingsError, UnknownSymbol
from messages.events import RunFailed, SessionsPlanned
from messages.values import Mode, Nanos, TradingSession, moment

_LOOK_AHEAD_DAYS = 21
_SESSIONS_AHEAD = 3


def calendar_name(settings: Settings, store: BarStore) -> str:
    """Return the calendar to use: the one that is set, or the store's only one.

    Raises:
        DataError: the store is empty.
        SettingsError: the store has days of several calendars and none is named.
    """
    if settings.calendar is not None:
        return settings.calendar
    match store.calendars():
        case ():
            raise DataError(f"the store {shown(settings.store)} is empty; import something first")
        case (name,):
            return name
        case names:
            raise SettingsError(f"the store has days of several calendars, {', '.join(names)}: name one of them")


def check_length(settings: Settings, store: BarStore) -> None:
    """Check that the store's bars are the base bars of this system, or that these are made of them when they are read.

    Who writes into the store has bars of its length.

    Raises:
        SettingsError: they are of another length.
    """
    held, base = store.base_interval(), settings.rules.base_interval
    is_read_only = settings.mode is Mode.BACKTEST and not settings.certify
    if held is not None and held != base and not (is_read_only and is_finer(held, base)):
        raise SettingsError(
            f"the store {shown(settings.store)} holds bars of {held}; this system's base interval is {base}"
        )


def strangers(symbols: Iterable[str], store: BarStore, calendar: str) -> tuple[str, ...]:
    """Return those of some symbols that no day of a store has, sorted; reads no more days than it must."""
    wanted = set(symbols)
    for date in reversed(store.dates(calendar)):
        if not wanted:
            break
        wanted.difference_update(store.symbols(calendar, date))
    return tuple(sorted(wanted))


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
                sessions = self._sessions() if self._only is None else (self._only,)
                self._reply_to.tell(SessionsPlanned(sessions=sessions))
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

    def _sessions(self) -> tuple[TradingSession, ...]:
        asked = self._settings
        name = self._calendar.name
        held = self._store.dates(name)
        if not held:
            others = ", ".join(self._store.calendars()) or "none"
            raise DataError(f"the store {asked.store} has no day of calendar {name}; it has: {others}")
        dates = [date for date in held if (asked.start or held[0]) <= date <= (asked.end or held[-1])]
        if not dates:
            raise DataError(
                f"the store's days of {name} run from {held[0]} to {held[-1]}: none lies in the range asked for"
            )
        dates = self._theirs(name, dates)
        dates = dates[-(asked.last or len(dates)) :]
        kept = set(dates)
        return tuple(s for s in self._calendar.sessions(dates[0], dates[-1]) if s.date in kept)

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
