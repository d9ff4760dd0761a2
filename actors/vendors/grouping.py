"""The bars of many files by day: one merge a day, and every file is still told what became of its own rows."""

from collections.abc import Iterator

import msgspec
import numpy as np
import numpy.typing as npt

from actors.kernel.ports import BarStore, StoredDay
from actors.vendors.judging import FileBars, widened
from actors.vendors.report import FileReport
from messages.columns import FIELDS, BarBatch, Floats, Indices, Mask, Stamps, freeze
from messages.values import MINUTE_NS, Verdict

_Places = npt.NDArray[np.intp]
_SPARSE = 8
"""A table of cells may have this many times as many places as there are bars, before sorting is cheaper."""


class _Part(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One file's bars of one day, in the order of the file."""

    file: int
    symbol_index: Indices
    start_ns: Stamps
    values: Floats


class Day(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """All bars of one day, in the order in which they were read; ``file`` is the place of each in the reports."""

    calendar: str
    date: str
    symbols: tuple[str, ...]
    symbol_index: Indices
    start_ns: Stamps
    values: Floats
    file: npt.NDArray[np.int32]


class Pile:
    """Takes the bars of files and gives them back by day."""

    def __init__(self) -> None:
        self._symbols: dict[str, int] = {}
        self._days: dict[tuple[str, str], list[_Part]] = {}

    def __len__(self) -> int:
        return len(self._days)

    def add(self, file: int, calendar: str, bars: FileBars) -> None:
        """Take the judged bars of the file that has this place among the reports."""
        assert bars.assignment is not None
        place = np.array([self._symbols.setdefault(name, len(self._symbols)) for name in bars.symbols], np.int32)
        whole = _Part(file=file, symbol_index=place[bars.symbol_index], start_ns=bars.start_ns, values=bars.values)
        for date, part in _by_date(whole, bars.assignment.dates, bars.assignment.date_index):
            self._days.setdefault((calendar, date), []).append(part)

    def take(self) -> Iterator[Day]:
        """Give the days back, calendar by calendar and in order of time, and forget each."""
        names = tuple(self._symbols)
        for calendar, date in sorted(self._days):
            yield _day(calendar, date, self._days.pop((calendar, date)), names)


def _by_date(whole: _Part, dates: tuple[str, ...], date_index: Indices) -> Iterator[tuple[str, _Part]]:
    if len(date_index) and date_index[0] == date_index[-1] and (date_index == date_index[0]).all():
        yield dates[date_index[0]], whole
        return
    if np.any(date_index[1:] < date_index[:-1]):
        order = np.argsort(date_index, kind="stable")
        date_index = date_index[order]
        whole = _rows(whole, order)
    edges = np.searchsorted(date_index, np.arange(len(dates) + 1)).tolist()
    for date, first, last in zip(dates, edges, edges[1:], strict=False):
        if first < last:
            yield date, _rows(whole, slice(first, last))


def _rows(part: _Part, rows: "_Places | slice") -> _Part:
    return _Part(
        file=part.file,
        symbol_index=part.symbol_index[rows],
        start_ns=part.start_ns[rows],
        values=part.values[:, rows],
    )


def _day(calendar: str, date: str, parts: list[_Part], names: tuple[str, ...]) -> Day:
    fields = max(len(part.values) for part in parts)
    index = np.concatenate([part.symbol_index for part in parts])
    has_bars = np.bincount(index, minlength=len(names)) > 0
    present = sorted((names[place], place) for place in np.flatnonzero(has_bars).tolist())
    renumbered = np.zeros(len(names), dtype=np.int32)
    renumbered[[place for _, place in present]] = np.arange(len(present), dtype=np.int32)
    return Day(
        calendar=calendar,
        date=date,
        symbols=tuple(name for name, _ in present),
        symbol_index=renumbered[index],
        start_ns=np.concatenate([part.start_ns for part in parts]),
        values=np.concatenate([widened(part.values, fields) for part in parts], axis=1),
        file=np.repeat([np.int32(part.file) for part in parts], [len(part.start_ns) for part in parts]),
    )


def settle(day: Day, store: BarStore, reports: list[FileReport], *, tz: str, is_stored: bool, write: bool) -> None:
    """Merge a day into the store, and count for every file what its rows did.

    Rows are taken in the order in which they were read: the first of a cell is held against the store, every
    further one against the row before it, and the last one stays.

    Args:
        day: its bars.
        store: where they go.
        reports: whose counts grow.
        tz: the exchange's zone.
        is_stored: whether the store has the day already.
        write: whether to merge, or only to count.
    """
    cells = (day.start_ns - day.start_ns.min()) // MINUTE_NS * len(day.symbols) + day.symbol_index
    last, previous = _sequence(cells)
    batch = BarBatch(
        symbols=day.symbols,
        symbol_index=freeze(day.symbol_index[last]),
        start_ns=freeze(day.start_ns[last]),
        values=freeze(np.ascontiguousarray(day.values[:, last])),
    )
    stored = store.read(day.calendar, day.date, day.symbols) if is_stored else None
    _count(day, previous, stored, reports)
    if write:
        verdicts = np.full(len(batch), Verdict.STREAMED, dtype=np.uint8)
        store.merge(day.calendar, day.date, StoredDay(bars=batch, verdicts=freeze(verdicts), tz=tz))


def _sequence(cells: Stamps) -> "tuple[_Places, _Places | None]":
    """Return the last row of each cell, cells ascending; and for each row the one before it in its cell, or -1.

    Where no cell occurs twice the second is ``None``.
    """
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


def _count(day: Day, previous: "_Places | None", stored: StoredDay | None, reports: list[FileReport]) -> None:
    is_known = np.zeros(len(day.start_ns), dtype=np.bool_)
    is_same = np.zeros(len(day.start_ns), dtype=np.bool_)
    if previous is not None:
        again = np.flatnonzero(previous >= 0)
        is_known[again] = True
        is_same[again] = _same(day.values[:, previous[again]], day.values[:, again])
        _add(
            reports, "contradictions", day.file[again[~is_same[again] & (day.file[previous[again]] == day.file[again])]]
        )
    if stored is not None:
        first = np.flatnonzero(~is_known)
        place = _places_in(stored.bars, day, first)
        rows, there = first[place >= 0], place[place >= 0]
        is_known[rows] = True
        is_same[rows] = _same(stored.bars.values[:, there], day.values[:, rows])
    _add(reports, "kept", day.file[~is_known])
    _add(reports, "duplicates", day.file[is_known & is_same])
    _add(reports, "corrected", day.file[is_known & ~is_same])


def _add(reports: list[FileReport], name: str, files: npt.NDArray[np.int32]) -> None:
    counts = np.bincount(files)
    for file in np.flatnonzero(counts).tolist():
        setattr(reports[file], name, getattr(reports[file], name) + int(counts[file]))


def _places_in(bars: BarBatch, day: Day, rows: _Places) -> _Places:
    """Return where the cells of these rows stand in a batch, -1 where they do not."""
    number = {symbol: index for index, symbol in enumerate(bars.symbols)}
    table = np.array([number.get(symbol, -1) for symbol in day.symbols], dtype=np.int64)
    base, width = int(min(bars.start_ns[0], day.start_ns.min())) if len(bars) else 0, len(bars.symbols) + 1
    theirs = (bars.start_ns - base) // MINUTE_NS * width + bars.symbol_index + 1
    ours = (day.start_ns[rows] - base) // MINUTE_NS * width + table[day.symbol_index[rows]] + 1
    place = np.minimum(np.searchsorted(theirs, ours), len(theirs) - 1)
    return np.where(theirs[place] == ours, place, -1) if len(theirs) else np.full(len(rows), -1)


def _same(old: Floats, new: Floats) -> Mask:
    """Return which bars say nothing new: an unknown vwap or number of trades does not."""
    same = np.ones(new.shape[1], dtype=np.bool_)
    for row in range(len(new)):
        was = old[row] if row < len(old) else np.full(new.shape[1], np.nan)
        same &= (was == new[row]) | np.isnan(new[row]) if row >= len(FIELDS) else was == new[row]
    return same
