"""The trades of one symbol within one base interval, kept compactly, and the bar that they fold to."""

import math
from array import array
from collections.abc import Iterable

import numpy as np

from messages.feeds import TradeAmended
from messages.values import Nanos

NO_ID = hash("")
"""Of trades that the feed does not number."""


class Trades:
    """Trades in the order in which they came; 32 bytes each. Of an id only its hash is kept."""

    __slots__ = ("_at_ns", "_ids", "_prices", "_sizes", "is_amended")

    def __init__(self) -> None:
        self._at_ns = array("q")
        self._prices = array("d")
        self._sizes = array("d")
        self._ids = array("q")
        self.is_amended = False
        """Whether one of them was changed after its bar had been told."""

    def __len__(self) -> int:
        return len(self._at_ns)

    def add(self, at_ns: Nanos, price: float, size: float, trade_id: str) -> None:
        """Add one."""
        self._at_ns.append(at_ns)
        self._prices.append(price)
        self._sizes.append(size)
        self._ids.append(hash(trade_id))

    def amend(self, amendment: TradeAmended, *, by_id: bool) -> bool:
        """Take a trade out, or put another in its place; return whether it is here.

        Looked for by its id, or else among those without one by price and size: of several the one that came last.
        """
        place = self._place_of(hash(amendment.trade_id)) if by_id else self._place_like(amendment)
        if place is None:
            return False
        if amendment.corrected_price is None:
            for column in (self._at_ns, self._prices, self._sizes, self._ids):
                del column[place]
            return True
        self._prices[place] = amendment.corrected_price
        if amendment.corrected_size is not None:
            self._sizes[place] = amendment.corrected_size
        if amendment.corrected_id:
            self._ids[place] = hash(amendment.corrected_id)
        return True

    def _place_of(self, trade_id: int) -> int | None:
        return self._ids.index(trade_id) if trade_id != NO_ID and trade_id in self._ids else None

    def _place_like(self, amendment: TradeAmended) -> int | None:
        sought = (amendment.price, amendment.size)
        for place in range(len(self) - 1, -1, -1):
            is_candidate = not amendment.trade_id or self._ids[place] == NO_ID
            if is_candidate and (self._prices[place], self._sizes[place]) == sought:
                return place
        return None

    def fold(self, *, has_extra: bool) -> list[float]:
        """Return open, high, low, close, volume[, vwap, number of trades]; NaN where there is no trade.

        Opens with the earliest and closes with the latest; of trades at one instant the order of arrival decides.
        Sums are rounded once, so that they do not depend on it.
        """
        if not len(self):
            return [math.nan] * (7 if has_extra else 5)
        at_ns, prices = np.frombuffer(self._at_ns, dtype=np.int64), np.frombuffer(self._prices)
        first, last = int(at_ns.argmin()), len(at_ns) - 1 - int(at_ns[::-1].argmax())
        high, low = float(prices.max()), float(prices.min())
        bar = [self._prices[first], high, low, self._prices[last], _total(self._sizes)]
        if has_extra:
            bar += [self._vwap(bar[-1], low, high), float(len(self))]
        return bar

    def _vwap(self, volume: float, low: float, high: float) -> float:
        turnover = _total(price * size for price, size in zip(self._prices, self._sizes, strict=True))
        # A mean of equal prices may miss them by the last bit.
        return min(max(turnover / volume, low), high) if volume else math.nan


def _total(numbers: Iterable[float]) -> float:
    """Return the sum, rounded once; infinite where it is too large, which no bar may be."""
    try:
        return math.fsum(numbers)
    except (OverflowError, ValueError):
        return math.inf
