"""The two ends of a session, as they are told."""

import numpy as np

from messages.events import BarsArrived, BoundaryKind, SessionBoundary, SessionPrefetched
from messages.tables.columns import BarBatch
from messages.values import Nanos, TradingSession


def opened(prefetched: SessionPrefetched, now_ns: Nanos, ticket: int) -> SessionBoundary:
    """Return the opening of a session that is in memory."""
    tape = prefetched.tape
    return SessionBoundary(
        kind=BoundaryKind.OPENED,
        session=tape.session,
        now_ns=now_ns,
        symbols=tape.batch.symbols,
        history=prefetched.history,
        background=prefetched.background,
        runs=tape.runs,
        told=tape.told,
        tape=tape.batch,
        ticket=ticket,
    )


def recorded(tape: BarBatch, now_ns: Nanos) -> list[BarsArrived]:
    """Return what the store has of today already: it was recorded before, by this system or by another."""
    count = int(np.searchsorted(tape.start_ns, now_ns - tape.interval.span_ns, side="right"))
    return [BarsArrived(batch=tape.rows(0, count), now_ns=now_ns, source="recording")] if count else []


def closed(session: TradingSession, now_ns: Nanos, ticket: int, *, timer_expired: bool = False) -> SessionBoundary:
    """Return the close of a session."""
    return SessionBoundary(
        kind=BoundaryKind.CLOSED, session=session, now_ns=now_ns, timer_expired=timer_expired, ticket=ticket
    )
