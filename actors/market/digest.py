"""The digest of a session: equal for sessions of equal content, however that content came to be."""

import hashlib
from collections.abc import Sequence

import numpy as np

from actors.market.aggregate import fold
from actors.market.axis import SessionAxis
from messages.columns import FIELDS, Floats, Mask
from messages.values import Interval

_DIGITS = 32

_SLOTS_AT_ONCE = 32
"""So many are made canonical at once: a whole market's day need not be in memory twice."""


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
    total.update(np.packbits(has_bar).tobytes())
    for first in range(0, len(bars), _SLOTS_AT_ONCE):
        total.update(_canonical(bars[first : first + _SLOTS_AT_ONCE]))
    for interval in intervals:
        derived, counts = fold(bars, has_bar, axis.edges(interval))
        total.update(_canonical(derived))
        total.update(counts.astype("<i4").tobytes())
    return total.hexdigest()[:_DIGITS]


def _canonical(values: Floats) -> memoryview:
    """Return values with one NaN and one zero, laid out for hashing."""
    plain = np.add(values, 0.0, order="C")  # -0.0 becomes 0.0
    plain[np.isnan(plain)] = np.nan
    return np.ascontiguousarray(plain, dtype="<f8").data
