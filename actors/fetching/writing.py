"""What came of a session's minutes, on its way into the store: bars are merged, and the day is certified anew."""

import msgspec
import numpy as np

from actors.fetching.came import Came
from actors.fetching.scale import note_adjusted
from actors.kernel.ports import BarStore, StoredDay
from actors.kernel.prints import KeepsUntraded, untraded_in
from actors.market.axis import SessionAxis
from actors.market.certificate import certificate_of, recertified
from actors.market.gaps import find_gaps
from actors.market.planes import spread
from actors.settings import DEFAULT_INTERVALS
from actors.vendors.history.cells import planes
from messages.certificates import GapOutcome, GapStory, SessionCertificate
from messages.tables.columns import FIELDS, BarBatch, Mask
from messages.values import Gap, Nanos, TradingSession, Verdict, VerdictRun

ISSUER = "fill"
_NOTHING = StoredDay(bars=BarBatch.of(()), verdicts=np.zeros(0, dtype=np.uint8))


def write(store: BarStore, came: Came, old: SessionCertificate | None, now_ns: Nanos) -> SessionCertificate | None:
    """Merge the bars that came, and certify the session if it is over; return its certificate if there is a new one.

    Of one that still runs it is kept which minutes were never traded, until it has its certificate.
    Whoever is killed in between leaves bars without a certificate: the next time it is made of them, and of what is
    asked for of the rest.

    Args:
        store: where the day lies.
        came: what came of it.
        old: its certificate before.
        now_ns: the time.

    Raises:
        StoreLocked: another process is writing to the store.
        DataError: the store cannot be read, or holds bars of another length.
    """
    session = came.session
    calendar, date = session.calendar, session.date
    if came.taken:
        bars = came.bars
        verdicts = np.full(len(bars), Verdict.FILLED, dtype=np.uint8)
        given = StoredDay(bars=bars.narrowed(), verdicts=verdicts, tz=session.tz, is_lived=came.has_parts)
        store.merge(calendar, date, given)
        note_adjusted(store, came, now_ns)
    if not came.is_settled and came.no_trade and isinstance(store, KeepsUntraded):
        store.note_untraded(calendar, date, _silences(came))
    is_covered = old is not None and set(came.names) <= set(old.names)
    if not came.is_settled or not (came.is_news or (came.has_all and not is_covered)):
        return None
    new = _certificate(store, came, old, now_ns)
    store.certify(calendar, date, new)
    return new


def _certificate(store: BarStore, came: Came, old: SessionCertificate | None, now_ns: Nanos) -> SessionCertificate:
    names = tuple(sorted({*came.names, *(old.names if old else ())}))
    session = came.session if old is None else _wider(came.session, old.session)
    stored = store.read(session.calendar, session.date, names) or _NOTHING
    stories = tuple(_stories(came, now_ns))
    runs = (*untraded_in(store, session.calendar, session.date), *_runs(came))
    if old is not None:
        new = recertified(
            old,
            stored.bars,
            stored.verdicts,
            issued_by=ISSUER,
            symbols=names,
            segments=session.segments,
            runs=runs,
            settled_ns=max(now_ns, old.settled_ns),
        )
        return msgspec.structs.replace(new, gaps=(*old.gaps, *stories))
    axis = SessionAxis(session)
    values, plane = spread(axis, names, stored.bars, stored.verdicts, len(FIELDS))
    new = certificate_of(
        session, names, values, plane, DEFAULT_INTERVALS, runs=runs, issued_by=ISSUER, settled_ns=now_ns
    )
    return msgspec.structs.replace(new, gaps=stories)


def _wider(one: TradingSession, other: TradingSession) -> TradingSession:
    return max(one, other, key=lambda session: session.end_ns - session.start_ns)


def _stories(came: Came, now_ns: Nanos) -> list[GapStory]:
    """Return what became of what was lacking; of a session of which nothing was there, or all, that it was fetched."""
    session, name = came.session, came.last_asked
    axis = SessionAxis(session)
    if came.is_market or came.is_first:
        sources = tuple(came.taken) or (name,)
        whole = Gap(symbols=() if came.is_market else came.names, start_ns=session.start_ns, end_ns=session.end_ns)
        return [_story(came, whole, axis, now_ns, source, GapOutcome.CLOSED) for source in sources]
    filled = [(source, planes(axis, came.names, bars)[0], GapOutcome.CLOSED) for source, bars in came.taken.items()]
    silent = [(source, cells, GapOutcome.NO_TRADE) for source, cells in came.no_trade]
    return [
        _story(came, gap, axis, now_ns, source, outcome)
        for source, cells, outcome in (*filled, *silent, (name, came.abandoned, GapOutcome.ABANDONED))
        for gap in find_gaps(cells, axis, came.names)
    ]


def _story(came: Came, gap: Gap, axis: SessionAxis, now_ns: Nanos, source: str, outcome: GapOutcome) -> GapStory:
    return GapStory(
        symbols=gap.symbols,
        start_ns=gap.start_ns,
        end_ns=gap.end_ns,
        detected_ns=gap.start_ns + axis.step_ns,
        settled_ns=now_ns,
        attempts=1,
        source=source,
        outcome=outcome,
        error=came.errors[-1] if came.errors else "",
    )


def _runs(came: Came) -> list[VerdictRun]:
    return [*_as_runs(came, came.last_asked, Verdict.ABANDONED, came.abandoned), *_silences(came)]


def _silences(came: Came) -> list[VerdictRun]:
    return [run for source, cells in came.no_trade for run in _as_runs(came, source, Verdict.NO_TRADE, cells)]


def _as_runs(came: Came, source: str, verdict: Verdict, cells: Mask) -> list[VerdictRun]:
    return [
        VerdictRun(symbol=symbol, verdict=verdict, start_ns=gap.start_ns, end_ns=gap.end_ns, source=source)
        for gap in find_gaps(cells, SessionAxis(came.session), came.names)
        for symbol in gap.symbols
    ]
