"""Who writes to a store: one process, and in it one thread a day, or a year of days that lie together."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import Condition

from actors.storage.elsewhere.object_path import ObjectPath
from actors.storage.lock import NoLock, StoreLock, alone
from messages.errors import DataError


class Turns:
    """Lets one in after the other.

    Args:
        root: the store's folder.
        on_first: called before the first one is let in, once the process has the store's lock.
        read_only: whether nobody is let in.
        shared: a folder of locks, a file a turn, of processes that write together: who started them has the store's.
    """

    def __init__(
        self, root: Path, on_first: Callable[[], None], *, read_only: bool, shared: Path | None = None
    ) -> None:
        self._root = root
        self._read_only = read_only
        self._on_first = on_first
        self._shared = shared
        self._lock: StoreLock | NoLock | None = None
        self._busy: set[tuple[str, str]] = set()
        """The calendars and dates, or years, that are being written, each by one thread."""
        self._changed = Condition()

    def claim(self) -> None:
        """Take the lock now, and not with the first turn.

        Raises:
            StoreLocked: somebody else is writing to this store; names the process and the host.
            DataError: the store is open for reading only, or the disk refuses.
        """
        with explained("its lock", self._root), self._changed:
            self._open()

    @contextmanager
    def of(self, calendar: str, days: str) -> Iterator[None]:
        """Be the only thread that writes a day or a year, in the only process that writes to the store.

        Raises:
            StoreLocked: somebody else is writing to this store; names the process and the host.
            DataError: the store is open for reading only, or the disk refuses.
        """
        turn = (calendar, days)
        with explained(f"{calendar} on {days}", self._root), _on_condition(self._root):
            with self._changed:
                self._changed.wait_for(lambda: turn not in self._busy)
                self._open()
                self._busy.add(turn)
            try:
                with self.alone(f"{calendar}-{days}"):
                    yield
            finally:
                with self._changed:
                    self._busy.discard(turn)
                    self._changed.notify_all()

    def alone(self, what: str) -> AbstractContextManager[None]:
        """Return what keeps the other processes that share the store from the same."""
        return nullcontext() if self._shared is None else alone(self._shared / what.replace("/", "_"))

    def close(self) -> None:
        """Give the lock back once nobody writes; may be called twice. A later turn takes it again."""
        with self._changed:
            self._changed.wait_for(lambda: not self._busy)
            lock, self._lock = self._lock, None
            if lock is not None:
                lock.release()

    def _open(self) -> None:
        if self._read_only:
            raise DataError(f"the store at {self._root} is open for reading only")
        if self._lock is None and self._shared is None:
            self._root.mkdir(parents=True, exist_ok=True)
            self._lock = NoLock() if isinstance(self._root, ObjectPath) else StoreLock(self._root)
            self._on_first()


def _on_condition(root: Path) -> AbstractContextManager[None]:
    """In a bucket objects are replaced on a condition, in place of the lock."""
    return root.turn() if isinstance(root, ObjectPath) else nullcontext()


@contextmanager
def explained(days: str, root: Path) -> Iterator[None]:
    """Let what the disk refuses be an error that names the store.

    Raises:
        DataError: the disk refused.
    """
    try:
        yield
    except OSError as error:
        raise DataError(f"cannot write to the store at {root}: {days}: {error}") from error
