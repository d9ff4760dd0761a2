"""Live sessions in some phase of their life, and how they get on minute by minute."""

from typing import Any

from actors.stream_coordinator.live_day.lifecycle import Lifecycle
from messages.lifecycle import PhaseChanged, SessionPhase
from messages.values import MINUTE_NS, Nanos, TradingSession
from tests.builders import DAY

NOT_STARTED, PRE_MARKET, ACTIVE = SessionPhase.NOT_STARTED, SessionPhase.PRE_MARKET, SessionPhase.ACTIVE
POST_MARKET, ENDED = SessionPhase.POST_MARKET, SessionPhase.ENDED
TIMEOUT, ERROR = SessionPhase.TIMEOUT, SessionPhase.ERROR
HOUR = 60 * MINUTE_NS


def life(session: TradingSession = DAY, **fields: Any) -> Lifecycle:
    """Half an hour of preparation, five minutes of patience, no grace."""
    return Lifecycle(session, **{"timeout_ns": 5 * MINUTE_NS, "window_ns": 30 * MINUTE_NS, **fields})


def playing(session: TradingSession = DAY, **fields: Any) -> Lifecycle:
    """A session at its open."""
    made = life(session, **fields)
    made.advance(session.open_ns)
    return made


def silent(session: TradingSession = DAY, **fields: Any) -> Lifecycle:
    """A session that has timed out."""
    made = playing(session, **fields)
    made.advance(session.open_ns + 5 * MINUTE_NS)
    return made


def phases(moves: list[PhaseChanged]) -> list[SessionPhase]:
    return [move.after for move in moves]


def lived(made: Lifecycle, first_ns: Nanos, end_ns: Nanos, *, is_heard: bool = True) -> list[PhaseChanged]:
    """The moves of a session minute by minute; the feed is heard in each, or never."""
    moves: list[PhaseChanged] = []
    for now_ns in range(first_ns, end_ns + 1, MINUTE_NS):
        moves += made.heard(now_ns) if is_heard else []
        moves += made.advance(now_ns)
    return moves
