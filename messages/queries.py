"""What may be asked. A moment is nanoseconds UTC or, as text, a clock time of the session's exchange or a date.

Bars are of the interval that is named: of a minute where none is, even in a session of shorter base bars. ``Readers``
always name one.
"""

from typing import TypeAlias, final

from messages.base import BriefQuery, Query
from messages.replies import Progress, QualityReport, RunSummary, SessionMetrics, Snapshot, SystemStatus
from messages.tables.matrices import BarMatrix
from messages.tables.windows import BarWindow, VerdictPlane
from messages.values import ONE_MINUTE, Bar, BarField, Fill, Gap, Interval, Nanos, Quote, Tick, TradingSession

Moment: TypeAlias = Nanos | str

# --- SessionData


@final
class GetLatestBar(BriefQuery[Bar | None], frozen=True, kw_only=True):
    """The latest bar of a symbol; ``None`` before its first."""

    symbol: str
    interval: Interval = ONE_MINUTE
    include_partial: bool = False


@final
class GetLatestBars(BriefQuery[tuple[Bar | None, ...]], frozen=True, kw_only=True):
    """The latest base bar of each symbol, in the order asked; no symbols: all active ones."""

    symbols: tuple[str, ...] = ()


@final
class GetLastBars(Query[BarWindow], frozen=True, kw_only=True):
    """The last ``count`` finished bars that exist; ``short`` says how many fewer there are."""

    symbol: str
    count: int
    interval: Interval = ONE_MINUTE
    with_history: bool = False
    include_partial: bool = False
    fill: Fill | None = None
    """Forward: the last ``count`` closed bars from the first that exists, each close carried over what has none."""
    is_adjusted: bool = False
    """Take out splits and dividends up to the session's date."""


class GetBars(Query[BarWindow], frozen=True, kw_only=True):
    """The bars that start in ``[start, end)``; ``None`` is the session's edge."""

    symbol: str
    start: Moment | None = None
    end: Moment | None = None
    interval: Interval = ONE_MINUTE
    include_partial: bool = False
    fill: Fill | None = None


class GetMatrix(Query[BarMatrix], frozen=True, kw_only=True):
    """The last ``count`` closed bars of the session's grid, of many symbols at once; no symbols: all active ones."""

    count: int
    interval: Interval = ONE_MINUTE
    fields: tuple[BarField, ...] = (BarField.CLOSE,)
    """None named: open, high, low, close and volume."""
    symbols: tuple[str, ...] = ()
    fill: Fill | None = None
    """Forward: cells without a bar, from a symbol's first bar on, have the close before them."""
    with_history: bool = False
    is_adjusted: bool = False


@final
class GetBarCount(BriefQuery[int], frozen=True, kw_only=True):
    """How many finished bars a symbol has in this session."""

    symbol: str
    interval: Interval = ONE_MINUTE


@final
class GetMetrics(BriefQuery[SessionMetrics], frozen=True, kw_only=True):
    """One symbol's session so far."""

    symbol: str


class GetQuality(Query[QualityReport], frozen=True, kw_only=True):
    """How complete the session is, or the last ``sessions`` closed ones; none named: all symbols.

    Of an interval longer than the base bars', a bar that is over counts where every minute of it has its bar
    (``completeness``), or its bar or NO_TRADE (``bar_quality``).
    """

    symbols: tuple[str, ...] = ()
    interval: Interval = ONE_MINUTE
    sessions: int = 0


class GetGaps(Query[tuple[Gap, ...]], frozen=True, kw_only=True):
    """What is missing so far, in runs; symbols that miss the same minutes are named together. None named: all."""

    symbols: tuple[str, ...] = ()


class GetVerdicts(Query[VerdictPlane], frozen=True, kw_only=True):
    """The verdict on every minute of the session; none named: all symbols."""

    symbols: tuple[str, ...] = ()


class GetActiveSymbols(BriefQuery[tuple[str, ...]], frozen=True, kw_only=True):
    """The symbols of the session, without those that left it."""


class GetHistory(Query[BarWindow], frozen=True, kw_only=True):
    """The bars of the last ``sessions`` closed sessions, oldest first; ``short`` says how many fewer there are."""

    symbol: str
    sessions: int = 1
    interval: Interval = ONE_MINUTE
    fill: Fill | None = None
    """Forward: from each session's first bar on; ``1d`` from session to session."""
    is_adjusted: bool = False


class GetSnapshot(Query[Snapshot], frozen=True, kw_only=True):
    """One consistent cut over symbols; none named: all active ones."""

    symbols: tuple[str, ...] = ()


class GetChangesSince(Query[BarWindow], frozen=True, kw_only=True):
    """The base bars that changed after a revision, all symbols."""

    revision: int


class GetNow(BriefQuery[int], frozen=True, kw_only=True):
    """Session time, as readers see it: all that ended before has been applied."""


class GetSession(BriefQuery[TradingSession | None], frozen=True, kw_only=True):
    """The session that readers see; ``None`` before the first opens."""


class GetDigest(BriefQuery[str], frozen=True, kw_only=True):
    """The digest of the session that readers see."""


class GetLatestQuote(BriefQuery[Quote | None], frozen=True, kw_only=True):
    """The latest quote of a symbol."""

    symbol: str


class GetQuotes(Query[tuple[Quote, ...]], frozen=True, kw_only=True):
    """The last ``count`` quotes that are kept."""

    symbol: str
    count: int


class GetLatestTick(BriefQuery[Tick | None], frozen=True, kw_only=True):
    """The latest trade of a symbol."""

    symbol: str


class GetTicks(Query[tuple[Tick, ...]], frozen=True, kw_only=True):
    """The last ``count`` trades that are kept."""

    symbol: str
    count: int


# --- StreamCoordinator


class GetProgress(Query[Progress], frozen=True, kw_only=True):
    """How far the run is."""

    now_ns: Nanos = 0
    """As of this moment of session time; 0: as of what this room has let in."""


class GetRunSummary(Query[RunSummary], frozen=True, kw_only=True):
    """What the run has come to so far."""


# --- SystemManager


class GetStatus(Query[SystemStatus], frozen=True, kw_only=True):
    """How the system is."""
