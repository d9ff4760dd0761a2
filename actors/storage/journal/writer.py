"""Writing a live day's messages down before they are applied; many of them become safe together."""

import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import msgspec

from actors.kernel.address import Address
from actors.kernel.ports import BarStore
from actors.kernel.telemetry import alarm, note
from actors.settings import SessionRules, Settings
from actors.storage.elsewhere.opening import journals_of
from actors.storage.journal.begun import Begun, Group
from actors.storage.journal.file import JournalFile, path_of
from actors.storage.journal.over import finish, prune, put_aside
from actors.storage.journal.packing import latest, rows_of
from actors.storage.journal.told import Told
from actors.storage.lock import StoreLock
from messages.certificates import SessionCertificate
from messages.errors import BarkeeperError, DataError
from messages.events import SessionBoundary
from messages.inboxes import Journaled
from messages.repairs import CertificateIssued, NotRecorded
from messages.values import DAY_NS, Durability, Mode, TradingSession

_TOGETHER = 512
"""So many messages are not kept waiting for others."""

_MOST = 4096
"""So many are committed at once, at most: what came while the disk was busy goes together."""

_WAIT_S = 0.02
"""So long the first of them waits for others."""

_AGAIN_S = 1.0
"""After so long a disk that has refused is tried again."""

_TOLD_AFTER = 60
"""So many refusals in a row are told of once: what is told of a day is forgotten when it is written the next time."""


