"""A small server that speaks Binance's public protocol: what there is to trade, and its stream of trades.

https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams: subscriptions are confirmed by their id
and no more, and each connection may have some of them.
"""

import json
from typing import Any

from websockets.sync.server import ServerConnection

from tests.vendors.ccxt.binance_history import PAIRS, market
from tests.vendors.loopback import Answer, Asked, Loopback, tell


class BinanceStreams:
    """Binance's spot market with these pairs."""

    def __init__(self, pairs: tuple[str, ...] = PAIRS) -> None:
        self.pairs = pairs
        self.connections = 0
        self._followed: dict[ServerConnection, set[str]] = {}
        self._loopback = Loopback(self._converse, self._answer)
        self.stop, self.drop = self._loopback.stop, self._loopback.drop

    @property
    def config(self) -> dict[str, Any]:
        """What ccxt's exchange is made with to find this server, and not to wait as it does for the real one."""
        address = self._loopback.address
        api = {"public": f"http://{address}/api/v3", "ws": {"spot": f"ws://{address}/ws"}}
        options = {"fetchMarkets": {"types": ["spot"]}}
        return {"urls": {"api": api}, "options": options, "rateLimit": 1, "timeout_on_exit": 1}

    def wait_for_followers(self, *pairs: str) -> None:
        wanted = {f"{pair.replace('/', '').lower()}@trade" for pair in pairs}
        self._loopback.wait(lambda: wanted <= set().union(*self._followed.values()), lambda: self._followed)

    def trade(self, pair: str, at_ms: int, price: float, size: float, number: int) -> None:
        """Tell a trade to those who follow its pair."""
        name = pair.replace("/", "")
        told = {"e": "trade", "E": at_ms, "s": name, "t": number, "p": repr(price), "q": repr(size), "T": at_ms}
        with self._loopback.changing():
            for connection, followed in self._followed.items():
                if f"{name.lower()}@trade" in followed:
                    tell(connection, json.dumps({**told, "m": True, "M": True}))

    def _converse(self, connection: ServerConnection) -> None:
        with self._loopback.changing():
            self.connections += 1
            followed = self._followed[connection] = set()
        try:
            for text in connection:
                said = json.loads(text)
                with self._loopback.changing():
                    if said["method"] == "SUBSCRIBE":
                        followed.update(said["params"])
                    connection.send(json.dumps({"result": None, "id": said["id"]}))
        finally:
            with self._loopback.changing():
                self._followed.pop(connection, None)

    def _answer(self, asked: Asked) -> Answer | None:
        if asked.path == "/api/v3/exchangeInfo":
            return Answer(json.dumps({"symbols": [market(pair) for pair in self.pairs]}).encode())
        return Answer(b'{"code": -1100, "msg": "Illegal characters found in a parameter."}', 400)
