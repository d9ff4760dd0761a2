"""Back-adjustment for splits and dividends: what was before is made comparable with what is now.

The convention is that of CRSP (Data Definitions, "Factor to Adjust Price in Period") and of most vendors: at an
ex-date all prices before it are divided by the split ratio and multiplied by ``1 - dividend / close``, with the
close of the last session before it, as it was quoted then; volumes are multiplied by the split ratio alone.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np

from messages.errors import DataError
from messages.history import Adjustment
from messages.tables.columns import Floats, Indices


class Factors:
    """What bars of one symbol are to be multiplied with.

    Args:
        adjustments: of this symbol, in any order; none that is still to come.
        days: sessions that have a daily bar, as numbers of days, ascending.
        closes: for each its close, as it was quoted.

    Raises:
        DataError: a dividend is not below the close before it.
    """

    def __init__(self, adjustments: Sequence[Adjustment], days: Indices, closes: Floats) -> None:
        in_order = sorted(adjustments, key=lambda one: one.ex_date)
        self._ex_days = np.array([date.fromisoformat(one.ex_date).toordinal() for one in in_order], dtype=np.int32)
        before = np.searchsorted(days, self._ex_days) - 1
        prices = [_of_price(one, float(closes[k]) if k >= 0 else None) for one, k in zip(in_order, before, strict=True)]
        self._of_prices = _backwards(prices)
        self._of_volumes = _backwards([one.split_ratio for one in in_order])

    def of(self, days: Indices) -> tuple[Floats, Floats]:
        """Return for each bar, by its session's day, the factors of its prices and of its volume."""
        later = np.searchsorted(self._ex_days, days, side="right")
        return self._of_prices[later], self._of_volumes[later]


def _of_price(adjustment: Adjustment, close: float | None) -> float:
    if close is None or not adjustment.dividend:  # without a bar before it there is nothing to adjust
        return 1.0 / adjustment.split_ratio
    if adjustment.dividend >= close:
        raise DataError(
            f"{adjustment.symbol}: the dividend of {adjustment.dividend} on {adjustment.ex_date} is not below the "
            f"close before it, {close}"
        )
    return (1.0 - adjustment.dividend / close) / adjustment.split_ratio


def _backwards(factors: Sequence[float]) -> Floats:
    """Return for each the product from it to the last, and 1 at the end."""
    return np.append(np.cumprod(np.array(factors, dtype=np.float64)[::-1])[::-1], 1.0)
