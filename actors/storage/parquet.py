"""Bars that rest in Parquet files; ``actors.storage.places`` says where they lie.

A file has the bars of one calendar and session date or, in a narrow store, of a month or a year of them. All bars of
a store are of one length. Beside a day lies its certificate once somebody has certified it, and in the root there may
be a file of splits and dividends.
Any number of readers, one writer: the first merge takes the store's lock, ``close`` or the end of the process
gives it back. Files are replaced whole, so a reader sees a day before a merge or after it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from itertools import chain
from pathlib import Path
from threading import Lock

from actors.kernel.ports import Extent, MergeCounts, StoredDay, StoredDays
from actors.market.certificate import with_left
from actors.market.hours.own import NOTHING_OWN, OwnHours
from actors.reading.spelling.addresses import check_folder
from actors.storage.adjustments import read_adjustments
from actors.storage.atomic import FolderSyncs, exists
from actors.storage.beside import sidecar
from actors.storage.beside.notes import Notes
from actors.storage.dayfile import DayHead
from actors.storage.elsewhere.object_path import ObjectPath
from actors.storage.merging import NOTHING, Span, check_key, check_length, merge_days, merged_stretches, without
from actors.storage.own_hours import Calendars, read_own_hours
from actors.storage.places import CERTIFICATE, Places
from actors.storage.segments import CalendarSegments, SegmentOf
from actors.storage.shelves import YEAR, Shelves
from actors.storage.turns import Turns
from messages.certificates import SessionCertificate
from messages.errors import DataError
from messages.history import Adjustment
from messages.tables.runs import Runs
from messages.values import Gap, Interval


class ParquetStore(Notes):
    """A bar store in a folder.

    Args:
        root: the folder; made at the first merge if it is not there.
        read_only: refuse to merge, and to open what is not there.
        segment_of: which part of the day each start lies in, for the column ``segment``; by default what
            the calendar says.
        own: special sessions and calendars that go before those of ``special_sessions.toml``.
        shared: a folder of locks, by which processes take turns that write together; who started them has the lock.

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
        shared: Path | None = None,
    ) -> None:
        if not isinstance(root, ObjectPath):
            check_folder(root, "a store")
            root = Path(root)
        self.root = root
        self._own = own
        self._segment_of = segment_of or CalendarSegments(Calendars(self.own_hours))
        self._adjustments: tuple[tuple[int, int] | None, tuple[Adjustment, ...]] | None = None
        self._interval: Interval | None = None
        self._places = Places(self.root)
        self._folders = FolderSyncs()
        self._shelves = Shelves(self._places, self._segment_of, self._folders)
        self._turns = Turns(self.root, self._shelves.clean, read_only=read_only, shared=shared)
        self._sealing = Lock()
        self._certified: dict[str, dict[str, int]] = {}
        if self.root.name.startswith("calendar="):
            raise DataError(f"{self.root} is one calendar of a store; the store is {self.root.parent}")
        if not self.root.is_dir() and (read_only or self.root.exists()):
            raise DataError(f"no store at {self.root}: {'not a folder' if self.root.exists() else 'no such folder'}")

    @property
    def folder(self) -> Path | None:
        """The folder."""
        return self.root

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
        """Return the session dates that have bars, ascending.

        Raises:
            DataError: a file cannot be read that has several of them.
        """
        return self._shelves.dates(calendar)

    def dates_left(self, calendar: str) -> tuple[tuple[str, ...], Mapping[str, str]]:
        """Return the dates that can be read, and by period why a file of several days cannot."""
        return self._shelves.dates_left(calendar)

    def symbols(self, calendar: str, date: str) -> tuple[str, ...]:
        """Return the symbols with bars on that date, sorted.

        Raises:
            DataError: the day cannot be read.
        """
        head = self._shelves.head(calendar, date)
        return () if head is None else head.symbols

    def base_interval(self) -> Interval | None:
        """Return the length of the bars, as the first day says that can be read; ``None`` where there is none."""
        if self._interval is None:
            found = map(self._shelves.interval, self.calendars())
            self._interval = next((length for length in found if length is not None), None)
        return self._interval

    def read(
        self, calendar: str, date: str, symbols: Sequence[str] | None = None, span: Span | None = None
    ) -> StoredDay | None:
        """Return the day, or ``None`` where there is none; only these symbols if any are named, and this span.

        Raises:
            DataError: the day cannot be read.
        """
        check_key(calendar, date)
        return self._shelves.read(calendar, date, symbols, span)

    def expect(self, extents: Mapping[str, Extent]) -> str:
        """Hear what is about to be merged; a store without a day becomes narrow where its days are many and small.

        Raises:
            StoreLocked: somebody else is writing to this store.
            DataError: the store is open for reading only, or the disk refuses.
        """
        if self._shelves.expect(extents) and not self.calendars():
            self.claim()
            self._places.make_narrow(narrow=True)
        return "narrow" if self._places.is_narrow() else "days"

    def shelves(self, calendar: str) -> Callable[[str], str]:
        """Return what tells of a session date which file it lies in, or will."""
        return self._shelves.of(calendar)

    def merge(self, calendar: str, date: str, day: StoredDay) -> MergeCounts:
        """Add a day's bars; ``actors.storage.merging`` says what changes. Several threads may merge days at once.

        Raises:
            StoreLocked: somebody else is writing to this store.
            DataError: the store is open for reading only, the stored day cannot be read, the given one is not
                in order, its bars are not as long as the store's, or the disk refuses.
        """
        check_key(calendar, date)
        with self._writing(calendar, date):
            return self._merge(calendar, date, day)

    def merge_days(self, calendar: str, days: StoredDays) -> MergeCounts:
        """Add the bars of several days; those that lie in one file are written at once.

        Raises:
            StoreLocked: somebody else is writing to this store.
            DataError: as for ``merge``.
        """
        for date in days.dates:
            check_key(calendar, date)
        if not self._places.is_narrow():
            return sum((self.merge(calendar, date, day) for date, day in days.each()), NOTHING)
        counts = NOTHING
        for year, of_year in days.by(lambda date: date[:YEAR]):
            with self._turns.of(calendar, year):
                for shelf, of_shelf in of_year.by(self.shelves(calendar)):
                    if shelf in of_shelf.dates:
                        counts += sum((self._merge(calendar, date, day) for date, day in of_shelf.each()), NOTHING)
                    else:
                        counts += self._merge_together(calendar, of_shelf)
        return counts

    def merge_stretches(
        self, calendar: str, date: str, symbols: Sequence[str], stretches: Iterable[StoredDay]
    ) -> MergeCounts:
        """Add a day's bars stretch by stretch: at no moment is more of the day in memory than what one of them spans.

        Raises:
            StoreLocked: somebody else is writing to this store.
            DataError: as for ``merge``; or the stretches do not follow each other.
        """
        check_key(calendar, date)
        counts = NOTHING
        rest = iter(stretches)
        first = next(rest)
        stretches = chain((first,), rest)
        with self._writing(calendar, date), suppress(_NothingNew):
            old = self._shelves.head(calendar, date)
            if old is None:
                check_length(self.base_interval(), first.bars)
            merging = merged_stretches(lambda span: self.read(calendar, date, span=span), stretches)
            head = DayHead.over(old, first, symbols)
            del first  # it need not be in memory for longer than its turn takes
            with self._shelves.stretched(calendar, date, head) as write:
                for merged, changed in merging:
                    write(merged)
                    counts += changed
                    del merged  # as above
                if not counts.changes:
                    raise _NothingNew
        return counts

    def withdraw(self, calendar: str, date: str, gaps: Sequence[Gap]) -> int:
        """Take out the bars that start in these minutes; return how many there were. No bar left: no day.

        Raises:
            StoreLocked: somebody else is writing to this store.
            DataError: the store is open for reading only, the stored day cannot be read, or the disk refuses.
        """
        check_key(calendar, date)
        with self._writing(calendar, date):
            day = self.read(calendar, date)
            if day is None:
                return 0
            left, count = without(day, gaps)
            if count:
                self._shelves.replace(calendar, date, left)
            if not len(left.bars):
                self._interval = None  # it may have been the only day
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
        path = self._places.find(calendar, date, CERTIFICATE)
        return None if path is None else sidecar.read_certificate(path, calendar, date)

    def certify(self, calendar: str, date: str, certificate: SessionCertificate) -> None:
        """Put a certificate beside a day; the digest of another one that is there goes into ``replaces``.

        Raises:
            StoreLocked: somebody else is writing to this store.
            DataError: the store is open for reading only, the certificate is that of another day, the one that is
                there cannot be read, or the disk refuses.
        """
        self.certify_with(calendar, date, certificate, lambda: iter(()))

    def certify_with(
        self, calendar: str, date: str, certificate: SessionCertificate, runs: Callable[[], Iterator[Runs]]
    ) -> None:
        """Put a certificate beside a day as ``certify`` does; more of its runs come beside it.

        Raises:
            StoreLocked: as for ``certify``.
            DataError: as for ``certify``.
        """
        check_key(calendar, date)
        sidecar.check_day(certificate, calendar, date)
        with self._writing(calendar, date):
            path = self._places.for_writing(calendar, date, CERTIFICATE)
            old = self.certificate(calendar, date)
            if old is not None:
                certificate, runs = with_left(certificate, runs), lambda: iter(())
            new = sidecar.succeeding(old, certificate)
            if new == old:
                return
            with self._sealing, self._turns.alone("seals"):  # days are certified by several threads
                sidecar.remember(self._places.seals(), self._unsealed)
            if old is not None and sidecar.outlives(old, new):
                sidecar.keep_beside(path, self._places.earlier(calendar, date))
            sidecar.write_certificate(path, new, len(self._places.earlier(calendar, date)), runs())
            self._folders.sync(path.parent)
            self._certified.setdefault(calendar, {})[date] = len(self._places.earlier(calendar, date)) + 1

    def earlier(self, calendar: str, date: str) -> tuple[SessionCertificate, ...]:
        """Return what live days certified before somebody else did, oldest first.

        Raises:
            DataError: a file is damaged; names it and what was expected.
        """
        check_key(calendar, date)
        found = (sidecar.read_certificate(path, calendar, date) for path in self._places.earlier(calendar, date))
        return tuple(certificate for certificate in found if certificate is not None)

    def is_as_issued(self, calendar: str, date: str) -> bool | None:
        """Return whether a day's certificates, earlier ones too, are what was written and all there.

        ``None``: they are older than seals.

        Raises:
            DataError: a file cannot be read.
        """
        place = self._places.of(calendar, date, CERTIFICATE)
        if not place.exists():
            return None
        return sidecar.are_as_written(
            (*self._places.earlier(calendar, date), place), self._places.seals(), calendar, date
        )

    def once_certified(self) -> dict[str, dict[str, int]] | None:
        """Return by calendar and date how many certificates there were; ``None``: nobody remembers.

        Raises:
            DataError: what the store remembers of it was changed, or cannot be read.
        """
        return sidecar.once_certified(self._places.seals())

    def _unsealed(self) -> dict[str, list[str]]:
        """Return by calendar the dates whose certificates have no seal."""
        return {
            name: [
                date
                for date in self.certified(name)
                if sidecar.is_sealed(self._places.of(name, date, CERTIFICATE)) is None
            ]
            for name in self.certified_calendars()
        }

    def adjustments(self) -> tuple[Adjustment, ...]:
        """Return the splits and dividends, sorted by symbol and date; read when it changed.

        Raises:
            DataError: the file cannot be read, or rows of it cannot be used.
        """
        path = self._places.adjustments()
        found = path.stat() if exists(path) else None
        state = None if found is None else (found.st_mtime_ns, found.st_size)
        if self._adjustments is None or self._adjustments[0] != state:
            self._adjustments = (state, read_adjustments(path))
        return self._adjustments[1]

    def claim(self) -> None:
        """Take the lock now, and not with the first merge: who is to write all day is refused before it begins.

        Raises:
            StoreLocked: somebody else is writing to this store; names the process and the host.
        """
        self._turns.claim()

    def close(self) -> None:
        """Give the lock back once nobody writes; may be called twice. A later merge takes it again."""
        if self._certified:
            with suppress(DataError):  # who certifies next will remember
                self.remember_certified()
        self._turns.close()

    def remember_certified(self) -> None:
        """Write down which days have a certificate, so that one which is gone is missed; ``close`` does it too.

        Raises:
            StoreLocked: somebody else is writing to this store.
            DataError: the store is open for reading only, or the disk refuses.
        """
        with self._turns.of("", "certified"), self._sealing, self._turns.alone("seals"):
            known = {name: dict.fromkeys(self.certified(name), 1) for name in self.certified_calendars()}
            known = {name: dates | self._certified.get(name, {}) for name, dates in known.items()}
            sidecar.remember_certified(self._places.seals(), known)
            self._certified = {}

    def _merge(self, calendar: str, date: str, day: StoredDay) -> MergeCounts:
        if self.shelves(calendar)(date) != date and len(day.bars):
            return self._merge_together(calendar, StoredDays.single(date, day))
        old = self.read(calendar, date)
        if old is None:
            check_length(self.base_interval(), day.bars)
        merged, counts = merge_days(old, day)
        if counts.changes:
            self._shelves.replace(calendar, date, merged)
        return counts

    def _merge_together(self, calendar: str, days: StoredDays) -> MergeCounts:
        if days.bars.interval != self.base_interval() and any(self.read(calendar, date) is None for date in days.dates):
            check_length(self.base_interval(), days.bars)
        return self._shelves.merge(calendar, days)

    def _writing(self, calendar: str, date: str) -> AbstractContextManager[None]:
        """Be the only thread that writes a day, and those that lie together with it."""
        is_alone = not self._places.is_narrow() and self.shelves(calendar)(date) == date
        return self._turns.of(calendar, date if is_alone else date[:YEAR])


class _NothingNew(Exception):
    """What was being written says nothing that the old file does not say."""
