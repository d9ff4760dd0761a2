"""What came of a session's minutes, on its way into the store: bars are merged, and the day is certified anew."""

from collections.abc import Sequence

import msgspec
import numpy as np

from actors.fetching.asking import Asking
from actors.fetching.scale import note_adjusted
from actors.kernel.ports import BarStore, StoredDay
from actors.market.axis import SessionAxis
from actors.market.certificate import certificate_of, recertified
from actors.market.gaps import find_gaps
from actors.market.planes import spread
from actors.settings import DEFAULT_INTERVALS
from actors.vendors.history.cells import planes
from messages.certificates import GapOutcome, GapStory, SessionCertificate
from messages.columns import FIELDS, BarBatch, Mask
from messages.values import Nanos, TradingSession, Verdict, VerdictRun

ISSUER = "fill"


def write(store: BarStore, asking: Asking, now_ns: Nanos) -> SessionCertificate | None:
    """Merge the bars that came, and certify the session if it is over; return its certificate if there is a new one.

    Whoever is killed in between leaves bars without a certificate: the next time it is made of them, and of what is
    asked for of the rest.

    Raises:
        StoreLocked: another process is writing to the store.
        DataError: the store cannot be read, or holds bars of another length.
    """
    day, session = asking.day, asking.day.session
    calendar, date = session.calendar, session.date
    if asking.count:
        bars = asking.filled()
        verdicts = np.full(len(bars), Verdict.FILLED, dtype=np.uint8)
        store.merge(calendar, date, StoredDay(bars=bars.narrowed(), verdicts=verdicts, tz=session.tz))
        note_adjusted(store, asking, now_ns)
    runs = [
        *_runs(asking, asking.abandoned, Verdict.ABANDONED, _last_asked(asking)),
        *(run for name, cells in asking.no_trade for run in _runs(asking, cells, Verdict.NO_TRADE, name)),
    ]
    is_news = bool(asking.count or asking.no_trade) or bool((asking.abandoned & (day.verdicts == 0)).any())
    is_news |= asking.is_market and not asking.errors  # that it is all there is, is news
    is_covered = day.certificate is not None and set(day.names) <= set(day.certificate.names)
    has_all = not asking.wanted.any()
    if not asking.is_settled or not (is_news or (has_all and not is_covered)):
        return None
    new = _certificate(store, asking, runs, now_ns)
    store.certify(calendar, date, new)
    return new


def _certificate(store: BarStore, asking: Asking, runs: Sequence[VerdictRun], now_ns: Nanos) -> SessionCertificate:
    day, old = asking.day, asking.day.certificate
    names = tuple(sorted({*day.names, *(old.names if old else ())}))
    session = day.session if old is None else _wider(day.session, old.session)
    stored = store.read(session.calendar, session.date, names)
    bars, verdicts = (stored.bars, stored.verdicts) if stored else (day.bars.rows(0, 0), np.zeros(0, dtype=np.uint8))
    stories = tuple(_stories(asking, now_ns))
    if old is not None:
        new = recertified(
            old,
            bars,
            verdicts,
            issued_by=ISSUER,
            symbols=names,
            segments=session.segments,
            runs=runs,
            settled_ns=max(now_ns, old.settled_ns),
        )
        return msgspec.structs.replace(new, gaps=(*old.gaps, *stories))
    axis = SessionAxis(session)
    values, plane = spread(axis, names, bars, verdicts, len(FIELDS))
    new = certificate_of(
        session, names, values, plane, DEFAULT_INTERVALS, runs=runs, issued_by=ISSUER, settled_ns=now_ns
    )
    return msgspec.structs.replace(new, gaps=stories)


def _wider(one: TradingSession, other: TradingSession) -> TradingSession:
    return max(one, other, key=lambda session: session.end_ns - session.start_ns)


def _stories(asking: Asking, now_ns: Nanos) -> list[GapStory]:
    """Return what became of what was lacking; of a session of which nothing was there, or all, that it was fetched."""
    day, session, name = asking.day, asking.day.session, _last_asked(asking)
    if asking.is_market or (not len(day.bars) and day.certificate is None):
        sources = asking.fillers or (name,)
        symbols = () if asking.is_market else day.names
        return [
            _story(asking, symbols, (session.start_ns, session.end_ns), now_ns, source, GapOutcome.CLOSED)
            for source in sources
        ]
    axis = asking.axis
    filled = [(source, _cells(asking, asking.filled(source)), GapOutcome.CLOSED) for source in asking.fillers]
    silent = [(source, cells, GapOutcome.NO_TRADE) for source, cells in asking.no_trade]
    return [
        _story(asking, gap.symbols, (gap.start_ns, gap.end_ns), now_ns, source, outcome)
        for source, cells, outcome in (*filled, *silent, (name, asking.abandoned, GapOutcome.ABANDONED))
        for gap in find_gaps(cells, axis, day.names)
    ]


def _story(
    asking: Asking,
    symbols: tuple[str, ...],
    span: tuple[Nanos, Nanos],
    now_ns: Nanos,
    source: str,
    outcome: GapOutcome,
) -> GapStory:
    return GapStory(
        symbols=symbols,
        start_ns=span[0],
        end_ns=span[1],
        detected_ns=span[0] + asking.axis.step_ns,
        settled_ns=now_ns,
        attempts=1,
        source=source,
        outcome=outcome,
        error=asking.errors[-1] if asking.errors else "",
    )


def _last_asked(asking: Asking) -> str:
    return asking.asked[-1] if asking.asked else ""


def _cells(asking: Asking, bars: BarBatch) -> Mask:
    return planes(asking.axis, asking.day.names, bars)[0]


def _runs(asking: Asking, cells: Mask, verdict: Verdict, source: str) -> list[VerdictRun]:
    return [
        VerdictRun(symbol=symbol, verdict=verdict, start_ns=gap.start_ns, end_ns=gap.end_ns, source=source)
        for gap in find_gaps(cells, asking.axis, asking.day.names)
        for symbol in gap.symbols
    ]
