"""What one read gave, gathered message by message and told by kind: bars by the batch, trades and quotes together."""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from messages.feeds import (
    DayVolumeReported,
    FeedBars,
    FeedHeartbeat,
    FeedItem,
    FeedQuotes,
    FeedTicks,
    MessagesRejected,
    Rejection,
    SymbolsRefused,
    TradeAmended,
    TradingStatusChanged,
)
from messages.tables.columns import BarBatch
from messages.values import Bar, Quote, Tick

_REJECTIONS_SHOWN = 10

Rarity: TypeAlias = TradeAmended | DayVolumeReported | TradingStatusChanged | SymbolsRefused


class Gathering:
    """One read of one feed. Trades are told before what amends them, bars before what corrects them."""

    def __init__(self, feed: str) -> None:
        self._feed = feed
        self._bars: list[Bar] = []
        self._final: list[Bar] = []
        self._corrections: list[Bar] = []
        self._ticks: list[Tick] = []
        self._ids: list[str] = []
        self._quotes: list[Quote] = []
        self._rarities: list[Rarity] = []
        self._rejections: list[Rejection] = []
        self._rejected = 0
        self._has_heartbeat = False

    def bar(self, bar: Bar, *, is_correction: bool = False, is_final: bool = False) -> None:
        """Add a bar; a final one is over by the feed's word."""
        (self._corrections if is_correction else self._final if is_final else self._bars).append(bar)

    def tick(self, tick: Tick, trade_id: str = "") -> None:
        """Add a trade."""
        self._ticks.append(tick)
        self._ids.append(trade_id)

    def quote(self, quote: Quote) -> None:
        """Add a quote."""
        self._quotes.append(quote)

    def add_ticks(self, ticks: Iterable[Tick], ids: Iterable[str]) -> None:
        """Add trades, and how the feed calls each."""
        self._ticks.extend(ticks)
        self._ids.extend(ids)

    def add_quotes(self, quotes: Iterable[Quote]) -> None:
        """Add quotes."""
        self._quotes.extend(quotes)

    def rare(self, event: Rarity) -> None:
        """Add what is told one by one."""
        self._rarities.append(event)

    def heartbeat(self) -> None:
        """Note that the far side gave a sign of life."""
        self._has_heartbeat = True

    def reject(self, rejection: Rejection) -> None:
        """Note a message that could not be understood."""
        self._rejected += 1
        if len(self._rejections) < _REJECTIONS_SHOWN:
            self._rejections.append(rejection)

    def items(self) -> tuple[FeedItem, ...]:
        """Return all of it, in the order in which it should be told."""
        return tuple(self._told())

    def _told(self) -> Iterator[FeedItem]:
        feed = self._feed
        yield from (FeedBars(feed=feed, batch=batch) for batch in _batches(self._bars))
        yield from (FeedBars(feed=feed, batch=batch, is_final=True) for batch in _batches(self._final))
        yield from (FeedBars(feed=feed, batch=batch, is_correction=True) for batch in _batches(self._corrections))
        if self._ticks:
            yield FeedTicks(feed=feed, ticks=tuple(self._ticks), ids=tuple(self._ids) if any(self._ids) else ())
        yield from self._rarities
        if self._quotes:
            yield FeedQuotes(feed=feed, quotes=tuple(self._quotes))
        if self._rejected:
            yield MessagesRejected(feed=feed, count=self._rejected, first=tuple(self._rejections))
        if self._has_heartbeat:
            yield FeedHeartbeat(feed=feed)


def _batches(bars: Iterable[Bar]) -> Iterator[BarBatch]:
    """Put bars into as few batches as hold each cell once: a bar is never lost to a later one."""
    layers: list[dict[tuple[str, int], Bar]] = []
    depths: dict[tuple[str, int], int] = {}
    for bar in bars:
        cell = (bar.symbol, bar.start_ns)
        depth = depths[cell] = depths.get(cell, -1) + 1
        if depth == len(layers):
            layers.append({})
        layers[depth][cell] = bar
    return (BarBatch.of(layer.values()) for layer in layers)
