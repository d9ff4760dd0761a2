"""What the rooms need from the outside world, as protocols; adapters in storage, feeds and kernel fulfil them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Protocol, runtime_checkable

import msgspec
import numpy as np

from actors.market.hours.own import OwnHours
from messages.certificates import SessionCertificate
from messages.history import Adjustment
from messages.tables.columns import BarBatch, BarKeys, Stamps, Verdicts
from messages.tables.runs import Runs
from messages.values import Gap, Interval, Nanos, TradingSession


class StoredDay(msgspec.Struct, frozen=True, kw_only=True):
    """What a store holds of one session date: bars, and for each its verdict (``Verdict`` numbers)."""

    bars: BarBatch
    verdicts: Verdicts
    tz: str = "UTC"
    """The exchange's zone, for people who open the file by other means."""
    is_lived: bool = False
    """Of what is merged: whether its verdicts are of who lived through the day, and hold of bars that are there too."""


class StoredDays(msgspec.Struct, frozen=True, kw_only=True):
    """Several days of one calendar, one after the other in the same columns: what many small days are merged as."""

    dates: tuple[str, ...]
    """Ascending, each once."""
    ends: Stamps
    """For each day the place after its last bar; each has one bar at least."""
    bars: BarBatch
    """Sorted by day, and within a day as those of any batch."""
    verdicts: Verdicts
    tz: str = "UTC"
    is_lived: bool = False

    @classmethod
    def single(cls, date: str, day: StoredDay) -> "StoredDays":
        """Return one day as several."""
        ends = np.array([len(day.bars)], dtype=np.int64)
        return cls(dates=(date,), ends=ends, bars=day.bars, verdicts=day.verdicts, tz=day.tz, is_lived=day.is_lived)

    def by(self, key: Callable[[str], str]) -> "Iterator[tuple[str, StoredDays]]":
        """Yield those that follow each other and have the same key, by their dates."""
        first = 0
        for shared, dates in groupby(self.dates, key=key):
            end = first + sum(1 for _ in dates)
            begin, rows = int(self.ends[first - 1]) if first else 0, int(self.ends[end - 1])
            yield (
                shared,
                msgspec.structs.replace(
                    self,
                    dates=self.dates[first:end],
                    ends=self.ends[first:end] - begin,
                    bars=self.bars.rows(begin, rows),
                    verdicts=self.verdicts[begin:rows],
                ),
            )
            first = end

    def each(self) -> "Iterator[tuple[str, StoredDay]]":
        """Yield the days one by one, with their dates."""
        begins = [0, *self.ends[:-1].tolist()]
        for date, begin, end in zip(self.dates, begins, self.ends.tolist(), strict=True):
            bars, verdicts = self.bars.rows(begin, end), self.verdicts[begin:end]
            yield date, StoredDay(bars=bars, verdicts=verdicts, tz=self.tz, is_lived=self.is_lived)


class MergeCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What merging a day changed: ``added + corrected + duplicates`` = the bars that were given."""

    added: int
    corrected: int
    duplicates: int
    retold: int = 0
    """Of the duplicates, those that were given another verdict."""

    def __add__(self, other: "MergeCounts") -> "MergeCounts":
        return MergeCounts(
            added=self.added + other.added,
            corrected=self.corrected + other.corrected,
            duplicates=self.duplicates + other.duplicates,
            retold=self.retold + other.retold,
        )

    @property
    def changes(self) -> int:
        """How many stored bars are other than before, or new, or have another verdict."""
        return self.added + self.corrected + self.retold


@runtime_checkable
class KnowsHours(Protocol):
    """A store with special sessions and calendars of its owner's."""

    def own_hours(self) -> OwnHours:
        """Return what goes before all calendars.

        Raises:
            SettingsError: it cannot be read, or makes no sense.
        """
        ...


