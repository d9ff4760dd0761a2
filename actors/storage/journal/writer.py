"""Writing a live day's messages down before they are applied; many of them become safe together."""

import itertools
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from actors.kernel.address import Address
from actors.kernel.ports import BarStore
from actors.kernel.telemetry import alarm
from actors.settings import SessionRules, Settings
from actors.storage.elsewhere.opening import journals_of
from actors.storage.journal.file import JournalFile, Row, journals, path_of
from messages.certificates import SessionCertificate
from messages.codec import encode
from messages.errors import BarkeeperError, DataError
from messages.events import SessionBoundary
from messages.inboxes import Journaled
from messages.repairs import CertificateIssued, NotRecorded
from messages.values import DAY_NS, Durability, Mode, Nanos, TradingSession

_TOGETHER = 512
"""So many messages are committed at once, at most."""

_WAIT_S = 0.02
"""So long the first of them waits for others."""

_AGAIN_S = 1.0
"""After so long a disk that has refused is tried again."""

_TOLD_AFTER = 60
"""So many refusals in a row are told of once: what is told of a day is forgotten when it is written the next time."""


_Taken: TypeAlias = tuple[JournalFile, int, Row, Journaled]
"""Where a message goes, its number in this life, its row, and the message itself, which nobody can change any more."""


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
        self._lock = threading.Condition()
        self._file: JournalFile | None = None
        self._session: TradingSession | None = None
        self._rows: list[_Taken] = []
        self._acts: list[tuple[int, Callable[[], None]]] = []
        self._left: list[tuple[int, JournalFile]] = []
        """Files of sessions that are no longer open, each to be closed when the message of that number is written."""
        self._refusals = 0
        """How often in a row the disk has refused."""
        self._taken = 0
        self._base = 0
        """The number of the last message before those of the open file."""
        self._safe = 0
        self._now_ns: Nanos = 0
        self._writing_s: float | None = None
        """Since when the disk is being written to."""
        self._is_closed = False
        self._is_hurried = False
        self._thread: threading.Thread | None = None

    @classmethod
    def of(cls, settings: Settings, store: BarStore, reply_to: "Address[NotRecorded]") -> "Journal | None":
        """Return the journal of a live day that is written to a store, if it is to have one."""
        live = settings.live
        is_kept = settings.mode is Mode.LIVE and settings.certify and live.durability is not Durability.OFF
        if not is_kept or not hasattr(store, "folder"):  # one that keeps bars in memory keeps no journal either
            return None
        folder = journals_of(getattr(store, "folder", None) or settings.store)
        return cls(folder, live.durability, live.keep_journals_days, reply_to=reply_to, rules=settings.rules)

    def open(self, session: TradingSession) -> list[Journaled]:
        """Begin the journal of a session, or go on with it; return what it holds.

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
            file, found = self._opened(path)
        except DataError as error:
            aside = _free_name(path)
            path.rename(aside)
            self._tell(f"it could not be read, and lies in {aside.name} now: {error}")
            file, found = self._opened(path)
        with self._lock:
            self._file, self._base = file, self._taken - file.last
            self._start()
        return found

    def _opened(self, path: Path) -> tuple[JournalFile, list[Journaled]]:
        self.folder.mkdir(parents=True, exist_ok=True)
        file = JournalFile(path, is_synced=self._is_synced)
        try:
            if not file.last:
                file.note("rules", msgspec.json.encode(self._rules).decode())
            found: list[Journaled] = []
            for now_ns, message in file.messages():
                self._now_ns = max(self._now_ns, now_ns)
                found.append(message)
        except BaseException:
            file.close()
            raise
        return file, found

    @property
    def path(self) -> Path | None:
        """The file of the open session; ``None``: none is open."""
        file = self._file
        return None if file is None else file.path

    def append(self, message: Journaled) -> None:
        """Take the next message. Never waits for the disk."""
        if isinstance(message, SessionBoundary):
            message = msgspec.structs.replace(message, history=(), background=None, tape=None)
        self._now_ns = max(self._now_ns, getattr(message, "now_ns", 0))
        with self._lock:
            if self._file is None:
                return
            self._taken += 1
            self._rows.append((self._file, self._taken, Row(self._taken - self._base, self._now_ns, b""), message))
            if len(self._rows) in (1, _TOGETHER):
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

    def again(self, *, is_last_left_out: bool) -> list[Journaled]:
        """Return what the open session was told, its opening first; without the last message, for good.

        Raises:
            DataError: it cannot be read, or there is none.
            OSError: the disk refuses.
        """
        is_whole = self.flush()
        with self._lock:
            file, last = self._file, self._taken - self._base
        if file is None:
            raise DataError("no session is open")
        if not is_whole:
            raise OSError(f"{file.path}: {self.trouble or 'it is not written yet'}")
        if is_last_left_out:
            file.leave_out({*file.left_out, last})
        with closing(JournalFile(file.path, read_only=True)) as reader:
            return [message for _, message in reader.messages()]

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
            file = self._file
            if file is not None and file.path == path:
                file.finish()
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
        for _, file in left:
            file.close()

    def _leave_file(self) -> None:
        """Have the open file closed when all is written that belongs to it."""
        file, self._file = self._file, None
        if file is not None:
            self._left.append((self._taken, file))
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
        while (batch := self._next()) is not None:
            self._writing_s = time.monotonic()
            try:
                if batch:
                    batch[0][0].append(_encoded(batch))
            except Exception as error:  # noqa: BLE001  # a disk that refuses, or a bug: nothing that was taken is lost
                self._writing_s = None
                self._refused(batch, str(error) if isinstance(error, OSError) else repr(error))
            else:
                self._writing_s = None
                self._committed(batch)

    def _next(self) -> list[_Taken] | None:
        """Wait for messages, and for others to go with the first, or for something to do; ``None``: it is closed."""
        with self._lock:
            while not self._rows and not any(at <= self._safe for at, _ in (*self._acts, *self._left)):
                if self._is_closed:
                    return None
                self._lock.wait()
            until = time.monotonic() + _WAIT_S
            while self._is_patient() and (left := until - time.monotonic()) > 0:
                self._lock.wait(left)
            most = self._rows[:_TOGETHER]
            batch = [taken for taken in most if taken[0] is most[0][0]]  # of one file; the next session's comes after
            self._rows = self._rows[len(batch) :]
            return batch

    def _is_patient(self) -> bool:
        """Whether there are so few messages that others may go with them."""
        return 0 < len(self._rows) < _TOGETHER and not self._is_closed and not self._is_hurried

    def _committed(self, batch: list[_Taken]) -> None:
        with self._lock:
            if batch:
                self._safe, self.trouble, self._refusals = batch[-1][1], "", 0
            due = [act for seq, act in self._acts if seq <= self._safe]
            self._acts = [(seq, act) for seq, act in self._acts if seq > self._safe]
            over = [file for seq, file in self._left if seq <= self._safe]
            self._left = [(seq, file) for seq, file in self._left if seq > self._safe]
            self._lock.notify_all()
        for act in (*due, *(file.close for file in over)):
            try:
                act()
            except Exception as error:  # noqa: BLE001  # whatever it is, the next message must be written
                alarm("journal_bug", reason=repr(error))

    def _refused(self, batch: list[_Taken], reason: str) -> None:
        with self._lock:
            self._rows[:0] = batch
            self.trouble = reason
            self._refusals += 1
        if self._refusals % _TOLD_AFTER == 1:
            self._tell(reason)
        with self._lock:
            if self._is_closed:
                self._rows.clear()
            else:
                self._lock.wait(_AGAIN_S)

    def _tell(self, reason: str) -> None:
        alarm("journal_refused", reason=reason)
        if self._reply_to is not None and self._session is not None:
            self._reply_to.tell(NotRecorded(session_date=self._session.date, reason=f"its journal: {reason}"))


def _encoded(batch: Sequence[_Taken]) -> list[Row]:
    """Return rows with their messages; one that cannot be encoded is a bug, and no reason to lose those after it."""
    rows: list[Row] = []
    for _, _, row, message in batch:
        try:
            rows.append(row._replace(body=encode(message)))
        except Exception as error:  # noqa: BLE001  # whatever it is, the journal's thread must live
            alarm("not_journaled", message=type(message).__name__, reason=repr(error))
    return rows


def _free_name(path: Path) -> Path:
    """Return a name beside a file that nothing has."""
    names = (path.with_name(f"{path.name}.damaged{number or ''}") for number in itertools.count())
    return next(name for name in names if not name.exists())


class Acknowledged:
    """The address of somebody who is told once what was taken before is safe."""

    def __init__(self, journal: Journal, to: Any) -> None:
        self._journal = journal
        self._to = to

    def tell(self, message: Any) -> None:
        """Hand it on when the time has come."""
        self._journal.when_safe(lambda: self._to.tell(message))


def finish(path: Path) -> None:
    """Note that the day of a journal is in the store, if there is such a journal.

    Raises:
        DataError: it cannot be read.
        OSError: the disk refuses.
    """
    if not path.is_file():
        return
    file = JournalFile(path)
    try:
        file.finish()
    finally:
        file.close()


def prune(folder: Path, before_ns: Nanos) -> None:
    """Delete the journals of days that are in the store and ended before a moment; one that cannot be read stays."""
    for path in journals(folder):
        with suppress(BarkeeperError, OSError):
            file = JournalFile(path, read_only=True)
            try:
                opening = file.opening()
                is_over = opening is not None and opening.session.end_ns < before_ns
                is_old = is_over and file.is_finished
            finally:
                file.close()
            if is_old:
                for one in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
                    one.unlink(missing_ok=True)
