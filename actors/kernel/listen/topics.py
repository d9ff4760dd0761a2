"""What can be subscribed to, by name."""

from collections.abc import Iterable

from messages.base import Event
from messages.errors import SettingsError
from messages.events import (
    BarRejected,
    BarsUpdated,
    BarsWithdrawn,
    GapDetected,
    MinuteClosed,
    PrintsRejected,
    SessionBoundary,
    SymbolsChanged,
)
from messages.feeds import (
    AmendmentMissed,
    DayVolumeReported,
    FeedConnected,
    FeedEnded,
    FeedLost,
    MessagesRejected,
    SymbolsRefused,
    TradeAmended,
    TradingStatusChanged,
    VolumesDiffer,
)
from messages.history import WarmUpReported
from messages.joining import SymbolsCatchingUp, SymbolsCaughtUp, SymbolsJoined
from messages.lifecycle import LagChanged, PhaseChanged
from messages.readiness import ReadinessReported
from messages.repairs import GapAbandoned, NoTradeConfirmed, NotRecorded, SessionSettled, SourceReported

EVENTS: dict[str, tuple[type[Event], ...]] = {
    "bars": (BarsUpdated, BarsWithdrawn),
    "minutes": (MinuteClosed,),
    "sessions": (SessionBoundary,),
    "gaps": (GapDetected,),
    "no_trade": (NoTradeConfirmed,),
    "abandoned": (GapAbandoned,),
    "settled": (SessionSettled,),
    "rejected": (BarRejected, PrintsRejected),
    "symbols": (SymbolsChanged, SymbolsJoined, SymbolsCatchingUp, SymbolsCaughtUp),
    "warm_up": (WarmUpReported,),
    "phases": (PhaseChanged,),
    "readiness": (ReadinessReported,),
    "feeds": (FeedConnected, FeedLost, FeedEnded, SymbolsRefused, MessagesRejected),
    "lag": (LagChanged,),
    "trading_status": (TradingStatusChanged,),
    "amended": (TradeAmended, AmendmentMissed),
    "day_volume": (DayVolumeReported, VolumesDiffer),
    "not_recorded": (NotRecorded,),
    "sources": (SourceReported,),
}
"""For each name: the classes that come under it. Those from ``phases`` on are of a live day."""


def classes_of(names: Iterable[str]) -> frozenset[type[Event]]:
    """Return the classes that come under these names.

    Raises:
        SettingsError: there is no such name.
    """
    for name in names:
        if name not in EVENTS:
            raise SettingsError(f"unknown event {name!r}; there are {', '.join(EVENTS)}")
    return frozenset(kind for name in names for kind in EVENTS[name])
