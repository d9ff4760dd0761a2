"""Worlds that are the same until an instant, and nothing alike after it."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from threading import Lock
from typing import Any, TypeVar, cast
from zlib import crc32

import msgspec
import numpy as np

from actors.kernel.adjusted import AdjustedRun, adjusted_in
from actors.kernel.ports import BarStore, KnowsHours, StoredDay
from actors.kernel.prints import KeepsPrints, untraded_in
from actors.market.axis import SessionAxis
from actors.market.hours.own import NOTHING_OWN, OwnHours
from actors.storage.memory import MemoryStore
from actors.storage.merging import only
from messages.certificates import SessionCertificate, SymbolVerdicts
from messages.history import Adjustment
from messages.tables.columns import HIGH, LOW, BarBatch, Floats, Indices, Mask, Prints, Stamps, freeze
from messages.values import FIRST_WITH_BAR, Interval, Nanos, Seen, TradingSession, Verdict, VerdictRun

R = TypeVar("R")

_DROPPED, _FILLED, _UNSOUND = 0.3, 0.2, 0.2
_MOST_BARS = 20_000_000
"""Of whole days in memory: with their verdicts about a gigabyte."""
_WITH_BARS = np.array([Verdict.STREAMED, Verdict.LATE, Verdict.FILLED, Verdict.CORRECTED], dtype=np.uint8)


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """An instant: what became known until then is the same in every world."""

    session: TradingSession
    """That it is in."""
    at_ns: Nanos
    """The end of a minute."""
    seed: int
    """Of the future: no two are alike."""
    seen: Seen = Seen.AS_KNOWN
    grace_ns: Nanos = 0

    @property
    def date(self) -> str:
        """Of the session."""
        return self.session.date


class Archive:
    """A store's days, read once for all worlds.

    Args:
        store: who opened it closes it.
    """

    def __init__(self, store: BarStore) -> None:
        self.store = store
        self._days: OrderedDict[tuple[str, str], StoredDay | None] = OrderedDict()
        self._made: dict[Hashable, Any] = {}
        self._bars = 0
        self._lock = Lock()

    def day(self, calendar: str, date: str) -> StoredDay | None:
        """Return a whole day; it is kept."""
        key = calendar, date
        with self._lock:
            if key in self._days:
                self._days.move_to_end(key)
                return self._days[key]
        day = self.store.read(calendar, date)
        with self._lock:
            self._days[key] = day
            self._bars += 0 if day is None else len(day.bars)
            while self._bars > _MOST_BARS and len(self._days) > 1:
                _, gone = self._days.popitem(last=False)
                self._bars -= 0 if gone is None else len(gone.bars)
        return day

    def holds(self, calendar: str, dates: Sequence[str]) -> bool:
        """Read these days; return whether all are in memory now, so that nobody opens a file of the store any more."""
        beside = World(self)
        for ask in (beside.own_hours, beside.calendars, beside.base_interval, beside.adjustments):
            ask()
        beside.dates(calendar)
        beside.adjusted(calendar)
        for date in dates:
            self.day(calendar, date)
            beside.symbols(calendar, date)
            if isinstance(self.store, KeepsPrints):
                self.kept(("prints", calendar, date), lambda date=date: self.store.prints(calendar, date))  # type: ignore[misc]
            self.kept(("untraded", calendar, date), lambda date=date: untraded_in(self.store, calendar, date))  # type: ignore[misc]
            self.kept(("certificate", calendar, date), lambda date=date: self.store.certificate(calendar, date))  # type: ignore[misc]
        return all((calendar, date) in self._days for date in dates)

    def kept(self, key: Hashable, make: Callable[[], R]) -> R:
        """Return what was made for a key before, or make it. Any thread."""
        with self._lock:
            if key in self._made:
                return cast("R", self._made[key])
        made = make()
        with self._lock:
            return cast("R", self._made.setdefault(key, made))


class World(MemoryStore):
    """The days of an archive; from a cut on, with another future.

    Args:
        archive: what really was.
        cut: where it begins; ``None``: nowhere.
    """

    def __init__(self, archive: Archive, cut: Cut | None = None) -> None:
        super().__init__()
        self._archive = archive
        self._cut = cut
        self._changed: dict[tuple[str, str], StoredDay | None] = {}
        self._changing_lock = Lock()

    def kept(self, key: Hashable, make: Callable[[], R]) -> R:
        """Return what a system before made of a day that is the same in every world, or make it."""
        date = _date_of(key)
        if date is None or not self._is_past(date):
            return make()
        return self._archive.kept(("made", key), make)

    def _is_past(self, date: str) -> bool:
        return self._cut is None or date < self._cut.date

    def own_hours(self) -> OwnHours:
        """Return what goes before all calendars."""
        store = self._archive.store
        return self._archive.kept("hours", store.own_hours) if isinstance(store, KnowsHours) else NOTHING_OWN

    def calendars(self) -> tuple[str, ...]:
        """Return the calendars that have days."""
        return self._archive.kept("calendars", self._archive.store.calendars)

    def dates(self, calendar: str) -> tuple[str, ...]:
        """Return the session dates that have bars: the calendar is no secret."""
        return self._archive.kept(("dates", calendar), lambda: self._archive.store.dates(calendar))

    def base_interval(self) -> Interval | None:
        """Return the length of the bars."""
        return self._archive.kept("interval", self._archive.store.base_interval)

    def symbols(self, calendar: str, date: str) -> tuple[str, ...]:
        """Return the symbols with bars on that date."""
        if self._is_past(date):
            return self._archive.kept(("symbols", calendar, date), lambda: self._archive.store.symbols(calendar, date))
        day = self._day(calendar, date)
        return () if day is None else day.bars.symbols

    def read(
        self,
        calendar: str,
        date: str,
        symbols: Sequence[str] | None = None,
        span: tuple[Nanos, Nanos] | None = None,
    ) -> StoredDay | None:
        """Return a day of this world."""
        day = self._day(calendar, date)
        return None if day is None else only(day, symbols, span)

    def _day(self, calendar: str, date: str) -> StoredDay | None:
        day = self._archive.day(calendar, date)
        cut = self._cut
        if cut is None or day is None or date < cut.date:
            return day
        with self._changing_lock:
            if (calendar, date) not in self._changed:
                self._changed[calendar, date] = changed_day(day, cut, self._lived(calendar, date), date)
            return self._changed[calendar, date]

    def certificate(self, calendar: str, date: str) -> SessionCertificate | None:
        """Return the certificate of a day; of one that is not over it says less, or other things, than the real one."""
        found = self._archive.kept(
            ("certificate", calendar, date), lambda: self._archive.store.certificate(calendar, date)
        )
        cut = self._cut
        if cut is None or found is None or date < cut.date:
            return found
        symbols = (*found.symbols, SymbolVerdicts(symbol=f"NONE{cut.seed}"))
        runs = self._with_other_future(found.runs, calendar, date, cut)
        return msgspec.structs.replace(found, symbols=symbols, runs=runs, gaps=(), corrections=found.corrections + 1)

    def untraded(self, calendar: str, date: str) -> tuple[VerdictRun, ...]:
        """Return what was found untraded of a day while it ran; of one that is not over, otherwise from the cut on."""
        found = self._archive.kept(
            ("untraded", calendar, date), lambda: untraded_in(self._archive.store, calendar, date)
        )
        cut = self._cut
        return found if cut is None or date < cut.date else self._with_other_future(found, calendar, date, cut)

    def _with_other_future(
        self, runs: Iterable[VerdictRun], calendar: str, date: str, cut: Cut
    ) -> tuple[VerdictRun, ...]:
        """Return what is known of minutes without a bar; after the cut nothing, or of every symbol's last minutes."""
        past, day, random = _until(runs, cut.at_ns), self._archive.day(calendar, date), _random(cut, f"runs {date}")
        if day is None or random.random() < 0.5 or len(starts := _later_starts(day.bars, cut, date)) == 0:
            return past
        ends_ns = int(starts[-1]) + day.bars.interval.span_ns
        firsts = random.choice(starts, len(day.bars.symbols)).tolist()
        later = (
            VerdictRun(
                symbol=name, verdict=Verdict.NO_TRADE, start_ns=first, end_ns=ends_ns, source=f"other {cut.seed}"
            )
            for name, first in zip(day.bars.symbols, firsts, strict=True)
        )
        return (*past, *later)

    def _lived(self, calendar: str, date: str) -> Prints | None:
        store = self._archive.store
        if not isinstance(store, KeepsPrints):
            return None
        return self._archive.kept(("prints", calendar, date), lambda: store.prints(calendar, date))

    def prints(self, calendar: str, date: str) -> Prints | None:
        """Return how a day was lived in this world."""
        found, cut = self._lived(calendar, date), self._cut
        return found if cut is None or found is None or date < cut.date else changed_prints(found, cut, date)

    def grace(self, calendar: str, dates: tuple[str, ...]) -> Nanos | None:
        """Return how long minutes stayed open."""
        lived = (prints for date in reversed(dates) if (prints := self._lived(calendar, date)) is not None)
        return next((prints.grace_ns for prints in lived), None)

    def adjusted(self, calendar: str) -> tuple[AdjustedRun, ...]:
        """Return the days whose prices are known to be adjusted: for what came after them, in any world."""
        store = self._archive.store
        return self._archive.kept(("adjusted", calendar), lambda: adjusted_in(store, calendar))

    def adjustments(self) -> tuple[Adjustment, ...]:
        """Return splits and dividends; those of days after the cut are others."""
        found = self._archive.kept("adjustments", self._archive.store.adjustments)
        cut = self._cut
        if cut is None:
            return found
        calendar = cut.session.calendar
        later = [date for date in self.dates(calendar) if date > cut.date]
        past = [one for one in found if one.ex_date <= cut.date]
        names = self.symbols(calendar, cut.date) if later else ()
        random = _random(cut, "adjustments")
        other = [
            Adjustment(symbol=name, ex_date=str(random.choice(later)), split_ratio=float(random.integers(2, 9)))
            for name in names
        ]
        return tuple(sorted((*past, *other), key=lambda one: (one.symbol, one.ex_date)))


