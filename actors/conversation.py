"""Who is told what: the whole conversation of a house on one screen."""

from typing import Any, get_args

import msgspec

from actors.kernel.address import Address
from actors.kernel.shell import Routes
from messages.commands import (
    AbortRun,
    AllowMinutes,
    HoldEnded,
    HoldStepped,
    ListenFrom,
    Pause,
    PlanLiveSessions,
    PlanSessions,
    Prefetch,
    PrepareRun,
    ReadSession,
    ReadStopwatch,
    RecallMinutes,
    RecordSession,
    Recover,
    ReportHealth,
    Resume,
    SetSpeed,
    SetTimer,
    StartRoom,
    StartStopwatch,
    Step,
    StopRoom,
    WakeAt,
)
from messages.events import (
    BarArrived,
    BarRejected,
    BarsArrived,
    BarsUpdated,
    BarsWithdrawn,
    GapDetected,
    MinuteClosed,
    MinuteSettled,
    MinutesStaged,
    PrefetchFailed,
    PrintsRejected,
    QuoteArrived,
    QuotesArrived,
    ReceiptSettled,
    RunFailed,
    RunFinished,
    RunReady,
    SessionBoundary,
    SessionPrefetched,
    SessionReported,
    StateChanged,
    StepSettled,
    SymbolsChanged,
    TickArrived,
    TicksArrived,
    TimeAdvanced,
)
from messages.feeds import AmendmentMissed, FeedSettled
from messages.history import WarmUpReported
from messages.inboxes import Journaled, LiveNews
from messages.joining import LoadSymbols, SymbolsCatchingUp, SymbolsCaughtUp, SymbolsJoined, SymbolsLoaded
from messages.lifecycle import TroublesChanged
from messages.listeners import SubscriptionDropped
from messages.readiness import CheckStore, StoreChecked
from messages.repairs import (
    AbandonGaps,
    BarsFilled,
    CertificateIssued,
    FetchBars,
    FillFailed,
    GapAbandoned,
    GapNarrowed,
    IssueCertificate,
    MinuteApplied,
    NoTradeConfirmed,
    NotRecorded,
    PassTicket,
    SessionSealed,
    SessionSettled,
    SourceReported,
    TransitionMeasured,
)
from messages.supervision import MakeGood, SessionStands, StallNoticed, WaitChanged
from messages.values import Room


