"""What a store holds, and whether it still holds what was certified: the use cases ``inspect`` and ``verify``."""

import enum
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

import msgspec
import numpy as np

from actors.kernel.adjusted import AdjustedRun, adjusted_in
from actors.kernel.dealing import dealt_out
from actors.kernel.ports import BarStore, StoredDay
from actors.kernel.readings import ALL_DAYS, Span, dates_left
from actors.market.axis import SessionAxis
from actors.market.calendar import Calendar
from actors.market.certificate import as_stored
from actors.market.gaps import find_gaps
from actors.reading.spelling.addresses import Place
from actors.storage.elsewhere.opening import open_store
from actors.storage.own_hours import Calendars
from messages.certificates import SessionCertificate, SymbolVerdicts
from messages.errors import DataError
from messages.tables.columns import HIGH, LOW, VOLUME, BarBatch, Mask
from messages.values import MINUTE_NS, Nanos, moment

_SHOWN_MINUTES = 5
_NO_DAY = StoredDay(bars=BarBatch.of(()), verdicts=np.zeros(0, dtype=np.uint8))
_LONGEST_NS = 7 * 24 * 60 * MINUTE_NS
_BARS_ONLY = "its certificate is older than seals, so only its bars could be verified"


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


class Standing(enum.StrEnum):
    """How a stored day stands to its certificate."""

    MATCH = "match"
    MISMATCH = "mismatch"
    """Its bars or their verdicts are not those that were certified, or the certificate was changed."""
    UNCERTIFIED = "uncertified"
    UNREADABLE = "unreadable"
    """The day or its certificate cannot be read."""


class VerifiedDay(msgspec.Struct, frozen=True, kw_only=True):
    """What verifying one day came to."""

    date: str
    calendar: str
    standing: Standing
    certified: str | None = None
    """The digest that the certificate states."""
    found: str | None = None
    """The digest of the bars that are stored now."""
    fault: str | None = None
    """What is wrong, in one sentence."""


class VerifyReport(msgspec.Struct, frozen=True, kw_only=True):
    """What verifying a store came to."""

    days: list[VerifiedDay]
    remarks: list[str] = []
    """A sentence for every day of which not all could be verified."""

    @property
    def faults(self) -> list[str]:
        """A sentence for every day that does not match or cannot be read."""
        return [day.fault for day in self.days if day.fault is not None]

    def count(self, standing: Standing) -> int:
        """Return how many days stand so."""
        return sum(day.standing is standing for day in self.days)


class VerifyProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far verifying is."""

    done: int
    total: int
    at: str
    """The day that has just been verified."""


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


def verify_store(
    store: BarStore,
    calendar: str | None = None,
    on_progress: Callable[[VerifyProgress], None] | None = None,
    *,
    place: Place | None = None,
    workers: int = 1,
) -> VerifyReport:
    """Say of every day whether its bars are still those that were certified: nothing is written.

    Its digests, counts and percentages are made anew from the stored bars and their verdicts, in the hours, symbols and
    intervals of the certificate, so no calendar is asked; and the certificate's own file is held against its seal.

    Args:
        store: which one.
        calendar: only this one's days, by its name in the store; all by default.
        on_progress: called after each day, in this thread.
        place: where the store lies, for workers to open it too.
        workers: how many processes read days; with one it is this one.

    Raises:
        SystemFailed: processes die of a day.
    """
    names = (calendar,) if calendar else sorted({*store.calendars(), *store.certified_calendars()})
    left = {name: dates_left(store, name) for name in names}
    keys = [(name, date) for name, (dates, _) in left.items() for date in sorted({*dates, *store.certified(name)})]
    found: dict[int, tuple[VerifiedDay, str | None]] = {}
    answers: Generator[tuple[int, Any], None, None] = ((at, _verified(store, *key)) for at, key in enumerate(keys))
    if workers > 1 and place is not None:
        answers = dealt_out("actors.inspecting:verify_days", place, keys, workers)
    for at, answer in answers:
        found[at] = answer
        if on_progress is not None:
            on_progress(VerifyProgress(done=len(found), total=len(keys), at=keys[at][1]))
    lost = [
        VerifiedDay(date=period, calendar=name, standing=Standing.UNREADABLE, fault=why)
        for name, (_, damaged) in left.items()
        for period, why in damaged.items()
    ]
    told = [found[at] for at in range(len(keys))]
    remarks = [f"{day.calendar} on {day.date}: {remark}" for day, remark in told if remark is not None]
    return VerifyReport(days=[*lost, *(day for day, _ in told)], remarks=remarks)


def verify_days(receive: Callable[[], Any], send: Callable[[object], None]) -> None:
    """Verify the days that a process is told, of the store whose place it is told first."""
    store = open_store(receive(), read_only=True)
    while True:
        send(_verified(store, *receive()))


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


def _verified(store: BarStore, calendar: str, date: str) -> tuple[VerifiedDay, str | None]:
    """Return how a day stands, and what of it could not be verified."""
    try:
        certificate = store.certificate(calendar, date)
        # A day without a certificate is read as well: one that is damaged is worth knowing of.
        day = store.read(calendar, date, None if certificate is None else certificate.names)
        is_as_issued = store.is_as_issued(calendar, date)
        store.earlier(calendar, date)  # they are records, and have to be readable
    except DataError as error:
        return VerifiedDay(date=date, calendar=calendar, standing=Standing.UNREADABLE, fault=str(error)), None
    if certificate is None:
        return VerifiedDay(date=date, calendar=calendar, standing=Standing.UNCERTIFIED), None
    stored = day or _NO_DAY
    try:
        if any(abs(part.end_ns - part.start_ns) > _LONGEST_NS for part in certificate.segments):
            raise ValueError("hours of more than a week")  # noqa: TRY301  # counting their minutes would take for ever
        found = as_stored(certificate, stored.bars, stored.verdicts)
    except Exception as error:  # noqa: BLE001  # hours, symbols and runs that were changed may be of no session at all
        senseless = f"{calendar} on {date}: the certificate makes no sense: {type(error).__name__}: {error}"
        return VerifiedDay(date=date, calendar=calendar, standing=Standing.UNREADABLE, fault=senseless), None
    fault = _mismatch(certificate, found, is_gone=day is None)
    is_old = certificate.verdict_digest is None and certificate.is_live is None and is_as_issued is not False
    if fault is None and not is_old:
        fault = _forgery(certificate, found, is_as_issued=is_as_issued is True)
    verified = VerifiedDay(
        date=date,
        calendar=calendar,
        standing=Standing.MATCH if fault is None else Standing.MISMATCH,
        certified=certificate.digest,
        found=found.digest,
        fault=None if fault is None else f"{calendar} on {date}: {fault}",
    )
    return verified, _BARS_ONLY if is_old else None


def _mismatch(certificate: SessionCertificate, found: SessionCertificate, *, is_gone: bool) -> str | None:
    if found.digest == certificate.digest:
        return None
    if is_gone:
        return f"the bars are gone that were certified as {certificate.digest}"
    return f"the stored bars have the digest {found.digest}, but {certificate.digest} was certified"


def _forgery(certificate: SessionCertificate, found: SessionCertificate, *, is_as_issued: bool) -> str | None:
    """Return what else is not as it was certified: the bars are."""
    told, held = ((*one.symbols, *one.extended) for one in (certificate, found))
    for counted, there in zip(told, held, strict=False):
        for verdict in counted.__struct_fields__[1:]:
            was, now = (getattr(one, verdict) for one in (counted, there))
            if was != now:
                counts = f"{was} minutes of {counted.symbol} as {verdict}"
                return f"the certificate counts {counts}; its runs and the stored bars give {now}"
    if certificate.verdict_digest is None and certificate.is_live is None and not is_as_issued:
        return "the certificate has lost its seal: it was changed after it was issued"
    if found.verdict_digest != certificate.verdict_digest:
        return "the verdicts of the stored bars are not those that were certified"
    for name in ("completeness", "bar_quality"):
        was, now = (getattr(one, name) for one in (certificate, found))
        if was != now:
            return f"the certificate has a {name} of {was}; its counts give {now}"
    if found != certificate:
        return "the certificate does not count the minutes that the store has"
    if is_as_issued:
        return None
    return (
        "the certificate, or an earlier one, was changed after it was issued, or one is gone: it does not fit its seal"
    )
