"""How a text file's characters are written as bytes, and how its lines end; what is not UTF-8 is turned into it.

A mark (https://www.unicode.org/faq/utf_bom.html) says it; without one, every second byte a zero says UTF-16, and
a known column's name in Chinese, Korean or Japanese says GBK, CP949 or Shift JIS. What is left is read as Latin-1:
dates and numbers are the same in all of them.
"""

import codecs
import re
from collections import Counter
from typing import IO, Any

import msgspec

from actors.reading.spelling import header

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_EASTERN = {
    "gbk": "GBK (Chinese)", "big5": "Big5 (Chinese)", "cp949": "CP949 (Korean)", "shift_jis": "Shift JIS (Japanese)",
    "euc_jp": "EUC (Japanese)", "cp1251": "Windows-1251 (Russian)",
}  # fmt: skip
_NAMES = {"utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "latin-1": "Latin-1"} | _EASTERN
_UTF8 = "utf-8"
_PROBED = 1 << 12
_LOOKED_AT = 20
_FEWEST_CELLS = 5
_BLANKS, _EDGES = re.compile(r"[ \t]+"), re.compile(r"(?m)^[ \t]+|[ \t]+$")
_MARK = "\ufeff"
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\v\x1a\x1b"))


class Coding(msgspec.Struct, frozen=True, kw_only=True):
    """A coding of characters, and whether lines end with a carriage return alone."""

    name: str = _UTF8
    mark: int = 0
    """How many bytes at the beginning are the mark."""
    ends_with_cr: bool = False
    is_aligned: bool = False
    """Whether blanks alone divide the cells, as many as it takes to have them stand below each other."""

    @property
    def remark(self) -> str:
        """What the user should know of it, empty where it is what everybody expects."""
        other = f"the text is no UTF-8; it is read as {_NAMES[self.name]}" if self.name != _UTF8 else ""
        aligned = "the cells are divided by blanks" if self.is_aligned else ""
        return "; ".join(filter(None, (other, aligned)))

    def text_of(self, raw: bytes) -> str:
        """Return the beginning of a file as text, whose lines end with a newline."""
        text = raw[self.mark :].decode(self.name, errors="replace").replace("\r\n", "\n").replace("\r", "\n")
        return _BLANKS.sub("\t", _EDGES.sub("", text)) if self.is_aligned else text

    def utf8(self, stream: IO[bytes] | Any) -> IO[bytes] | Any:
        """Return a stream that reads as UTF-8, with newlines, what another reads as it is."""
        if self == PLAIN:
            return stream
        stream.read(self.mark)
        recoded = stream if self.name == _UTF8 and not self.ends_with_cr else _Recoded(stream, self)
        return _Divided(recoded) if self.is_aligned else recoded


PLAIN = Coding()


class _Recoded:
    """Turns what it reads into UTF-8."""

    def __init__(self, stream: IO[bytes] | Any, coding: Coding) -> None:
        self._stream = stream
        self._ends_with_cr = coding.ends_with_cr
        self._decoder = codecs.getincrementaldecoder(coding.name)(errors="replace")

    def read(self, size: int) -> bytes:
        """Read about so many bytes; none at the end."""
        while raw := self._stream.read(size):
            if text := self._decoder.decode(raw):
                return (text.replace("\r", "\n") if self._ends_with_cr else text).encode()
        return b""


class _Divided:
    """Puts a tab for the blanks between cells, and nothing for those around lines, in UTF-8."""

    def __init__(self, stream: IO[bytes] | Any) -> None:
        self._stream = stream
        self._rest = b""

    def read(self, size: int) -> bytes:
        """Read about so many bytes of whole lines; none at the end."""
        while raw := self._stream.read(size):
            whole, end, self._rest = (self._rest + raw).rpartition(b"\n")
            if end:
                return _divided(whole + end)
        last, self._rest = self._rest, b""
        return _divided(last)


def _divided(lines: bytes) -> bytes:
    return re.sub(rb"[ \t\r]+", b"\t", re.sub(rb"(?m)^[ \t]+|[ \t\r]+$", b"", lines))


def _is_aligned(text: str) -> bool:
    """Return whether blanks divide the cells of most lines, and no other mark does of any."""
    lines = [line for line in text.splitlines()[:_LOOKED_AT] if line.strip()]
    lines = lines[:-1] if len(lines) == _LOOKED_AT else lines
    if not lines or any(mark in line for line in lines for mark in ",;\t|{["):
        return False
    width, count = Counter(len(line.split()) for line in lines).most_common(1)[0]
    return width >= _FEWEST_CELLS and count * 2 > len(lines)


def coding_of(raw: bytes) -> Coding | None:
    """Return the coding of a file that begins with these bytes, or ``None`` where they are no text."""
    name, mark = next(((name, len(mark)) for mark, name in _MARKS if raw.startswith(mark)), ("", 0))
    name = name or _unmarked(raw)
    if not name:
        return None
    text = raw[mark:].decode(name, errors="replace")
    ends_with_cr = "\r" in text and "\n" not in text
    return Coding(name=name, mark=mark, ends_with_cr=ends_with_cr, is_aligned=_is_aligned(text))


def _unmarked(raw: bytes) -> str:
    if b"\0" in raw:
        return _wide(raw[:_PROBED])
    if raw.translate(None, _CONTROLS) != raw:
        return ""
    if _decodes(raw, _UTF8):
        return _UTF8
    return next((name for name in _EASTERN if _decodes(raw, name) and _has_a_known_name(raw, name)), "latin-1")


def _wide(raw: bytes) -> str:
    """Return the kind of UTF-16 of which ASCII is two bytes, one of them zero, or empty text."""
    pairs = len(raw) // 2
    zeros = raw[0 : 2 * pairs : 2].count(0), raw[1 : 2 * pairs : 2].count(0)
    first, second = (count > pairs / 2 for count in zeros)
    if first == second or min(zeros):
        return ""
    name = "utf-16-be" if first else "utf-16-le"
    return name if "\n" in raw.decode(name, errors="replace") else ""


def _decodes(raw: bytes, name: str) -> bool:
    try:
        codecs.getincrementaldecoder(name)().decode(raw)
    except UnicodeDecodeError:
        return False
    return True


def _has_a_known_name(raw: bytes, name: str) -> bool:
    lines = codecs.getincrementaldecoder(name)().decode(raw).splitlines()[:10]
    words = {word.strip(' "') for line in lines for mark in ",;\t|" for word in line.split(mark)}
    return any(not word.isascii() and header.is_known(word) for word in words)
