"""Bars that rest in Parquet files: ``ROOT/<calendar>/<YYYY>/<date>.parquet``, one a calendar and session date.

Beside it lies ``<date>.certificate.json`` once somebody has certified the day, and in the root there may be an
``adjustments.parquet`` with splits and dividends.
Any number of readers, one writer: the first merge takes the store's lock, ``close`` or the end of the process
gives it back. Files are replaced whole, so a reader sees a day before a merge or after it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Condition, Lock
from typing import Any, TypeAlias
from urllib.parse import quote, unquote

import numpy as np
import numpy.typing as npt

from actors.kernel.ports import MergeCounts, StoredDay
from actors.storage import sidecar
from actors.storage.adjustments import FILE, read_adjustments
from actors.storage.atomic import UNFINISHED, FolderSyncs
from actors.storage.dayfile import SUFFIX, read_day, read_symbols, write_day
from actors.storage.lock import StoreLock
from actors.storage.merging import check_key, is_session_date, merge_days
from messages.certificates import SessionCertificate
from messages.columns import Stamps
from messages.errors import DataError
from messages.history import Adjustment

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
        self._adjustments: tuple[tuple[int, int] | None, tuple[Adjustment, ...]] | None = None
        self._named: dict[str, Path] = {}
        self._folders = FolderSyncs()
        self._busy: set[tuple[str, str]] = set()
        """The calendars and dates that are being written, each by one thread."""
        self._changed = Condition()
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
        path = self._path(calendar, date)
        # An import asks for thousands of days that are not there, and pyarrow is slow to say so.
        return read_day(path, calendar, date, symbols) if path.exists() else None

    def merge(self, calendar: str, date: str, day: StoredDay) -> MergeCounts:
        """Add a day's bars; ``actors.storage.merging`` says what changes. Several threads may merge days at once.

        Raises:
            StoreLocked: somebody else is writing to this store.
            DataError: the store is open for reading only, the stored day cannot be read, the given one is not
                in order, or the disk refuses.
        """
        path = self._path(calendar, date)
        with self._writing(calendar, date):
            merged, counts = merge_days(self.read(calendar, date), day)
            if counts.added or counts.corrected:
                write_day(path, calendar, date, merged, self._segments(calendar, merged.bars.start_ns))
                self._folders.sync(path.parent)
        return counts

    def certified(self, calendar: str) -> tuple[str, ...]:
        """Return the session dates that have a certificate, ascending."""
        return tuple(sorted(self._dates(calendar, sidecar.SUFFIX)))

    def certificate(self, calendar: str, date: str) -> SessionCertificate | None:
        """Return the certificate of a day, or ``None`` where it has none.

        Raises:
            DataError: the file is damaged; names it and what was expected.
        """
        return sidecar.read_certificate(self._path(calendar, date, sidecar.SUFFIX), calendar, date)

    def certify(self, calendar: str, date: str, certificate: SessionCertificate) -> None:
        """Put a certificate beside a day; the digest of another one that is there goes into ``replaces``.

        Raises:
            StoreLocked: somebody else is writing to this store.
            DataError: the store is open for reading only, the certificate is that of another day, the one that is
                there cannot be read, or the disk refuses.
        """
        path = self._path(calendar, date, sidecar.SUFFIX)
        sidecar.check_day(certificate, calendar, date)
        with self._writing(calendar, date):
            old = self.certificate(calendar, date)
            new = sidecar.succeeding(old, certificate)
            if new != old:
                sidecar.write_certificate(path, new)
                self._folders.sync(path.parent)

    def adjustments(self) -> tuple[Adjustment, ...]:
        """Return the splits and dividends of ``adjustments.parquet``, sorted by symbol and date; read when it changed.

        Raises:
            DataError: the file cannot be read, or rows of it cannot be used.
        """
        path = self.root / FILE
        found = path.stat() if path.exists() else None
        state = None if found is None else (found.st_mtime_ns, found.st_size)
        if self._adjustments is None or self._adjustments[0] != state:
            self._adjustments = (state, read_adjustments(path))
        return self._adjustments[1]

    def close(self) -> None:
        """Give the lock back once nobody writes; may be called twice. A later merge takes it again."""
        with self._changed:
            self._changed.wait_for(lambda: not self._busy)
            lock, self._lock = self._lock, None
            if lock is not None:
                lock.release()

    @contextmanager
    def _writing(self, calendar: str, date: str) -> Iterator[None]:
        """Be the only thread that writes a day, in the only process that writes to the store."""
        day = (calendar, date)
        with _explained(f"{calendar} on {date}", self.root):
            with self._changed:
                self._changed.wait_for(lambda: day not in self._busy)
                self._open_for_writing()
                self._busy.add(day)
            try:
                yield
            finally:
                with self._changed:
                    self._busy.discard(day)
                    self._changed.notify_all()

    def _open_for_writing(self) -> None:
        if self._read_only:
            raise DataError(f"the store at {self.root} is open for reading only")
        if self._lock is None:
            self.root.mkdir(parents=True, exist_ok=True)
            self._lock = StoreLock(self.root)
            for suffix in (SUFFIX, sidecar.SUFFIX):
                for unfinished in self.root.glob(f"*/*/*{suffix}{UNFINISHED}"):
                    unfinished.unlink()

    def _segments(self, calendar: str, starts: Stamps) -> npt.NDArray[np.uint8]:
        is_next = starts[1:] != starts[:-1]  # they are sorted
        if is_next.all():
            return self._segment_of(calendar, starts)
        first = np.flatnonzero(np.append(np.True_, is_next))
        bars_of_each = np.diff(first, append=len(starts))
        return np.repeat(self._segment_of(calendar, starts[first]), bars_of_each)

    def _folder(self, calendar: str) -> Path:
        # Dots are quoted too: Windows drops them at the end of a name, and ".." would lead out of the store.
        if calendar not in self._named:
            self._named[calendar] = self.root / quote(calendar, safe="").replace(".", "%2E")
        return self._named[calendar]

    def _path(self, calendar: str, date: str, suffix: str = SUFFIX) -> Path:
        check_key(calendar, date)
        return self._folder(calendar).joinpath(date[:4], date + suffix)

    def _dates(self, calendar: str, suffix: str = SUFFIX) -> Iterator[str]:
        names = (path.name.removesuffix(suffix) for path in self._folder(calendar).glob(f"*/*{suffix}"))
        return (name for name in names if is_session_date(name))


@contextmanager
def _explained(day: str, root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(f"cannot write to the store at {root}: {day}: {error}") from error


class _CalendarSegments:
    """What the calendars say; each is made once, when it is first asked."""

    def __init__(self) -> None:
        self._calendars: dict[str, Any] = {}
        self._making = Lock()

    def __call__(self, calendar: str, starts: Stamps) -> npt.NDArray[np.uint8]:
        with self._making:
            if calendar not in self._calendars:
                # It brings pandas, for which readers need not wait.
                from actors.market.calendar import Calendar

                self._calendars[calendar] = Calendar(calendar)
        segment: npt.NDArray[np.uint8] = self._calendars[calendar].assign(starts).segment
        return segment
