"""The file of a UNIX socket at which a session is served: whom its mode lets in is the one who serves.

gRPC makes the file with the mode that happens, and takes the place of whoever serves there already. So it is made in a
folder that nobody else can enter, gets its mode there, and is moved to its place when that is free.
"""

import contextlib
import os
import socket
import stat
import tempfile
from pathlib import Path

from messages.errors import SettingsError

_LONGEST = 103
"""In bytes: macOS has room for 104 with the byte that ends it, Linux for 108."""
_PATIENCE_S = 1.0


class SocketFile:
    """Where gRPC binds, and where clients find it.

    Args:
        path: where clients find it.

    Raises:
        SettingsError: there it cannot be, or somebody is there.
    """

    def __init__(self, path: str) -> None:
        if not hasattr(socket, "AF_UNIX"):
            raise SettingsError("this system has no UNIX sockets: name a port")
        self._path = Path(path)
        if self._is_taken():
            raise SettingsError(f"cannot serve at {path}: somebody does already, or it is no socket")
        try:
            self._folder = Path(tempfile.mkdtemp(prefix=".", dir=self._path.parent))
        except OSError as error:
            raise SettingsError(f"cannot serve at {path}: {error.strerror or error}") from error
        self.bound = self._folder / "s"
        """Where it is bound; connections are known by this name afterwards, too."""
        if len(os.fsencode(self.bound)) > _LONGEST or len(os.fsencode(path)) > _LONGEST:
            self._folder.rmdir()
            raise SettingsError(f"{path} is too long for the path of a socket, of which {_LONGEST} bytes are kept")
        self._own: tuple[int, int] | None = None

    def publish(self) -> None:
        """Let clients find what has been bound."""
        self.bound.chmod(0o600)
        self._own = _identity(self.bound)
        self.bound.rename(self._path)
        self._folder.rmdir()

    def remove(self) -> None:
        """Leave nothing; what others have put there meanwhile stays."""
        with contextlib.suppress(OSError):
            if self._own is None:
                self.bound.unlink(missing_ok=True)
                self._folder.rmdir()
            elif _identity(self._path) == self._own:
                self._path.unlink()

    def _is_taken(self) -> bool:
        """Return whether a file is there that is no socket, or a socket that somebody answers at."""
        try:
            if not stat.S_ISSOCK(self._path.lstat().st_mode):
                return True
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
                line.settimeout(_PATIENCE_S)
                line.connect(str(self._path))
        except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
            return False
        except OSError:
            return True
        return True


def _identity(path: Path) -> tuple[int, int]:
    there = path.lstat()
    return there.st_dev, there.st_ino