class Journal:
    """Takes messages in the order in which they will be applied, and commits them on a thread of its own.

    What is refused by the disk stays in memory, in order, and is tried again every second; who waits for it to be safe
    waits, and ``trouble`` says why.

    Args:
        folder: of the journals, a file a session.
        durability: how safe a message is before who sent it is told that it has been taken.
        kept_days: for so long the journal of a day is kept that is safely in the store.
        reply_to: who is told that nothing can be written, and why.
        rules: of the sessions, noted for who replays them.
    """

    def __init__(
        self,
        folder: Path,
        durability: Durability = Durability.COMMIT,
        kept_days: float = 7.0,
        reply_to: "Address[NotRecorded] | None" = None,
        rules: SessionRules | None = None,
    ) -> None:
        self.folder = folder
        self._is_synced = durability is Durability.FSYNC
        self._kept_ns = round(kept_days * DAY_NS)
        self._reply_to = reply_to
        self._rules = rules or SessionRules()
        self.trouble = ""
        """Why nothing is written at the moment; empty: all is well."""
        self.saved: tuple[str, ...] = ()
        """What became of days that were cut off before, a sentence each."""
        self._lock = threading.Condition()
        self._open: Begun | None = None
        self._session: TradingSession | None = None
        self._waiting: list[Journaled] = []
        """What was taken and is in no group yet. Nobody can change a message, so it is encoded when its turn comes."""
        self._acts: list[tuple[int, Callable[[], None]]] = []
        self._left: list[tuple[int, Begun]] = []
        """Those of sessions that are no longer open, each to be closed when the message of that number is written."""
        self._refusals = 0  # in a row, of the disk
        self._taken = 0
        self._safe = 0
        self._is_idle = False
        """Whether the journal's thread must be woken by who takes a message."""
        self._writing_s: float | None = None
        """Since when the disk is being written to."""
        self._is_closed = False
        self._is_hurried = False
        self._thread: threading.Thread | None = None
        self._right: StoreLock | None = None

    @classmethod
    def of(cls, settings: Settings, store: BarStore, reply_to: "Address[NotRecorded]") -> "Journal | None":
        """Return the journal of a live day that is written to a store, if it is to have one."""
        live = settings.live
        is_kept = settings.mode is Mode.LIVE and settings.certify and live.durability is not Durability.OFF
        if not is_kept or not hasattr(store, "folder"):  # one that keeps bars in memory keeps no journal either
            return None
        folder = journals_of(getattr(store, "folder", None) or settings.store)
        return cls(folder, live.durability, live.keep_journals_days, reply_to=reply_to, rules=settings.rules)

    def claim(self) -> None:
        """Be the only one who writes journals into this folder, or ``StoreLocked``: a store elsewhere has no lock."""
        with suppress(OSError):  # what the disk refuses is tried again, and told, with the first message
            self.folder.mkdir(parents=True, exist_ok=True)
            self._right = StoreLock(self.folder, "the folder of journals")

    def tell_saved(self, sentence: str) -> None:
        """Note what became of a day that was cut off before; any thread."""
        note("salvaged", what=sentence)
        self.saved += (sentence,)

    def open(self, session: TradingSession) -> Told | None:
        """Begin the journal of a session, or go on with it; return what it holds, if anything.

        Raises:
            DataError: it cannot be read, nor a new one begun in its place.
            OSError: the disk refuses.
        """
        path = path_of(self.folder, session.calendar, session.date)
        if self.path == path:
            self.flush()
        with self._lock:
            self._leave_file()
            self._session = session
        try:
            begun, told = self._opened(path)
        except DataError as error:
            begun, told = self._begun_anew(path, error)
        with self._lock:
            self._open = begun
            self._start()
        return told

    def begin_anew(self, error: DataError) -> None:
        """Put the journal aside that has just been opened, for it could not be read to its end, and begin another.

        Raises as ``open``.
        """
        with self._lock:
            begun, self._open = self._open, None
        assert begun is not None, "none is open"
        begun.file.close()
        another, _ = self._begun_anew(begun.file.path, error)
        with self._lock:
            self._open = another

    def _begun_anew(self, path: Path, error: DataError) -> tuple[Begun, Told | None]:
        aside = put_aside(path)
        self._tell(f"it could not be read, and lies in {aside.name} now: {error}")
        return self._opened(path)

    def _opened(self, path: Path) -> tuple[Begun, Told | None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        file = JournalFile(path, is_synced=self._is_synced)
        try:
            if not file.last:
                file.note("rules", msgspec.json.encode(self._rules).decode())
            return Begun(file, self._taken - file.last, file.now_ns), Told.of(file)
        except BaseException:
            file.close()
            raise

    @property
    def path(self) -> Path | None:
        """The file of the open session; ``None``: none is open."""
        begun = self._open
        return None if begun is None else begun.file.path

    def append(self, message: Journaled) -> None:
        """Take the next message. Never waits for the disk."""
        if self._open is None:
            return
        if type(message) is SessionBoundary:
            message = msgspec.structs.replace(message, history=(), background=None, tape=None)
        waiting = self._waiting
        self._taken += 1
        waiting.append(message)  # one step of the interpreter: no lock is taken twenty thousand times a second
        if self._is_idle or len(waiting) == _TOGETHER:
            self._wake()

    def _wake(self) -> None:
        with self._lock:
            self._is_idle = False
            self._lock.notify_all()

    def when_safe(self, act: Callable[[], None]) -> None:
        """Do something once all that was taken so far is committed; at once if it is. Done on the journal's thread."""
        with self._lock:
            if self._safe < self._taken:
                self._acts.append((self._taken, act))
                return
        act()

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until all that was taken is committed; return whether it is."""
        until = time.monotonic() + timeout
        with self._lock:
            self._is_hurried = True
            self._lock.notify_all()
            while self._safe < self._taken and (left := until - time.monotonic()) > 0:
                self._lock.wait(left)
            self._is_hurried = False
            return self._safe >= self._taken

    def again(self, *, is_last_left_out: bool) -> Told:
        """Return what the open session was told; without the last message, for good.

        Raises:
            DataError: it cannot be read, or there is none.
            OSError: the disk refuses.
        """
        is_whole = self.flush()
        with self._lock:
            if (begun := self._open) is None:
                raise DataError("no session is open")
            file, last = begun.file, self._taken - begun.before
        if not is_whole:
            raise OSError(f"{file.path}: {self.trouble or 'it is not written yet'}")
        if is_last_left_out:
            file.leave_out({*file.left_out, last})
        with closing(JournalFile(file.path, read_only=True)) as reader:
            told = Told.of(reader)
        if told is None:
            raise DataError(f"{file.path}: nothing has come yet")
        return told

    def tell(self, message: CertificateIssued) -> None:
        """Hear that a day has been certified: one that is in the store needs no journal but as a recording."""
        if message.is_kept:
            with self._lock:
                self._acts.append((self._taken, lambda: self._day_is_kept(message.certificate)))
                self._start()
                self._lock.notify_all()

    def _day_is_kept(self, certificate: SessionCertificate) -> None:
        with suppress(BarkeeperError, OSError):
            path = path_of(self.folder, certificate.calendar, certificate.date)
            if (begun := self._open) is not None and begun.file.path == path:
                begun.file.finish()
            else:
                finish(path)
        prune(self.folder, before_ns=certificate.session.end_ns - self._kept_ns)

    def close(self, timeout: float = 5.0) -> None:
        """Commit what was taken and close the file; may be called twice."""
        self.flush(timeout)
        with self._lock:
            self._is_closed = True
            self._lock.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)
        with self._lock:
            self._leave_file()
            left, self._left = self._left, []
            self._acts.clear()  # what was not written is not acknowledged
        for _, begun in left:
            begun.file.close()
        if self._right is not None:
            self._right.release()

    def _leave_file(self) -> None:
        """Have the open file closed when all is written that belongs to it."""
        begun, self._open = self._open, None
        if begun is not None:
            self._left.append((self._taken, begun))
            self._lock.notify_all()

    # --- the journal's thread

    @property
    def taken(self) -> int:
        """How many messages have been taken."""
        return self._taken

    @property
    def waiting(self) -> int:
        """How many messages have been taken that are not safe yet."""
        return self._taken - self._safe

    @property
    def held_up_s(self) -> float:
        """For how long the disk has not come back from a write."""
        since_s = self._writing_s
        return 0.0 if since_s is None else time.monotonic() - since_s

    def has_thread(self) -> bool:
        """Whether somebody writes, if there is anything to write."""
        thread = self._thread
        return self._is_closed or thread is None or thread.is_alive()

    def _start(self) -> None:
        if not self._is_closed and (self._thread is None or not self._thread.is_alive()):
            self._thread = threading.Thread(target=self._run, name="barkeeper-journal", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        is_busy = False
        while (group := self._next(is_busy=is_busy)) is not None:
            if group.into is None or self._is_written(group, group.into):
                self._committed(len(group.messages))
            is_busy = group.into is not None

    def _next(self, *, is_busy: bool) -> Group | None:
        """Wait for messages, and for others to go with the first, or for something to do; ``None``: it is closed.

        While it is busy nobody has to wake it: that costs more than a look at what has come by itself.
        """
        with self._lock:
            if is_busy:
                self._gather()
            while not self._waiting and not any(at <= self._safe for at, _ in (*self._acts, *self._left)):
                self._is_idle = True
                if self._is_closed:
                    return None
                if not self._waiting:
                    self._lock.wait()
                is_busy = False
            self._is_idle = False
            if not is_busy and self._waiting:
                self._gather()
            return self._group()

    def _gather(self) -> None:
        """Wait until there are many messages, or for so long as the first may wait for others."""
        until = time.monotonic() + _WAIT_S
        while len(self._waiting) < _TOGETHER and not (self._is_closed or self._is_hurried):
            if (left := until - time.monotonic()) <= 0:
                return
            self._lock.wait(left)

    def _group(self) -> Group:
        """Return what waits, as far as it goes into one file; the next session's comes after."""
        safe, count = self._safe, min(len(self._waiting), _MOST)
        into, last = next(((begun, at) for at, begun in self._left if at > safe), (self._open, safe + count))
        if into is None:  # closed, while somebody was still at it
            self._waiting.clear()
            return Group(None, 0, [])
        count = min(count, last - safe)
        messages = self._waiting[:count]
        del self._waiting[:count]  # each is one step of the interpreter: who appends meanwhile appends behind them
        return Group(into if count else None, safe - into.before + 1, messages)

    def _is_written(self, group: Group, into: Begun) -> bool:
        """Write messages, and go on until it has been done; return whether it has."""
        rows = list(rows_of(group.seq, into.now_ns, group.messages))
        into.now_ns = latest(into.now_ns, group.messages)
        while True:
            self._writing_s = time.monotonic()
            try:
                into.file.append(rows)
            except Exception as error:  # noqa: BLE001  # a disk that refuses, or a bug: nothing that was taken is lost
                self._writing_s = None
                if not self._is_tried_again(str(error) if isinstance(error, OSError) else repr(error)):
                    return False
            else:
                self._writing_s = None
                return True

    def _committed(self, count: int) -> None:
        with self._lock:
            if count:
                self._safe, self.trouble, self._refusals = self._safe + count, "", 0
            due = [act for seq, act in self._acts if seq <= self._safe]
            self._acts = [(seq, act) for seq, act in self._acts if seq > self._safe]
            over = [begun.file for seq, begun in self._left if seq <= self._safe]
            self._left = [(seq, begun) for seq, begun in self._left if seq > self._safe]
            self._lock.notify_all()
        for act in (*due, *(file.close for file in over)):
            try:
                act()
            except Exception as error:  # noqa: BLE001  # whatever it is, the next message must be written
                alarm("journal_bug", reason=repr(error))

    def _is_tried_again(self, reason: str) -> bool:
        """Wait a little after the disk has refused; return whether it is to be tried again."""
        with self._lock:
            self.trouble = reason
            self._refusals += 1
        if self._refusals % _TOLD_AFTER == 1:
            self._tell(reason)
        with self._lock:
            if self._is_closed:
                self._waiting.clear()
                return False
            self._lock.wait(_AGAIN_S)
            return True

    def _tell(self, reason: str) -> None:
        alarm("journal_refused", reason=reason)
        if self._reply_to is not None and self._session is not None:
            self._reply_to.tell(NotRecorded(session_date=self._session.date, reason=f"its journal: {reason}"))
