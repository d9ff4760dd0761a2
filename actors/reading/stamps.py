"""Stamps as vendors write them, into nanoseconds: their forms, their units, and local time into UTC."""

import enum
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from messages.columns import Floats, Mask, Stamps
from messages.errors import DataError
from messages.values import DAY_NS, SECOND_NS

UNREADABLE = np.iinfo(np.int64).min
"""What stands for a stamp that could not be read."""


class StampForm(enum.Enum):
    """How a stamp is written; the value is what an unreadable one should have looked like."""

    ISO = "a time like 2024-03-08 09:30:00"
    ISO_OFFSET = "a time with its offset, like 2024-03-08T09:30:00-05:00"
    EPOCH = "a whole number of seconds, milliseconds, microseconds or nanoseconds since 1970"
    EPOCH_SECONDS = "seconds since 1970"
    TIME_OF_DAY = "milliseconds since midnight"
    TEXT = "a date and a time as in the rest of the file"

    @property
    def is_local(self) -> bool:
        """Whether it needs a zone to become an instant."""
        return self in (StampForm.ISO, StampForm.TIME_OF_DAY, StampForm.TEXT)


_FORMS = (
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?"), StampForm.ISO),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)"), StampForm.ISO_OFFSET),
    (re.compile(r"\d{9,10}|\d{13}|\d{16}|\d{19}"), StampForm.EPOCH),
    (re.compile(r"\d{9,10}\.\d+"), StampForm.EPOCH_SECONDS),
)

_PATTERNS = {form: pattern.pattern for pattern, form in _FORMS} | {StampForm.TIME_OF_DAY: r"\d{1,8}(\.\d+)?"}

_AMERICAN, _EUROPEAN = "%m/%d/%Y", "%d/%m/%Y"
_DATES = (
    "%Y%m%d",
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    _AMERICAN,
    _EUROPEAN,
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m/%d/%y",
    "%d-%b-%Y",
)
# strptime reads 0930 as %H%M%S too, as 09:03:00, so the shorter comes first.
_CLOCKS = (
    " %H:%M:%S", " %H:%M", " %H%M", " %H%M%S", " %H:%M:%S.%f",
    " %I:%M:%S %p", " %I:%M %p", "T%H:%M:%S", "%H%M", "%H%M%S",
)  # fmt: skip
_TRIED_ROWS = 500

# A whole number of this magnitude or more is in this unit: seconds reach 1e11 in the year 5138.
_UNITS = ((10**17, 1), (10**14, 1_000), (10**11, 1_000_000), (0, SECOND_NS))


def form_of(sample: str) -> StampForm:
    """Return the form that a stamp is written in."""
    return next((form for pattern, form in _FORMS if pattern.fullmatch(sample)), StampForm.TEXT)


def epoch_ns(numbers: Stamps) -> Stamps:
    """Return instants since 1970, given in seconds, milli-, micro- or nanoseconds; the magnitude tells which."""
    if not len(numbers):
        return numbers
    lowest, highest = int(numbers.min()), int(numbers.max())
    if _unit(lowest) == _unit(highest):
        return numbers * _unit(highest)
    units = np.select([numbers >= limit for limit, _ in _UNITS], [unit for _, unit in _UNITS], SECOND_NS)
    found: Stamps = numbers * units
    return found


def from_seconds(seconds: Floats) -> Stamps:
    """Return instants given in seconds with a fraction, to the microsecond."""
    return np.round(seconds * 1e6).astype(np.int64) * 1_000


def from_milliseconds(milliseconds: Floats) -> Stamps:
    """Return nanoseconds, to the microsecond, of milliseconds that may have a fraction."""
    return np.round(milliseconds * 1e3).astype(np.int64) * 1_000


def _unit(number: int) -> int:
    return next((unit for limit, unit in _UNITS if number >= limit), SECOND_NS)


def read_texts(texts: Any, form: StampForm, pattern: str = "") -> Stamps:
    """Read stamps one way or another, ``UNREADABLE`` where it fails: the slow way, for files with broken rows.

    Args:
        texts: a numpy array of strings.
        form: how they are written.
        pattern: of dates and times as people write them, which of the many ways; by default the one that fits best.
    """
    import pandas as pd

    series = pd.Series(texts, dtype=object).str.strip()
    expression = _PATTERNS.get(form)
    if expression is None:
        return _from_text(series, pattern)
    fits = series.str.fullmatch(expression).to_numpy(dtype=np.bool_)
    found = np.full(len(series), UNREADABLE, dtype=np.int64)
    if form is StampForm.EPOCH:
        found[fits] = epoch_ns(series[fits].to_numpy().astype(np.int64))
    elif form is StampForm.TIME_OF_DAY:
        found[fits] = from_milliseconds(series[fits].to_numpy().astype(np.float64))
    elif form is StampForm.EPOCH_SECONDS:
        found[fits] = from_seconds(series[fits].to_numpy().astype(np.float64))
    else:
        found[fits] = _nanos(pd.to_datetime(series[fits], format="ISO8601", utc=True, errors="coerce"))
    return found


