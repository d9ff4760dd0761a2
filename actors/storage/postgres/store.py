"""A bar store in a PostgreSQL server: the tables of ``actors.storage.postgres.tables``.

Any number of readers and of writers: each day is read as it is at one moment, and changed in a transaction that others
who would change it wait for. What is merged sends only rows that change.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

from actors.kernel.ports import MergeCounts, StoredDay, StoredDays
from actors.market.hours.own import NOTHING_OWN, OwnHours
from actors.storage.beside.sidecar import check_day
from actors.storage.merging import NOTHING, Span, check_key, check_length, merge_days, merged_stretches, tidied, without
from actors.storage.own_hours import Calendars
from actors.storage.postgres import prices, tables
from actors.storage.postgres.address import PostgresAddress
from actors.storage.postgres.certificates import CertificateTable
from actors.storage.postgres.connections import Connections
from actors.storage.postgres.days import DayTable
from actors.storage.postgres.lived import LivedTable
from actors.storage.postgres.notes import Notes
from actors.storage.postgres.untraded import UntradedTable
from actors.storage.segments import CalendarSegments, SegmentOf
from messages.certificates import SessionCertificate
from messages.errors import DataError
from messages.history import Adjustment
from messages.tables.columns import Prints
from messages.values import Gap, Interval

if TYPE_CHECKING:
    from psycopg import Cursor

_OUTLINES = (
    "select date, d.symbols, certificate::json ->> 'digest', l.digest from {schema}.days d full join"
    " (select calendar, date, certificate from {schema}.certificates where earlier = 0) c using (calendar, date)"
    " left join {schema}.lived l using (calendar, date) where calendar = %s"
)


class PostgresStore(Notes):
    """A bar store in a server.

    Args:
        address: where.
        read_only: refuse to write, and to open what is not there.
        segment_of: which part of the day each start lies in, for the column ``segment``; by default what the calendar
            says.
        own: special sessions and calendars that go before all others.

    Raises:
        DataError: the server cannot be reached; tables of another shape are there; or none are, and ``read_only`` is
            asked for.
        SettingsError: that is no address, or psycopg is not installed.
    """

    def __init__(
        self,
        address: str,
        *,
        read_only: bool = False,
        segment_of: SegmentOf | None = None,
        own: OwnHours = NOTHING_OWN,
    ) -> None:
        self._address = PostgresAddress.parse(address)
        self._schema = self._address.schema
        self.root = self._address.shown
        """Where it is, as it may be shown."""
        self._read_only = read_only
        self._own = own
        self._segment_of = segment_of or CalendarSegments(Calendars(self.own_hours))
        self._connections = Connections(self._address)
        self._opening = Lock()
        self._there: frozenset[str] = frozenset()
        self._is_claimed = False
        if not self._has("bars") and read_only:
            raise DataError(f"no store at {self.root}: the schema {self._schema} has no tables of one")

    @property
    def folder(self) -> None:
        """None: it is not on this computer, or as good as."""
        return

    def own_hours(self) -> OwnHours:
        """Return the special sessions and calendars that go before all others."""
        return self._own

    def calendars(self) -> tuple[str, ...]:
        """Return the calendars that have days here, sorted."""
        return tuple(sorted(row[0] for row in self._rows("select distinct calendar from {schema}.days")))

    def dates(self, calendar: str) -> tuple[str, ...]:
        """Return the session dates that have bars, ascending."""
        found = self._rows("select date from {schema}.days where calendar = %s order by date", calendar)
        return tuple(row[0].isoformat() for row in found)

    def symbols(self, calendar: str, date: str) -> tuple[str, ...]:
        """Return the symbols with bars on that date, sorted."""
        check_key(calendar, date)
        found = self._rows("select symbols from {schema}.days where calendar = %s and date = %s", calendar, date)
        return tuple(found[0][0]) if found else ()

    def base_interval(self) -> Interval | None:
        """Return the length of the bars; ``None`` while there are none."""
        found = self._rows("select interval from {schema}.days limit 1")
        return Interval.parse(found[0][0]) if found else None

    def read(
        self, calendar: str, date: str, symbols: Sequence[str] | None = None, span: Span | None = None
    ) -> StoredDay | None:
        """Return the day, or ``None`` where there is none; only these symbols if any are named, and this span.

        Raises:
            DataError: the server cannot be reached, or refuses.
        """
        check_key(calendar, date)
        with self._reading("bars") as cursor:
            return None if cursor is None else DayTable(cursor, self._schema, calendar, date).read(symbols, span)

    def merge(self, calendar: str, date: str, day: StoredDay) -> MergeCounts:
        """Add a day's bars; ``actors.storage.merging`` says what changes.

        Raises:
            DataError: the store is open for reading only, the day is not in order, its bars are not as long as the
                store's, or the server refuses.
        """
        with self._writing(calendar, date) as cursor:
            table = DayTable(cursor, self._schema, calendar, date)
            old = table.read()
            if old is None:
                check_length(table.length(), day.bars)
            merged, counts = merge_days(old, day)
            if counts.changes:
                table.write(old, merged, self._segment_of)
        return counts

    def merge_days(self, calendar: str, days: StoredDays) -> MergeCounts:
        """Add the bars of several days, one after the other.

        Raises:
            DataError: as for ``merge``.
        """
        return sum((self.merge(calendar, date, day) for date, day in days.each()), NOTHING)

    def merge_stretches(
        self, calendar: str, date: str, symbols: Sequence[str], stretches: Iterable[StoredDay]
    ) -> MergeCounts:
        """Add a day's bars stretch by stretch: at no moment is more of the day in memory than what one of them spans.

        Raises:
            DataError: as for ``merge``; or the stretches do not follow each other.
        """
        counts = NOTHING
        with self._writing(calendar, date) as cursor:
            table = DayTable(cursor, self._schema, calendar, date)
            head = table.head()
            named = sorted({*symbols, *(() if head is None else head.symbols)})
            was: list[StoredDay | None] = []

            def stored(span: Span) -> StoredDay | None:
                was.append(table.read(span=span))
                return was[-1]

            for merged, changed in merged_stretches(stored, stretches):
                old = was.pop()
                if head is None:
                    check_length(table.length(), merged.bars)
                if changed.changes:
                    table.write(old, merged, self._segment_of, named)
                counts += changed
        return counts

    def withdraw(self, calendar: str, date: str, gaps: Sequence[Gap]) -> int:
        """Take out the bars that start in these minutes; return how many there were. No bar left: no day.

        Raises:
            DataError: the store is open for reading only, or the server refuses.
        """
        with self._writing(calendar, date) as cursor:
            table = DayTable(cursor, self._schema, calendar, date)
            day = table.read()
            if day is None:
                return 0
            left, count = without(day, gaps)
            if count:
                table.take_out(gaps, left)
        return count

    def put(
        self,
        calendar: str,
        date: str,
        day: StoredDay | None,
        certificates: Sequence[SessionCertificate] = (),
        prints: Prints | None = None,
    ) -> None:
        """Put a day, its certificates, the last of which counts, and how it was lived in the place of what is there.

        Raises:
            DataError: the store is open for reading only, the bars are not as long as the store's, or the server
                refuses.
        """
        with self._writing(calendar, date) as cursor:
            table = DayTable(cursor, self._schema, calendar, date)
            table.forget()
            if day is not None and len(day.bars):
                check_length(table.length(), day.bars)
                table.write(None, tidied(day), self._segment_of)
            CertificateTable(cursor, self._schema, calendar, date).put(certificates)
            LivedTable(cursor, self._schema, calendar, date).put(prints)
            UntradedTable(cursor, self._schema, calendar, date).put(())

    def outlines(self, calendar: str) -> list[tuple[str, tuple[str, ...], str | None, str | None]]:
        """Return of each day of a calendar its date, its symbols, and the digests of its certificate and its prints.

        Raises:
            DataError: the server cannot be reached.
        """
        found = self._rows(_OUTLINES, calendar)
        return [(date.isoformat(), tuple(symbols or ()), *digests) for date, symbols, *digests in found]

    def certified_calendars(self) -> tuple[str, ...]:
        """Return the calendars that have certificates, sorted; their bars may be gone."""
        return tuple(sorted(row[0] for row in self._rows("select distinct calendar from {schema}.certificates")))

    def certified(self, calendar: str) -> tuple[str, ...]:
        """Return the session dates that have a certificate, ascending."""
        asked = "select distinct date from {schema}.certificates where calendar = %s order by date"
        return tuple(row[0].isoformat() for row in self._rows(asked, calendar))

    def certificate(self, calendar: str, date: str) -> SessionCertificate | None:
        """Return the certificate of a day, or ``None`` where it has none.

        Raises:
            DataError: it cannot be understood, or the server cannot be reached.
        """
        with self._certificates(calendar, date) as there:
            found = there.all() if there is not None else []
        return found[0] if found else None

    def certify(self, calendar: str, date: str, certificate: SessionCertificate) -> None:
        """Put a certificate beside a day; the digest of another one that is there goes into ``replaces``.

        Raises:
            DataError: the store is open for reading only, the certificate is that of another day, the one that is
                there cannot be understood, or the server refuses.
        """
        check_key(calendar, date)
        check_day(certificate, calendar, date)
        with self._writing(calendar, date) as cursor:
            CertificateTable(cursor, self._schema, calendar, date).issue(certificate)

    def earlier(self, calendar: str, date: str) -> tuple[SessionCertificate, ...]:
        """Return what live days certified before somebody else did, oldest first.

        Raises:
            DataError: one cannot be understood, or the server cannot be reached.
        """
        with self._certificates(calendar, date) as there:
            return tuple(there.all()[1:]) if there is not None else ()

    def is_as_issued(self, calendar: str, date: str) -> bool | None:
        """Return whether a day's certificates, earlier ones too, are what was written and all there; ``None``: none is.

        Raises:
            DataError: the server cannot be reached.
        """
        with self._certificates(calendar, date) as there:
            return there.are_as_issued() if there is not None else None

    def adjustments(self) -> tuple[Adjustment, ...]:
        """Return the splits and dividends, sorted by symbol and date.

        Raises:
            DataError: the server cannot be reached.
        """
        with self._reading("adjustments") as cursor:
            return () if cursor is None else prices.read_adjustments(cursor, self._schema)

    def adjust(self, adjustments: Iterable[Adjustment]) -> None:
        """Put splits and dividends in the place of those that are there.

        Raises:
            DataError: the store is open for reading only, or the server refuses.
        """
        self.claim()
        with self._connections.writing() as cursor:
            prices.put_adjustments(cursor, self._schema, adjustments)

    def claim(self) -> None:
        """Make the tables now, and not with the first merge: who may not is refused before the day begins.

        Raises:
            DataError: the store is open for reading only, or the server refuses.
        """
        if self._read_only:
            raise DataError(f"the store at {self.root} is open for reading only")
        with self._opening:
            if not self._is_claimed:
                with self._connections.writing() as cursor:
                    self._there = tables.make(cursor, self._schema, self.root)
                self._is_claimed = True

    def close(self) -> None:
        """Close the connections that nobody uses; may be called twice. Others are opened when they are needed."""
        self._connections.close()

    @contextmanager
    def _writing(self, calendar: str, date: str) -> "Iterator[Cursor]":
        """Be the only one who changes a day, and change it at once."""
        check_key(calendar, date)
        self.claim()
        with self._alone(f"{calendar} {date}") as cursor:
            yield cursor

    @contextmanager
    def _alone(self, name: str) -> "Iterator[Cursor]":
        with self._connections.writing() as cursor:
            cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"{self._schema} {name}",))
            yield cursor

    @contextmanager
    def _certificates(self, calendar: str, date: str) -> Iterator[CertificateTable | None]:
        check_key(calendar, date)
        with self._reading("certificates") as cursor:
            yield None if cursor is None else CertificateTable(cursor, self._schema, calendar, date)

    def _has(self, table: str) -> bool:
        """Return whether a table is there; somebody else may make it at any time."""
        if table not in self._there:
            with self._connections.reading() as cursor:
                self._there = tables.are_there(cursor, self._schema, self.root)
        return table in self._there

    @contextmanager
    def _reading(self, table: str) -> "Iterator[Cursor | None]":
        if not self._has(table):
            yield None
            return
        with self._connections.reading() as cursor:
            yield cursor

    def _rows(self, asked: str, *given: object, table: str = "bars") -> list[tuple[Any, ...]]:
        with self._reading(table) as cursor:
            return [] if cursor is None else cursor.execute(tables.in_schema(asked, self._schema), given).fetchall()
