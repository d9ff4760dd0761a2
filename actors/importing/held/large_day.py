"""A day too large for memory, in pieces by time of day, so that it can be had one span after the other."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from actors.importing.held.parts import Part, Stretch
from actors.importing.held.sheets import COUNT, FIELDS, FILE, NO_PIECES, NUMBER, Pieces, Sheets, following
from messages.tables.columns import Indices, Stamps
from messages.values import MINUTE_NS, Nanos

_SLOT_NS = 10 * MINUTE_NS
"""No stretch is shorter."""


class Deal:
    """One day's bars, dealt out.

    Args:
        sheets: where they are.
        pieces: which, each of one slot, in the order in which they were read.
        rows: how many fields the bars of the day have.
        names: the symbol that each number means.
        symbols: those that have bars, sorted.
        least_bytes: how large a stretch of it is to be, the last one aside.
        let_go: called when nobody needs them any more.
    """

    def __init__(
        self,
        sheets: Sheets,
        pieces: Pieces,
        rows: int,
        names: tuple[str, ...],
        symbols: tuple[str, ...],
        least_bytes: int,
        let_go: Callable[[], None],
    ) -> None:
        self.symbols = symbols
        self._sheets = sheets
        self._pieces = pieces[np.argsort(pieces[:, NUMBER], kind="stable")]
        self._rows = rows
        self._names = names
        self._least_rows = least_bytes // bytes_of_row(rows)
        self._let_go: Callable[[], None] | None = let_go

    def stretches(self) -> Iterator[Stretch]:
        """Yield one span of time after the other, ascending.

        Raises:
            DataError: the temporary file cannot be read.
        """
        for run in _runs(self._pieces, self._least_rows):
            yield gathered(self._sheets, run, self._rows, self._names)

    def cells(self) -> Iterator[Stretch]:
        """Yield the stretches without values.

        Raises:
            DataError: the temporary file cannot be read.
        """
        for run in _runs(self._pieces, self._least_rows):
            yield gathered(self._sheets, run, 0, self._names)

    def close(self) -> None:
        """Let go of them; may be called twice."""
        let_go, self._let_go = self._let_go, None
        if let_go is not None:
            let_go()


def dealt_out(parts: Iterable[Part], folder: Path | None, rows: int, names: tuple[str, ...], least_bytes: int) -> Deal:
    """Deal out a day's bars, in the order in which they were read, into a temporary file of their own.

    Raises:
        DataError: the disk refuses them.
    """
    sheets, has_bars = Sheets(folder), np.zeros(len(names), dtype=np.bool_)
    for part in parts:
        has_bars[part.symbol_index] = True
        sheets.add(part, slots_of(part.start_ns))
        sheets.move_to_disk()
    symbols = tuple(sorted({names[place] for place in np.flatnonzero(has_bars).tolist()}))
    return Deal(sheets, sheets.pieces(), rows, names, symbols, least_bytes, sheets.close)


def slots_of(starts_ns: Stamps) -> Stamps:
    """Return the number of the slot of each start; from 1970 on none is 0."""
    found: Stamps = starts_ns // _SLOT_NS
    return found


def end_of_slot(start_ns: Nanos) -> Nanos:
    """Return where the slot ends that a start lies in: no bar of the next stretch starts before."""
    return (start_ns // _SLOT_NS + 1) * _SLOT_NS


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
