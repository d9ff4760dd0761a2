"""alpaca-py's stream, driven read by read: its connection, sign-in and subscriptions, without its loop.

Its own loop logs protocol errors and goes on, connects again by itself, and cannot be paused; here an error is
raised or answered, and ``runner`` does the rest. Imported only when a connection is made: alpaca-py is an extra.
"""

import asyncio
import logging
from collections.abc import Iterable
from typing import Any

import msgspec
from alpaca.data.live.stock import StockDataStream
from websockets.exceptions import WebSocketException

from actors.vendors.alpaca.keys import AlpacaKeys
from messages.errors import ConnectionLost, FeedRefused

_LEAVING_S = 0.5
_MOST_FRAMES = 256
"""In one read: at full flood this is some ten milliseconds of work."""
_FINAL = ("auth failed", "insufficient subscription")
"""What a refused sign-in says (402, 409). The rest, such as 404 auth timeout or 406 connection limit, passes."""

_SILENT = logging.Logger("barkeeper.websocket", logging.CRITICAL + 1)
"""For websockets, whose debug log would show the keys that are sent."""

_PARAMETERS: dict[str, Any] = {
    "ping_interval": 10,
    "ping_timeout": 20,
    "close_timeout": 0.5,
    "open_timeout": 10,
    "max_queue": 1024,
    "max_size": None,
    "logger": _SILENT,
}


class AlpacaStream(StockDataStream):
    """One connection. Everything is awaited in one event loop, which runs only while something is."""

    _ws: Any
    """The library says ``None``, and means a connection of ``websockets.legacy``."""

    def __init__(self, keys: AlpacaKeys, url: str) -> None:
        super().__init__(keys.key, keys.secret, raw_data=True, websocket_params=dict(_PARAMETERS), url_override=url)

    async def open(self) -> None:
        """Connect and sign in.

        Raises:
            ConnectionLost: it did not work this time.
            FeedRefused: the keys are wrong, or give no right to this stream.
        """
        try:
            await self._start_ws()
        except ValueError as error:  # what the far side says, in the library's words
            kind = FeedRefused if str(error) in _FINAL else ConnectionLost
            raise kind(f"Alpaca: {error}") from None
        except (OSError, WebSocketException) as error:
            raise ConnectionLost(f"Alpaca cannot be reached: {_told(error)}") from error
        except (TypeError, KeyError, IndexError) as error:  # the library takes a greeting for what it should be
            raise ConnectionLost(f"what answers is not Alpaca's stream: {error!r}") from error

    async def ask_for(self, action: str, channels: Iterable[str], symbols: list[str]) -> None:
        """Subscribe or unsubscribe symbols; the answer comes among the frames.

        Raises:
            ConnectionLost: the connection broke.
        """
        await self._send({"action": action, **dict.fromkeys(channels, symbols)})

    async def frames(self, timeout_s: float) -> list[bytes | str]:
        """Return the frames that are there, or the first that comes in that time.

        Raises:
            ConnectionLost: the connection broke.
        """
        try:
            found: list[bytes | str] = [await asyncio.wait_for(self._ws.recv(), timeout_s)]
        except TimeoutError:
            return []
        except (OSError, WebSocketException) as error:
            raise ConnectionLost(f"Alpaca: {_told(error)}") from error
        while len(found) < _MOST_FRAMES and self._ws.messages:  # one that is there comes at once, and without fail
            found.append(await self._ws.recv())
        return found

    async def leave(self) -> None:
        """Close the connection, by force if the far side does not answer."""
        ws = self._ws
        if ws is None:
            return
        try:
            await asyncio.wait_for(self.close(), _LEAVING_S)
        except (OSError, WebSocketException):  # of what kind is of no interest any more
            ws.transport.abort()

    async def _send(self, message: dict[str, Any]) -> None:
        packed, size = msgspec.msgpack.encode(message), self._max_frame_size
        try:
            await self._ws.send([packed[at : at + size] for at in range(0, len(packed), size)])
        except (OSError, WebSocketException) as error:
            raise ConnectionLost(f"Alpaca: {_told(error)}") from error


def _told(error: Exception) -> str:
    return str(error) or type(error).__name__