def _until(runs: Iterable[VerdictRun], at_ns: Nanos) -> tuple[VerdictRun, ...]:
    """Return what runs say of what is before an instant."""
    past = (run for run in runs if run.start_ns < at_ns)
    return tuple(msgspec.structs.replace(run, end_ns=min(run.end_ns, at_ns)) for run in past)


def _date_of(key: Hashable) -> str | None:
    """Return the date of the day that something is made of, by the loader's key."""
    of = key[2] if isinstance(key, tuple) and len(key) > 2 else None
    if isinstance(of, tuple):
        of = getattr(of[0], "date", None) if of else None
    return of if isinstance(of, str) else None


def _random(cut: Cut, what: str) -> np.random.Generator:
    return np.random.default_rng([cut.seed, crc32(what.encode())])


def changed_day(day: StoredDay, cut: Cut, prints: Prints | None, date: str) -> StoredDay:
    """Return a day with another future: prices, volumes, gaps, verdicts and a symbol that nobody had heard of.

    In half of the futures some bars cannot be true. A bar is known at its end; where the day is played as it was
    lived, also what was told of it later is the future.
    """
    bars, random = day.bars, _random(cut, date)
    is_later: Mask = bars.start_ns + bars.interval.span_ns > cut.at_ns
    if cut.seen is Seen.AS_LIVED and prints is not None:
        is_later = is_later | _told_later(bars, prints, cut)
    later = np.flatnonzero(is_later)
    last = np.zeros(len(bars.symbols), dtype=np.int64)
    last[bars.symbol_index[later]] = later  # a day is known to have traded, whatever its future
    stays = np.ones(len(bars), dtype=np.bool_)
    stays[later] = random.random(len(later)) >= _DROPPED
    stays[last[np.unique(bars.symbol_index[later])]] = True
    values, verdicts = bars.values.copy(), day.verdicts.copy()
    values[:, later] = _other(values[:, later], random)
    verdicts[later] = _WITH_BARS[random.integers(0, 4, len(later))]
    if random.random() < 0.5:
        may_be = np.setdiff1d(later, last)
        unsound = may_be[random.random(len(may_be)) < _UNSOUND]
        values[LOW, unsound] = values[HIGH, unsound] + 1
    names = (*bars.symbols, f"NEW{cut.seed}")
    starts, columns = _added(bars, cut, random, date)
    index = np.concatenate([bars.symbol_index[stays], columns]).astype(np.int32)
    at = np.concatenate([bars.start_ns[stays], starts])
    made: Floats = np.full((len(values), len(starts)), 50.0) + np.arange(len(starts), dtype=np.float64) % 7
    batch = BarBatch.build(names, index, at, np.concatenate([values[:, stays], made], axis=1), bars.interval)
    place = np.argsort(np.argsort(np.array(names, dtype=object)))  # as the batch numbers its symbols
    both = np.concatenate([verdicts[stays], np.full(len(starts), Verdict.STREAMED, dtype=np.uint8)])
    return StoredDay(bars=batch.narrowed(), verdicts=freeze(both[np.lexsort((place[index], at))]), tz=day.tz)


