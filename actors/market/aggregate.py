"""Derived bars: reductions over blocks of the grid. Nothing is invented: no base bar, no derived bar."""

import itertools
from collections.abc import Callable, Iterator

import numpy as np

from messages.tables.columns import CLOSE, HIGH, LOW, OPEN, TRADES, VOLUME, VWAP, Floats, Indices, Mask, Stamps


def fold(values: Floats, present: Mask | None, edges: Indices) -> tuple[Floats, Indices]:
    """Reduce base bars to bars of blocks.

    Args:
        values: slots x fields x symbols; NaN where there is no bar.
        present: slots x symbols; whether there is a bar. ``None``: everywhere.
        edges: where each block begins, ascending, and at the end where the last one ends.

    Returns:
        blocks x fields x symbols (NaN where a block has no bar), and blocks x symbols: how many base bars.
    """
    folded = np.empty((len(edges) - 1, *values.shape[1:]), dtype=np.float64)
    counts = np.empty((len(edges) - 1, values.shape[2]), dtype=np.int32)
    for blocks, cells, length in _runs(edges):
        # Blocks of one length stand as an axis of their own: numpy reduces along it ten times as fast as by reduceat.
        shape = (blocks.stop - blocks.start, length)
        inside = values[cells].reshape(*shape, *values.shape[1:])
        here = None if present is None else present[cells]
        if here is None or bool(here.all()):
            counts[blocks] = length
            fold_full(folded[blocks], inside, inside[:, :, VOLUME])
        else:
            _fold_holed(folded[blocks], counts[blocks], inside, here.reshape(*shape, values.shape[2]))
        if values.shape[1] > VWAP:
            extra = _extra(inside[:, :, VWAP], inside[:, :, VOLUME], inside[:, :, TRADES], sum_of_slots)
            folded[blocks, VWAP], folded[blocks, TRADES] = extra
    return folded, counts


def fold_cells(
    values: Floats, present: Mask, first: Indices | Stamps, end: Indices | Stamps, columns: Indices | Stamps
) -> tuple[Floats, Indices]:
    """Reduce the base bars of some symbols' blocks, each block by itself, whatever their lengths.

    Args:
        values: slots x fields x symbols; NaN where there is no bar.
        present: slots x symbols; whether there is a bar.
        first: for each bar-to-be the slot in which its block begins.
        end: the slot in which the next one begins.
        columns: its symbol.

    Returns:
        fields x bars (NaN where a block has no base bar), and how many base bars each has.
    """
    lengths = end - first
    before = np.cumsum(lengths) - lengths
    number = np.repeat(np.arange(len(first)), lengths)
    slots, symbols = np.arange(len(number)) + np.repeat(first - before, lengths), np.repeat(columns, lengths)
    there = np.flatnonzero(present.take(slots * present.shape[1] + symbols))
    number = number[there]
    counts = np.bincount(number, minlength=len(first)).astype(np.int32)
    some = np.flatnonzero(counts)
    last = np.cumsum(counts)[some] - 1
    begin = last + 1 - counts[some]
    cells = (slots * (values.shape[1] * values.shape[2]) + symbols)[there]  # in the array laid out flat
    bars = np.full((values.shape[1], len(first)), np.nan)

    def base(field: int, cells: Stamps = cells) -> Floats:
        column: Floats = values.take(cells + field * values.shape[2])
        return column

    def total(column: Floats) -> Floats:
        sums: Floats = np.bincount(number, column, len(first)).astype(np.float64, copy=False)
        return sums

    if len(some):
        bars[OPEN, some], bars[CLOSE, some] = base(OPEN, cells[begin]), base(CLOSE, cells[last])
        bars[HIGH, some] = np.maximum.reduceat(base(HIGH), begin)
        bars[LOW, some] = np.minimum.reduceat(base(LOW), begin)
        # Not reduceat, which adds in pairs: see sum_of_slots.
        bars[VOLUME, some] = total(base(VOLUME))[some]
    if len(bars) > VWAP:
        bars[VWAP], bars[TRADES] = _extra(base(VWAP), base(VOLUME), base(TRADES), total)
    return bars, counts


def sum_of_slots(column: Floats) -> Floats:
    """Add up blocks x slots x symbols over the slots, one after the other.

    Where there is but one symbol, or slots lie next to each other in memory, as they do where symbols were picked from
    more, numpy would add in pairs; a sum must be the same to the last bit in any company.
    """
    if column.strides[1] < column.strides[2]:
        column = np.ascontiguousarray(column)
    total: Floats = np.add.accumulate(column, axis=1)[:, -1] if column.shape[2] == 1 else np.add.reduce(column, axis=1)
    return total


