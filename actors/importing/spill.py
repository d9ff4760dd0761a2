"""Columns that do not fit into memory, in a temporary file without a name: it is gone with the process that made it."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from actors.importing.parts import Part
from messages.errors import DataError

Pieces: TypeAlias = npt.NDArray[np.int64]
_WIDTH = 5
NO_PIECES: Pieces = np.empty((0, _WIDTH), dtype=np.int64)


class Spill:
    """Keeps pieces, each a part of a day (or of a lesser span, by its number).

    Args:
        folder: where the temporary file is made, at the first write; by default where the system keeps its own.
    """

    DAY, FILE, COUNT, COLUMNS, PLACE = range(_WIDTH)
    """What the numbers of a piece are: its day and file, the rows and columns that it has, where it begins."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._file: Any = None
        self._end = 0
        self._new: list[tuple[int, int, int, int, int]] = []
        self._pieces = NO_PIECES

    def write(self, day: int, part: Part) -> None:
        """Keep a piece.

        Raises:
            DataError: the disk refuses.
        """
        columns = (part.start_ns, part.symbol_index, *part.values)
        self._new.append((day, part.file, len(part.start_ns), len(columns), self._end))
        with _explained():
            sink = self._opened()
            for column in columns:
                self._end += sink.write(np.ascontiguousarray(column).data.cast("B"))

    def flush(self) -> None:
        """Say that there is a pause in writing: what describes the pieces is packed."""
        self._pieces = np.concatenate([self._pieces, np.array(self._new, dtype=np.int64).reshape(-1, _WIDTH)])
        self._new = []

    def forget(self, file: int) -> None:
        """Leave out the pieces of a file."""
        self._pieces = self._pieces[self._pieces[:, self.FILE] != file]

    def days(self) -> set[int]:
        """Return the days that have pieces."""
        return set(self._pieces[:, self.DAY].tolist())

    def by_day(self) -> dict[int, Pieces]:
        """Return for each day its pieces, in the order in which they were written."""
        pieces = self._pieces[np.argsort(self._pieces[:, self.DAY], kind="stable")]
        days, first = np.unique(pieces[:, self.DAY], return_index=True)
        return dict(zip(days.tolist(), np.split(pieces, first[1:]), strict=True)) if len(days) else {}

    def read(self, piece: Pieces, into: Sequence[npt.NDArray[Any]]) -> None:
        """Read a piece's columns into contiguous arrays of their kind and length.

        Raises:
            DataError: the file cannot be read.
        """
        with _explained():
            source = self._opened()
            source.seek(int(piece[self.PLACE]))
            for column in into:
                if source.readinto(column.data.cast("B")) != column.nbytes:
                    raise OSError("it is shorter than what was written to it")

    def part(self, piece: Pieces) -> Part:
        """Return a piece.

        Raises:
            DataError: the file cannot be read.
        """
        count, fields = int(piece[self.COUNT]), int(piece[self.COLUMNS]) - 2
        start_ns, index = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int32)
        values = np.empty((fields, count))
        self.read(piece, (start_ns, index, *values))
        return Part(file=int(piece[self.FILE]), symbol_index=index, start_ns=start_ns, values=values)

    def close(self) -> None:
        """Delete the file; may be called twice."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _opened(self) -> Any:
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115  # close() is its end
        return self._file


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(f"the temporary file for what does not fit into memory: {reason}") from error
