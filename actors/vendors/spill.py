"""Columns that do not fit into memory, in a temporary file without a name: it is gone with the process that made it."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from messages.errors import DataError

_Pieces = npt.NDArray[np.int64]
_WIDTH = 5


class Spill:
    """Keeps pieces, each some columns of equal length, that belong to a day and come from a file.

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
        self._pieces: _Pieces = np.empty((0, _WIDTH), dtype=np.int64)

    def write(self, day: int, file: int, columns: Sequence[npt.NDArray[Any]]) -> None:
        """Keep a piece.

        Raises:
            DataError: the disk refuses.
        """
        self._new.append((day, file, len(columns[0]), len(columns), self._end))
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

    def by_day(self) -> dict[int, _Pieces]:
        """Return for each day its pieces, in the order in which they were written."""
        pieces = self._pieces[np.argsort(self._pieces[:, self.DAY], kind="stable")]
        days, first = np.unique(pieces[:, self.DAY], return_index=True)
        return dict(zip(days.tolist(), np.split(pieces, first[1:]), strict=True)) if len(days) else {}

    def read(self, piece: _Pieces, into: Sequence[npt.NDArray[Any]]) -> None:
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
