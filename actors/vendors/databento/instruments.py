"""Which symbol an instrument's number stands for on which day, as a Databento file's symbology says it."""

from typing import Any

import numpy as np

from messages.tables.columns import Indices, Stamps
from messages.values import DAY_NS

_DAY_BITS = 24
"""Days since 1970 fit into so many bits for 45,000 years, beside an instrument's 32."""


class Instruments:
    """The symbols of a file, found by number and day."""

    def __init__(self, intervals: list[tuple[int, int, int, str]]) -> None:
        """Take numbers with the first day, the day after the last, both since 1970, and the symbol."""
        self.symbols = tuple(sorted({symbol for *_, symbol in intervals}))
        place = {symbol: index for index, symbol in enumerate(self.symbols)}
        ordered = sorted(intervals)
        self._first = np.array([(number << _DAY_BITS) + first for number, first, _, _ in ordered], dtype=np.int64)
        self._end = np.array([(number << _DAY_BITS) + end for number, _, end, _ in ordered], dtype=np.int64)
        self._place = np.array([place[symbol] for *_, symbol in ordered], dtype=np.int32)

    @classmethod
    def of(cls, store: Any) -> "Instruments":
        """Read the symbology of a ``DBNStore``; either side of it may be the numbers."""
        intervals = []
        for asked, found in store.mappings.items():
            for interval in found:
                answered = str(interval["symbol"])
                number, symbol = (answered, asked) if answered.isdigit() else (asked, answered)
                if number.isdigit():
                    days = (_day(interval["start_date"]), _day(interval["end_date"]))
                    intervals.append((int(number), *days, symbol))
        return cls(intervals)

    def places(self, numbers: Stamps, at_ns: Stamps) -> Indices:
        """Return for each number on its day the place of its symbol in ``symbols``, -1 where it has none."""
        if not len(self._first):
            return np.full(len(numbers), -1, dtype=np.int32)
        keys = (numbers << _DAY_BITS) + at_ns // DAY_NS
        found = np.maximum(np.searchsorted(self._first, keys, side="right") - 1, 0)
        is_within = (self._first[found] <= keys) & (keys < self._end[found])
        return np.where(is_within, self._place[found], np.int32(-1))


def _day(date: Any) -> int:
    return int(np.datetime64(date, "D").astype(np.int64))
