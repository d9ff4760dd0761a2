"""Where a live day stands, in numbers."""

from messages.replies import Progress
from messages.values import Nanos, TradingSession


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
