"""Hours and days that somebody knows better than exchange_calendars: special sessions, and calendars of one's own."""

from collections.abc import Mapping
from datetime import date
from typing import Any, TypeAlias

import msgspec

from actors.market.hours.spelling import Range, day_number, iso, session_ranges
from messages.errors import SettingsError, shown

CLOSED = ("closed", "shut")
_LISTS = ("segments", "night", "holidays", "breaks")
_DAYS = '"10:00-16:30", "closed", or open, close and breaks'
_RULES = "tz and segments, and perhaps night, days, holidays, eras"


class SpecialHours(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One day's session, spelled out; clock times of the exchange."""

    open: str | None = None
    close: str | None = None
    breaks: tuple[str, ...] = ()
    """Such as ``"12:00-13:00"``, in order of time."""
    closed: bool = False
    """There is no session on this day."""


Special: TypeAlias = str | tuple[str, ...] | SpecialHours
"""``"10:00-16:30"``, several of them in order of time, ``"closed"``, or ``SpecialHours``."""


class Era(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Other hours of a calendar from a date on."""

    since: str
    """The first session (ISO date) that has them."""
    segments: tuple[str, ...]
    night: tuple[str, ...] = ()


class OwnCalendar(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A calendar by its rules.

    Raises:
        SettingsError: a range, a date or an order makes no sense.
    """

    tz: str
    """The zone (IANA) that its clock times are in."""
    segments: tuple[str, ...]
    """The hours of a session in order of time, such as ``["09:00-10:15", "10:30-11:30"]``; a range that begins later
    than it ends, or than the next one, begins on the evening before."""
    night: tuple[str, ...] = ()
    """Hours that come before them on the evening of the session before, and fall out where a weekday lies between."""
    days: str = "Mon-Fri"
    """Which dates have sessions: weekdays such as ``"Mon-Fri"`` or ``"Sun-Thu"``, or the name of a calendar whose
    dates these are."""
    holidays: tuple[str, ...] = ()
    """Dates without a session: ISO, or ``"12-25"`` for every year."""
    eras: tuple[Era, ...] = ()
    """Later hours, ascending."""

    def __post_init__(self) -> None:
        for era in self.all_eras:
            session_ranges(era.segments)
            if era.night:
                session_ranges(era.night)
        since = [day_number(era.since) for era in self.eras]
        if since != sorted(set(since)):
            raise SettingsError("the eras of a calendar follow each other, each since a later date")
        for day in self.holidays:
            day_number(day if len(day) > len("12-25") else f"2000-{day}")

    @property
    def all_eras(self) -> tuple[Era, ...]:
        """The hours from the beginning, and the later ones."""
        return (Era(since="1970-01-01", segments=self.segments, night=self.night), *self.eras)


class OwnHours(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes before exchange_calendars.

    Raises:
        SettingsError: the hours of a special session make no sense; names its calendar and date.
    """

    special_sessions: dict[str, dict[str, Special]] = {}
    """By the name of a calendar and a date (ISO)."""
    calendars: dict[str, OwnCalendar] = {}

    def __post_init__(self) -> None:
        for name in self.special_sessions:
            self.special(name)

    @classmethod
    def read(cls, special_sessions: object, calendars: object) -> "OwnHours":
        """Return what tables say, as TOML or a program has them.

        Raises:
            SettingsError: something in them makes no sense.
        """
        days = {
            name: {
                day.isoformat()[:10] if isinstance(day, date) else day: _meant(
                    hours, Special, f"{name} on {day}", _DAYS
                )
                for day, hours in _table(table, f"special_sessions {name}").items()
            }
            for name, table in _table(special_sessions, "special_sessions").items()
        }
        tables = _table(calendars, "calendars")
        rules = {name: _meant(table, OwnCalendar, f"calendar {name}", _RULES) for name, table in tables.items()}
        return cls(special_sessions=days, calendars=rules)

    def special(self, name: str) -> dict[int, tuple[Range, ...]]:
        """Return what is said of a calendar's special sessions: by day number their hours, none where it is closed."""
        found: dict[int, tuple[Range, ...]] = {}
        for day, hours in self.special_sessions.get(name, {}).items():
            try:
                label = day_number(day)
                found[label] = _ranges(hours, label)
            except SettingsError as error:
                raise SettingsError(f"special session of {name} on {day}: {error}") from None
        return found

    def over(self, other: "OwnHours") -> "OwnHours":
        """Return this and, where it says nothing, the other."""
        names = other.special_sessions | self.special_sessions
        return OwnHours(
            special_sessions={
                name: other.special_sessions.get(name, {}) | self.special_sessions.get(name, {}) for name in names
            },
            calendars=other.calendars | self.calendars,
        )


NOTHING_OWN = OwnHours()


def _table(given: object, what: str) -> Mapping[Any, Any]:
    if not isinstance(given, Mapping):
        raise SettingsError(f"{what}: expected a table, got {shown(given)}")
    return given


def _meant(given: object, kind: Any, what: str, takes: str) -> Any:
    """Return what a line or a table says; one text is a list of one.

    Raises:
        SettingsError: it makes no sense; says of what.
    """
    if isinstance(given, Mapping):
        given = {
            name: (value,) if name in _LISTS and isinstance(value, str) else value for name, value in given.items()
        }
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        said = str(error).replace("Object", "it").partition(" - at ")
        place = said[2].strip("`").removeprefix("$").removeprefix(".")
        where = f" in {place}" if place else ""
        raise SettingsError(f"{what}: {said[0]}{where}; expected {takes}") from None
    except SettingsError as error:
        raise SettingsError(f"{what}: {error}") from None


def _ranges(hours: Special, label: int) -> tuple[Range, ...]:
    if isinstance(hours, SpecialHours):
        return _spelled_out(hours, label)
    texts = (hours,) if isinstance(hours, str) else hours
    if [text.strip().lower() for text in texts] in [[word] for word in CLOSED]:
        return ()
    return session_ranges(texts, label)


def _spelled_out(hours: SpecialHours, label: int) -> tuple[Range, ...]:
    if hours.closed:
        if hours.open or hours.close or hours.breaks:
            raise SettingsError("a day that is closed has no open, close or breaks")
        return ()
    if hours.open is None or hours.close is None:
        raise SettingsError("open and close are missing; or say closed = true")
    whole = session_ranges((f"{hours.open}-{hours.close}",), label)
    edges = [whole[0][0]]
    for begin, end in session_ranges(hours.breaks, label) if hours.breaks else ():
        edges += (begin, end)
    edges.append(whole[0][1])
    if edges != sorted(set(edges)):
        raise SettingsError(f"the breaks do not lie in order between {hours.open} and {hours.close} of {iso(label)}")
    return tuple(zip(edges[::2], edges[1::2], strict=True))
