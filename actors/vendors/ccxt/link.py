"""One connection to an exchange through ccxt.pro: what is followed, symbol by symbol, and what became of it.

ccxt connects again by itself, without a word of what was missed; here a client that it replaces is a loss. Symbols are
watched together where the exchange takes that, for many connections would be made else. What watches several at once
withholds what came of the others until their next message (https://github.com/ccxt/ccxt/issues/28089): so it is only
kept watching, and trades are taken from where ccxt keeps them.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from actors.vendors.ccxt.library import in_our_words, is_of_a_request, why_not_traded
from messages.errors import ConnectionLost, FeedError

_LEAVING_S = 0.5
_TOGETHER = 100
"""Symbols in one subscription; exchanges take a few hundred at most."""
_AGAIN_S = 1.0
"""Watching several is taken up again so long after something came, for each time costs as much as there are symbols."""
_LOOK_S = 0.01
_STEP_S = 0.005
_PONG_S = 3.0
"""A far side that does not answer a ping for so long is believed to answer none, and to have read what was sent."""


class Channel(NamedTuple):
    """What can be followed, and how ccxt says that an exchange has it."""

    name: str
    can: str


TRADES = Channel("trades", "watchTrades")
BARS = Channel("bars", "watchOHLCV")


class News(NamedTuple):
    """What came of one symbol, or why nothing more will."""

    channel: Channel
    symbol: str
    came: Sequence[Any] = ()
    error: Exception | None = None
    is_lost: bool = False
    """Whether more came than ccxt keeps, so that some of it is gone."""


class Link:
    """Everything is awaited in one event loop, which runs only while something is.

    Args:
        kind: ccxt's class of the exchange.
        loop: where it runs.
        config: what the exchange is made with, in ccxt's names.
        markets: those that are known from an earlier connection.
        timeframe: of candles, in ccxt's names.
    """

    most_at_once = 5000
    """Trades of one symbol between two reads: with more, ccxt lets the oldest go."""

    def __init__(
        self,
        kind: Any,
        loop: asyncio.AbstractEventLoop,
        config: Mapping[str, Any],
        markets: tuple[Any, Any] | None,
        timeframe: str,
    ) -> None:
        own = {"asyncio_loop": loop, "newUpdates": True, "enableRateLimit": True}
        options = {"tradesLimit": self.most_at_once, **config.get("options", {})}
        self._exchange = kind({**config, **own, "options": options})
        if markets is not None:
            self._exchange.set_markets(*markets)
        self._timeframe = timeframe
        self._tasks: dict[tuple[Channel, tuple[str, ...]], asyncio.Task[None]] = {}
        self._latest: dict[str, Any] = {}
        """By symbol the latest trade that was taken."""
        self._clients: dict[str, Any] = {}
        self._news: list[News] = []
        self._fault = ""

    @property
    def markets(self) -> tuple[Any, Any]:
        """What it trades, for the next connection."""
        return self._exchange.markets, self._exchange.currencies

    async def open(self) -> None:
        """Ask what the exchange trades, if that is not known.

        Raises:
            FeedError: it does not say.
        """
        try:
            await self._exchange.load_markets()
        except Exception as error:  # what ccxt raises is of all kinds, its own and Python's
            raise in_our_words(error, self._exchange.id) from error
        if not self._exchange.markets:  # ccxt takes a page of HTML, or half an answer, for an empty one
            raise ConnectionLost(f"{self._exchange.id} does not say what it trades")

    def lacks(self, symbol: str) -> str | None:
        """Return why a symbol cannot be followed, if it cannot."""
        return why_not_traded(self._exchange, symbol)

    async def follow(self, channels: Iterable[Channel], symbols: Sequence[str]) -> None:
        """Follow symbols, and return when the far side has read what was asked of it.

        Raises:
            FeedError: the connection could not be made, or broke.
        """
        for channel in channels:
            is_together = channel is TRADES and len(symbols) > 1 and self._exchange.has.get("watchTradesForSymbols")
            size = _TOGETHER if is_together else 1
            for first in range(0, len(symbols), size):
                some = tuple(symbols[first : first + size])
                self._tasks[channel, some] = asyncio.create_task(self._follow(channel, some))
        self._latest.update(dict.fromkeys(symbols))
        try:
            await self._is_read()
        except FeedError:
            raise
        except Exception as error:  # what ccxt raises is of all kinds, its own and Python's
            raise in_our_words(error, self._exchange.id) from error

    def leave(self, channels: Iterable[Channel], symbols: Iterable[str]) -> None:
        """Follow symbols no more; the exchange goes on sending them until the connection ends."""
        gone = set(symbols)
        for key in [key for key in self._tasks if key[0] in channels and gone.issuperset(key[1])]:
            self._tasks.pop(key).cancel()
        for symbol in gone:
            self._latest.pop(symbol, None)

    async def news(self, timeout_s: float) -> list[News]:
        """Return what has come, or the first that comes in that time.

        Raises:
            ConnectionLost: the connection broke.
        """
        deadline = time.monotonic() + timeout_s
        self._take_trades()
        while not self._news and not self._fault and time.monotonic() < deadline:
            await asyncio.sleep(_LOOK_S)
            self._take_trades()
        found, self._news = self._news, []
        if not found:
            self._check()
        return found

    def note_fault(self, fault: str) -> None:
        """Note an error inside ccxt that nobody waits for: its reader ends with it, without a word."""
        self._fault = self._fault or fault

    def complaints(self) -> list[str]:
        """Return what the exchange has refused without naming a request of ours, each once."""
        found: list[str] = []
        for client in self._clients.values():
            unasked = [key for key in client.rejections if key not in client.subscriptions]
            found += [str(client.rejections.pop(key)) for key in unasked]
        return found

    async def close(self) -> None:
        """Close the connection, by force if the far side does not answer."""
        for task in self._tasks.values():
            task.cancel()
        try:
            await asyncio.wait_for(self._exchange.close(), _LEAVING_S)
        except Exception:  # noqa: BLE001  # of what kind is of no interest any more
            if self._exchange.session is not None:
                await self._exchange.session.close()
            await self._exchange.close_connector()

    async def _follow(self, channel: Channel, symbols: tuple[str, ...]) -> None:
        exchange, is_one = self._exchange, len(symbols) == 1
        try:
            while True:
                if channel is BARS:
                    came = await exchange.watch_ohlcv(symbols[0], self._timeframe)
                    self._news.append(News(channel, symbols[0], came))
                elif is_one:
                    await exchange.watch_trades(symbols[0])
                else:
                    await exchange.watch_trades_for_symbols(list(symbols))
                    await asyncio.sleep(_AGAIN_S)
        except Exception as error:  # noqa: BLE001  # what ccxt raises is of all kinds; the reader judges it
            if is_one or not is_of_a_request(error):
                self._news += [News(channel, symbol, error=error) for symbol in symbols]
                return
            for symbol in symbols:  # what is wrong with one of them, or with their number, is no fault of the others
                self._tasks[channel, (symbol,)] = asyncio.create_task(self._follow(channel, (symbol,)))

    def _take_trades(self) -> None:
        """Take what ccxt has put to the trades of each symbol since the last time."""
        for symbol, latest in self._latest.items():
            kept = self._exchange.trades.get(symbol)
            if not kept or kept[-1] is latest:
                continue
            new = _since(kept, latest)
            is_lost = len(new) >= self.most_at_once  # the latest has been let go
            self._latest[symbol] = kept[-1]
            self._news.append(News(TRADES, symbol, new, is_lost=is_lost))

    async def _is_read(self) -> None:
        """Wait until all subscriptions are sent, and a ping behind them is answered; or until that is in vain."""
        exchange = self._exchange
        while not all(task.done() for task in list(self._tasks.values())):
            self._raise_failure()
            clients = list(exchange.clients.values())
            is_sent = all(client.connected.done() and not client.throttle.queue for client in clients)
            await asyncio.sleep(_STEP_S)  # the last of them is on its way
            if clients and is_sent:
                for client in clients:
                    await self._ping(client)
                break
        self._raise_failure()
        self._check()

    def _raise_failure(self) -> None:
        for news in self._news:
            if news.error is not None and not is_of_a_request(news.error):
                raise news.error

    async def _ping(self, client: Any) -> None:
        client.lastPong, before = None, client.lastPong
        if not client.closed():
            await client.connection.ping()
        for _ in range(round(_PONG_S / _STEP_S)):
            if client.lastPong is not None or client.closed() or self._fault:
                break
            await asyncio.sleep(_STEP_S)
        client.lastPong = client.lastPong or before

    def _check(self) -> None:
        name = self._exchange.id
        for task in self._tasks.values():
            if task.done() and (task.cancelled() or task.exception() is not None):  # what it is asked for is news
                how = "was cancelled" if task.cancelled() else f"ended with {task.exception()!r}"
                raise ConnectionLost(f"{name}: what follows a symbol {how}")
        if self._fault:
            raise ConnectionLost(f"{name}: what came cannot be read: {self._fault}")
        for url, client in self._exchange.clients.items():
            if self._clients.setdefault(url, client) is not client:
                raise ConnectionLost(f"{name}: the connection broke")
        if any(client.connected.done() and client.closed() for client in self._clients.values()):
            raise ConnectionLost(f"{name}: the connection broke")


def _since(kept: Any, latest: Any) -> list[Any]:
    """Return what has been appended behind something."""
    new: list[Any] = []
    for one in reversed(kept):
        if one is latest:
            break
        new.append(one)
    return new[::-1]
