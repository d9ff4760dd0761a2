"""Bars that rest in memory only: for tests, and for applications that keep their own archive."""

from collections.abc import Iterable, Mapping, Sequence
from threading import Lock

from actors.kernel.adjusted import AdjustedRun, noted
from actors.kernel.ports import MergeCounts, StoredDay, StoredDays
from actors.market.hours.own import NOTHING_OWN, OwnHours
from actors.storage.beside.sidecar import check_day, outlives, succeeding
from actors.storage.beside.untraded import check_untraded, joined
from actors.storage.journal.prints import continued
from actors.storage.merging import NOTHING, check_key, check_length, merge_days, only, without
from messages.certificates import SessionCertificate
from messages.history import Adjustment
from messages.tables.columns import Prints
from messages.values import Gap, Interval, Nanos, VerdictRun


class MemoryStore:
    """A bar store in a dictionary. Days are immutable and swapped whole, so a reader sees the old or the new one.

    ``close`` keeps the days: a store may outlive the system that used it.

    Args:
        adjustments: splits and dividends, in any order.
        own: special sessions and calendars that go before all others.
    """

    def __init__(self, adjustments: Iterable[Adjustment] = (), own: OwnHours = NOTHING_OWN) -> None:
        self._own = own
        self._adjustments = tuple(sorted(adjustments, key=lambda one: (one.symbol, one.ex_date)))
        self._days: dict[tuple[str, str], StoredDay] = {}
        self._certificates: dict[tuple[str, str], SessionCertificate] = {}
        self._earlier: dict[tuple[str, str], list[SessionCertificate]] = {}
        self._prints: dict[tuple[str, str], Prints] = {}
        self._untraded: dict[tuple[str, str], tuple[VerdictRun, ...]] = {}
        self._adjusted: dict[str, tuple[AdjustedRun, ...]] = {}
        self._changing = Lock()

    def own_hours(self) -> OwnHours:
        """Return the special sessions and calendars that go before all others."""
        return self._own

    def calendars(self) -> tuple[str, ...]:
        """Return the calendars that have days here, sorted."""
        return tuple(sorted({calendar for calendar, _ in self._keys()}))

    def dates(self, calendar: str) -> tuple[str, ...]:
        """Return the session dates that have bars, ascending."""
        return tuple(sorted(date for name, date in self._keys() if name == calendar))

    def symbols(self, calendar: str, date: str) -> tuple[str, ...]:
        """Return the symbols with bars on that date, sorted."""
        day = self.read(calendar, date)
        return () if day is None else day.bars.symbols

    def base_interval(self) -> Interval | None:
        """Return the length of the bars; ``None`` while there are none."""
        with self._changing:
            return self._base_interval()

    def _base_interval(self) -> Interval | None:
        return next((day.bars.interval for day in self._days.values()), None)

    def read(
        self,
        calendar: str,
        date: str,
        symbols: Sequence[str] | None = None,
        span: tuple[Nanos, Nanos] | None = None,
    ) -> StoredDay | None:
        """Return the day, or ``None`` where there is none; only these symbols if any are named, and this span."""
        check_key(calendar, date)
        day = self._days.get((calendar, date))
        return only(day, symbols, span) if day is not None and (symbols or span) else day

    def merge(self, calendar: str, date: str, day: StoredDay) -> MergeCounts:
        """Add a day's bars; ``actors.storage.merging`` says what changes."""
        return self.merge_stretches(calendar, date, day.bars.symbols, (day,))

    def merge_stretches(
        self,
        calendar: str,
        date: str,
        symbols: Sequence[str],  # noqa: ARG002  # a file needs them before its first bar; memory does not
        stretches: Iterable[StoredDay],
    ) -> MergeCounts:
        """Add a day's bars stretch by stretch; ``actors.storage.merging`` says what changes."""
        check_key(calendar, date)
        total = NOTHING
        with self._changing:
            merged = self._days.get((calendar, date))
            for stretch in stretches:
                if merged is None:
                    check_length(self._base_interval(), stretch.bars)
                merged, counts = merge_days(merged, stretch)
                total += counts
            if merged is not None and total.changes:
                self._days[calendar, date] = merged
        return total

    def merge_days(self, calendar: str, days: StoredDays) -> MergeCounts:
        """Add the bars of several days, one after the other."""
        return sum((self.merge(calendar, date, day) for date, day in days.each()), NOTHING)

    def withdraw(self, calendar: str, date: str, gaps: Sequence[Gap]) -> int:
        """Take out the bars that start in these minutes; return how many there were."""
        check_key(calendar, date)
        with self._changing:
            day = self._days.get((calendar, date))
            if day is None:
                return 0
            left, count = without(day, gaps)
            if len(left.bars):
                self._days[calendar, date] = left
            else:
                del self._days[calendar, date]
        return count

    def certified_calendars(self) -> tuple[str, ...]:
        """Return the calendars that have certificates, sorted."""
        with self._changing:
            return tuple(sorted({name for name, _ in self._certificates}))

    def certified(self, calendar: str) -> tuple[str, ...]:
        """Return the session dates that have a certificate, ascending."""
        with self._changing:
            return tuple(sorted(date for name, date in self._certificates if name == calendar))

    def certificate(self, calendar: str, date: str) -> SessionCertificate | None:
        """Return the certificate of a day, or ``None`` where it has none."""
        check_key(calendar, date)
        return self._certificates.get((calendar, date))

    def certify(self, calendar: str, date: str, certificate: SessionCertificate) -> None:
        """Put a certificate beside a day; ``actors.storage.beside.sidecar`` says what becomes of one that is there."""
        check_key(calendar, date)
        check_day(certificate, calendar, date)
        with self._changing:
            old = self._certificates.get((calendar, date))
            new = succeeding(old, certificate)
            if old is not None and outlives(old, new):
                self._earlier.setdefault((calendar, date), []).append(old)
            self._certificates[calendar, date] = new

    def earlier(self, calendar: str, date: str) -> tuple[SessionCertificate, ...]:
        """Return what live days certified before somebody else did, oldest first."""
        check_key(calendar, date)
        return tuple(self._earlier.get((calendar, date), ()))

    def is_as_issued(self, calendar: str, date: str) -> bool | None:
        """Return that nobody can have changed a certificate, if there is one."""
        check_key(calendar, date)
        return True if (calendar, date) in self._certificates else None

    def adjustments(self) -> tuple[Adjustment, ...]:
        """Return the splits and dividends, sorted by symbol and date."""
        return self._adjustments

    def prints(self, calendar: str, date: str) -> Prints | None:
        """Return how a day was lived; ``None``: nobody has written it down."""
        return self._prints.get((calendar, date))

    def keep_prints(self, calendar: str, date: str, prints: Prints) -> None:
        """Keep how a day was lived, in addition to what an earlier run of it knew."""
        check_key(calendar, date)
        with self._changing:
            self._prints[calendar, date] = continued(self._prints.get((calendar, date)), prints)

    def grace(self, calendar: str, dates: tuple[str, ...]) -> Nanos | None:
        """Return how long minutes stayed open on the last of these days that was lived."""
        lived = (prints for date in reversed(dates) if (prints := self._prints.get((calendar, date))) is not None)
        return next((prints.grace_ns for prints in lived), None)

    def untraded(self, calendar: str, date: str) -> tuple[VerdictRun, ...]:
        """Return the minutes of a day that were found untraded while it ran, in runs; bars may have come since."""
        return self._untraded.get((calendar, date), ())

    def note_untraded(self, calendar: str, date: str, runs: Sequence[VerdictRun]) -> None:
        """Keep more of them."""
        check_key(calendar, date)
        check_untraded(runs)
        with self._changing:
            self._untraded[calendar, date] = joined((*self._untraded.get((calendar, date), ()), *runs))

    def adjusted(self, calendar: str) -> tuple[AdjustedRun, ...]:
        """Return the days whose prices are known to have been adjusted before they came, sorted."""
        return self._adjusted.get(calendar, ())

    def note_adjusted(self, calendar: str, days: Mapping[str, Sequence[str]], as_of: str | None) -> None:
        """Keep whether the prices of some days, by symbol, are adjusted; ``actors.kernel.adjusted`` says how."""
        stored = self.dates(calendar)
        with self._changing:
            self._adjusted[calendar] = noted(self.adjusted(calendar), days, as_of, stored)

    def close(self) -> None:
        """Do nothing: there is nothing to release."""

    def _keys(self) -> tuple[tuple[str, str], ...]:
        with self._changing:
            return tuple(self._days)
