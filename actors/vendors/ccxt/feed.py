"""A crypto exchange's public stream through ccxt.pro: trades, from which bars are folded, or the exchange's candles."""

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from actors.feeds.event_loop import OwnLoop
from actors.feeds.gathered import Gathering
from actors.feeds.port import POLL_S
from actors.kernel.clock import Clock, SystemClock
from actors.market.instants import counted
from actors.vendors.ccxt.candles import GrowingCandles, Told
from actors.vendors.ccxt.library import exchange_class, in_our_words, is_of_a_request, moved, sentence
from actors.vendors.ccxt.link import BARS, TRADES, Channel, Link, News
from messages.errors import ConnectionLost, FeedError, SettingsError
from messages.feeds import EVERYTHING, FeedItem, Rejection, SymbolsRefused
from messages.values import ONE_MINUTE, Interval, Tick

CHANNELS = {channel.name: channel for channel in (TRADES, BARS)}
_CONNECTING_S = 25.0
_MARKETS_LAST_S = 24 * 3600.0
_MILLISECOND_NS = 10**6
_SHOWN = 200


class CcxtFeed:
    """One connection to one exchange. No keys are asked for, and none are used.

    Bars are folded from trades, by our rules; a minute that was not heard from end to end is a gap. With the channel
    ``bars`` they are the exchange's own candles instead: the last state of each, told when the next begins or five
    seconds after its end. Trades are stamped in milliseconds, and those that an exchange repeats at the beginning of a
    subscription count once, by their ids.

    Args:
        exchange: its name in ccxt, such as ``kraken``.
        channels: ``trades``, ``bars`` or both.
        interval: the length of candles.
        config: what ccxt's exchange is made with besides, in ccxt's names.
        url: ``https://HOST`` of a mirror or a proxy, in place of the exchange's own.
        clock: when a candle is over that no other follows.

    Raises:
        SettingsError: ccxt is not installed, has no such exchange, or the exchange no such channel.
    """

    is_remote = True
    is_probed = True

    def __init__(
        self,
        exchange: str,
        *,
        channels: tuple[str, ...] = ("trades",),
        interval: Interval = ONE_MINUTE,
        config: Mapping[str, Any] | None = None,
        url: str | None = None,
        clock: Clock | None = None,
    ) -> None:
        if not channels or not set(channels) <= set(CHANNELS):
            raise SettingsError(
                f"an exchange's channels are {', '.join(CHANNELS)}, not {', '.join(channels) or 'none'}"
            )
        self.name = f"ccxt:{exchange}"
        self.has_bars = "bars" in channels
        self._exchange = exchange
        self._kind = exchange_class(exchange, is_live=True)
        self._channels = tuple(CHANNELS[name] for name in channels)
        known = self._kind()
        _check(known, self._channels, str(interval))
        self._interval = interval
        self._config = dict(config or {})
        if url is not None:
            self._config["urls"] = {"api": moved(known.urls["api"], url)}
        self._clock = clock or SystemClock()
        self._wanted: dict[str, None] = {}
        self._refusals: dict[str, list[str]] = {}
        self._candles = GrowingCandles(interval)
        self._markets: tuple[float, tuple[Any, Any]] | None = None
        self._loop: OwnLoop | None = None
        self._link: Link | None = None
        self._number = 0

    def connect(self, stopping: threading.Event) -> None:
        """Connect, and follow the symbols that are wanted."""
        self._number, self._candles = 0, GrowingCandles(self._interval)
        self._loop = OwnLoop(self._hear_fault)
        is_known = self._markets is not None and time.monotonic() - self._markets[0] < _MARKETS_LAST_S
        markets = self._markets[1] if is_known and self._markets is not None else None
        self._link = Link(self._kind, self._loop.raw, self._config, markets, str(self._interval))
        self._loop.run_unless_stopped(self._open(self._link), stopping, whom=self._exchange, within_s=_CONNECTING_S)

    def subscribe(self, symbols: Iterable[str]) -> None:
        """Follow these too."""
        new = [symbol for symbol in symbols if symbol not in self._wanted]
        self._wanted.update(dict.fromkeys(new))
        if self._link is not None and self._loop is not None:
            self._loop.run(self._follow(self._link, new))

    def unsubscribe(self, symbols: Iterable[str]) -> None:
        """Follow these no more."""
        gone = [symbol for symbol in symbols if symbol in self._wanted]
        for symbol in gone:
            del self._wanted[symbol]
            self._candles.forget(symbol)
        if self._link is not None:
            self._link.leave(self._channels, gone)

    def reads(self) -> Iterator[tuple[FeedItem, ...]]:
        """Yield what has come since the last read."""
        while True:
            assert self._loop is not None
            assert self._link is not None
            gathering, failure = Gathering(self.name), None
            for news in self._loop.run(self._link.news(POLL_S)):
                failure = self._take(news, gathering) or failure
            self._tell(self._candles.due(self._clock.now_ns()), gathering)
            self._hear_complaints(self._link, gathering)
            self._tell_refusals(gathering)
            yield gathering.items()
            if failure is not None:
                raise failure

    def close(self) -> None:
        """Close the connection."""
        loop, link = self._loop, self._link
        self._loop = self._link = None
        if loop is not None and link is not None:
            loop.close(link.close())

    # --- what is asked for

    async def _open(self, link: Link) -> None:
        await link.open()
        if self._markets is None or self._markets[1] is not link.markets:
            self._markets = (time.monotonic(), link.markets)
        await self._follow(link, list(self._wanted))

    async def _follow(self, link: Link, symbols: list[str]) -> None:
        for symbol in symbols:
            lacking = "name symbols: it sends what it is asked for" if symbol == EVERYTHING else link.lacks(symbol)
            if lacking is not None:
                self._refuse(symbol, lacking)
        there = [symbol for symbol in symbols if symbol in self._wanted]
        if there:
            await link.follow(self._channels, there)

    def _refuse(self, symbol: str, reason: str) -> None:
        self._wanted.pop(symbol, None)
        self._refusals.setdefault(reason, []).append(symbol)

    def _tell_refusals(self, gathering: Gathering) -> None:
        for reason, symbols in self._refusals.items():
            gathering.rare(SymbolsRefused(feed=self.name, symbols=tuple(sorted(symbols)), reason=reason))
        self._refusals.clear()

    # --- what comes

    def _take(self, news: News, gathering: Gathering) -> FeedError | None:
        """Take what came of a symbol; return what ended the connection, if something did."""
        if news.symbol not in self._wanted:
            return None
        if news.error is not None:
            return self._take_error(news.symbol, news.error)
        self._number += 1
        if news.channel is TRADES:
            return self._take_trades(news, gathering)
        for candle in news.came:
            try:
                self._tell(self._candles.take(news.symbol, [candle], self._clock.now_ns()), gathering)
            except ValueError as error:
                self._reject(gathering, str(error), repr(candle))
        return None

    @staticmethod
    def _tell(over: Iterable[Told], gathering: Gathering) -> None:
        for told in over:
            gathering.bar(told.bar, is_correction=told.is_correction, is_final=not told.is_correction)

    def _take_error(self, symbol: str, error: Exception) -> FeedError | None:
        if not is_of_a_request(error):
            return in_our_words(error, self._exchange)
        self._refuse(symbol, sentence(error, self._exchange))
        return None

    def _take_trades(self, news: News, gathering: Gathering) -> FeedError | None:
        for trade in news.came:
            symbol = trade["symbol"]
            if symbol not in self._wanted:
                continue
            try:
                at_ns = counted(int(trade["timestamp"]) * _MILLISECOND_NS)
                tick = Tick(symbol=symbol, at_ns=at_ns, price=float(trade["price"]), size=float(trade["amount"]))
            except (TypeError, ValueError, OverflowError):
                self._reject(gathering, "a trade with timestamp, price and amount", repr(trade["info"]))
                continue
            gathering.tick(tick, trade["id"] or "")
        if news.is_lost:
            return ConnectionLost(f"{self._exchange}: more trades of {news.symbol} came at once than ccxt keeps")
        return None

    def _reject(self, gathering: Gathering, expected: str, seen: str) -> None:
        gathering.reject(Rejection(number=self._number, field="", expected=expected, seen=seen[:_SHOWN]))

    def _hear_complaints(self, link: Link, gathering: Gathering) -> None:
        for text in link.complaints():
            named = [symbol for symbol in self._wanted if symbol in text]
            for symbol in named:
                self._refuse(symbol, f"{self._exchange}: {text[:_SHOWN]}")
            if not named:
                self._reject(gathering, "no complaint of what was asked for", text)

    def _hear_fault(self, fault: str) -> None:
        if self._link is not None:
            self._link.note_fault(fault)


def _check(exchange: Any, channels: Iterable[Channel], timeframe: str) -> None:
    for channel in channels:
        if not exchange.has.get(channel.can):
            raise SettingsError(f"ccxt has no stream of {channel.name} from {exchange.id}; take another channel")
        if channel is BARS and timeframe not in (exchange.timeframes or {}):
            there = ", ".join(exchange.timeframes or {})
            raise SettingsError(
                f"{exchange.id} has no candles of {timeframe}, which is the base interval; it has {there}"
            )
