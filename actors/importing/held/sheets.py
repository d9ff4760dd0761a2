"""Bars of files as they were read: in memory, or in a temporary file without a name, gone with the process.

A sheet is a block of a file, its rows sorted by a number, such as that of their day; the rows of one number are a piece
of it. Sheets are kept and moved to disk whole, and read piece by piece: many small days are few sheets.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from actors.importing.held.parts import Part, sorted_by
from messages.errors import DataError
from messages.tables.columns import Stamps

Pieces: TypeAlias = npt.NDArray[np.int64]
NUMBER, FILE, COUNT, FIELDS, SHEET, FIRST = range(6)
"""What a row of pieces tells of each: its number and file, its rows and fields, its sheet, and its first row there."""
NO_PIECES: Pieces = np.empty((0, 6), dtype=np.int64)

_SHEET_BYTES = 800
"""About what a sheet costs beside its columns."""


class _OnDisk(NamedTuple):
    place: int
    rows: int


class Sheets:
    """Keeps sheets.

    Args:
        folder: where the temporary file is made, at the first write; by default where the system keeps its own.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._file: Any = None
        self._end = 0
        self._sheets: list[Part | _OnDisk | None] = []
        self._new: list[Pieces] = []
        self._pieces = NO_PIECES
        self._left: npt.NDArray[np.int64] | None = None
        self._reading = Lock()
        self.held_bytes = 0
        """How much is in memory."""

    def add(self, whole: Part, numbers: "npt.NDArray[np.int32] | Stamps") -> None:
        """Keep rows of a file, in the order in which they were read, with a number for each."""
        whole, numbers = sorted_by(whole, numbers)
        first = np.zeros(1, dtype=np.int64)
        if numbers[0] != numbers[-1]:
            first = np.append(first, np.flatnonzero(numbers[1:] != numbers[:-1]) + 1)
        pieces = np.empty((len(first), NO_PIECES.shape[1]), dtype=np.int64)
        pieces[:, NUMBER], pieces[:, FIRST], pieces[:-1, COUNT] = numbers[first], first, first[1:] - first[:-1]
        pieces[-1, COUNT] = len(numbers) - first[-1]
        pieces[:, FILE], pieces[:, FIELDS], pieces[:, SHEET] = whole.file, len(whole.values), len(self._sheets)
        self._sheets.append(whole)
        self._new.append(pieces)
        self.held_bytes += _bytes_of(whole)

    def move_to_disk(self) -> None:
        """Move to disk what is in memory.

        Raises:
            DataError: the disk refuses.
        """
        for number, sheet in enumerate(self._sheets):
            if isinstance(sheet, Part):
                self._sheets[number] = _OnDisk(self._end, len(sheet.start_ns))
                with _explained(), self._reading:
                    sink = self._opened()
                    sink.seek(self._end)
                    for column in (sheet.start_ns, sheet.symbol_index, *sheet.values):
                        self._end += sink.write(np.ascontiguousarray(column).data.cast("B"))
        self.held_bytes = 0

    def forget(self, file: int) -> None:
        """Leave out what is of a file."""
        for number, sheet in enumerate(self._sheets):
            if isinstance(sheet, Part) and sheet.file == file:
                self._sheets[number] = None
                self.held_bytes -= _bytes_of(sheet)
        pieces = self.pieces()
        self._pieces = pieces[pieces[:, FILE] != file]

    def pieces(self) -> Pieces:
        """Return all pieces, in the order in which they were read."""
        self._pieces, self._new = np.concatenate([self._pieces, *self._new]), []
        return self._pieces

    def read(self, piece: Pieces, into: Sequence[npt.NDArray[Any]]) -> None:
        """Read starts, symbols and as many values as are wanted of a piece into arrays of their kind and length.

        Raises:
            DataError: the temporary file cannot be read.
        """
        sheet, first, count = self._sheets[int(piece[SHEET])], int(piece[FIRST]), int(piece[COUNT])
        assert sheet is not None, "a piece is read before it is dropped"
        if isinstance(sheet, Part):
            for target, column in zip(into, (sheet.start_ns, sheet.symbol_index, *sheet.values), strict=False):
                target[:] = column[first : first + count]
            return
        with _explained(), self._reading:  # one day may be read while the next one is
            source, place = self._opened(), sheet.place
            for column in into:
                source.seek(place + first * column.itemsize)
                place += sheet.rows * column.itemsize
                if source.readinto(column.data.cast("B")) != column.nbytes:
                    raise OSError("it is shorter than what was written to it")

    def part(self, piece: Pieces) -> Part:
        """Return a piece; one that is in memory shares its columns.

        Raises:
            DataError: the temporary file cannot be read.
        """
        sheet, first, count = self._sheets[int(piece[SHEET])], int(piece[FIRST]), int(piece[COUNT])
        if isinstance(sheet, Part):
            return sheet.rows(slice(first, first + count))
        start_ns, index = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int32)
        values = np.empty((int(piece[FIELDS]), count))
        self.read(piece, (start_ns, index, *values))
        return Part(file=int(piece[FILE]), symbol_index=index, start_ns=start_ns, values=values)

    def drop(self, pieces: Pieces) -> None:
        """Let go of pieces that have been read, which nobody asks for again: of a sheet, with its last one."""
        sheets, counts = np.unique(pieces[:, SHEET], return_counts=True)
        with self._reading:
            if self._left is None:
                self._left = np.bincount(self.pieces()[:, SHEET], minlength=len(self._sheets))
            self._left[sheets] -= counts
            for number in sheets[self._left[sheets] == 0].tolist():
                self._sheets[number] = None

    def close(self) -> None:
        """Delete everything; may be called twice."""
        self._sheets.clear()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _opened(self) -> Any:
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115  # close() is its end
        return self._file


def following(pieces: Pieces) -> Pieces:
    """Return pieces of which those are one that follow each other in a sheet, whatever their numbers."""
    follows = (pieces[1:, SHEET] == pieces[:-1, SHEET]) & (pieces[1:, FIRST] == pieces[:-1, FIRST] + pieces[:-1, COUNT])
    first = np.flatnonzero(np.append(np.True_, ~follows))
    longer = pieces[first]
    longer[:, COUNT] = np.add.reduceat(pieces[:, COUNT], first)
    return longer


def _bytes_of(part: Part) -> int:
    return part.start_ns.nbytes + part.symbol_index.nbytes + part.values.nbytes + _SHEET_BYTES


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(f"the temporary file for what does not fit into memory: {reason}") from error
