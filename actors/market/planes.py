"""A day as dense planes, one cell for each expected minute and symbol; and runs of verdicts as planes and back."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import numpy as np

from actors.market.axis import SessionAxis
from messages.tables.columns import BarBatch, Floats, Indices, Mask, Verdicts
from messages.tables.runs import Runs
from messages.values import FIRST_WITH_BAR, Nanos, Verdict, VerdictRun

_Legend = list[tuple[Verdict, str]]


def spread(
    axis: SessionAxis, symbols: Sequence[str], bars: BarBatch, verdicts: Verdicts, fields: int
) -> tuple[Floats, Verdicts]:
    """Scatter the bars of a day into planes; those of other minutes or other symbols are left out.

    Args:
        axis: the session's slots.
        symbols: a name for each column.
        bars: in any order, no cell twice.
        verdicts: for each bar its verdict.
        fields: how many fields the plane of values has.

    Returns:
        Values, slots x fields x symbols, NaN where nothing is known; and verdicts, slots x symbols.
    """
    values = np.empty((axis.slots, fields, len(symbols)))
    values[:, len(bars.values) :] = np.nan
    plane = np.zeros((axis.slots, len(symbols)), dtype=np.uint8)
    columns = bars.symbol_index
    if bars.symbols != tuple(symbols):
        place = {symbol: column for column, symbol in enumerate(symbols)}
        columns = np.array([place.get(symbol, -1) for symbol in bars.symbols], dtype=np.int32)[bars.symbol_index]
    slots = axis.slots_of(bars.start_ns)
    rows = np.flatnonzero((slots >= 0) & (columns >= 0))
    cells = slots[rows].astype(np.intp) * len(symbols) + columns[rows]
    column = np.full(plane.size, np.nan)
    for field in range(min(fields, len(bars.values))):
        column[cells] = bars.values[field].take(rows)  # one index is thrice as fast as three into values
        values[:, field] = column.reshape(plane.shape)
    plane.ravel()[cells] = verdicts.take(rows)
    return values, plane


def with_fields(values: Floats, fields: int) -> Floats:
    """Return fields x bars with so many fields at least: those that nobody knows are NaN."""
    missing = fields - len(values)
    return values if missing <= 0 else np.vstack([values, np.full((missing, values.shape[1]), np.nan)])


def with_runs(axis: SessionAxis, symbols: Sequence[str], verdicts: Verdicts, runs: Collection[VerdictRun]) -> Verdicts:
    """Return a plane of verdicts in which these runs hold too, where there is no bar; NO_TRADE outranks ABANDONED."""
    if not runs:
        return verdicts
    owners, legend = _painted(axis, symbols, runs)
    told = np.array([Verdict.MISSING, *(verdict for verdict, _ in legend)], dtype=np.uint8)[owners]
    return np.where(verdicts < FIRST_WITH_BAR, np.maximum(verdicts, told), verdicts)


def pruned(
    axis: SessionAxis, symbols: Sequence[str], has_bar: Mask, runs: Collection[VerdictRun]
) -> tuple[VerdictRun, ...]:
    """Return what is left of runs where minutes have bars by now: sorted by symbol and time, no minute twice.

    Where runs overlap NO_TRADE outranks ABANDONED, and of equals the later one stays. Runs of other symbols or
    minutes are left out, and none spans a break.
    """
    return left_of(axis, symbols, has_bar, runs).each() if runs else ()


def left_of(axis: SessionAxis, symbols: Sequence[str], has_bar: Mask, runs: Collection[VerdictRun]) -> Runs:
    """Return what ``pruned`` does, by the column."""
    owners, legend = _painted(axis, symbols, runs)
    owners[has_bar] = 0
    return _runs(axis, symbols, owners, legend)


def told(
    axis: SessionAxis, symbols: Sequence[str], runs: Iterable[VerdictRun], number_of: Callable[[str], int]
) -> tuple[Verdicts, Verdicts]:
    """Return runs as planes, slots x symbols: the verdict of each cell, and the number of who told it."""
    owners, legend = _painted(axis, symbols, runs)
    verdicts = np.array([Verdict.MISSING, *(verdict for verdict, _ in legend)], dtype=np.uint8)
    numbers = np.array([0, *(number_of(source) for _, source in legend)], dtype=np.uint8)
    return verdicts[owners], numbers[owners]


def runs_told(
    axis: SessionAxis, symbols: Sequence[str], verdicts: Verdicts, numbers: Verdicts, names: Mapping[int, str]
) -> tuple[VerdictRun, ...]:
    """Return the cells that are ABANDONED or NO_TRADE as runs; what ``told`` does, the other way round."""
    is_told = (verdicts > Verdict.MISSING) & (verdicts < FIRST_WITH_BAR)
    if not is_told.any():
        return ()
    keys = np.where(is_told, verdicts.astype(np.int32) << 8 | numbers, 0)
    unique, owners = np.unique(keys, return_inverse=True)
    legend = [(Verdict(key >> 8), names.get(key & 0xFF, "")) for key in unique.tolist() if key]
    shift = 0 if 0 in unique else 1
    return _runs(axis, symbols, owners.reshape(keys.shape).astype(np.int32) + shift, legend).each()


def untold(
    axis: SessionAxis, symbols: Sequence[str], verdicts: Verdicts, runs: Collection[VerdictRun]
) -> tuple[VerdictRun, ...]:
    """Return the cells that are ABANDONED or NO_TRADE without a run that says so, as runs of nobody."""
    is_known = (verdicts > Verdict.MISSING) & (verdicts < FIRST_WITH_BAR)
    if not is_known.any():
        return ()
    left = np.where(is_known & (verdicts > with_runs(axis, symbols, np.zeros_like(verdicts), runs)), verdicts, 0)
    return runs_told(axis, symbols, left.astype(np.uint8), np.zeros_like(verdicts), {})


def _painted(axis: SessionAxis, symbols: Sequence[str], runs: Iterable[VerdictRun]) -> tuple[Indices, _Legend]:
    """Return for each cell who told its verdict, as a place in the legend counted from 1; 0: nobody."""
    place = {symbol: column for column, symbol in enumerate(symbols)}
    known = sorted((run for run in runs if run.symbol in place), key=lambda run: run.verdict)
    numbers: dict[tuple[Verdict, str], int] = {}
    number = np.array([numbers.setdefault((run.verdict, run.source), len(numbers) + 1) for run in known], np.int32)
    column = np.array([place[run.symbol] for run in known], dtype=np.int32)
    first = _slots_before(axis, [run.start_ns for run in known])
    length = np.maximum(_slots_before(axis, [run.end_ns for run in known]) - first, 0)
    rows = np.arange(length.sum()) + np.repeat(first - (np.cumsum(length) - length), length)
    owners = np.zeros((axis.slots, len(symbols)), dtype=np.int32)
    # Where cells are painted twice the last one stays.
    owners[rows, np.repeat(column, length)] = np.repeat(number, length)
    return owners, list(numbers)


def _slots_before(axis: SessionAxis, instants: list[Nanos]) -> Indices:
    return np.searchsorted(axis.starts_ns, np.array(instants, dtype=np.int64)).astype(np.int32)


def _runs(axis: SessionAxis, symbols: Sequence[str], owners: Indices, legend: _Legend) -> Runs:
    by_symbol = np.ascontiguousarray(owners.T)
    begins = np.ones(by_symbol.shape, dtype=np.bool_)
    is_after_break = np.diff(axis.starts_ns) != axis.step_ns
    begins[:, 1:] = (by_symbol[:, 1:] != by_symbol[:, :-1]) | is_after_break
    first = np.flatnonzero(begins)
    last = np.append(first, begins.size)[1:] - 1
    is_told = by_symbol.ravel()[first] > 0
    first, last = first[is_told], last[is_told]
    return Runs(
        symbols=tuple(symbols),
        symbol_index=(first // axis.slots).astype(np.int32),
        told=tuple((source, verdict) for verdict, source in legend),
        told_index=by_symbol.ravel()[first] - 1,
        start_ns=axis.starts_ns[first % axis.slots],
        end_ns=axis.starts_ns[last % axis.slots] + axis.step_ns,
    )
