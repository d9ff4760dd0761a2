"""Delimited text into columns: fast where every row is sound, row by row exact where some are not.

The fast way hands whole blocks to pyarrow with every column's type fixed. When a block does not fit, only that
block is read again as text, and its broken and blank rows are found one by one.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import msgspec
import numpy as np

from actors.reading import dates, naming, stamps
from actors.reading.assemble import NO_VOLUME, Assembler
from actors.reading.dates import DateOrder, DatesUnclear, Written
from actors.reading.format import Block, Format, Hints, RawBars
from actors.reading.peek import Head, members, told_as_data_errors, unpacked, unpacking
from actors.reading.stamps import StampForm
from actors.reading.tolerant import EMPTY, VALUE_ROLES, read_tolerantly, value_rows
from messages.columns import Floats, Indices, Stamps
from messages.errors import DataError

BLOCK_BYTES = 8 << 20
_NEWLINE = ord("\n")
_SAMPLED_LINES = 500
_ASKED_LINES = 20


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """Where what stands in the lines of a file."""

    delimiter: str
    places: dict[str, int]
    """For each role its column."""
    width: int
    """How many columns there are."""
    header_lines: int
    form: StampForm
    decimal_point: str = "."
    pattern: str | Written | None = None
    """How people wrote dates and times, if that is known; else the file is asked."""
    order: DateOrder | None = None
    """Of day, month and year, if somebody says it."""
    numbers: tuple[str, ...] = VALUE_ROLES
    """The columns that are numbers and become a block's values: a bar's fields, or what is no bar yet."""

    @property
    def names(self) -> list[str]:
        """A name for every column: its role, or a placeholder for one that nobody needs."""
        roles = {place: role for role, place in self.places.items()}
        return [roles.get(place, f"column {place + 1}") for place in range(self.width)]

    @property
    def stamp_roles(self) -> tuple[str, ...]:
        """The one or two columns that make a stamp."""
        return (naming.DATE, naming.CLOCK) if naming.DATE in self.places else (naming.STAMP,)


def layout_of(head: Head, columns: Sequence[str] = ()) -> Layout:
    """Return the layout of a file that begins with ``head``.

    Args:
        head: the beginning.
        columns: what each column is, by position; without them the first line says it.

    Raises:
        DataError: the header lacks a column that a bar needs, or the rows do not have its columns.
    """
    header = head.cells(0)
    if columns:
        places = {role: place for place, role in enumerate(columns) if role}
        header_lines = 0 if header and header[places["open"]][:1].isdigit() else 1
    else:
        places, header_lines = naming.places_of(header), 1
    row = head.cells(header_lines)
    if not row:
        raise DataError("there is a header and no row" if header_lines else "the file is empty")
    width = len(columns) or len(header)
    _check_width(head, width, header_lines)
    layout = Layout(
        delimiter=head.delimiter,
        places=places,
        width=width,
        header_lines=header_lines and header_lines + head.leading_lines,
        form=StampForm.TEXT,
        decimal_point="," if head.delimiter != "," and "," in row[places["open"]] else ".",
    )
    return msgspec.structs.replace(layout, form=_form(head, layout))


def misfit(head: Head) -> str | None:
    """Return why a file cannot be read by its header, or ``None`` where it can."""
    try:
        layout_of(head)
    except DataError as error:
        return str(error)
    return None


def _check_width(head: Head, width: int, header_lines: int) -> None:
    seen = [len(head.cells(line)) for line in range(header_lines, min(len(head.lines), 10))]
    if seen and width not in seen:
        raise DataError(f"the first line names {width} columns, and the rows have {max(seen)} fields")


def _form(head: Head, layout: Layout) -> StampForm:
    """Return the form that most of the first stamps have; a date and a time in columns of their own may be any way."""
    begin = 1 if layout.header_lines else 0
    rows = [cells for line in range(begin, _ASKED_LINES) if len(cells := head.cells(line)) == layout.width]
    texts = [" ".join(row[layout.places[role]] for role in layout.stamp_roles) for row in rows]
    forms = Counter(stamps.form_of(text) for text in texts if text.strip())
    form = forms.most_common(1)[0][0] if forms else StampForm.TEXT
    return StampForm.TEXT if form is StampForm.ISO and len(layout.stamp_roles) > 1 else form


def read(
    fmt: Format, path: Path, hints: Hints, pattern: str = "", symbol_named: Callable[[Path], str] | None = None
) -> Iterator[RawBars]:
    """Read a delimited file of any packing; a zip's members one after the other.

    Args:
        fmt: its format.
        path: where it is.
        hints: what the user says.
        pattern: how dates and times are written, where the format says so and they are not ISO.
        symbol_named: gives the symbol that a file's name states, where the format has names of its own.

    Raises:
        DataError: it cannot be read, or does not say what a bar needs.
        ZoneMissing: its stamps carry no zone, and nobody said which.
    """
    inside = members(path)
    for member in inside or ("",):
        layout = layout_of(Head(path, member), fmt.columns)
        layout = msgspec.structs.replace(layout, pattern=pattern, order=hints.dates)
        # A zip of one file is that file; of several, each is called what it is called within.
        name = Path(member) if len(inside) > 1 else path
        symbol = symbol_named(name) if symbol_named else ""
        assembler = Assembler(fmt, hints, name, is_local=layout.form.is_local, symbol=symbol)
        if "volume" not in layout.places:
            assembler.remark(NO_VOLUME)
        for block in blocks(path, member, layout):
            yield from assembler.assembled(block)
        assembler.finish()


def blocks(path: Path, member: str, layout: Layout) -> Iterator[Block]:
    """Read a file, or a zip's member, block by block."""
    size = path.stat().st_size
    if layout.form is StampForm.TEXT and not layout.pattern:
        layout = msgspec.structs.replace(layout, pattern=_written(path, member, layout))
    with told_as_data_errors(), path.open("rb") as packed, unpacking(packed, member) as stream:
        first_row, header_lines = 1, layout.header_lines
        for text in _cut(stream):
            body = memoryview(text)[_end_of_line(text, header_lines) :]
            lines = int(np.count_nonzero(np.frombuffer(body, dtype=np.uint8) == _NEWLINE))
            if lines:
                block = _block(body, first_row + header_lines, lines, layout)
                yield msgspec.structs.replace(block, share=min(packed.tell() / size, 1.0))
            first_row, header_lines = first_row + header_lines + lines, 0


