"""The right to write to a store: one holder at a time, on a machine or a shared folder.

The operating system holds the lock, so it is released when its process dies, however it dies. The file's text
only says who the holder is.
"""

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from messages.errors import StoreLocked

LOCK_NAME = ".lock"

if sys.platform == "win32":  # pragma: no cover - coverage is measured on Unix
    import msvcrt

    # Windows lets nobody read a locked byte, so the lock lies far behind the text.
    _LOCKED_BYTE = 1 << 30

    def _take(handle: int) -> None:
        os.lseek(handle, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

    def _wait_for(handle: int) -> None:
        os.lseek(handle, _LOCKED_BYTE, os.SEEK_SET)
        while True:  # it gives up after ten seconds
            with suppress(OSError):
                return msvcrt.locking(handle, msvcrt.LK_LOCK, 1)

    def _give_back(handle: int) -> None:
        os.lseek(handle, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _take(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _wait_for(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX)

    def _give_back(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Be the only process of those that share a folder of locks; waits for its turn.

    Raises:
        OSError: the folder is gone, or cannot be written to.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _wait_for(handle)
        try:
            yield
        finally:
            _give_back(handle)
    finally:
        os.close(handle)


class StoreLock:
    """Held from its construction until ``release``; two in one process exclude each other too.

    Args:
        root: the folder.
        what: what it is, for who is refused.

    Raises:
        StoreLocked: somebody else holds it; the text names the process and the host.
        OSError: the folder cannot be written to.
    """

    def __init__(self, root: Path, what: str = "the store") -> None:
        self._handle: int | None = None
        handle = os.open(root / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _take(handle)
        except (BlockingIOError, PermissionError):
            holder = _text_of(handle) or "another process"
            os.close(handle)
            raise StoreLocked(f"{what} at {root} is being written to by {holder}") from None
        except OSError:
            os.close(handle)
            raise
        _say_who(handle)
        self._handle = handle

    def release(self) -> None:
        """Let others write; may be called twice."""
        handle, self._handle = self._handle, None
        if handle is not None:
            # Empty, since polars takes a folder for a data set only if its files are all alike, or empty.
            os.ftruncate(handle, 0)
            # A forked child may have a copy of the handle, and closing ours alone would leave it locked.
            _give_back(handle)
            os.close(handle)


def is_held(root: Path) -> bool:
    """Return whether somebody writes to a folder at the moment."""
    if not root.is_dir():
        return False
    try:
        lock = StoreLock(root)
    except StoreLocked:
        return True
    lock.release()
    return False


class NoLock:
    """Stands where nothing need be locked."""

    def release(self) -> None:
        """Do nothing."""


def _say_who(handle: int) -> None:
    os.ftruncate(handle, 0)
    os.lseek(handle, 0, os.SEEK_SET)
    os.write(handle, f"process {os.getpid()} on {platform.node()}\n".encode())


def _text_of(handle: int) -> str:
    os.lseek(handle, 0, os.SEEK_SET)
    return os.read(handle, 1000).decode(errors="replace").strip()
