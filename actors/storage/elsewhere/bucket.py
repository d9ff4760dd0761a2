"""The objects of a bucket under one prefix: listed, read in ranges and ahead of time, and replaced on a condition.

What is there is known from a listing, which is made anew when it has grown old. While a thread has a turn to write, it
goes by what it saw first of each object, and puts another in its place only if that is still there: in place of a lock.
"""

import io
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple

from actors.reading.spelling.addresses import shown
from messages.errors import SettingsError

_MACHINE_S_OWN = "http://169.254.169.254/"
"""Where a machine of the cloud finds its own keys (RFC 3927 keeps the address to the link)."""
_OLD_S = 5.0
_SHARE = 20
"""A listing serves for so many times as long as it took, at least."""
_AT_ONCE = 8
_PART = 4 << 20
_TAIL = 128 << 10
_WHOLE = 1 << 20
"""An object of so many bytes is fetched at once; of a larger one first its end, which says where the rest lies."""
_HELD = 128 << 20
_REFUSED_AFTER_S = 20


class Conflict(Exception):
    """Somebody else has put another object in the place of one that was to be replaced."""


class Entry(NamedTuple):
    """What a listing says of an object."""

    size: int
    tag: str
    modified_ns: int


class _Turn(threading.local):
    """What a thread has seen while it has a turn."""

    seen: dict[str, Entry | None] | None = None


