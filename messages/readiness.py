"""Whether everything is ready for a live session, and the checks of the store that this takes."""

import enum

from messages.base import Command, Event, Query
from messages.history import WarmUp
from messages.lifecycle import FeedStatus
from messages.tables.notebook import Reply
from messages.values import Nanos, TradingSession


class Hours(enum.StrEnum):
    """How a session's regular hours compare with those of the sessions around it."""

    USUAL = "usual"
    EARLY_CLOSE = "early close"
    LATE_OPEN = "late open"
    LATE_OPEN_AND_EARLY_CLOSE = "late open and early close"
    UNKNOWN = "unknown"


# --- StreamCoordinator -> DataUpkeep, and back


class CheckStore(Command, frozen=True, kw_only=True):
    """Try whether the store can be written to, and how much room there is; comes back as ``StoreChecked``."""


class StoreChecked(Event, frozen=True, kw_only=True):
    """What became of writing a file beside the days of the store."""

    is_writable: bool
    free_bytes: int | None = None
    """Of the disk; ``None``: it is no disk, or not known."""
    reason: str = ""
    """Why it cannot be written to."""


# --- StreamCoordinator -> people and programs


class ReadinessReport(Reply, frozen=True, kw_only=True):
    """What a live session has to start with: the one at hand, or after its close the next."""

    session: TradingSession | None
    """``None``: none is known yet."""
    hours: Hours
    now_ns: Nanos
    """The clock's time."""
    skewed: int
    """Bars that came before their time: a clock is wrong."""
    warm: tuple[WarmUp, ...]
    """What was required and is there."""
    short: tuple[WarmUp, ...]
    """What was required and is there in part, or not at all."""
    feeds: tuple[FeedStatus, ...]
    store: StoreChecked | None
    """As it was last tried; ``None``: not yet."""
    problems: tuple[str, ...]
    """One sentence each."""

    @property
    def is_ready(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


class ReadinessReported(Event, frozen=True, kw_only=True):
    """A session is about to open, and this is how ready everything is; told ``prefetch_window`` before its open."""

    report: ReadinessReport


class GetReadiness(Query[ReadinessReport], frozen=True, kw_only=True):
    """How ready everything is for the session at hand or, after its close, for the next."""
