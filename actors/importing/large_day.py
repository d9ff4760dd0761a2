"""A day too large for memory, dealt out on disk by time of day, so that it can be had one span after the other."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from actors.importing.parts import Part, Stretch, drained, split
from actors.importing.spill import NO_PIECES, Pieces, Spill
from messages.columns import Indices
from messages.values import MINUTE_NS

_SLOT_NS = 10 * MINUTE_NS
"""No stretch is shorter."""


class Deal:
    """One day's bars in a temporary file of their own.

    Args:
        folder: where that is made; by default where the system keeps its own.
        rows: how many fields the bars of the day have.
        names: the symbol that each number means.
        least_bytes: how large a stretch of it is to be, the last one aside.
    """

    def __init__(self, folder: Path | None, rows: int, names: tuple[str, ...], least_bytes: int) -> None:
        self._spill = Spill(folder)
        self._rows = rows
        self._names = names
        self._least_rows = least_bytes // bytes_of_row(rows)
        self._has_bars = np.zeros(len(names), dtype=np.bool_)

    def take(self, parts: Iterable[Part]) -> None:
        """Deal out bars, in the order in which they were read.

        Raises:
            DataError: the disk refuses them.
        """
        for part in parts:
            self._has_bars[part.symbol_index] = True
            for slot, of_slot in split(part, part.start_ns // _SLOT_NS):
                self._spill.write(slot, of_slot)
        self._spill.flush()

    def symbols(self) -> tuple[str, ...]:
        """Return the symbols that have bars, sorted."""
        return tuple(sorted({self._names[place] for place in np.flatnonzero(self._has_bars).tolist()}))

    def stretches(self) -> Iterator[Stretch]:
        """Yield one span of time after the other, ascending.

        Raises:
            DataError: the temporary file cannot be read.
        """
        for run in _runs(self._spill.by_day().values(), self._least_rows):
            yield gathered(self._spill, run, [], self._rows, self._names)

    def close(self) -> None:
        """Delete the file; may be called twice."""
        self._spill.close()


def bytes_of_row(rows: int) -> int:
    """Return how much memory a bar of so many fields takes: beside them its start and its symbol's number."""
    return 8 * rows + 8 + 4


def gathered(spill: Spill, pieces: Pieces, held: list[Part], rows: int, names: tuple[str, ...]) -> Stretch:
    """Return bars in the order in which they were read: first what is on disk.

    Args:
        spill: where the pieces are.
        pieces: what is on disk.
        held: what is in memory; it is taken out of the list.
        rows: how many fields the bars have; what a part lacks is not known.
        names: the symbol that each number means.

    Raises:
        DataError: the disk refuses.
    """
    counts = [*pieces[:, Spill.COUNT].tolist(), *(len(part.start_ns) for part in held)]
    files = [*pieces[:, Spill.FILE].tolist(), *(part.file for part in held)]
    values = np.empty((rows, sum(counts)))
    start_ns, index = np.empty(sum(counts), dtype=np.int64), np.empty(sum(counts), dtype=np.int32)
    begin = 0
    for piece in pieces:
        end = begin + int(piece[Spill.COUNT])
        fields = int(piece[Spill.COLUMNS]) - 2
        spill.read(piece, (start_ns[begin:end], index[begin:end], *values[:fields, begin:end]))
        values[fields:, begin:end] = np.nan
        begin = end
    for part in drained(held):
        end = begin + len(part.start_ns)
        start_ns[begin:end], index[begin:end] = part.start_ns, part.symbol_index
        values[: len(part.values), begin:end] = part.values
        values[len(part.values) :, begin:end] = np.nan
        begin = end
    symbols, index = _renumbered(index, names)
    file = np.repeat(np.array(files, dtype=np.int32), counts)
    return Stretch(symbols=symbols, symbol_index=index, start_ns=start_ns, values=values, file=file)


def _runs(slots: Iterable[Pieces], least_rows: int) -> Iterator[Pieces]:
    run, rows = NO_PIECES, 0
    for pieces in slots:
        run, rows = np.concatenate([run, pieces]), rows + int(pieces[:, Spill.COUNT].sum())
        if rows >= least_rows:
            yield run
            run, rows = NO_PIECES, 0
    if len(run):
        yield run


def _renumbered(index: Indices, names: tuple[str, ...]) -> tuple[tuple[str, ...], Indices]:
    """Return the names that occur, sorted, none twice, and for each row its name's place among them."""
    there = np.flatnonzero(np.bincount(index, minlength=len(names)) > 0).tolist()
    present = sorted({names[place] for place in there})
    place_of = {name: place for place, name in enumerate(present)}
    number = np.zeros(len(names), dtype=np.int32)
    number[there] = [place_of[names[place]] for place in there]
    return tuple(present), number[index]
