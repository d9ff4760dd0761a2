"""What happened. ``now_ns`` in an arrival is the time at which its sender lets it be known."""

import enum
from datetime import datetime

from msgspec import structs

from messages.base import Event
from messages.history import Background
from messages.replies import RoomHealth, SessionReport
from messages.tables.columns import BarBatch, BarVerdicts, DayGrid, Tape
from messages.values import (
    Bar,
    Gap,
    Interval,
    Nanos,
    Quote,
    Room,
    SystemState,
    Tick,
    TradingSession,
    VerdictRun,
    moment,
)


class BoundaryKind(enum.StrEnum):
    """Which end of a session."""

    OPENED = "opened"
    CLOSED = "closed"


# --- arrivals and time: StreamCoordinator -> SessionData


class BarArrived(Event, frozen=True, kw_only=True):
    """One bar came in. Told by StreamCoordinator to SessionData."""

    bar: Bar
    now_ns: Nanos
    source: str = "tape"
    is_correction: bool = False
    receipt: int = 0
    """Not 0: a publisher waits for ``ReceiptSettled`` with this number."""


class BarsArrived(Event, frozen=True, kw_only=True):
    """Bars of many symbols came in together, as a rule one minute of the market."""

    batch: BarBatch
    now_ns: Nanos
    source: str = "tape"
    is_correction: bool = False
    receipt: int = 0
    is_whole: bool = False
    """Whether this is all there is until ``now_ns``: every minute is over at its end, and closes after its bars."""
    ticket: int = 0
    """Of ``is_whole``: as in ``TimeAdvanced``."""
    first_row: int = -1
    """Of ``is_whole``: which of the tape's bars is the first of these; -1: they are not just the next ones of it."""


class QuoteArrived(Event, frozen=True, kw_only=True):
    """A quote came in."""

    quote: Quote
    now_ns: Nanos
    receipt: int = 0


class TickArrived(Event, frozen=True, kw_only=True):
    """A trade came in."""

    tick: Tick
    now_ns: Nanos
    receipt: int = 0


class TicksArrived(Event, frozen=True, kw_only=True):
    """Trades of many symbols came in together: what one read of a feed gave."""

    ticks: tuple[Tick, ...]
    now_ns: Nanos
    source: str
    ids: tuple[str, ...] = ()
    """How the feed calls each of them; empty where it numbers none."""
    is_folded: bool = False
    """Whether the feed sends no bars, so that they are folded from these."""
    ahead_ns: Nanos = 0
    """How far the last of them was ahead of our clock when they arrived: they waited for it."""
    leads_ns: tuple[Nanos, ...] = ()
    """Of several messages that are told as one, how far each trade was ahead of our clock when it arrived."""


class QuotesArrived(Event, frozen=True, kw_only=True):
    """Quotes of many symbols came in together."""

    quotes: tuple[Quote, ...]
    now_ns: Nanos
    source: str


class TimeAdvanced(Event, frozen=True, kw_only=True):
    """It is ``now_ns``. Told by StreamCoordinator at every minute and at each deadline asked for."""

    now_ns: Nanos
    ticket: int = 0
    """Not 0: a credit, which comes home as ``MinuteSettled`` when all that follows from this minute is done."""


class MinutesStaged(Event, frozen=True, kw_only=True):
    """Minutes of a tape that follow each other; each waits at SessionData's door until the one before is dealt with."""

    tape: BarBatch
    """All bars of the session."""
    rows: tuple[int, ...]
    """With which of them each minute begins; and last, where the last one ends."""
    ends_ns: tuple[Nanos, ...]
    """When each is over."""
    first_ticket: int
    """That of the first; the others have those after it."""


class MinutesRecalled(Event, frozen=True, kw_only=True):
    """Of the minutes at SessionData's door, those after this one have been taken away again."""

    let_in: int
    """Its ticket."""
    is_home: bool = False
    """Whether it has been dealt with."""


