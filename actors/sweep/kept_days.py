"""A store that one task after the other reads in a process: what they make of its days is made once."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from threading import Lock
from typing import Any, NoReturn, TypeVar, cast

import msgspec
import numpy as np

from actors.kernel.adjusted import AdjustedRun, adjusted_in
from actors.kernel.ports import BarStore, KnowsHours, MergeCounts, StoredDay, StoredDays
from actors.kernel.prints import KeepsPrints, untraded_in
from actors.market.hours.own import NOTHING_OWN, OwnHours
from messages.certificates import SessionCertificate
from messages.errors import DataError
from messages.history import Adjustment
from messages.tables.columns import Prints
from messages.values import Gap, Interval, Nanos, VerdictRun

R = TypeVar("R")

MOST_BYTES = 128 * 1024 * 1024
"""What is kept of days; who is read least recently goes first."""


class KeptDays:
    """A store for reading, for systems of the same settings that come one after the other or side by side.

    Args:
        store: where the days rest; who made it closes it.
        most_bytes: how much of what was made of them is kept.
    """

    def __init__(self, store: BarStore, most_bytes: int = MOST_BYTES) -> None:
        self._store = store
        self._most_bytes = most_bytes
        self._made: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def kept(self, key: Hashable, make: Callable[[], R]) -> R:
        """Return what was made for a key before, or make it; nobody changes it. Any thread."""
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
                return cast("R", self._made[key][0])
        made = make()
        size = _bytes_of(made)
        with self._lock:
            if key not in self._made and size <= self._most_bytes:
                self._made[key] = made, size
                self._bytes += size
            while self._bytes > self._most_bytes:
                _, (_, gone) = self._made.popitem(last=False)
                self._bytes -= gone
        return made

    def own_hours(self) -> OwnHours:
        """Return the special sessions and calendars of the store's owner."""
        store = self._store
        return self.kept("hours", store.own_hours) if isinstance(store, KnowsHours) else NOTHING_OWN

    def calendars(self) -> tuple[str, ...]:
        """Return the calendars that have days, sorted; as they were first asked for."""
        return self.kept("calendars", self._store.calendars)

    def dates(self, calendar: str) -> tuple[str, ...]:
        """Return the session dates that have bars, ascending; as they were first asked for."""
        return self.kept(("dates", calendar), lambda: self._store.dates(calendar))

    def base_interval(self) -> Interval | None:
        """Return the length of the bars."""
        return self.kept("interval", self._store.base_interval)

    def symbols(self, calendar: str, date: str) -> tuple[str, ...]:
        """Return the symbols with bars on that date, sorted; as they were first asked for."""
        return self.kept(("symbols", calendar, date), lambda: self._store.symbols(calendar, date))

    def prints(self, calendar: str, date: str) -> Prints | None:
        """Return how a day was lived; ``None``: nobody has written it down."""
        return self._store.prints(calendar, date) if isinstance(self._store, KeepsPrints) else None

    def grace(self, calendar: str, dates: tuple[str, ...]) -> Nanos | None:
        """Return how long minutes stayed open on the last of these days that was lived; ``None``: none was."""
        return self._store.grace(calendar, dates) if isinstance(self._store, KeepsPrints) else None

    def untraded(self, calendar: str, date: str) -> tuple[VerdictRun, ...]:
        """Return the minutes of a day that were found untraded while it ran; as they were first asked for."""
        return self.kept(("untraded", calendar, date), lambda: untraded_in(self._store, calendar, date))

    def read(
        self,
        calendar: str,
        date: str,
        symbols: Sequence[str] | None = None,
        span: tuple[Nanos, Nanos] | None = None,
    ) -> StoredDay | None:
        """Return the day as it lies in the store, or ``None`` where there is none."""
        return self._store.read(calendar, date, symbols, span)

    def certified_calendars(self) -> tuple[str, ...]:
        """Return the calendars that have certificates."""
        return self._store.certified_calendars()

    def certified(self, calendar: str) -> tuple[str, ...]:
        """Return the session dates that have a certificate, ascending."""
        return self._store.certified(calendar)

    def certificate(self, calendar: str, date: str) -> SessionCertificate | None:
        """Return the certificate of a day; as it was first asked for."""
        return self.kept(("certificate", calendar, date), lambda: self._store.certificate(calendar, date))

    def earlier(self, calendar: str, date: str) -> tuple[SessionCertificate, ...]:
        """Return what live days certified of a day before somebody else did."""
        return self._store.earlier(calendar, date)

    def is_as_issued(self, calendar: str, date: str) -> bool | None:
        """Return whether a day's certificates are what was written."""
        return self._store.is_as_issued(calendar, date)

    def adjustments(self) -> tuple[Adjustment, ...]:
        """Return the splits and dividends; as they were first asked for."""
        return self.kept("adjustments", self._store.adjustments)

    def adjusted(self, calendar: str) -> tuple[AdjustedRun, ...]:
        """Return the days whose prices are known to be adjusted; as they were first asked for."""
        return self.kept(("adjusted", calendar), lambda: adjusted_in(self._store, calendar))

    def close(self) -> None:
        """Leave the store open: the next task reads it."""

    def keep_prints(self, calendar: str, date: str, prints: Prints) -> None:  # noqa: ARG002  # as any store
        """Refuse: a sweep reads only."""
        self._refuse()

    def note_untraded(self, calendar: str, date: str, runs: Sequence[VerdictRun]) -> None:  # noqa: ARG002
        """Refuse: a sweep reads only."""
        self._refuse()

    def note_adjusted(self, calendar: str, days: Mapping[str, Sequence[str]], as_of: str | None) -> None:  # noqa: ARG002
        """Refuse: a sweep reads only."""
        self._refuse()

    def merge(self, calendar: str, date: str, day: StoredDay) -> MergeCounts:  # noqa: ARG002
        """Refuse: a sweep reads only."""
        self._refuse()

    def merge_stretches(
        self,
        calendar: str,  # noqa: ARG002
        date: str,  # noqa: ARG002
        symbols: Sequence[str],  # noqa: ARG002
        stretches: Iterable[StoredDay],  # noqa: ARG002
    ) -> MergeCounts:
        """Refuse: a sweep reads only."""
        self._refuse()

    def merge_days(self, calendar: str, days: StoredDays) -> MergeCounts:  # noqa: ARG002
        """Refuse: a sweep reads only."""
        self._refuse()

    def withdraw(self, calendar: str, date: str, gaps: Sequence[Gap]) -> int:  # noqa: ARG002
        """Refuse: a sweep reads only."""
        self._refuse()

    def certify(self, calendar: str, date: str, certificate: SessionCertificate) -> None:  # noqa: ARG002
        """Refuse: a sweep reads only."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise DataError("a sweep reads its store and writes nothing into it")


def _bytes_of(made: object) -> int:
    """Return about how much memory something takes: its arrays, and a little for all that is around them."""
    if isinstance(made, np.ndarray):
        return made.nbytes
    if isinstance(made, msgspec.Struct):
        return 200 + sum(_bytes_of(getattr(made, name)) for name in made.__struct_fields__)
    if isinstance(made, (tuple, list, Mapping)):
        return 100 + 100 * len(made)
    return 50
