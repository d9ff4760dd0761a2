"""What a folder keeps beside its days that is neither bars nor a certificate."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

from actors.kernel.adjusted import AdjustedRun, noted
from actors.storage.adjusted_days import read_runs, write_runs
from actors.storage.atomic import FolderSyncs
from actors.storage.beside.untraded import check_untraded, joined, read_untraded, write_untraded
from actors.storage.journal.prints import continued, read_grace, read_prints, write_prints
from actors.storage.places import PRINTS, UNTRADED, Places
from actors.storage.turns import Turns
from messages.tables.columns import Prints
from messages.values import Nanos, VerdictRun


class Notes(ABC):
    """The part of a store that keeps how days were lived, what was untraded while they ran, and adjusted prices."""

    _places: Places
    _folders: FolderSyncs
    _turns: Turns

    @abstractmethod
    def dates_left(self, calendar: str) -> tuple[tuple[str, ...], Mapping[str, str]]:
        """Return the dates that can be read, and by period why a file of several days cannot."""

    @abstractmethod
    def _writing(self, calendar: str, date: str) -> AbstractContextManager[None]:
        """Be the only thread that writes a day, and those that lie together with it."""

    def prints(self, calendar: str, date: str) -> Prints | None:
        """Return how a day was lived; ``None``: nobody has written it down.

        Raises:
            DataError: it cannot be read; names the file and what was expected.
        """
        path = self._places.beside(calendar, date, PRINTS)
        return None if path is None else read_prints(path, calendar, date)

    def keep_prints(self, calendar: str, date: str, prints: Prints) -> None:
        """Keep how a day was lived, in addition to what an earlier run of it knew.

        Raises:
            StoreLocked: somebody else is writing to this store.
            DataError: the store is open for reading only, what is there cannot be read, or the disk refuses.
        """
        with self._writing(calendar, date):
            path = self._places.new(calendar, date, PRINTS)
            write_prints(path, calendar, date, continued(read_prints(path, calendar, date), prints))
            self._folders.sync(path.parent)

    def grace(self, calendar: str, dates: tuple[str, ...]) -> Nanos | None:
        """Return how long minutes stayed open on the last of these days that was lived; ``None``: none was."""
        said = (read_grace(self._places.new(calendar, date, PRINTS)) for date in reversed(dates))
        return next((grace_ns for grace_ns in said if grace_ns is not None), None)

    def untraded(self, calendar: str, date: str) -> tuple[VerdictRun, ...]:
        """Return the minutes of a day that were found untraded while it ran, in runs; bars may have come since.

        Raises:
            DataError: the file is damaged; names it and what was expected.
        """
        path = self._places.beside(calendar, date, UNTRADED)
        return () if path is None else read_untraded(path, calendar, date)

    def note_untraded(self, calendar: str, date: str, runs: Sequence[VerdictRun]) -> None:
        """Keep more of them.

        Raises:
            StoreLocked: somebody else is writing to this store.
            DataError: the store is open for reading only, what is there cannot be read, or the disk refuses.
        """
        check_untraded(runs)
        with self._writing(calendar, date):
            path = self._places.new(calendar, date, UNTRADED)
            old = read_untraded(path, calendar, date)
            new = joined((*old, *runs))
            if new != old:
                write_untraded(path, calendar, date, new)
                self._folders.sync(path.parent)

    def adjusted(self, calendar: str) -> tuple[AdjustedRun, ...]:
        """Return the days whose prices are known to have been adjusted before they came, sorted."""
        return read_runs(self._places.adjusted(calendar))

    def note_adjusted(self, calendar: str, days: Mapping[str, Sequence[str]], as_of: str | None) -> None:
        """Keep whether the prices of some days, by symbol, are adjusted; ``actors.kernel.adjusted`` says how.

        Raises:
            StoreLocked: somebody else is writing to this store.
            DataError: the store is open for reading only, or the disk refuses.
        """
        with self._turns.of(calendar, "adjusted prices"):
            old = self.adjusted(calendar)
            write_runs(self._places.adjusted(calendar), old, noted(old, days, as_of, self.dates_left(calendar)[0]))
