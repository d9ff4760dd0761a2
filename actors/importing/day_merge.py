"""One merge a day, or of many small days, of the bars of many files: every file is told what became of its own rows."""

from collections import deque
from collections.abc import Callable, Iterator
from itertools import chain

import numpy as np
import numpy.typing as npt

from actors.importing.held.large_day import end_of_slot
from actors.importing.held.parts import Stretch, columns_at
from actors.importing.held.pile import Days
from actors.importing.large_certificate import SpanDigest
from actors.importing.report import NOT_WRITTEN, UNREADABLE, FileReport
from actors.kernel.ports import BarStore, StoredDay, StoredDays
from actors.storage.merging import same
from actors.storage.narrow.together import side_by_side
from messages.errors import DataError
from messages.tables.columns import FIELDS, BarBatch, Floats, Mask, freeze
from messages.values import ONE_MINUTE, Interval, Verdict

_Places = npt.NDArray[np.intp]
_SPARSE = 8
"""A table of cells may have this many times as many places as there are bars, before sorting is cheaper."""


class Settled:
    """What the rows of a day did: for each file, by its place among the reports, how many did what."""

    def __init__(self) -> None:
        self._counts: list[dict[str, npt.NDArray[np.int64]]] = []
        self.replaced = 0
        """How many rows replace a different one of the same import."""
        self.why = ""
        """Why what the store has of these days cannot be read, if it cannot."""

    @classmethod
    def refused(cls, days: Days, why: str) -> "Settled":
        """Count all rows of days as refused, for what the store has of them cannot be read."""
        settled = cls()
        settled.why = why.rstrip(".")
        settled._counts = [{UNREADABLE: np.bincount(stretch.file)} for stretch in days.cells()]
        return settled

    def count(self, stretch: Stretch, previous: "_Places | None", stored: StoredDay | None) -> None:
        """Take a stretch of the day.

        Args:
            stretch: its bars.
            previous: for each the one before it in its cell, or -1; ``None``: no cell has two.
            stored: what the store has of it.
        """
        counts, replaced = _counted(stretch, previous, stored)
        self._counts.append(counts)
        self.replaced += replaced

    def add_to(self, reports: list[FileReport]) -> None:
        """Let the counts of the files grow."""
        for name, counts in chain.from_iterable(of_stretch.items() for of_stretch in self._counts):
            for file in np.flatnonzero(counts).tolist():
                if name == UNREADABLE:
                    _refuse(reports[file], int(counts[file]), self.why)
                    continue
                setattr(reports[file], name, getattr(reports[file], name) + int(counts[file]))


def _refuse(report: FileReport, count: int, why: str) -> None:
    report.reject(UNREADABLE, count, [])
    said = f"{why}{NOT_WRITTEN}"
    if said not in report.warnings:
        report.warnings.append(said)


def settle(
    days: Days,
    store: BarStore,
    *,
    tz: str,
    is_stored: Callable[[str], bool],
    write: bool,
    base: Interval = ONE_MINUTE,
    spans: SpanDigest | None = None,
) -> Settled:
    """Merge days into the store, and count for every file what its rows did. Days may be settled at once.

    Rows are taken in the order in which they were read: the first of a cell is held against the store, every
    further one against the row before it, and the last one stays.

    Args:
        days: their bars.
        store: where they go.
        tz: the exchange's zone.
        is_stored: says whether the store has a day already.
        write: whether to merge, or only to count.
        base: the length of the bars.
        spans: takes what passes by of a day that is not whole.

    Raises:
        DataError: the days cannot be written; those of which the store has what cannot be read are counted as refused.
    """
    try:
        return _settled(days, store, tz=tz, is_stored=is_stored, write=write, base=base, spans=spans)
    except DataError as error:
        if not _is_damaged(store, days):
            raise
        return Settled.refused(days, str(error))


def _is_damaged(store: BarStore, days: Days) -> bool:
    """Return whether the store has something of these days that cannot be read."""
    try:
        for date in days.dates:
            store.read(days.calendar, date)
    except DataError:
        return True
    return False


def _settled(
    days: Days,
    store: BarStore,
    *,
    tz: str,
    is_stored: Callable[[str], bool],
    write: bool,
    base: Interval,
    spans: SpanDigest | None,
) -> Settled:
    settled = Settled()
    if len(days.dates) > 1:
        merged = _together(days, store, settled, tz=tz, is_stored=is_stored, base=base)
        if write:
            store.merge_days(days.calendar, merged)
        return settled
    stretches = _merged(days, store, settled, tz=tz, is_stored=is_stored(days.date), base=base, spans=spans)
    if not write:
        deque(stretches, maxlen=0)
    elif days.is_whole:
        store.merge(days.calendar, days.date, next(stretches))
    else:
        store.merge_stretches(days.calendar, days.date, days.symbols, stretches)
    return settled


def _together(
    days: Days, store: BarStore, settled: Settled, *, tz: str, is_stored: Callable[[str], bool], base: Interval
) -> StoredDays:
    """Return several days as they are to be merged, and count their rows."""
    starts, begins = next(days.stretches()).start_ns, np.append(0, days.ends[:-1])
    first, last = np.minimum.reduceat(starts, begins), np.maximum.reduceat(starts, begins)
    if not any(map(is_stored, days.dates)) and np.all(last[:-1] < first[1:]):
        (whole,) = _merged(days, store, settled, tz=tz, is_stored=False, base=base)
        ends = np.append(np.searchsorted(whole.bars.start_ns, first[1:]), len(whole.bars))
        return StoredDays(dates=days.dates, ends=ends, bars=whole.bars, verdicts=whole.verdicts, tz=tz)
    # Some are held against what is there; or one was traded, outside of its session, before the one before it ended.
    return side_by_side(
        {
            day.date: next(_merged(day, store, settled, tz=tz, is_stored=is_stored(day.date), base=base))
            for day in days.each()
        }
    )


