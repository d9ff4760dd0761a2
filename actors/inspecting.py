"""What a store holds: the use case ``inspect``."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import msgspec
import numpy as np

from actors.kernel.adjusted import AdjustedRun, adjusted_in
from actors.kernel.ports import BarStore, StoredDay
from actors.kernel.readings import ALL_DAYS, Span, dates_left
from actors.market.axis import SessionAxis
from actors.market.calendar import Calendar
from actors.market.gaps import find_gaps
from actors.storage.own_hours import Calendars
from messages.certificates import SessionCertificate, SymbolVerdicts
from messages.errors import DataError
from messages.tables.columns import HIGH, LOW, VOLUME, Mask
from messages.values import Nanos, moment

_SHOWN_MINUTES = 5


class InspectDay(msgspec.Struct, frozen=True, kw_only=True):
    """What a store holds of one symbol on one day; the regular minutes, but for ``extended_bars``."""

    date: str
    calendar: str
    symbol: str
    base_interval: str
    """The length of the stored bars, ``1m`` as a rule; where it is shorter, so are the minutes that are counted."""
    expected_minutes: int
    bars: int
    missing_minutes: int
    missing: list[str]
    """The first and the last five of them, UTC."""
    missing_runs: list[list[str]] | msgspec.UnsetType = msgspec.UNSET
    """All of them as runs ``[from, to)``, UTC; none crosses a break. Only where they are asked for."""
    extended_bars: int
    """Every bar of the day outside the regular minutes."""
    first: str | None
    """The start of the first regular bar, UTC."""
    last: str | None
    high: float | None
    low: float | None
    volume: float
    adjusted_as_of: str | None = None
    """As of when the prices were adjusted before they came, where the store keeps that they were."""


class InspectCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """What the certificate of a day says; of a day without one, only that. Percentages are of regular minutes."""

    date: str
    calendar: str
    certified: bool
    digest: str | None = None
    replaces: str | None = None
    """The digest of the certificate before this one."""
    issued_by: str | None = None
    """``session``, ``fill`` or ``import``."""
    settled: str | None = None
    """When every gap had its verdict, in session time, UTC."""
    completeness: float | None = None
    bar_quality: float | None = None
    gaps: int = 0
    outcomes: dict[str, int] = {}
    """How many gaps ended as ``closed``, ``no_trade`` and ``abandoned``."""
    corrections: int = 0
    rejected: dict[str, int] = {}
    prefetched: bool | None = None
    transition_ms: float | None = None
    symbols: list[SymbolVerdicts] = []
    """Minutes by verdict, for each symbol that it covers."""
    extended: list[SymbolVerdicts] = []
    """The same of the extended minutes, where its hours have any."""


class InspectReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a store holds."""

    days: list[InspectDay]
    certificates: list[InspectCertificate]
    """One for each day."""
    faults: list[str] = []
    """A sentence for every day, or file of several, that cannot be read."""


def inspect_store(
    store: BarStore,
    symbols: Sequence[str] | None = None,
    calendar: str | None = None,
    calendars: Callable[[str], Calendar] | None = None,
    *,
    span: Span = ALL_DAYS,
    with_runs: bool = False,
) -> InspectReport:
    """Say what a store holds, day by day and symbol by symbol, and what the days' certificates say.

    Args:
        store: which one.
        symbols: only these, as they are stored or without capitals; all by default.
        calendar: only this one's days; all by default.
        calendars: gives a calendar by its name; by default with the hours that the store knows.
        span: only days in it; all by default.
        with_runs: whether to tell of every missing minute.

    Raises:
        SettingsError: the calendar is unknown.
    """
    calendars = calendars or Calendars.of(store)
    names = (calendars(calendar).name,) if calendar else store.calendars()
    days: list[InspectDay] = []
    certificates: list[InspectCertificate] = []
    faults: list[str] = []
    for name in names:
        sessions = calendars(name)
        runs = adjusted_in(store, name)
        dates, lost = dates_left(store, name)
        faults += (why for period, why in lost.items() if span.touches(period))
        for date in span.of(dates):
            try:
                wanted = _meant(symbols, store.symbols(name, date)) if symbols else None
                day, certificate = store.read(name, date, wanted), store.certificate(name, date)
            except DataError as error:
                faults.append(str(error))
                continue
            if day is not None and sessions.session(date) is None:
                count = len(day.bars)
                bars = "1 bar" if count == 1 else f"{count:,} bars"
                faults.append(f"the store has {bars} on {date} under {name}, which has no session on that day")
                continue
            days.extend(_inspected(day, date, sessions, runs, with_runs=with_runs) if day is not None else ())
            certificates.append(_told(name, date, certificate, wanted))
    return InspectReport(days=days, certificates=certificates, faults=faults)


