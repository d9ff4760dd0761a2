"""The digest of a session: equal for sessions of equal content, however that content came to be."""

import hashlib
from collections.abc import Sequence

import numpy as np

from actors.market.aggregate import fold
from actors.market.axis import SessionAxis
from messages.tables.columns import FIELDS, Floats, Mask, Verdicts
from messages.values import FIRST_WITH_BAR, Interval

DIGITS = 32

NUMBERS_AT_ONCE = 1 << 16
"""So many are made canonical at once: they stay at hand for hashing, and a whole day need not be in memory twice."""

_INFINITY, _NAN = np.array([np.inf, np.nan]).view(np.uint64)
"""As bits. Numbers with a sign, -0.0 among them, have larger ones than infinity, as any NaN has."""


def digest(
    date: str, symbols: Sequence[str], values: Floats, present: Mask, axis: SessionAxis, intervals: Sequence[Interval]
) -> str:
    """Return the digest of presence, the five fields and the derived bars; symbols without any bar are left out.

    Args:
        date: the session's label, ISO.
        symbols: a name for each column, in any order.
        values: slots x fields x symbols, or more fields and spare columns; NaN where there is no bar.
        present: slots x symbols; whether there is a bar.
        axis: the session's slots.
        intervals: the derived bars, in the order in which they are to count.

    Returns:
        32 hexadecimal digits.
    """
    traded = sorted(np.flatnonzero(present.any(axis=0)).tolist(), key=symbols.__getitem__)
    # Always laid out alike in memory: numpy adds up in an order that depends on it, and sums are part of the digest.
    is_laid_out = values.flags.c_contiguous and values.shape[1] == len(FIELDS)
    bars, has_bar = values, present
    if not is_laid_out or traded != list(range(values.shape[2])):
        bars, has_bar = values[:, : len(FIELDS)].take(traded, axis=2), present.take(traded, axis=1)
    total = hashlib.sha256()  # which processors have instructions for
    total.update("\n".join([date, *(symbols[column] for column in traded)]).encode())
    total.update(np.packbits(has_bar).data)
    slots_at_once = 1 + NUMBERS_AT_ONCE // (1 + len(traded) * len(FIELDS))
    for first in range(0, len(bars), slots_at_once):
        total.update(canonical(bars[first : first + slots_at_once]))
    holed = None if bool(has_bar.all()) else has_bar
    for interval in intervals:
        derived, counts = fold(bars, holed, axis.edges(interval))
        total.update(canonical(derived))
        total.update(np.ascontiguousarray(counts, dtype="<i4").data)
    return total.hexdigest()[:DIGITS]


def verdict_digest(symbols: Sequence[str], verdicts: Verdicts) -> str:
    """Return the digest of the verdicts of bars; what is known of minutes without one is left out.

    Args:
        symbols: a name for each column, sorted.
        verdicts: slots x symbols.

    Returns:
        32 hexadecimal digits.
    """
    total = hashlib.sha256("\n".join(symbols).encode())
    total.update(np.ascontiguousarray(np.where(verdicts >= FIRST_WITH_BAR, verdicts, np.uint8(0))).data)
    return total.hexdigest()[:DIGITS]


def canonical(values: Floats) -> memoryview:
    """Return values with one NaN and one zero, laid out for hashing: copies only where they are not so already."""
    bits = values.view(np.uint64)
    if bits.max(initial=0) <= _INFINITY or not bool(((bits > _INFINITY) & (bits != _NAN)).any()):
        return np.ascontiguousarray(values, dtype="<f8").data
    plain = np.add(values, 0.0, order="C")  # -0.0 becomes 0.0
    plain[np.isnan(plain)] = np.nan
    return np.ascontiguousarray(plain, dtype="<f8").data
