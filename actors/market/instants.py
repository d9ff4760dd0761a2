"""Moments and dates as people write them: made into nanoseconds UTC, clock times of the exchange, and ISO dates."""

import operator
import re
from calendar import timegm
from datetime import UTC, date, datetime, time
from typing import TypeAlias

import numpy as np

from messages.errors import SettingsError, shown
from messages.values import SECOND_NS, Nanos

Moment: TypeAlias = datetime | date | time | str | int | np.integer | np.datetime64
"""An aware datetime or pandas Timestamp, a clock time of the exchange (``"10:30"``, ``time(10, 30)``), a date (the
session of that date), RFC 3339 with an offset, NumPy's datetime64 (UTC, as NumPy has it), or whole nanoseconds UTC."""

Day: TypeAlias = date | str | np.datetime64
"""A date, also as a datetime or Timestamp (its own date), datetime64, or text: ``"2024-05-31"``."""

MOMENTS = "'10:30' (exchange time), '2024-05-31', an aware datetime, RFC 3339 with an offset, or nanoseconds UTC"

_RFC_3339 = re.compile(r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d)(?:(:\d\d)(?:\.(\d{1,9}))?)?([Zz]|[+-]\d\d:?\d\d)")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(\.\d{1,9})?)?")
_DATE = re.compile(r"(\d{4})([-/.]?)(\d{1,2})\2(\d{1,2})")
_LEAST_NS = 10**16
"""No market's time is so near to 1970; microseconds, milliseconds and seconds of ours all are."""
_MOST_NS = 9_200_000_000_000_000_000
_UNITS = (("seconds", 10**11, 10**9), ("milliseconds", 10**14, 10**6), ("microseconds", _LEAST_NS, 10**3))


def rfc_3339(text: str) -> Nanos | None:
    """Return the instant of a text with an offset, to the nanosecond; ``None``: it is none.

    Seconds, and the colon within the offset, may be left out, as ISO 8601 allows.
    """
    found = _RFC_3339.fullmatch(text)
    if found is None:
        return None
    try:
        whole = datetime.fromisoformat((found[1] + (found[2] or "") + found[4]).upper())
        return counted(timegm(whole.utctimetuple()) * SECOND_NS + int((found[3] or "0").ljust(9, "0")))
    except ValueError:  # the 30th of February, or a year that nanoseconds do not reach
        return None


def counted(instant_ns: int) -> Nanos:
    """Return an instant, if it is one that nanoseconds are counted to: those of some 290 years around 1970.

    Raises:
        ValueError: it is not.
    """
    if abs(instant_ns) >= 1 << 63:
        raise ValueError("Expected a time before the year 2262")
    return instant_ns


def whole_number(given: object) -> int | None:
    """Return a whole number of Python or NumPy as an ``int``; ``None``: it is none (``True`` is none)."""
    if type(given) is int:
        return given
    if isinstance(given, (bool, np.bool_)):
        return None
    try:
        return operator.index(given)  # type: ignore[arg-type]  # whether it can is the question
    except TypeError:
        return None


def _spelled_day(number: int) -> str:
    """Return the date that a number like 20240701 spells; as seconds it would be of the summer of 1970."""
    try:
        return date.fromisoformat(f"{number:08}").isoformat() if 19_000_101 <= number <= 21_191_231 else ""
    except ValueError:
        return ""


