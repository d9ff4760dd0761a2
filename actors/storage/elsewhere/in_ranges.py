"""An object of a bucket as a file of which no more is fetched than is asked for."""

import io
from collections.abc import Callable

TAIL = 128 << 10


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
        self._tail_at = size - min(size, TAIL)
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
