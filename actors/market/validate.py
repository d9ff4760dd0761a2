"""Whether a bar can be true: the sanity of its own numbers, whatever its neighbours say."""

import enum

import numpy as np
import numpy.typing as npt

from messages.tables.columns import (
    CLOSE,
    EXTRA_FIELDS,
    FIELDS,
    HIGH,
    LOW,
    OPEN,
    TRADES,
    VOLUME,
    Floats,
    Indices,
    Mask,
    Stamps,
)
from messages.values import MINUTE_NS, ONE_MINUTE, Interval, Nanos


class Fault(enum.IntEnum):
    """What is wrong with a bar; of several faults the one with the lowest number is named."""

    SANE = 0
    """Nothing."""
    NOT_FINITE = 1
    """A price or the volume is NaN or infinite, or the vwap or the trades are infinite."""
    PRICE_NOT_POSITIVE = 2
    """A price is zero or below, and negative prices are not allowed."""
    HIGH_TOO_LOW = 3
    """The high is below the open or the close."""
    LOW_TOO_HIGH = 4
    """The low is above the open or the close."""
    VOLUME_NEGATIVE = 5
    """The volume or the number of trades is below zero."""
    OFF_THE_MINUTE = 6
    """The start is no multiple of the base interval; ``reason_of`` names it where that is no minute."""

    @property
    def reason(self) -> str:
        """The name as counts and events give it, such as ``high_too_low``."""
        return self.name.lower()


def reason_of(fault: Fault, base: Interval) -> str:
    """Return the name of a fault among bars of a length, which need not be a minute: ``off_the_1s``."""
    return f"off_the_{base}" if fault is Fault.OFF_THE_MINUTE and base != ONE_MINUTE else fault.reason


def reason_of_length(base: Interval) -> str:
    """Return the name of a bar's fault of being of another length than these: ``not_one_minute``, ``not_1s``."""
    return "not_one_minute" if base == ONE_MINUTE else f"not_{base}"


_OF_FUTURES = frozenset({
    "us_futures", "CMES", "CME", "CBOT", "COMEX", "NYMEX", "XCBF", "CFE", "IEPA", "ICE", "ICEUS", "NYFE", "XEUR",
})  # fmt: skip


def may_be_negative(calendar: str) -> bool:
    """Return whether prices at zero or below are prices where nobody says: on futures exchanges, as of oil in 2020."""
    return calendar in _OF_FUTURES or calendar.startswith(("CME", "CBOT", "CN_FUTURES"))


_ENDS = slice(OPEN, CLOSE + 1, CLOSE - OPEN)
_LOW_AND_VOLUME = slice(LOW, VOLUME + 1, VOLUME - LOW)
_HIGH_AND_VOLUME = slice(HIGH, VOLUME + 1, VOLUME - HIGH)
_EXTRAS = slice(len(FIELDS), len(FIELDS) + len(EXTRA_FIELDS))

_LEAST_POSITIVE = np.array([[np.nextafter(0.0, 1.0)], [0.0]])
_LEAST_FINITE = np.array([[np.finfo(np.float64).min], [0.0]])
_INFINITE = np.array(np.inf)
_AT_ONCE = 1 << 16


def is_sane(values: Floats, *, allow_negative: bool = False) -> bool:
    """Return whether all bars are sane, their starts aside: ``faults`` names none of them.

    Args:
        values: fields x bars: open, high, low, close, volume[, vwap, trades].
        allow_negative: whether prices may be zero or below (spreads, energy).
    """
    if values.shape[1] > _AT_ONCE:  # what is found of so many stays in the cache
        blocks = (values[:, first : first + _AT_ONCE] for first in range(0, values.shape[1], _AT_ONCE))
        return all(is_sane(block, allow_negative=allow_negative) for block in blocks)
    # This runs for every minute of a replay. NaN fails every comparison, and a finite high above and a low that is
    # bounded below enclose the open and the close. A search in the bytes costs a tenth of all() on a short array.
    ends = values[_ENDS]
    least = _LEAST_FINITE if allow_negative else _LEAST_POSITIVE
    return (
        0 not in (ends <= values[HIGH]).tobytes()
        and 0 not in (ends >= values[LOW]).tobytes()
        and 0 not in (values[_LOW_AND_VOLUME] >= least).tobytes()
        and 0 not in (values[_HIGH_AND_VOLUME] < _INFINITE).tobytes()
        and (len(values) <= len(FIELDS) or _extras_are_sane(values))
    )


