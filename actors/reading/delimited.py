"""Delimited text into columns: fast where every row is sound, row by row exact where some are not.

The fast way hands whole blocks to pyarrow with every column's type fixed. When a block does not fit, only that
block is read again as text, and its broken and blank rows are found one by one.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import msgspec
import numpy as np

from actors.reading import dates, stamps
from actors.reading.assemble import NO_VOLUME, Assembler
from actors.reading.dates import DateOrder, DatesUnclear, Written
from actors.reading.format import Block, Format, Hints, RawBars, of_many, open_to, zone_said_otherwise
from actors.reading.layout import Layout, layout_of
from actors.reading.peek import Head, members, opened, split, told_as_data_errors, unpacked
from actors.reading.raw.cells import cells_of
from actors.reading.series import OneSeries
from actors.reading.spelling import header
from actors.reading.spelling.flags import are_over
from actors.reading.spelling.numerals import EMPTY
from actors.reading.stamps import StampForm
from actors.reading.tolerant import read_tolerantly, value_rows
from messages.tables.columns import VOLUME, Indices, Stamps

BLOCK_BYTES = 8 << 20
_FOR_THREADS = 1 << 20
_NEWLINE = ord("\n")
_SAMPLED_LINES = 500


class Opened(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A file, or a zip's member, whose layout is known and whose rows have not been read."""

    path: Path
    member: str
    layout: Layout
    assembler: Assembler
    made: Callable[[Block], Block] = lambda block: block
    """Makes of a block what bars are made of."""
    told: Callable[[RawBars], RawBars] = lambda bars: bars
    """Adds to bars what a vendor's files say of them."""

    def bars(self) -> Iterator[RawBars]:
        """Read it block by block."""
        for block in blocks(self.path, self.member, self.layout):
            for bars in self.assembler.assembled(self.made(block)):
                yield self.told(bars)
        self.assembler.finish()


class TextReader(msgspec.Struct, frozen=True):
    """Reads files in two steps, opening and reading: between the two, small ones can be put together."""

    opens: Callable[[Format, Path, Hints], Iterator[Opened]]

    def __call__(self, fmt: Format, path: Path, hints: Hints) -> Iterator[RawBars]:
        """Read a file by itself, as ``read`` does."""
        for file in self.opens(fmt, path, hints):
            yield from file.bars()


def read(
    fmt: Format, path: Path, hints: Hints, pattern: str = "", symbol_named: Callable[[Path], str] | None = None
) -> Iterator[RawBars]:
    """Read a delimited file; takes and raises what ``opens`` does.

    Raises:
        ZoneMissing: its stamps carry no zone, and nobody said which.
    """
    for file in opens(fmt, path, hints, pattern, symbol_named):
        yield from file.bars()


def opens(
    fmt: Format, path: Path, hints: Hints, pattern: str = "", symbol_named: Callable[[Path], str] | None = None
) -> Iterator[Opened]:
    """Open a delimited file of any packing; of a zip that holds several the one that is meant, else one by one.

    Args:
        fmt: its format.
        path: where it is.
        hints: what the user says.
        pattern: how dates and times are written, where the format says so and they are not ISO.
        symbol_named: gives the symbol that a file's name states, where the format has names of its own.

    Raises:
        DataError: it cannot be read, or does not say what a bar needs.
    """
    for member in (hints.member,) if hints.member else members(path) or ("",):
        head = Head(path, member)
        layout = layout_of(head, fmt.columns)
        layout = _told(path, member, msgspec.structs.replace(layout, pattern=pattern, order=hints.dates))
        hints, of_times = of_many(hints, is_of_many=layout.is_of_many)
        symbol = symbol_named(head.name) if symbol_named else ""
        assembler = Assembler(
            open_to(fmt, zone=layout.zone, is_end=layout.is_end),
            hints,
            head.name,
            is_local=layout.form.is_local,
            symbol=symbol,
            strangers=layout.strangers,
            written=layout.pattern if isinstance(layout.pattern, Written) else None,
        )
        for remark in (*layout.remarks, *of_times, *zone_said_otherwise(layout.zone, hints)):
            assembler.remark(remark)
        if "volume" not in layout.places:
            assembler.remark(NO_VOLUME)
        series = OneSeries(layout.series)
        yield Opened(path=path, member=member, layout=layout, assembler=assembler, made=series.noted)


