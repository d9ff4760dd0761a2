"""What a feed tells: what one read gave, how the connection is; and what may be told to it.

A feed's own thread tells StreamCoordinator. ``arrived_ns`` is the clock's time at which something was read. An event
with a ``ticket`` other than 0 is on credit: it is answered with ``FeedSettled``.
"""

from typing import TypeAlias

import msgspec

from messages.base import Command, Event
from messages.tables.columns import BarBatch
from messages.values import Nanos, Quote, Tick

EVERYTHING = "*"
"""In place of a symbol: all that the feed has."""


class Rejection(msgspec.Struct, frozen=True, kw_only=True):
    """One message that could not be understood."""

    number: int
    """The line, or the frame, counted from 1 since the feed connected."""
    field: str
    expected: str
    seen: str
    """The message's beginning."""


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of bars, trades and quotes; ``accepted + rejected + duplicates = received``."""

    received: int = 0
    accepted: int = 0
    rejected: int = 0
    """They could not be taken, whatever the reason."""
    duplicates: int = 0
    """They said nothing that was not known."""


class FeedHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How a feed is, counted since it was started."""

    feed: str
    is_connected: bool = False
    is_over: bool = False
    """Ended, refused or closed: it will not connect again."""
    connections: int = 0
    """How often a connection was made."""
    losses: int = 0
    """How often one was lost, or could not be made."""
    last_life_ns: Nanos | None = None
    """When it last gave anything, heartbeats included."""
    last_error: str = ""
    bars: int = 0
    corrections: int = 0
    """Of the bars: those that say they correct."""
    quotes: int = 0
    conflated: int = 0
    """Quotes that gave way to a later one of their symbol while the coordinator was behind."""
    ticks: int = 0
    rejected: int = 0
    """Messages that could not be understood, and bars, trades and quotes that were and could not be taken."""
    received: int = 0
    """What is dealt with of all that it gave: ``accepted + rejected + duplicates``. The rest is on its way."""
    accepted: int = 0
    duplicates: int = 0
    misread: int = 0
    """Of them: messages that could not be understood."""
    first_misread: Rejection | None = None
    waiting: int = 0
    """Bars, ticks and quotes that wait for credit."""

    @property
    def adds_up(self) -> bool:
        """Whether each thing that was received became just one thing, and no more was received than was given."""
        given = self.bars + self.ticks + self.quotes - self.conflated + self.misread
        return self.accepted + self.rejected + self.duplicates == self.received <= given


# --- what one read gave: feed -> StreamCoordinator


class FeedBars(Event, frozen=True, kw_only=True):
    """Base bars came in."""

    feed: str
    batch: BarBatch
    is_correction: bool = False
    """Whether they replace bars that were sent before."""
    is_final: bool = False
    """Whether the feed says that their minutes are over, whatever our clock says."""
    arrived_ns: Nanos = 0
    ticket: int = 0


class FeedQuotes(Event, frozen=True, kw_only=True):
    """Quotes came in; under pressure only the latest of each symbol."""

    feed: str
    quotes: tuple[Quote, ...]
    arrived_ns: Nanos = 0
    ticket: int = 0


class FeedTicks(Event, frozen=True, kw_only=True):
    """Trades came in."""

    feed: str
    ticks: tuple[Tick, ...]
    ids: tuple[str, ...] = ()
    """How the feed calls each of them, where it numbers its trades: what ``TradeAmended`` refers to."""
    arrived_ns: Nanos = 0
    ticket: int = 0


class TradeAmended(Event, frozen=True, kw_only=True):
    """A trade that was sent before is cancelled, or was another."""

    feed: str
    symbol: str
    trade_id: str
    """The id of the trade in ``FeedTicks``."""
    at_ns: Nanos
    """When this was said; the trade itself was earlier."""
    price: float
    """The price of the trade as it was sent, and its size."""
    size: float
    corrected_price: float | None = None
    """``None``: cancelled."""
    corrected_size: float | None = None
    corrected_id: str = ""
    """How the trade is called from now on."""
    arrived_ns: Nanos = 0


class AmendmentMissed(Event, frozen=True, kw_only=True):
    """An amendment of a trade that changes no bar, although bars are folded from the feed's trades."""

    amendment: TradeAmended
    reason: str
    """``unknown_trade``: never seen, or no longer kept; or why the trade cannot be as it says: ``not_finite`` ..."""