def _extras_are_sane(values: Floats) -> bool:
    infinite, negative = np.isinf(values[_EXTRAS]), values[TRADES] < 0
    return 1 not in infinite.tobytes() and 1 not in negative.tobytes()


def faults(
    values: Floats, starts_ns: Stamps, *, step_ns: Nanos = MINUTE_NS, allow_negative: bool = False
) -> npt.NDArray[np.uint8]:
    """Return for every bar the number of its first ``Fault``.

    Args:
        values: fields x bars: open, high, low, close, volume[, vwap, trades]; the last two may be NaN.
        starts_ns: the bars' starts.
        step_ns: the length of a base bar; starts must be multiples of it.
        allow_negative: whether prices may be zero or below.
    """
    found = np.zeros(len(starts_ns), dtype=np.uint8)
    if _is_any_off(starts_ns, step_ns):
        found[starts_ns % step_ns != 0] = Fault.OFF_THE_MINUTE
    if not is_sane(values, allow_negative=allow_negative):
        for fault, mask in reversed(_masks(values, allow_negative=allow_negative)):
            found[mask] = fault
    return found


def _is_any_off(starts_ns: Stamps, step_ns: Nanos) -> bool:
    # Bars come sorted by start, many to a minute, and comparing neighbours takes a tenth of a remainder.
    heads = np.flatnonzero(starts_ns[1:] != starts_ns[:-1]) + 1
    return bool((starts_ns[:1] % step_ns).any() or (starts_ns[heads] % step_ns).any())


def _masks(values: Floats, *, allow_negative: bool) -> list[tuple[Fault, Mask]]:
    opens, highs, lows, closes, volumes = values[: len(FIELDS)]
    not_finite: Mask = _any_row(~np.isfinite(values[: len(FIELDS)]))
    not_positive: Mask = np.zeros_like(not_finite) if allow_negative else _any_row(values[:VOLUME] <= 0)
    negative: Mask = volumes < 0
    if len(values) > len(FIELDS):
        not_finite |= _any_row(np.isinf(values[_EXTRAS]))
        negative |= values[TRADES] < 0
    return [
        (Fault.NOT_FINITE, not_finite),
        (Fault.PRICE_NOT_POSITIVE, not_positive),
        (Fault.HIGH_TOO_LOW, (highs < opens) | (highs < closes)),
        (Fault.LOW_TOO_HIGH, (lows > opens) | (lows > closes)),
        (Fault.VOLUME_NEGATIVE, negative),
    ]


def _any_row(masks: Mask) -> Mask:
    is_any: Mask = np.logical_or.reduce(masks, axis=0)
    return is_any


FEWEST_GROWING = 30
"""So many volumes of one session in a row do not grow by chance."""


def sessions_growing(
    volume: Floats, starts_ns: Stamps, date_index: Indices, first: Stamps | None = None
) -> tuple[Mask, Stamps, Stamps]:
    """Return of each run of bars of one session whether its volumes only grow; where it begins, and how long it is.

    Feeds quote the day's volume so far, and who writes bars of quotes writes that down with each.

    Args:
        volume: of bars in the order of their files, each of one symbol.
        starts_ns: when each begins; a file may begin with the newest.
        date_index: of each bar its session.
        first: where each file begins; by default there is one.
    """
    is_begin = np.ones(len(volume), dtype=np.bool_)
    is_begin[1:] = date_index[1:] != date_index[:-1]
    if first is not None:
        is_begin[first] = True
    begins = np.flatnonzero(is_begin)
    counts = np.diff(np.append(begins, len(volume)))
    steps = np.diff(volume, prepend=volume[:1]) * np.sign(np.diff(starts_ns, prepend=starts_ns[:1]))
    never_falls, never_grows = (np.logical_and.reduceat(is_begin | way, begins) for way in (steps >= 0, steps <= 0))
    grows: Mask = never_falls & ~never_grows & (counts >= FEWEST_GROWING)
    return grows, begins, counts
