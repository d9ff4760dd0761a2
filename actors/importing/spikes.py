"""Prices that stand out from those beside them tenfold: to every rule they are good bars."""

import numpy as np

from messages.columns import CLOSE, HIGH, LOW, Floats, Indices, Mask, Stamps

_TIMES = 10.0


class Spikes:
    """Counts bars that are many times their neighbours of the same symbol, noted block by block."""

    def __init__(self) -> None:
        self._count = 0
        self._first_row = 0

    def note(self, symbol_index: Indices, values: Floats, rows: Stamps) -> None:
        """Take some bars, in the order of the file."""
        if not len(rows) or values[HIGH].max() <= _TIMES * values[LOW].min():
            return
        order = np.argsort(symbol_index, kind="stable")
        found = rows[order[_standing_out(symbol_index[order], values[:, order])]]
        if len(found) and not self._count:
            self._first_row = int(found.min())
        self._count += len(found)

    def told(self) -> list[str]:
        """Return the sentence about them, if there are any."""
        if not self._count:
            return []
        are = "1 bar is" if self._count == 1 else f"{self._count} bars are"
        said = f"{are} more than {_TIMES:g} times the bars beside them, or less than a tenth, in all prices or in one"
        return [f"{said} (the first in row {self._first_row}): is a decimal point lost?"]


def _standing_out(symbol_index: Indices, values: Floats) -> Mask:
    high, low, close = values[HIGH], values[LOW], values[CLOSE]
    stands_out: Mask = high > _TIMES * low
    if len(close) > 2:
        before, itself, after = close[:-2], close[1:-1], close[2:]
        is_one = (symbol_index[:-2] == symbol_index[1:-1]) & (symbol_index[1:-1] == symbol_index[2:])
        above = (itself > _TIMES * before) & (itself > _TIMES * after)
        below = (itself * _TIMES < before) & (itself * _TIMES < after)
        stands_out[1:-1] |= is_one & (above | below)
    return stands_out