def _added(bars: BarBatch, cut: Cut, random: np.random.Generator, date: str) -> tuple[Stamps, Indices]:
    """Return minutes, and whose, that have bars in this future only: some that were empty, and those of a newcomer."""
    starts = _later_starts(bars, cut, date)
    is_there = np.zeros((len(starts), len(bars.symbols) + 1), dtype=np.bool_)
    slots = np.searchsorted(starts, bars.start_ns)
    inside = slots < len(starts)
    inside[inside] = starts[slots[inside]] == bars.start_ns[inside]
    is_there[slots[inside], bars.symbol_index[inside]] = True
    is_added = ~is_there & (random.random(is_there.shape) < _FILLED)
    is_added[:, -1] = True
    rows, columns = np.nonzero(is_added)
    return starts[rows], columns.astype(np.int32)


def _later_starts(bars: BarBatch, cut: Cut, date: str) -> Stamps:
    """Return a day's minutes that are over after the cut."""
    starts: Stamps = SessionAxis(cut.session).starts_ns if date == cut.date else np.unique(bars.start_ns)
    return starts[starts + bars.interval.span_ns > cut.at_ns]


def _other(values: Floats, random: np.random.Generator) -> Floats:
    """Return sane values that are others: prices by one factor a bar, volumes anew."""
    made = values.copy()
    made[:4] *= 0.5 + random.random(values.shape[1])
    made[4] = np.floor(1 + 1000 * random.random(values.shape[1]))
    return made


