"""Derived bars: reductions over blocks of the grid. Nothing is invented: no base bar, no derived bar."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from messages.columns import CLOSE, HIGH, LOW, OPEN, TRADES, VOLUME, VWAP, Floats, Indices, Mask


def fold(values: Floats, present: Mask, edges: Indices) -> tuple[Floats, Indices]:
    """Reduce base bars to bars of blocks.

    Args:
        values: slots x fields x symbols; NaN where there is no bar.
        present: slots x symbols; whether there is a bar.
        edges: where each block begins, ascending, and at the end where the last one ends.

    Returns:
        blocks x fields x symbols (NaN where a block has no bar), and blocks x symbols: how many base bars.
    """
    first, last = int(edges[0]), int(edges[-1])
    starts = edges[:-1] - first
    inside, here = values[first:last], present[first:last]
    folded = np.empty((len(starts), *values.shape[1:]), dtype=np.float64)
    if bool(here.all()):
        counts = np.broadcast_to(np.diff(edges)[:, None], (len(starts), values.shape[2])).astype(np.int32)
        folded[:, OPEN] = inside[starts, OPEN]
        folded[:, CLOSE] = inside[edges[1:] - first - 1, CLOSE]
        folded[:, VOLUME] = np.add.reduceat(inside[:, VOLUME], starts, axis=0)
    else:
        counts = np.add.reduceat(here.astype(np.int32), starts, axis=0)
        offsets = range(int(np.diff(edges).max()))
        folded[:, OPEN] = _latest_of(inside[:, OPEN], here, edges - first, reversed(offsets))
        folded[:, CLOSE] = _latest_of(inside[:, CLOSE], here, edges - first, offsets)
        folded[:, VOLUME] = np.add.reduceat(np.where(here, inside[:, VOLUME], 0.0), starts, axis=0)
        folded[:, VOLUME][counts == 0] = np.nan
    folded[:, HIGH] = np.fmax.reduceat(inside[:, HIGH], starts, axis=0)
    folded[:, LOW] = np.fmin.reduceat(inside[:, LOW], starts, axis=0)
    if values.shape[1] > VWAP:
        _fold_extra(folded, inside, starts)
    return folded, counts


def fold_block(values: Floats, present: Mask | None) -> tuple[Floats, Indices | None]:
    """Reduce one block: what ``fold`` does, at the cost that the stream can bear.

    Args:
        values: slots x fields x symbols of the block.
        present: slots x symbols; whether there is a bar. ``None``: everywhere.

    Returns:
        fields x symbols, and how many base bars each has; ``None``: all of them.
    """
    if present is not None or values.shape[1] > VWAP:
        if present is None:
            present = np.ones((len(values), values.shape[2]), dtype=np.bool_)
        folded, counts = fold(values, present, np.array([0, len(values)], dtype=np.int32))
        return folded[0], None if bool((counts == len(values)).all()) else counts[0]
    block = np.empty(values.shape[1:], dtype=np.float64)
    block[OPEN] = values[0, OPEN]
    np.maximum.reduce(values[:, HIGH], axis=0, out=block[HIGH])
    np.minimum.reduce(values[:, LOW], axis=0, out=block[LOW])
    block[CLOSE] = values[-1, CLOSE]
    np.add.reduce(values[:, VOLUME], axis=0, out=block[VOLUME])
    return block, None


def vwap(volume: Floats, price: Floats) -> Floats:
    """Return the volume-weighted mean price down the first axis; NaN where nothing was traded."""
    total = np.nansum(volume, axis=0)
    weighted = np.nansum(volume * price, axis=0)
    mean: Floats = np.divide(weighted, total, out=np.full_like(total, np.nan), where=total > 0)
    return mean


def _fold_extra(folded: Floats, inside: Floats, starts: npt.NDArray[np.int32]) -> None:
    price, volume = inside[:, VWAP], inside[:, VOLUME]
    known = np.isfinite(price)
    weight = np.add.reduceat(np.where(known, volume, 0.0), starts, axis=0)
    amount = np.add.reduceat(np.where(known, volume * price, 0.0), starts, axis=0)
    folded[:, VWAP] = np.divide(amount, weight, out=np.full_like(weight, np.nan), where=weight > 0)
    trades = inside[:, TRADES]
    counted = np.isfinite(trades)
    folded[:, TRADES] = np.add.reduceat(np.where(counted, trades, 0.0), starts, axis=0)
    folded[:, TRADES][~np.logical_or.reduceat(counted, starts, axis=0)] = np.nan


def _latest_of(column: Floats, here: Mask, edges: Indices, offsets: Iterable[int]) -> Floats:
    """Return for every block the last bar met when its slots are visited by these offsets; NaN where there is none."""
    starts, ends = edges[:-1], edges[1:]
    met = np.full((len(starts), column.shape[1]), np.nan)
    for offset in offsets:
        blocks = np.flatnonzero(starts + offset < ends)
        slots = starts[blocks] + offset
        met[blocks] = np.where(here[slots], column[slots], met[blocks])
    return met
