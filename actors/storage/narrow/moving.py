"""The days of a store moved from files of their own into files of many, or back.

What was written is read back and compared by a digest before the old files go. So it may be cut short at any moment:
every day is whole in one place or the other, and the next time goes on from there.
"""

from collections.abc import Callable, Collection, Iterator
from itertools import groupby
from pathlib import Path

from actors.kernel.ports import StoredDay
from actors.storage.atomic import FolderSyncs, patiently
from actors.storage.dayfile import count_bars, read_day, read_segments, write_day
from actors.storage.narrow.periods import PeriodFiles
from actors.storage.narrow.together import Together, joined, put_into, single
from actors.storage.places import BARS, Places
from messages.errors import DataError


class Moving:
    """Moves days.

    Args:
        places: where files lie.
        digest: of a day, all that is to be the same in both places.
    """

    def __init__(self, places: Places, digest: Callable[[StoredDay], str]) -> None:
        self._places = places
        self._digest = digest
        self._folders = FolderSyncs()
        self._periods = PeriodFiles(places, self._folders)

    def all(self) -> set[tuple[str, str]]:
        """Return the calendars and dates of all days.

        Raises:
            DataError: a file cannot be read that has several days.
        """
        return {(name, date) for name in self._names() for date in self._apart(name) | self._bound(name)}

    def waiting(self, *, narrow: bool) -> set[tuple[str, str]]:
        """Return those of days that are not where they are in a store that is narrow, or is not.

        Raises:
            DataError: a file cannot be read that has several days.
        """
        held = self._apart if narrow else self._bound
        return {(name, date) for name in self._names() for date in held(name)}

    def run(
        self, *, narrow: bool, but: Collection[tuple[str, str]] = ()
    ) -> Iterator[tuple[str, str, "str | DataError"]]:
        """Move them, but for some; yield the calendar and date of each, and its digest or why it stays where it is.

        Raises:
            OSError: the disk refuses.
        """
        self._places.make_narrow(narrow=narrow)
        waiting = sorted(self.waiting(narrow=narrow) - {*but})
        for calendar, keys in groupby(waiting, key=lambda key: key[0]):
            dates = [date for _, date in keys]
            for date, outcome in self._bind(calendar, dates) if narrow else self._part(calendar, dates):
                yield calendar, date, outcome

    def _names(self) -> tuple[str, ...]:
        return self._places.calendars_named()

    def _apart(self, calendar: str) -> set[str]:
        return {*self._places.dates(calendar, BARS)} - {*self._places.days_apart(calendar)}

    def _bound(self, calendar: str) -> set[str]:
        return {*self._places.days_apart(calendar), *self._periods.dates(calendar)}

    def _bind(self, calendar: str, dates: list[str]) -> Iterator[tuple[str, str | DataError]]:
        """Move days of their own into files of many, one such file after the other."""
        home = self._periods.homes(calendar, self._bars_a_day(calendar, dates))
        for period, of_period in groupby(dates, key=home):
            outcomes, read = dict[str, str | DataError](), dict[str, Together]()
            for date in of_period:
                outcome = self._read_apart(calendar, date)
                if isinstance(outcome, Together):
                    read[date], outcomes[date] = outcome, self._digest(outcome.day(0))
                else:
                    outcomes[date] = outcome
            if read:
                try:
                    self._periods.put(
                        calendar, period, put_into(self._periods.whole(calendar, period), joined([*read.values()]))
                    )
                    outcomes |= {date: self._checked(calendar, date, str(outcomes[date])) for date in read}
                except DataError as error:
                    outcomes |= dict.fromkeys(read, error)
            yield from outcomes.items()

    def _checked(self, calendar: str, date: str, digest: str) -> str | DataError:
        """Remove the file that a day has of its own, if what is there in its place is the same."""
        found = self._read_bound(calendar, date)
        if found is None or self._digest(found.day(0)) != digest:
            place = self._places.of(calendar, date, BARS)
            return DataError(f"{place}: what was written of it could not be read back the same")
        self._places.clear(calendar, date, BARS, but=self._places.apart(calendar, date))
        return digest

    def _part(self, calendar: str, dates: list[str]) -> Iterator[tuple[str, "str | DataError"]]:
        """Move days of files of many into files of their own."""
        moved = set()
        for date in dates:
            try:
                found = self._read_bound(calendar, date)
                assert found is not None, "it was listed, and nobody else writes"
                day, path = found.day(0), self._places.new(calendar, date, BARS)
                if not path.exists():
                    write_day(path, calendar, date, day, found.segments)
                    self._folders.sync(path.parent)
                self._check_same(path, calendar, date, self._digest(day))
            except DataError as error:
                yield date, error
            else:
                moved.add(date)
                yield date, self._digest(day)
        for period in self._places.periods(calendar):
            whole = self._periods.whole(calendar, period)
            if whole is None or moved.issuperset(whole.dates):
                patiently(self._places.period(calendar, period).unlink)
        for date in moved.intersection(self._places.days_apart(calendar)):
            patiently(self._places.apart(calendar, date).unlink)

    def _check_same(self, path: Path, calendar: str, date: str, digest: str) -> None:
        if self._digest(read_day(path, calendar, date)) != digest:
            raise DataError(f"{path} has other bars of {calendar} on {date} than the file of many: remove it")

    def _read_apart(self, calendar: str, date: str) -> "Together | DataError":
        """Return a day that has a file of its own, unless it is in one of many as well, with other bars."""
        path = self._places.of(calendar, date, BARS)
        try:
            day = read_day(path, calendar, date)
            bound = self._read_bound(calendar, date)
            if bound is not None and self._digest(bound.day(0)) != self._digest(day):
                return DataError(f"{path} has other bars of {calendar} on {date} than the file of many: remove it")
            return single(date, day, read_segments(path, calendar, date))
        except DataError as error:
            return error

    def _read_bound(self, calendar: str, date: str) -> Together | None:
        """Return a day that is in a file of many, or has one of its own in a narrow store."""
        path = self._places.apart(calendar, date)
        if path.exists():
            return single(date, read_day(path, calendar, date), read_segments(path, calendar, date))
        period = self._periods.period_of(calendar, date)
        whole = None if period is None else self._periods.whole(calendar, period)
        if whole is None or date not in whole.dates:
            return None
        place = whole.dates.index(date)
        return whole.cut(place, place + 1)

    def _bars_a_day(self, calendar: str, dates: list[str]) -> float:
        return sum(count_bars(self._places.of(calendar, date, BARS)) for date in dates) / len(dates)