class BarStore(Protocol):
    """Where bars rest: days by calendar and session date. Safe to read from several threads."""

    def calendars(self) -> tuple[str, ...]:
        """Return the calendars that have days here, sorted."""
        ...

    def dates(self, calendar: str) -> tuple[str, ...]:
        """Return the session dates (ISO) that have bars, ascending; empty for an unknown calendar."""
        ...

    def base_interval(self) -> Interval | None:
        """Return the length of its bars, the same for all of them; ``None`` while there are none."""
        ...

    def symbols(self, calendar: str, date: str) -> tuple[str, ...]:
        """Return the symbols with bars on that date, sorted; empty where there is no such day."""
        ...

    def read(
        self,
        calendar: str,
        date: str,
        symbols: Sequence[str] | None = None,
        span: tuple[Nanos, Nanos] | None = None,
    ) -> StoredDay | None:
        """Return the day, or ``None`` where there is none; only these symbols if any are named.

        Of a span, half-open, only the bars that start in it.

        Raises:
            DataError: the day cannot be read; names the file and what is wrong with it.
        """
        ...

    def merge(self, calendar: str, date: str, day: StoredDay) -> MergeCounts:
        """Add a day's bars. A bar that is there already changes nothing; a different one corrects.

        The same day merged twice changes nothing the second time. All or nothing: a crash never leaves
        half a day.

        Raises:
            StoreLocked: another process is writing to this store.
            DataError: the store holds bars of another length.
        """
        ...

    def merge_stretches(
        self, calendar: str, date: str, symbols: Sequence[str], stretches: Iterable[StoredDay]
    ) -> MergeCounts:
        """Add a day's bars stretch by stretch, as ``merge`` would all of them: for a day too large for memory.

        Until the last one is taken the store has the day as it was, and may be read.

        Args:
            calendar: the calendar's name.
            date: the session's label, ISO.
            symbols: those that the stretches have bars of.
            stretches: one or more, each with bars of one span of time, ascending; all with as many fields.

        Raises:
            StoreLocked: another process is writing to this store.
        """
        ...

    def merge_days(self, calendar: str, days: StoredDays) -> MergeCounts:
        """Add the bars of several days, as ``merge`` would those of each. Each day is all or nothing, not all of them.

        Raises:
            StoreLocked: another process is writing to this store.
            DataError: the store holds bars of another length, or the bars are not in order.
        """
        ...

    def withdraw(self, calendar: str, date: str, gaps: Sequence[Gap]) -> int:
        """Take out the bars of a day that start in these minutes, and return how many there were.

        All or nothing, as a merge. A day that is left without a bar is there no more; a certificate stays as it is.

        Raises:
            StoreLocked: another process is writing to this store.
        """
        ...

    def certified_calendars(self) -> tuple[str, ...]:
        """Return the calendars that have certificates, sorted; their bars may be gone."""
        ...

    def certified(self, calendar: str) -> tuple[str, ...]:
        """Return the session dates (ISO) that have a certificate, ascending; their bars may be gone."""
        ...

    def certificate(self, calendar: str, date: str) -> SessionCertificate | None:
        """Return the certificate of a day, or ``None`` where it has none.

        Raises:
            DataError: it cannot be read; names the file and what was expected.
        """
        ...

    def certify(self, calendar: str, date: str, certificate: SessionCertificate) -> None:
        """Put a certificate beside a day, in the place of any that is there. All or nothing, as a merge.

        The digest of the certificate that goes is named in ``replaces``; one with the same digest passes on
        what it had replaced itself.

        Raises:
            StoreLocked: another process is writing to this store.
            DataError: the certificate is that of another day, or the one that is there cannot be read.
        """
        ...

    def earlier(self, calendar: str, date: str) -> tuple[SessionCertificate, ...]:
        """Return what live days certified of a day before somebody else did, oldest first: it is never written over.

        Raises:
            DataError: one cannot be read; names the file and what was expected.
        """
        ...

    def is_as_issued(self, calendar: str, date: str) -> bool | None:
        """Return whether a day's certificates, earlier ones too, are what was written; ``None``: they have no seal.

        Raises:
            DataError: it cannot be read.
        """
        ...

    def adjustments(self) -> tuple[Adjustment, ...]:
        """Return the splits and dividends that this store knows, sorted by symbol and date.

        Raises:
            DataError: they cannot be read; names the file, the row and the field.
        """
        ...

    def close(self) -> None:
        """Release what is held; may be called twice."""
        ...


class Extent(msgspec.Struct, frozen=True, kw_only=True):
    """How much is about to be stored of a calendar."""

    days: int
    bars: int


