"""The far side of a TCP connection that sends lines."""

import socket
import struct
import threading

from tests.feeds.listening import PATIENCE_S


class LineServer:
    """Sends what it is given to whoever is connected last; may be left and found again at the same port."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(PATIENCE_S)
        self.port = int(self._listening.getsockname()[1])
        self._there: socket.socket | None = None
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def _accept(self) -> None:
        self._there, _ = self._listening.accept()

    def write(self, data: bytes) -> None:
        self._accepting.join(PATIENCE_S)
        assert self._there is not None, "nobody connected"
        self._there.sendall(data)

    def hang_up(self) -> None:
        """Close this connection, and wait for the next."""
        self._accepting.join(PATIENCE_S)
        assert self._there is not None, "nobody connected"
        self._there.close()
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def break_off(self) -> None:
        """Close this connection in such a way that the far side notices with an error."""
        self._accepting.join(PATIENCE_S)
        assert self._there is not None, "nobody connected"
        self._there.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._there.close()

    def close(self) -> None:
        if self._accepting.is_alive():  # nobody came: let it accept ourselves
            socket.create_connection(("127.0.0.1", self.port)).close()
            self._accepting.join(PATIENCE_S)
        if self._there is not None:
            self._there.close()
        self._listening.close()
