"""What a sweep has to do: which sessions, symbols and parameters, and how much history each session needs before it."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

import msgspec

from actors.kernel.ask import arguments as take
from actors.kernel.ports import BarStore, KnowsHours
from actors.market.calendar import Calendar
from actors.reading.spelling.addresses import shown as where
from actors.settings import Settings
from actors.strategy import Strategy
from actors.stream_coordinator.backtest.store_asked import calendar_name, check_length, strangers
from actors.sweep.warm_up import HistoryAhead, read_warm_up
from actors.system import System
from messages.errors import DataError, SettingsError, UnknownSymbol, shown
from messages.history import Requirement

_NOT_OPTIONS = {
    "certify": "a sweep writes nothing into its store",
    "speed": "a sweep runs as fast as it can",
    "clock": "a sweep runs as fast as it can",
    "mode": "a sweep plays what is stored",
    "sources": "name them by fill_from, so that every worker can open them",
}
_FEW = 64
"""Of so many named symbols each one's warm-up is required by name, and reported; of more only so much is loaded."""


class Chain(msgspec.Struct, frozen=True, kw_only=True):
    """Sessions that are played with the same symbols and parameters."""

    symbol: str | None
    """The only one, where symbols are played one by one."""
    dates: tuple[str, ...]
    parameters: int
    """Which set of parameters."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything but the strategy itself and the store."""

    settings: Settings
    """Of each session's system, but for its date and symbols."""
    calendar: str
    grid: tuple[dict[str, Any], ...]
    """Sets of parameters."""
    warm_up: dict[str, int]
    """Bars of closed sessions that are there before each session, by interval."""
    is_chained: bool
    """Whether each session needs what the one before left."""
    chains: tuple[Chain, ...]
    remarks: tuple[str, ...] = ()
    """Sentences about what the store lacks of what is asked for."""

    @property
    def tasks(self) -> int:
        """How many sessions are played in all, by symbols and parameters."""
        return sum(len(chain.dates) for chain in self.chains)

    def settings_of(self, date: str, symbol: str | None) -> Settings:
        """Return the settings of one session's system."""
        symbols = self.settings.symbols if symbol is None else (symbol,)
        return msgspec.structs.replace(
            self.settings, start=date, end=date, symbols=symbols, calendar=self.calendar, last=None
        )

    def requirements(self, symbols: Sequence[str]) -> list[Requirement]:
        """Return what is required by name before a session of these symbols."""
        if len(symbols) > _FEW:
            return []
        base = self.settings.rules.base_interval
        return [
            Requirement.of(symbol, interval, bars, base)
            for symbol in symbols
            for interval, bars in self.warm_up.items()
        ]


class _Asked(System):
    """Takes options as a backtest's are taken, and only keeps what was asked for."""

    def __init__(self, settings: Settings, **_: Any) -> None:
        self.asked = settings


def planned(
    strategy: Strategy,
    store: BarStore,
    *,
    name: str,
    symbols: str | Iterable[str],
    grid: Mapping[str, Iterable[Any]] | Iterable[Mapping[str, Any]] | None,
    warm_up: Mapping[Any, int] | None,
    options: Mapping[str, Any],
) -> Plan:
    """Return what there is to do.

    Args:
        strategy: who plays.
        store: where the days rest.
        name: its folder, or what it is.
        symbols: what is played; nothing named: everything.
        grid: values by parameter, of which every combination is played; or the sets of parameters themselves.
        warm_up: how many bars of closed sessions are needed, by interval.
        options: those of ``System.backtest``, the range of sessions among them.

    Raises:
        SettingsError: an option, parameter or interval makes no sense.
        DataError: the store has no session in the range.
        UnknownSymbol: a symbol has no bar in it.
    """
    for word, reason in _NOT_OPTIONS.items():
        if word in options:
            raise SettingsError(f"there is no option {word}: {reason}")
    asked = _Asked.backtest(name, symbols, **{"lockstep_timeout_s": None, **options})
    assert isinstance(asked, _Asked), "made by it"
    settings = asked.asked
    sets = parameter_sets(grid)
    for one in sets:
        strategy.check(one)
    calendar = _calendar(settings, store)
    check_length(settings, store)
    dates, by_symbol = _sessions(settings, store, calendar.name, one_by_one=strategy.by_symbol)
    wanted = read_warm_up(warm_up, settings.rules.base_interval)
    history = HistoryAhead(wanted, calendar, store.dates(calendar.name), dates)
    rules = msgspec.structs.replace(
        settings.rules,
        trailing_sessions=max(settings.rules.trailing_sessions, history.minute_sessions()),
        daily_sessions=max(settings.rules.daily_sessions, history.daily_sessions()),
    )
    chains = tuple(
        Chain(symbol=symbol, dates=played, parameters=number)
        for symbol, played in by_symbol.items()
        for number in range(len(sets))
    )
    return Plan(
        settings=msgspec.structs.replace(settings, rules=rules),
        calendar=calendar.name,
        grid=sets,
        warm_up={str(interval): bars for interval, bars in wanted.items()},
        is_chained=bool(strategy.carry),
        chains=chains,
        remarks=history.remarks(),
    )


