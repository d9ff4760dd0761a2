"""Files that are replaced whole: after a crash at any moment there is either the old one or the new one."""

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Condition
from typing import IO, TypeVar

from actors.storage.elsewhere.object_path import ObjectPath

UNFINISHED = ".tmp"

_ATTEMPTS = 40
_PAUSE_S = 0.05

R = TypeVar("R")


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Yield a file that takes the place of ``path`` once it is written; its folder is made if it is not there.

    That it did is certain to outlast a crash only once the folder was synced, see ``FolderSyncs``.

    Raises:
        OSError: the folder or the disk refuses; an old file is as it was.
    """
    if isinstance(path, ObjectPath):
        with path.replacing() as sink:
            yield sink
        return
    unfinished = unfinished_of(path)
    with _made(unfinished) as sink:
        yield sink
        sink.flush()
        os.fsync(sink.fileno())
    patiently(lambda: os.replace(unfinished, path))


def exists(path: Path) -> bool:
    """Return whether there is a file or folder; at half the cost of asking a ``Path``."""
    return path.exists() if isinstance(path, ObjectPath) else os.path.exists(path)


def names(folder: Path) -> list[str]:
    """Return what lies in a folder; nothing where there is none."""
    if isinstance(folder, ObjectPath):
        return folder.names()
    with suppress(FileNotFoundError, NotADirectoryError):
        return os.listdir(folder)
    return []


def folders(root: Path) -> list[str]:
    """Return which folders lie in one; none where there is none."""
    if isinstance(root, ObjectPath):
        return root.folders()
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(root) as entries:
        return [entry.name for entry in entries if entry.is_dir()]
    return []


def unfinished_of(path: Path) -> Path:
    """Return the file that is to take the place of another; readers of data sets skip what begins with a dot."""
    return path.with_name(f".{path.name}{UNFINISHED}")


class FolderSyncs:
    """Makes replaced files outlast a crash; for threads that replace files of one folder at once, in one go."""

    def __init__(self) -> None:
        self._folders: defaultdict[Path, _FolderSync] = defaultdict(_FolderSync)

    def sync(self, folder: Path) -> None:
        """Return once a sync of the folder, begun after this call, is done: by this thread or by another.

        Raises:
            OSError: the disk refuses.
        """
        if not isinstance(folder, ObjectPath):
            self._folders[folder].sync(folder)


class _FolderSync:
    """One folder's syncs: one at a time, each for everybody who came before it began."""

    def __init__(self) -> None:
        self._begun = 0
        self._done = 0
        self._is_running = False
        self._changed = Condition()

    def sync(self, folder: Path) -> None:
        with self._changed:
            mine = self._begun + 1
            self._changed.wait_for(lambda: self._done >= mine or not self._is_running)
            if self._done >= mine:
                return
            self._begun += 1
            self._is_running = True
        done = self._done
        try:
            _sync_folder(folder)
            done = self._begun
        finally:
            with self._changed:
                self._done, self._is_running = done, False
                self._changed.notify_all()


def patiently(step: Callable[[], R]) -> R:
    """Do what Windows may refuse for a moment: replace a file that somebody reads, or open one that is replaced.

    Raises:
        PermissionError: it was refused for two seconds.
    """
    for _ in range(_ATTEMPTS):
        with suppress(PermissionError):
            return step()
        time.sleep(_PAUSE_S)
    return step()


def _made(path: Path) -> IO[bytes]:
    try:
        return path.open("wb")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("wb")


def _sync_folder(folder: Path) -> None:
    # Windows opens no folders, and keeps their entries safe by itself.
    with suppress(PermissionError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
