"""Messages of exchanges, damaged on their way into ccxt: a loss in our words, or what can be read of them is used."""

import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from aiohttp import WSMessage, WSMsgType

from actors.vendors.ccxt.feed import CcxtFeed
from messages import FeedBars, FeedTicks, MessagesRejected
from messages.errors import ConnectionLost
from messages.feeds import FeedItem
from tests.builders import at, bar
from tests.damage import MANY, adds_up, one_damaged
from tests.feeds.listening import Reader
from tests.vendors.ccxt.binance import BinanceStreams
from tests.vendors.ccxt.kraken import KrakenServer, ohlc, trade

pytestmark = pytest.mark.slow  # ccxt is imported

START_NS = at("09:30")
KRAKEN, BINANCE = "A/USD", "BTC/USDT"
TRADES = json.dumps(
    {
        "channel": "trade",
        "type": "update",
        "data": [{"symbol": KRAKEN, **trade(START_NS + number, 10.5, 2.0, number)} for number in range(3)],
    }
)
CANDLES = json.dumps({"channel": "ohlc", "type": "update", "data": [ohlc(bar(KRAKEN, "09:30"))]})
TRADE = json.dumps(
    {"e": "trade", "E": START_NS // 10**6, "s": "BTCUSDT", "t": 7, "p": "10.5", "q": "2", "T": START_NS // 10**6}
)


class Injected:
    """A feed that is connected, and what it makes of a message that its exchange did not send."""

    def __init__(self, feed: CcxtFeed, symbol: str) -> None:
        self.feed = feed
        self._reader = Reader(feed)
        feed.subscribe([symbol])
        self._reader.connect()

    def came_of(self, raw: bytes) -> list[FeedItem]:
        """Return what is told; a loss is that of this message only."""
        assert self.feed._loop is not None
        assert self.feed._link is not None
        (client,) = self.feed._link._exchange.clients.values()
        text = WSMessage(WSMsgType.TEXT, raw.decode(errors="replace"), None)
        self.feed._loop.raw.call_soon(client.handle_message, text)
        try:
            return list(self._reader.read())
        except ConnectionLost as error:
            if "what came cannot be read" not in str(error):
                raise
            self.feed._link._fault = ""
            self._reader._reads = self.feed.reads()
            return []


@pytest.fixture(params=["kraken", "kraken-bars", "binance"])
def injected(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Injected, bytes, Any]]:
    monkeypatch.setattr("actors.vendors.ccxt.feed.POLL_S", 0.0)
    server: Any = BinanceStreams() if request.param == "binance" else KrakenServer()
    exchange, _, channel = request.param.partition("-")
    feed = CcxtFeed(exchange, config=server.config, channels=(channel or "trades",))
    text = {"kraken": TRADES, "kraken-bars": CANDLES, "binance": TRADE}[request.param]
    yield Injected(feed, BINANCE if request.param == "binance" else KRAKEN), text.encode(), request.param
    feed.close()
    server.stop()


def test_what_is_damaged_is_refused_in_our_words(injected: tuple[Injected, bytes, str]) -> None:
    into, whole, door = injected
    kinds = set()
    for seed in range(MANY):
        items = into.came_of(one_damaged(Random(seed), whole))
        adds_up(items)
        kinds |= {type(item) for item in items}

    came = into.came_of(whole)
    assert kinds >= {"kraken": {MessagesRejected, FeedTicks}, "kraken-bars": {FeedBars}, "binance": {FeedTicks}}[door]
    assert adds_up(came) == 0
    assert [type(item) for item in came] == ([] if "bars" in door else [FeedTicks])
