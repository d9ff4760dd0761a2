"""The bars of all files of an import, held by day: in memory up to a bound, and beyond it in a temporary file."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from actors.vendors.judging import FileBars
from actors.vendors.spill import Spill
from messages.columns import Floats, Indices, Stamps

HELD_BYTES = 64 << 20
"""How much an import holds in memory before it moves what it has to disk."""

_PART_BYTES = 800
"""About what a part costs beside its columns."""


class Part(msgspec.Struct, frozen=True, kw_only=True, eq=False):
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

    def nbytes(self) -> int:
        """Return how many bytes the columns hold."""
        return self.symbol_index.nbytes + self.start_ns.nbytes + self.values.nbytes + self.file.nbytes


class Pile:
    """Takes the bars of files and gives them back by day.

    Args:
        held_bytes: how much it holds in memory; what is more, it moves to disk. A day comes back whole.
        spill_to: the folder for the temporary file; by default where the system keeps its own.
    """

    def __init__(self, held_bytes: int = HELD_BYTES, spill_to: Path | None = None) -> None:
        self._most = held_bytes
        self._held = 0
        self._spill = Spill(spill_to)
        self._symbols: dict[str, int] = {}
        self._days: dict[tuple[str, str], int] = {}
        self._parts: dict[int, list[Part]] = {}
        self._fields: dict[int, int] = {}

    def __len__(self) -> int:
        """Return how many days have bars."""
        return len(self._parts.keys() | self._spill.days())

    def add(self, file: int, calendar: str, bars: FileBars) -> None:
        """Take judged bars of the file that has this place among the reports.

        Raises:
            DataError: they are too many for the memory, and the disk refuses them.
        """
        if not len(bars.start_ns):
            return
        place = np.array([self._symbols.setdefault(name, len(self._symbols)) for name in bars.symbols], np.int32)
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

    def take(self) -> Iterator[Day]:
        """Give the days back, calendar by calendar and in order of time, and forget each.

        Raises:
            DataError: the temporary file cannot be read.
        """
        names = tuple(self._symbols)
        there = self._parts.keys() | self._spill.days()
        pieces = self._spill.by_day()
        for calendar, date in sorted(self._days):
            number = self._days[calendar, date]
            if number in there:
                spilled, held = pieces.get(number, _NO_PIECES), self._parts.pop(number, [])
                yield self._day(calendar, date, spilled, held, names)

    def close(self) -> None:
        """Drop everything; may be called twice."""
        self._parts.clear()
        self._spill.close()

    def _move_to_disk(self) -> None:
        for day, parts in self._parts.items():
            for part in parts:
                self._spill.write(day, part.file, (part.start_ns, part.symbol_index, *part.values))
        self._spill.flush()
        self._parts, self._held = {}, 0

    def _day(
        self, calendar: str, date: str, pieces: npt.NDArray[np.int64], parts: list[Part], names: tuple[str, ...]
    ) -> Day:
        counts = [*pieces[:, Spill.COUNT].tolist(), *(len(part.start_ns) for part in parts)]
        files = [*pieces[:, Spill.FILE].tolist(), *(part.file for part in parts)]
        values = np.empty((max(self._fields[file] for file in files), sum(counts)))
        start_ns, index = np.empty(sum(counts), dtype=np.int64), np.empty(sum(counts), dtype=np.int32)
        begin = 0
        for piece in pieces:
            end = begin + int(piece[Spill.COUNT])
            fields = int(piece[Spill.COLUMNS]) - 2
            self._spill.read(piece, (start_ns[begin:end], index[begin:end], *values[:fields, begin:end]))
            values[fields:, begin:end] = np.nan
            begin = end
        for part in _drained(parts):
            end = begin + len(part.start_ns)
            start_ns[begin:end], index[begin:end] = part.start_ns, part.symbol_index
            values[: len(part.values), begin:end] = part.values
            values[len(part.values) :, begin:end] = np.nan
            begin = end
        symbols, index = _renumbered(index, names)
        file = np.repeat(np.array(files, dtype=np.int32), counts)
        return Day(
            calendar=calendar, date=date, symbols=symbols, symbol_index=index, start_ns=start_ns, values=values,
            file=file,
        )  # fmt: skip


_NO_PIECES = np.empty((0, 5), dtype=np.int64)


def _bytes_of(part: Part) -> int:
    return part.start_ns.nbytes + part.symbol_index.nbytes + part.values.nbytes + _PART_BYTES


def _drained(parts: list[Part]) -> Iterator[Part]:
    """Yield parts in order, and let go of each."""
    parts.reverse()
    while parts:
        yield parts.pop()


def _by_date(whole: Part, dates: tuple[str, ...], date_index: Indices) -> Iterator[tuple[str, Part]]:
    if date_index[0] == date_index[-1] and (date_index == date_index[0]).all():
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


def _rows(part: Part, rows: "npt.NDArray[np.intp] | slice") -> Part:
    return Part(
        file=part.file,
        symbol_index=part.symbol_index[rows],
        start_ns=part.start_ns[rows],
        values=part.values[:, rows],
    )


def _renumbered(index: Indices, names: tuple[str, ...]) -> tuple[tuple[str, ...], Indices]:
    """Return the names that occur, sorted, and for each row its name's place among them."""
    has_bars = np.bincount(index, minlength=len(names)) > 0
    present = sorted((names[place], place) for place in np.flatnonzero(has_bars).tolist())
    number = np.zeros(len(names), dtype=np.int32)
    number[[place for _, place in present]] = np.arange(len(present), dtype=np.int32)
    return tuple(name for name, _ in present), number[index]
