"""The use case ``export``: the days of a store that a target has not, one after the other."""

import time
from collections.abc import Callable, Iterator, Sequence

import msgspec

from actors.exporting.targets import AdjustedRuns, Held, Target
from actors.kernel.adjusted import KeepsAdjusted, noted
from actors.kernel.ports import BarStore, StoredDay
from actors.kernel.prints import KeepsPrints
from actors.storage.journal.prints import digest_of
from messages.certificates import SessionCertificate
from messages.errors import BarkeeperError, UnknownSymbol
from messages.tables.columns import Prints


class ExportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Which days, and what of them."""

    symbols: tuple[str, ...] = ()
    """None named: all; as they are stored, or without capitals."""
    calendar: str | None = None
    """Only its days."""
    start: str | None = None
    """The first session's date, ISO."""
    end: str | None = None
    """The last session's date, itself included."""


class ExportProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far it is."""

    done: int
    total: int
    at: str
    """The day that has just been written."""
    bars: int


class ExportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    to: str
    days: int
    """That were written."""
    bars: int
    there: int
    """Days that were there before."""
    left: int
    """Days that were not come to."""
    seconds: float
    error: str | None = None
    is_interrupted: bool = False


class _Due(msgspec.Struct, frozen=True):
    """A day that is to be written."""

    calendar: str
    date: str
    symbols: tuple[str, ...]
    """None: all, and its certificates."""


def export(
    store: BarStore,
    target: Target,
    options: ExportOptions,
    on_progress: Callable[[ExportProgress], None] = lambda _: None,
    is_wanted: Callable[[], bool] = lambda: True,
) -> ExportReport:
    """Copy days to a target, and their certificates where all symbols of a day are copied.

    A day that is there is not copied again, unless it lacks symbols that are wanted now, or was certified anew.

    Args:
        store: what is copied.
        target: where to.
        options: which days.
        on_progress: called after each day.
        is_wanted: asked before each day; what is written stays.

    Raises:
        DataError: the target cannot be read.
        UnknownSymbol: no day has a symbol.
    """
    began = time.monotonic()
    due, there = _due(store, target, options)
    if adjustments := store.adjustments():
        target.adjust(adjustments)
    if isinstance(store, KeepsAdjusted):
        for calendar, dates in _dates(store, options):
            _tell_adjusted(store, target, calendar, dates, options.symbols)
    days = bars = 0
    error = None
    for one in due:
        if not is_wanted():
            break
        try:
            bars += _copy(store, target, one)
        except BarkeeperError as failure:
            error = str(failure)
            break
        days += 1
        on_progress(ExportProgress(done=days, total=len(due), at=one.date, bars=bars))
    return ExportReport(
        to=target.name,
        days=days,
        bars=bars,
        there=there,
        left=len(due) - days,
        seconds=round(time.monotonic() - began, 3),
        error=error,
        is_interrupted=error is None and days < len(due),
    )


def _due(store: BarStore, target: Target, options: ExportOptions) -> tuple[list[_Due], int]:
    """Return the days that are to be written, and how many are there as they should be."""
    due: list[_Due] = []
    there = 0
    known: set[str] = set()
    for calendar, dates in _dates(store, options):
        held = target.held(calendar)
        for date in dates:
            has = store.symbols(calendar, date)
            known.update(has)
            wanted = _wanted(has, held.get(date), options.symbols)
            if wanted is None:
                continue
            digests = (None, None) if wanted else _digests(store, calendar, date)
            if held.get(date) == Held(frozenset(wanted or has), *digests):
                there += 1
            else:
                due.append(_Due(calendar, date, wanted))
    for symbol in options.symbols:
        if symbol not in known and symbol.upper() not in known:
            raise UnknownSymbol.among(symbol, sorted(known))
    return due, there


def _dates(store: BarStore, options: ExportOptions) -> Iterator[tuple[str, list[str]]]:
    names = {*store.calendars(), *store.certified_calendars()}
    for calendar in sorted(names if options.calendar is None else names & {options.calendar}):
        dates = {*store.dates(calendar), *store.certified(calendar)}
        first, last = options.start or "", options.end or "9999-12-31"
        yield calendar, sorted(date for date in dates if first <= date <= last)


def _wanted(has: Sequence[str], held: Held | None, symbols: Sequence[str]) -> tuple[str, ...] | None:
    """Return which symbols of a day are to be there afterwards: none named, all; ``None``, the day is none of ours."""
    if not symbols:
        return ()
    meant = {symbol if symbol in has else symbol.upper() for symbol in symbols}
    if not meant.intersection(has):
        return None
    named = meant | (frozenset() if held is None else held.symbols)
    wanted = tuple(symbol for symbol in has if symbol in named)
    return () if len(wanted) == len(has) else wanted


def _digests(store: BarStore, calendar: str, date: str) -> tuple[str | None, str | None]:
    """Return that of a day's certificate, and of how it was lived."""
    certificate, prints = store.certificate(calendar, date), _prints(store, calendar, date)
    return None if certificate is None else certificate.digest, None if prints is None else digest_of(prints)


def _prints(store: BarStore, calendar: str, date: str) -> Prints | None:
    return store.prints(calendar, date) if isinstance(store, KeepsPrints) else None


def _tell_adjusted(
    store: KeepsAdjusted, target: Target, calendar: str, dates: Sequence[str], symbols: Sequence[str]
) -> None:
    """Let a target know of some days which prices were adjusted: before it has them, so that it never has them without.

    Args:
        store: that knows.
        target: may know of other days.
        calendar: whose days.
        dates: of these days.
        symbols: only theirs, if any are named.
    """
    ours = store.adjusted(calendar)

    def changed(theirs: AdjustedRuns) -> AdjustedRuns:
        named = {run.symbol for run in (*ours, *theirs)}
        named &= {*symbols, *(symbol.upper() for symbol in symbols)} or named
        if not named:
            return theirs
        stored = sorted({*dates, *target.held(calendar)})
        told = noted(theirs, dict.fromkeys(named, dates), None, stored)
        for run in ours:
            if run.symbol in named:
                told = noted(told, {run.symbol: [date for date in dates if date in run]}, run.as_of, stored)
        return told

    target.change_adjusted(calendar, changed)


def _copy(store: BarStore, target: Target, one: _Due) -> int:
    day: StoredDay | None = store.read(one.calendar, one.date, one.symbols or None)
    certificates: list[SessionCertificate] = []
    prints = None
    if not one.symbols:
        prints = _prints(store, one.calendar, one.date)
        certificates += store.earlier(one.calendar, one.date)
        latest = store.certificate(one.calendar, one.date)
        certificates += [] if latest is None else [latest]
    target.put(one.calendar, one.date, day, certificates, prints)
    return 0 if day is None else len(day.bars)
