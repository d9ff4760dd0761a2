"""The beginning of a file, whatever it is packed in: what formats are recognised by."""

import gzip
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from messages.errors import DataError

_GZIP, _ZSTD, _ZIP = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK"
_PARQUET, _FEATHER = b"PAR1", b"ARRO"
_MAGIC_BYTES = 4
_PEEK_BYTES = 1 << 16
_PROBED = 1 << 12
_REPLACEMENT = "\ufffd"
_BYTE_ORDER_MARK = "\ufeff"
_DELIMITERS = ",;\t|"


class Head:
    """The first lines of a file; of a zip, those of one member, by default the first."""

    def __init__(self, path: Path, member: str = "") -> None:
        """Read the beginning.

        Raises:
            DataError: the file cannot be opened or unpacked.
        """
        self.path = path
        with told_as_data_errors():
            self.magic = _first_bytes(path)
            self.members = members(path)
            self.begins = self.magic
            self.is_text = not self.is_arrow
            self.text = "" if self.is_arrow else self._beginning(member)

    def _beginning(self, member: str) -> str:
        with unpacked(self.path, member or (self.members[0] if self.members else "")) as stream:
            raw = stream.read(_PEEK_BYTES)
        self.begins = raw[:_MAGIC_BYTES]
        text = raw.decode("utf-8", errors="replace")
        if "\x00" in text or _REPLACEMENT in text[:_PROBED]:
            self.is_text = False
            return ""
        return text.removeprefix(_BYTE_ORDER_MARK)

    @property
    def is_arrow(self) -> bool:
        """Whether the file is Parquet or Feather (Arrow's file format)."""
        return self.magic in (_PARQUET, _FEATHER)

    @property
    def is_json(self) -> bool:
        """Whether the text is a JSON document."""
        return self.text.lstrip()[:1] in ("{", "[")

    @property
    def leading_lines(self) -> int:
        """How many blank lines come before the first that is not."""
        blank = self.text[: len(self.text) - len(self.text.lstrip())]
        return blank.count("\n")

    @cached_property
    def lines(self) -> list[str]:
        """The first lines that are not blank; the last may be cut."""
        return [line for line in self.text.splitlines()[:200] if line.strip()]

    @cached_property
    def delimiter(self) -> str:
        """The character that most evenly divides the first lines."""
        counts = {mark: Counter(line.count(mark) for line in self.lines[:20]) for mark in _DELIMITERS}
        return max(_DELIMITERS, key=lambda mark: _evenness(counts[mark]))

    def cells(self, line: int) -> list[str]:
        """Return the cells of a line that is not blank, quotes removed; empty where there is no such line."""
        if line >= len(self.lines):
            return []
        return [cell.strip().strip('"').strip() for cell in self.lines[line].split(self.delimiter)]


def _evenness(counts: Counter[int]) -> tuple[int, int]:
    dividing = Counter({count: lines for count, lines in counts.items() if count})
    return max(((lines, count) for count, lines in dividing.items()), default=(0, 0))


def _first_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_MAGIC_BYTES)


@contextmanager
def told_as_data_errors() -> Iterator[None]:
    """Tell of a file that cannot be opened or unpacked as data that cannot be read."""
    try:
        yield
    except (OSError, EOFError, zipfile.BadZipFile) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise DataError(f"cannot be opened or unpacked: {reason}") from error


def members(path: Path) -> tuple[str, ...]:
    """Return the data files within a zip, sorted; nothing for a file that is no zip."""
    if not _first_bytes(path).startswith(_ZIP):
        return ()
    with zipfile.ZipFile(path) as archive:
        names = sorted(name for name in archive.namelist() if not name.endswith("/") and not _is_hidden(name))
    if not names:
        raise DataError("the zip is empty")
    return tuple(names)


def _is_hidden(name: str) -> bool:
    return name.startswith("__MACOSX") or name.rsplit("/", 1)[-1].startswith(".")


@contextmanager
def unpacked(path: Path, member: str = "") -> Iterator[IO[bytes] | Any]:
    """Open a file for reading, through gzip, Zstandard or zip as its first bytes say."""
    with path.open("rb") as raw, unpacking(raw, member) as file:
        yield file


@contextmanager
def unpacking(raw: IO[bytes], member: str = "") -> Iterator[IO[bytes] | Any]:
    """Read through gzip, Zstandard or zip, as the first bytes say; where ``raw`` is tells how far that has come."""
    magic = raw.read(_MAGIC_BYTES)
    raw.seek(0)
    if magic.startswith(_ZIP):
        with zipfile.ZipFile(raw) as archive, archive.open(member) as file:
            yield file
    elif magic.startswith(_GZIP):
        with gzip.open(raw) as file:
            yield file
    elif magic.startswith(_ZSTD):
        import pyarrow as pa

        with pa.CompressedInputStream(pa.PythonFile(raw, "r"), "zstd") as file:
            yield file
    else:
        yield raw
