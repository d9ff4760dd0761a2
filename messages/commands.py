"""What should be done. ``Command`` is told and not answered; ``Control`` is asked and answered."""

from messages.base import Command, Control
from messages.history import HistoryPlan
from messages.replies import SystemStatus
from messages.tables.columns import BarBatch
from messages.values import Bar, Mode, Nanos, Quote, Room, Tick, TradingSession

# --- people and programs -> SystemManager


class StartSystem(Control[SystemStatus], frozen=True, kw_only=True):
    """Start every room and load the first session; answered at once, the state follows."""


class StopSystem(Control[SystemStatus], frozen=True, kw_only=True):
    """Stop every room, last started first; allowed in every state."""


class PauseSystem(Control[SystemStatus], frozen=True, kw_only=True):
    """Hold the stream; only while running."""


class ResumeSystem(Control[SystemStatus], frozen=True, kw_only=True):
    """Go on; only while paused."""


class StepSystem(Control[SystemStatus], frozen=True, kw_only=True):
    """Play one minute; only while paused. Told as ``StepSettled`` when all is done that follows from that."""

    step: int = 0
    """Its number; 0: nobody waits."""


class ChangeMode(Control[SystemStatus], frozen=True, kw_only=True):
    """Change between backtest and live; only while stopped."""

    mode: Mode


class ClearError(Control[SystemStatus], frozen=True, kw_only=True):
    """Leave the error state for stopped; the only way out of it."""


# --- SystemManager -> its shell and the rooms


class StartRoom(Command, frozen=True, kw_only=True):
    """Start one room; comes back as ``RoomStarted`` or ``RoomFailed``."""

    room: Room


class StopRoom(Command, frozen=True, kw_only=True):
    """Stop one room; comes back as ``RoomStopped``."""

    room: Room


class ReportHealth(Command, frozen=True, kw_only=True):
    """Tell ``HealthReported`` now."""


class PrepareRun(Command, frozen=True, kw_only=True):
    """Plan the sessions and open the first; comes back as ``RunReady`` or ``RunFailed``."""

    mode: Mode = Mode.BACKTEST


class Pause(Command, frozen=True, kw_only=True):
    """Send no further minute."""


class Resume(Command, frozen=True, kw_only=True):
    """Go on sending minutes."""


class Step(Command, frozen=True, kw_only=True):
    """Send one minute although paused."""

    step: int = 0
    """Its number; 0: nobody waits."""


class Recover(Command, frozen=True, kw_only=True):
    """The error of a live run is cleared: go on."""


class AbortRun(Command, frozen=True, kw_only=True):
    """End the run where it is: something failed elsewhere."""

    reason: str


# --- people and programs -> StreamCoordinator


class StartRun(Command, frozen=True, kw_only=True):
    """Let the tape run; until then the first session stands at its opening."""


class SetSpeed(Command, frozen=True, kw_only=True):
    """Change the pace of a backtest: 0 as fast as possible, 1 real time, N times as fast."""

    speed: float


class PublishBars(Command, frozen=True, kw_only=True):
    """Feed bars of one's own; answered by ``ReceiptSettled``."""

    batch: BarBatch
    source: str
    receipt: int
    is_correction: bool = False


class PublishBar(Command, frozen=True, kw_only=True):
    """Feed one bar of one's own."""

    bar: Bar
    source: str
    receipt: int
    is_correction: bool = False


class PublishQuote(Command, frozen=True, kw_only=True):
    """Feed one quote of one's own."""

    quote: Quote
    receipt: int


class PublishTick(Command, frozen=True, kw_only=True):
    """Feed one trade of one's own."""

    tick: Tick
    receipt: int


class WakeAt(Command, frozen=True, kw_only=True):
    """A room asks for a ``TimeAdvanced`` at ``due_ns`` of session time."""

    due_ns: Nanos
    key: str


# --- StreamCoordinator -> the fanout


class ListenFrom(Command, frozen=True, kw_only=True):
    """Let those who came to listen hear what travels with this ticket and later: all before is under way already."""

    ticket: int
    is_ticketed: bool = False
    """Whether they hear with it how the session opened: no minute has passed, and none will before they have."""


# --- StreamCoordinator -> its shell


class PlanSessions(Command, frozen=True, kw_only=True):
    """Find the sessions to play; comes back as ``SessionsPlanned`` or ``RunFailed``."""


class SetTimer(Command, frozen=True, kw_only=True):
    """Fire once when the clock shows ``due_ns`` (clock time; in the past: at once)."""

    due_ns: Nanos


class StartStopwatch(Command, frozen=True, kw_only=True):
    """Note the time: a transition begins."""


class ReadStopwatch(Command, frozen=True, kw_only=True):
    """Tell ``StopwatchRead``: the transition is over."""


# --- StreamCoordinator -> DataUpkeep -> its worker


class Prefetch(Command, frozen=True, kw_only=True):
    """Load a session's tape and trailing history; comes back as ``SessionPrefetched`` or ``PrefetchFailed``."""

    session: TradingSession


class ReadSession(Command, frozen=True, kw_only=True):
    """DataUpkeep to its worker: read this tape and these days of history (dates, oldest first)."""

    session: TradingSession
    symbols: tuple[str, ...] | None = None
    """``None``: all that the store has that day."""
    history: tuple[str, ...] = ()
    daily: tuple[str, ...] = ()
    """Dates of which daily bars are enough, oldest first."""
    plan: HistoryPlan | None = None
    """How much shall be kept; ``None``: as much as the settings say."""
    joining: tuple[str, ...] = ()
    """The symbols, where they join a session that is open already."""


# --- people and programs -> SessionData


class AddSymbols(Control[tuple[str, ...]], frozen=True, kw_only=True):
    """Let symbols join the session; answered with all active symbols. Brings removed ones back."""

    symbols: tuple[str, ...]
    strangers: tuple[str, ...] = ()
    """Those that the store never had: nobody joins if the session does not know one of them either."""


class RemoveSymbols(Control[tuple[str, ...]], frozen=True, kw_only=True):
    """Let symbols leave: their bars are rejected for the rest of the session."""

    symbols: tuple[str, ...]


class PlanLiveSessions(Command, frozen=True, kw_only=True):
    """Say which sessions come, from the one that is open at an instant or else the next."""

    now_ns: Nanos


class RecordSession(Command, frozen=True, kw_only=True):
    """Write the open session to the store as far as it has come."""


class RecallMinutes(Command, frozen=True, kw_only=True):
    """Take away what waits at SessionData's door; comes back as ``MinutesRecalled``."""


class AllowMinutes(Command, frozen=True, kw_only=True):
    """How many more of the minutes at SessionData's door may pass; none: it stays shut; ``None``: all."""

    count: int | None


class HoldEnded(Command, frozen=True, kw_only=True):
    """The tape goes on that stood still since the last one that was reading left."""

    hold: int


class HoldStepped(Command, frozen=True, kw_only=True):
    """A minute passes by a step while the tape stands: one that was under way is kept for nobody any more."""

    hold: int
