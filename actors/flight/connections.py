"""The connections of a server of ours, and how they are cut: gRPC itself waits for whoever does not answer for ever."""

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import suppress

_DESCRIPTORS = ("/proc/self/fd", "/dev/fd")


def cut(port: int) -> int:
    """Cut whatever has connected to a port that this process listens at; return how many there were.

    Who is cut off sees that its connection was lost. Where the system does not list descriptors nobody is.
    """
    count = 0
    for line in _sockets():
        with line, suppress(OSError, ValueError):
            is_ours = line.family in (socket.AF_INET, socket.AF_INET6) and line.getsockname()[1] == port
            if is_ours and line.getpeername():
                line.shutdown(socket.SHUT_RDWR)
                count += 1
    return count


def _sockets() -> Iterator[socket.socket]:
    """Yield every socket of this process, each by a descriptor of its own."""
    folder = next(filter(os.path.isdir, _DESCRIPTORS), None)
    for name in [] if folder is None else os.listdir(folder):
        with suppress(OSError, ValueError):
            if stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                yield socket.socket(fileno=os.dup(int(name)))
