"""The objects of a bucket under one prefix: listed, read in ranges and ahead of time, and replaced on a condition.

What is there is known from a listing, which is made anew when it has grown old. While a thread has a turn to write, it
goes by what it saw first of each object, and puts another in its place only if that is still there: in place of a lock.
"""

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple, cast

from actors.reading.spelling.addresses import scheme_of, shown
from actors.storage.elsewhere.groups import ranges_with
from actors.storage.elsewhere.in_ranges import TAIL, InRanges, Ranges
from actors.storage.elsewhere.refusals import told
from messages.errors import SettingsError

_OLD_S = 5.0
_SHARE = 20
"""A listing serves for so many times as long as it took, at least."""
_AT_ONCE = 8
_PART = 4 << 20
_NEAR = 16 << 10
"""What lies between two ranges is fetched with them if it is no more than that."""
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
    version: str | None = None
    """What Google goes by in place of the tag: known of what was read or written, no listing has it."""


class _Turn(threading.local):
    """What a thread has seen while it has a turn; and whose rows it wants."""

    seen: dict[str, Entry | None] | None = None
    symbols: Sequence[str] | None = None


class Bucket:
    """Objects under a prefix.

    Args:
        address: of the bucket and the prefix, such as ``s3://bucket/minutes``, ``gs://bucket/minutes`` or
            ``az://container/minutes``; whose keys, region and endpoint are taken from where its own tools take them,
            as ``AWS_ACCESS_KEY_ID`` and ``AWS_ENDPOINT_URL``.

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
        self._kind = scheme_of(address)
        self._obstore = obstore
        self._errors = BaseError
        try:
            self._objects = from_url(
                address,
                client_options={"allow_http": True, "connect_timeout": "5 s", "timeout": "60 s"},
                retry_config={"max_retries": 4, "retry_timeout": timedelta(seconds=_REFUSED_AFTER_S)},
            )
        except (BaseError, ValueError) as error:
            raise SettingsError(f"{self.shown} cannot be opened: {told(error, self._kind)}") from None
        self._lock = threading.RLock()
        self._entries: dict[str, Entry] = {}
        self._children: dict[str, set[str]] = {}
        self._fresh_until = 0.0
        self.version = 0
        """Another number whenever something else is known to be there."""
        self._turn = _Turn()
        self._fetched: dict[tuple[str, str], tuple[int, Future[bytes | InRanges]]] = {}
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

    @contextmanager
    def asking_for(self, symbols: Sequence[str]) -> Iterator[None]:
        """Fetch of large files no more than the groups of rows that may have some symbols, if they can be told."""
        self._turn.symbols = symbols
        try:
            yield
        finally:
            self._turn.symbols = None

    def read(self, key: str) -> bytes:
        """Return what an object holds.

        Raises:
            FileNotFoundError: there is none.
            OSError: the bucket cannot be reached, or refuses.
        """
        entry = self._entry_to_read(key)
        held = self._ahead_of(key, entry)
        found = self._fetch(key, entry) if held is None else held.result()
        return found if isinstance(found, bytes) else found.read()

    def open(self, key: str) -> "bytes | InRanges":
        """Return an object: what it holds, or if it is large a file of which no more is fetched than is asked for.

        Raises:
            FileNotFoundError: there is none.
            OSError: the bucket cannot be reached, or refuses.
        """
        entry = self._entry_to_read(key)
        held = self._ahead_of(key, entry)
        if held is not None:
            found = held.result()
        else:
            found = self._fetch(key, entry) if entry.size <= _WHOLE else self._in_ranges(key, entry)
        if isinstance(found, InRanges) and (symbols := self._turn.symbols):
            found.foresee(lambda end: ranges_with(symbols, end))
        return found

    def read_ahead(self, keys: Iterable[str], symbols: Sequence[str] | None = None) -> None:
        """Begin to fetch objects that will be read next, of large ones only what has some symbols if any are named.

        Those that there is no room for are left.
        """
        found = {key: entry for key in keys if (entry := self.entry(key)) is not None}
        with self._lock:
            for key, tag in [one for one in self._fetched if one[0] not in found]:
                self._drop(key, tag)
            for key, entry in found.items():
                if (key, entry.tag) in self._fetched:
                    continue
                size = entry.size if symbols is None else min(entry.size, TAIL + entry.size // 4)
                if self._held + size > _HELD:
                    return
                if self._workers is None:
                    self._workers = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="barkeeper-ahead")
                self._held += size
                self._fetched[key, entry.tag] = (size, self._workers.submit(self._fetch_ahead, key, entry, symbols))

    # --- writing

    def put(self, key: str, raw: bytes) -> None:
        """Put an object in the place of the one that was seen, or where none was.

        Raises:
            Conflict: there is another one by now, or none any more.
            OSError: the bucket cannot be reached, or refuses.
        """
        old = self.entry(key)
        try:
            with self._explained(key):
                mode: Any = "create" if old is None else self._as_seen(key, old)
                made = self._obstore.put(self._objects, key, raw, mode=mode, use_multipart=False)
        except FileNotFoundError as error:
            if old is None:
                raise
            raise Conflict(f"{error} any more") from None
        self._note(key, Entry(len(raw), _quoted(made["e_tag"]), time.time_ns(), made["version"]))

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
                one["path"]: Entry(one["size"], _quoted(one["e_tag"]), round(one["last_modified"].timestamp() * 1e9))
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

    def _ahead_of(self, key: str, entry: Entry) -> "Future[bytes | InRanges] | None":
        """Return an object that was fetched ahead of time, if it was; whoever takes it has it."""
        with self._lock:
            return self._drop(key, entry.tag)

    def _drop(self, key: str, tag: str) -> "Future[bytes | InRanges] | None":
        size, found = self._fetched.pop((key, tag), (0, None))
        self._held -= size
        return found

    def _in_ranges(self, key: str, entry: Entry) -> InRanges:
        return InRanges(lambda ranges: self._ranges(key, entry, ranges), entry.size)

    def _fetch_ahead(self, key: str, entry: Entry, symbols: Sequence[str] | None) -> bytes | InRanges:
        if symbols is None or entry.size <= _WHOLE:
            return self._fetch(key, entry)
        found = self._in_ranges(key, entry)
        found.foresee(lambda end: ranges_with(symbols, end))
        found.fetch_foreseen()
        return found

    def _fetch(self, key: str, entry: Entry) -> bytes:
        if entry.size <= _PART:
            return self._get(key, entry, {})
        return b"".join(self._ranges(key, entry, [(0, entry.size)]))

    def _ranges(self, key: str, entry: Entry, ranges: Ranges) -> list[bytes]:
        """Return some ranges of an object, all asked for at once, a large one in parts.

        While the thread has a turn, all of them are of the object that was seen, and asked for one by one.
        """
        parts = [(first, min(first + _PART, end)) for begin, end in ranges for first in range(begin, end, _PART)]
        if self.has_turn or len(parts) == 1:
            return [self._get(key, entry, {"range": one}) for one in ranges]
        with self._explained(key):
            starts, ends = [first for first, _ in parts], [end for _, end in parts]
            fetched = self._obstore.get_ranges(self._objects, key, starts=starts, ends=ends, coalesce=_NEAR)
        found = dict(zip(parts, map(bytes, fetched), strict=True))
        return [
            b"".join(found[first, min(first + _PART, end)] for first in range(begin, end, _PART))
            for begin, end in ranges
        ]

    def _get(self, key: str, entry: Entry, options: dict[str, Any]) -> bytes:
        """Return an object or a range of it, in one request; in a turn it has to be what was seen."""
        seen = self._turn.seen
        with self._explained(key):
            if seen is None:
                return bytes(self._obstore.get(self._objects, key, options=cast("Any", options)).bytes())
            entry = seen.get(key) or entry
            got = self._obstore.get(self._objects, key, options=cast("Any", {**options, **self._condition(entry)}))
            seen[key] = entry._replace(version=got.meta["version"])
            return bytes(got.bytes())

    def _condition(self, entry: Entry) -> dict[str, str]:
        """Return that what is read has to be what was seen."""
        if self._kind == "gs" and entry.version is not None:
            return {"version": entry.version}
        return {"if_match": entry.tag} if entry.tag else {}

    def _as_seen(self, key: str, old: Entry) -> dict[str, str]:
        """Return how a bucket is told which object is to be replaced."""
        if self._kind != "gs":
            return {"e_tag": old.tag}
        version = old.version
        if version is None:
            there = self._obstore.head(self._objects, key)
            if _quoted(there["e_tag"]) != old.tag:
                raise Conflict(f"{self.shown}/{key} was changed by somebody else meanwhile")
            version = there["version"]
        return {"version": version or ""}

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
            raise OSError(f"{where}: {told(error, self._kind)}") from None


def _quoted(tag: str | None) -> str:
    """Return a tag as conditions have it; in Azure's listings it has no quotes."""
    return f'"{tag}"' if tag and not tag.endswith('"') else tag or ""
