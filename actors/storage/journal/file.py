"""A journal's file: SQLite, in the order in which they were taken; a row is what was committed together.

Version 1 had a row a message; a file that was begun like that is read, and goes on, with rows of both kinds.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, cast

import msgspec

from messages.codec import decoder, encode
from messages.errors import UNREADABLE, DataError
from messages.events import SessionBoundary
from messages.inboxes import Journaled
from messages.values import Nanos

SUFFIX = ".journal"
_VERSION = 2
_PAGE_BYTES = 16_384
"""Many messages are one long row: a page of SQLite's usual size would be written four times as often."""
_TABLES = f"""
    pragma user_version = {_VERSION};
    create table messages (seq integer primary key, now_ns integer not null, body blob not null) strict;
    create table facts (name text primary key, value text not null) strict;
"""
_INSERT = "insert into messages values (?, ?, ?)"
_LEFT_OUT = "left out"
_DECODER: "msgspec.msgpack.Decoder[Journaled | list[Journaled]]" = decoder(Journaled | list[Journaled])
_PARTS = msgspec.msgpack.Decoder(list[msgspec.Raw])
_EVER: Nanos = (1 << 63) - 1


def folder_beside(store: Path) -> Path:
    """Return where the journals of a store lie: beside it, for whoever opens the store's folder reads bars only."""
    return store.with_name(f"{store.name}.journals")


def path_of(folder: Path, calendar: str, date: str) -> Path:
    """Return the file of a session's journal."""
    return folder / f"{calendar.replace('/', '-')}_{date}{SUFFIX}"


def journals(folder: Path) -> Iterator[Path]:
    """Yield the journals in a folder, by name."""
    yield from sorted(folder.glob(f"*{SUFFIX}"))


class Row(NamedTuple):
    """One message, or several that were taken one after the other, encoded."""

    seq: int
    """The number of the last: they are 1, 2, 3 and so on."""
    now_ns: Nanos
    """The session's time at which the first was taken."""
    body: bytes
    """The message, or an array of them."""