class StepSettled(Event, frozen=True, kw_only=True):
    """The minute of a step, and of those before it, has been dealt with; or it waits for who listens, or goes along."""

    step: int
    """Its number."""


class SessionBoundary(Event, frozen=True, kw_only=True):
    """A session opened, with the history that comes before it, or closed."""

    kind: BoundaryKind
    session: TradingSession
    now_ns: Nanos
    symbols: tuple[str, ...] = ()
    """At the opening: the symbols that the session starts with."""
    history: tuple[DayGrid, ...] = ()
    """At the opening: trailing days that SessionData does not hold yet, oldest first."""
    background: Background | None = None
    """At the opening: daily bars and adjustments, and how much of what came before is to be kept."""
    runs: tuple[VerdictRun, ...] = ()
    """At the opening: what a certificate knows of minutes without a bar."""
    told: BarVerdicts | None = None
    """At the opening: how the tape's bars once came, where they did not simply stream in."""
    tape: BarBatch | None = None
    """At the opening: what will be played, for who makes ready ahead of time what nobody is to see before."""
    is_lived: bool = False  # whether the day is played as it was lived: then the symbols are those who were there
    timer_expired: bool = False
    """At the close: whether the data had ended before, and not the clock but patience ended the session."""
    ticket: int = 0

    def bare(self) -> "SessionBoundary":
        """Return it as subscribers hear it: without what only SessionData is told."""
        return structs.replace(self, history=(), background=None, runs=(), told=None, tape=None, ticket=0)


# --- what follows: SessionData -> subscribers, DataUpkeep, StreamCoordinator


class MinuteClosed(Event, frozen=True, kw_only=True):
    """A minute is over for all; told once a minute, or a shorter base bar. ``tz`` is the exchange's zone (IANA)."""

    start_ns: Nanos
    end_ns: Nanos
    present: int
    """Symbols that have their bar."""
    expected: int
    missing: tuple[str, ...] = ()
    is_complete: bool = True
    """Whether every symbol had its bar, or the deadline closed it."""
    tz: str = "UTC"

    @property
    def start(self) -> datetime:
        """The start as an aware datetime in exchange time."""
        return moment(self.start_ns, self.tz)

    @property
    def end(self) -> datetime:
        """The end as an aware datetime in exchange time."""
        return moment(self.end_ns, self.tz)


class BarsUpdated(Event, frozen=True, kw_only=True):
    """Bars that are new or changed: one minute's base bars, or one block's derived bars."""

    interval: Interval
    batch: BarBatch
    revision: int
    """The session's revision at which they became so."""
    base_counts: tuple[int, ...] | None = None
    """For derived bars that are incomplete: how many base bars each is made of; ``None``: all of them."""
    base_expected: int = 1
    is_repair: bool = False
    """Whether bars that had been published before were changed."""

    @property
    def start_ns(self) -> Nanos:
        """The start that all its bars have in common."""
        return int(self.batch.start_ns[0])


class BarsWithdrawn(Event, frozen=True, kw_only=True):
    """Bars that had been told are none: the only trade in them was cancelled; and derived bars that are left empty."""

    interval: Interval
    symbols: tuple[str, ...]
    start_ns: Nanos
    revision: int
    """The session's revision at which they went."""


class GapDetected(Event, frozen=True, kw_only=True):
    """Minutes closed without their bars, or turned out to have been heard in part. Told to DataUpkeep."""

    session_date: str
    gap: Gap
    is_catch_up: bool = False
    """Whether the minutes were over before their symbols, or some of them, had joined: nobody waits for them."""


class BarRejected(Event, frozen=True, kw_only=True):
    """A bar that cannot be taken, and why."""

    bar: Bar
    source: str
    reason: str
    """Short and countable: ``high_too_low``, ``not_a_session_minute``, ``symbol_removed`` ..."""
    detail: str = ""


