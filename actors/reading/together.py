"""Small text files read at once: those of one layout go through the reader as one text.

Of a small file opening the reader is most of what reading takes. Whatever has to be looked at row by row, or could
run over into the next file, is left to be read by itself, and so is what cannot be read: then it is said why.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import accumulate, groupby, pairwise

import numpy as np

from actors.reading.delimited import Opened, end_of_line, sound_block, summed
from actors.reading.format import Block, RawBars
from actors.reading.layout import Layout
from actors.reading.peek import unpacked
from messages.tables.columns import Indices

_MOST_BYTES = 1 << 20
"""A file of more, unpacked, gains nothing."""


def read_together(opened: Iterable[Opened]) -> list[RawBars | None]:
    """Read files whole; what comes of each is what it would be alone.

    Args:
        opened: small ones; the text of each is read before the next is opened.

    Returns:
        For each file its bars, or ``None``: it has to be read by itself.
    """
    files, texts = list[Opened](), list[bytes]()
    for file in opened:
        files.append(file)
        texts.append(_text(file))
    there = [place for place, text in enumerate(texts) if text]
    found: list[RawBars | None] = [None] * len(files)
    for layout, run in groupby(there, key=lambda place: files[place].layout):
        places = [*run]
        for place, block in zip(places, _blocks([texts[place] for place in places], layout), strict=True):
            if block is not None:
                found[place] = _bars(files[place], block)
    return found


def _text(file: Opened) -> bytes:
    """Return the rows of a file as text of whole lines; none where they cannot stand beside those of others."""
    layout = file.layout
    if layout.form.is_worded and not layout.pattern:
        return b""
    with suppress(Exception), unpacked(file.path, file.member) as packed:
        stream = layout.coding.utf8(packed)
        text: bytes = stream.read(_MOST_BYTES)
        if stream.read(1):
            return b""
        text = text[end_of_line(text, layout.header_lines) :]
        # A lone carriage return would be one more row, as an empty line is one less.
        if b"\r" in text and text.count(b"\r") != text.count(b"\r\n"):
            return b""
        return text if text.endswith(b"\n") or not text else text + b"\n"
    return b""


def _blocks(texts: Sequence[bytes], layout: Layout) -> list[Block | None]:
    """Return the block of each text; of those that do not fit together, each half is tried."""
    lines = [text.count(b"\n") for text in texts]
    whole = None
    with suppress(Exception):
        whole = sound_block(memoryview(b"".join(texts)), 1, sum(lines), layout)
    if whole is not None:
        return [*_parts(summed(whole, layout), lines, layout.header_lines + 1)]
    if len(texts) == 1:
        return [None]
    middle = len(texts) // 2
    return [*_blocks(texts[:middle], layout), *_blocks(texts[middle:], layout)]


def _parts(whole: Block, lengths: Sequence[int], first_row: int) -> Iterator[Block]:
    for begin, end in pairwise(accumulate(lengths, initial=0)):
        rows = slice(begin, end)
        symbols, symbol_index = _occurring(whole.symbols, whole.symbol_index[rows])
        labels, label_index = whole.labels, whole.label_index
        if label_index is not None:
            labels, label_index = _occurring(labels, label_index[rows])
        yield Block(
            stamps_ns=whole.stamps_ns[rows],
            symbols=symbols,
            symbol_index=symbol_index,
            values=whole.values[:, rows],
            rows=np.arange(first_row, first_row + end - begin, dtype=np.int64),
            labels=labels,
            label_index=label_index,
        )


def _occurring(texts: tuple[str, ...], index: Indices) -> tuple[tuple[str, ...], Indices]:
    """Return the texts that occur, as they do first, and for each row the place of its own."""
    if len(texts) == 1:
        return texts, index
    places, first = np.unique(index, return_index=True)
    places = places[np.argsort(first)]
    number = np.zeros(len(texts), dtype=np.int32)
    number[places] = np.arange(len(places))
    return tuple(texts[place] for place in places.tolist()), number[index]


def _bars(file: Opened, block: Block) -> RawBars | None:
    with suppress(Exception):
        (bars,) = file.assembler.assembled(file.made(block))
        file.assembler.finish()
        return file.told(bars)
    return None
