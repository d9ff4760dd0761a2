"""Every calendar by its name: what the user says of it goes before what the house knows, that before the package."""

from collections.abc import Iterable
from difflib import get_close_matches
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from actors.market.hours import exchanges
from actors.market.hours.own import Era, OwnCalendar, OwnHours
from actors.market.hours.shipped_calendars import ALIASES, CALENDARS, UNDECIDED
from actors.market.hours.shipped_days import SPECIAL_SESSIONS
from actors.market.hours.spelling import Range, day_number, iso, session_ranges
from actors.market.timetable import Days, LocalClock, Schedule
from messages.errors import SettingsError, shown
from messages.tables.columns import Indices, Stamps

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONDAY = 4  # 1970-01-05
_FIRST_DAY, _LAST_DAY = day_number("1970-01-01"), day_number("2050-12-31")
_SHIPPED = OwnHours(special_sessions=SPECIAL_SESSIONS, calendars=CALENDARS)


def names(own: OwnHours) -> tuple[str, ...]:
    """Return every name that a calendar may be asked for by, aliases included, sorted."""
    return tuple(sorted({*own.calendars, *CALENDARS, *ALIASES, *exchanges.names()}))


def canonical(name: object, own: OwnHours) -> str:
    """Return the one name of a calendar, in whichever case and by whichever alias it is named.

    Raises:
        SettingsError: nobody knows it.
    """
    if not isinstance(name, str):
        raise SettingsError(f"a calendar is named, as 'XNYS', not {shown(name)}")
    wanted = name.strip().upper()
    ours = {known.upper(): known for known in (*ALIASES, *CALENDARS, *own.calendars)}
    if wanted in ours:
        return ALIASES.get(ours[wanted], ours[wanted])
    if wanted in UNDECIDED:
        raise SettingsError(f"{name!r} is no single calendar: {UNDECIDED[wanted]}")
    spelled = {known.upper(): known for known in names(own)}
    if wanted not in spelled:
        near = get_close_matches(wanted, spelled, n=3, cutoff=0.4)
        hint = f"nearest: {', '.join(near)}" if near else "known are XNYS, XLON, XTKS, CMES, FX, 24/7 and many more"
        raise SettingsError(f"unknown calendar {name!r}; {hint}")
    return exchanges.canonical(spelled[wanted])


def schedule(name: str, own: OwnHours) -> Schedule:
    """Return what is known of a calendar, special sessions included.

    Raises:
        SettingsError: it cannot be built, or its special sessions do not fit among the others.
    """
    book = own.over(_SHIPPED)
    rules = book.calendars.get(name)
    found = exchanges.schedule(name) if rules is None else _by_rules(name, rules, own)
    special = _special(name, _SHIPPED, own) | _special(name, own, own)
    return _with_special(name, found, special) if special else found


def _special(name: str, hours: OwnHours, own: OwnHours) -> dict[int, tuple[Range, ...]]:
    """Return the special sessions of a calendar, under whichever of its names tables have them."""
    found: dict[int, tuple[Range, ...]] = {}
    for spelled in hours.special_sessions:
        if _named(spelled, own, "special sessions") == name:
            said = hours.special(spelled)
            for day in sorted(said.keys() & found.keys()):
                if said[day] != found[day]:
                    raise SettingsError(
                        f"special session of {spelled} on {iso(day)}: another table of {name}, which is the same "
                        "calendar, has other hours"
                    )
            found |= said
    return found


def _named(spelled: str, own: OwnHours, where: str) -> str:
    """Return the one name of a calendar that a table names."""
    try:
        return canonical(spelled, own)
    except SettingsError as error:
        raise SettingsError(f"{where}: {error}") from None


def goes_before(own: OwnHours, other: OwnHours) -> OwnHours:
    """Return what one says and, where it says nothing under any name of a calendar, the other."""
    said = {(_one_name(name, own), day_number(day)) for name, days in own.special_sessions.items() for day in days}
    rest = {
        name: {day: hours for day, hours in days.items() if (_one_name(name, own), day_number(day)) not in said}
        for name, days in other.special_sessions.items()
    }
    return own.over(OwnHours(special_sessions=rest, calendars=other.calendars))


def _one_name(name: str, own: OwnHours) -> str:
    try:
        return canonical(name, own)
    except SettingsError:
        return name  # of a calendar of one's own that the other tables have


def _by_rules(name: str, rules: OwnCalendar, own: OwnHours) -> Schedule:
    try:
        ZoneInfo(rules.tz)
    except (ZoneInfoNotFoundError, ValueError):
        raise SettingsError(f"calendar {name}: {rules.tz!r} is no zone; write it as Asia/Shanghai") from None
    labels, known = _labels(name, rules, own)
    clock = LocalClock(rules.tz, known[0] - 2, known[1] + 2)
    first = np.searchsorted(labels, [day_number(era.since) for era in rules.all_eras]).tolist()
    places: list[Indices] = []
    starts: list[Stamps] = []
    ends: list[Stamps] = []

    def add(sessions: Indices, days: Days, hours: Iterable[Range]) -> None:
        for begin, end in hours:
            places.append(sessions)
            starts.append(_instants(clock, days, begin))
            ends.append(_instants(clock, days, end))

    for era, begin, end in zip(rules.all_eras, first, [*first[1:], len(labels)], strict=True):
        sessions = np.arange(begin, end, dtype=np.int32)
        add(sessions, labels[sessions], session_ranges(era.segments))
        if era.night:
            after = sessions[sessions > 0]
            after = after[_weekdays_between(labels[after - 1], labels[after]) == 0]
            add(after, labels[after - 1], _evening(era.night))
    edges = [(era, session_ranges(era.segments)) for era in rules.all_eras]
    return _in_order(
        name,
        np.concatenate(places),
        np.concatenate(starts),
        np.concatenate(ends),
        zone=rules.tz,
        labels=labels,
        regular_opens=tuple((day_number(era.since), _first_minute(era, ranges)) for era, ranges in edges),
        regular_closes=tuple((day_number(era.since), ranges[-1][1]) for era, ranges in edges),
        known=known,
    )


