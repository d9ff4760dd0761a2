"""The beginning of a file, whatever it is packed in: what formats are recognised by."""

import bz2
import csv
import gzip
import io
import lzma
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from actors.reading import naming
from actors.reading.raw.small import small_file
from actors.reading.spelling.coding import PLAIN, Coding, coding_of
from messages.errors import DataError

_GZIP, _ZSTD, _ZIP = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK"
_BZIP2, _XZ = b"BZh", b"\xfd7zX"
_PARQUET, _FEATHER = b"PAR1", b"ARRO"
_MAGIC_BYTES = 4
_TAR, _TAR_PLACE = b"ustar", 257
_PEEK_BYTES = 1 << 16
_QUOTED = re.compile(r'"[^"]*"')
_TORN = (zlib.error, zipfile.BadZipFile, lzma.LZMAError)
"""What a packed file raises that is damaged in its middle."""
_DELIMITERS = ",;\t|"
_FEW_CELLS = 4


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
            self.member = member or next(iter(self.members), "")
            self.begins = self.magic
            self.is_tar = False
            self.coding: Coding = PLAIN
            self.is_text = not self.is_arrow
            self.text = "" if self.is_arrow else self._beginning()

    def _beginning(self) -> str:
        with unpacked(self.path, self.member) as stream:
            raw = stream.read(_PEEK_BYTES)
        self.begins = raw[:_MAGIC_BYTES]
        self.is_tar = raw[_TAR_PLACE : _TAR_PLACE + len(_TAR)] == _TAR
        coding = coding_of(raw)
        if coding is None:
            self.is_text = False
            return ""
        self.coding = coding
        return coding.text_of(raw)

    @property
    def name(self) -> Path:
        """What the file is called: within a zip as it is there; the only one as the zip, where only that says more."""
        is_alone, member = len(self.members) == 1, Path(self.member)
        # A zip called ``ABC.csv.zip`` is a file of that name, packed.
        is_packed = self.path.with_suffix("").name != naming.stem_of(self.path) or not naming.says_something(member)
        return self.path if not self.members or (is_alone and is_packed) else member

    @property
    def is_arrow(self) -> bool:
        """Whether the file is Parquet or Feather (Arrow's file format)."""
        return self.magic in (_PARQUET, _FEATHER)

    @property
    def is_json(self) -> bool:
        """Whether the text is a JSON document."""
        return self.text.lstrip()[:1] in ("{", "[")

    @cached_property
    def _numbered(self) -> list[tuple[int, str]]:
        lines = enumerate(self.text.split("\n")[:200])
        return [(number, line) for number, line in lines if line.strip()]

    @cached_property
    def lines(self) -> list[str]:
        """The first lines that are not blank; the last may be cut."""
        return [line for _, line in self._numbered]

    def lines_before(self, line: int) -> int:
        """Return how many lines, blank ones included, come before one that is not blank."""
        return self._numbered[line][0] if line < len(self._numbered) else line

    @cached_property
    def delimiter(self) -> str:
        """The character that most evenly divides the first lines."""
        lines = [_QUOTED.sub("", line) for line in self.lines[:20]]
        counts = {mark: Counter(line.count(mark) for line in lines) for mark in _DELIMITERS}
        return max(_DELIMITERS, key=lambda mark: _evenness(mark, counts[mark]))

    def cells(self, line: int) -> list[str]:
        """Return the cells of a line that is not blank, quotes removed; empty where there is no such line."""
        if line >= len(self.lines):
            return []
        return split(self.lines[line], self.delimiter)


def split(line: str, delimiter: str) -> list[str]:
    """Return the cells of a line, quotes removed."""
    if '"' not in line:
        return [cell.strip() for cell in line.split(delimiter)]
    cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    return [cell.strip().strip('"').strip() for cell in cells]


def _evenness(mark: str, counts: Counter[int]) -> tuple[int, bool, int]:
    # Where another mark divides as many lines, a comma divides numbers.
    dividing = Counter({count: lines for count, lines in counts.items() if count})
    return max(
        ((lines, mark != "," and count >= _FEW_CELLS, count) for count, lines in dividing.items()),
        default=(0, False, 0),
    )


