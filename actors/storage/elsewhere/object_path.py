"""The path of an object in a bucket: what a store does with a ``Path`` of its folder it does with this as well."""

import io
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from actors.storage.elsewhere.bucket import Bucket
    from actors.storage.elsewhere.in_ranges import InRanges


class ObjectState(NamedTuple):
    """What tells one version of an object from another, as ``os.stat`` would."""

    st_mtime_ns: int
    st_size: int
    st_ino: int


class ObjectPath:
    """An object, or the folder that others lie in; folders are there as long as something lies in them.

    Args:
        bucket: which has it.
        key: its name there; empty for the whole.
    """

    __slots__ = ("_bucket", "_key", "key")

    def __init__(self, bucket: "Bucket", key: str) -> None:
        self._bucket = bucket
        self.key = key
        self._key = PurePosixPath(key)

    def __truediv__(self, name: str) -> "ObjectPath":
        return ObjectPath(self._bucket, f"{self.key}/{name}" if self.key else name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ObjectPath) and (other._bucket, other.key) == (self._bucket, self.key)

    def __hash__(self) -> int:
        return hash(self.key)

    def __str__(self) -> str:
        return f"{self._bucket.shown}/{self.key}" if self.key else self._bucket.shown

    def __repr__(self) -> str:
        return f"ObjectPath({str(self)!r})"

    @property
    def name(self) -> str:
        """The last part of the key."""
        return self._key.name

    @property
    def parent(self) -> "ObjectPath":
        """The folder it lies in; that of the whole is itself."""
        return ObjectPath(self._bucket, "" if self._key.parent == PurePosixPath() else str(self._key.parent))

    def absolute(self) -> "ObjectPath":
        """Return the path as it is."""
        return self

    def with_name(self, name: str) -> "ObjectPath":
        """Return the path with another last part."""
        return self.parent / name

    def with_suffix(self, suffix: str) -> "ObjectPath":
        """Return the path with another suffix."""
        return self.parent / self._key.with_suffix(suffix).name

    def exists(self) -> bool:
        """Return whether there is such an object, or anything in such a folder."""
        return self._bucket.entry(self.key) is not None or self.is_dir()

    def is_dir(self) -> bool:
        """Return whether there is anything in such a folder."""
        return bool(self._bucket.names(self.key))

    def names(self) -> list[str]:
        """Return what lies in a folder, objects and folders, in no order."""
        return list(self._bucket.names(self.key))

    def folders(self) -> list[str]:
        """Return which folders lie in one, in no order."""
        return [name for name in self.names() if (self / name).is_dir()]

    def glob(self, pattern: str) -> Iterator["ObjectPath"]:
        """Yield the objects that match a pattern, part by part."""
        first, _, rest = pattern.partition("/")
        for name in self.names():
            if fnmatchcase(name, first):
                yield from (self / name).glob(rest) if rest else (self / name,)

    def stat(self) -> ObjectState:
        """Return what tells this version from another.

        Raises:
            FileNotFoundError: there is no such object.
        """
        entry = self._bucket.entry(self.key)
        if entry is None:
            raise FileNotFoundError(f"there is no {self}")
        return ObjectState(entry.modified_ns, entry.size, hash(entry.tag))

    def read_bytes(self) -> bytes:
        """Return what the object holds.

        Raises:
            FileNotFoundError: there is no such object.
            OSError: the bucket cannot be reached, or refuses.
        """
        return self._bucket.read(self.key)

    def source(self) -> "bytes | InRanges":
        """Return what it holds, or if it is large a file of which no more is fetched than is asked for.

        Raises:
            FileNotFoundError: there is no such object.
            OSError: the bucket cannot be reached, or refuses.
        """
        return self._bucket.open(self.key)

    @contextmanager
    def replacing(self) -> Iterator[IO[bytes]]:
        """Yield a file that becomes the object once it is written; nothing changes where the block raises.

        Raises:
            Conflict: somebody else has put another object in its place meanwhile.
            OSError: the bucket cannot be reached, or refuses.
        """
        sink = io.BytesIO()
        yield sink
        self._bucket.put(self.key, sink.getvalue())

    def turn(self) -> AbstractContextManager[None]:
        """Replace objects of its bucket only if they are what this thread saw of them first, while the block runs."""
        return self._bucket.turn()

    def touch(self) -> None:
        """Put an empty object there, unless there is one.

        Raises:
            OSError: the bucket cannot be reached, or refuses.
        """
        if self._bucket.entry(self.key) is None:
            self._bucket.put(self.key, b"")

    def unlink(self, *, missing_ok: bool = False) -> None:
        """Remove the object.

        Raises:
            FileNotFoundError: there is no such object.
            OSError: the bucket cannot be reached, or refuses.
        """
        if self._bucket.entry(self.key) is not None:
            self._bucket.remove(self.key)
        elif not missing_ok:
            raise FileNotFoundError(f"there is no {self}")

    def mkdir(self, *, parents: bool = False, exist_ok: bool = False) -> None:
        """Do nothing: a folder is there once something lies in it."""