class PrintsRejected(Event, frozen=True, kw_only=True):
    """Trades or quotes that cannot be taken; what else came with them was taken."""

    source: str
    reasons: tuple[tuple[str, int], ...]
    """How many for each reason: ``not_finite``, ``in_the_future``, ``size_negative``, ``price_not_positive`` ..."""
    tick: Tick | None = None
    """The first of them, where they are trades."""
    quote: Quote | None = None


class ReceiptSettled(Event, frozen=True, kw_only=True):
    """What was published has been applied, or refused. ``accepted + rejected + duplicates = received``."""

    receipt: int
    accepted: int
    rejected: int
    duplicates: int
    reasons: tuple[str, ...] = ()
    failure: str = ""
    """The bug that it met, if any: nobody knows what became of it."""


class MinuteSettled(Event, frozen=True, kw_only=True):
    """A ticket comes home: the last who had to do something with it is done."""

    ticket: int


class SymbolsChanged(Event, frozen=True, kw_only=True):
    """Symbols joined or left the session while it runs."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class SessionReported(Event, frozen=True, kw_only=True):
    """A session closed, and this is what it came to. Told by SessionData to StreamCoordinator."""

    report: SessionReport


# --- prefetch: DataUpkeep -> StreamCoordinator


class SessionPrefetched(Event, frozen=True, kw_only=True):
    """A session's tape and the history before it are in memory."""

    tape: Tape
    history: tuple[DayGrid, ...] = ()
    background: Background | None = None


class PrefetchFailed(Event, frozen=True, kw_only=True):
    """A session could not be loaded; the run cannot go on without it."""

    session: TradingSession
    reason: str


class SessionRead(Event, frozen=True, kw_only=True):
    """DataUpkeep's worker to itself: the tape and the history that were read."""

    tape: Tape
    history: tuple[DayGrid, ...] = ()
    background: Background | None = None
    joining: tuple[str, ...] = ()
    """The symbols, where they join a session that is open already."""


class ReadFailed(Event, frozen=True, kw_only=True):
    """DataUpkeep's worker to itself: the store could not be read."""

    session: TradingSession
    reason: str
    joining: tuple[str, ...] = ()
    """The symbols, where they join a session that is open already."""


# --- the run, as the coordinator tells it


class SessionsPlanned(Event, frozen=True, kw_only=True):
    """The sessions that will be played, in order."""

    sessions: tuple[TradingSession, ...]
    usual_hours: tuple[str, str] | None = None
    """Open and close of most sessions around these, in exchange time; ``None``: not known."""
    without_session: tuple[str, ...] = ()
    """Dates among them of which the store has bars, and the calendar no session."""


class TimerFired(Event, frozen=True, kw_only=True):
    """The clock reached what was asked of it. ``clock_ns`` is the clock's time, not the session's."""

    clock_ns: Nanos


class StopwatchRead(Event, frozen=True, kw_only=True):
    """How long a transition took, in nanoseconds of real time."""

    elapsed_ns: Nanos


class RunReady(Event, frozen=True, kw_only=True):
    """The first session is open; told to SystemManager."""

    session: TradingSession


class RunFinished(Event, frozen=True, kw_only=True):
    """The last session closed and is settled."""

    sessions: int


class RunFailed(Event, frozen=True, kw_only=True):
    """The run cannot go on."""

    reason: str


# --- life: rooms -> SystemManager


class RoomStarted(Event, frozen=True, kw_only=True):
    """A room is up."""

    room: Room


class RoomStopped(Event, frozen=True, kw_only=True):
    """A room has handled its last message."""

    room: Room


class RoomFailed(Event, frozen=True, kw_only=True):
    """A room could not be started."""

    room: Room
    reason: str


class StateChanged(Event, frozen=True, kw_only=True):
    """The system came to a state, or could not be started. Told by SystemManager to who waits for it."""

    state: SystemState
    failure: str | None = None
    is_down: bool = False
    """No room is up any more."""


class HealthReported(Event, frozen=True, kw_only=True):
    """How a room is; told at least once a second while it has anything to do, and on request."""

    health: RoomHealth
