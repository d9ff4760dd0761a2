"""Trades into one-minute bars (or shorter ones), and shorter bars too: vectorised, the same however they are cut.

A minute opens with its earliest trade and closes with its latest; of trades at one instant the order of the file
decides. A minute without a trade has no bar.
"""

from collections.abc import Sequence
from typing import TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from messages.tables.columns import CLOSE, FIELDS, HIGH, LOW, OPEN, TRADES, VOLUME, VWAP, Floats, Indices, Mask, Stamps
from messages.values import MINUTE_NS, Nanos

_Places = npt.NDArray[np.intp]
Sets: TypeAlias = npt.NDArray[np.uint8]
_OPEN_CLOSE, _PRICES, _VOLUME, _ALL = 1, 3, 4, 7
_NEVER = np.iinfo(np.int64).max


class MinuteBars(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One-minute bars, sorted by start and symbol, and where each came from."""

    start_ns: Stamps
    symbol_index: Indices
    values: Floats
    """Fields x bars: open, high, low, close, volume[, vwap, trades]; the vwap is NaN where nothing was traded."""
    rows: Stamps
    """For each bar the row of its earliest trade."""
    first_ns: Stamps
    """When that was."""
    last_ns: Stamps
    """When its latest trade was."""

    def __len__(self) -> int:
        return len(self.start_ns)


def fold_ticks(
    at_ns: Stamps,
    price: Floats,
    size: Floats,
    symbol_index: Indices,
    rows: Stamps | None = None,
    step_ns: Nanos = MINUTE_NS,
    *,
    sets: Sets | None = None,
) -> MinuteBars:
    """Return the one-minute bars of some trades, in any order; seven fields each.

    Args:
        at_ns: when, in any zone whose offset is whole minutes.
        price: finite.
        size: finite and not negative.
        symbol_index: for each trade its symbol's place in a table.
        rows: the row of each trade in its file; by default counted from 1.
        step_ns: the length of the bars.
        sets: what each trade may set: 1 open and close, 2 high and low, 4 volume, or a sum of these; by default all.
            Where none may set a price the prices are NaN, and where none may set open and close, those that may set
            high and low do.
    """
    rows = np.arange(1, len(at_ns) + 1, dtype=np.int64) if rows is None else rows
    order = _order(at_ns, symbol_index, step_ns)
    if order is not None:
        at_ns, price, size = at_ns[order], price[order], size[order]
        symbol_index, rows = symbol_index[order], rows[order]
        sets = None if sets is None else sets[order]
    minute = at_ns // step_ns
    first = _firsts(minute, symbol_index)
    last = np.append(first[1:], len(at_ns)) - 1
    if not len(first):
        return _empty(TRADES + 1)
    values = np.empty((TRADES + 1, len(first)))
    begins = first
    if sets is None:
        values[HIGH], values[LOW] = np.maximum.reduceat(price, first), np.minimum.reduceat(price, first)
        values[VOLUME], values[TRADES] = np.add.reduceat(size, first), last - first + 1
        values[VWAP] = _vwap(np.add.reduceat(price * size, first), values, values[VOLUME])
    else:
        priced, counted = sets & _PRICES > 0, sets & _VOLUME > 0
        values[HIGH] = np.fmax.reduceat(np.where(priced, price, np.nan), first)
        values[LOW] = np.fmin.reduceat(np.where(priced, price, np.nan), first)
        values[VOLUME] = np.add.reduceat(np.where(counted, size, 0.0), first)
        values[TRADES] = np.add.reduceat(counted.astype(np.float64), first)
        turnover, amount = np.where(priced, price * size, 0.0), np.where(priced, size, 0.0)
        values[VWAP] = _vwap(np.add.reduceat(turnover, first), values, np.add.reduceat(amount, first))
        first, last = _edges(sets, first, len(at_ns))
    values[OPEN], values[CLOSE] = price[first], price[last]
    values[: CLOSE + 1, np.isnan(values[HIGH])] = np.nan
    return MinuteBars(
        start_ns=minute[begins] * step_ns,
        symbol_index=symbol_index[begins],
        values=values,
        rows=rows[first],
        first_ns=np.where(np.isnan(values[OPEN]), _NEVER, at_ns[first]),
        last_ns=np.where(np.isnan(values[OPEN]), -_NEVER, at_ns[last]),
    )


def _edges(sets: Sets, first: _Places, count: int) -> tuple[_Places, _Places]:
    """Return by bar the trades that set open and close; any, where there are none."""
    group = np.repeat(np.arange(len(first)), np.diff(np.append(first, count)))
    opens = sets & _OPEN_CLOSE > 0
    has_opens = np.logical_or.reduceat(opens, first)
    may = np.flatnonzero(np.where(has_opens[group], opens, sets & _PRICES > 0))
    found = np.searchsorted(group[may], np.arange(len(first) + 1))
    is_there = found[1:] > found[:-1]
    firsts, lasts = first.copy(), first.copy()
    firsts[is_there], lasts[is_there] = may[found[:-1][is_there]], may[found[1:][is_there] - 1]
    return firsts, lasts


def fold_bars(
    at_ns: Stamps, values: Floats, symbol_index: Indices, rows: Stamps, step_ns: Nanos = MINUTE_NS
) -> MinuteBars:
    """Return the one-minute bars of shorter ones, in any order.

    Args:
        at_ns: their starts.
        values: fields x bars; the bars of the minutes have the same fields.
        symbol_index: for each its symbol's place in a table.
        rows: the row of each in its file.
        step_ns: the length of the bars that are made.
    """
    short = MinuteBars(
        start_ns=at_ns // step_ns * step_ns,
        symbol_index=symbol_index,
        values=values,
        rows=rows,
        first_ns=at_ns,
        last_ns=at_ns,
    )
    return merged([short])


def merged(parts: Sequence[MinuteBars]) -> MinuteBars:
    """Return one bar for each minute and symbol of which several parts may hold a piece; all have the same fields."""
    start, symbol, rows, first_ns, last_ns = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("start_ns", "symbol_index", "rows", "first_ns", "last_ns")
    )
    values = np.concatenate([part.values for part in parts], axis=1)
    by_first = np.lexsort((first_ns, symbol, start))
    by_last = np.lexsort((last_ns, symbol, start))
    first = _firsts(start[by_first], symbol[by_first])
    if not len(first):
        return _empty(len(values))
    opening, closing = by_first[first], by_last[np.append(first[1:], len(by_last)) - 1]
    return MinuteBars(
        start_ns=start[opening],
        symbol_index=symbol[opening],
        values=_joined(values[:, by_first], first, values[OPEN, opening], values[CLOSE, closing]),
        rows=rows[opening],
        first_ns=first_ns[opening],
        last_ns=last_ns[closing],
    )


def _joined(pieces: Floats, first: _Places, opens: Floats, closes: Floats) -> Floats:
    values = np.empty((len(pieces), len(first)))
    values[OPEN], values[CLOSE] = opens, closes
    # A piece of a bar may have no price: none of its trades may set one.
    values[HIGH], values[LOW] = np.fmax.reduceat(pieces[HIGH], first), np.fmin.reduceat(pieces[LOW], first)
    values[VOLUME] = np.add.reduceat(pieces[VOLUME], first)
    if len(pieces) > len(FIELDS):
        has_vwap = (pieces[VOLUME] > 0) & ~np.isnan(pieces[VWAP])
        amount = np.add.reduceat(np.where(has_vwap, pieces[VOLUME], 0.0), first)
        turnover = np.where(has_vwap, pieces[VWAP] * pieces[VOLUME], 0.0)
        values[VWAP] = _vwap(np.add.reduceat(turnover, first), values, amount)
        values[TRADES] = np.add.reduceat(pieces[TRADES], first)
    return values


def _vwap(turnover: Floats, values: Floats, amount: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        vwap = turnover / amount
    vwap[amount == 0] = np.nan
    # A mean of equal prices may miss them by the last bit.
    within: Floats = np.clip(vwap, values[LOW], values[HIGH])
    return within


def _of(bars: MinuteBars, keep: Mask) -> MinuteBars:
    return MinuteBars(
        start_ns=bars.start_ns[keep],
        symbol_index=bars.symbol_index[keep],
        values=bars.values[:, keep],
        rows=bars.rows[keep],
        first_ns=bars.first_ns[keep],
        last_ns=bars.last_ns[keep],
    )


def _order(at_ns: Stamps, symbol_index: Indices, step_ns: Nanos) -> _Places | None:
    """Return the order by minute, symbol and time, or ``None`` where the trades are in it already."""
    is_sorted = not np.any(at_ns[1:] < at_ns[:-1])
    if is_sorted and not np.any(symbol_index[1:] != symbol_index[:-1]):
        return None
    keys = (symbol_index, at_ns // step_ns)
    order: _Places = np.lexsort(keys if is_sorted else (at_ns, *keys))
    return order


def _firsts(start: Stamps, symbol_index: Indices) -> _Places:
    is_first: Mask = np.ones(len(start), dtype=np.bool_)
    is_first[1:] = (start[1:] != start[:-1]) | (symbol_index[1:] != symbol_index[:-1])
    return np.flatnonzero(is_first)


def _empty(fields: int) -> MinuteBars:
    nothing = np.empty(0, dtype=np.int64)
    return MinuteBars(
        start_ns=nothing,
        symbol_index=np.empty(0, dtype=np.int32),
        values=np.empty((fields, 0)),
        rows=nothing,
        first_ns=nothing,
        last_ns=nothing,
    )


class _Trades(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    at_ns: Stamps
    price: Floats
    size: Floats
    symbol_index: Indices
    rows: Stamps
    sets: Sets

    def following(self, others: "_Trades") -> "_Trades":
        return _Trades(
            at_ns=np.concatenate([others.at_ns, self.at_ns]),
            price=np.concatenate([others.price, self.price]),
            size=np.concatenate([others.size, self.size]),
            symbol_index=np.concatenate([others.symbol_index, self.symbol_index]),
            rows=np.concatenate([others.rows, self.rows]),
            sets=np.concatenate([others.sets, self.sets]),
        )

    def of(self, keep: Mask) -> "_Trades":
        return _Trades(
            at_ns=self.at_ns[keep],
            price=self.price[keep],
            size=self.size[keep],
            symbol_index=self.symbol_index[keep],
            rows=self.rows[keep],
            sets=self.sets[keep],
        )

    def folded(self, step_ns: Nanos) -> MinuteBars:
        sets = None if bool((self.sets == _ALL).all()) else self.sets
        return fold_ticks(self.at_ns, self.price, self.size, self.symbol_index, self.rows, step_ns, sets=sets)


class TickFolder:
    """Folds trades that come piece by piece, in memory bounded by their bars.

    The newest minute of a piece is held back until it is over, so that a file in order of time gives the same bars to
    the last bit wherever it was cut.

    Args:
        step_ns: the length of the bars.
    """

    def __init__(self, step_ns: Nanos = MINUTE_NS) -> None:
        self._step_ns = step_ns
        self._parts: list[MinuteBars] = []
        self._held: _Trades | None = None

    def add(
        self,
        at_ns: Stamps,
        price: Floats,
        size: Floats,
        symbol_index: Indices,
        rows: Stamps,
        *,
        sets: Sets | None = None,
    ) -> None:
        """Take some trades, as ``fold_ticks`` does."""
        if not len(at_ns):
            return
        sets = np.full(len(at_ns), _ALL, dtype=np.uint8) if sets is None else sets
        trades = _Trades(at_ns=at_ns, price=price, size=size, symbol_index=symbol_index, rows=rows, sets=sets)
        if self._held is not None:
            trades = trades.following(self._held)
        newest = int(trades.at_ns.max())
        is_over: Mask = trades.at_ns < newest - newest % self._step_ns
        if is_over.any():
            self._parts.append(trades.of(is_over).folded(self._step_ns))
        self._held = trades.of(~is_over)

    def finish(self) -> MinuteBars:
        """Return the bars of all trades; none of a minute in which no trade may set a price."""
        if self._held is not None:
            self._parts.append(self._held.folded(self._step_ns))
            self._held = None
        bars = merged(self._parts) if self._parts else _empty(TRADES + 1)
        has_price: Mask = ~np.isnan(bars.values[OPEN])
        return bars if has_price.all() else _of(bars, has_price)