class DayVolumeReported(Event, frozen=True, kw_only=True):
    """The feed's own count of a symbol's volume today, to check ours by."""

    feed: str
    symbol: str
    start_ns: Nanos
    """Start of the daily bar that says so."""
    volume: float
    arrived_ns: Nanos = 0


class VolumesDiffer(Event, frozen=True, kw_only=True):
    """Symbols of a settled session whose volume is far from what feeds counted: bars are missing, or too many."""

    session_date: str
    symbols: tuple[str, ...]
    reported: tuple[float, ...]
    """By the feeds, symbol by symbol."""
    ours: tuple[float, ...]


class TradingStatusChanged(Event, frozen=True, kw_only=True):
    """The exchange halted a symbol, resumed it, or said something else of its trading."""

    feed: str
    symbol: str
    at_ns: Nanos
    code: str
    message: str
    reason_code: str = ""
    reason: str = ""
    is_halted: bool | None = None
    """``None``: the code says neither halt nor resumption."""
    arrived_ns: Nanos = 0


class MessagesRejected(Event, frozen=True, kw_only=True):
    """A read held messages that could not be understood; the rest of it was taken."""

    feed: str
    count: int
    first: tuple[Rejection, ...]
    """The first few of them."""
    arrived_ns: Nanos = 0


class FeedHeartbeat(Event, frozen=True, kw_only=True):
    """Nothing came, and the feed lives."""

    feed: str
    arrived_ns: Nanos = 0


class SymbolsRefused(Event, frozen=True, kw_only=True):
    """The far side will not send these symbols; the rest goes on."""

    feed: str
    symbols: tuple[str, ...]
    reason: str
    channel: str = ""
    """What it will not send of them, in the feed's own word; empty: anything."""
    arrived_ns: Nanos = 0


# --- how the connection is: feed -> StreamCoordinator


class FeedConnected(Event, frozen=True, kw_only=True):
    """A connection was made, and its symbols are subscribed."""

    feed: str
    attempt: int
    """How many tries it took."""
    has_bars: bool = True
    """Whether it sends bars; else they must be folded from its ticks."""
    sale_rules: str = "none"
    """Whose rules say which of its trades set prices: a name in ``market.sale_conditions``."""
    arrived_ns: Nanos = 0


class FeedLost(Event, frozen=True, kw_only=True):
    """A connection was lost, or could not be made."""

    feed: str
    reason: str
    is_stale: bool = False
    """Nothing at all had come for too long, although the connection seemed to stand."""
    is_unusual: bool = False
    """Of a stale one: the silence is far longer than any before, so that the connection had died."""
    heard_until_ns: Nanos = 0
    """What happened until then had been sent when it last showed life; 0: nobody knows."""
    retry_ns: Nanos | None = None
    """When the next try is due; ``None``: never, the refusal is final."""
    arrived_ns: Nanos = 0


class FeedEnded(Event, frozen=True, kw_only=True):
    """The feed has no more: a replay's last day is over, or the input was closed."""

    feed: str
    arrived_ns: Nanos = 0


class FeedReported(Event, frozen=True, kw_only=True):
    """How the feed is; told about once a second of real time."""

    health: FeedHealth


# --- StreamCoordinator -> feed


class FeedSettled(Event, frozen=True, kw_only=True):
    """A ticket comes home, by way of SessionData, which has applied what came with it: the feed may send one more."""

    feed: str
    ticket: int
    taken: Taken = Taken()
    """What has become of all that the feed sent since it was started."""


class SubscribeSymbols(Command, frozen=True, kw_only=True):
    """Send these symbols too; refusals come back as ``SymbolsRefused``."""

    feed: str
    symbols: tuple[str, ...]


class UnsubscribeSymbols(Command, frozen=True, kw_only=True):
    """Send these symbols no more."""

    feed: str
    symbols: tuple[str, ...]


FeedData: TypeAlias = FeedBars | FeedTicks | FeedQuotes
"""What travels on credit."""

FeedLife: TypeAlias = FeedData | TradeAmended | DayVolumeReported | TradingStatusChanged | FeedHeartbeat
"""What shows that a feed lives."""

FeedItem: TypeAlias = FeedLife | MessagesRejected | SymbolsRefused
"""What a read may give."""

FeedEvent: TypeAlias = FeedItem | FeedConnected | FeedLost | FeedEnded | FeedReported
"""What StreamCoordinator hears of a feed."""

FeedInbox: TypeAlias = FeedSettled | SubscribeSymbols | UnsubscribeSymbols
"""What a feed understands."""
