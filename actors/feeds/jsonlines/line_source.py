"""Where lines come from: standard input, a file that grows, or a TCP connection."""

import os
import queue
import socket
import threading
from pathlib import Path
from typing import BinaryIO, Protocol

from actors.kernel.telemetry import note
from messages.errors import ConnectionLost

_CHUNK = 1 << 16
_CHUNKS_HELD = 64
_REACH_S = 1.0


_PROBES = (10, 5, 4)
"""Seconds of quiet before the first, seconds between them, and how many go without an answer."""


class LineSource(Protocol):
    """Bytes as they come; all from one thread."""

    @property
    def is_remote(self) -> bool:
        """Whether silence may mean that the connection is dead."""
        ...

    def open(self) -> None:
        """Begin. Raises ``ConnectionLost``: there is nobody, or no such file."""
        ...

    def read(self, timeout_s: float) -> bytes | None:
        """Return what came, nothing if nothing did in that time, ``None`` at the end. Raises ``ConnectionLost``."""
        ...

    def close(self) -> None:
        """Release what is held; may be called twice, and before ``open``."""
        ...


class PipeSource:
    """A pipe, such as standard input; its end is the end of the feed.

    No system lets every kind of pipe be waited for with a timeout, so a thread waits: it is a daemon, and what it
    has read when the source is closed is there when it is opened again.

    Args:
        descriptor: the file descriptor to read; 0 is standard input.
    """

    is_remote = False

    def __init__(self, descriptor: int = 0) -> None:
        self._descriptor = descriptor
        self._chunks: queue.Queue[bytes | None] = queue.Queue(_CHUNKS_HELD)
        self._thread = threading.Thread(target=self._pump, name="barkeeper-pipe", daemon=True)

    def open(self) -> None:
        """Let the thread begin, the first time."""
        if self._thread.ident is None:
            self._thread.start()

    def read(self, timeout_s: float) -> bytes | None:
        """Return the next chunk."""
        try:
            chunk = self._chunks.get(timeout=timeout_s)
        except queue.Empty:
            return b""
        if chunk is None:
            self._chunks.put(None)  # an end stays an end
        return chunk

    def close(self) -> None:
        """Do nothing: the pipe is not ours."""

    def _pump(self) -> None:
        try:
            # Not sys.stdin: a daemon thread that holds its lock breaks the end of the interpreter.
            while chunk := os.read(self._descriptor, _CHUNK):
                self._chunks.put(chunk)
        except OSError as error:  # closed under our hands: the end as well
            note("pipe_broke", descriptor=self._descriptor, error=str(error))
        self._chunks.put(None)


class FileSource:
    """A file that grows: read from its start, or its present end, and then as it grows; it never ends.

    A file that was replaced or cut short is read anew from its start.

    Args:
        path: the file; while it is not there, there is no connection.
        from_end: whether to leave out what it holds when it is opened for the first time.
    """

    is_remote = False

    def __init__(self, path: Path, *, from_end: bool = False) -> None:
        self._path = path
        self._from_end = from_end
        self._file: BinaryIO | None = None
        self._left: tuple[tuple[int, int], int] | None = None
        """Which file was closed, and how far it had been read."""
        self._patience = threading.Event()

    def open(self) -> None:
        """Open the file; go on where it was left, if it is still the same."""
        try:
            file = self._file = self._path.open("rb")
        except OSError as error:
            raise ConnectionLost(f"{self._path} cannot be opened: {error.strerror}") from error
        if self._from_end:
            file.seek(0, os.SEEK_END)
        elif self._left is not None and _identity(os.fstat(file.fileno())) == self._left[0]:
            file.seek(self._left[1])
        self._from_end = False

    def read(self, timeout_s: float) -> bytes | None:
        """Return what was appended."""
        assert self._file is not None
        chunk = self._file.read(_CHUNK)
        if not chunk and self._is_replaced(self._file):
            self.close()
            self._left = None
            self.open()
        elif not chunk:
            self._patience.wait(timeout_s)
        return chunk

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._left = (_identity(os.fstat(self._file.fileno())), self._file.tell())
            self._file.close()
            self._file = None

    def _is_replaced(self, file: BinaryIO) -> bool:
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False  # moved away: until a new one is there, the old one may still grow
        return _identity(there) != _identity(os.fstat(file.fileno())) or there.st_size < file.tell()


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


class SocketSource:
    """A TCP connection to whoever sends lines; a connection that ends is lost, and may be made again.

    While nothing comes, the network asks the far side every few seconds whether it is there (tcp(7), ``TCP_KEEPIDLE``),
    and after half a minute without an answer the connection is lost.

    Args:
        host: name or address.
        port: its port.
    """

    is_remote = True

    def __init__(self, host: str, port: int) -> None:
        self._place = (host, port)
        self._socket: socket.socket | None = None
        self.is_probed = False
        """Whether the network asks; a system that cannot is left to the runner's patience."""

    def open(self) -> None:
        """Connect."""
        try:
            self._socket = socket.create_connection(self._place, timeout=_REACH_S)
        except OSError as error:
            raise ConnectionLost(f"{self._place[0]}:{self._place[1]} cannot be reached: {error}") from error
        self.is_probed = _probe(self._socket)

    def read(self, timeout_s: float) -> bytes | None:
        """Return what came."""
        assert self._socket is not None
        self._socket.settimeout(timeout_s)
        try:
            chunk = self._socket.recv(_CHUNK)
        except TimeoutError:
            return b""
        except OSError as error:
            raise ConnectionLost(f"{self._place[0]}:{self._place[1]}: {error}") from error
        if not chunk:
            raise ConnectionLost(f"{self._place[0]}:{self._place[1]} closed the connection")
        return chunk

    def close(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _probe(connection: socket.socket) -> bool:
    """Have the network probe the far side of a connection that is quiet; return whether it can."""
    # Names differ from system to system: macOS has TCP_KEEPALIVE for the first of them.
    idle = getattr(socket, "TCP_KEEPIDLE", getattr(socket, "TCP_KEEPALIVE", None))
    options = idle, getattr(socket, "TCP_KEEPINTVL", None), getattr(socket, "TCP_KEEPCNT", None)
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in zip(options, _PROBES, strict=True):
            if option is None:
                return False
            connection.setsockopt(socket.IPPROTO_TCP, option, value)
    except OSError:
        return False
    return True
