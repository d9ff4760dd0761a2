"""A far side that says what it has to say whatever it is asked, and hangs up; in the event loop of who connects."""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Any

_CONNECT = asyncio.BaseEventLoop.create_connection


class Recited:
    """Whoever connects to any place comes here, over a pair of sockets: there is no port, and no thread is waited for.

    Its ``connection`` takes the place of ``create_connection``.
    """

    def __init__(self) -> None:
        self.parts: tuple[tuple[bytes, bytes], ...] = ()
        """What is said, each after something was heard; after nothing it is said at once."""
        self._line: socket.socket | None = None

    async def connection(self, protocol: Callable[[], Any], *_place: Any, **_more: Any) -> Any:
        """Connect."""
        self.leave()
        loop = asyncio.get_running_loop()
        theirs, self._line = socket.socketpair()
        self._line.setblocking(False)
        far = _Far(self._line, self.parts)
        loop.add_reader(self._line, far.hear, loop)
        return await _CONNECT(loop, protocol, sock=theirs)  # type: ignore[arg-type]  # every loop of ours is one

    def leave(self) -> None:
        """Be gone; may be called twice."""
        if self._line is not None:
            self._line.close()


class _Far:
    def __init__(self, line: socket.socket, parts: tuple[tuple[bytes, bytes], ...]) -> None:
        self._line = line
        self._heard = b""
        self._parts = iter(parts)
        self._next = next(self._parts, None)
        self._say()

    def hear(self, loop: asyncio.AbstractEventLoop) -> None:
        came = b""
        with contextlib.suppress(ConnectionError):
            came = self._line.recv(1 << 16)
        if not came:
            loop.remove_reader(self._line)
        self._heard += came
        self._say()

    def _say(self) -> None:
        while self._next is not None and self._next[0] in self._heard:
            self._line.sendall(self._next[1])
            self._next = next(self._parts, None)
            if self._next is None:
                self._line.shutdown(socket.SHUT_WR)