def _first_minute(era: Era, ranges: tuple[Range, ...]) -> int:
    return _evening(era.night)[0][0] - 24 * 60 if era.night else ranges[0][0]


def _evening(night: tuple[str, ...]) -> tuple[Range, ...]:
    """Return hours of a night in minutes after midnight of the day that it begins on."""
    ranges = session_ranges(night)
    ahead = 24 * 60 if ranges[0][0] < 0 else 0
    return tuple((begin + ahead, end + ahead) for begin, end in ranges)


def _labels(name: str, rules: OwnCalendar, own: OwnHours) -> tuple[Days, tuple[int, int]]:
    is_on = _weekdays(rules.days)
    if is_on is None:
        where = f"calendar {name}: days are weekdays, such as Mon-Fri, or those of another calendar"
        other = _named(rules.days, own, where)
        if other == name:
            raise SettingsError(f"the days of calendar {name} are those of itself; name weekdays or another one")
        source = schedule(other, own)
        labels, known = source.labels, source.known
    else:
        labels, known = np.arange(_FIRST_DAY, _LAST_DAY + 1, dtype=np.int64), (_FIRST_DAY, _LAST_DAY)
        labels = labels[np.isin((labels - _MONDAY) % 7, list(is_on))]
    every_year = {day for day in rules.holidays if len(day) <= len("12-25")}
    off = [day_number(day) for day in rules.holidays if day not in every_year]
    if every_year:
        off += [day for day in labels.tolist() if iso(day)[5:] in every_year]
    return labels[~np.isin(labels, off)], known


def _weekdays(text: str) -> set[int] | None:
    """Return which weekdays a text names, Monday is 0; nothing if it names none."""
    found: set[int] = set()
    for part in text.lower().replace(" ", "").split(","):
        first, _, last = part.partition("-")
        begin, end = _weekday(first), _weekday(last or first)
        if begin is None or end is None:
            return None
        found |= {day % 7 for day in range(begin, end + 1 + (7 if end < begin else 0))}
    return found


def _weekday(text: str) -> int | None:
    named = [number for number, day in enumerate(_WEEKDAYS) if len(text) > 1 and day.startswith(text)]
    return named[0] if named else None


def _weekdays_between(before: Days, after: Days) -> Days:
    """Return how many weekdays lie between two dates, neither of them included."""
    return np.busday_count((before + 1).astype("datetime64[D]"), after.astype("datetime64[D]"))


def _instants(clock: LocalClock, days: Days, minutes: int) -> Stamps:
    later, of_day = divmod(minutes, 24 * 60)
    return clock.instants(days + later, of_day)


def _with_special(name: str, base: Schedule, special: dict[int, tuple[Range, ...]]) -> Schedule:
    days = np.array(sorted(special), dtype=np.int64)
    open_days = np.array([day for day in days.tolist() if special[day]], dtype=np.int64)
    labels = np.union1d(base.labels[~np.isin(base.labels, days)], open_days)
    is_kept = ~np.isin(base.labels[base.session], days)
    place = np.searchsorted(labels, base.labels)
    sessions, starts, ends = (
        [place[base.session[is_kept]].astype(np.int32)],
        [base.starts[is_kept]],
        [base.ends[is_kept]],
    )
    for day in open_days.tolist():
        clock = LocalClock(base.zone, day - 10, day + 3)
        at = np.array([day], dtype=np.int64)
        for begin, end in special[day]:
            sessions.append(np.searchsorted(labels, at).astype(np.int32))
            starts.append(_instants(clock, at, begin))
            ends.append(_instants(clock, at, end))
    return _in_order(
        name,
        np.concatenate(sessions),
        np.concatenate(starts),
        np.concatenate(ends),
        zone=base.zone,
        labels=labels,
        regular_opens=base.regular_opens,
        regular_closes=base.regular_closes,
        known=base.known,
    )


def _in_order(
    name: str,
    session: Indices,
    starts: Stamps,
    ends: Stamps,
    *,
    zone: str,
    labels: Days,
    regular_opens: tuple[tuple[int, int], ...],
    regular_closes: tuple[tuple[int, int], ...],
    known: tuple[int, int],
) -> Schedule:
    is_real = starts < ends  # a clock may skip them when it is put forward
    session, starts, ends = session[is_real], starts[is_real], ends[is_real]
    order = np.argsort(starts, kind="stable")
    session, starts, ends = session[order], starts[order], ends[order]
    meets = np.flatnonzero((starts[1:] < ends[:-1]) | (session[1:] < session[:-1]))
    if len(meets):
        both = sorted({iso(int(labels[session[meets[0] + more]])) for more in (0, 1)})
        raise SettingsError(f"calendar {name}: the hours of {' and '.join(both)} overlap")
    return Schedule(
        zone=zone,
        labels=labels,
        session=session,
        starts=starts,
        ends=ends,
        regular_opens=regular_opens,
        regular_closes=regular_closes,
        known=known,
    )