class Bucket:
    """Objects under a prefix.

    Args:
        address: of the bucket and the prefix, such as ``s3://bucket/minutes``; whose keys, region and endpoint are
            taken from where its own tools take them, as ``AWS_ACCESS_KEY_ID`` and ``AWS_ENDPOINT_URL``.

    Raises:
        SettingsError: that is no such address, or obstore is not installed.
    """

    def __init__(self, address: str) -> None:
        try:
            import obstore
            from obstore.exceptions import BaseError
            from obstore.store import from_url
        except ImportError as error:
            raise SettingsError(
                f"a store in a bucket needs obstore: python -m pip install 'barkeeper[bucket]' ({error})"
            ) from error
        self.shown = shown(address).rstrip("/")
        self._obstore = obstore
        self._errors = BaseError
        try:
            self._objects = from_url(
                address,
                client_options={"allow_http": True, "connect_timeout": "5 s", "timeout": "60 s"},
                retry_config={"max_retries": 4, "retry_timeout": timedelta(seconds=_REFUSED_AFTER_S)},
            )
        except (BaseError, ValueError) as error:
            raise SettingsError(f"{self.shown} cannot be opened: {_told(error)}") from None
        self._lock = threading.RLock()
        self._entries: dict[str, Entry] = {}
        self._children: dict[str, set[str]] = {}
        self._fresh_until = 0.0
        self.version = 0
        """Another number whenever something else is known to be there."""
        self._turn = _Turn()
        self._fetched: dict[tuple[str, str], tuple[int, Future[bytes]]] = {}
        self._held = 0
        self._workers: ThreadPoolExecutor | None = None

    # --- what is there

    def entry(self, key: str) -> Entry | None:
        """Return what is known of an object; ``None``: there is none."""
        seen = self._turn.seen
        if seen is not None and key in seen:
            return seen[key]
        with self._listed():
            found = self._entries.get(key)
        if seen is not None:
            seen[key] = found
        return found

    def names(self, folder: str) -> frozenset[str]:
        """Return what lies in a folder."""
        with self._listed():
            return frozenset(self._children.get(folder, ()))

    @property
    def has_turn(self) -> bool:
        """Whether this thread has a turn."""
        return self._turn.seen is not None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Replace objects only if they are what this thread saw of them first."""
        self._turn.seen = {}
        try:
            yield
        except Conflict:
            with self._lock:
                self._fresh_until = 0.0
            raise
        finally:
            self._turn.seen = None

    # --- reading

    def read(self, key: str) -> bytes:
        """Return what an object holds.

        Raises:
            FileNotFoundError: there is none.
            OSError: the bucket cannot be reached, or refuses.
        """
        entry = self._entry_to_read(key)
        held = self._ahead_of(key, entry)
        return self._fetch(key, entry) if held is None else held.result()

    def open(self, key: str) -> "bytes | InRanges":
        """Return an object: what it holds, or if it is large a file of which no more is fetched than is asked for.

        Raises:
            FileNotFoundError: there is none.
            OSError: the bucket cannot be reached, or refuses.
        """
        entry = self._entry_to_read(key)
        held = self._ahead_of(key, entry)
        if held is not None:
            return held.result()
        if entry.size <= _WHOLE:
            return self._fetch(key, entry)
        return InRanges(lambda ranges: self._ranges(key, entry, ranges), entry.size)

    def read_ahead(self, keys: Iterable[str]) -> None:
        """Begin to fetch objects that will be read next; those that there is no room for are left."""
        found = {key: entry for key in keys if (entry := self.entry(key)) is not None}
        with self._lock:
            for key, tag in [one for one in self._fetched if one[0] not in found]:
                self._drop(key, tag)
            for key, entry in found.items():
                if (key, entry.tag) in self._fetched:
                    continue
                if self._held + entry.size > _HELD:
                    return
                if self._workers is None:
                    self._workers = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="barkeeper-ahead")
                self._held += entry.size
                self._fetched[key, entry.tag] = (entry.size, self._workers.submit(self._fetch, key, entry))

    # --- writing

    def put(self, key: str, raw: bytes) -> None:
        """Put an object in the place of the one that was seen, or where none was.

        Raises:
            Conflict: there is another one by now.
            OSError: the bucket cannot be reached, or refuses.
        """
        old = self.entry(key)
        mode: Any = "create" if old is None else {"e_tag": old.tag}
        with self._explained(key):
            made = self._obstore.put(self._objects, key, raw, mode=mode, use_multipart=False)
        self._note(key, Entry(len(raw), made["e_tag"] or "", time.time_ns()))

    def remove(self, key: str) -> None:
        """Remove an object.

        Raises:
            OSError: the bucket cannot be reached, or refuses.
        """
        with self._explained(key):
            self._obstore.delete(self._objects, key)
        self._note(key, None)

    def close(self) -> None:
        """Forget what was fetched ahead of time."""
        with self._lock:
            workers, self._workers = self._workers, None
            self._fetched.clear()
            self._held = 0
        if workers is not None:
            workers.shutdown(wait=False, cancel_futures=True)

    # --- inside

    @contextmanager
    def _listed(self) -> Iterator[None]:
        """Have a listing that is not old while the block runs."""
        with self._lock:
            if time.monotonic() > self._fresh_until:
                self._list()
            yield

    def _list(self) -> None:
        began = time.monotonic()
        with self._explained(""):
            found = {
                one["path"]: Entry(one["size"], one["e_tag"] or "", round(one["last_modified"].timestamp() * 1e9))
                for page in self._obstore.list(self._objects)
                for one in page
            }
        self.version += found != self._entries
        self._entries, self._children = found, {}
        for key in found:
            self._hang_up(key)
        now = time.monotonic()
        self._fresh_until = now + max(_OLD_S, _SHARE * (now - began))

    def _hang_up(self, key: str) -> None:
        """Let an object be in its folder, and that in the folder above."""
        while key:
            folder, _, name = key.rpartition("/")
            there = self._children.setdefault(folder, set())
            if name in there:
                return
            there.add(name)
            key = folder

    def _note(self, key: str, entry: Entry | None) -> None:
        """Let what this process did be known at once."""
        if self._turn.seen is not None:
            self._turn.seen[key] = entry
        with self._lock:
            self.version += 1
            if entry is not None:
                self._entries[key] = entry
                self._hang_up(key)
                return
            self._entries.pop(key, None)
            while key:
                folder, _, name = key.rpartition("/")
                self._children.get(folder, set()).discard(name)
                if self._children.get(folder):
                    return
                self._children.pop(folder, None)
                key = folder

    def _entry_to_read(self, key: str) -> Entry:
        entry = self.entry(key)
        if entry is None:
            raise FileNotFoundError(f"there is no {self.shown}/{key}")
        return entry

    def _ahead_of(self, key: str, entry: Entry) -> "Future[bytes] | None":
        """Return an object that was fetched ahead of time, if it was; whoever takes it has it."""
        with self._lock:
            return self._drop(key, entry.tag)

    def _drop(self, key: str, tag: str) -> "Future[bytes] | None":
        size, found = self._fetched.pop((key, tag), (0, None))
        self._held -= size
        return found

    def _fetch(self, key: str, entry: Entry) -> bytes:
        if entry.size <= _PART:
            with self._explained(key):
                return bytes(self._obstore.get(self._objects, key, options=self._condition(entry)).bytes())
        return b"".join(self._ranges(key, entry, [(0, entry.size)]))

    def _ranges(self, key: str, entry: Entry, ranges: list[tuple[int, int]]) -> list[bytes]:
        """Return some ranges of an object, all asked for at once, a large one in parts."""
        if ranges == [(entry.size - min(entry.size, _TAIL), entry.size)]:
            with self._explained(key):
                options: Any = {**self._condition(entry), "range": ranges[0]}
                return [bytes(self._obstore.get(self._objects, key, options=options).bytes())]
        parts = [(first, min(first + _PART, end)) for begin, end in ranges for first in range(begin, end, _PART)]
        with self._explained(key):
            starts, ends = [first for first, _ in parts], [end for _, end in parts]
            fetched = self._obstore.get_ranges(self._objects, key, starts=starts, ends=ends)
        found = dict(zip(parts, map(bytes, fetched), strict=True))
        return [
            b"".join(found[first, min(first + _PART, end)] for first in range(begin, end, _PART))
            for begin, end in ranges
        ]

    def _condition(self, entry: Entry) -> Any:
        """Return that what is read has to be what was seen, where that counts."""
        return {"if_match": entry.tag} if self._turn.seen is not None and entry.tag else {}

    @contextmanager
    def _explained(self, key: str) -> Iterator[None]:
        from obstore.exceptions import AlreadyExistsError, NotFoundError, PreconditionError

        where = f"{self.shown}/{key}" if key else self.shown
        try:
            yield
        except (AlreadyExistsError, PreconditionError):
            raise Conflict(f"{where} was changed by somebody else meanwhile") from None
        except (FileNotFoundError, NotFoundError):
            self._note(key, None)
            raise FileNotFoundError(f"there is no {where}") from None
        except (self._errors, ValueError) as error:
            raise OSError(f"{where}: {_told(error)}") from None


class InRanges(io.RawIOBase):
    """An object as a file: first its end is fetched, then what is asked for beyond that, and kept.

    Args:
        fetch: gives ranges.
        size: of the object.
    """

    def __init__(self, fetch: Callable[[list[tuple[int, int]]], list[bytes]], size: int) -> None:
        super().__init__()
        self._fetch = fetch
        self._size = size
        self._at = 0
        self._tail_at = size - min(size, _TAIL)
        (self._tail,) = fetch([(self._tail_at, size)])
        self._body: bytes | None = None

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def seekable(self) -> bool:
        """Return that it can be read anywhere."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def tell(self) -> int:
        """Return the place."""
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Return the bytes that follow."""
        end = self._size if size < 0 else min(self._at + size, self._size)
        first, self._at = self._at, max(end, self._at)
        if first >= self._tail_at:
            return self._tail[first - self._tail_at : end - self._tail_at]
        if self._body is None:
            (self._body,) = self._fetch([(0, self._tail_at)])
        return self._body[first:end] + self._tail[: max(end - self._tail_at, 0)]


def _told(error: BaseException) -> str:
    """Return what a bucket says, without its page of XML, in which there may be the name of a key."""
    text = str(error)
    code, message = re.search(r"<Code>(\w+)</Code>", text), re.search(r"<Message>([^<]*)</Message>", text)
    if code is not None:
        return f"{code[1]}: {message[1]}" if message is not None else code[1]
    if _MACHINE_S_OWN in text:  # whom the library asks last, on a machine of the cloud
        return "no keys to it are in the environment (of S3: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"
    return " ".join(re.split(r"<|\bDebug source:", text)[0].split())
