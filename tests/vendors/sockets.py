"""A port of this computer where a vendor's server of ours speaks over plain sockets."""

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any, Protocol

from tests.patience import PATIENCE_S


class Visitor(Protocol):
    """Somebody who is connected."""

    connection: socket.socket


class SocketServer:
    """May be stopped and started again at the same port; subclasses say what it says, in ``_converse``."""

    def __init__(self, visitor: Callable[[socket.socket], Any]) -> None:
        self.requests: list[Any] = []
        """All that was asked for, whoever it was."""
        self.visitors: list[Any] = []
        """Those that are connected, in the order in which they came."""
        self.port = 0
        self._visitor = visitor
        self._changed = threading.Condition()
        self._listener: socket.socket | None = None
        self.start()

    @property
    def place(self) -> str:
        """``host:port``."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Open the port, the same one as before."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop(self) -> None:
        """Close every connection and the port; may be called twice."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.drop()

    def drop(self) -> None:
        """Break every connection off, without a farewell."""
        with self._changed:
            visitors, self.visitors = self.visitors, []
            for visitor in visitors:
                _cut(visitor.connection)

    def wait(self, is_so: Callable[[], bool]) -> None:
        """Wait until something is so."""
        with self._changed:
            assert self._changed.wait_for(is_so, PATIENCE_S), f"waited in vain: {self.requests}"

    def wait_until_left(self) -> None:
        """Wait until nobody is connected: who has gone is known to have gone only a moment later."""
        self.wait(lambda: not self.visitors)

    def _converse(self, visitor: Any) -> None:
        """Speak with one until the connection is closed; an ``OSError`` closes it."""
        raise NotImplementedError

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        visitor = self._visitor(connection)
        with self._changed:
            self.visitors.append(visitor)
        try:
            self._converse(visitor)
        except OSError:
            pass
        finally:
            with self._changed:
                if visitor in self.visitors:
                    self.visitors.remove(visitor)
                _cut(connection)
                self._changed.notify_all()


def _cut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