def parameter_sets(
    grid: Mapping[str, Iterable[Any]] | Iterable[Mapping[str, Any]] | None,
) -> tuple[dict[str, Any], ...]:
    """Return every combination of a grid's values, the last parameter's changing first; or the sets as they are given.

    Raises:
        SettingsError: a parameter has no value, or what is given is no grid.
    """
    if grid is None:
        return ({},)
    if not isinstance(grid, Mapping):
        sets = tuple(grid) if isinstance(grid, Iterable) else (grid,)  # which is no set of parameters
        if isinstance(grid, str) or not all(isinstance(one, Mapping) for one in sets):
            raise SettingsError(f"grid: expected values by parameter, or sets of parameters, got {shown(grid)}")
        if not sets:
            raise SettingsError("grid: there is no set of parameters in it")
        return tuple(dict(one) for one in sets)
    values: dict[str, tuple[Any, ...]] = {str(name): _values(name, given) for name, given in grid.items()}
    return tuple(dict(zip(values, combination, strict=True)) for combination in product(*values.values()))


def _values(name: object, given: Any) -> tuple[Any, ...]:
    take.text(name, "a parameter of the grid")
    several = (given,) if isinstance(given, str) or not isinstance(given, Iterable) else tuple(given)
    if not several:
        raise SettingsError(f"grid: {name} has no value")
    return several


def _calendar(settings: Settings, store: BarStore) -> Calendar:
    own = settings.own_hours
    return Calendar(
        calendar_name(settings, store),
        extended=settings.extended,
        extended_hours=settings.extended_hours,
        closed=settings.closed,
        base_interval=settings.rules.base_interval,
        own=own.over(store.own_hours()) if isinstance(store, KnowsHours) else own,
    )


def _sessions(
    settings: Settings, store: BarStore, calendar: str, *, one_by_one: bool
) -> tuple[tuple[str, ...], dict[str | None, tuple[str, ...]]]:
    """Return the session dates that are played; and by symbol, or of all together, which of them."""
    held = store.dates(calendar)
    dates = [date for date in held if (settings.start or "") <= date <= (settings.end or "9999")]
    if not dates:
        between = f"run from {held[0]} to {held[-1]}: none lies in the range asked for" if held else "are none"
        raise DataError(f"the days of {calendar} in the store {where(settings.store)} {between}")
    if not settings.symbols and not one_by_one:
        dates = dates[-(settings.last or len(dates)) :]
        return tuple(dates), {None: tuple(dates)}
    there = {date: frozenset(store.symbols(calendar, date)) for date in dates}
    seen = frozenset[str]().union(*there.values())
    named = settings.symbols or tuple(sorted(seen))
    if unknown := sorted(set(named) - seen):
        if strangers(unknown, store, calendar):
            raise UnknownSymbol.among(unknown[0], sorted(seen))
        raise DataError(f"{unknown[0]} has no bar in the sessions from {dates[0]} to {dates[-1]}")
    theirs = [date for date in dates if not there[date].isdisjoint(named)]
    theirs = theirs[-(settings.last or len(theirs)) :]
    if not one_by_one:
        return tuple(theirs), {None: tuple(theirs)}
    return tuple(theirs), {name: tuple(date for date in theirs if name in there[date]) for name in named}
