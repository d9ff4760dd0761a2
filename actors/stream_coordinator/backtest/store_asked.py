"""What a backtest asks its store before it is planned: whose calendar, how long its bars are, and who is in it."""

from collections.abc import Iterable

import msgspec

from actors.kernel.ports import BarStore, KnowsHours
from actors.kernel.prints import KeepsPrints
from actors.kernel.readings import dates_left
from actors.market.calendar import Calendar
from actors.market.coarser import is_finer
from actors.market.hours.book import goes_before
from actors.reading.spelling.addresses import shown
from actors.settings import Settings
from messages.errors import DataError, SettingsError
from messages.values import Mode, Seen


def decided(settings: Settings, store: BarStore, *, has_sources: bool) -> tuple[Settings, Calendar]:
    """Return the settings with what a store decides where nobody else does, and the calendar.

    Raises:
        DataError: the store is empty.
        SettingsError: the settings do not go with the store.
    """
    own = settings.own_hours
    calendar = Calendar(
        calendar_name(settings, store),
        extended=settings.extended,
        extended_hours=settings.extended_hours,
        closed=settings.closed,
        base_interval=settings.rules.base_interval,
        own=goes_before(own, store.own_hours()) if isinstance(store, KnowsHours) else own,
    )
    settings = msgspec.structs.replace(settings, rules=settings.rules.on(calendar.name, settings.mode))
    settings = seen_so(settings, store, calendar.name, has_sources=has_sources)
    check_length(settings, store)
    return settings, calendar


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
            say = f'calendar="{names[0]}", or --calendar {names[0]}'
            raise SettingsError(f"the store has days of several calendars, {', '.join(names)}: name one of them, {say}")


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


def seen_so(settings: Settings, store: BarStore, calendar: str, *, has_sources: bool) -> Settings:
    """Return the settings of a run that shows days as they were lived: minutes stay open as long as they did then.

    Raises:
        SettingsError: what else is set would change what came, or when.
    """
    if settings.seen is Seen.AS_KNOWN:
        return settings
    if settings.mode is Mode.LIVE:
        raise SettingsError("seen='as-lived' is for backtests: a live day is lived anyway")
    others = {"fill_from": has_sources or settings.fill_from, "faults": not settings.faults.is_none}
    if meddling := [name for name, is_set in (others | {"certify": settings.certify}).items() if is_set]:
        raise SettingsError(f"seen='as-lived' plays what came, when it came: it does not go with {meddling[0]}")
    rules, first, last = settings.rules, settings.start or "", settings.end or "9999"
    if rules.grace_ns or not isinstance(store, KeepsPrints):
        return settings
    then_ns = store.grace(calendar, tuple(date for date in dates_left(store, calendar)[0] if first <= date <= last))
    return msgspec.structs.replace(settings, rules=msgspec.structs.replace(rules, grace_ns=then_ns or 0))


def strangers(symbols: Iterable[str], store: BarStore, calendar: str) -> tuple[str, ...]:
    """Return those of some symbols that no day of a store has, sorted; reads no more days than it must."""
    wanted = set(symbols)
    for date in reversed(dates_left(store, calendar)[0]):
        if not wanted:
            break
        wanted.difference_update(store.symbols(calendar, date))
    return tuple(sorted(wanted))
