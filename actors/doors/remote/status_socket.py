"""How ``status`` reaches a running ``live``: where their sockets lie, and what is said on them."""

import os
import socket
import stat
import sys
import tempfile
from pathlib import Path

import msgspec

from messages.errors import SettingsError

LONGEST_REQUEST = 4096
"""In bytes."""

_LONGEST_PATH = 103
"""In bytes: macOS has room for 104 with the byte that ends it, Linux for 108."""
_SUFFIX = ".sock"


class StatusRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="status"):
    """How are you? Answered with a ``LiveLook`` as JSON."""


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag="refused"):
    """What is answered to anything else."""

    reason: str


def is_possible() -> bool:
    """Whether this system has Unix-domain sockets that Python can use."""
    return sys.platform != "win32" and hasattr(socket, "AF_UNIX")


def folder() -> Path:
    """Return the folder of the sockets, made if need be: nobody else can enter it.

    Raises:
        SettingsError: the one in the temp directory is somebody else's, or open to others.
    """
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        place = Path(runtime) / "barkeeper"
    else:
        place = Path(tempfile.gettempdir()) / f"barkeeper-{os.getuid()}"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    there = place.lstat()
    if not stat.S_ISDIR(there.st_mode) or there.st_uid != os.getuid() or stat.S_IMODE(there.st_mode) & 0o077:
        raise SettingsError(f"{place} must be a folder of yours that nobody else can enter (mode 700)")
    return place


def socket_of(pid: int) -> Path:
    """Return the path of a process's socket.

    Raises:
        SettingsError: it is longer than a socket's path may be, or ``folder`` cannot be used.
    """
    path = folder() / f"{pid}{_SUFFIX}"
    if len(os.fsencode(path)) > _LONGEST_PATH:
        raise SettingsError(
            f"{path} is longer than the {_LONGEST_PATH} bytes that a socket's path may have: "
            f"set XDG_RUNTIME_DIR, or TMPDIR, to a shorter folder"
        )
    return path


def running() -> list[int]:
    """Return the processes that answer, ascending; sockets that nobody listens at any more are removed."""
    pids = [int(path.stem) for path in folder().glob(f"*{_SUFFIX}") if path.stem.isdecimal()]
    return [pid for pid in sorted(pids) if _is_answered(socket_of(pid))]


def connected(path: Path, timeout_s: float) -> socket.socket:
    """Return a connection to whoever listens at a path; raises ``OSError`` where nobody does."""
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.settimeout(timeout_s)
    try:
        line.connect(str(path))
    except OSError:
        line.close()
        raise
    return line


def _is_answered(path: Path) -> bool:
    try:
        connected(path, 1.0).close()
    except (ConnectionRefusedError, FileNotFoundError):
        path.unlink(missing_ok=True)
        return False
    return True
