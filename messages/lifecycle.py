"""The phases of a live session, and whether everything is ready for the next one."""

import enum

import msgspec

from messages.base import Event, Query
from messages.values import Nanos, TradingSession


class SessionPhase(enum.StrEnum):
    """Where in its life a session is."""

    NOT_STARTED = "not_started"
    """Its time has not come."""
    PRE_MARKET = "pre_market"
    """Prepared for, or in its pre-market hours."""
    ACTIVE = "active"
    """Between open and close."""
    POST_MARKET = "post_market"
    """Closed, with hours after it or its last bars still on their way."""
    ENDED = "ended"
    """Nothing more will come."""
    TIMEOUT = "timeout"
    """It should be active, and the feed is silent."""
    ERROR = "error"
    """Something failed; left only by ``clear_error``."""


class PhaseChanged(Event, frozen=True, kw_only=True):
    """A session came to another phase."""

    session_date: str
    before: SessionPhase
    after: SessionPhase
    now_ns: Nanos
    timer_expired: bool = False
    """Whether it was silence that ended it, and not the clock."""


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """Whether everything is there for the next session."""

    session: TradingSession | None
    """The session that is next, or at hand; its hours are those of that very day."""
    is_prefetched: bool
    """Whether its history is in memory."""
    short: tuple[str, ...]
    """What was required and is not there, one sentence each."""
    feed: str
    """The feed's name and state."""
    is_feed_connected: bool
    is_store_writable: bool
    free_disk_bytes: int | None
    problems: tuple[str, ...]
    """What stands in the way, one sentence each; empty: ready."""

    @property
    def is_ready(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.problems


class GetReadiness(Query[Readiness], frozen=True, kw_only=True):
    """Whether everything is there for the next session."""
