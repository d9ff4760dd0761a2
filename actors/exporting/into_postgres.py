"""Export into PostgreSQL: what comes of it is a store."""

from collections.abc import Callable, Sequence

from actors.exporting.targets import AdjustedRuns, Held
from actors.kernel.ports import StoredDay
from actors.storage.postgres.store import PostgresStore
from actors.storage.segments import SegmentOf
from messages.certificates import SessionCertificate
from messages.history import Adjustment
from messages.tables.columns import Prints


class PostgresTarget:
    """A server that takes days.

    Args:
        address: where.
        segment_of: which part of the day each start lies in.

    Raises:
        DataError: it cannot be reached, refuses, or has tables of another shape.
        SettingsError: that is no address, or psycopg is not installed.
    """

    def __init__(self, address: str, segment_of: SegmentOf) -> None:
        self._store = PostgresStore(address, segment_of=segment_of)
        self._store.claim()

    @property
    def name(self) -> str:
        """Where it is, as it may be shown."""
        return self._store.root

    def held(self, calendar: str) -> dict[str, Held]:
        """Return the days that are there, by their dates."""
        return {date: Held(frozenset(names), *digests) for date, names, *digests in self._store.outlines(calendar)}

    def put(
        self,
        calendar: str,
        date: str,
        day: StoredDay | None,
        certificates: Sequence[SessionCertificate] = (),
        prints: Prints | None = None,
    ) -> None:
        """Put a day, its certificates, the last of which counts, and how it was lived in the place of what is there."""
        self._store.put(calendar, date, day, certificates, prints)

    def adjust(self, adjustments: Sequence[Adjustment]) -> None:
        """Put splits and dividends in the place of those that are there."""
        self._store.adjust(adjustments)

    def change_adjusted(self, calendar: str, changed: Callable[[AdjustedRuns], AdjustedRuns]) -> None:
        """Put what becomes of what it knows of adjusted prices of a calendar's days in its place."""
        self._store.change_adjusted(calendar, changed)

    def close(self) -> None:
        """Close the connections."""
        self._store.close()
