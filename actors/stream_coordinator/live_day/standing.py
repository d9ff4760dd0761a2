"""Where a live day stands, in numbers."""

from actors.stream_coordinator.live_day.arrivals import Arrivals
from actors.stream_coordinator.live_day.lifecycle import Lifecycle
from messages.lifecycle import LiveStatus, SessionPhase
from messages.replies import Progress
from messages.values import Nanos, TradingSession


def status(
    life: Lifecycle | None,
    phase: SessionPhase,
    now_ns: Nanos,
    arrivals: Arrivals,
    troubles: tuple[str, ...],
    *,
    is_session_active: bool,
) -> LiveStatus:
    """Return where the day is, and how its feeds are."""
    return LiveStatus(
        session=None if life is None else life.session,
        phase=phase,
        is_session_active=is_session_active,
        timer_expired=life is not None and life.is_silent,
        now_ns=now_ns,
        feeds=arrivals.hearing.statuses(),
        early=arrivals.early,
        skewed=arrivals.skewed,
        troubles=troubles,
    )


def progress(
    session: TradingSession | None, now_ns: Nanos, *, sessions_done: int, bars: int, is_finished: bool
) -> Progress:
    """Return how far a session is; of how many it is one nobody knows."""
    return Progress(
        session_date="" if session is None else session.date,
        sessions_done=sessions_done,
        sessions_total=0,
        minutes_done=0 if session is None else _minutes_until(session, now_ns),
        minutes_total=0 if session is None else _minutes_until(session, session.end_ns),
        bars=bars,
        now_ns=now_ns,
        is_finished=is_finished,
    )


def _minutes_until(session: TradingSession, now_ns: Nanos) -> int:
    spans = (min(now_ns, segment.end_ns) - segment.start_ns for segment in session.segments)
    return sum(max(span, 0) for span in spans) // session.base_interval.span_ns