def _merged(
    days: Days,
    store: BarStore,
    settled: Settled,
    *,
    tz: str,
    is_stored: bool,
    base: Interval,
    spans: SpanDigest | None = None,
) -> Iterator[StoredDay]:
    """Yield stretch by stretch what is to be merged, and count its rows."""
    for stretch in days.stretches():
        last, previous = _sequence(stretch, base)
        batch = BarBatch(
            symbols=stretch.symbols,
            symbol_index=freeze(stretch.symbol_index[last]),
            start_ns=freeze(stretch.start_ns[last]),
            values=freeze(stretch.values[:, last] if isinstance(last, slice) else columns_at(stretch.values, last)),
            interval=base,
        )
        span = None if days.is_whole else (int(batch.start_ns[0]), int(batch.start_ns[-1]) + 1)
        stored = store.read(days.calendar, days.date, stretch.symbols, span) if is_stored else None
        settled.count(stretch, previous, stored)
        del stretch, stored, last, previous  # while the batch is merged, they need not be in memory
        verdicts = np.full(len(batch), Verdict.STREAMED, dtype=np.uint8)
        day = StoredDay(bars=batch, verdicts=freeze(verdicts), tz=tz)
        if spans is not None:
            spans.take(day, end_of_slot(int(batch.start_ns[-1])))
        yield day
        del day, batch


def _sequence(stretch: Stretch, base: Interval) -> "tuple[_Places | slice, _Places | None]":
    """Return the last row of each cell, cells ascending; and for each row the one before it in its cell, or -1.

    Where no cell occurs twice the second is ``None``.
    """
    starts, index = stretch.start_ns, stretch.symbol_index
    if np.all((starts[1:] > starts[:-1]) | ((starts[1:] == starts[:-1]) & (index[1:] > index[:-1]))):
        return slice(None), None
    cells = (starts - starts.min()) // base.span_ns * len(stretch.symbols) + index
    size = int(cells.max()) + 1
    if size <= _SPARSE * len(cells):
        table = np.full(size, -1, dtype=np.intp)
        table[cells] = np.arange(len(cells))
        last = table[table >= 0]
        if len(last) == len(cells):
            return last, None
    order = np.argsort(cells, kind="stable")
    repeats = cells[order][1:] == cells[order][:-1]
    previous = np.full(len(cells), -1, dtype=np.intp)
    previous[order[1:][repeats]] = order[:-1][repeats]
    return order[np.append(~repeats, True)], previous if repeats.any() else None


def _counted(
    day: Stretch, previous: "_Places | None", stored: StoredDay | None
) -> tuple[dict[str, npt.NDArray[np.int64]], int]:
    """Return by file how many rows did what, and how many replace a different row of the same import."""
    is_known = np.zeros(len(day.start_ns), dtype=np.bool_)
    is_same = np.zeros(len(day.start_ns), dtype=np.bool_)
    contradicts, replaced = np.empty(0, dtype=np.intp), 0
    if previous is not None:
        again = np.flatnonzero(previous >= 0)
        is_known[again] = True
        is_same[again] = _same(day.values[:, previous[again]], day.values[:, again])
        replaced = int(np.count_nonzero(~is_same[again]))
        contradicts = again[~is_same[again] & (day.file[previous[again]] == day.file[again])]
    if stored is not None:
        first = np.flatnonzero(~is_known)
        place = _places_in(stored.bars, day, first)
        rows, there = first[place >= 0], place[place >= 0]
        is_known[rows] = True
        is_same[rows] = _same(stored.bars.values[:, there], day.values[:, rows])
    files = {
        "contradictions": day.file[contradicts],
        "kept": day.file[~is_known],
        "duplicates": day.file[is_known & is_same],
        "corrected": day.file[is_known & ~is_same],
    }
    return {name: np.bincount(of_rows) for name, of_rows in files.items() if len(of_rows)}, replaced


def _places_in(bars: BarBatch, day: Stretch, rows: _Places) -> _Places:
    """Return where the cells of these rows stand in a batch, -1 where they do not."""
    number = {symbol: index for index, symbol in enumerate(bars.symbols)}
    table = np.array([number.get(symbol, -1) for symbol in day.symbols], dtype=np.int64)
    step_ns = bars.interval.span_ns
    earliest, width = int(min(bars.start_ns[0], day.start_ns.min())) if len(bars) else 0, len(bars.symbols) + 1
    theirs = (bars.start_ns - earliest) // step_ns * width + bars.symbol_index + 1
    ours = (day.start_ns[rows] - earliest) // step_ns * width + table[day.symbol_index[rows]] + 1
    place = np.minimum(np.searchsorted(theirs, ours), len(theirs) - 1)
    return np.where(theirs[place] == ours, place, -1) if len(theirs) else np.full(len(rows), -1)


def _same(old: Floats, new: Floats) -> Mask:
    """Return which bars say nothing new: an unknown vwap or number of trades does not."""
    found = np.ones(new.shape[1], dtype=np.bool_)
    for row in range(len(new)):
        was = old[row] if row < len(old) else np.full(new.shape[1], np.nan)
        found &= same(was, new[row]) | np.isnan(new[row]) if row >= len(FIELDS) else same(was, new[row])
    return found
