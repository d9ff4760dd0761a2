"""The bars of all files of an import, held by day: in memory up to a bound, and beyond it in a temporary file."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import msgspec
import numpy as np

from actors.importing.file_check import FileBars
from actors.importing.large_day import Deal, bytes_of_row, gathered
from actors.importing.parts import Part, Stretch, drained, split
from actors.importing.spill import NO_PIECES, Pieces, Spill
from messages.columns import Indices

HELD_BYTES = 64 << 20
"""How much an import holds in memory before it moves what it has to disk."""

_PART_BYTES = 800
"""About what a part costs beside its columns."""


class Day(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """All bars of one day, stretch by stretch in order of time: a day may be too large to be in memory whole."""

    calendar: str
    date: str
    symbols: tuple[str, ...]
    size: int
    """How many bytes its bars are."""
    bars: Stretch | Deal

    @property
    def is_whole(self) -> bool:
        """Whether the day is one stretch, which is in memory already."""
        return isinstance(self.bars, Stretch)

    def stretches(self) -> Iterator[Stretch]:
        """Yield the stretches; may be called again."""
        return iter((self.bars,)) if isinstance(self.bars, Stretch) else self.bars.stretches()

    def close(self) -> None:
        """Drop what is on disk for this day alone; may be called twice."""
        if isinstance(self.bars, Deal):
            self.bars.close()


class Pile:
    """Takes the bars of files and gives them back by day.

    Args:
        held_bytes: how much it holds in memory; what is more, it moves to disk. A day of more than half of that
            comes back in stretches of a quarter of it.
        spill_to: the folder for the temporary file; by default where the system keeps its own.
    """

    def __init__(self, held_bytes: int = HELD_BYTES, spill_to: Path | None = None) -> None:
        self._most = held_bytes
        self._held = 0
        self._folder = spill_to
        self._spill = Spill(spill_to)
        self._deals: list[Deal] = []
        self._symbols: dict[tuple[str, int], int] = {}
        """The number of each symbol; of one that may yet be called otherwise, of each file's, else with file -1."""
        self._renamed: dict[tuple[str, int], str] = {}
        self._days: dict[tuple[str, str], int] = {}
        self._parts: dict[int, list[Part]] = {}
        self._fields: dict[int, int] = {}

    def __len__(self) -> int:
        """Return how many days have bars."""
        return len(self._parts.keys() | self._spill.days())

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
        for date, part in _by_date(whole, bars.assignment.dates, bars.assignment.date_index):
            day = self._days.setdefault((calendar, date), len(self._days))
            self._parts.setdefault(day, []).append(part)
            self._held += _bytes_of(part)
        if self._held > self._most:
            self._move_to_disk()

    def forget(self, file: int) -> None:
        """Leave out what came from a file that turned out to be broken further on."""
        self._fields.pop(file, None)
        self._spill.forget(file)
        left = {day: [part for part in parts if part.file != file] for day, parts in self._parts.items()}
        self._parts = {day: parts for day, parts in left.items() if parts}
        self._held = sum(_bytes_of(part) for parts in self._parts.values() for part in parts)

    def rename(self, file: int, old: str, new: str) -> None:
        """Call a symbol of a file otherwise, whose bars were given as not named for good."""
        self._renamed[old, file] = new

    def take(self) -> Iterator[Day]:
        """Give the days back, calendar by calendar and in order of time, and forget each.

        Raises:
            DataError: the temporary file cannot be read.
        """
        names = tuple(self._renamed.get(key, key[0]) for key in self._symbols)
        there = self._parts.keys() | self._spill.days()
        pieces = self._spill.by_day()
        for calendar, date in sorted(self._days):
            number = self._days[calendar, date]
            if number in there:
                spilled, held = pieces.get(number, NO_PIECES), self._parts.pop(number, [])
                yield self._day(calendar, date, spilled, held, names)

    def close(self) -> None:
        """Drop everything; may be called twice."""
        self._parts.clear()
        self._spill.close()
        for deal in self._deals:
            deal.close()

    def _move_to_disk(self) -> None:
        for day, parts in self._parts.items():
            for part in parts:
                self._spill.write(day, part)
        self._spill.flush()
        self._parts, self._held = {}, 0

    def _day(self, calendar: str, date: str, pieces: Pieces, held: list[Part], names: tuple[str, ...]) -> Day:
        rows = max(self._fields[file] for file in (*pieces[:, Spill.FILE].tolist(), *(part.file for part in held)))
        count = int(pieces[:, Spill.COUNT].sum()) + sum(len(part.start_ns) for part in held)
        size = count * bytes_of_row(rows)
        if 2 * size <= self._most:
            stretch = gathered(self._spill, pieces, held, rows, names)
            return Day(calendar=calendar, date=date, symbols=stretch.symbols, size=size, bars=stretch)
        deal = Deal(self._folder, rows, names, self._most // 4)
        self._deals.append(deal)
        deal.take(chain((self._spill.part(piece) for piece in pieces), drained(held)))
        return Day(calendar=calendar, date=date, symbols=deal.symbols(), size=size, bars=deal)


def _bytes_of(part: Part) -> int:
    return part.start_ns.nbytes + part.symbol_index.nbytes + part.values.nbytes + _PART_BYTES


def _by_date(whole: Part, dates: tuple[str, ...], date_index: Indices) -> Iterator[tuple[str, Part]]:
    return ((dates[index], part) for index, part in split(whole, date_index))
