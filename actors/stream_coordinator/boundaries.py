"""The two ends of a session, as they are told."""

from messages.events import BoundaryKind, SessionBoundary, SessionPrefetched
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
        ticket=ticket,
    )


def closed(session: TradingSession, now_ns: Nanos, ticket: int) -> SessionBoundary:
    """Return the close of a session."""
    return SessionBoundary(kind=BoundaryKind.CLOSED, session=session, now_ns=now_ns, ticket=ticket)
