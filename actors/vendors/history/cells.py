"""Bars and silence as cells: minutes x symbols, and back."""

from collections.abc import Sequence

import msgspec
import numpy as np

from actors.market.axis import SessionAxis
from actors.market.gaps import gaps_of
from actors.market.planes import spread
from messages.columns import EXTRA_FIELDS, FIELDS, TRADES, BarBatch, BarKeys, Floats, Mask
from messages.values import FIRST_WITH_BAR, Gap, Verdict

_FIELDS = len(FIELDS) + len(EXTRA_FIELDS)


def planes(axis: SessionAxis, symbols: Sequence[str], bars: BarBatch) -> tuple[Mask, Floats]:
    """Return where there is a bar, slots x symbols, and of how many trades, NaN where that is not told."""
    streamed = np.full(len(bars), Verdict.STREAMED, dtype=np.uint8)
    values, verdicts = spread(axis, symbols, bars, streamed, _FIELDS)
    return verdicts >= FIRST_WITH_BAR, values[:, TRADES]


def gaps_by_symbol(axis: SessionAxis, symbols: Sequence[str], cells: Mask) -> tuple[Gap, ...]:
    """Return cells as gaps of one symbol each."""
    columns, slots = np.nonzero(cells.T)
    return tuple(
        msgspec.structs.replace(gap, symbols=(symbol,))
        for gap in gaps_of(slots, columns, axis, symbols)
        for symbol in gap.symbols
    )


def count_within(missing: BarKeys, gaps: Sequence[Gap]) -> int:
    """Return how many bars lie in gaps of one symbol each."""
    place = {symbol: number for number, symbol in enumerate(missing.symbols)}
    starts, index = missing.start_ns, missing.symbol_index
    return sum(
        int(np.count_nonzero((starts >= gap.start_ns) & (starts < gap.end_ns) & (index == place[gap.symbols[0]])))
        for gap in gaps
        if gap.symbols[0] in place
    )
