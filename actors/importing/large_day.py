"""A day too large for memory, dealt out on disk by time of day, so that it can be had one span after the other."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from actors.importing.parts import Part, Stretch
from actors.importing.sheets import COUNT, FIELDS, FILE, NO_PIECES, NUMBER, Pieces, Sheets, following
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
        self._sheets = Sheets(folder)
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
            self._sheets.add(part, part.start_ns // _SLOT_NS)
            self._sheets.move_to_disk()

    def symbols(self) -> tuple[str, ...]:
        """Return the symbols that have bars, sorted."""
        return tuple(sorted({self._names[place] for place in np.flatnonzero(self._has_bars).tolist()}))

    def stretches(self) -> Iterator[Stretch]:
        """Yield one span of time after the other, ascending.

        Raises:
            DataError: the temporary file cannot be read.
        """
        pieces = self._sheets.pieces()
        pieces = pieces[np.argsort(pieces[:, NUMBER], kind="stable")]
        for run in _runs(pieces, self._least_rows):
            yield gathered(self._sheets, run, self._rows, self._names)

    def close(self) -> None:
        """Delete the file; may be called twice."""
        self._sheets.close()


def bytes_of_row(rows: int) -> int:
    """Return how much memory a bar of so many fields takes: beside them its start and its symbol's number."""
    return 8 * rows + 8 + 4


def gathered(sheets: Sheets, pieces: Pieces, rows: int, names: tuple[str, ...]) -> Stretch:
    """Return the bars of pieces, in their order.

    Args:
        sheets: where they are.
        pieces: which.
        rows: how many fields the bars are to have; what a piece lacks is not known.
        names: the symbol that each number means.

    Raises:
        DataError: the disk refuses.
    """
    count = int(pieces[:, COUNT].sum())
    file = np.repeat(pieces[:, FILE].astype(np.int32), pieces[:, COUNT])
    longer = following(pieces)
    if len(longer) == 1 and longer[0, FIELDS] == rows:
        part = sheets.part(longer[0])
        start_ns, values, index = part.start_ns, part.values, part.symbol_index
    else:
        values = np.empty((rows, count))
        start_ns, index = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int32)
        begin = 0
        for piece in longer:
            end, fields = begin + int(piece[COUNT]), int(piece[FIELDS])
            sheets.read(piece, (start_ns[begin:end], index[begin:end], *values[:fields, begin:end]))
            values[fields:, begin:end] = np.nan
            begin = end
    symbols, index = renumbered(index, names)
    return Stretch(symbols=symbols, symbol_index=index, start_ns=start_ns, values=values, file=file)


def _runs(pieces: Pieces, least_rows: int) -> Iterator[Pieces]:
    """Yield pieces of whole slots, each time of so many rows at least, but for the last time."""
    last_of_slot = np.flatnonzero(np.append(pieces[1:, NUMBER] != pieces[:-1, NUMBER], np.True_)).tolist()
    first, run = 0, NO_PIECES
    for last in last_of_slot:
        run = pieces[first : last + 1]
        if int(run[:, COUNT].sum()) >= least_rows:
            yield run
            first, run = last + 1, NO_PIECES
    if len(run):
        yield run


def renumbered(index: Indices, names: tuple[str, ...]) -> tuple[tuple[str, ...], Indices]:
    """Return the names that occur, sorted, none twice, and for each row its name's place among them."""
    there = np.flatnonzero(np.bincount(index, minlength=len(names)) > 0).tolist()
    present = sorted({names[place] for place in there})
    place_of = {name: place for place, name in enumerate(present)}
    number = np.zeros(len(names), dtype=np.int32)
    number[there] = [place_of[names[place]] for place in there]
    return tuple(present), number[index]
