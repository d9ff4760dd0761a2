"""An object of a bucket as a file of which no more is fetched than is asked for."""

import io
from collections.abc import Callable
from typing import TypeAlias

Ranges: TypeAlias = list[tuple[int, int]]
"""Places of bytes, half-open."""

TAIL = 64 << 10
"""So much of the end is fetched first: what pyarrow reads first of a file."""


class InRanges(io.RawIOBase):
    """An object as a file: first its end is fetched, then what is foreseen, else all; and kept.

    Args:
        fetch: gives ranges.
        size: of the object.
    """

    def __init__(self, fetch: Callable[[Ranges], list[bytes]], size: int) -> None:
        super().__init__()
        self._fetch = fetch
        self._size = size
        self._at = 0
        self._tail_at = size - min(size, TAIL)
        (self._tail,) = fetch([(self._tail_at, size)])
        self._parts: list[tuple[int, bytes]] = []
        self._foreseen: Callable[[bytes], Ranges] | None = None

    def foresee(self, ranges: Callable[[bytes], Ranges]) -> None:
        """Fetch no more than some ranges, once anything is asked for that is not there; they follow from the end."""
        self._foreseen = ranges

    def fetch_foreseen(self) -> None:
        """Fetch what is foreseen now."""
        foreseen, self._foreseen = self._foreseen, None
        if foreseen is not None:
            self._have(
                [(begin, min(end, self._tail_at)) for begin, end in foreseen(self._tail) if begin < self._tail_at]
            )

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
        if first < self._tail_at and end == self._size:  # what says where the rest lies is longer than the tail
            self._tail = self._fetch([(first, self._tail_at)])[0] + self._tail
            self._tail_at = first
        if first >= self._tail_at:
            return self._tail[first - self._tail_at : end - self._tail_at]
        return self._body(first, min(end, self._tail_at)) + self._tail[: max(end - self._tail_at, 0)]

    def _body(self, first: int, end: int) -> bytes:
        found = self._kept(first, end)
        if found is None:
            self.fetch_foreseen()
            found = self._kept(first, end)
        if found is None:
            self._have([(0, self._tail_at)])
            found = self._kept(first, end)
        assert found is not None, "all of it is there"
        return found

    def _have(self, ranges: Ranges) -> None:
        if ranges:
            self._parts += zip((begin for begin, _ in ranges), self._fetch(ranges), strict=True)

    def _kept(self, first: int, end: int) -> bytes | None:
        for begin, raw in self._parts:
            if begin <= first and end <= begin + len(raw):
                return raw[first - begin : end - begin]
        return None
