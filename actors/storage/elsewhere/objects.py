"""A bar store in a bucket of objects: the same files as in a folder, of which the next days are fetched ahead of time.

Any number of readers and of writers, in any number of processes: in place of a lock a file is put in another's place on
the condition that it is still the one that was read; if it is not, the merge is done again.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar, cast

from actors.kernel.ports import MergeCounts, StoredDay, StoredDays
from actors.market.hours.own import NOTHING_OWN, OwnHours
from actors.storage.elsewhere.bucket import Bucket, Conflict
from actors.storage.elsewhere.object_path import ObjectPath
from actors.storage.merging import Span
from actors.storage.parquet import ParquetStore
from actors.storage.places import BARS, CERTIFICATE, Places
from actors.storage.segments import SegmentOf
from messages.certificates import SessionCertificate
from messages.errors import DataError
from messages.tables.columns import Prints
from messages.tables.runs import Runs
from messages.values import Gap, VerdictRun

R = TypeVar("R")

_ATTEMPTS = 20
_FEWEST, _MOST = 2, 16
"""Days that are fetched ahead: at first, and where one is read after the other."""


class ObjectStore(ParquetStore):
    """A bar store in a bucket.

    Args:
        address: where, such as ``s3://bucket/minutes``.
        read_only: refuse to merge, and to open what is not there.
        segment_of: which part of the day each start lies in; by default what the calendar says.
        own: special sessions and calendars that go before those of ``special_sessions.toml`` in it.

    Raises:
        DataError: it cannot be reached, or nothing is there and ``read_only`` is asked for.
        SettingsError: that is no such address, or obstore is not installed.
    """

    def __init__(
        self,
        address: str,
        *,
        read_only: bool = False,
        segment_of: SegmentOf | None = None,
        own: OwnHours = NOTHING_OWN,
    ) -> None:
        self._bucket = Bucket(address)
        self._read: tuple[str, str] | None = None
        self._depth = _FEWEST
        self._known: tuple[int, str, tuple[str, ...]] | None = None
        # An ObjectPath is to a bucket what a Path is to a folder, in what a store does with it.
        root = cast("Path", ObjectPath(self._bucket, ""))
        try:
            super().__init__(root, read_only=read_only, segment_of=segment_of, own=own)
        except OSError as error:
            raise DataError(str(error)) from error
        self._at = Places(root)

    @property
    def folder(self) -> Path | None:
        """None: it is not on this computer."""
        return None

    def read(
        self, calendar: str, date: str, symbols: Sequence[str] | None = None, span: Span | None = None
    ) -> StoredDay | None:
        """Return the day, or ``None`` where there is none; and begin to fetch those that come after it.

        Raises:
            DataError: the day cannot be read.
        """
        few = tuple(symbols or ()) if self._at.is_by_symbols() else ()
        with self._bucket.asking_for(few):
            day = super().read(calendar, date, symbols, span)
        if day is not None and span is None and not self._bucket.has_turn:
            self._look_ahead(calendar, date, few)
        return day

    def merge(self, calendar: str, date: str, day: StoredDay) -> MergeCounts:
        """Add a day's bars; ``actors.storage.merging`` says what changes.

        Raises:
            DataError: as in a folder; or the bucket refuses.
        """
        merge = super().merge
        return self._again(lambda: merge(calendar, date, day))

    def merge_days(self, calendar: str, days: StoredDays) -> MergeCounts:
        """Add the bars of several days; those that lie in one file are written at once.

        Raises:
            DataError: as in a folder; or the bucket refuses.
        """
        merge_days = super().merge_days
        return self._again(lambda: merge_days(calendar, days))

    def merge_stretches(
        self, calendar: str, date: str, symbols: Sequence[str], stretches: Iterable[StoredDay]
    ) -> MergeCounts:
        """Add a day's bars stretch by stretch. What is written waits in memory: a file takes its place as a whole.

        Raises:
            DataError: as in a folder; or the bucket refuses; or somebody else wrote the day meanwhile.
        """
        merge_stretches = super().merge_stretches
        return self._again(lambda: merge_stretches(calendar, date, symbols, stretches), attempts=1)

    def withdraw(self, calendar: str, date: str, gaps: Sequence[Gap]) -> int:
        """Take out the bars that start in these minutes; return how many there were. No bar left: no day.

        Raises:
            DataError: as in a folder; or the bucket refuses.
        """
        withdraw = super().withdraw
        return self._again(lambda: withdraw(calendar, date, gaps))

    def certify_with(
        self, calendar: str, date: str, certificate: SessionCertificate, runs: Callable[[], Iterator[Runs]]
    ) -> None:
        """Put a certificate beside a day; the digest of another one that is there goes into ``replaces``.

        Raises:
            DataError: as in a folder; or the bucket refuses.
        """
        certify_with = super().certify_with
        self._again(lambda: certify_with(calendar, date, certificate, runs))

    def keep_prints(self, calendar: str, date: str, prints: Prints) -> None:
        """Keep how a day was lived, in addition to what an earlier run of it knew.

        Raises:
            DataError: as in a folder; or the bucket refuses.
        """
        keep_prints = super().keep_prints
        self._again(lambda: keep_prints(calendar, date, prints))

    def note_untraded(self, calendar: str, date: str, runs: Sequence[VerdictRun]) -> None:
        """Keep more of the minutes of a day that were found untraded while it ran.

        Raises:
            DataError: as in a folder; or the bucket refuses.
        """
        note_untraded = super().note_untraded
        self._again(lambda: note_untraded(calendar, date, runs))

    def close(self) -> None:
        """Forget what was fetched ahead; may be called twice."""
        super().close()
        self._bucket.close()

    def remember_certified(self) -> None:
        """Write down which days have a certificate.

        Raises:
            DataError: as in a folder; or the bucket refuses.
        """
        self._again(super().remember_certified)

    def _again(self, work: Callable[[], R], attempts: int = _ATTEMPTS) -> R:
        """Do work that begins with reading, until nobody else has written meanwhile."""
        for left in range(attempts - 1, -1, -1):
            try:
                return work()
            except Conflict as error:
                if not left:
                    raise DataError(f"{error}; nothing was written, do it again") from None
        raise AssertionError

    def _dates_known(self, calendar: str) -> tuple[str, ...]:
        """Return the dates that have bars; put together anew only when something has changed."""
        version = self._bucket.version
        if self._known is None or self._known[:2] != (version, calendar):
            self._known = (version, calendar, self.dates(calendar))
        return self._known[2]

    def _look_ahead(self, calendar: str, date: str, few: Sequence[str]) -> None:
        if self._at.is_narrow():  # one file has what comes next, and is held
            return
        dates = self._dates_known(calendar)
        place = bisect_left(dates, date)
        is_next = place > 0 and self._read == (calendar, dates[place - 1])
        self._depth = min(2 * self._depth, _MOST) if is_next else _FEWEST
        self._read = (calendar, date)
        coming = dates[place + 1 : place + 1 + self._depth]
        paths = [self._at.of(calendar, one, name) for one in coming for name in (BARS, CERTIFICATE)]
        self._bucket.read_ahead([cast("ObjectPath", path).key for path in paths], few or None)
