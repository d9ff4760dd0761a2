"""Small files, read once: a format is looked for, a name, members of a zip, and each time a file would be opened.

Thousands of small files are an import of a vendor's folder, and opening them is most of what that takes.
"""

import io
import os
import stat
import time
import zipfile
from functools import lru_cache
from pathlib import Path

_MOST_BYTES = 1 << 18
_MOST_UNPACKED = 1 << 20
_YOUNG_S = 0.1
"""Somebody may be writing to so young a file, and within one tick of the disk's clock it would look the same."""


class SmallFile:
    """A file's bytes, and what is in it where it is a zip.

    Args:
        raw: the bytes.
    """

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._unpacked: dict[str, bytes] = {}
        self._names: list[str] | None = None

    def names(self) -> list[str]:
        """Return the names within the zip, as it lists them.

        Raises:
            BadZipFile: it is none.
        """
        if self._names is None:
            self._open("")
        return list(self._names or ())

    def member(self, name: str) -> bytes | None:
        """Return what a file within the zip holds; ``None``: it is large, or cannot be read."""
        if name not in self._unpacked:
            self._open(name)
        return self._unpacked.get(name)

    def _open(self, wanted: str) -> None:
        with zipfile.ZipFile(io.BytesIO(self.raw)) as archive:
            self._names = archive.namelist()
            name = wanted or (self._names[0] if len(self._names) == 1 else "")
            try:
                if name and archive.getinfo(name).file_size <= _MOST_UNPACKED:
                    self._unpacked[name] = archive.read(name)
            except Exception:  # noqa: BLE001  # whoever reads it from the disk will say what is wrong
                self._unpacked.pop(name, None)


def small_file(path: Path) -> SmallFile | None:
    """Return a small file that nobody is writing to; ``None`` for any other.

    Raises:
        OSError: it is not there, or cannot be read.
    """
    found = os.stat(path)
    is_young = abs(time.time_ns() - found.st_mtime_ns) < _YOUNG_S * 1e9
    if not stat.S_ISREG(found.st_mode) or found.st_size > _MOST_BYTES or is_young:
        return None
    return _read(os.fspath(path), (found.st_mtime_ns, found.st_size, found.st_ino))


@lru_cache(maxsize=1)
def _read(path: str, state: tuple[int, int, int]) -> SmallFile:  # noqa: ARG001  # another state is another file
    with open(path, "rb") as file:
        return SmallFile(file.read())
