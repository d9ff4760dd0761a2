"""What becomes of journals whose day is over, or that cannot be read."""

import itertools
from contextlib import closing, suppress
from pathlib import Path

from actors.storage.journal.file import JournalFile, journals
from messages.errors import BarkeeperError
from messages.values import Nanos


def finish(path: Path) -> None:
    """Note that the day of a journal is in the store, if there is such a journal.

    Raises:
        DataError: it cannot be read.
        OSError: the disk refuses.
    """
    if not path.is_file():
        return
    with closing(JournalFile(path)) as file:
        file.finish()


def prune(folder: Path, before_ns: Nanos) -> None:
    """Delete the journals of days that are in the store and ended before a moment; one that cannot be read stays."""
    for path in journals(folder):
        with suppress(BarkeeperError, OSError):
            with closing(JournalFile(path, read_only=True)) as file:
                opening = file.opening()
                is_over = opening is not None and opening.session.end_ns < before_ns
                is_old = is_over and file.is_finished
            if is_old:
                for one in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
                    one.unlink(missing_ok=True)


def put_aside(path: Path) -> Path:
    """Give a journal that cannot be read a name beside it that nothing has; return that."""
    names = (path.with_name(f"{path.name}.damaged{number or ''}") for number in itertools.count())
    aside = next(name for name in names if not name.exists())
    path.rename(aside)
    return aside
