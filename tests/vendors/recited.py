"""A far side that says what it has to say whatever it is asked, and hangs up."""

import socket

from tests.vendors.sockets import SocketServer


class _Hearer:
    """Somebody who is connected."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection


class Recited(SocketServer):
    """A port at which bytes are said to whoever connects.

    Args:
        parts: what is said, each after something was heard; after nothing it is said at once.
    """

    def __init__(self, *parts: tuple[bytes, bytes]) -> None:
        self.parts = parts
        super().__init__(_Hearer)

    def _converse(self, visitor: _Hearer) -> None:
        line, heard = visitor.connection, b""
        for cue, said in self.parts:
            while cue not in heard and (came := line.recv(1 << 16)):
                heard += came
            line.sendall(said)
        line.shutdown(socket.SHUT_WR)
        while line.recv(1 << 16):  # closed with something unread, it would take back what was said
            pass
