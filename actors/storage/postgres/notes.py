"""What a schema keeps beside its days that is neither bars nor a certificate."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from actors.kernel.adjusted import AdjustedRun, noted
from actors.storage.beside.untraded import check_untraded
from actors.storage.merging import check_key
from actors.storage.postgres import prices
from actors.storage.postgres.lived import LivedTable
from actors.storage.postgres.untraded import UntradedTable
from messages.tables.columns import Prints
from messages.values import Nanos, VerdictRun

if TYPE_CHECKING:
    from psycopg import Cursor

_LIVED = "select grace_ns from {schema}.lived where calendar = %s and date = any(%s::date[]) order by date desc limit 1"


class Notes(ABC):
    """The part of a store that keeps how days were lived, what was untraded while they ran, and adjusted prices."""

    _schema: str

    @abstractmethod
    def dates(self, calendar: str) -> tuple[str, ...]:
        """Return the session dates that have bars, ascending."""

    @abstractmethod
    def claim(self) -> None:
        """Make the tables now."""

    @abstractmethod
    def _reading(self, table: str) -> "AbstractContextManager[Cursor | None]":
        """Read a table, if it is there."""

    @abstractmethod
    def _rows(self, asked: str, *given: object, table: str = "bars") -> list[tuple[Any, ...]]:
        """Return what is selected from a table; nothing where it is not there."""

    @abstractmethod
    def _writing(self, calendar: str, date: str) -> "AbstractContextManager[Cursor]":
        """Be the only one who changes a day, and change it at once."""

    @abstractmethod
    def _alone(self, name: str) -> "AbstractContextManager[Cursor]":
        """Be the only one who changes what has a name."""

    def prints(self, calendar: str, date: str) -> Prints | None:
        """Return how a day was lived; ``None``: nobody has written it down.

        Raises:
            DataError: it is not what was written, or the server cannot be reached.
        """
        check_key(calendar, date)
        with self._reading("prints") as cursor:
            return None if cursor is None else LivedTable(cursor, self._schema, calendar, date).read()

    def keep_prints(self, calendar: str, date: str, prints: Prints) -> None:
        """Keep how a day was lived, in addition to what an earlier run of it knew.

        Raises:
            DataError: the store is open for reading only, what is there is not what was written, or the server refuses.
        """
        with self._writing(calendar, date) as cursor:
            LivedTable(cursor, self._schema, calendar, date).keep(prints)

    def grace(self, calendar: str, dates: tuple[str, ...]) -> Nanos | None:
        """Return how long minutes stayed open on the last of these days that was lived; ``None``: none was."""
        found = self._rows(_LIVED, calendar, list(dates), table="lived")
        return int(found[0][0]) if found else None

    def untraded(self, calendar: str, date: str) -> tuple[VerdictRun, ...]:
        """Return the minutes of a day that were found untraded while it ran, in runs; bars may have come since.

        Raises:
            DataError: the server cannot be reached.
        """
        check_key(calendar, date)
        with self._reading("untraded") as cursor:
            return () if cursor is None else UntradedTable(cursor, self._schema, calendar, date).read()

    def note_untraded(self, calendar: str, date: str, runs: Sequence[VerdictRun]) -> None:
        """Keep more of them.

        Raises:
            DataError: the store is open for reading only, or the server refuses.
        """
        check_untraded(runs)
        with self._writing(calendar, date) as cursor:
            UntradedTable(cursor, self._schema, calendar, date).note(runs)

    def adjusted(self, calendar: str) -> tuple[AdjustedRun, ...]:
        """Return the days whose prices are known to have been adjusted before they came, sorted."""
        with self._reading("adjusted") as cursor:
            return () if cursor is None else prices.read_adjusted(cursor, self._schema, calendar)

    def note_adjusted(self, calendar: str, days: Mapping[str, Sequence[str]], as_of: str | None) -> None:
        """Keep whether the prices of some days, by symbol, are adjusted; ``actors.kernel.adjusted`` says how.

        Raises:
            DataError: the store is open for reading only, or the server refuses.
        """
        stored = self.dates(calendar)
        self.change_adjusted(calendar, lambda old: noted(old, days, as_of, stored))

    def change_adjusted(
        self, calendar: str, changed: Callable[[tuple[AdjustedRun, ...]], tuple[AdjustedRun, ...]]
    ) -> None:
        """Put what becomes of what is known of adjusted prices in its place.

        Raises:
            DataError: the store is open for reading only, or the server refuses.
        """
        self.claim()
        with self._alone(f"{calendar} adjusted") as cursor:
            old = prices.read_adjusted(cursor, self._schema, calendar)
            new = changed(old)
            if new != old:
                prices.put_adjusted(cursor, self._schema, calendar, new)