def nanos(given: object) -> Nanos:
    """Return an instant that needs no calendar to be understood.

    Raises:
        SettingsError: it is none; or a number that can only be seconds, milliseconds or microseconds.
    """
    if isinstance(given, np.datetime64):
        return _checked(_nanos_of_numpy(given), given)
    if isinstance(given, datetime):
        return _checked(_nanos_of_datetime(given), given)
    if isinstance(given, str):
        instant_ns = rfc_3339(given.strip())
        if instant_ns is None:
            raise SettingsError(f"{shown(given)} is no moment; write it as '2024-05-31T09:30:00-04:00'")
        return _checked(instant_ns, given)
    number = whole_number(given)
    if number is None:
        raise SettingsError(f"{shown(given)} is no moment, but of type {type(given).__name__}; give {MOMENTS}")
    if iso := _spelled_day(number):
        raise SettingsError(f"{number} is no time in nanoseconds; as a date it is written '{iso}'")
    if 0 < abs(number) < _LEAST_NS:
        unit, _, factor = next(one for one in _UNITS if abs(number) < one[1])
        meant = datetime.fromtimestamp(number * factor // SECOND_NS, UTC).isoformat(" ", "seconds")
        raise SettingsError(f"{number} is no time in nanoseconds; as {unit} it is {meant}: multiply it by {factor}")
    return _checked(number, given)


def moment(given: object) -> Nanos | str:
    """Return nanoseconds, or what only a session can say: a clock time ``HH:MM[:SS[.f]]``, or a date, ISO.

    Raises:
        SettingsError: it is neither.
    """
    if isinstance(given, str):
        text = given.strip()
        clock = _CLOCK.fullmatch(text)
        if clock is not None:
            return f"{text:0>5}" if clock[3] is None else f"{int(clock[1]):02}:{clock[2]}:{clock[3]}{clock[4] or ''}"
        if _DATE.fullmatch(text) is not None:
            return day(text)
        instant_ns = rfc_3339(text)
        if instant_ns is None:
            raise SettingsError(f"{shown(given)} is no clock time and no moment; write it as {MOMENTS}")
        return _checked(instant_ns, given)
    if isinstance(given, time):
        if given.tzinfo is not None:
            raise SettingsError(f"{given.isoformat()} has a zone; a clock time is the exchange's, without one")
        return moment(given.isoformat())
    is_date = isinstance(given, date) and not isinstance(given, datetime)
    return day(given) if is_date or _is_numpy_day(given) else nanos(given)


def day(given: object) -> str:
    """Return a date in ISO; of a datetime its own date, whatever its zone.

    Raises:
        SettingsError: it is none.
    """
    if isinstance(given, str):
        found = _DATE.fullmatch(given.strip())
        is_split = found is not None and (found[2] or len(found[3] + found[4]) == 4)
        try:
            return date(int(found[1]), int(found[3]), int(found[4])).isoformat() if found and is_split else _no(given)
        except ValueError:
            return _no(given)
    if isinstance(given, np.datetime64) and not np.isnat(given):
        return _iso(given)
    if isinstance(given, date) and _is_one(given):
        return f"{given.year:04}-{given.month:02}-{given.day:02}"
    return _no(given)


def _no(given: object) -> str:
    raise SettingsError(f"{shown(given)} is no date; write it as 2024-05-31, or give a date")


def _iso(given: np.datetime64) -> str:
    text = str(given.astype("datetime64[D]"))
    return text if _DATE.fullmatch(text) else _no(given)


def _is_one(given: date) -> bool:
    return bool(given == given)  # noqa: PLR0124  # NaT, which is a datetime too, is not


def _is_numpy_day(given: object) -> bool:
    return isinstance(given, np.datetime64) and np.datetime_data(given.dtype)[0] == "D" and not np.isnat(given)


def _nanos_of_numpy(given: np.datetime64) -> Nanos:
    if np.isnat(given):
        raise SettingsError("NaT is no moment")
    unit, steps = np.datetime_data(given.dtype)
    if unit in ("ns", "us", "ms", "s", "m", "h", "D"):
        lengths = {"ns": 1, "us": 10**3, "ms": 10**6, "s": SECOND_NS, "m": 60 * SECOND_NS, "h": 3600 * SECOND_NS}
        return int(given.astype(np.int64)) * steps * lengths.get(unit, 86_400 * SECOND_NS)
    raise SettingsError(f"{shown(given)} is no moment: its unit is {unit!r}")


def _nanos_of_datetime(given: datetime) -> Nanos:
    if not _is_one(given):
        raise SettingsError(f"{shown(given)} is no moment")
    if given.utcoffset() is None:
        raise SettingsError(
            f"{given.isoformat()} has no time zone; give one, or a date, or a clock time of the exchange like '10:30'"
        )
    nanoseconds: int = getattr(given, "nanosecond", 0)  # of a pandas Timestamp
    try:
        return timegm(given.utctimetuple()) * SECOND_NS + given.microsecond * 1000 + nanoseconds
    except OverflowError:  # in UTC the year would be 0 or 10000
        return _MOST_NS + 1


def _checked(instant_ns: Nanos, given: object) -> Nanos:
    if abs(instant_ns) > _MOST_NS:
        raise SettingsError(f"{shown(given)} lies outside of the years 1679 to 2261, which nanoseconds can say")
    return instant_ns
