"""Stamps as vendors write them, into nanoseconds: their forms, their units, and local time into UTC."""

import enum
import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from actors.reading import dates
from actors.reading.dates import UNREADABLE, DateOrder, DatesUnclear, Written
from actors.reading.spelling import moments
from messages.errors import DataError
from messages.tables.columns import Floats, Indices, Mask, Stamps
from messages.values import DAY_NS, SECOND_NS

__all__ = [
    "UNREADABLE", "Localised", "StampForm", "check_zone", "epoch_ns", "form_of", "from_fractions",
    "from_milliseconds", "localise", "nanos", "pattern_of", "read_texts",
]  # fmt: skip

_EARLIEST_NS, _LATEST_NS = -2_208_988_800 * SECOND_NS, 4_733_510_400 * SECOND_NS  # 1900 to 2119
_DATE = re.compile(r"\d{1,4}([-/.]?)\d{1,2}\1\d{1,4}")
_TIME_TOO = "a time beside the date; bars of a day or longer are not imported, only one-minute bars"


class StampForm(enum.Enum):
    """How a stamp is written; the value is what an unreadable one should have looked like."""

    ISO = "a time like 2024-03-08 09:30:00"
    ISO_OFFSET = "a time with its offset, like 2024-03-08T09:30:00-05:00"
    EPOCH = "a whole number of seconds, milliseconds, microseconds or nanoseconds since 1970"
    EPOCH_FRACTION = "seconds, milliseconds, microseconds or nanoseconds since 1970, perhaps with a fraction"
    TIME_OF_DAY = "milliseconds since midnight"
    SERIAL = "days since 1900, as spreadsheets count them, like 45294.5"
    ZONED = "a date and a time with a zone, like 2024-03-08 09:30:00 EST"
    TEXT = "a date and a time as in the rest of the file"

    def wanted(self, unread: Iterable[str]) -> str:
        """Return what stamps that could not be read should have looked like; mere dates lack their time."""
        texts = list(unread) if self in (StampForm.ISO, StampForm.TEXT) else []
        if texts and all(map(_SHORTENED.fullmatch, texts)):
            return "all digits of the number: a spreadsheet has left the last ones out"
        return _TIME_TOO if texts and all(map(_DATE.fullmatch, texts)) else self.value

    @property
    def is_local(self) -> bool:
        """Whether it needs a zone to become an instant."""
        return self in (StampForm.ISO, StampForm.TIME_OF_DAY, StampForm.SERIAL, StampForm.TEXT)

    @property
    def is_worded(self) -> bool:
        """Whether a date and a time may be written in many ways, and the whole file is asked which."""
        return self in (StampForm.ZONED, StampForm.TEXT)


_COUNTS = r"(?:\d{9,10}|\d{12,13}|\d{15,16}|\d{18,19})"
_POWER = "(?:" + "|".join(rf"\d\.\d{{{digits},}}[eE]\+?0?{digits}" for digits in (9, 11, 12, 14, 15, 17, 18)) + ")"
"""As NumPy writes a table: no digit is missing."""
_FORMS = (
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?"), StampForm.ISO),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)"), StampForm.ISO_OFFSET),
    (re.compile(_COUNTS), StampForm.EPOCH),
    (re.compile(rf"{_COUNTS}\.\d+|{_POWER}"), StampForm.EPOCH_FRACTION),
    (re.compile(r"[2-6]\d{4}(?:\.\d{3,}|(?:\.0+)? (?:0?\.\d{3,}|[01](?:\.0+)?))"), StampForm.SERIAL),
)
_SHORTENED = re.compile(r"\d(?:[.,]\d+)?E\+?\d\d", re.IGNORECASE)
_SERIAL_OF_1970 = 25_569

_AT_24 = re.compile(r"([T ])24:00(?!:(?!00)|:00\.0*[1-9])")
_AHEAD = re.compile(r"(.*[A-Za-z])([+-])(\d\d?)(?::?([0-5]\d))?")
_PATTERNS = {form: pattern.pattern for pattern, form in _FORMS} | {
    StampForm.EPOCH_FRACTION: rf"{_COUNTS}(\.\d+)?|{_POWER}",
    StampForm.SERIAL: r"[2-6]\d{4}(?:\.\d+)?(?: (?:0?\.\d+|[01](?:\.0+)?))?",
    StampForm.TIME_OF_DAY: r"\d{1,8}(\.\d+)?",
}

