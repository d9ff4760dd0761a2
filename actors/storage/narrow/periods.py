"""The days of a narrow store: which of them lie together in which file, how they are read, and how they are written.

A day of few bars costs more as a file than its bars do, so a narrow store keeps the days of a year in one file,
``calendar=XNYS/2024.parquet``, or of a month where a year would have too many bars, ``2024-07.parquet``. A file that
grows beyond twice ``MOST_ROWS`` gives way to finer ones, at last to one a day; so writing a day never takes longer than
writing so many bars. While that happens, and after a crash, a day may be in two files: the finer one counts, and the
next writer takes it out of the other.
"""

import time
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import Generic, TypeAlias, TypeVar

from actors.kernel.ports import MergeCounts, StoredDay
from actors.storage.atomic import FolderSyncs, patiently
from actors.storage.dayfile import write_day
from actors.storage.merging import NOTHING, Span, only
from actors.storage.narrow.periodfile import PeriodHead, read_period, read_period_head, write_period
from actors.storage.narrow.together import Segments, Together, merged, put_into
from actors.storage.places import Places
from messages.errors import DataError
from messages.tables.columns import Stamps
from messages.values import Interval

YEAR, MONTH, DAY = len("2024"), len("2024-07"), len("2024-07-02")
"""A period is as much of a date as this."""

MOST_ROWS = 1 << 17
"""About so many bars a file: reading one takes a few milliseconds, and writing it ten."""
SESSIONS = {YEAR: 260, MONTH: 22}
"""That a period has, weekends aside."""

_HELD = 3
"""Files whose bars are held: three days are written at once by an import."""
_UNSURE_S = 0.1
"""A file that was so new when it was read may have been replaced since within one tick of the disk's clock."""

_State: TypeAlias = tuple[int, int, int]
T = TypeVar("T")


def length_for(bars_a_day: float) -> int:
    """Return how much of a date names the file that a day of so many bars lies in."""
    return next((length for length, days in SESSIONS.items() if bars_a_day * days <= MOST_ROWS), DAY)


