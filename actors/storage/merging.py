"""What it means to merge a day into a stored one: new bars are added, different ones correct, equal ones do nothing.

A cell is one minute of one symbol. An unknown (NaN) vwap or trades says nothing about a bar that is otherwise
the same, so a source without them never erases them; a bar whose five fields differ is replaced whole.

Two numbers are one where they agree to twelve digits. What a market says has fewer; the rest is how a program read a
decimal or summed sizes, and one history in two files differs by a last bit here and there. The number that was there
stays, so that nothing drifts.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date as calendar_date
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from actors.kernel.ports import MergeCounts, StoredDay
from messages.errors import DataError
from messages.tables.columns import EXTRA_FIELDS, FIELDS, BarBatch, Floats, Indices, Mask, Stamps, Verdicts, freeze
from messages.values import Gap, Interval, Nanos, Verdict

Places = npt.NDArray[np.intp]
Span: TypeAlias = tuple[Nanos, Nanos]

EVER: Span = (-(1 << 63), (1 << 63) - 1)
NOTHING = MergeCounts(added=0, corrected=0, duplicates=0)

_TWELVE_DIGITS = 1e-12
_AT_ONCE = 1 << 15
"""So many bars are looked at together: what is found of them stays in the cache."""

ROWS = (len(FIELDS), len(FIELDS) + len(EXTRA_FIELDS))


class _Alignment(NamedTuple):
    """How the given bars lie against the stored ones, both numbered by one symbol table."""

    symbols: tuple[str, ...]
    old_index: Indices
    new_index: Indices
    place: Places
    """For each given bar, the stored bar of its cell, or the one that it would stand before."""
    is_known: Mask
    """For each given bar, whether its cell is there already."""


class _Correction(NamedTuple):
    """The stored bars that change, the given bars they change to, and which of them are replaced whole."""

    old: Places
    new: Places
    is_whole: Mask


def merge_days(old: StoredDay | None, new: StoredDay) -> tuple[StoredDay, MergeCounts]:
    """Return what is stored after ``new`` is merged into ``old``, and what that changed.

    If ``new`` was lived through, each of its bars has its verdict afterwards; else one that was there keeps its own, or
    is corrected.
    Neither argument is changed. Where nothing changed the result is ``old`` as it was. The merged day keeps
    the old one's zone, has read-only arrays, and its symbol table names only symbols that have bars.

    Raises:
        DataError: the bars are not sorted, the columns do not fit together, or the intervals differ.
    """
    is_lived, new = new.is_lived, tidied(new)
    if old is None:
        return new, MergeCounts(added=len(new.bars), corrected=0, duplicates=0)
    if old.bars.interval != new.bars.interval:
        raise DataError(f"bars of {new.bars.interval} cannot be merged into a day of {old.bars.interval} bars")
    alignment = _align(old.bars, new.bars)
    correction = _corrections(old.bars, new.bars, alignment)
    known, corrected = int(np.count_nonzero(alignment.is_known)), len(correction.old)
    verdicts = old.verdicts.copy()
    verdicts[correction.old] = Verdict.CORRECTED
    if is_lived:
        verdicts[alignment.place[alignment.is_known]] = new.verdicts[alignment.is_known]
    retold = int(np.count_nonzero(np.delete(verdicts != old.verdicts, correction.old)))
    counts = MergeCounts(added=len(new.bars) - known, corrected=corrected, duplicates=known - corrected, retold=retold)
    if not counts.changes:
        return old, counts
    return tidied(_combined(old, new, alignment, correction, verdicts)), counts


def check_length(held: Interval | None, bars: BarBatch) -> None:
    """Check that the bars of a new day are as long as those that a store holds.

    Raises:
        DataError: they are not.
    """
    if held is not None and held != bars.interval:
        raise DataError(f"bars of {bars.interval} cannot be merged into a store of {held} bars; give them their own")


def merged_stretches(
    stored: Callable[[Span], StoredDay | None], stretches: Iterable[StoredDay]
) -> Iterator[tuple[StoredDay, MergeCounts]]:
    """Yield a stored day stretch by stretch as it is after a merge, and what that changed.

    Args:
        stored: gives what is stored of a span, or ``None``.
        stretches: to be merged into it, each with bars of one span of time, ascending.

    Raises:
        DataError: the bars are not sorted, the columns do not fit together, or the intervals differ.
    """
    begin = EVER[0]
    for new in stretches:
        first, end = int(new.bars.start_ns[0]), int(new.bars.start_ns[-1]) + 1
        if first < begin:
            raise DataError("the stretches of a day must follow each other in time")
        merged = merge_days(stored((begin, end)), new)
        del new
        yield merged
        del merged  # while the next one is made, this one need not be in memory
        begin = end
    rest = stored((begin, EVER[1]))
    if rest is not None and len(rest.bars):
        yield rest, NOTHING


def tidied(day: StoredDay) -> StoredDay:
    """Return the day with read-only arrays and a symbol table of only the symbols that have bars.

    Raises:
        DataError: the bars are not sorted, or the columns do not fit together.
    """
    bars = day.bars
    check_order(bars)
    if len(day.verdicts) != len(bars) or bars.values.shape[1] != len(bars) or len(bars.values) not in ROWS:
        raise DataError(f"a day of {len(bars)} bars needs as many verdicts and 5 or 7 rows of as many values")
    symbols, index = compacted(bars.symbols, bars.symbol_index)
    batch = BarBatch(
        symbols=symbols,
        symbol_index=_own(index),
        start_ns=_own(bars.start_ns),
        values=_own(bars.values),
        interval=bars.interval,
    )
    return StoredDay(bars=batch, verdicts=_own(day.verdicts), tz=day.tz)


def only(day: StoredDay, symbols: Sequence[str] | None, span: Span | None) -> StoredDay:
    """Return the day with the bars of these symbols alone, if any are named, and of this span, if one is given.

    Unknown symbols have no bars.
    """
    wanted = frozenset(symbols or day.bars.symbols)
    has_wanted = np.array([symbol in wanted for symbol in day.bars.symbols], dtype=np.bool_)
    keep = has_wanted[day.bars.symbol_index] & within(day.bars.start_ns, span or EVER)
    return tidied(StoredDay(bars=day.bars.where(keep), verdicts=day.verdicts[keep], tz=day.tz))


def without(day: StoredDay, gaps: Sequence[Gap]) -> tuple[StoredDay, int]:
    """Return a stored day without the bars that start in these gaps, and how many those are; with none ``day`` itself.

    The symbol table names only symbols that have bars left.
    """
    bars, keep = day.bars, np.ones(len(day.bars), dtype=np.bool_)
    place = {symbol: number for number, symbol in enumerate(bars.symbols)}
    for gap in gaps:
        first, end = np.searchsorted(bars.start_ns, (gap.start_ns, gap.end_ns)).tolist()
        places = [place[symbol] for symbol in gap.symbols if symbol in place]
        keep[first:end] &= ~np.isin(bars.symbol_index[first:end], places)
    count = int(np.count_nonzero(~keep))
    if not count:
        return day, 0
    return tidied(StoredDay(bars=bars.where(keep), verdicts=day.verdicts[keep], tz=day.tz)), count


def same(was: Floats, now: Floats) -> Mask:
    """Return where two numbers are one, to twelve digits; an unknown one is none."""
    is_same: Mask = was == now
    others = np.flatnonzero(~is_same)
    if len(others):
        one, two = was[others], now[others]
        with np.errstate(invalid="ignore"):  # of two infinities
            is_same[others] = np.abs(one - two) < _TWELVE_DIGITS * np.minimum(np.abs(one), np.abs(two))
    return is_same


def within(starts_ns: Stamps, span: Span) -> Mask:
    """Return which starts lie in a half-open span."""
    return (starts_ns >= span[0]) & (starts_ns < span[1])


def check_key(calendar: str, date: str) -> None:
    """Check that a day is named by a calendar and an ISO date.

    Raises:
        DataError: it is not.
    """
    if not calendar:
        raise DataError("a stored day needs the name of its calendar")
    if not is_session_date(date):
        raise DataError(f"{date!r} is no session date; write it as 2024-03-08")


def is_session_date(text: str) -> bool:
    """Return whether a text is a date written as ``2024-03-08``."""
    try:
        return calendar_date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def check_order(bars: BarBatch) -> None:
    """Check that bars are sorted by start and then by symbol, no cell twice.

    Raises:
        DataError: they are not.
    """
    symbols, starts, index = bars.symbols, bars.start_ns, bars.symbol_index
    blocks = (slice(first, first + _AT_ONCE + 1) for first in range(0, len(starts), _AT_ONCE))  # each with the next row
    is_in_order = len(index) == len(starts) and all(_ascend(starts[rows], index[rows]) for rows in blocks)
    if not is_in_order or symbols != tuple(sorted(set(symbols))):
        raise DataError("the bars of a stored day must be sorted by start and symbol, each minute of a symbol once")


def _ascend(starts: Stamps, index: Indices) -> bool:
    later = starts[1:] > starts[:-1]
    next_symbol = (starts[1:] == starts[:-1]) & (index[1:] > index[:-1])
    return bool((later | next_symbol).all())


def compacted(symbols: tuple[str, ...], index: Indices) -> tuple[tuple[str, ...], Indices]:
    """Return a symbol table of only the symbols that have bars, and for each bar its place in that."""
    for bars in (index[: 4 * len(symbols)], index):  # of most days the first minutes tell
        has_bars = np.bincount(bars, minlength=len(symbols)) > 0
        if has_bars.all():
            return symbols, index
    renumbered = (np.cumsum(has_bars) - 1).astype(np.int32)
    return tuple(symbols[place] for place in np.flatnonzero(has_bars).tolist()), renumbered[index]


def _own(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return freeze(array.copy()) if array.flags.writeable else array


def _align(old: BarBatch, new: BarBatch) -> _Alignment:
    symbols = tuple(sorted({*old.symbols, *new.symbols}))
    old_index, new_index = _renumbered(old, symbols), _renumbered(new, symbols)
    instants = np.union1d(_instants(old.start_ns), _instants(new.start_ns))
    # One number a cell, in the order in which bars are sorted.
    old_cells = np.searchsorted(instants, old.start_ns) * len(symbols) + old_index
    new_cells = np.searchsorted(instants, new.start_ns) * len(symbols) + new_index
    place = np.searchsorted(old_cells, new_cells)
    is_known = place < len(old_cells)
    is_known[is_known] = old_cells[place[is_known]] == new_cells[is_known]
    return _Alignment(symbols, old_index, new_index, place, is_known)


def _renumbered(batch: BarBatch, symbols: tuple[str, ...]) -> Indices:
    if batch.symbols == symbols:
        return batch.symbol_index
    place = {symbol: number for number, symbol in enumerate(symbols)}
    return np.array([place[symbol] for symbol in batch.symbols], dtype=np.int32)[batch.symbol_index]


def _instants(sorted_starts: Stamps) -> Stamps:
    is_next = sorted_starts[1:] != sorted_starts[:-1]
    return np.concatenate([sorted_starts[:1], sorted_starts[1:][is_next]])


def _corrections(old: BarBatch, new: BarBatch, alignment: _Alignment) -> _Correction:
    theirs = np.flatnonzero(alignment.is_known)
    ours = alignment.place[theirs]
    is_whole = np.zeros(len(theirs), dtype=np.bool_)
    for row in range(len(FIELDS)):
        was, now = old.values[row, ours], new.values[row, theirs]
        is_whole |= ~same(was, now) & ~(np.isnan(was) & np.isnan(now))
    changes = is_whole.copy()
    for row in range(len(FIELDS), len(new.values)):
        now = new.values[row, theirs]
        changes |= np.isfinite(now) & ~same(_row(old, row)[ours], now)
    return _Correction(ours[changes], theirs[changes], is_whole[changes])


def _row(batch: BarBatch, row: int) -> Floats:
    return batch.values[row] if row < len(batch.values) else np.full(len(batch), np.nan)


def _combined(
    old: StoredDay, new: StoredDay, alignment: _Alignment, correction: _Correction, verdicts: Verdicts
) -> StoredDay:
    added = np.flatnonzero(~alignment.is_known)
    before = alignment.place[added]

    def with_added(column: npt.NDArray[Any], given: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.insert(column, before, given[added])

    start_ns = with_added(old.bars.start_ns, new.bars.start_ns)
    values = np.empty((max(len(old.bars.values), len(new.bars.values)), len(start_ns)))
    for row in range(len(values)):
        values[row] = with_added(_corrected(old.bars, new.bars, correction, row), _row(new.bars, row))
    bars = BarBatch(
        symbols=alignment.symbols,
        symbol_index=freeze(with_added(alignment.old_index, alignment.new_index)),
        start_ns=freeze(start_ns),
        values=freeze(values),
        interval=old.bars.interval,
    )
    return StoredDay(bars=bars, verdicts=freeze(with_added(verdicts, new.verdicts)), tz=old.tz)


def _corrected(old: BarBatch, new: BarBatch, correction: _Correction, row: int) -> Floats:
    column, given = _row(old, row).copy(), _row(new, row)[correction.new]
    replaces = correction.is_whole | np.isfinite(given)
    column[correction.old[replaces]] = given[replaces]
    return column