# A whole number of this magnitude or more is in this unit: seconds reach 1e11 in the year 5138.
_UNITS = ((10**17, 1), (10**14, 1_000), (10**11, 1_000_000), (0, SECOND_NS))


def form_of(sample: str) -> StampForm:
    """Return the form that a stamp is written in."""
    form = next((form for pattern, form in _FORMS if pattern.fullmatch(sample)), StampForm.TEXT)
    if form is StampForm.TEXT and (found := moments.zoned(sample)) and pattern_of([found[0]]):
        return StampForm.ZONED
    # Twelve digits are milliseconds before September 2001, or a date with hour and minute.
    return StampForm.TEXT if form is StampForm.EPOCH and len(sample) == 12 and pattern_of([sample]) else form


def is_stamp(text: str) -> bool:
    """Return whether a text is a moment, in any form: a date with a time, or a number since 1970."""
    return form_of(text) is not StampForm.TEXT or bool(pattern_of([text]))


def is_spelled(number: int) -> bool:
    """Return whether a whole number is a date with its clock time, ``202401160930``, and no count since 1970."""
    return form_of(str(number)) is StampForm.TEXT and bool(pattern_of([str(number)]))


def epoch_ns(numbers: Stamps) -> Stamps:
    """Return instants since 1970, given in seconds, milli-, micro- or nanoseconds; the magnitude tells which.

    One that is beyond the year 2119 is ``UNREADABLE``.
    """
    if not len(numbers):
        return numbers
    lowest, highest = int(numbers.min()), int(numbers.max())
    units: Stamps | int = _unit(highest)
    if _unit(lowest) != units:
        units = np.select([numbers >= limit for limit, _ in _UNITS], [unit for _, unit in _UNITS], SECOND_NS)
    if highest <= _LATEST_NS // _unit(highest) and lowest >= 0:
        return numbers * units
    return np.where((numbers >= 0) & (numbers <= _LATEST_NS // units), numbers * units, UNREADABLE)


def from_fractions(numbers: Floats) -> Stamps:
    """Return instants since 1970, given in any of the units with a fraction, to the microsecond."""
    units = np.select([numbers >= limit for limit, _ in _UNITS], [float(unit) for _, unit in _UNITS], float(SECOND_NS))
    is_sound = np.isfinite(numbers) & (numbers >= 0) & (numbers <= _LATEST_NS / units)
    micros = np.round(np.where(is_sound, numbers, 0.0) * (units / 1e3))
    return np.where(is_sound, micros.astype(np.int64) * 1_000, UNREADABLE)


def from_milliseconds(milliseconds: Floats) -> Stamps:
    """Return nanoseconds, to the microsecond, of milliseconds that may have a fraction; no number is ``UNREADABLE``."""
    is_sound = np.abs(milliseconds) <= _LATEST_NS / 1e6
    micros = np.round(np.where(is_sound, milliseconds, 0.0) * 1e3).astype(np.int64)
    return np.where(is_sound, micros * 1_000, UNREADABLE)


def nanos(numbers: Stamps, unit_ns: int) -> Stamps:
    """Return stamps of a known unit as nanoseconds; those of no time in which there were bars as ``UNREADABLE``."""
    is_sound = (numbers >= _EARLIEST_NS // unit_ns) & (numbers <= _LATEST_NS // unit_ns)
    return np.where(is_sound, np.where(is_sound, numbers, 0) * unit_ns, UNREADABLE)


def _unit(number: int) -> int:
    return next((unit for limit, unit in _UNITS if number >= limit), SECOND_NS)


def read_texts(texts: Any, form: StampForm, pattern: str | Written | None = None) -> Stamps:
    """Read stamps one way or another, ``UNREADABLE`` where it fails: the slow way, for files with broken rows.

    Args:
        texts: a numpy array of strings.
        form: how they are written.
        pattern: of dates and times as people write them, which of the many ways; by default the first that fits most.
    """
    import pandas as pd

    series = pd.Series(texts, dtype=object).str.strip()
    expression = _PATTERNS.get(form)
    if form is StampForm.ZONED:
        return _zoned(series, pattern if isinstance(pattern, Written) else None)
    if expression is None:
        if isinstance(pattern, str) and pattern:
            return _nanos(pd.to_datetime(series, format=pattern, errors="coerce", utc=True))
        return dates.read(series.to_numpy(), pattern or pattern_of(series))
    fits = series.str.fullmatch(expression).to_numpy(dtype=np.bool_)
    found = np.full(len(series), UNREADABLE, dtype=np.int64)
    if form is StampForm.EPOCH:
        found[fits] = epoch_ns(np.array([min(int(text), 2**63 - 1) for text in series[fits]], dtype=np.int64))
    elif form is StampForm.TIME_OF_DAY:
        found[fits] = from_milliseconds(series[fits].to_numpy().astype(np.float64))
    elif form is StampForm.SERIAL:
        days = [sum(map(float, text.split())) - _SERIAL_OF_1970 for text in series[fits]]
        found[fits] = np.round(np.array(days) * (DAY_NS // SECOND_NS)).astype(np.int64) * SECOND_NS
    elif form is StampForm.EPOCH_FRACTION:
        found[fits] = from_fractions(series[fits].to_numpy().astype(np.float64))
    else:
        # 24:00 is the end of the day, as bars are stamped in several countries.
        begun = series[fits].str.replace(_AT_24, r"\g<1>00:00", regex=True)
        read_ns = _nanos(pd.to_datetime(begun, format="ISO8601", utc=True, errors="coerce"))
        is_end = (begun != series[fits]).to_numpy() & (read_ns != UNREADABLE)
        found[fits] = read_ns + np.where(is_end, DAY_NS, 0)
    return found


def without_zone(text: str) -> str:
    """Return a stamp without the zone behind it, if it has one."""
    found = moments.zoned(text)
    return found[0] if found else text


def _zoned(texts: Iterable[str], pattern: Written | None) -> Stamps:
    pairs = [moments.zoned(text) or ("", 0) for text in texts]
    bare, zones = np.array([rest for rest, _ in pairs], dtype=object), [zone for _, zone in pairs]
    local_ns = dates.read(bare, pattern or pattern_of(bare))
    found = np.full(len(local_ns), UNREADABLE, dtype=np.int64)
    for zone in set(zones):
        here = np.array([other == zone for other in zones]) & (local_ns != UNREADABLE)
        if isinstance(zone, int):
            found[here] = local_ns[here] - zone * 60 * SECOND_NS
        else:
            with suppress(DataError):
                found[here] = localise(local_ns[here], zone).utc_ns
    return found


def pattern_of(texts: Iterable[str]) -> Written | None:
    """Return how some stamps write dates and clocks, the American way of several; ``None``: they are none."""
    try:
        return dates.written(texts)
    except DatesUnclear as error:
        return dates.written(texts, DateOrder.MDY if DateOrder.MDY in error.days else next(iter(error.days)))


def _nanos(moments: Any) -> Stamps:
    """Return moments as nanoseconds; those of no time in which there were bars as ``UNREADABLE``."""
    seconds = moments.to_numpy(dtype="datetime64[us]").astype(np.int64) // 1_000_000 if len(moments) else np.empty(0)
    is_sound = (seconds >= _EARLIEST_NS // SECOND_NS) & (seconds <= _LATEST_NS // SECOND_NS)
    found = np.full(len(moments), UNREADABLE, dtype=np.int64)
    found[is_sound] = moments[is_sound].to_numpy(dtype="datetime64[ns]").astype(np.int64)
    return found


class Localised(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Local stamps as instants, and how many of them the clocks' changes make doubtful."""

    utc_ns: Stamps
    ambiguous: int
    nonexistent: int
    told_apart: int = 0
    """How many occur twice, and are told apart by their order."""


def check_zone(zone: str) -> tuple[ZoneInfo, int]:
    """Return a zone by its name, and how far its clocks are ahead of it: ``America/New_York+7``, as brokers have it.

    Raises:
        DataError: there is no such zone.
    """
    name, ahead = zone, 0
    shifted = _AHEAD.fullmatch(zone)
    if shifted and not zone.startswith("Etc/"):
        name, ahead = shifted[1], (int(shifted[3]) * 60 + int(shifted[4] or 0)) * (-1 if shifted[2] == "-" else 1)
    try:
        return ZoneInfo(name), ahead * 60 * SECOND_NS
    except (KeyError, ValueError, OSError) as error:
        raise DataError(f"{zone!r} is no time zone; write it as America/New_York, Europe/Berlin or UTC") from error


def localise(local_ns: Stamps, zone: str, groups: Indices | None = None) -> Localised:
    """Turn local time into UTC.

    Where clocks went back, an hour occurs twice: of rows in order of time those after the jump back are of its second
    pass (what pandas calls ``infer``). Without such a jump stamps are read as the first of their two instants; one
    that clocks skipped is read with the offset from before the change. These are counted.

    Args:
        local_ns: wall-clock time as if it were UTC, in the order of the file.
        zone: the IANA name, perhaps with how far its clocks are ahead: ``America/New_York+7``.
        groups: which stamps are in order among themselves, those of one symbol; by default all of them.

    Raises:
        DataError: there is no such zone.
    """
    info, ahead_ns = check_zone(zone)
    if not len(local_ns) or zone == "UTC":
        return Localised(utc_ns=local_ns, ambiguous=0, nonexistent=0)
    local_ns = local_ns - ahead_ns  # the caller keeps his
    days = local_ns // DAY_NS
    first = int(days.min())
    midnights = np.array([_offset(day * DAY_NS, info) for day in range(first, int(days.max()) + 2)], dtype=np.int64)
    days -= first
    utc_ns = local_ns - midnights[days]
    changing = (midnights[1:] != midnights[:-1])[days]
    if not changing.any():
        return Localised(utc_ns=utc_ns, ambiguous=0, nonexistent=0)
    return _with_changes(local_ns, utc_ns, changing, info, groups)


def _with_changes(
    local_ns: Stamps, utc_ns: Stamps, changing: Mask, info: ZoneInfo, groups: Indices | None
) -> Localised:
    minutes, inverse = np.unique(local_ns[changing], return_inverse=True)
    before = np.array([_offset(minute, info) for minute in minutes.tolist()], dtype=np.int64)[inverse]
    after = np.array([_offset(minute, info, fold=1) for minute in minutes.tolist()], dtype=np.int64)[inverse]
    twice = np.flatnonzero(before > after)
    at_ns = local_ns[changing][twice]
    groups = np.zeros(len(twice), dtype=np.int32) if groups is None else groups[changing][twice]
    is_ascending = int(np.sign(np.diff(local_ns)).sum()) >= 0
    is_second, is_told = _passes(at_ns, groups, is_ascending=is_ascending)
    utc_ns[changing] = local_ns[changing] - before
    utc_ns[np.flatnonzero(changing)[twice[is_second]]] = at_ns[is_second] - after[twice[is_second]]
    return Localised(
        utc_ns=utc_ns,
        ambiguous=int(np.count_nonzero(~is_told)),
        nonexistent=int(np.count_nonzero(before < after)),
        told_apart=int(np.count_nonzero(is_told)),
    )


def _passes(at_ns: Stamps, groups: Indices, *, is_ascending: bool) -> tuple[Mask, Mask]:
    """Return which stamps of an hour that occurs twice are of its second pass, and which are told apart at all."""
    is_second, is_told = np.zeros(len(at_ns), dtype=np.bool_), np.zeros(len(at_ns), dtype=np.bool_)
    days = at_ns // DAY_NS
    order = np.lexsort((np.arange(len(at_ns)), days, groups))
    bounds = np.flatnonzero((np.diff(groups[order]) != 0) | (np.diff(days[order]) != 0)) + 1
    for rows in np.split(order, bounds) if len(order) else ():
        steps = np.diff(at_ns[rows])
        jumps = np.flatnonzero(steps < 0 if is_ascending else steps > 0)
        if len(jumps) == 1:
            is_told[rows] = True
            is_second[rows[jumps[0] + 1 :] if is_ascending else rows[: jumps[0] + 1]] = True
    return is_second, is_told


@lru_cache(maxsize=512)
def _offset(local_ns: int, info: ZoneInfo, fold: int = 0) -> int:
    wall = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=local_ns // SECOND_NS)).replace(tzinfo=info, fold=fold)
    offset = wall.utcoffset() or timedelta(0)
    return (offset.days * 86_400 + offset.seconds) * SECOND_NS
