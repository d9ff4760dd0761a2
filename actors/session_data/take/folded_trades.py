"""The trades of one symbol within one base interval, kept compactly, and the bar that they fold to."""

import math
from array import array
from collections.abc import Iterable

import numpy as np

from actors.market.sale_conditions import Sets
from messages.feeds import TradeAmended
from messages.tables.columns import Floats, Stamps
from messages.values import Nanos

_ALL, _OPEN_CLOSE, _HIGH_LOW, _VOLUME = map(int, (Sets.ALL, Sets.OPEN_CLOSE, Sets.HIGH_LOW, Sets.VOLUME))
_PRICES = _OPEN_CLOSE | _HIGH_LOW
AT_SIZE_0 = 8
"""Beside what a trade may set: whether it sets prices, if it may, although it is of size 0."""
NO_ID = hash("")
"""Of trades that the feed does not number."""


class Trades:
    """Trades in the order in which they came; 33 bytes each. Of an id only its hash is kept."""

    __slots__ = ("_at_ns", "_ids", "_prices", "_sets", "_sizes", "is_amended")

    def __init__(self) -> None:
        self._at_ns = array("q")
        self._prices = array("d")
        self._sizes = array("d")
        self._ids = array("q")
        self._sets = array("B")
        self.is_amended = False
        """Whether one of them was changed after its bar had been told."""

    def __len__(self) -> int:
        return len(self._at_ns)

    @property
    def has_price(self) -> bool:
        """Whether one of them may set a price: else they make no bar."""
        return any(
            sets & _PRICES and (size or sets & AT_SIZE_0) for sets, size in zip(self._sets, self._sizes, strict=True)
        )

    def add(self, at_ns: Nanos, price: float, size: float, trade_id: str, sets: int = _ALL) -> None:
        """Add one, and what it may set."""
        self._at_ns.append(at_ns)
        self._prices.append(price)
        self._sizes.append(size)
        self._ids.append(hash(trade_id))
        self._sets.append(sets)

    def amend(self, amendment: TradeAmended, *, by_id: bool) -> bool:
        """Take a trade out, or put another in its place; return whether it is here.

        Looked for by its id, or else among those without one by price and size: of several the one that came last.
        """
        place = self._place_of(hash(amendment.trade_id)) if by_id else self._place_like(amendment)
        if place is None:
            return False
        if amendment.corrected_price is None:
            for column in (self._at_ns, self._prices, self._sizes, self._ids, self._sets):
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
        """Return open, high, low, close, volume[, vwap, number of trades]; NaN where no trade sets a price.

        Opens with the earliest and closes with the latest; of trades at one instant the order of arrival decides.
        Sums are rounded once, so that they do not depend on it. The vwap is that of the trades that set prices.
        """
        if not self.has_price:
            return [math.nan] * (7 if has_extra else 5)
        at_ns, prices = np.frombuffer(self._at_ns, dtype=np.int64), np.frombuffer(self._prices)
        sizes, sets = np.frombuffer(self._sizes), np.frombuffer(self._sets, dtype=np.uint8)
        if bool((sets & _ALL == _ALL).all() and sizes.all()):
            priced, amounts, counted = prices, sizes, sizes
            first, last = _first_and_last(at_ns)
        else:
            sets = np.where((sizes != 0) | (sets & AT_SIZE_0 > 0), sets, sets & _VOLUME)
            edges, may = np.flatnonzero(sets & _OPEN_CLOSE), np.flatnonzero(sets & _PRICES)
            edges = edges if len(edges) else may
            first, last = (int(edges[place]) for place in _first_and_last(at_ns[edges]))
            priced, amounts, counted = prices[may], sizes[may], sizes[sets & _VOLUME > 0]
        high, low = float(priced.max()), float(priced.min())
        bar = [self._prices[first], high, low, self._prices[last], _total(counted.tolist())]
        if has_extra:
            bar += [_vwap(priced, amounts, low, high), float(len(counted))]
        return bar


def _first_and_last(at_ns: Stamps) -> tuple[int, int]:
    return int(at_ns.argmin()), len(at_ns) - 1 - int(at_ns[::-1].argmax())


def _vwap(prices: Floats, sizes: Floats, low: float, high: float) -> float:
    volume = _total(sizes.tolist())
    turnover = _total((prices * sizes).tolist())
    # A mean of equal prices may miss them by the last bit.
    return min(max(turnover / volume, low), high) if volume else math.nan


def _total(numbers: Iterable[float]) -> float:
    """Return the sum, rounded once; infinite where it is too large, which no bar may be."""
    try:
        return math.fsum(numbers)
    except (OverflowError, ValueError):
        return math.inf