class Addresses(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody who is told anything: rooms, doors, workers and clocks."""

    session: Address[Any]
    stream: Address[Any]
    upkeep: Address[Any]
    asking: Address[Any]
    """DataUpkeep too, for what SessionData waits for: in a backtest a ticket goes on only when nothing is missing."""
    manager: Address[Any]
    fanout: Address[Any]
    """To the subscribers."""
    turnstile: Address[Any]
    """To SessionData, where minutes wait for the one before."""
    receipts: Address[Any]
    """Who waits for what was published."""
    milestones: Address[Any]
    """Who waits for a state, or the end."""
    feeds: Address[Any]
    life: Address[Any]
    """Who starts and stops rooms."""
    reading: tuple[Address[Any], ...]
    """Who reads a session from the store, or ahead from those that are asked for missing minutes."""
    fetching: Address[Any]
    keeping: Address[Any]
    probing: Address[Any]
    journal: tuple[Address[Any], ...]
    """Who has written the live day down message by message, if anybody has."""
    planner: Address[Any]
    timer: Address[Any]
    stopwatch: Address[Any]
    clock_keeper: Address[Any]
    """Who holds and paces the clock of a live day that is a replay."""
    log: Address[Any]


def conversation(to: Addresses, *, is_live: bool, is_lived: bool = False) -> dict[Room, Routes]:
    """Return for each room who is told what it says."""
    session, stream, upkeep, manager = to.session, to.stream, to.upkeep, to.manager
    live = (stream,) if is_live else ()
    return {
        Room.SESSION_DATA: {
            BarsUpdated: (to.fanout,),
            BarsWithdrawn: (to.fanout, to.log),
            MinuteClosed: (to.fanout,),
            MinuteSettled: (to.fanout,),
            BarRejected: (to.fanout, to.log),
            PrintsRejected: (to.fanout, to.log),
            AmendmentMissed: (to.fanout, to.log),
            GapDetected: (to.asking, to.fanout),
            GapNarrowed: (upkeep,),
            AbandonGaps: (upkeep,),
            MinuteApplied: (to.asking,),
            NoTradeConfirmed: (to.fanout, to.log),
            GapAbandoned: (to.fanout, to.log),
            SessionSettled: (stream, to.fanout, to.log),
            SessionSealed: (upkeep,),
            ReceiptSettled: (to.receipts,),
            FeedSettled: (to.feeds,),
            SessionBoundary: (to.fanout, upkeep, manager, to.log),
            SessionReported: (stream,),
            WarmUpReported: (*live, to.fanout, to.log),
            SymbolsChanged: (upkeep, stream, to.fanout, to.feeds, to.log),
            LoadSymbols: () if is_lived else (upkeep,),  # what had been loaded is in the journal
            SymbolsJoined: (upkeep, to.fanout, to.log),
            SymbolsCatchingUp: (*live, to.fanout, to.log),
            SymbolsCaughtUp: (*live, to.fanout, to.log),
            SessionStands: (*live, upkeep),
            **dict.fromkeys(get_args(LiveNews), (to.fanout, to.log)),
        },
        Room.STREAM_COORDINATOR: {
            BarsArrived: (session,),
            TimeAdvanced: (session,),
            MinutesStaged: (to.turnstile,),
            RecallMinutes: (to.turnstile,),
            AllowMinutes: (to.turnstile,),
            BarArrived: (session,),
            QuoteArrived: (session,),
            QuotesArrived: (session,),
            TickArrived: (session,),
            TicksArrived: (session,),
            SessionBoundary: (session,),
            ListenFrom: (to.fanout,),
            SubscriptionDropped: (to.fanout,),
            HoldEnded: (to.fanout, to.turnstile),
            HoldStepped: (to.fanout,),
            StepSettled: (to.milestones,),
            SetSpeed: (to.clock_keeper,),
            Prefetch: (upkeep,),
            # What became of gaps on a day that is played as it was lived.
            **dict.fromkeys((BarsFilled, NoTradeConfirmed, GapAbandoned), (session,)),
            AbandonGaps: (session,),
            TransitionMeasured: (upkeep,),
            PlanSessions: (to.planner,),
            PlanLiveSessions: (to.planner,),
            CheckStore: (upkeep,),
            RecordSession: (session,),
            FeedSettled: (session,),
            **dict.fromkeys(get_args(LiveNews), (session,)),
            **(dict.fromkeys(get_args(Journaled), (session,)) if is_lived else {}),
            SetTimer: (to.timer,),
            StartStopwatch: (to.stopwatch,),
            ReadStopwatch: (to.stopwatch,),
            TroublesChanged: (manager,),
            WaitChanged: (manager,),
            RunReady: (manager, to.feeds, to.log),
            RunFinished: (manager, to.fanout, to.milestones, to.log),
            RunFailed: (manager, to.fanout, to.milestones, to.log),
        },
        Room.DATA_UPKEEP: {
            ReadSession: to.reading,
            SymbolsLoaded: (session,),
            CheckStore: (to.probing,),
            StoreChecked: (stream,),
            WakeAt: (stream,),
            FetchBars: (to.fetching,),
            FillFailed: (to.log,),
            SourceReported: (*live, manager),
            BarsFilled: (session,),
            NoTradeConfirmed: (session,),
            GapAbandoned: (session,),
            PassTicket: (session,),
            SessionSettled: (session,),
            IssueCertificate: (to.keeping,),
            CertificateIssued: (stream, *to.journal, to.log),
            NotRecorded: (stream,),
            SessionPrefetched: (stream,),
            PrefetchFailed: (stream, to.log),
        },
        Room.SYSTEM_MANAGER: {
            StartRoom: (to.life,),
            StopRoom: (to.life,),
            PrepareRun: (stream,),
            Pause: (stream, to.clock_keeper),
            Resume: (to.clock_keeper, stream),
            Step: (to.clock_keeper,) if is_live else (stream,),
            AbortRun: (stream, to.log),
            Recover: (stream,),
            # SessionData last: what it says then is heard by rooms that know why.
            MakeGood: (stream, upkeep, to.feeds, session),
            StallNoticed: (to.log,),
            ReportHealth: (session, stream, upkeep, manager),
            ReceiptSettled: (to.receipts,),
            StateChanged: (to.milestones, to.fanout, to.log),
        },
    }
