"""Bars that rest in Parquet files, one a calendar and session date; ``actors.storage.places`` says where they lie.

All bars of a store are of one length. Beside a day lies its certificate once somebody has certified it, and in the
root there may be a file of splits and dividends.
Any number of readers, one writer: the first merge takes the store's lock, ``close`` or the end of the process
gives it back. Files are replaced whole, so a reader sees a day before a merge or after it.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from threading import Condition

import msgspec

from actors.kernel.ports import MergeCounts, StoredDay
from actors.market.hours.own import NOTHING_OWN, OwnHours
from actors.settings import check_folder
from actors.storage import sidecar
from actors.storage.adjustments import read_adjustments
from actors.storage.atomic import FolderSyncs, patiently
from actors.storage.dayfile import DayHead, read_day, read_head, write_day, writing_day
from actors.storage.lock import StoreLock
from actors.storage.merging import (
    NOTHING,
    Span,
    check_key,
    check_length,
    merge_days,
    merged_stretches,
    without,
)
from actors.storage.own_hours import Calendars, read_own_hours
from actors.storage.places import BARS, CERTIFICATE, Places
from actors.storage.segments import CalendarSegments, SegmentOf, segments_of
from messages.certificates import SessionCertificate
from messages.errors import DataError
from messages.history import Adjustment
from messages.values import Gap, Interval


class ParquetStore:
    """A bar store in a folder.

    Args:
        root: the folder; made at the first merge if it is not there.
        read_only: refuse to merge, and to open what is not there.
        segment_of: which part of the day each start lies in, for the column ``segment``; by default what
            the calendar says.
        own: special sessions and calendars that go before those of ``special_sessions.toml``.

    Raises:
        DataError: ``root`` is no folder, or it is not there and ``read_only`` is asked for.
        SettingsError: ``root`` is an address, like ``s3://bucket/store``.
    """

    def __init__(
        self,
        root: Path,
        *,
        read_only: bool = False,
        segment_of: SegmentOf | None = None,
        own: OwnHours = NOTHING_OWN,
    ) -> None:
        check_folder(root, "a store")
        self.root = Path(root)
        self._read_only = read_only
        self._own = own
        self._segment_of = segment_of or CalendarSegments(Calendars(self.own_hours))
        self._lock: StoreLock | None = None
        self._adjustments: tuple[tuple[int, int] | None, tuple[Adjustment, ...]] | None = None
        self._interval: Interval | None = None
        self._places = Places(self.root)
        self._folders = FolderSyncs()
        self._busy: set[tuple[str, str]] = set()
        """The calendars and dates that are being written, each by one thread."""
        self._changed = Condition()
        if self.root.name.startswith("calendar="):
            raise DataError(f"{self.root} is one calendar of a store; the store is {self.root.parent}")
        if not self.root.is_dir() and (read_only or self.root.exists()):
            raise DataError(f"no store at {self.root}: {'not a folder' if self.root.exists() else 'no such folder'}")

    def own_hours(self) -> OwnHours:
        """Return the special sessions and calendars that go before all others.

        Raises:
            SettingsError: ``special_sessions.toml`` cannot be read, or makes no sense.
        """
        return self._own.over(read_own_hours(self.root))

    def calendars(self) -> tuple[str, ...]:
        """Return the calendars that have days here, sorted."""
        return self._places.calendars()

    def dates(self, calendar: str) -> tuple[str, ...]:
        """Return the session dates that have bars, ascending."""
        return tuple(sorted(self._places.dates(calendar, BARS)))

    def symbols(self, calendar: str, date: str) -> tuple[str, ...]:
        """Return the symbols with bars on that date, sorted.

        Raises:
            DataError: the day cannot be read.
        """
        try:
            return read_head(self._places.of(calendar, date, BARS), calendar, date).symbols
        except FileNotFoundError:
            return ()

    def base_interval(self) -> Interval | None:
        """Return the length of the bars, as the first day says that can be read; ``None`` where there is none."""
        if self._interval is None:
            days = ((name, date) for name in self.calendars() for date in self._places.dates(name, BARS))
            for calendar, date in days:
                with suppress(DataError, FileNotFoundError):
                    self._interval = read_head(self._places.of(calendar, date, BARS), calendar, date).interval
                    break
        return self._interval

    def read(
        self, calendar: str, date: str, symbols: Sequence[str] | None = None, span: Span | None = None
    ) -> StoredDay | None:
        """Return the day, or ``None`` where there is none; only these symbols if any are named, and this span.

        Raises:
            DataError: the day cannot be read.
        """
        for _ in range(2):  # it may be moved to its new place just now, or its last bar withdrawn
            path = self._places.of(calendar, date, BARS)
            with suppress(FileNotFoundError):
                # An import asks for thousands of days that are not there, and pyarrow is slow to say so.
                return read_day(path, calendar, date, symbols, span) if path.exists() else None
        return None

    def merge(self, calendar: str, date: str, day: StoredDay) -> MergeCounts:
        """Add a day's bars; ``actors.storage.merging`` says what changes. Several threads may merge days at once.

        Raises:
            StoreLocked: somebody else is writing to this store.
            DataError: the store is open for reading only, the stored day cannot be read, the given one is not
                in order, its bars are not as long as the store's, or the disk refuses.
        """
        with self._writing(calendar, date):
            path = self._places.for_writing(calendar, date, BARS)
            old = self.read(calendar, date)
            if old is None:
                check_length(self.base_interval(), day.bars)
            merged, counts = merge_days(old, day)
            if counts.changes:
                self._replace(path, calendar, date, merged)
        return counts

    def merge_stretches(
        self, calendar: str, date: str, symbols: Sequence[str], stretches: Iterable[StoredDay]
    ) -> MergeCounts:
        """Add a day's bars stretch by stretch: at no moment is more of the day in memory than what one of them spans.

        Raises:
            StoreLocked: somebody else is writing to this store.
            DataError: as for ``merge``; or the stretches do not follow each other.
        """
        counts = NOTHING
        first, stretches = _first_of(stretches)
        with self._writing(calendar, date), suppress(_NothingNew):
            path = self._places.for_writing(calendar, date, BARS)
            old = read_head(path, calendar, date) if path.exists() else None
            if old is None:
                check_length(self.base_interval(), first.bars)
            merging = merged_stretches(lambda span: self.read(calendar, date, span=span), stretches)
            head = _head(old, first, symbols)
            del first  # it need not be in memory for longer than its turn takes
            with writing_day(path, calendar, date, head) as write:
                for merged, changed in merging:
                    write(merged, segments_of(self._segment_of, calendar, merged.bars.start_ns))
                    counts += changed
                if not counts.changes:
                    raise _NothingNew
            self._folders.sync(path.parent)
        return counts

    def withdraw(self, calendar: str, date: str, gaps: Sequence[Gap]) -> int:
        """Take out the bars that start in these minutes; return how many there were. No bar left: no file.

        Raises:
            StoreLocked: somebody else is writing to this store.
            DataError: the store is open for reading only, the stored day cannot be read, or the disk refuses.
        """
        with self._writing(calendar, date):
            path = self._places.for_writing(calendar, date, BARS)
            day = self.read(calendar, date)
            if day is None:
                return 0
            left, count = without(day, gaps)
            if count:
                self._replace(path, calendar, date, left)
        return count

    def certified_calendars(self) -> tuple[str, ...]:
        """Return the calendars that have certificates, sorted; their bars may be gone."""
        return tuple(name for name in self._places.calendars_named() if any(self._places.dates(name, CERTIFICATE)))

    def certified(self, calendar: str) -> tuple[str, ...]:
        """Return the session dates that have a certificate, ascending."""
        return tuple(sorted(self._places.dates(calendar, CERTIFICATE)))

    def certificate(self, calendar: str, date: str) -> SessionCertificate | None:
        """Return the certificate of a day, or ``None`` where it has none.

        Raises:
            DataError: the file is damaged; names it and what was expected.
        """
        return sidecar.read_certificate(self._places.of(calendar, date, CERTIFICATE), calendar, date)

    def certify(self, calendar: str, date: str, certificate: SessionCertificate) -> None:
        """Put a certificate beside a day; the digest of another one that is there goes into ``replaces``.

        Raises:
            StoreLocked: somebody else is writing to this store.
            DataError: the store is open for reading only, the certificate is that of another day, the one that is
                there cannot be read, or the disk refuses.
        """
        check_key(calendar, date)
        sidecar.check_day(certificate, calendar, date)
        with self._writing(calendar, date):
            path = self._places.for_writing(calendar, date, CERTIFICATE)
            old = self.certificate(calendar, date)
            new = sidecar.succeeding(old, certificate)
            if new == old:
                return
            if old is not None and sidecar.outlives(old, new):
                sidecar.keep_beside(path, self._places.earlier(calendar, date))
            sidecar.write_certificate(path, new)
            self._folders.sync(path.parent)

    def earlier(self, calendar: str, date: str) -> tuple[SessionCertificate, ...]:
        """Return what live days certified before somebody else did, oldest first.

        Raises:
            DataError: a file is damaged; names it and what was expected.
        """
        check_key(calendar, date)
        found = (sidecar.read_certificate(path, calendar, date) for path in self._places.earlier(calendar, date))
        return tuple(certificate for certificate in found if certificate is not None)

    def is_as_issued(self, calendar: str, date: str) -> bool | None:
        """Return whether a day's certificates, earlier ones too, are what was written; ``None``: they have no seal.

        Raises:
            DataError: a file cannot be read.
        """
        places = (self._places.of(calendar, date, CERTIFICATE), *self._places.earlier(calendar, date))
        found = {sidecar.is_sealed(place) for place in places} - {None}
        return all(found) if found else None

    def adjustments(self) -> tuple[Adjustment, ...]:
        """Return the splits and dividends, sorted by symbol and date; read when it changed.

        Raises:
            DataError: the file cannot be read, or rows of it cannot be used.
        """
        path = self._places.adjustments()
        found = path.stat() if path.exists() else None
        state = None if found is None else (found.st_mtime_ns, found.st_size)
        if self._adjustments is None or self._adjustments[0] != state:
            self._adjustments = (state, read_adjustments(path))
        return self._adjustments[1]

    def claim(self) -> None:
        """Take the lock now, and not with the first merge: who is to write all day is refused before it begins.

        Raises:
            StoreLocked: somebody else is writing to this store; names the process and the host.
        """
        with _explained("its lock", self.root), self._changed:
            self._open_for_writing()

    def close(self) -> None:
        """Give the lock back once nobody writes; may be called twice. A later merge takes it again."""
        with self._changed:
            self._changed.wait_for(lambda: not self._busy)
            lock, self._lock = self._lock, None
            if lock is not None:
                lock.release()

    def _replace(self, path: Path, calendar: str, date: str, day: StoredDay) -> None:
        """Put a day in the place of the one that is there, if any; one without a bar leaves no file."""
        if len(day.bars):
            write_day(path, calendar, date, day, segments_of(self._segment_of, calendar, day.bars.start_ns))
        else:
            patiently(path.unlink)
            self._interval = None  # it may have been the only day
        self._folders.sync(path.parent)

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
            for unfinished in self._places.unfinished():
                unfinished.unlink()


class _NothingNew(Exception):
    """What was being written says nothing that the old file does not say."""


def _first_of(stretches: Iterable[StoredDay]) -> tuple[StoredDay, Iterator[StoredDay]]:
    rest = iter(stretches)
    first = next(rest)
    return first, chain((first,), rest)


def _head(old: DayHead | None, first: StoredDay, symbols: Sequence[str]) -> DayHead:
    head = msgspec.structs.replace(DayHead.of(first), symbols=tuple(sorted(symbols)))
    if old is None:
        return head
    both = tuple(sorted({*old.symbols, *symbols}))
    return msgspec.structs.replace(old, symbols=both, rows=max(old.rows, head.rows))


@contextmanager
def _explained(day: str, root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(f"cannot write to the store at {root}: {day}: {error}") from error
