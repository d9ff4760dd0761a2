"""A small server that speaks Kraken's public protocol: its REST API, and version 2 of its websocket.

https://docs.kraken.com/api-reference/market-data/get-ohlc-data
https://docs.kraken.com/exchange/api-reference/spot-websocket-v2/trade
"""

import json
from datetime import UTC, datetime
from typing import Any

from websockets.sync.server import ServerConnection

from messages import Bar
from messages.values import MINUTE_NS, SECOND_NS
from tests.vendors.loopback import Answer, Asked, Loopback, tell

PAIRS = ("A/USD", "B/USD")


class KrakenServer:
    """Kraken with these pairs.

    Args:
        pairs: in the names of Kraken's websocket.
        refused: pairs that are listed, and that a subscription is refused for.
    """

    def __init__(self, pairs: tuple[str, ...] = PAIRS, refused: tuple[str, ...] = ()) -> None:
        self.pairs, self.refused = pairs, refused
        self.requests: list[Asked] = []
        self.subscriptions: list[dict[str, Any]] = []
        self.snapshot: list[dict[str, Any]] = []
        """Trades that a new subscription begins with."""
        self.listed: Answer | None = None
        """What it trades, in place of its pairs."""
        self.page: Answer | None = None
        """What every request is answered with, in place of what was asked for."""
        self._sessions: dict[ServerConnection, set[tuple[str, str]]] = {}
        self._loopback = Loopback(self._converse, self._answer)
        self.start, self.stop, self.drop = self._loopback.start, self._loopback.stop, self._loopback.drop
        self.wait_until_left = self._loopback.wait_until_left

    @property
    def address(self) -> str:
        """``host:port``."""
        return self._loopback.address

    @property
    def config(self) -> dict[str, Any]:
        """What ccxt's exchange is made with to find this server, and not to wait as it does for the real one."""
        return config_for(self._loopback.address)

    def wait_for_subscribers(self, *pairs: str, channel: str) -> None:
        """Wait until one connection follows at least these, and no other connection stands."""
        wanted = {(channel, pair) for pair in pairs}
        self._loopback.wait(
            lambda: len(self._sessions) == 1 and wanted <= next(iter(self._sessions.values())),
            lambda: (self._sessions, self.subscriptions),
        )

    def send(self, text: str) -> None:
        """Send a text to everybody."""
        with self._loopback.changing():
            for connection in self._sessions:
                tell(connection, text)

    def trade(self, pair: str, *trades: dict[str, Any]) -> None:
        """Tell trades of a pair to those who follow it."""
        self.publish("trade", pair, [{"symbol": pair, **trade} for trade in trades])

    def candle(self, *bars: Bar) -> None:
        """Tell those who follow it how a candle is now."""
        for bar in bars:
            self.publish("ohlc", bar.symbol, [ohlc(bar)])

    def publish(self, channel: str, pair: str, data: list[dict[str, Any]]) -> None:
        """Send an update of a channel to those who follow the pair in it."""
        with self._loopback.changing():
            for connection, followed in self._sessions.items():
                if (channel, pair) in followed:
                    tell(connection, json.dumps({"channel": channel, "type": "update", "data": data}))

    def _converse(self, connection: ServerConnection) -> None:
        connection.send(json.dumps({"channel": "status", "type": "update", "data": [{"system": "online"}]}))
        followed: set[tuple[str, str]] = set()
        try:
            for text in connection:
                with self._loopback.changing():
                    self._hear(connection, json.loads(text), followed)
        finally:
            with self._loopback.changing():
                self._sessions.pop(connection, None)

    def _hear(self, connection: ServerConnection, said: dict[str, Any], followed: set[tuple[str, str]]) -> None:
        self._sessions[connection] = followed
        if said["method"] == "ping":
            connection.send(json.dumps({"method": "pong"}))
            return
        self.subscriptions.append(said["params"])
        for pair in said["params"]["symbol"]:
            connection.send(json.dumps(self._granted(said, pair)))
            if pair in self.pairs and pair not in self.refused:
                followed.add((said["params"]["channel"], pair))
        if self.snapshot and said["params"]["channel"] == "trade":
            connection.send(json.dumps({"channel": "trade", "type": "snapshot", "data": self.snapshot}))

    def _granted(self, said: dict[str, Any], pair: str) -> dict[str, Any]:
        answer = {"method": "subscribe", "req_id": said["req_id"]}
        if pair in self.refused:
            return {**answer, "success": False, "error": f"Currency pair not supported {pair}", "symbol": pair}
        return {**answer, "success": True, "result": {"channel": said["params"]["channel"], "symbol": pair}}

    def _answer(self, asked: Asked) -> Answer | None:
        with self._loopback.changing():
            self.requests.append(asked)
        if self.page is not None:
            return self.page
        if asked.path == "/0/public/Assets":
            codes = {code for pair in self.pairs for code in pair.split("/")}
            return result({code: {"aclass": "currency", "altname": code, "decimals": 8, "status": "enabled"}
                           for code in codes})  # fmt: skip
        if asked.path == "/0/public/AssetPairs":
            return self.listed or result({pair.replace("/", ""): asset_pair(pair) for pair in self.pairs})
        return Answer(json.dumps({"error": ["EGeneral:Unknown method"]}).encode())


def config_for(address: str) -> dict[str, Any]:
    """Return what ccxt's exchange is made with to find a server there."""
    ws = {"publicV2": f"ws://{address}/v2"}
    return {"urls": {"api": {"public": f"http://{address}", "ws": ws}}, "rateLimit": 1, "timeout_on_exit": 1}


def result(found: Any) -> Answer:
    return Answer(json.dumps({"error": [], "result": found}).encode())


def asset_pair(pair: str) -> dict[str, Any]:
    base, quote = pair.split("/")
    return {
        "altname": base + quote,
        "wsname": pair,
        "aclass_base": "currency",
        "base": base,
        "aclass_quote": "currency",
        "quote": quote,
        "pair_decimals": 5,
        "lot_decimals": 8,
        "lot_multiplier": 1,
        "leverage_buy": [],
        "fees": [[0, 0.26]],
        "fees_maker": [[0, 0.16]],
        "ordermin": "0.0001",
        "status": "online",
    }


def ohlc(bar: Bar) -> dict[str, Any]:
    prices = {"open": bar.open, "high": bar.high, "low": bar.low, "close": bar.close, "volume": bar.volume}
    begin, end = spelled(bar.start_ns), spelled(bar.start_ns + MINUTE_NS)
    return {"symbol": bar.symbol, **prices, "trades": 3, "interval_begin": begin, "interval": 1, "timestamp": end}


def trade(at_ns: int, price: float, size: float, number: int) -> dict[str, Any]:
    stamp = spelled(at_ns)
    return {"side": "buy", "price": price, "qty": size, "ord_type": "limit", "trade_id": number, "timestamp": stamp}


def spelled(instant_ns: int) -> str:
    seconds, nanos = divmod(instant_ns, SECOND_NS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{nanos:09}Z"
