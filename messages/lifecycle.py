"""The phases of a live session, and how the day and its feeds are."""

import enum

import msgspec

from messages.base import Event, Query
from messages.feeds import FeedHealth
from messages.tables.notebook import Reply
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


class LagChanged(Event, frozen=True, kw_only=True):
    """A feed has fallen behind by more than it may, or has caught up again."""

    feed: str
    lag_ns: Nanos
    """From what the arrival tells of to the arrival."""
    is_late: bool
    now_ns: Nanos


class TroublesChanged(Event, frozen=True, kw_only=True):
    """What is wrong on a live day is not what it was; told by StreamCoordinator to SystemManager."""

    troubles: tuple[str, ...]
    """A sentence each; none: nothing is wrong any more."""


class SymbolLag(msgspec.Struct, frozen=True, kw_only=True):
    """What came last of a symbol, and how long it took to come."""

    symbol: str
    at_ns: Nanos
    """When it happened: the end of a bar, or the time of a trade or quote."""
    lag_ms: float
    """From then to its arrival."""


class FeedStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How a feed is, as StreamCoordinator knows it."""

    health: FeedHealth
    lag_p50_ms: float | None
    """From event to arrival, of the last thousand reads; ``None`` before the first."""
    lag_p99_ms: float | None
    refused: tuple[str, ...] = ()
    """Symbols that the far side will not send."""
    clock_offset_ms: float | None = None
    """How far its stamps are ahead of our clock when they arrive: above 0, our clock is behind; below, what it tells
    takes so long to come, or our clock is ahead. ``None``: not known yet."""
    symbols: tuple[SymbolLag, ...] = ()
    """Each symbol that has been heard of, who is furthest behind first."""


class LiveStatus(Reply, frozen=True, kw_only=True):
    """Where a live day is."""

    session: TradingSession | None
    phase: SessionPhase
    is_session_active: bool
    """Running, within hours, not ended, and no symbol that is needed is catching up."""
    timer_expired: bool
    now_ns: Nanos
    feeds: tuple[FeedStatus, ...]
    early: int
    """Bars that came before their end by the clock, and trades and quotes before their time: they wait for it."""
    skewed: int
    """Bars, trades and quotes that came so early that they were refused: a clock is wrong, or the bars were parts."""
    troubles: tuple[str, ...] = ()
    """What is wrong and still tried, a sentence each: a session that could not be loaded, a day not written."""


class GetLiveStatus(Query[LiveStatus], frozen=True, kw_only=True):
    """Where the live day is, and how its feeds are."""
