"""Bars and silence as cells: minutes x symbols, and back."""

from collections.abc import Sequence

import msgspec
import numpy as np

from actors.market.axis import SessionAxis
from actors.market.gaps import gaps_of
from messages.tables.columns import TRADES, BarBatch, BarKeys, Floats, Indices, Mask, Stamps
from messages.values import Gap


def places(axis: SessionAxis, symbols: Sequence[str], bars: BarBatch) -> tuple[Stamps, Indices, Indices]:
    """Return which bars lie in the cells of a session, and for each of these its slot and its symbol's column."""
    place = {symbol: column for column, symbol in enumerate(symbols)}
    columns = np.array([place.get(symbol, -1) for symbol in bars.symbols], dtype=np.int32)[bars.symbol_index]
    slots = axis.slots_of(bars.start_ns)
    rows = np.flatnonzero((slots >= 0) & (columns >= 0))
    return rows, slots[rows], columns[rows]


def planes(axis: SessionAxis, symbols: Sequence[str], bars: BarBatch) -> tuple[Mask, Floats]:
    """Return where there is a bar, slots x symbols, and of how many trades, NaN where that is not told."""
    rows, slots, columns = places(axis, symbols, bars)
    has_bar = np.zeros((axis.slots, len(symbols)), dtype=np.bool_)
    trades = np.full(has_bar.shape, np.nan)
    has_bar[slots, columns] = True
    if len(bars.values) > TRADES:
        trades[slots, columns] = bars.values[TRADES, rows]
    return has_bar, trades


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
