"""Answers of several parts."""

import math
from typing import TYPE_CHECKING

import msgspec

from messages.repairs import SourceStatus
from messages.supervision import JournalHealth
from messages.tables import pictures
from messages.tables.columns import Columnar, Floats, Indices
from messages.tables.notebook import Reply, table, word
from messages.values import (
    ONE_MINUTE,
    Bar,
    Health,
    Interval,
    Mode,
    Nanos,
    Quote,
    Room,
    Seen,
    SystemState,
    Tick,
    TradingSession,
    moment,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class VerdictCounts(msgspec.Struct, frozen=True, kw_only=True, repr_omit_defaults=True):
    """How many expected minutes have which verdict."""

    pending: int = 0
    missing: int = 0
    streamed: int = 0
    late: int = 0
    filled: int = 0
    corrected: int = 0
    in_part: int = 0
    no_trade: int = 0
    abandoned: int = 0


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """How complete something is, in percent; ``None`` before its first minute, or bar of an interval, is closed."""

    completeness: float | None
    """Minutes with a bar / minutes closed; of an interval: bars that have all their minutes / bars closed."""
    bar_quality: float | None
    """(Minutes with a bar, less IN_PART, + NO_TRADE) / minutes closed: 100 means nothing lacks that the upstream has.
    Of an interval: bars of which every minute has a bar or is NO_TRADE / bars closed."""
    closed: int
    """Minutes, or bars of the interval, closed so far (for several symbols or sessions: their sum)."""
    verdicts: VerdictCounts
    """Of minutes, whatever the interval."""


class SessionMetrics(Reply, frozen=True, kw_only=True):
    """One symbol's regular session so far. Prices are ``None`` before its first bar."""

    symbol: str
    open: float | None
    high: float | None
    low: float | None
    last: float | None
    volume: float
    vwap: float | None
    """Of the bars' own vwaps where all have one, else of their typical prices (high + low + close) / 3."""
    bars: int
    first_update_ns: Nanos | None
    last_update_ns: Nanos | None
    """Session time of the first and of the last change to any of its cells."""
    quality: Quality
    extended_quality: Quality
    extended_volume: float
    revision: int
    """The session's revision at which this symbol last changed."""
    is_catching_up: bool = False
    """Whether it joined after minutes had ended and lacks some of them still: what is summed up here is too little."""

    @property
    def completeness(self) -> float | None:
        """Minutes with a bar / minutes closed, in percent."""
        return self.quality.completeness


class FirstRejected(msgspec.Struct, frozen=True, kw_only=True):
    """The first bar of a session that could not be taken for some reason."""

    reason: str
    source: str
    bar: Bar


class QualityReport(Reply, frozen=True, kw_only=True):
    """The quality of a session or of several closed ones, the worst symbols, and what was received.

    What was received is the whole session's, whichever symbols were asked for; of closed sessions it is 0.
    """

    session_date: str
    """Of several sessions the last."""
    quality: Quality
    extended_quality: Quality
    """Of an interval of a day there is none."""
    worst: tuple[tuple[str, float], ...]
    """Up to ten symbols with the lowest completeness, worst first."""
    received: int
    accepted: int
    rejected: int
    duplicates: int
    """``accepted + rejected + duplicates = received``. Trades whose id came before are among them, too."""
    outranked: int
    """Of the duplicates: bars for a cell that holds something better."""
    revised: int
    """Of the accepted: plain bars that changed one that was there."""
    outside: int
    """Of the accepted: bars in no segment of the session, kept but not in the grid."""
    gaps: int
    """``GapDetected`` told so far."""
    reasons: tuple[tuple[str, int], ...]
    """Rejections by reason."""
    first_rejected: tuple[FirstRejected, ...] = ()
    """By reason."""
    interval: Interval = ONE_MINUTE
    sessions: tuple[str, ...] = ()
    """The closed sessions that it covers, oldest first; none: the open one."""
    short: int = 0
    """How many of the sessions that were asked for are not there."""
    catching_up: tuple[str, ...] = ()
    """Of the symbols: those that joined after minutes had ended and lack some of them still, sorted."""
    ticks: int = 0
    """Trades that were taken."""
    quotes: int = 0
    bad_prints: tuple[tuple[str, int], ...] = ()
    """Trades and quotes that were refused, by reason."""

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw minutes by verdict, regular and extended; by matplotlib.

        Args:
            ax: where; by default on a figure of its own.

        Raises:
            SettingsError: matplotlib is not installed.
        """
        both = {"regular": self.quality, "extended": self.extended_quality}
        counted = {hours: msgspec.structs.asdict(quality.verdicts) for hours, quality in both.items()}
        there = {hours: counts for hours, counts in counted.items() if any(counts.values())}
        quality = self.quality.bar_quality
        share = "" if quality is None else f": quality {math.floor(10 * quality) / 10} %"
        axes = pictures.axes_or_new(ax, (10.0, 2.0))
        pictures.stacked(axes, tuple(there), tuple(there.values()), f"{self.session_date}{share}")
        return axes


class Snapshot(Reply, frozen=True, kw_only=True):
    """One consistent cut over many symbols."""

    now_ns: Nanos
    revision: int
    session_date: str
    metrics: tuple[SessionMetrics, ...]
    latest: tuple[Bar | None, ...]
    quotes: tuple[Quote | None, ...]
    ticks: tuple[Tick | None, ...]

    def __repr__(self) -> str:
        at = f"{moment(self.now_ns, 'UTC'):%Y-%m-%d %H:%M:%S} UTC"
        return (
            f"<Snapshot {len(self.metrics):,} symbols at {at}: session {self.session_date}, revision {self.revision}>"
        )

    def _repr_html_(self) -> str:
        rows = (
            (one.symbol, *map(word, (one.last, one.high, one.low, one.volume, one.bars, one.completeness)))
            for one in self.metrics
        )
        return table(("symbol", "last", "high", "low", "volume", "bars", "complete"), rows)


class SymbolReport(msgspec.Struct, frozen=True, kw_only=True):
    """What one symbol's regular session came to."""

    symbol: str
    bars: int
    high: float | None
    low: float | None
    volume: float
    completeness: float | None
    derived: dict[str, int]
    """Derived bars by interval."""


class SessionReport(Columnar, frozen=True, kw_only=True, eq=False):
    """What a session came to, by the column; ``symbol_reports`` spells it out."""

    session: TradingSession
    symbols: tuple[str, ...]
    bars: Indices
    high: Floats
    low: Floats
    volume: Floats
    closed: int
    """Regular minutes closed."""
    intervals: tuple[Interval, ...]
    derived: Indices
    """Derived bars, intervals x symbols."""
    transition_ms: float | None = None
    """From the last settled minute of the session before to the acknowledged opening of this one."""
    is_prefetched: bool = False
    """Whether the tape was ready when its boundary came."""
    left_out: tuple[tuple[str, int], ...] = ()
    """Bars of the store that cannot be true and were refused, by reason."""
    seen: Seen = Seen.AS_KNOWN
    """What was shown of it; as it is known today, too, where nobody wrote down how it was lived."""
    shown_early: int = 0
    """Of the bars that were shown at the end of their minute, those that nobody had by then as they are."""

    def __repr__(self) -> str:
        return f"<SessionReport {self.session.date}: {len(self.symbols):,} symbols, {int(self.bars.sum()):,} bars>"

    def _repr_html_(self) -> str:
        rows = (
            (one.symbol, *map(word, (one.bars, one.high, one.low, one.volume, one.completeness)))
            for one in self.symbol_reports()
        )
        return table((f"session {self.session.date}", "bars", "high", "low", "volume", "complete"), rows)

    def symbol_reports(self) -> list[SymbolReport]:
        """Return one report a symbol."""
        intervals = [str(interval) for interval in self.intervals]
        columns = (self.bars, self.high, self.low, self.volume, self.derived.T)
        return [
            SymbolReport(
                symbol=symbol,
                bars=bars,
                high=_number(high),
                low=_number(low),
                volume=volume,
                completeness=100.0 * bars / self.closed if self.closed else None,
                derived=dict(zip(intervals, derived, strict=True)),
            )
            for symbol, bars, high, low, volume, derived in zip(
                self.symbols, *(column.tolist() for column in columns), strict=True
            )
        ]


class RunSummary(Reply, frozen=True, kw_only=True):
    """What a run has come to so far."""

    sessions: tuple[SessionReport, ...]
    is_finished: bool
    failure: str | None = None
    without_session: tuple[str, ...] = ()
    """Dates so far of which the store has bars that were not played: the calendar has no session on them."""

    @property
    def shown_early(self) -> int:
        """Of all bars those that were shown before anybody had them as they are, as far as the store knows."""
        return sum(report.shown_early for report in self.sessions)

    @property
    def not_as_lived(self) -> tuple[str, ...]:
        """The dates of the sessions that were shown as they are known today."""
        return tuple(report.session.date for report in self.sessions if report.seen is Seen.AS_KNOWN)

    def __repr__(self) -> str:
        dates = [report.session.date for report in self.sessions]
        several = f"{len(dates):,} sessions, {dates[0]} to {dates[-1]}" if dates else "no session yet"
        played = f"session {dates[0]}" if len(dates) == 1 else several
        bars = sum(int(report.bars.sum()) for report in self.sessions)
        state = f"failed: {self.failure}" if self.failure else "finished" if self.is_finished else "not finished"
        return f"<RunSummary {played}: {bars:,} bars, {state}>"


class Progress(Reply, frozen=True, kw_only=True):
    """How far a run is."""

    session_date: str
    sessions_done: int
    sessions_total: int
    minutes_done: int
    minutes_total: int
    """Of this session's slots."""
    bars: int
    """Sent so far in the whole run."""
    now_ns: Nanos
    is_finished: bool
    timer_expired: bool = False
    """Whether, before the close, no bar has come for ``end_of_data_timeout_s`` of session time."""


class RoomHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One room's counters since it started. Times in microseconds."""

    room: Room
    messages: int = 0
    mailbox_depth: int = 0
    mailbox_high_water: int = 0
    handling_p50_us: float = 0.0
    handling_p99_us: float = 0.0
    quarantined: int = 0
    troubles: tuple[str, ...] = ()
    """What it found wrong with itself, a sentence each."""


class SystemStatus(Reply, frozen=True, kw_only=True):
    """How the system is, from the last health reports; never asked of the rooms."""

    state: SystemState
    mode: Mode
    rooms: tuple[RoomHealth, ...]
    failure: str | None = None
    is_changing: bool = False
    """On the way to another state: starting or stopping."""
    is_run_finished: bool = False
    late_subscribers: tuple[str, ...] = ()
    timer_expired: bool = False
    """Whether the session at hand has closed and had ended before: its data stopped, or its feed was silent."""
    sources: tuple[SourceStatus, ...] = ()
    """Those that were asked for missing bars and have ever failed; sorted by their names."""
    health: Health = Health.HEALTHY
    """How all of it is, in one word."""
    reasons: tuple[str, ...] = ()
    """Why it is not healthy, a sentence each."""
    beats: int = 0
    """How often the rooms of a live day were looked at from outside, about once a second: its heartbeat."""
    journal: JournalHealth | None = None
    """Of a live day, as it was last looked at."""

    def __repr__(self) -> str:
        why = self.failure or "; ".join(self.reasons)
        return f"<SystemStatus {self.mode}, {self.state}: {self.health}{', ' if why else ''}{why}>"


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
