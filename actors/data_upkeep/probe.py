"""Trying the store: whether it can be written to, and how much room there is. Runs on a worker."""

import shutil
import tempfile
from pathlib import Path

from actors.kernel.address import Address
from messages.readiness import CheckStore, StoreChecked


class StoreProbe:
    """Turns ``CheckStore`` into ``StoreChecked``, told to ``reply_to``.

    Args:
        folder: where the store is, or will be made; ``None``: it is no folder, and is taken to be writable.
        reply_to: who is told.
    """

    def __init__(self, folder: Path | None, reply_to: Address[StoreChecked]) -> None:
        self._folder = folder
        self._reply_to = reply_to

    def check(self, job: CheckStore) -> None:
        """Write a file beside the store's own, and take it away again."""
        del job
        self._reply_to.tell(StoreChecked(is_writable=True) if self._folder is None else _checked(self._folder))

    def broke(self, job: CheckStore, error: BaseException) -> None:
        """Tell of a bug in here as of a store that cannot be written to."""
        del job
        self._reply_to.tell(StoreChecked(is_writable=False, reason=f"a bug in the probe: {error!r}"))

    def late(self, job: CheckStore, reason: str) -> None:
        """Tell of a store that does not come back with an answer."""
        del job
        self._reply_to.tell(StoreChecked(is_writable=False, reason=reason))


def _checked(folder: Path) -> StoreChecked:
    free_bytes = None
    try:
        there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        free_bytes = shutil.disk_usage(there).free
        with tempfile.TemporaryFile(prefix=".probe-", dir=there) as file:
            file.write(b"can this be written?")
            file.flush()
    except OSError as error:
        return StoreChecked(is_writable=False, free_bytes=free_bytes, reason=str(error))
    return StoreChecked(is_writable=True, free_bytes=free_bytes)
