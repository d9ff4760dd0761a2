"""Clock times, ranges and dates as people write them, into minutes and days."""

import re
from datetime import date, timedelta
from typing import TypeAlias

from actors.market.instants import Day, day
from messages.errors import SettingsError, shown

Range: TypeAlias = tuple[int, int]
"""From and to, in minutes after midnight of a session's label; before it they are negative."""

_EPOCH = date(1970, 1, 1)
_DAY = 24 * 60
_CLOCK = r"(?:(\d{4}-\d\d-\d\d)[ T])?(\d{1,2}:\d\d)(?::00)?"
_RANGE = re.compile(rf"\s*{_CLOCK}\s*(?:-|to)\s*{_CLOCK}\s*")


def clock_minutes(text: object) -> int:
    """Return the minutes after midnight of a time such as ``09:30``; ``24:00`` is the day's end.

    Raises:
        SettingsError: the text is no clock time.
    """
    found = re.fullmatch(r"\s*(\d{1,2}):([0-5]\d)\s*", text) if isinstance(text, str) else None
    minutes = int(found[1]) * 60 + int(found[2]) if found else None
    if minutes is None or minutes > _DAY:
        raise SettingsError(f"{shown(text)} is no clock time; write it as 09:30")
    return minutes


def clock_range(text: object) -> Range:
    """Return a range such as ``16:00-17:00`` in minutes after midnight; it may end before it begins.

    Raises:
        SettingsError: the text is no range.
    """
    begin, dash, end = text.partition("-") if isinstance(text, str) else ("", "", "")
    if not dash or begin.strip() == end.strip():
        raise SettingsError(f"{shown(text)} is no range of clock times; write it as 16:00-17:00")
    return clock_minutes(begin), clock_minutes(end)


def day_number(given: Day) -> int:
    """Return a date as days since 1970-01-01; a text is ISO.

    Raises:
        SettingsError: that is no date.
    """
    try:
        text = given if isinstance(given, str) else day(given)
        return date.fromisoformat(text).toordinal() - _EPOCH.toordinal()
    except ValueError:
        raise SettingsError(f"{given!r} is no date; write it as 2024-05-31") from None


def iso(day: int) -> str:
    """Return days since 1970-01-01 as a date (ISO)."""
    return (_EPOCH + timedelta(days=day)).isoformat()


def session_ranges(texts: tuple[str, ...], label: int | None = None) -> tuple[Range, ...]:
    """Return the hours of one session, in order of time.

    The last range ends on the date of the label. One that does not begin before its end, or that would end after the
    next has begun, begins on the day before: ``17:00-16:00``, or ``21:00-02:30, 09:00-11:30``.

    Args:
        texts: ranges such as ``10:00-16:30``, each alone or several with commas.
        label: the session's date as a day number, where it is known: then times may have a date in front of them, as
            in ``2024-04-30 21:00 - 2024-04-30 23:00``.

    Raises:
        SettingsError: a text is no range, or they are in no order of time.
    """
    spelled = [part.strip() for text in texts for part in text.split(",")]
    found: list[Range] = []
    for text in reversed(spelled):
        begin, end = _one_range(text, label, found[0][0] if found else _DAY)
        if found and end <= found[0][0] and (begin % _DAY) < found[0][0] % _DAY < (end % _DAY):
            raise SettingsError(f"of the hours {', '.join(spelled)} some lie within others")
        if begin >= end or (found and end > found[0][0]):
            raise SettingsError(f"the hours {', '.join(spelled)} are in no order of time")
        found.insert(0, (begin, end))
    if not found:
        raise SettingsError("hours are missing; write them as 09:30-16:00")
    return tuple(found)


def _one_range(text: str, label: int | None, next_begin: int) -> Range:
    found = _RANGE.fullmatch(text)
    if found is None:
        raise SettingsError(f"{shown(text)} is no range of clock times; write it as 10:00-16:30")
    first_day, begin, last_day, end = found[1], clock_minutes(found[2]), found[3], clock_minutes(found[4])
    if first_day and last_day and label is not None:
        return (day_number(first_day) - label) * _DAY + begin, (day_number(last_day) - label) * _DAY + end
    if first_day or last_day:
        raise SettingsError(f"{text!r}: both times of a special session have a date in front, or none of them")
    while end > next_begin:
        begin, end = begin - _DAY, end - _DAY
    return (begin, end) if begin < end else (begin - _DAY, end)