class JournalFile:
    """An open journal. One thread at a time.

    Args:
        path: of the file.
        is_synced: whether a commit waits for the disk: then a day survives a power cut too, not only its process.
        read_only: for who replays it, beside one who may be writing.

    Raises:
        DataError: there is no journal, or it cannot be read.
    """

    def __init__(self, path: Path, *, is_synced: bool = False, read_only: bool = False) -> None:
        self.path = path
        self._is_read_only = read_only
        self._is_of_today = False
        if read_only and not path.is_file():
            raise DataError(f"{path}: there is no journal")
        with _explained(path):
            self._file = sqlite3.connect(
                f"{path.absolute().as_uri()}{'?mode=ro' if read_only else ''}",
                uri=True,
                timeout=5.0,
                isolation_level=None,
                check_same_thread=False,
            )
            try:
                self._prepare(is_synced=is_synced, read_only=read_only)
            except BaseException:
                self._file.close()
                raise

    def _prepare(self, *, is_synced: bool, read_only: bool) -> None:
        (version,) = self._file.execute("pragma user_version").fetchone()
        if version > _VERSION or (read_only and version == 0):
            raise DataError(f"{self.path}: expected a journal of version {_VERSION}, not {version}")
        if read_only:
            return
        self._is_of_today = version != 1
        self._file.execute(f"pragma page_size = {_PAGE_BYTES}")  # of a file that has none yet
        self._file.execute("pragma journal_mode = wal")
        self._file.execute(f"pragma synchronous = {'full' if is_synced else 'normal'}")
        if version == 0:
            self._file.executescript(f"begin; {_TABLES} commit;")

    @property
    def last(self) -> int:
        """The number of the last message; 0: there is none."""
        with _explained(self.path):
            (last,) = self._file.execute("select coalesce(max(seq), 0) from messages").fetchone()
        return cast("int", last)

    @property
    def now_ns(self) -> Nanos:
        """The latest time that any of its messages tells; 0: none.

        Raises:
            DataError: the last row cannot be read.
        """
        with _explained(self.path):
            found = self._file.execute("select seq, now_ns, body from messages order by seq desc limit 1").fetchone()
        if found is None:
            return 0
        row = Row(*found)
        return max(row.now_ns, *(getattr(message, "now_ns", 0) for message in self._decoded(row)))

    def append(self, rows: Sequence[Row]) -> None:
        """Write some rows: all of them, or none.

        Raises:
            OSError: the disk refuses.
        """
        try:
            if len(rows) == 1 and self._is_of_today:  # a commit by itself: every call has to wait for its turn to run
                self._file.execute(_INSERT, rows[0])
                return
            self._file.execute("begin immediate")
            self._file.execute(f"pragma user_version = {_VERSION}")
            self._file.executemany(_INSERT, rows)
            self._file.execute("commit")
            self._is_of_today = True
        except sqlite3.Error as error:
            if self._file.in_transaction:
                self._file.rollback()
            raise OSError(f"{self.path}: {error}") from error

    def messages(self, until_ns: Nanos | None = None) -> Iterator[tuple[Nanos, Journaled]]:
        """Yield the messages in order, each with the time at which it was taken; none that was taken after a moment.

        Those that met a bug are left out: nothing of them is in the session.

        Raises:
            DataError: one cannot be read; says which.
        """
        left_out = self.left_out
        for seq, now_ns, message in self._taken(_EVER if until_ns is None else until_ns):
            if seq not in left_out:
                yield now_ns, message

    def runs(self, size: int) -> Iterator[list[Journaled]]:
        """Yield the messages that ``messages`` does in runs of so many bytes of the file, or a few more.

        Raises:
            DataError: one cannot be read; says which.
        """
        left_out, run, read = self.left_out, list[Journaled](), 0
        for row in self._rows(_EVER):
            messages = self._decoded(row)
            first = row.seq - len(messages) + 1
            if left_out:
                messages = [message for seq, message in enumerate(messages, first) if seq not in left_out]
            run += messages
            read += len(row.body)
            if read >= size:
                yield run
                run, read = [], 0
        yield run

    def numbered(self) -> Iterator[tuple[int, Journaled]]:
        """Yield all messages in order, those that met a bug too, each with its number.

        Raises:
            DataError: one cannot be read; says which.
        """
        return ((seq, message) for seq, _, message in self._taken())

    def number_of(self, body: bytes) -> int | None:
        """Return the number of a message that met a bug; ``None``: it is not one of these."""
        left_out = self.left_out
        try:
            wanted = encode(_DECODER.decode(body))
        except UNREADABLE:  # it is none that a session is told
            return None
        return next((seq for seq, message in self.numbered() if seq in left_out and encode(message) == wanted), None)

    def _taken(self, until_ns: Nanos = _EVER) -> Iterator[tuple[int, Nanos, Journaled]]:
        """Yield each message with its number and the time at which it was taken, which never goes back."""
        for row in self._rows(until_ns):
            now_ns, messages = row.now_ns, self._decoded(row)
            for seq, message in enumerate(messages, row.seq - len(messages) + 1):
                now_ns = max(now_ns, getattr(message, "now_ns", 0))
                if now_ns > until_ns:
                    return
                yield seq, now_ns, message

    def _rows(self, until_ns: Nanos) -> Iterator[Row]:
        with _explained(self.path):
            for row in self._file.execute(
                "select seq, now_ns, body from messages where now_ns <= ? order by seq", (until_ns,)
            ):
                yield Row(*row)

    def _decoded(self, row: Row) -> list[Journaled]:
        try:
            found = _DECODER.decode(row.body)
        except (ValueError, TypeError, RecursionError) as error:  # and msgspec's own, which is a ValueError
            raise DataError(f"{self.path}: message {_odd_one(row)} cannot be read: {error}") from error
        return found if isinstance(found, list) else [found]

    def opening(self) -> SessionBoundary | None:
        """Return how the session opened; ``None``: nothing has been written.

        Raises:
            DataError: it cannot be read, or the first message is another one.
        """
        first = next(iter(self.messages()), None)
        if first is None:
            return None
        if not isinstance(first[1], SessionBoundary):
            raise DataError(f"{self.path}: expected a session's opening first, not {type(first[1]).__name__}")
        return first[1]

    def fact(self, name: str) -> str | None:
        """Return what was noted under a name; ``None``: nothing."""
        with _explained(self.path):
            found = self._file.execute("select value from facts where name = ?", (name,)).fetchone()
        return None if found is None else cast("str", found[0])

    def note(self, name: str, value: str) -> None:
        """Note something under a name, in the place of what was.

        Raises:
            OSError: the disk refuses.
        """
        try:
            self._file.execute("insert or replace into facts values (?, ?)", (name, value))
        except sqlite3.Error as error:
            raise OSError(f"{self.path}: {error}") from error

    @property
    def left_out(self) -> frozenset[int]:
        """The numbers of messages that met a bug."""
        noted = self.fact(_LEFT_OUT)
        with _explained(self.path):
            return frozenset(map(int, (noted or "").split()))

    def leave_out(self, numbers: Iterable[int]) -> None:
        """Note which messages met a bug, in the place of those that were noted.

        Raises:
            OSError: the disk refuses.
        """
        self.note(_LEFT_OUT, " ".join(map(str, sorted(numbers))))

    @property
    def is_finished(self) -> bool:
        """Whether the day is in the store, whole and certified."""
        return self.fact("finished") is not None

    def finish(self) -> None:
        """Note that the day is in the store.

        Raises:
            OSError: the disk refuses.
        """
        self.note("finished", "yes")

    def close(self) -> None:
        """Close the file; may be called twice. All that was written lies in this one file then."""
        if not self._is_read_only:
            with suppress(sqlite3.Error):  # somebody reads it meanwhile; or it is closed already
                self._file.execute("pragma busy_timeout = 0")
                self._file.execute("pragma journal_mode = delete")
        self._file.close()


def _odd_one(row: Row) -> int:
    """Return the number of the first message of a row that cannot be read."""
    try:
        parts = _PARTS.decode(row.body)
        for seq, part in enumerate(parts, row.seq - len(parts) + 1):
            try:
                _DECODER.decode(part)
            except (ValueError, TypeError, RecursionError):
                return seq
    except (ValueError, TypeError, RecursionError):  # it is a single one, or it is not known where one ends
        pass
    return row.seq


class _explained:  # noqa: N801  # used as a function is
    """Turns what SQLite says into a sentence that names the file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, sqlite3.Error | ValueError):  # text that is none, a number that is none
            raise DataError(f"{self._path}: this journal cannot be read: {error}") from error
