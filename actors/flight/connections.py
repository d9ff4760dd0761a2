"""The connections of a server of ours, and how they are cut: gRPC itself waits for whoever does not answer for ever."""

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import suppress

_DESCRIPTORS = ("/proc/self/fd", "/dev/fd")


def cut(where: int | str) -> int:
    """Cut whatever has connected to a port, or a socket's path, at which this process listens; return how many.

    Who is cut off sees that its connection was lost. Where the system does not list descriptors nobody is.
    """
    count = 0
    for line in _sockets():
        with line, suppress(OSError, ValueError):
            if _listens(line) != where:
                continue
            line.getpeername()  # raises of the one that listens, which is not to be cut
            line.shutdown(socket.SHUT_RDWR)
            count += 1
    return count


def _listens(line: socket.socket) -> object:
    """Return the port, or the path, of this end of a connection."""
    name = line.getsockname()
    return name[1] if line.family in (socket.AF_INET, socket.AF_INET6) else name


def _sockets() -> Iterator[socket.socket]:
    """Yield every socket of this process, each by a descriptor of its own."""
    folder = next(filter(os.path.isdir, _DESCRIPTORS), None)
    for name in [] if folder is None else os.listdir(folder):
        with suppress(OSError, ValueError):
            if stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                yield socket.socket(fileno=os.dup(int(name)))