def _meant(symbols: Sequence[str], there: Sequence[str]) -> list[str]:
    """Return symbols as a day has them, or else in capitals."""
    return [symbol if symbol in there else symbol.upper() for symbol in symbols]


def _inspected(
    day: StoredDay, date: str, calendar: Calendar, runs: Sequence[AdjustedRun], *, with_runs: bool
) -> Iterator[InspectDay]:
    session = calendar.session(date)
    assert session is not None, "a day without one is none to look into"
    session = msgspec.structs.replace(session, base_interval=day.bars.interval)
    axis = SessionAxis(session)
    slots = axis.slots_of(day.bars.start_ns)
    is_regular = (slots >= axis.regular.start) & (slots < axis.regular.stop)
    by_symbol = np.argsort(day.bars.symbol_index, kind="stable")
    as_of = {run.symbol: run.as_of for run in runs if date in run}
    edges = np.searchsorted(day.bars.symbol_index[by_symbol], np.arange(len(day.bars.symbols) + 1)).tolist()
    for symbol, first, last in zip(day.bars.symbols, edges, edges[1:], strict=False):
        rows = by_symbol[first:last]
        regular = rows[is_regular[rows]]
        is_missing = axis.is_regular.copy()
        is_missing[slots[regular]] = False
        missing = axis.starts_ns[is_missing]
        starts, values = day.bars.start_ns[regular], day.bars.values[:, regular]
        yield InspectDay(
            date=date,
            calendar=calendar.name,
            symbol=symbol,
            base_interval=str(axis.interval),
            expected_minutes=session.expected_minutes,
            bars=len(regular),
            missing_minutes=len(missing),
            missing=[_utc(start) for start in _ends(missing.tolist())],
            missing_runs=_runs(is_missing, axis) if with_runs else msgspec.UNSET,
            extended_bars=len(rows) - len(regular),
            first=_utc(int(starts[0])) if len(starts) else None,
            last=_utc(int(starts[-1])) if len(starts) else None,
            high=float(values[HIGH].max()) if len(starts) else None,
            low=float(values[LOW].min()) if len(starts) else None,
            volume=float(values[VOLUME].sum()),
            adjusted_as_of=as_of.get(symbol),
        )


def _runs(is_missing: Mask, axis: SessionAxis) -> list[list[str]]:
    gaps = find_gaps(is_missing[:, None], axis, ("",))
    return [[_utc(gap.start_ns), _utc(gap.end_ns)] for gap in gaps]


def _ends(minutes: list[Nanos]) -> list[Nanos]:
    return minutes if len(minutes) <= 2 * _SHOWN_MINUTES else minutes[:_SHOWN_MINUTES] + minutes[-_SHOWN_MINUTES:]


def _utc(start_ns: Nanos) -> str:
    return f"{moment(start_ns, 'UTC'):%Y-%m-%dT%H:%M:%SZ}"


def _told(
    calendar: str, date: str, certificate: SessionCertificate | None, wanted: Sequence[str] | None
) -> InspectCertificate:
    if certificate is None:
        return InspectCertificate(date=date, calendar=calendar, certified=False)
    return InspectCertificate(
        date=date,
        calendar=calendar,
        certified=True,
        digest=certificate.digest,
        replaces=certificate.replaces,
        issued_by=certificate.issued_by,
        settled=_utc(certificate.settled_ns),
        completeness=certificate.completeness,
        bar_quality=certificate.bar_quality,
        gaps=len(certificate.gaps),
        outcomes=dict(sorted(Counter(str(gap.outcome) for gap in certificate.gaps).items())),
        corrections=certificate.corrections,
        rejected=certificate.rejected,
        prefetched=certificate.is_prefetched,
        transition_ms=certificate.transition_ms,
        symbols=[counts for counts in certificate.symbols if wanted is None or counts.symbol in wanted],
        extended=[counts for counts in certificate.extended if wanted is None or counts.symbol in wanted],
    )
