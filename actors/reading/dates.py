"""Dates and clocks as people write them: which way is decided by all stamps of a file, never by one of them.

Days and months change places from country to country (https://en.wikipedia.org/wiki/List_of_date_formats_by_country),
and numbers that went through a spreadsheet have lost their leading zeros.
"""

import enum
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import numpy as np

from actors.reading.spelling import moments
from messages.errors import DataError
from messages.tables.columns import Mask, Stamps
from messages.values import DAY_NS, MINUTE_NS, SECOND_NS, Nanos

UNREADABLE = np.iinfo(np.int64).min
"""What stands for a stamp that could not be read."""


class DateOrder(enum.StrEnum):
    """In which order a date has its day, month and year."""

    YMD = "ymd"
    DMY = "dmy"
    MDY = "mdy"


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """How a file writes its dates and clocks."""

    date: str
    """The pattern of a date, as ``strptime`` has it."""
    digits: int = 4
    """How many digits a clock time has that is nothing but digits: 4 (930 is 09:30), 6 or 9 (with milliseconds)."""
    unit_ns: Nanos = 0
    """The unit of clock times that are counted since midnight; 0: they are not."""
    shape: str = ""
    """What its dates look like; files of one shape from one place write them in one order."""
    order: DateOrder | None = None
    """The order that the dates themselves show, or that somebody says."""


class DatesUnclear(DataError):
    """Dates that can be read in more than one order, by all that the file has; ``days`` are the dates of each."""

    def __init__(self, days: Mapping[DateOrder, Stamps], example: str, shape: str) -> None:
        self.days = dict(days)
        self.example = example
        self.shape = shape
        read = " or ".join(f"{moment_of(int(day[0]))} ({order})" for order, day in self.days.items())
        super().__init__(f"the dates can be read in more than one way: {example!r} is {read}; say which with --dates")


