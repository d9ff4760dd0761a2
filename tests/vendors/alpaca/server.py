"""A small server that speaks Alpaca's market-data protocol: MessagePack, sign-in by message, errors by number."""

import struct
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec.msgpack import Ext
from websockets.sync.server import ServerConnection

from actors.vendors.alpaca.keys import AlpacaKeys
from tests.vendors.loopback import Loopback, tell

KEYS = AlpacaKeys(key="AKTEST", secret="sesame")
CHANNELS = ("trades", "quotes", "bars", "updatedBars", "dailyBars", "statuses")
FREE_PLAN = {("trades", "quotes"): 30}
"""How many a free account may have in these channels together; of bars any number."""


def stamp(instant_ns: int, *, long: bool = False) -> Ext:
    """Return a time in MessagePack's timestamp extension, as short as it may be, or 12 bytes long."""
    seconds, nanos = divmod(instant_ns, 10**9)
    if long:
        return Ext(-1, struct.pack(">Iq", nanos, seconds))
    if nanos == 0 and seconds < 1 << 32:
        return Ext(-1, struct.pack(">I", seconds))
    return Ext(-1, struct.pack(">Q", nanos << 34 | seconds))


class AlpacaServer:
    """One endpoint on this machine; may be stopped and started again at the same port.

    Args:
        limits: how many there may be in one session in these channels together; a request for more is refused (405)
            and changes nothing.
        no_right_to: a request that names one of these channels is refused (409).
        no_symbols: a request that names one of these is refused (400).
        greeting: what is said at once, in place of ``connected``.
        signed_in: what a sign-in is answered with, in place of a judgement of the keys.
    """

    def __init__(
        self,
        *,
        limits: Mapping[tuple[str, ...], int] = FREE_PLAN,
        no_right_to: tuple[str, ...] = (),
        no_symbols: tuple[str, ...] = (),
        greeting: Any = None,
        signed_in: Any = None,
    ) -> None:
        self.limits, self.no_right_to, self.no_symbols = limits, no_right_to, no_symbols
        self.greeting = greeting if greeting is not None else [{"T": "success", "msg": "connected"}]
        self.signed_in = signed_in
        self.is_mute = False
        """Whether requests get no answer, though what they ask for."""
        self.withheld: tuple[str, ...] = ()
        """Channels that no subscription gets."""
        self.requests: list[dict[str, Any]] = []
        self._sessions: dict[ServerConnection, dict[str, set[str]]] = {}
        self._loopback = Loopback(self._converse)
        self.start, self.stop, self.drop = self._loopback.start, self._loopback.stop, self._loopback.drop
        self.wait_until_left = self._loopback.wait_until_left

    @property
    def url(self) -> str:
        return f"ws://{self._loopback.address}"

    def wait_for_subscribers(self, *symbols: str, channel: str = "bars") -> None:
        """Wait until some connection has subscribed all of these, and no more than these."""

        def is_so() -> bool:
            standing = (has for who, has in self._sessions.items() if who in self._loopback.connections)
            return any(has[channel] == set(symbols) for has in standing)

        self._wait(is_so)

    def subscribed(self) -> dict[str, set[str]]:
        """Return what the only connection has, by channel."""
        with self._loopback.changing():
            (channels,) = self._sessions.values()
            return {name: set(symbols) for name, symbols in channels.items()}

    def wait_for_requests(self, count: int) -> None:
        self._wait(lambda: len(self.requests) >= count)

    def _wait(self, is_so: Callable[[], bool]) -> None:
        self._loopback.wait(is_so, lambda: (self._sessions, self.requests))

    def send(self, *messages: dict[str, Any]) -> None:
        """Send messages to every connection that has subscribed their symbol, in one frame."""
        with self._loopback.changing():
            for connection, channels in self._sessions.items():
                symbols = set().union(*channels.values())
                wanted = [m for m in messages if m.get("S", "") in symbols or "*" in symbols or "S" not in m]
                if wanted:
                    tell(connection, msgspec.msgpack.encode(wanted))

    def send_raw(self, frame: bytes | str) -> None:
        """Send any frame at all to every connection."""
        with self._loopback.changing():
            for connection in self._sessions:
                tell(connection, frame)

    def _converse(self, connection: ServerConnection) -> None:
        try:
            _answer(connection, self.greeting)
            if self._sign_in(connection):
                self._subscriptions(connection)
        finally:
            with self._loopback.changing():
                self._sessions.pop(connection, None)

    def _sign_in(self, connection: ServerConnection) -> bool:
        asked = msgspec.msgpack.decode(_whole(connection))
        is_right = asked == {"action": "auth", "key": KEYS.key, "secret": KEYS.secret}
        answer = self.signed_in or (
            [{"T": "success", "msg": "authenticated"}] if is_right else [failure(402, "auth failed")]
        )
        _answer(connection, answer)
        return bool(answer[0]["T"] == "success")

    def _subscriptions(self, connection: ServerConnection) -> None:
        channels: dict[str, set[str]] = {channel: set() for channel in CHANNELS}
        while True:
            request = msgspec.msgpack.decode(_whole(connection))
            with self._loopback.changing():
                answer = self._changes(request, channels)
                if not self.is_mute:
                    _answer(connection, answer)
                self._sessions[connection] = channels
                self.requests.append(request)

    def _changes(self, request: dict[str, Any], channels: dict[str, set[str]]) -> list[dict[str, Any]]:
        asked = {channel: set(request.get(channel, ())) for channel in CHANNELS if channel not in self.withheld}
        is_more = request["action"] == "subscribe"
        after = {name: (channels[name] | more if is_more else channels[name] - more) for name, more in asked.items()}
        if is_more and set().union(*asked.values()) & set(self.no_symbols):
            return [failure(400, "invalid syntax")]
        if any(asked.get(channel) for channel in self.no_right_to):
            return [failure(409, "insufficient subscription")]
        counts = {together: sum(len(after.get(name, ())) for name in together) for together in self.limits}
        if any(counts[together] > most for together, most in self.limits.items()):
            return [failure(405, "symbol limit exceeded")]
        channels.update(after)
        return [{"T": "subscription", **{name: sorted(symbols) for name, symbols in channels.items()}}]


def failure(code: int, text: str) -> dict[str, Any]:
    return {"T": "error", "code": code, "msg": text}


def bar_message(symbol: str, start_ns: int, close: float = 10.0, kind: str = "b", **more: Any) -> dict[str, Any]:
    prices = {"o": close, "h": close, "l": close, "c": close}
    return {"T": kind, "S": symbol, **prices, "v": 100, "t": stamp(start_ns), "n": 3, "vw": close, **more}


def _answer(connection: ServerConnection, messages: Any) -> None:
    connection.send(messages if isinstance(messages, bytes | str) else msgspec.msgpack.encode(messages))


def _whole(connection: ServerConnection) -> bytes:
    message = connection.recv()
    assert isinstance(message, bytes)
    return message