def blocks(path: Path, member: str, layout: Layout) -> Iterator[Block]:
    """Read a file, or a zip's member, block by block."""
    layout = _told(path, member, layout)
    with told_as_data_errors(), opened(path, member) as (stream, share):
        first_row, header_lines = 1, layout.header_lines
        for text in _cut(layout.coding.utf8(stream)):
            body = memoryview(text)[end_of_line(text, header_lines) :]
            lines = int(np.count_nonzero(np.frombuffer(body, dtype=np.uint8) == _NEWLINE))
            if lines:
                block = summed(_block(body, first_row + header_lines, lines, layout), layout)
                yield msgspec.structs.replace(block, share=share())
            first_row, header_lines = first_row + header_lines + lines, 0


def summed(block: Block, layout: Layout) -> Block:
    """Return a block whose volume is the sum of the two columns that together are it."""
    if layout.numbers[-1] != header.MORE_VOLUME:
        return block
    values = block.values[:-1]
    values[VOLUME] = values[VOLUME] + np.nan_to_num(block.values[-1], posinf=np.inf)
    return msgspec.structs.replace(block, values=values)


def _told(path: Path, member: str, layout: Layout) -> Layout:
    """Return a layout that says how dates and times are written, if people wrote them."""
    if not layout.form.is_worded or layout.pattern:
        return layout
    return msgspec.structs.replace(layout, pattern=_written(path, member, layout))


def _written(path: Path, member: str, layout: Layout) -> Written | None:
    """Return how dates and times are written, from as much of the file as it takes to tell days from months."""
    days, clocks, header_lines = set[str](), set[str](), layout.header_lines
    with told_as_data_errors(), unpacked(path, member) as stream:
        for number, text in enumerate(_cut(layout.coding.utf8(stream))):
            body, header_lines = text[end_of_line(text, header_lines) :], 0
            if not number:
                with suppress(DatesUnclear):
                    if found := dates.written(_stamp_texts(body, layout, _SAMPLED_LINES), layout.order):
                        return found
            for texts, seen in zip(dates.split(_stamp_texts(body, layout)), (days, clocks), strict=True):
                seen.update(texts)
    try:
        return dates.way_of(days, clocks, layout.order)
    except DatesUnclear as unclear:
        if not layout.is_day_first or DateOrder.DMY not in unclear.days:
            raise
    return dates.way_of(days, clocks, DateOrder.DMY)