_FIRST_DAY, _LAST_DAY = 0, 54_787  # 1970 to 2119: no bar of a minute is older
_FEW = 20
DAY_S = DAY_NS // SECOND_NS
_JOINT = re.compile(r"(.+?)(?:, ?|[ T]+|_|(?<=\d)t)(\d[\d:.,-]*(?: ?[AaPp]\.?[Mm]\.?|[AaPp])?)")
_COLON = re.compile(r"([^:\s]{7,11}):(\d\d:\d\d(?::\d\d(?:\.\d+)?)?)")  # SAS: 16JAN2024:09:30:00
_FIX = re.compile(r"(\d{8})-(\d\d:[\d:.]+)")  # https://www.onixs.biz/fix-dictionary/4.4/index.html#UTCTimestamp
_RUN = re.compile(r"(\d{8})(\d{4}(?:\d\d(?:\d{3})?)?)")
_WHOLE = re.compile(r"(\d+)\.(?:0|(?<=\d{3}\.)00|000+)")  # 9.00 is a clock time
_CLOCK = re.compile(
    r"(\d\d?)(?P<mark>[:.h-])(\d\d)(?:(?P=mark)(\d\d)(?:[.,:](\d{1,9}))?)? ?(?:([AaPp])(?:\.?[Mm]\.?)?)?"
)
_SPACED_NOON = re.compile(r" ([ap])\. ?m\.$", re.IGNORECASE)  # as Spanish has it: 9:30 a. m.
_DIGITS = re.compile(r"(\d{1,9})(?:\.0+|(?<=\d{5})\.\d+)?")
# By the digits of the longest: how many digits are a clock time, or the unit in which it is counted since midnight.
_CLOCK_WAYS: tuple[tuple[int, tuple[tuple[int, Nanos], ...]], ...] = (
    (4, ((4, 0), (6, 0), (4, MINUTE_NS))),
    (6, ((6, 0), (6, SECOND_NS))),
    (9, ((9, 0), (9, SECOND_NS // 1_000))),
)
_FRACTION = re.compile(r"(?:0?|1)\.\d+|[01]")
_LONG_FRACTION = re.compile(r"0?\.\d{3,}")
_PADDED = {"%d%m%y", "%m%d%y", "%y%m%d"}


def _ways() -> Iterable[tuple[str, dict[DateOrder, str]]]:
    ymd, dmy, mdy = DateOrder.YMD, DateOrder.DMY, DateOrder.MDY
    yield r"\d{8}", {ymd: "%Y%m%d", dmy: "%d%m%Y", mdy: "%m%d%Y"}
    yield r"\d{5,6}", {ymd: "%y%m%d", dmy: "%d%m%y", mdy: "%m%d%y"}
    for mark in "-/.":
        two, four = rf"\d\d?\{mark}\d\d?\{mark}\d\d", rf"\d\d?\{mark}\d\d?\{mark}\d{{4}}"
        day_first, month_first = f"%d{mark}%m{mark}", f"%m{mark}%d{mark}"
        yield rf"\d{{4}}\{mark}\d\d?\{mark}\d\d?", {ymd: f"%Y{mark}%m{mark}%d"}
        yield four, {dmy: f"{day_first}%Y", mdy: f"{month_first}%Y"}
        yield two, {dmy: f"{day_first}%y", mdy: f"{month_first}%y", ymd: f"%y{mark}%m{mark}%d"}
    for mark in ("-", "/", " ", "."):
        for letters, month in (("{3}", "%b"), ("{4,9}", "%B")):
            for digits, year in (("{4}", "%Y"), ("{2}", "%y")):
                yield rf"\d\d?\{mark}[A-Za-z]{letters}\{mark}\d{digits}", {dmy: f"%d{mark}{month}{mark}{year}"}
            yield rf"[A-Za-z]{letters}\{mark}\d\d?,?\{mark}\d{{4}}", {mdy: f"{month}{mark}%d{mark}%Y"}
            yield rf"\d{{4}}\{mark}[A-Za-z]{letters}\{mark}\d\d?", {ymd: f"%Y{mark}{month}{mark}%d"}
    yield r"\d\d[A-Za-z]{3}\d{4}", {dmy: "%d%b%Y"}
    yield r"\d\d[A-Za-z]{3}\d{2}", {dmy: "%d%b%y"}


_WAYS = tuple((re.compile(shape), ways) for shape, ways in _ways())


def moment_of(day: int) -> str:
    """Return a day since 1970 as a date."""
    return str(np.datetime64(day, "D"))


def written(texts: Iterable[str], order: DateOrder | None = None) -> Written | None:
    """Return how some stamps write their dates and clocks, or ``None`` where they are no dates with a clock time.

    Args:
        texts: all of a file, or enough of it.
        order: of day, month and year, if somebody says it.

    Raises:
        DatesUnclear: the dates can be read in more than one order, and nobody says which.
        DataError: no order fits nearly all of them, or not the one that somebody says.
    """
    return way_of(*split(texts), order)


def way_of(dates: Iterable[str], clocks: Iterable[str], order: DateOrder | None = None) -> Written | None:
    """Return how some dates and some clock times are written; as ``written`` does."""
    tokens = sorted({_bare(date) for date in set(dates)} - {""})
    found = _pattern(tokens, order) if tokens else None
    if found is None:
        return None
    shape, (shown, pattern) = found
    digits, unit_ns = _read_as({_bare(clock) for clock in set(clocks)})
    return Written(date=pattern, digits=digits, unit_ns=unit_ns, shape=shape, order=shown)


def split(texts: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the date and the clock time of each text, both empty where it is not both."""
    pairs = [_parts(text) for text in texts]
    return [date for date, _ in pairs], [clock for _, clock in pairs]


def _parts(text: str) -> tuple[str, str]:
    text = moments.plain(text)
    date, _, clock = _SPACED_NOON.sub(r"\1m", text).rpartition(" ")
    if date and clock[:1].isdigit() and " " not in date and date[-1] != ",":
        return date, clock
    found = _RUN.fullmatch(_bare(text)) or _FIX.fullmatch(text) or _COLON.fullmatch(text)
    found = found or _JOINT.fullmatch(_bare(text))
    return (found[1], found[2]) if found else ("", "")


def _bare(text: str) -> str:
    """Return a text without doubled blanks, and a number without the fraction that a table gave it."""
    text = " ".join(text.split())
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text


def _pattern(tokens: list[str], order: DateOrder | None) -> tuple[str, tuple[DateOrder, str]] | None:
    """Return the shape of dates, their order and the pattern."""
    held = [[token for token in tokens if shape.fullmatch(token)] for shape, _ in _WAYS]
    place = max(range(len(held)), key=lambda way: len(held[way]))
    tokens, shape, ways = held[place], _WAYS[place][0].pattern, _WAYS[place][1]
    if not tokens:
        return None
    if order is not None and len(ways) > 1:
        if order not in ways:
            raise DataError(f"--dates {order} does not fit dates like {tokens[0]!r}")
        return shape, (order, ways[order])
    days = {way: days_of(tokens, pattern) for way, pattern in ways.items()}
    fits = {way: int(np.count_nonzero(day != UNREADABLE)) for way, day in days.items()}
    most = max(fits.values())
    best = [way for way, count in fits.items() if count == most]
    if not most:
        return None
    _check_all_fit(tokens, ways, days, best[0])
    readings = {way: np.sort(days[way][days[way] != UNREADABLE]) for way in best}
    # With dots nobody begins with the month: https://en.wikipedia.org/wiki/Date_and_time_representation_by_country
    is_told = "." in tokens[0] and DateOrder.DMY in best
    if is_told or all(np.array_equal(days[best[0]], days[way]) for way in best):
        told = DateOrder.DMY if is_told else best[0]
        return shape, (told, ways[told])
    if len(best) > 1:
        raise DatesUnclear(readings, tokens[0], shape)
    return shape, (best[0], ways[best[0]])


def _check_all_fit(
    tokens: list[str], ways: Mapping[DateOrder, str], days: Mapping[DateOrder, Stamps], best: DateOrder
) -> None:
    """Check that what one order leaves unread no other one reads: else the file mixes two."""
    is_read = days[best] != UNREADABLE
    is_date: Mask = np.logical_or.reduce([day != UNREADABLE for day in days.values()])
    others = np.flatnonzero(is_date & ~is_read)
    if len(others) * _FEW > len(tokens):
        raise DataError(
            f"the dates are not all written in one way: {ways[best]} reads {np.count_nonzero(is_read)} of {len(tokens)}"
            f" days, and not {tokens[others[0]]!r}; say which with --dates dmy, mdy or ymd, what it does not fit is"
            " left out"
        )


def days_of(tokens: Iterable[str], pattern: str) -> Stamps:
    """Return dates as days since 1970, ``UNREADABLE`` where the pattern does not fit."""
    import pandas as pd

    texts = pd.Series([_bare(token) for token in tokens], dtype=object)
    if pattern in _PADDED:
        texts = texts.str.zfill(6)
    if "%B" in pattern or "%b" in pattern:
        texts = texts.str.replace(",", "", regex=False)
    moments = pd.to_datetime(texts, format=pattern, errors="coerce").to_numpy().astype("datetime64[D]")
    days: Stamps = moments.astype(np.int64)
    days[np.isnat(moments) | (days < _FIRST_DAY) | (days > _LAST_DAY)] = UNREADABLE
    return days


def _read_as(clocks: Iterable[str]) -> tuple[int, int]:
    """Return how clock times that are nothing but digits are read: by how many digits, or in which unit."""
    clocks = list(clocks)
    if any(map(_LONG_FRACTION.fullmatch, clocks)) and all(map(_FRACTION.fullmatch, filter(None, clocks))):
        return 4, DAY_NS  # parts of a day, as spreadsheets count them
    numbers = [found[1] for clock in clocks if not _CLOCK.fullmatch(clock) and (found := _DIGITS.fullmatch(clock))]
    longest = max(map(len, numbers), default=4)
    ways = next(ways for digits, ways in _CLOCK_WAYS if longest <= digits)
    return max(ways, key=lambda way: sum(_of_digits(number, *way) is not None for number in numbers))


def clocks_of(clocks: Iterable[str], how: Written) -> Stamps:
    """Return clock times as nanoseconds since midnight, ``UNREADABLE`` where one is none."""
    found = [_clock(_bare(clock), how) for clock in clocks]
    return np.array([UNREADABLE if one is None else one for one in found], dtype=np.int64)


def _clock(text: str, how: Written) -> int | None:
    if how.unit_ns == DAY_NS:
        return round(float(text) * DAY_S) * SECOND_NS if _FRACTION.fullmatch(text) and float(text) <= 1 else None
    parts = _CLOCK.fullmatch(text)
    if parts is None:
        number = _DIGITS.fullmatch(text)
        return _of_digits(number[1], how.digits, how.unit_ns) if number else None
    hour, minute, second = int(parts[1]), int(parts[3]), int(parts[4] or 0)
    if parts[6]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (parts[6] in "Pp")
    return _since_midnight(hour, minute, second, int((parts[5] or "0").ljust(9, "0")))


def _of_digits(number: str, digits: int, unit_ns: Nanos = 0) -> int | None:
    if unit_ns:
        return int(number) * unit_ns if int(number) * unit_ns < DAY_NS else None
    if len(number) > digits:
        return None
    padded = number.zfill(digits).ljust(9, "0")
    return _since_midnight(int(padded[:2]), int(padded[2:4]), int(padded[4:6]), int(padded[6:9]) * 1_000_000)


def _since_midnight(hour: int, minute: int, second: int, fraction_ns: int) -> int | None:
    total = ((hour * 60 + minute) * 60 + second) * SECOND_NS + fraction_ns
    # 24:00 is the end of the day, as bars are stamped in several countries.
    return total if minute < 60 and second < 60 and total <= DAY_NS else None


def read(texts: Any, how: Written | None) -> Stamps:
    """Return wall-clock time as if it were UTC, ``UNREADABLE`` where a text is no date with a clock time.

    Args:
        texts: a numpy array of strings.
        how: as ``written`` found it; ``None``: nothing can be read.
    """
    import pandas as pd

    if how is None:
        return np.full(len(texts), UNREADABLE, dtype=np.int64)
    dates, clocks = split(texts)
    date_place, dates_there = pd.factorize(np.array(dates, dtype=object))
    clock_place, clocks_there = pd.factorize(np.array(clocks, dtype=object))
    days, times = days_of(dates_there, how.date), clocks_of(clocks_there, how)
    day, time = days[date_place], times[clock_place]
    is_read = (day != UNREADABLE) & (time != UNREADABLE)
    return np.where(is_read, np.where(is_read, day, 0) * DAY_NS + np.where(is_read, time, 0), UNREADABLE)
