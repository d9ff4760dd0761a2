"""The client's stream, driven read by read: its address, its TLS and its requests, without its loop.

Its own loop tries a far side that refuses it again for ever, and says so in a log only; it takes a connection that was
closed in order for the end of all, and prints why. Here an error is raised, and ``runner`` does the rest. Imported only
when a connection is made: the package ``massive`` is an extra.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterable
from typing import Any

import msgspec
from massive import WebSocketClient
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from actors.vendors.massive.keys import MassiveKey
from messages.errors import UNREADABLE, ConnectionLost, FeedRefused

_LEAVING_S = 0.5
_AT_ONCE = 500
"""Symbols in one request."""
_FINAL = {"auth_failed"}
_SILENT = logging.Logger("barkeeper.websocket", logging.CRITICAL + 1)
"""For websockets, whose debug log would show the key that is sent."""


class MassiveStream(WebSocketClient):  # type: ignore[misc]  # its package has no types
    """One connection to one of Massive's clusters. Everything is awaited in one event loop.

    Args:
        key: of the account.
        host: such as ``socket.massive.com``.
        is_secure: whether TLS is spoken.
    """

    websocket: Any

    def __init__(self, key: MassiveKey, host: str, *, is_secure: bool) -> None:
        super().__init__(api_key=key.key, feed=host, market="stocks", raw=True, secure=is_secure)
        self._frames: list[bytes | str] = []
        self._is_news = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect and sign in.

        Raises:
            ConnectionLost: it did not work this time.
            FeedRefused: the key is wrong, or gives no right to this cluster.
        """
        try:
            self.websocket = await connect(
                self.url, ssl=self._ssl_context(), open_timeout=10, close_timeout=0.3, max_size=None, logger=_SILENT
            )
            self._check(await self.websocket.recv(), "connected")
            await self.websocket.send(msgspec.json.encode({"action": "auth", "params": self.api_key}).decode())
            self._check(await self.websocket.recv(), "auth_success")
        except (OSError, WebSocketException) as error:
            raise ConnectionLost(f"Massive cannot be reached: {_told(error)}") from error
        self._listening = asyncio.create_task(self._listen())

    async def ask_for(self, topics: Iterable[str], *, is_withdrawal: bool = False) -> None:
        """Subscribe or unsubscribe topics such as ``AM.AAPL``, and return when the far side has read it.

        Raises:
            ConnectionLost: the connection broke.
        """
        ask, wanted = self._unsubscribe if is_withdrawal else self._subscribe, list(topics)
        try:
            for first in range(0, len(wanted), _AT_ONCE):
                await ask(wanted[first : first + _AT_ONCE])
            if self.websocket is not None:
                await (await self.websocket.ping())
        except (OSError, WebSocketException) as error:
            raise ConnectionLost(f"Massive: {_told(error)}") from error

    async def frames(self, timeout_s: float) -> list[bytes | str]:
        """Return the frames that have come, or the first that comes in that time.

        Raises:
            ConnectionLost: the connection broke.
        """
        if not self._frames:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._is_news.wait(), timeout_s)
        self._is_news.clear()
        found, self._frames = self._frames, []
        if not found and self._listening is not None and self._listening.done():
            error = self._listening.exception()
            raise ConnectionLost(f"Massive: {'the connection was closed' if error is None else _told(error)}")
        return found

    async def leave(self) -> None:
        """Close the connection, by force if the far side does not answer."""
        if self._listening is not None:
            self._listening.cancel()
        websocket, self.websocket = self.websocket, None
        if websocket is None:
            return
        try:
            await asyncio.wait_for(websocket.close(), _LEAVING_S)
        except (OSError, WebSocketException, TimeoutError):
            websocket.transport.abort()

    async def _listen(self) -> None:
        assert self.websocket is not None
        try:
            async for frame in self.websocket:
                self._frames.append(frame)
                self._is_news.set()
        finally:
            self._is_news.set()

    def _check(self, frame: bytes | str, wanted: str) -> None:
        """Look whether the far side says what it should."""
        try:
            (status,) = msgspec.json.decode(frame, type=tuple[dict[str, Any], ...])
            said, text = str(status["status"]), str(status.get("message", ""))
        except (*UNREADABLE, ValueError, KeyError) as error:
            raise ConnectionLost(f"what answers is not Massive's stream: {type(error).__name__}") from error
        if said != wanted:
            kind = FeedRefused if said in _FINAL else ConnectionLost
            raise kind(f"Massive: {text or said} ({said})")


def _told(error: BaseException) -> str:
    return str(error) or type(error).__name__