def _runs(edges: Indices) -> Iterator[tuple[slice, slice, int]]:
    """Yield each run of blocks of one length: which blocks, their slots, and the length."""
    lengths = edges[1:] - edges[:-1]
    bounds = [0, *(np.flatnonzero(lengths[1:] != lengths[:-1]) + 1).tolist(), len(lengths)]
    for first, end in itertools.pairwise(bounds):
        yield slice(first, end), slice(int(edges[first]), int(edges[end])), int(lengths[first])


def fold_full(folded: Floats, inside: Floats, volumes: Floats) -> None:
    """Reduce bars of blocks that have one in every cell, but for what else than the five fields is known of them.

    Args:
        folded: where to: blocks x fields x symbols.
        inside: base bars, or bars that were made of them: blocks x bars x fields x symbols.
        volumes: of the base bars, since a sum depends on how it is added up: blocks x slots x symbols.
    """
    folded[:, OPEN] = inside[:, 0, OPEN]
    np.maximum.reduce(inside[:, :, HIGH], axis=1, out=folded[:, HIGH])
    np.minimum.reduce(inside[:, :, LOW], axis=1, out=folded[:, LOW])
    folded[:, CLOSE] = inside[:, -1, CLOSE]
    folded[:, VOLUME] = sum_of_slots(volumes)


def _fold_holed(folded: Floats, counts: Indices, inside: Floats, here: Mask) -> None:
    """Reduce blocks x slots x fields x symbols, NaN where there is no bar."""
    np.add.reduce(here, axis=1, dtype=np.int32, out=counts)
    folded[:, OPEN] = _first(inside[:, :, OPEN], here)
    folded[:, CLOSE] = _first(inside[:, ::-1, CLOSE], here[:, ::-1])
    np.fmax.reduce(inside[:, :, HIGH], axis=1, out=folded[:, HIGH])
    np.fmin.reduce(inside[:, :, LOW], axis=1, out=folded[:, LOW])
    folded[:, VOLUME] = sum_of_slots(np.where(here, inside[:, :, VOLUME], 0.0))
    folded[:, VOLUME][counts == 0] = np.nan


def _first(column: Floats, here: Mask) -> Floats:
    """Return each block's first value that is there; of a block without any, one of its NaNs."""
    first = column[:, 0].copy()
    blocks, symbols = np.nonzero(~here[:, 0])  # few, so they alone are searched
    first[blocks, symbols] = column[blocks, here[blocks, :, symbols].argmax(axis=1), symbols]
    return first


def fold_block(values: Floats, present: Mask | None) -> tuple[Floats, Indices | None]:
    """Reduce one block: what ``fold`` does, at the cost that the stream can bear.

    Args:
        values: slots x fields x symbols of the block.
        present: slots x symbols; whether there is a bar. ``None``: everywhere.

    Returns:
        fields x symbols, and how many base bars each has; ``None``: all of them.
    """
    if present is not None or values.shape[1] > VWAP:
        folded, counts = fold(values, present, np.array([0, len(values)], dtype=np.int32))
        return folded[0], None if bool((counts == len(values)).all()) else counts[0]
    block = np.empty(values.shape[1:], dtype=np.float64)
    block[OPEN] = values[0, OPEN]
    np.maximum.reduce(values[:, HIGH], axis=0, out=block[HIGH])
    np.minimum.reduce(values[:, LOW], axis=0, out=block[LOW])
    block[CLOSE] = values[-1, CLOSE]
    block[VOLUME] = sum_of_slots(values[np.newaxis, :, VOLUME])
    return block, None


def _extra(price: Floats, volume: Floats, trades: Floats, total: Callable[[Floats], Floats]) -> tuple[Floats, Floats]:
    """Reduce mean prices and numbers of trades, as far as they are known; ``total`` adds up what belongs together."""
    known = np.isfinite(price)
    weight, amount = total(np.where(known, volume, 0.0)), total(np.where(known, volume * price, 0.0))
    mean = np.divide(amount, weight, out=np.full_like(weight, np.nan), where=weight > 0)
    counted = np.isfinite(trades)
    return mean, np.where(total(counted.astype(np.float64)) > 0, total(np.where(counted, trades, 0.0)), np.nan)
