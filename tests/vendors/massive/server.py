"""A small server that speaks Massive's protocol: its websocket of stocks, with sign-in and topics.

https://massive.com/docs/websocket/quickstart and .../websocket/stocks/aggregates-per-minute
"""

import json
from typing import Any

from websockets.sync.server import ServerConnection

from actors.vendors.massive.keys import MassiveKey
from messages import Bar
from tests.vendors.loopback import Loopback, tell

KEY = MassiveKey(key="sesame")


class MassiveServer:
    """A cluster of stocks.

    Args:
        no_right_to: topics that a subscription of is answered with ``not authorized``, which names none of them.
        greeting: what is said at once.
        signed_in: what a sign-in is answered with, in place of a judgement of the key.
    """

    def __init__(self, *, no_right_to: tuple[str, ...] = (), greeting: Any = None, signed_in: Any = None) -> None:
        self.no_right_to = no_right_to
        self.greeting = greeting or [status("connected", "Connected Successfully")]
        self.signed_in = signed_in
        self.requests: list[dict[str, Any]] = []
        self._sessions: dict[ServerConnection, set[str]] = {}
        self._loopback = Loopback(self._converse)
        self.start, self.stop, self.drop = self._loopback.start, self._loopback.stop, self._loopback.drop
        self.wait_until_left = self._loopback.wait_until_left

    @property
    def address(self) -> str:
        return self._loopback.address

    def wait_for_topics(self, *topics: str) -> None:
        """Wait until one connection has just these."""
        self._loopback.wait(lambda: [set(topics)] == list(self._sessions.values()), lambda: self._sessions)

    def send(self, *messages: dict[str, Any]) -> None:
        """Send messages, in one frame, to those who have their topic."""
        with self._loopback.changing():
            for connection, topics in self._sessions.items():
                wanted = [
                    message
                    for message in messages
                    if message["ev"] == "status"
                    or {f"{message['ev']}.{message.get('sym')}", f"{message['ev']}.*"} & topics
                ]
                if wanted:
                    tell(connection, json.dumps(wanted))

    def send_raw(self, frame: bytes | str) -> None:
        """Send any frame at all to everybody."""
        with self._loopback.changing():
            for connection in self._sessions:
                tell(connection, frame)

    def hang_up(self) -> None:
        """Close every connection in order."""
        with self._loopback.changing():
            for connection in self._sessions:
                connection.close()

    def _converse(self, connection: ServerConnection) -> None:
        connection.send(json.dumps(self.greeting))
        asked = json.loads(connection.recv())
        is_right = asked == {"action": "auth", "params": KEY.key}
        usual = status("auth_success", "authenticated") if is_right else status("auth_failed", "authentication failed")
        answer = self.signed_in or [usual]
        connection.send(json.dumps(answer))
        if answer[0]["status"] != "auth_success":
            return
        topics: set[str] = set()
        try:
            for text in connection:
                with self._loopback.changing():
                    self._hear(connection, json.loads(text), topics)
        finally:
            with self._loopback.changing():
                self._sessions.pop(connection, None)

    def _hear(self, connection: ServerConnection, said: dict[str, Any], topics: set[str]) -> None:
        self.requests.append(said)
        self._sessions[connection] = topics
        for topic in said["params"].split(","):
            if said["action"] == "unsubscribe":
                topics.discard(topic)
                connection.send(json.dumps([status("success", f"unsubscribed to: {topic}")]))
            elif topic in self.no_right_to:
                connection.send(json.dumps([status("error", "not authorized")]))
            else:
                topics.add(topic)
                connection.send(json.dumps([status("success", f"subscribed to: {topic}")]))


def status(kind: str, text: str) -> dict[str, Any]:
    return {"ev": "status", "status": kind, "message": text}


def aggregate(bar: Bar, kind: str = "AM", **more: Any) -> dict[str, Any]:
    prices: dict[str, Any] = {"o": bar.open, "h": bar.high, "l": bar.low, "c": bar.close, "v": bar.volume}
    start, end = bar.start_ns // 10**6, (bar.start_ns + bar.interval.span_ns) // 10**6
    return {"ev": kind, "sym": bar.symbol, **prices, "s": start, "e": end, **more}


def trade(symbol: str, at_ns: int, price: float, size: int, number: int, **more: Any) -> dict[str, Any]:
    numbers = {"x": 4, "i": str(number), "z": 3, "q": number, "c": [37]}
    return {"ev": "T", "sym": symbol, "p": price, "s": size, "t": at_ns // 10**6, **numbers, **more}
