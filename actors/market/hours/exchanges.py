"""The calendars of exchange_calendars as schedules: the only place that knows the package.

All sessions since 1970 are read at once: one year costs it nearly as much as fifty.
"""

import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import cache
from importlib.metadata import distribution, version
from typing import Any
from urllib.parse import quote

import msgspec

from actors.market.hours.kept import kept
from actors.market.timetable import Schedule
from messages.errors import SettingsError
from messages.values import DAY_NS

_EPOCH = date(1970, 1, 1)
_SHAPE = 1
"""To be raised when schedules are made otherwise: what is kept on disk is then made anew."""


class _Names(msgspec.Struct, frozen=True, kw_only=True):
    """Every name that the package knows, and the name that it stands for."""

    canonical: dict[str, str]


def names() -> tuple[str, ...]:
    """Return every name that the package knows, aliases included."""
    return tuple(_names().canonical)


def canonical(name: str) -> str:
    """Return the name that an alias of the package stands for."""
    return _names().canonical[name]


def schedule(name: str) -> Schedule:
    """Return all that the package knows of a calendar.

    Raises:
        SettingsError: it cannot build the calendar.
    """
    if is_changed():
        return schedule_of(_calendar(name))
    key = f"calendar-{_versions()}-{quote(name, safe='')}"
    return kept(Schedule, key, lambda: schedule_of(_calendar(name)))


def _names() -> _Names:
    return _all_names() if is_changed() else _package_names()


@cache
def _package_names() -> _Names:
    return kept(_Names, f"calendars-{_versions()}", _all_names)


@contextmanager
def _unwarned() -> Iterator[None]:
    """Keep what the package is warned of to itself: an application that makes errors of warnings has done nothing."""
    with warnings.catch_warnings(action="ignore"):
        yield


@_unwarned()
def _all_names() -> _Names:
    import exchange_calendars  # it takes 0.7 s, and not every command needs it

    known = exchange_calendars.get_calendar_names(include_aliases=True)
    return _Names(canonical={str(name): str(exchange_calendars.resolve_alias(name)) for name in known})


@cache
def _versions() -> str:
    """Return what the schedules depend on, as part of a file's name."""
    return f"{_SHAPE}-{'-'.join(_version(package) for package in ('exchange_calendars', 'pandas', 'numpy'))}"


def _version(package: str) -> str:
    """Return a package's version; to have all that is said of it understood, for one line, would take 3 ms."""
    found = re.search(r"^Version: (\S+)$", distribution(package).read_text("METADATA") or "", re.MULTILINE)
    return version(package) if found is None else found[1]


def is_changed() -> bool:
    """Tell whether this process has registered calendars of its own with the package."""
    package = sys.modules.get("exchange_calendars")
    if package is None:
        return False
    utils = package.calendar_utils
    everybody = utils.global_calendar_dispatcher
    return (
        everybody._calendar_factories != utils._default_calendar_factories  # noqa: SLF001
        or everybody._aliases != utils._default_calendar_aliases  # noqa: SLF001
        or not set(everybody._calendars) <= set(utils._default_calendar_factories)  # noqa: SLF001
    )


@_unwarned()
def schedule_of(calendar: Any) -> Schedule:  # the package has no types
    """Return what a calendar of the package says."""
    return Schedule.with_break(
        calendar.opens_nanos,
        calendar.break_starts_nanos,
        calendar.break_ends_nanos,
        calendar.closes_nanos,
        zone=str(calendar.tz),
        labels=calendar.sessions_nanos // DAY_NS,
        regular_opens=_times(calendar.open_times, calendar.open_offset),
        regular_closes=_times(calendar.close_times, calendar.close_offset),
    )


def _times(eras: Any, offset: int) -> tuple[tuple[int, int], ...]:
    return tuple((_since(day), offset * 1440 + at.hour * 60 + at.minute) for day, at in eras)


@_unwarned()
def _calendar(name: str) -> Any:
    import exchange_calendars

    repair()
    try:
        try:
            return exchange_calendars.get_calendar(name, start=_EPOCH.isoformat())
        except ValueError:  # its records begin later: only the calendar's class knows when
            bound = type(exchange_calendars.get_calendar(name)).bound_min()
            return exchange_calendars.get_calendar(name, start=bound)
    except (ValueError, NotImplementedError) as error:  # a calendar of the application's own, as a rule
        raise SettingsError(f"exchange_calendars cannot build the calendar {name}: {str(error)[:200]}") from error


def _since(day: date | None) -> int:
    return 0 if day is None else day.toordinal() - _EPOCH.toordinal()


def repair() -> None:
    """Let pandas 3.1 ask the package's own kinds of days what pandas up to 3.0 asked them; it may be done twice.

    pandas 3.1 calls an offset's ``_add_datetime`` where earlier ones called ``_apply``, and takes a range of business
    days by their common mask of weekdays without asking the offset at all. exchange_calendars up to 4.13.2 defines
    ``_apply`` only, so that Easter of the Orthodox, the Hebrew holidays, and weeks with a trading Saturday or Sunday
    are lost: five calendars cannot be built and three lack sessions. Nothing is changed that the package defines.
    """
    import exchange_calendars.pandas_extensions.offsets

    offsets: Any = exchange_calendars.pandas_extensions.offsets  # the package has no types, pandas has too many
    day = offsets.CustomBusinessDay
    if hasattr(day, "_apply") or not hasattr(day, "_add_datetime"):
        return
    offsets.CustomBusinessDay = type("CustomBusinessDay", (day,), {"_apply": day._add_datetime})  # noqa: SLF001
    if "_get_daily_offset_mask" not in vars(offsets.CompositeCustomBusinessDay):  # pragma: no branch  # later ones may
        offsets.CompositeCustomBusinessDay._supports_daily_offset_mask = False  # noqa: SLF001
    for offset in _heirs(offsets.BaseOffset):
        own = vars(offset)
        if offset.__module__.startswith("exchange_calendars.") and "_apply" in own and "_add_datetime" not in own:
            offset._add_datetime = own["_apply"]  # noqa: SLF001


def _heirs(kind: Any) -> list[Any]:
    return [heir for child in kind.__subclasses__() for heir in (child, *_heirs(child))]