class PeriodFiles:
    """The files of a store that hold several days each.

    Args:
        places: where files lie.
        folders: makes what was replaced outlast a crash.
    """

    def __init__(self, places: Places, folders: FolderSyncs) -> None:
        self._places = places
        self._folders = folders
        self._heads: Held[PeriodHead] = Held(None)
        self._bars: Held[Together] = Held(_HELD)

    def dates(self, calendar: str) -> set[str]:
        """Return the session dates that lie in such files.

        Raises:
            DataError: one cannot be read.
        """
        heads = (self._head(calendar, period) for period in self._places.periods(calendar))
        return {date for head in heads if head is not None for date in head.dates}

    def dates_left(self, calendar: str) -> tuple[set[str], dict[str, str]]:
        """Return the dates that lie in files that can be read, and by period why another cannot."""
        dates, damaged = set[str](), {}
        for period in self._places.periods(calendar):
            try:
                head = self._head(calendar, period)
            except DataError as error:
                damaged[period] = str(error)
            else:
                dates |= set() if head is None else set(head.dates)
        return dates, damaged

    def interval(self, calendar: str) -> Interval | None:
        """Return the length of the bars, as the first file says that can be read; ``None`` where there is none."""
        for period in self._places.periods(calendar):
            with suppress(DataError):
                if (head := self._head(calendar, period)) is not None:
                    return head.interval
        return None

    def period_of(self, calendar: str, date: str) -> str | None:
        """Return the period whose file has a day; ``None`` where none has.

        Raises:
            DataError: a file that may have it cannot be read.
        """
        for length in (MONTH, YEAR):
            head = self._head(calendar, date[:length])
            if head is not None and date in head.dates:
                return date[:length]
        return None

    def place_of(self, calendar: str, date: str, lengths: Sequence[int] = (MONTH, YEAR)) -> str | None:
        """Return likewise; a file that cannot be read counts as one that has the day: who writes there is refused."""
        for length in lengths:
            with suppress(DataError):
                head = self._head(calendar, date[:length])
                if head is None or date not in head.dates:
                    continue
            return date[:length]
        return None

    def read(
        self, calendar: str, date: str, symbols: Sequence[str] | None = None, span: Span | None = None
    ) -> StoredDay | None:
        """Return a day that lies in such a file, or ``None``.

        Raises:
            DataError: the file cannot be read.
        """
        for length in (MONTH, YEAR):
            found = self._read(calendar, date[:length])
            if found is not None and date in found.dates:
                day = found.day(found.dates.index(date))
                return only(day, symbols, span) if symbols or span else day
        return None

    def homes(self, calendar: str, bars_a_day: float) -> Callable[[str], str]:
        """Return what gives the period in whose file a day is, or belongs: as its neighbours do, else by its size.

        It holds for as long as no file comes or goes.
        """
        known = self._places.periods(calendar)
        names, years = frozenset(known), frozenset(period[:YEAR] for period in known)

        def home(date: str) -> str:
            here = [length for length in (MONTH, YEAR) if date[:length] in names]
            if here:
                return self.place_of(calendar, date, here) or date[: here[0]]
            before = known[bisect_left(known, date) - 1 :][:1] or known[:1]
            length = len(before[0]) if before else length_for(bars_a_day)
            if length == YEAR and date[:YEAR] in years:
                length = MONTH
            return date[:length]

        return home

    def merge(
        self,
        calendar: str,
        days: Together,
        home: Callable[[str], str],
        segments_of: Callable[[Stamps], Segments],
        *,
        is_lived: bool,
    ) -> MergeCounts:
        """Merge days, none of which has a file of its own.

        Args:
            calendar: the calendar's name.
            days: the days.
            home: gives the period in whose file a day is, or belongs.
            segments_of: gives the ``SegmentKind`` numbers of the starts of one day.
            is_lived: whether their verdicts are of who lived through them.

        Raises:
            DataError: a file cannot be read.
            OSError: the disk refuses.
        """
        first, counts = 0, NOTHING
        for period, dates in groupby(days.dates, key=home):
            end = first + sum(1 for _ in dates)
            there = self.whole(calendar, period)
            whole, of_period = merged(there, days.cut(first, end), segments_of, is_lived=is_lived)
            if of_period.changes:
                self.put(calendar, period, whole)
            first, counts = end, counts + of_period
        return counts

    def replace(self, calendar: str, period: str, date: str, day: Together | None) -> None:
        """Put a day in the place of the one that is there, or take that one out.

        Raises:
            DataError: the file cannot be read.
            OSError: the disk refuses.
        """
        there = self.whole(calendar, period)
        left = None if there is None else there.without({date})
        self.put(calendar, period, left if day is None else put_into(left, day))

    def tidy(self, calendar: str) -> None:
        """Take out of each file the days that a finer one has: somebody died before it came to that.

        Raises:
            OSError: the disk refuses.
        """
        known = [*self._places.periods(calendar), *self._places.days_apart(calendar)]
        for period in known:
            if any(finer.startswith(period) and finer != period for finer in known):
                try:
                    there, left = self._read(calendar, period), self.whole(calendar, period)
                except DataError:
                    continue  # what cannot be read is left as it is, for whoever can repair it
                if there is not None and (left is None or left.dates != there.dates):
                    self.put(calendar, period, left)

    def put(self, calendar: str, period: str, days: Together | None) -> None:
        """Put a file in the place of the one that is there; one that is too large gives way to finer ones.

        Raises:
            DataError: a finer file is there and cannot be read.
            OSError: the disk refuses.
        """
        path = self._places.period(calendar, period)
        if days is None:
            patiently(lambda: path.unlink(missing_ok=True))
        elif len(period) == DAY:
            write_day(path, calendar, period, days.day(0), days.segments, has_date=True)
        elif len(days.bars) <= 2 * MOST_ROWS:
            write_period(path, calendar, period, days)
        else:
            finer = MONTH if len(period) == YEAR else DAY
            for name, part in days.by_period(finer):
                there = self.whole(calendar, name) if finer == MONTH else None
                self.put(calendar, name, put_into(there, part))
            patiently(lambda: path.unlink(missing_ok=True))
        self._folders.sync(path.parent)

    def whole(self, calendar: str, period: str) -> Together | None:
        """Return what a file has, but for days that a finer one has; ``None`` where that is nothing.

        Of a finer one that cannot be read nobody knows its days; then they stay.

        Raises:
            DataError: the file cannot be read.
        """
        found = self._read(calendar, period)
        if found is None:
            return None
        finer = {date for date in self._places.days_apart(calendar) if date.startswith(period)}
        for name in self._places.periods(calendar):
            if name.startswith(period) and name != period:
                with suppress(DataError):
                    head = self._head(calendar, name)
                    finer.update(() if head is None else head.dates)
        return found if finer.isdisjoint(found.dates) else found.without(finer)

    def _head(self, calendar: str, period: str) -> PeriodHead | None:
        if not self._places.has_period(calendar, period):
            return None
        return self._heads.get(
            self._places.period(calendar, period), lambda path: read_period_head(path, calendar, period)
        )

    def _read(self, calendar: str, period: str) -> Together | None:
        if not self._places.has_period(calendar, period):
            return None
        return self._bars.get(self._places.period(calendar, period), lambda path: read_period(path, calendar, period))


class Held(Generic[T]):
    """What was read of files, for as long as these are what they were; one thread reads, the others wait for it.

    Args:
        most: how many files; those that were asked for last stay. ``None``: all.
    """

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._found: OrderedDict[Path, tuple[_State, T]] = OrderedDict()
        self._lock = Lock()

    def get(self, path: Path, read: Callable[[Path], T]) -> T | None:
        """Return what a file says, or ``None`` where there is none."""
        state = _state(path)
        if state is None:
            return None
        with self._lock:
            held = self._found.pop(path, None)
            if held is not None and held[0] == state:
                self._found[path] = held
                return held[1]
            try:
                found = read(path)
            except FileNotFoundError:
                return None
            if time.time_ns() - state[0] > _UNSURE_S * 1e9 and _state(path) == state:
                self._found[path] = (state, found)
                if self._most is not None and len(self._found) > self._most:
                    self._found.popitem(last=False)
            return found


def _state(path: Path) -> _State | None:
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
