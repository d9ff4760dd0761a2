"""What a session was told, out of its journal."""

from collections.abc import Iterator
from contextlib import closing
from itertools import chain, islice
from pathlib import Path

from actors.storage.journal.file import JournalFile
from messages.events import SessionBoundary
from messages.inboxes import Journaled

_AHEAD_BYTES = 16 << 20
"""So much is read at once: what is let go of together leaves whole pages free, which is a quarter faster than holes."""


class Told:
    """The messages after a session's opening, in order; read as they are gone through, each time from the file.

    A day of trades would fill the memory: a million of them take a third of a gigabyte.

    Args:
        path: of the journal.
        opening: how the session opened.
        count: how many messages came after that.
    """

    def __init__(self, path: Path, opening: SessionBoundary, count: int) -> None:
        self.opening = opening
        self._path = path
        self._count = count

    @classmethod
    def of(cls, file: JournalFile) -> "Told | None":
        """Return what a journal holds; ``None``: nothing.

        Raises:
            DataError: it cannot be read.
        """
        opening = file.opening()
        return None if opening is None else cls(file.path, opening, file.last - len(file.left_out) - 1)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Journaled]:
        with closing(JournalFile(self._path, read_only=True)) as file:
            yield from islice(chain.from_iterable(file.runs(_AHEAD_BYTES)), 1, None)