def _told_later(bars: BarBatch, prints: Prints, cut: Cut) -> Mask:
    """Return which bars somebody had another word on after the cut."""
    row = np.flatnonzero(prints.known_ns > cut.at_ns + cut.grace_ns)
    later = {(prints.symbols[prints.symbol_index[one]], int(prints.start_ns[one])) for one in row.tolist()}
    cells = zip(bars.names(), bars.start_ns.tolist(), strict=True)
    return np.array([cell in later for cell in cells], dtype=np.bool_)


def changed_prints(prints: Prints, cut: Cut, date: str) -> Prints:
    """Return how a day was lived with another future: what came later comes otherwise, or not at all."""
    random = _random(cut, date)
    is_later: Mask = prints.known_ns > cut.at_ns + cut.grace_ns
    values, verdicts = prints.values.copy(), prints.verdicts.copy()
    changed = np.flatnonzero(is_later & (prints.verdicts >= FIRST_WITH_BAR))
    values[:, changed] = _other(values[:, changed], random)
    verdicts[changed] = _WITH_BARS[random.integers(0, 4, len(changed))]
    other = msgspec.structs.replace(prints, values=freeze(values), verdicts=freeze(verdicts))
    return other.where(~is_later | (random.random(len(prints)) >= _DROPPED))