@runtime_checkable
class KeepsDaysTogether(Protocol):
    """A store that may keep several days in one file: then it is cheaper to give it many days at once."""

    def expect(self, extents: Mapping[str, Extent]) -> str:
        """Hear what is about to be merged, by calendar; a store without a day decides how it will keep days.

        Returns:
            ``narrow`` if it keeps new days together, else ``days``.

        Raises:
            StoreLocked: another process is writing to this store.
        """
        ...

    def shelves(self, calendar: str) -> Callable[[str], str]:
        """Return what tells of a session date where it lies: days of which that is the same are best merged at once."""
        ...


@runtime_checkable
class TakesManyRuns(Protocol):
    """A store that takes a certificate with more runs than should be in memory at once."""

    def certify_with(
        self, calendar: str, date: str, certificate: SessionCertificate, runs: Callable[[], Iterator[Runs]]
    ) -> None:
        """Put a certificate beside a day as ``certify`` does; more of its runs come beside it.

        Args:
            calendar: of the day.
            date: of the day.
            certificate: the rest.
            runs: yields them, those of some symbols after the other, all whole bars; may be called again.
        """
        ...


class SourceAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a source has of what it was asked for."""

    bars: BarBatch
    no_trade: tuple[Gap, ...] = ()
    """Minutes that it knows were never traded. What is in neither it says nothing about."""
    doubt: str = ""
    """Why it says nothing about some minutes although it should know; stands with the gap if nobody else has them."""


class BarSource(Protocol):
    """The upstream: somebody who can be asked for bars that are missing. Asked from several threads at once."""

    @property
    def name(self) -> str:
        """Who it is, in verdicts, certificates and logs."""
        ...

    @property
    def is_authoritative(self) -> bool:
        """Whether a minute that it does not have was never traded, once ``delay_ns`` have gone by since its end."""
        ...

    @property
    def delay_ns(self) -> Nanos:
        """How long after its end a minute may still be on its way to this source."""
        ...

    @property
    def most_symbols(self) -> int | None:
        """As many symbols as one request may name; ``None``: any number."""
        ...

    def fetch(self, session: TradingSession, symbols: Sequence[str], start_ns: Nanos, end_ns: Nanos) -> SourceAnswer:
        """Return the base bars that start in ``[start_ns, end_ns)``, as far as it has them. May take its time.

        Bars of another length than ``session.base_interval`` are of no use.

        Raises:
            Exception: whatever went wrong; it is logged, counted, and the source is asked again later.
        """
        ...

    def close(self) -> None:
        """Release what is held; may be called twice."""
        ...


@runtime_checkable
class HoldsSessions(Protocol):
    """A source that reads a session whole: then it is at no cost to be asked for any bars of it at once.

    Only of such a source are bars asked for one by one; gaps however far apart become one request.
    """

    def read_ahead(self, session: TradingSession, symbols: Sequence[str]) -> None:
        """Read it; runs on a thread of its own, and what goes wrong will go wrong again when it is asked.

        Args:
            session: that is about to be played.
            symbols: those that it will have; who pays for each of them reads no others.
        """
        ...

    def holds(self, session: TradingSession, symbols: Sequence[str]) -> bool:
        """Return whether it has been read, of all these symbols; then ``pick`` looks them up and does not wait."""
        ...

    def pick(self, session: TradingSession, missing: BarKeys) -> SourceAnswer:
        """Return these base bars and no others, as far as it has them.

        Raises:
            Exception: as ``BarSource.fetch``.
        """
        ...


@runtime_checkable
class Interruptible(Protocol):
    """A source whose ``fetch`` always comes back by itself: what it waits for has a deadline, or can be cut short.

    So nobody takes it for hung while it waits for its turn with a vendor, which may be minutes.
    """

    def interrupt(self) -> None:
        """Have all that waits come back at once, with an error, and let nothing wait any more. Any thread."""
        ...


@runtime_checkable
class ComesLate(Protocol):
    """A source that says itself which minutes were never traded, and may have others as late as ``delay_ns``.

    So what it lacks before is asked for again then, before it is given up.
    """

    def keeps_back(self) -> bool:
        """Return whether it has any minutes later than at once."""
        ...
