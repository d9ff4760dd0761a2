"""The bars of all files of an import, held by day: in memory up to a bound, and beyond it in a temporary file."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from actors.importing.file_check import FileBars
from actors.importing.held.large_day import Deal, bytes_of_row, dealt_out, gathered, renumbered, slots_of
from actors.importing.held.parts import Part, Stretch
from actors.importing.held.sheets import COUNT, FILE, NUMBER, Pieces, Sheets
from actors.kernel.ports import Extent
from messages.tables.columns import Indices, Stamps

HELD_BYTES = 64 << 20
"""How much an import holds in memory before it moves what it has to disk."""

_DAY = 1 << 32
"""Pieces are numbered by their day, so many numbers apart, and, if a block has many rows of one, by time of day."""
_DEALT_ROWS = 1 << 14

_TOGETHER_BYTES = 16 << 20
"""As many bytes of days that are given back together."""


class Days(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """All bars of one day, or of several small ones of a calendar.

    Of one day they come stretch by stretch in order of time: it may be too large to be in memory whole.
    """

    calendar: str
    dates: tuple[str, ...]
    """Ascending."""
    ends: Stamps
    """For each day the place after its last bar; of a day that is not whole, how many bars it has."""
    symbols: tuple[str, ...]
    size: int
    """How many bytes its bars are."""
    bars: Stretch | Deal

    @property
    def date(self) -> str:
        """The day, or the last one."""
        return self.dates[-1]

    @property
    def is_whole(self) -> bool:
        """Whether the bars are one stretch, which is in memory already."""
        return isinstance(self.bars, Stretch)

    def stretches(self) -> Iterator[Stretch]:
        """Yield the stretches; may be called again."""
        return iter((self.bars,)) if isinstance(self.bars, Stretch) else self.bars.stretches()

    def cells(self) -> Iterator[Stretch]:
        """Yield the stretches, perhaps without their values; may be called again."""
        return iter((self.bars,)) if isinstance(self.bars, Stretch) else self.bars.cells()

    def each(self) -> "Iterator[Days]":
        """Yield the days one by one."""
        if len(self.dates) == 1 or isinstance(self.bars, Deal):
            yield self
            return
        begin = 0
        for place, end in enumerate(self.ends.tolist()):
            rows = slice(begin, end)
            symbols, index = renumbered(self.bars.symbol_index[rows], self.symbols)
            yield Days(
                calendar=self.calendar,
                dates=self.dates[place : place + 1],
                ends=self.ends[place : place + 1] - begin,
                symbols=symbols,
                size=self.size * (end - begin) // int(self.ends[-1]),
                bars=Stretch(
                    symbols=symbols,
                    symbol_index=index,
                    start_ns=self.bars.start_ns[rows],
                    values=self.bars.values[:, rows],
                    file=self.bars.file[rows],
                ),
            )
            begin = end

    def close(self) -> None:
        """Drop what is on disk for this day alone; may be called twice."""
        if isinstance(self.bars, Deal):
            self.bars.close()


class _OfDay(NamedTuple):
    calendar: str
    date: str
    pieces: Pieces
    bars: int
    fields: int
    """How many those of the file have that has most."""


class Pile:
    """Takes the bars of files and gives them back by day.

    Args:
        held_bytes: how much it holds in memory; what is more, it moves to disk. A day of more than half of that
            comes back in stretches of a quarter of it.
        spill_to: the folder for the temporary file; by default where the system keeps its own.
        dealt_rows: a block of so many rows a day is dealt out by time of day at once.
    """

    def __init__(
        self, held_bytes: int = HELD_BYTES, spill_to: Path | None = None, dealt_rows: int = _DEALT_ROWS
    ) -> None:
        self._dealt_rows = dealt_rows
        self._most = held_bytes
        self.folder = spill_to
        self._sheets = Sheets(spill_to)
        self._deals: list[Deal] = []
        self._symbols: dict[tuple[str, int], int] = {}
        """The number of each symbol; of one that may yet be called otherwise, of each file's, else with file -1."""
        self._renamed: dict[tuple[str, int], str] = {}
        self._days: dict[tuple[str, str], int] = {}
        self._fields: dict[int, int] = {}
        self._traded: dict[tuple[int, int], set[int]] = {}
        """By file and day the symbols of what is dealt out by time of day."""

    def __len__(self) -> int:
        """Return how many days have bars."""
        return len(np.flatnonzero(np.bincount(self._sheets.pieces()[:, NUMBER] // _DAY)))

    def add(self, file: int, calendar: str, bars: FileBars, *, is_named_for_good: bool = True) -> None:
        """Take judged bars of the file that has this place among the reports.

        Args:
            file: that place.
            calendar: whose sessions the bars belong to.
            bars: the bars.
            is_named_for_good: whether their symbols are sure; else they may be renamed.

        Raises:
            DataError: they are too many for the memory, and the disk refuses them.
        """
        if not len(bars.start_ns):
            return
        named_by = -1 if is_named_for_good else file
        keys = [(name, named_by) for name in bars.symbols]
        place = np.array([self._symbols.setdefault(key, len(self._symbols)) for key in keys], np.int32)
        whole = Part(file=file, symbol_index=place[bars.symbol_index], start_ns=bars.start_ns, values=bars.values)
        self._fields[file] = max(self._fields.get(file, 0), len(bars.values))
        days = self._numbers(calendar, bars.assignment.dates, bars.assignment.date_index)
        if len(days) // len(bars.assignment.dates) < self._dealt_rows:
            self._sheets.add(whole, days * _DAY)
        else:
            self._sheets.add(whole, days * _DAY + slots_of(whole.start_ns))
            self._note_traded(file, days, whole.symbol_index)
        if self._sheets.held_bytes > self._most:
            self._sheets.move_to_disk()

    def forget(self, file: int) -> None:
        """Leave out what came from a file that turned out to be broken further on."""
        self._fields.pop(file, None)
        self._traded = {key: traded for key, traded in self._traded.items() if key[0] != file}
        self._sheets.forget(file)

    def rename(self, file: int, old: str, new: str) -> None:
        """Call a symbol of a file otherwise, whose bars were given as not named for good."""
        self._renamed[old, file] = new

    def extents(self) -> dict[str, Extent]:
        """Return of each calendar how much there is."""
        found: dict[str, Extent] = {}
        for day in self._by_day():
            before = found.get(day.calendar, Extent(days=0, bars=0))
            found[day.calendar] = Extent(days=before.days + 1, bars=before.bars + day.bars)
        return found

    def take(self, shelves: Callable[[str], Callable[[str], str]] | None = None) -> Iterator[Days]:
        """Give the days back, calendar by calendar and in order of time, and forget each.

        Args:
            shelves: gives for a calendar what tells of a date with which others it lies together; small days that do
                are given back together.

        Raises:
            DataError: the temporary file cannot be read.
        """
        names = tuple(self._renamed.get(key, key[0]) for key in self._symbols)
        run, size, shelf, shelf_of = list[_OfDay](), 0, "", dict[str, Callable[[str], str]]()
        for day in self._by_day():
            if day.calendar not in shelf_of:
                shelf_of[day.calendar] = shelves(day.calendar) if shelves else str
            lies, bytes_of_day = shelf_of[day.calendar](day.date), day.bars * bytes_of_row(day.fields)
            is_beside = run and (run[0].calendar, run[0].fields, shelf) == (day.calendar, day.fields, lies)
            if run and not (is_beside and size + bytes_of_day <= min(_TOGETHER_BYTES, self._most // 2)):
                yield self._taken(run, size, names)
                run, size = [], 0
            run.append(day)
            shelf, size = lies, size + bytes_of_day
        if run:
            yield self._taken(run, size, names)

    def close(self) -> None:
        """Drop everything; may be called twice."""
        for deal in self._deals:
            deal.close()
        self._sheets.close()

    def _numbers(self, calendar: str, dates: tuple[str, ...], date_index: Indices) -> Stamps:
        """Return for each bar the number of its day."""
        if len(dates) == 1:
            return np.full(len(date_index), self._days.setdefault((calendar, dates[0]), len(self._days)), np.int64)
        numbers = np.empty(len(dates), dtype=np.int64)
        for place in np.flatnonzero(np.bincount(date_index, minlength=len(dates))).tolist():
            numbers[place] = self._days.setdefault((calendar, dates[place]), len(self._days))
        found: Stamps = numbers[date_index]
        return found

    def _note_traded(self, file: int, days: Stamps, symbol_index: Indices) -> None:
        is_one = bool((days == days[0]).all())
        for day in days[:1].tolist() if is_one else np.unique(days).tolist():
            occurs = np.bincount(symbol_index if is_one else symbol_index[days == day]) > 0
            self._traded.setdefault((file, day), set()).update(np.flatnonzero(occurs).tolist())

    def _by_day(self) -> Iterator["_OfDay"]:
        """Yield the days that have bars, calendar by calendar and in order of time."""
        pieces, keys = self._sheets.pieces(), sorted(self._days)
        if not len(pieces):
            return
        rank = np.empty(len(keys), dtype=np.int64)
        rank[[self._days[key] for key in keys]] = np.arange(len(keys))
        ranks = rank[pieces[:, NUMBER] // _DAY]
        order = np.argsort(ranks, kind="stable")
        pieces, ranks = pieces[order], ranks[order]
        first = np.flatnonzero(np.append(np.True_, ranks[1:] != ranks[:-1]))
        of_file = np.zeros(max(self._fields) + 1, dtype=np.int64)
        of_file[[*self._fields]] = [*self._fields.values()]
        bars = np.add.reduceat(pieces[:, COUNT], first).tolist()
        fields = np.maximum.reduceat(of_file[pieces[:, FILE]], first).tolist()
        edges = pairwise([*first.tolist(), len(pieces)])
        for rank_of_day, (begin, end), count, most in zip(ranks[first].tolist(), edges, bars, fields, strict=True):
            calendar, date = keys[rank_of_day]
            yield _OfDay(calendar, date, pieces[begin:end], count, most)

    def _taken(self, run: Sequence["_OfDay"], size: int, names: tuple[str, ...]) -> Days:
        pieces = np.concatenate([day.pieces for day in run])
        calendar, dates, rows = run[0].calendar, tuple(day.date for day in run), run[0].fields
        ends = np.cumsum([day.bars for day in run])
        if 2 * size <= self._most:
            bars = gathered(self._sheets, pieces, rows, names)
            self._sheets.drop(pieces)
            return Days(calendar=calendar, dates=dates, ends=ends, symbols=bars.symbols, size=size, bars=bars)
        if np.all(pieces[:, NUMBER] % _DAY):
            self._sheets.move_to_disk()  # it is the memory that the stretches take
            day = int(pieces[0, NUMBER]) // _DAY
            numbers = set[int]().union(*(self._traded[file, day] for file in set(pieces[:, FILE].tolist())))
            symbols = tuple(sorted({names[number] for number in numbers}))
            let_go = partial(self._sheets.drop, pieces)
            deal = Deal(self._sheets, pieces, rows, names, symbols, self._most // 4, let_go)
        else:
            deal = dealt_out(self._drained(pieces), self.folder, rows, names, self._most // 4)
        self._deals.append(deal)
        return Days(calendar=calendar, dates=dates, ends=ends, symbols=deal.symbols, size=size, bars=deal)

    def _drained(self, pieces: Pieces) -> Iterator[Part]:
        """Yield pieces in order, and let go of each."""
        for place, piece in enumerate(pieces):
            yield self._sheets.part(piece)
            self._sheets.drop(pieces[place : place + 1])
