"""Who understands what: the table of contents of the whole conversation."""

from typing import TypeAlias

from messages.commands import (
    AbortRun,
    AddSymbols,
    ChangeMode,
    ClearError,
    Pause,
    PauseSystem,
    Prefetch,
    PrepareRun,
    PublishBar,
    PublishBars,
    PublishQuote,
    PublishTick,
    RecordSession,
    Recover,
    RemoveSymbols,
    ReportHealth,
    Resume,
    ResumeSystem,
    SetSpeed,
    StartRun,
    StartSystem,
    Step,
    StepSystem,
    StopSystem,
    WakeAt,
)
from messages.events import (
    BarArrived,
    BarsArrived,
    GapDetected,
    HealthReported,
    MinuteSettled,
    PrefetchFailed,
    QuoteArrived,
    QuotesArrived,
    ReadFailed,
    RoomFailed,
    RoomStarted,
    RoomStopped,
    RunFailed,
    RunFinished,
    RunReady,
    SessionBoundary,
    SessionPrefetched,
    SessionRead,
    SessionReported,
    SessionsPlanned,
    StopwatchRead,
    SymbolsChanged,
    TickArrived,
    TicksArrived,
    TimeAdvanced,
    TimerFired,
)
from messages.feeds import (
    DayVolumeReported,
    FeedConnected,
    FeedEnded,
    FeedEvent,
    FeedLost,
    FeedSettled,
    MessagesRejected,
    SymbolsRefused,
    TradeAmended,
    TradingStatusChanged,
    VolumesDiffer,
)
from messages.history import GetWarmUp, RequireHistory, WarmUpReported
from messages.joining import (
    LoadSymbols,
    LockSymbols,
    SymbolsCatchingUp,
    SymbolsCaughtUp,
    SymbolsJoined,
    SymbolsLoaded,
    UnlockSymbols,
)
from messages.lifecycle import GetLiveStatus, LagChanged, PhaseChanged, TroublesChanged
from messages.listeners import HearingChanged, SubscriberLate, SubscribersChanged, SubscriptionDropped
from messages.queries import (
    GetActiveSymbols,
    GetBarCount,
    GetBars,
    GetChangesSince,
    GetDigest,
    GetGaps,
    GetHistory,
    GetLastBars,
    GetLatestBar,
    GetLatestBars,
    GetLatestQuote,
    GetLatestTick,
    GetMatrix,
    GetMetrics,
    GetNow,
    GetProgress,
    GetQuality,
    GetQuotes,
    GetRunSummary,
    GetSession,
    GetSnapshot,
    GetStatus,
    GetTicks,
    GetVerdicts,
)
from messages.readiness import CheckStore, GetReadiness, ReadinessReported, StoreChecked
from messages.repairs import (
    AbandonGaps,
    BarsFilled,
    CertificateIssued,
    FetchAnswered,
    FillFailed,
    GapAbandoned,
    GapNarrowed,
    GetCertificate,
    GetGapStories,
    MinuteApplied,
    NoTradeConfirmed,
    NotRecorded,
    PassTicket,
    SessionSealed,
    SessionSettled,
    SourceReported,
    TransitionMeasured,
)
from messages.supervision import BugFound, MakeGood, SessionStands, Supervised, WaitChanged

SessionDataQuery: TypeAlias = (
    GetLatestBar
    | GetLatestBars
    | GetLastBars
    | GetBars
    | GetMatrix
    | GetBarCount
    | GetMetrics
    | GetQuality
    | GetGaps
    | GetActiveSymbols
    | GetHistory
    | GetWarmUp
    | GetSnapshot
    | GetChangesSince
    | GetSession
    | GetNow
    | GetDigest
    | GetLatestQuote
    | GetQuotes
    | GetLatestTick
    | GetTicks
    | GetVerdicts
)

Journaled: TypeAlias = (
    BarsArrived
    | BarArrived
    | TimeAdvanced
    | SessionBoundary
    | QuoteArrived
    | QuotesArrived
    | TickArrived
    | TicksArrived
    | AddSymbols
    | RemoveSymbols
    | BarsFilled
    | NoTradeConfirmed
    | GapAbandoned
    | SymbolsLoaded
    | FeedConnected
    | FeedLost
    | FeedEnded
    | TradingStatusChanged
    | TradeAmended
    | LockSymbols
    | UnlockSymbols
    | AbandonGaps
    | SessionSettled
)
"""What changes a session, hence what a journal may hold."""

LiveNews: TypeAlias = (
    PhaseChanged
    | LagChanged
    | FeedConnected
    | FeedLost
    | FeedEnded
    | SymbolsRefused
    | MessagesRejected
    | TradeAmended
    | DayVolumeReported
    | TradingStatusChanged
    | VolumesDiffer
    | NotRecorded
    | ReadinessReported
    | SourceReported
)
"""What StreamCoordinator tells subscribers of a live day; by way of SessionData, so that it keeps its place in time."""

SessionDataInbox: TypeAlias = (
    Journaled
    | LiveNews
    | PassTicket
    | FeedSettled
    | HearingChanged
    | RecordSession
    | RequireHistory
    | MakeGood
    | SessionDataQuery
)

StreamCoordinatorInbox: TypeAlias = (
    MinuteSettled
    | TimerFired
    | SessionPrefetched
    | PrefetchFailed
    | SessionReported
    | SessionSettled
    | CertificateIssued
    | SessionsPlanned
    | SubscriberLate
    | SubscribersChanged
    | SubscriptionDropped
    | SymbolsChanged
    | StopwatchRead
    | RunFailed
    | PrepareRun
    | StartRun
    | Pause
    | Resume
    | Step
    | SetSpeed
    | AbortRun
    | WakeAt
    | PublishBars
    | PublishBar
    | PublishQuote
    | PublishTick
    | GetProgress
    | GetRunSummary
)

LiveStreamInbox: TypeAlias = (
    StreamCoordinatorInbox
    | FeedEvent
    | SymbolsCatchingUp
    | SymbolsCaughtUp
    | WarmUpReported
    | StoreChecked
    | NotRecorded
    | SourceReported
    | Recover
    | MakeGood
    | SessionStands
    | GetLiveStatus
    | GetReadiness
)
"""What StreamCoordinator understands on a live day."""

DataUpkeepInbox: TypeAlias = (
    MinuteApplied
    | GapDetected
    | GapNarrowed
    | FetchAnswered
    | FillFailed
    | Prefetch
    | SessionRead
    | ReadFailed
    | SessionBoundary
    | SymbolsChanged
    | RequireHistory
    | AbandonGaps
    | TransitionMeasured
    | SessionSealed
    | CertificateIssued
    | NotRecorded
    | LoadSymbols
    | SymbolsJoined
    | CheckStore
    | StoreChecked
    | MakeGood
    | SessionStands
    | GetCertificate
    | GetGapStories
)

SystemManagerInbox: TypeAlias = (
    HealthReported
    | BugFound
    | RoomStarted
    | RoomStopped
    | RoomFailed
    | RunReady
    | RunFinished
    | RunFailed
    | SubscriberLate
    | SessionBoundary
    | SourceReported
    | TroublesChanged
    | WaitChanged
    | Supervised
    | StartSystem
    | StopSystem
    | PauseSystem
    | ResumeSystem
    | StepSystem
    | ChangeMode
    | ClearError
    | GetStatus
)

ShellInbox: TypeAlias = ReportHealth
"""What every shell understands before its core is asked."""