def _written(path: Path, member: str, layout: Layout) -> Written | None:
    """Return how dates and times are written, from as much of the file as it takes to tell days from months."""
    days, clocks, header_lines = set[str](), set[str](), layout.header_lines
    with told_as_data_errors(), unpacked(path, member) as stream:
        for number, text in enumerate(_cut(stream)):
            body, header_lines = text[_end_of_line(text, header_lines) :], 0
            if not number:
                with suppress(DatesUnclear):
                    if found := dates.written(_stamp_texts(body, layout, _SAMPLED_LINES), layout.order):
                        return found
            for texts, seen in zip(dates.split(_stamp_texts(body, layout)), (days, clocks), strict=True):
                seen.update(texts)
    return dates.way_of(days, clocks, layout.order)


def _stamp_texts(text: bytes, layout: Layout, about: int = 0) -> list[str]:
    """Return the stamps of some lines, about so many, or all of them."""
    lines = text.decode("utf-8", errors="replace").splitlines()
    rows = [line.split(layout.delimiter) for line in lines[:: max(1, len(lines) // about) if about else 1]]
    return [
        " ".join(row[layout.places[role]].strip().strip('"').strip() for role in layout.stamp_roles)
        for row in rows
        if len(row) == layout.width
    ]


def _end_of_line(text: bytes, lines: int) -> int:
    end = 0
    for _ in range(lines):
        end = text.index(b"\n", end) + 1
    return end


def _cut(stream: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while chunk := stream.read(BLOCK_BYTES):
        end = chunk.rfind(b"\n") + 1
        if end:
            yield rest + chunk[:end] if rest or end < len(chunk) else chunk
            rest = chunk[end:]
        else:
            rest += chunk
    if rest:
        yield rest + b"\n"


def _block(text: memoryview, first_row: int, lines: int, layout: Layout) -> Block:
    import pyarrow as pa

    try:
        table = _typed(text, layout)
    except pa.ArrowInvalid:
        table = None
    if table is None or len(table) != lines or _has_holes(table, layout):
        return _exact(text, first_row, layout)
    stamps_ns = _stamps(table, layout)
    if np.any(stamps_ns == stamps.UNREADABLE):
        return _exact(text, first_row, layout)
    symbols, symbol_index = _symbols(table)
    return Block(
        stamps_ns=stamps_ns,
        symbols=symbols,
        symbol_index=symbol_index,
        values=value_rows(
            {role: _floats(table, role) for role in layout.numbers if role in layout.places},
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
        layout.decimal_point,
        layout.stamp_roles,
        layout.form,
        layout.numbers,
        layout.pattern,
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
        StampForm.TEXT: pa.string(),
    }
    types = dict.fromkeys((role for role in layout.places if role in layout.numbers), pa.float64())
    types |= dict.fromkeys(layout.stamp_roles, pa.string() if len(layout.stamp_roles) > 1 else forms[layout.form])
    if naming.SYMBOL in layout.places:
        types[naming.SYMBOL] = pa.dictionary(pa.int32(), pa.string())
    table = csv.read_csv(
        pa.BufferReader(pa.py_buffer(text)),
        read_options=csv.ReadOptions(column_names=layout.names),
        parse_options=csv.ParseOptions(delimiter=layout.delimiter),
        convert_options=csv.ConvertOptions(
            column_types=types, include_columns=list(types), null_values=EMPTY, strings_can_be_null=False,
            decimal_point=layout.decimal_point,
        ),
    )  # fmt: skip
    return table.unify_dictionaries().combine_chunks()


def _has_holes(table: Any, layout: Layout) -> bool:
    # A row of empty cells is blank, and that is for the exact way to say.
    return any(table[role].null_count for role in layout.stamp_roles) or (
        naming.SYMBOL in layout.places and "" in table[naming.SYMBOL].chunk(0).dictionary.to_pylist()
    )


def _floats(table: Any, role: str) -> Floats:
    column: Floats = table[role].to_numpy()
    return column


def _stamps(table: Any, layout: Layout) -> Stamps:
    columns = [table[role].to_numpy() for role in layout.stamp_roles]
    found: Stamps = columns[0]
    if len(columns) > 1 or layout.form is StampForm.TEXT:
        texts = columns[0] if len(columns) == 1 else columns[0] + " " + columns[1]
        return stamps.read_texts(texts, layout.form, layout.pattern)
    match layout.form:
        case StampForm.EPOCH:
            return stamps.epoch_ns(found)
        case StampForm.TIME_OF_DAY:
            return stamps.from_milliseconds(columns[0])
        case StampForm.EPOCH_FRACTION:
            return stamps.from_fractions(columns[0])
        case _:
            return found.view(np.int64)


def _symbols(table: Any) -> tuple[tuple[str, ...], Indices]:
    if naming.SYMBOL not in table.column_names:
        return ("",), np.zeros(len(table), dtype=np.int32)
    column = table[naming.SYMBOL].chunk(0)
    return tuple(column.dictionary.to_pylist()), column.indices.to_numpy()
