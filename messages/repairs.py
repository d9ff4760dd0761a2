"""What is said about missing minutes: between SessionData, which knows them, and DataUpkeep, which has them filled.

All instants are session time. A session is named by its date.
"""

import msgspec

from messages.base import Command, Event, Query
from messages.certificates import GapStory, SessionCertificate
from messages.tables.columns import BarBatch, BarKeys, DayGrid, Prints
from messages.values import Gap, Interval, Nanos, TradingSession, VerdictRun

# --- SessionData -> DataUpkeep, beside GapDetected


class GapNarrowed(Event, frozen=True, kw_only=True):
    """Bars of missing minutes came by themselves: late, or published."""

    session_date: str
    gap: Gap
    source: str


class MinuteApplied(Event, frozen=True, kw_only=True):
    """SessionData has applied everything until ``now_ns``; what is due by then may be asked for."""

    now_ns: Nanos
    ticket: int


class SessionSealed(Event, frozen=True, kw_only=True):
    """What a certificate is made of, as SessionData has it."""

    day: DayGrid
    runs: tuple[VerdictRun, ...]
    """Its minutes that are NO_TRADE or ABANDONED, and who said so."""
    intervals: tuple[Interval, ...]
    corrections: int
    rejected: dict[str, int]
    issued_by: str
    now_ns: Nanos
    prints: Prints | None = None
    """What was known when, of a live day that is still in memory."""


# --- DataUpkeep -> SessionData


class BarsFilled(Event, frozen=True, kw_only=True):
    """Bars that were fetched for missing minutes; there may be fewer than were asked for."""

    session_date: str
    batch: BarBatch
    source: str


class NoTradeConfirmed(Event, frozen=True, kw_only=True):
    """A source that knows says that these minutes have no bar."""

    session_date: str
    gaps: tuple[Gap, ...]
    source: str


class GapAbandoned(Event, frozen=True, kw_only=True):
    """These minutes were asked for until the retries ran out, or the next session opened."""

    session_date: str
    gaps: tuple[Gap, ...]
    source: str = ""
    """Who was asked last."""


class PassTicket(Command, frozen=True, kw_only=True):
    """Let a ticket go on: what was fetched at its minute has been told before."""

    ticket: int


class SessionSettled(Event, frozen=True, kw_only=True):
    """Every gap of a closed session has its verdict. Told to StreamCoordinator too, which may open the next."""

    session_date: str


# --- StreamCoordinator -> DataUpkeep


class TransitionMeasured(Event, frozen=True, kw_only=True):
    """How a session that has closed was opened."""

    session_date: str
    is_prefetched: bool
    """Whether its tape was ready when its boundary came."""
    transition_ms: float | None


class AbandonGaps(Command, frozen=True, kw_only=True):
    """The next session is about to open: settle this one with what there is.

    Goes by way of SessionData, which closes what is still open of it first.
    """

    session_date: str


# --- DataUpkeep and its workers


class FetchBars(Command, frozen=True, kw_only=True):
    """Ask a source for missing bars."""

    fetch: int
    source: int
    """Its place in the order of preference."""
    session: TradingSession
    missing: BarKeys
    """At least one."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """Whose bars are missing, sorted."""
        return self.missing.symbols

    @property
    def start_ns(self) -> Nanos:
        """Start of the first missing bar."""
        return int(self.missing.start_ns[0])

    @property
    def end_ns(self) -> Nanos:
        """End of the last missing bar."""
        return int(self.missing.start_ns[-1]) + self.session.base_interval.span_ns


class FetchAnswered(Event, frozen=True, kw_only=True):
    """What a source has; nothing it did not say is concluded here."""

    fetch: int
    batch: BarBatch
    no_trade: tuple[Gap, ...] = ()
    """Minutes that it says were never traded."""
    doubt: str = ""
    """Why it says nothing of others, if it should know them."""


class FillFailed(Event, frozen=True, kw_only=True):
    """A source could not be asked, or gave no answer."""

    fetch: int
    source: str
    reason: str
    gave_no_answer: bool = False
    """Whether it was asked, and had not come back when its time was over."""


class SourceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How a source of missing bars is, counted since the start."""

    source: str
    asked: int = 0
    """Requests that went out."""
    failed: int = 0
    """Requests that came back with an error, or not in time."""
    last_error: str = ""
    """Of the last one that failed, however long ago."""
    is_failing: bool = False
    """Whether the last request failed."""
    rests_until_ns: Nanos | None = None
    """It kept failing, or did not come back: it is left alone until then, session time, and then asked once."""

    def __str__(self) -> str:
        if not self.is_failing:
            return f"source {self.source} answers, and failed before: {self.last_error}"
        rests = "" if self.rests_until_ns is None else " and rests"
        return f"source {self.source} fails{rests}: {self.last_error}"


class SourceReported(Event, frozen=True, kw_only=True):
    """A request to a source failed, or the first was answered after some that failed."""

    status: SourceStatus


class IssueCertificate(Command, frozen=True, kw_only=True):
    """Certify a day; where certificates are kept, write what was filled to the store first."""

    sealed: SessionSealed
    gaps: tuple[GapStory, ...]
    is_prefetched: bool | None = None
    transition_ms: float | None = None
    old: SessionCertificate | None = None
    """The one that this run has issued for the day before."""


class CertificateIssued(Event, frozen=True, kw_only=True):
    """The certificate of a settled session."""

    certificate: SessionCertificate
    is_kept: bool
    """Whether it rests in the store, beside the day."""
    reason: str = ""
    """Why it was not kept."""


class NotRecorded(Event, frozen=True, kw_only=True):
    """A live day could not be written down just now; it is tried again with the next minutes."""

    session_date: str
    reason: str


# --- to DataUpkeep, from people and programs


class GetGapStories(Query[tuple[GapStory, ...]], frozen=True, kw_only=True):
    """What has become so far of the gaps that somebody is asked for, those that are open too; no date: the latest."""

    date: str | None = None


class GetCertificate(Query[SessionCertificate | None], frozen=True, kw_only=True):
    """The certificate of a session that settled in this run; no date: the latest."""

    date: str | None = None
