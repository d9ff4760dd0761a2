"""The days of a store in its files, whether each has one of its own or lies together with others.

What a day is looked for in, one after the other: a file of its own in a narrow store, that of its month, of its year,
a file of its own in a store that is not narrow, one of the layout before. That it is in two of them happens while it
is moved and after a crash; the first counts, and who writes the day removes it from the others.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import numpy as np

from actors.kernel.ports import Extent, MergeCounts, StoredDay, StoredDays
from actors.storage.atomic import FolderSyncs, patiently
from actors.storage.dayfile import DayHead, read_day, read_head, write_day, writing_day
from actors.storage.merging import Span
from actors.storage.narrow.periods import DAY, MONTH, SESSIONS, YEAR, Held, PeriodFiles, length_for
from actors.storage.narrow.together import Segments, Together, single
from actors.storage.places import BARS, Places
from actors.storage.segments import SegmentOf, segments_of
from messages.errors import DataError
from messages.tables.columns import Stamps
from messages.values import Interval

__all__ = ["YEAR", "Shelves"]


class Shelves:
    """Finds, reads and replaces days; who writes a day is the only one that does.

    Args:
        places: where files lie.
        segment_of: which part of the day each start lies in.
        folders: makes what was replaced outlast a crash.
    """

    def __init__(self, places: Places, segment_of: SegmentOf, folders: FolderSyncs) -> None:
        self._places = places
        self._segment_of = segment_of
        self._folders = folders
        self._periods = PeriodFiles(places, folders)
        self._heads: Held[DayHead] = Held(None)
        self._bars_a_day: dict[str, float] = {}
        """Of calendars that something is expected of."""

    def dates(self, calendar: str) -> tuple[str, ...]:
        """Return the session dates that have bars, ascending.

        Raises:
            DataError: a file cannot be read that has several.
        """
        return tuple(sorted({*self._places.dates(calendar, BARS), *self._periods.dates(calendar)}))

    def dates_left(self, calendar: str) -> tuple[tuple[str, ...], dict[str, str]]:
        """Return the dates that can be read, and by period why a file of several days cannot."""
        dates, damaged = self._periods.dates_left(calendar)
        return tuple(sorted({*self._places.dates(calendar, BARS), *dates})), damaged

    def interval(self, calendar: str) -> Interval | None:
        """Return the length of the bars, as the first file says that can be read."""
        if (length := self._periods.interval(calendar)) is not None:
            return length
        for date in self._places.dates(calendar, BARS):
            with suppress(DataError, FileNotFoundError):
                return read_head(self._places.of(calendar, date, BARS), calendar, date).interval
        return None

    def head(self, calendar: str, date: str) -> DayHead | None:
        """Return what is known of a day without its bars, or ``None`` where there is none.

        Raises:
            DataError: the day cannot be read.
        """
        if self._period_of(calendar, date) is not None:
            day = self.read(calendar, date)
            return None if day is None else DayHead.of(day)
        place = self._places.of(calendar, date, BARS)
        return self._heads.get(place, lambda path: read_head(path, calendar, date))

    def read(
        self, calendar: str, date: str, symbols: Sequence[str] | None = None, span: Span | None = None
    ) -> StoredDay | None:
        """Return the day, or ``None`` where there is none; only these symbols if any are named, and this span.

        Raises:
            DataError: the day cannot be read.
        """
        for _ in range(2):  # it may be moved to its new place just now, or its last bar withdrawn
            if not self._is_apart(calendar, date):
                found = self._periods.read(calendar, date, symbols, span)
                if found is not None:
                    return found
            path = self._places.find(calendar, date, BARS)
            with suppress(FileNotFoundError):
                if path is not None:
                    return read_day(path, calendar, date, symbols, span)
                if not self._places.is_narrow():
                    return None
        return None

    def expect(self, extents: Mapping[str, Extent]) -> bool:
        """Hear what is about to be merged; return whether a store of that, if it is new, is better narrow."""
        self._bars_a_day = {calendar: of.bars / of.days for calendar, of in extents.items() if of.days}
        days = max((of.days for of in extents.values()), default=0)
        return days >= SESSIONS[MONTH] and all(length_for(rate) < DAY for rate in self._bars_a_day.values())

    def of(self, calendar: str) -> Callable[[str], str]:
        """Return what tells of a session date the period in whose file it is, or will be: one of its own, if the same.

        It holds for as long as no file comes or goes.
        """
        if not self._places.is_narrow():
            return lambda date: self._place_of(calendar, date) or date
        home = self._periods.homes(calendar, self._bars_a_day.get(calendar, 0.0))
        has_own = self._places.own_files(calendar)
        return lambda date: self._place_of(calendar, date) or date if has_own(date) else home(date)

    def replace(self, calendar: str, date: str, day: StoredDay) -> None:
        """Put a day in the place of the one that is there, if any; one without a bar leaves nothing.

        Raises:
            DataError: a file that has it cannot be read.
            OSError: the disk refuses.
        """
        period = self._period_of(calendar, date)
        if period is not None:
            there = single(date, day, self._segments(calendar, day.bars.start_ns)) if len(day.bars) else None
            self._periods.replace(calendar, period, date, there)
            self._places.clear(calendar, date, BARS)
            return
        path = self._places.for_writing(calendar, date, BARS)
        if len(day.bars):
            segments = self._segments(calendar, day.bars.start_ns)
            has_date, by_symbols = self._has_date(path, calendar, date), self._places.is_by_symbols()
            write_day(path, calendar, date, day, segments, has_date=has_date, by_symbols=by_symbols)
        else:
            patiently(path.unlink)
        self._folders.sync(path.parent)

    def merge(self, calendar: str, days: StoredDays) -> MergeCounts:
        """Merge days into the files of periods that they are in, or belong in.

        Raises:
            DataError: a file cannot be read, or the days are not in order.
            OSError: the disk refuses.
        """
        starts = days.bars.start_ns
        if np.all(starts[1:] >= starts[:-1]):
            segments = self._segments(calendar, starts)
        else:  # what was traded outside of all sessions may be older than the last bar of the session before
            segments = np.concatenate([self._segments(calendar, day.bars.start_ns) for _, day in days.each()])
        counts = self._periods.merge(
            calendar,
            Together.of(days, segments),
            self.of(calendar),
            partial(self._segments, calendar),
            is_lived=days.is_lived,
        )
        for date in filter(self._places.own_files(calendar), days.dates):
            if not self._is_apart(calendar, date):
                self._places.clear(calendar, date, BARS)
        return counts

    @contextmanager
    def stretched(self, calendar: str, date: str, head: DayHead) -> Iterator[Callable[[StoredDay], None]]:
        """Yield what writes a day stretch by stretch into a file of its own; where the block raises, nothing changes.

        Raises:
            DataError: a file that has the day cannot be read.
            OSError: the disk refuses.
        """
        period = self._period_of(calendar, date)
        is_narrow = period is not None or self._places.is_narrow()
        path = self._places.for_writing(calendar, date, BARS)
        if is_narrow and not path.exists():
            path = self._places.apart(calendar, date)
        has_date, by_symbols = self._has_date(path, calendar, date), self._places.is_by_symbols()
        with writing_day(path, calendar, date, head, has_date=has_date, by_symbols=by_symbols) as write:
            yield lambda day: write(day, self._segments(calendar, day.bars.start_ns), [len(day.bars)])
        self._folders.sync(path.parent)
        if period is not None:
            self._periods.tidy(calendar)

    def clean(self) -> None:
        """Remove what somebody left who died while he wrote.

        Raises:
            OSError: the disk refuses.
        """
        for unfinished in self._places.unfinished():
            unfinished.unlink()
        for calendar in self._places.calendars_named():
            self._periods.tidy(calendar)

    def _segments(self, calendar: str, starts: Stamps) -> Segments:
        if np.any(starts[1:] < starts[:-1]):
            raise DataError("the bars of a stored day must be sorted by start and symbol, each minute of a symbol once")
        return segments_of(self._segment_of, calendar, starts)

    def _period_of(self, calendar: str, date: str) -> str | None:
        """Return the period whose file has a day, if that is where it counts."""
        return None if self._is_apart(calendar, date) else self._periods.period_of(calendar, date)

    def _place_of(self, calendar: str, date: str) -> str | None:
        """Return likewise; a file that cannot be read counts as one that has the day."""
        return None if self._is_apart(calendar, date) else self._periods.place_of(calendar, date)

    def _is_apart(self, calendar: str, date: str) -> bool:
        return self._places.is_apart(calendar, date)

    def _has_date(self, path: Path, calendar: str, date: str) -> bool:
        return path == self._places.apart(calendar, date)
