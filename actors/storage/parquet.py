"""Bars that rest in Parquet files: ``ROOT/<calendar>/<YYYY>/<date>.parquet``, one a calendar and session date.

Any number of readers, one writer: the first merge takes the store's lock, ``close`` or the end of the process
gives it back. Files are replaced whole, so a reader sees a day before a merge or after it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, TypeAlias
from urllib.parse import quote, unquote

import numpy as np
import numpy.typing as npt

from actors.kernel.ports import MergeCounts, StoredDay
from actors.storage.dayfile import SUFFIX, UNFINISHED, read_day, read_symbols, write_day
from actors.storage.lock import StoreLock
from actors.storage.merging import check_key, is_session_date, merge_days
from messages.columns import Stamps
from messages.errors import DataError

SegmentOf: TypeAlias = Callable[[str, Stamps], npt.NDArray[np.uint8]]
"""From a calendar's name and starts in ascending order to the ``SegmentKind`` number of each."""


class ParquetStore:
    """A bar store in a folder.

    Args:
        root: the folder; made at the first merge if it is not there.
        read_only: refuse to merge, and to open what is not there.
        segment_of: which part of the day each start lies in, for the column ``segment``; by default what
            the calendar says.

    Raises:
        DataError: ``root`` is no folder, or it is not there and ``read_only`` is asked for.
    """

    def __init__(self, root: Path, *, read_only: bool = False, segment_of: SegmentOf | None = None) -> None:
        self.root = Path(root)
        self._read_only = read_only
        self._segment_of = segment_of or _CalendarSegments()
        self._lock: StoreLock | None = None
        self._writing = Lock()
        if not self.root.is_dir() and (read_only or self.root.exists()):
            raise DataError(f"no store at {self.root}: {'not a folder' if self.root.exists() else 'no such folder'}")

    def calendars(self) -> tuple[str, ...]:
        """Return the calendars that have days here, sorted."""
        names = (unquote(folder.name) for folder in self.root.glob("*"))
        return tuple(sorted(name for name in names if any(self._dates(name))))

    def dates(self, calendar: str) -> tuple[str, ...]:
        """Return the session dates that have bars, ascending."""
        return tuple(sorted(self._dates(calendar)))

    def symbols(self, calendar: str, date: str) -> tuple[str, ...]:
        """Return the symbols with bars on that date, sorted.

        Raises:
            DataError: the day cannot be read.
        """
        try:
            return read_symbols(self._path(calendar, date), calendar, date)
        except FileNotFoundError:
            return ()

    def read(self, calendar: str, date: str, symbols: Sequence[str] | None = None) -> StoredDay | None:
        """Return the day, or ``None`` where there is none; only these symbols if any are named.

        Raises:
            DataError: the day cannot be read.
        """
        try:
            return read_day(self._path(calendar, date), calendar, date, symbols)
        except FileNotFoundError:
            return None

    def merge(self, calendar: str, date: str, day: StoredDay) -> MergeCounts:
        """Add a day's bars; ``actors.storage.merging`` says what changes. May be called from several threads.

        Raises:
            StoreLocked: somebody else is writing to this store.
            DataError: the store is open for reading only, the stored day cannot be read, the given one is not
                in order, or the disk refuses.
        """
        path = self._path(calendar, date)
        with self._writing, _explained(self.root):
            self._open_for_writing()
            merged, counts = merge_days(self.read(calendar, date), day)
            if counts.added or counts.corrected:
                write_day(path, calendar, date, merged, self._segments(calendar, merged.bars.start_ns))
        return counts

    def close(self) -> None:
        """Give the lock back; may be called twice. A later merge takes it again."""
        with self._writing:
            lock, self._lock = self._lock, None
            if lock is not None:
                lock.release()

    def _open_for_writing(self) -> None:
        if self._read_only:
            raise DataError(f"the store at {self.root} is open for reading only")
        if self._lock is None:
            self.root.mkdir(parents=True, exist_ok=True)
            self._lock = StoreLock(self.root)
            for unfinished in self.root.glob(f"*/*/*{SUFFIX}{UNFINISHED}"):
                unfinished.unlink()

    def _segments(self, calendar: str, starts: Stamps) -> npt.NDArray[np.uint8]:
        instants, bars_of_each = np.unique(starts, return_counts=True)
        return np.repeat(self._segment_of(calendar, instants), bars_of_each)

    def _folder(self, calendar: str) -> Path:
        # Dots are quoted too: Windows drops them at the end of a name, and ".." would lead out of the store.
        return self.root / quote(calendar, safe="").replace(".", "%2E")

    def _path(self, calendar: str, date: str) -> Path:
        check_key(calendar, date)
        return self._folder(calendar) / date[:4] / (date + SUFFIX)

    def _dates(self, calendar: str) -> Iterator[str]:
        return (path.stem for path in self._folder(calendar).glob(f"*/*{SUFFIX}") if is_session_date(path.stem))


@contextmanager
def _explained(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(f"cannot write to the store at {root}: {error}") from error


class _CalendarSegments:
    """What the calendars say; each is made once, when it is first asked."""

    def __init__(self) -> None:
        self._calendars: dict[str, Any] = {}

    def __call__(self, calendar: str, starts: Stamps) -> npt.NDArray[np.uint8]:
        if calendar not in self._calendars:
            # It brings pandas, for which readers need not wait.
            from actors.market.calendar import Calendar

            self._calendars[calendar] = Calendar(calendar)
        segment: npt.NDArray[np.uint8] = self._calendars[calendar].assign(starts).segment
        return segment
