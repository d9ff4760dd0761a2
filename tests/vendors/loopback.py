"""A port of this computer where a vendor's server of ours answers requests over HTTP, and speaks over websockets."""

import contextlib
import http
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

from tests.patience import PATIENCE_S


class Asked(NamedTuple):
    """A request over HTTP."""

    path: str
    query: dict[str, str]
    headers: Headers


class Answer(NamedTuple):
    """What it is answered with."""

    body: bytes
    status: int = 200
    kind: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


def tell(connection: ServerConnection, frame: bytes | str) -> None:
    """Send a frame; who has gone and is not forgotten yet hears nothing."""
    with contextlib.suppress(ConnectionClosed):
        connection.send(frame)


class Loopback:
    """May be stopped and started again at the same port.

    Args:
        converse: speaks with one websocket until it is closed.
        answer: what a request over HTTP is answered with; ``None``: never.
    """

    def __init__(
        self,
        converse: Callable[[ServerConnection], None] | None = None,
        answer: Callable[[Asked], Answer | None] | None = None,
    ) -> None:
        self._converse, self._answer = converse, answer
        self.connections: set[ServerConnection] = set()
        """Websockets that stand."""
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._server: Server | None = None
        self._port = 0
        self.start()

    @property
    def address(self) -> str:
        """``host:port``."""
        return f"127.0.0.1:{self._port}"

    def start(self) -> None:
        """Open the port, the same one as before."""
        self._stopping.clear()
        self._server = serve(
            self._serve, "127.0.0.1", self._port, compression=None, close_timeout=0.1, process_request=self._respond
        )
        self._port = self._server.socket.getsockname()[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Close every connection and the port."""
        assert self._server is not None
        self._stopping.set()
        self._server.shutdown()
        self.drop()

    def drop(self) -> None:
        """Break every websocket off, without a farewell."""
        with self._changed:
            connections, self.connections = self.connections, set()
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.socket.shutdown(socket.SHUT_RDWR)

    def wait(self, is_so: Callable[[], bool], what: Callable[[], Any] = lambda: "") -> None:
        """Wait until something is so that ``changing`` tells of."""
        with self._changed:
            assert self._changed.wait_for(is_so, PATIENCE_S), f"waited in vain: {what()}"

    def wait_until_left(self) -> None:
        """Wait until nobody is connected: who has gone is known to have gone only a moment later."""
        self.wait(lambda: not self.connections, lambda: self.connections)

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """Let nobody look while something changes, and those who wait look after it."""
        with self._changed:
            yield
            self._changed.notify_all()

    def _serve(self, connection: ServerConnection) -> None:
        assert self._converse is not None
        with self._changed:
            self.connections.add(connection)
        try:
            self._converse(connection)
        except (ConnectionClosed, OSError):
            pass
        finally:
            with self._changed:
                self.connections.discard(connection)
                self._changed.notify_all()

    def _respond(self, connection: ServerConnection, request: Request) -> Response | None:
        if "Upgrade" in request.headers:
            return None
        assert self._answer is not None
        parts = urlsplit(request.path)
        answer = self._answer(Asked(parts.path, dict(parse_qsl(parts.query)), request.headers))
        if answer is None:
            self._stopping.wait(PATIENCE_S)
            return Response(503, "Service Unavailable", Headers(Connection="close"))
        told = {"Content-Type": answer.kind, "Content-Length": str(len(answer.body)), "Connection": "close"}
        headers = Headers(**told)
        for name, value in answer.headers:
            headers[name] = value
        return Response(answer.status, http.HTTPStatus(answer.status).phrase, headers, answer.body)