def _stamp_texts(text: bytes, layout: Layout, about: int = 0) -> list[str]:
    """Return the stamps of some lines, about so many, or all of them."""
    lines = text.decode("utf-8", errors="replace").splitlines()
    rows = [split(line, layout.delimiter) for line in lines[:: max(1, len(lines) // about) if about else 1]]
    texts = (
        " ".join(row[layout.places[role]] for role in layout.stamp_roles) for row in rows if len(row) == layout.width
    )
    return [stamps.without_zone(text) for text in texts] if layout.form is StampForm.ZONED else list(texts)


def end_of_line(text: bytes, lines: int) -> int:
    """Return where a text goes on after so many lines.

    Raises:
        ValueError: it does not have so many.
    """
    end = 0
    for _ in range(lines):
        end = text.index(b"\n", end) + 1
    return end


def _cut(stream: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while chunk := _chunk(stream):
        end = chunk.rfind(b"\n") + 1
        if end:
            yield b"".join((rest, memoryview(chunk)[:end])) if rest or end < len(chunk) else chunk
            rest = chunk[end:]
        else:
            rest += chunk
    if rest:
        yield rest + b"\n"


def _chunk(stream: IO[bytes]) -> bytes:
    """Return a block, or all that is left, as whole lines: the last line of a file is no block of its own."""
    chunk = stream.read(BLOCK_BYTES)
    while len(chunk) < BLOCK_BYTES:
        if not (more := stream.read(BLOCK_BYTES - len(chunk))):
            return chunk if chunk.endswith(b"\n") or not chunk else chunk + b"\n"
        chunk += more
    return chunk


def _block(text: memoryview, first_row: int, lines: int, layout: Layout) -> Block:
    return sound_block(text, first_row, lines, layout) or _exact(text, first_row, layout)


def sound_block(text: memoryview, first_row: int, lines: int, layout: Layout) -> Block | None:
    """Return whole lines as a block, one row each; ``None``: some are no rows, or have to be looked at one by one."""
    import pyarrow as pa

    if layout.marks.grouping:
        return None
    try:
        table = _typed(text, layout)
    except pa.ArrowInvalid:
        return None
    if len(table) != lines or _has_holes(table, layout):
        return None
    stamps_ns = _stamps(table, layout)
    if np.any(stamps_ns == stamps.UNREADABLE):
        return None
    symbols, symbol_index = _texts(table, header.SYMBOL)
    labels, label_index = _texts(table, layout.label)
    return Block(
        stamps_ns=stamps_ns,
        symbols=symbols,
        symbol_index=symbol_index,
        labels=labels if layout.label else (),
        label_index=label_index if layout.label else None,
        values=value_rows(
            {role: cells_of(table[role], np.float64) for role in layout.numbers if role in layout.places},
            len(table),
            layout.numbers,
        ),
        rows=np.arange(first_row, first_row + len(table), dtype=np.int64),
    )


def _exact(text: memoryview, first_row: int, layout: Layout) -> Block:
    return read_tolerantly(
        bytes(text),
        first_row,
        layout.names,
        layout.delimiter,
        layout.marks,
        layout.stamp_roles,
        layout.form,
        layout.numbers,
        layout.pattern,
        layout.label,
    )


def _typed(text: memoryview, layout: Layout) -> Any:
    import pyarrow as pa
    from pyarrow import csv

    forms = {
        StampForm.ISO: pa.timestamp("ns"),
        StampForm.ISO_OFFSET: pa.timestamp("ns", "UTC"),
        StampForm.EPOCH: pa.int64(),
        StampForm.TIME_OF_DAY: pa.float64(),
        StampForm.EPOCH_FRACTION: pa.float64(),
        StampForm.SERIAL: pa.string(),
        StampForm.ZONED: pa.string(),
        StampForm.TEXT: pa.string(),
    }
    types = dict.fromkeys((role for role in layout.places if role in layout.numbers), pa.float64())
    types |= dict.fromkeys(layout.stamp_roles, pa.string() if len(layout.stamp_roles) > 1 else forms[layout.form])
    for role in (header.SYMBOL, header.IS_OVER, layout.label):
        if role in layout.places:
            types[role] = pa.dictionary(pa.int32(), pa.string())
    table = csv.read_csv(
        pa.BufferReader(pa.py_buffer(text)),
        # Of a small file the threads would cost more than its cells do.
        read_options=csv.ReadOptions(column_names=layout.names, use_threads=len(text) > _FOR_THREADS),
        parse_options=csv.ParseOptions(delimiter=layout.delimiter),
        convert_options=csv.ConvertOptions(
            column_types=types, include_columns=list(types), null_values=EMPTY, strings_can_be_null=False,
            decimal_point=layout.marks.point,
        ),
    )  # fmt: skip
    return table.unify_dictionaries().combine_chunks()


def _has_holes(table: Any, layout: Layout) -> bool:
    # A row of empty cells is blank, and one of a bar in the making none: that is for the exact way to say.
    texts = {
        role: table[role].chunk(0).dictionary.to_pylist() if role in layout.places else []
        for role in (header.SYMBOL, header.IS_OVER)
    }
    return (
        any(table[role].null_count for role in layout.stamp_roles)
        or "" in texts[header.SYMBOL]
        or not are_over(texts[header.IS_OVER]).all()
    )


def _stamps(table: Any, layout: Layout) -> Stamps:
    columns = [table[role] for role in layout.stamp_roles]
    if len(columns) > 1 or layout.form.is_worded or layout.form is StampForm.SERIAL:
        texts = [column.to_numpy() for column in columns]
        return stamps.read_texts(
            texts[0] if len(texts) == 1 else texts[0] + " " + texts[1], layout.form, layout.pattern
        )
    match layout.form:
        case StampForm.EPOCH:
            return stamps.epoch_ns(cells_of(columns[0], np.int64))
        case StampForm.TIME_OF_DAY:
            return stamps.from_milliseconds(cells_of(columns[0], np.float64))
        case StampForm.EPOCH_FRACTION:
            return stamps.from_fractions(cells_of(columns[0], np.float64))
        case _:
            return cells_of(columns[0], np.int64)


def _texts(table: Any, role: str) -> tuple[tuple[str, ...], Indices]:
    if role not in table.column_names:
        return ("",), np.zeros(len(table), dtype=np.int32)
    column = table[role].chunk(0)
    return tuple(column.dictionary.to_pylist()), cells_of(column.indices, np.int32)