def _from_text(series: Any, pattern: str) -> Stamps:
    import pandas as pd

    pattern = pattern or pattern_of(series)
    if not pattern:
        return np.full(len(series), UNREADABLE, dtype=np.int64)
    return _nanos(pd.to_datetime(series, format=pattern, errors="coerce", utc=True))


def pattern_of(texts: Any) -> str:
    """Return the pattern that fits most of some stamps that people wrote, the American one of two; none: empty."""
    import pandas as pd

    series = pd.Series(texts, dtype=object)
    tried = series[series != ""].iloc[:: max(1, len(series) // _TRIED_ROWS)]
    best, most = "", 0
    for pattern in (date + clock for date in _DATES for clock in _CLOCKS):
        count = _fitting(tried, pattern)
        if count > most:
            best, most = pattern, count
        if most == len(tried):
            break
    return best


def may_be_either(texts: Any, pattern: str) -> bool:
    """Return whether a pattern could as well have day and month in the other order, by these stamps."""
    if not pattern.startswith(_AMERICAN):
        return not pattern
    return _fitting(texts, pattern) == _fitting(texts, _EUROPEAN + pattern.removeprefix(_AMERICAN))


def _fitting(texts: Any, pattern: str) -> int:
    import pandas as pd

    return int(pd.to_datetime(pd.Series(texts, dtype=object), format=pattern, errors="coerce").notna().sum())


def _nanos(moments: Any) -> Stamps:
    import pandas as pd

    values: Stamps = pd.DatetimeIndex(moments).as_unit("ns").asi8  # NaT is the lowest integer: UNREADABLE
    return values


class Localised(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Local stamps as instants, and how many of them the clocks' changes make doubtful."""

    utc_ns: Stamps
    ambiguous: int
    nonexistent: int


def check_zone(zone: str) -> ZoneInfo:
    """Return a zone by its name.

    Raises:
        DataError: there is no such zone.
    """
    try:
        return ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise DataError(f"{zone!r} is no time zone; write it as America/New_York, Europe/Berlin or UTC") from error


def localise(local_ns: Stamps, zone: str) -> Localised:
    """Turn local time into UTC.

    A stamp that occurs twice because clocks went back is read as the first of its two instants; one that
    clocks skipped is read with the offset from before the change. Both are counted.

    Args:
        local_ns: wall-clock time as if it were UTC.
        zone: the IANA name.

    Raises:
        DataError: there is no such zone.
    """
    info = check_zone(zone)
    if not len(local_ns) or zone == "UTC":
        return Localised(utc_ns=local_ns, ambiguous=0, nonexistent=0)
    days = local_ns // DAY_NS
    first = int(days.min())
    midnights = np.array([_offset(day * DAY_NS, info) for day in range(first, int(days.max()) + 2)], dtype=np.int64)
    days -= first
    utc_ns = local_ns - midnights[days]
    changing = (midnights[1:] != midnights[:-1])[days]
    if not changing.any():
        return Localised(utc_ns=utc_ns, ambiguous=0, nonexistent=0)
    return _with_changes(local_ns, utc_ns, changing, info)


def _with_changes(local_ns: Stamps, utc_ns: Stamps, changing: Mask, info: ZoneInfo) -> Localised:
    minutes, inverse = np.unique(local_ns[changing], return_inverse=True)
    before = np.array([_offset(minute, info) for minute in minutes.tolist()], dtype=np.int64)
    after = np.array([_offset(minute, info, fold=1) for minute in minutes.tolist()], dtype=np.int64)
    utc_ns[changing] = local_ns[changing] - before[inverse]
    return Localised(
        utc_ns=utc_ns,
        ambiguous=int(np.count_nonzero((before > after)[inverse])),
        nonexistent=int(np.count_nonzero((before < after)[inverse])),
    )


def _offset(local_ns: int, info: ZoneInfo, fold: int = 0) -> int:
    wall = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=local_ns // SECOND_NS)).replace(tzinfo=info, fold=fold)
    offset = wall.utcoffset() or timedelta(0)
    return (offset.days * 86_400 + offset.seconds) * SECOND_NS