def _first_bytes(path: Path) -> bytes:
    if (small := small_file(path)) is not None:
        return small.raw[:_MAGIC_BYTES]
    with path.open("rb") as file:
        return file.read(_MAGIC_BYTES)


@contextmanager
def told_as_data_errors() -> Iterator[None]:
    """Tell of a file that cannot be opened or unpacked as data that cannot be read."""
    try:
        yield
    except (OSError, EOFError, *_TORN) as error:
        reason = getattr(error, "strerror", None) or next(iter(str(error).splitlines()), type(error).__name__)
        raise DataError(f"cannot be opened or unpacked: {reason}") from error


def members(path: Path) -> tuple[str, ...]:
    """Return the data files within a zip, sorted; nothing for a file that is no zip."""
    small = small_file(path)
    if not (_first_bytes(path) if small is None else small.raw).startswith(_ZIP):
        return ()
    try:
        if small is not None:
            found = small.names()
        else:
            with zipfile.ZipFile(path) as archive:
                found = archive.namelist()
    except (NotImplementedError, ValueError, *_TORN) as error:  # a version to come, a false place
        raise DataError(f"cannot be opened or unpacked: {error}") from error
    names = sorted(name for name in found if not name.endswith("/") and not _is_hidden(name))
    if not names:
        raise DataError("the zip is empty")
    return tuple(names)


def _is_hidden(name: str) -> bool:
    return name.startswith("__MACOSX") or name.rsplit("/", 1)[-1].startswith(".")


@contextmanager
def unpacked(path: Path, member: str = "") -> Iterator[IO[bytes] | Any]:
    """Open a file for reading, through gzip, bzip2, xz, Zstandard or zip as its first bytes say."""
    with opened(path, member) as (file, _):
        yield file


@contextmanager
def opened(path: Path, member: str = "") -> Iterator[tuple[IO[bytes] | Any, Callable[[], float]]]:
    """Open a file likewise, and tell at any time how much of it has been read."""
    small = small_file(path)
    if small is not None and small.raw.startswith(_ZIP) and (text := small.member(member)) is not None:
        yield io.BytesIO(text), lambda: 1.0
        return
    size = path.stat().st_size
    with io.BytesIO(small.raw) if small is not None else path.open("rb") as raw, unpacking(raw, member) as file:
        yield file, lambda: min(raw.tell() / size, 1.0)


@contextmanager
def _inflating(raw: IO[bytes], member: str, *, is_zip: bool) -> Iterator[IO[bytes] | gzip.GzipFile]:
    if is_zip:
        with zipfile.ZipFile(raw) as archive:
            try:
                packed = archive.open(member)
            except (
                NotImplementedError,
                RuntimeError,
                ValueError,
            ) as error:  # another method, a password, a false place
                raise DataError(f"cannot be unpacked: {error}") from error
            with packed:
                yield packed
    else:
        with gzip.open(raw) as file:
            yield file


@contextmanager
def unpacking(raw: IO[bytes], member: str = "") -> Iterator[IO[bytes] | Any]:
    """Read through what a file is packed in, as its first bytes say; where ``raw`` is tells how far that has come."""
    magic = raw.read(_MAGIC_BYTES)
    raw.seek(0)
    if magic.startswith((_ZIP, _GZIP)):
        try:
            with _inflating(raw, member, is_zip=magic.startswith(_ZIP)) as file:
                yield file
        except (EOFError, *_TORN) as error:
            raise DataError(f"cannot be unpacked: {next(iter(str(error).splitlines()), 'it is cut')}") from error
    elif magic.startswith(_ZSTD):
        import pyarrow as pa

        with pa.CompressedInputStream(pa.PythonFile(raw, "r"), "zstd") as file:
            yield file
    elif magic.startswith((_BZIP2, _XZ)):
        with bz2.open(raw) if magic.startswith(_BZIP2) else lzma.open(raw) as file:
            yield file
    else:
        yield raw
