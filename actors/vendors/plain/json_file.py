"""JSON with bars: records and lines of records, what pandas writes in any orient, answers of APIs.

Kraken's answer to ``OHLC`` (https://docs.kraken.com/api/docs/rest-api/get-ohlc-data) and Binance's to ``klines`` have
rows without names. Names mean what they mean in a plain CSV. A file is read whole.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from actors.reading import json_text, naming, stamps
from actors.reading.assemble import NO_VOLUME, Assembler
from actors.reading.dates import Written, written
from actors.reading.format import (
    Block,
    Broken,
    BrokenRow,
    Coverage,
    Format,
    Hints,
    RawBars,
    of_many,
    open_to,
    zone_said_otherwise,
)
from actors.reading.json_text import JsonTable
from actors.reading.peek import Head, told_as_data_errors, unpacked
from actors.reading.spelling import numerals
from actors.reading.spelling.header import CLOCK, DATE, MORE_VOLUME, STAMP, SYMBOL
from actors.reading.spelling.numerals import Numerals
from actors.reading.tolerant import VALUE_ROLES, value_rows
from messages.tables.columns import Floats, Mask

_SHOWN = 60


def _sniff(head: Head) -> bool:
    if not head.is_json or json_text.looks_like_bars(head.text):
        return head.is_json
    # Of columns one after the other the first may be longer than the head.
    return json_text.ends_in_a_column(head.text) and json_text.looks_like_bars(_text(head))


def _text(head: Head) -> str:
    with told_as_data_errors(), unpacked(head.path, head.member) as stream:
        return head.coding.text_of(stream.read())


def _read(fmt: Format, path: Path, hints: Hints) -> Iterator[RawBars]:
    head = Head(path, hints.member)
    table = json_text.table_of(_text(head))
    fmt = open_to(fmt, zone=table.zone, is_end=table.is_end)
    hints, of_times = of_many(hints, is_of_many=table.is_of_many)
    block, form, how = _block(table, hints)
    if all(symbol.startswith("-") for symbol in block.symbols):  # the sides of one pair
        pair = hints.symbol or table.symbol or naming.symbol_of(head.name)
        block = msgspec.structs.replace(block, symbols=tuple(f"{pair}{side}" for side in block.symbols))
        hints = msgspec.structs.replace(hints, symbol=None)
    assembler = Assembler(fmt, hints, head.name, is_local=form.is_local, symbol=table.symbol, written=how)
    for remark in (*table.remarks, *of_times, *zone_said_otherwise(table.zone, hints)):
        assembler.remark(remark)
    if "volume" not in table.columns:
        assembler.remark(NO_VOLUME)
    yield from assembler.assembled(block)
    assembler.finish()


def _block(table: JsonTable, hints: Hints) -> tuple[Block, stamps.StampForm, Written | None]:
    roles = (DATE, CLOCK) if DATE in table.columns else (STAMP,)
    cells = [json_text.texts(table.columns[role]) for role in roles]
    times = np.array([" ".join(parts) for parts in zip(*cells, strict=True)], dtype=object)
    form = stamps.StampForm.TEXT if len(roles) > 1 else stamps.form_of(str(times[0]))
    pattern = written(map(stamps.without_zone, times), hints.dates) if form.is_worded else None
    stamps_ns = stamps.read_texts(times, form, pattern)
    rows = np.arange(1, len(times) + 1, dtype=np.int64)
    broken = [
        BrokenRow(row=number, field="row", seen=line[:_SHOWN], expected="a whole line of JSON")
        for number, line in table.broken
    ]
    is_read = stamps_ns != stamps.UNREADABLE
    keep = _kept("time", times, is_read, form.wanted(map(str, times[~is_read])), broken)
    columns: dict[str, Floats] = {}
    for role in (role for role in VALUE_ROLES if role in table.columns):
        texts = np.array(json_text.texts(table.columns[role]), dtype=object)
        columns[role], is_read = numerals.read(texts, Numerals())
        keep &= _kept(role, texts, is_read | ~keep, "a number", broken)
    if MORE_VOLUME in table.columns:
        more, _ = numerals.read(np.array(json_text.texts(table.columns[MORE_VOLUME]), dtype=object), Numerals())
        columns["volume"] = columns["volume"] + np.nan_to_num(more, posinf=np.inf)
    names = json_text.texts(table.columns[SYMBOL]) if SYMBOL in table.columns else [""] * len(times)
    symbols, index = np.unique(np.array(names, dtype=object)[keep].astype(str), return_inverse=True)
    return (
        Block(
            stamps_ns=stamps_ns[keep],
            symbols=tuple(str(symbol) for symbol in symbols) or ("",),
            symbol_index=index.astype(np.int32),
            values=value_rows(columns, len(times))[:, keep],
            rows=rows[keep],
            broken=Broken.of(broken),
        ),
        form,
        pattern,
    )


def _kept(field: str, cells: "np.ndarray[tuple[int], np.dtype[np.object_]]", is_read: Mask, expected: str,
          broken: list[BrokenRow]) -> Mask:  # fmt: skip
    broken.extend(
        BrokenRow(row=place + 1, field=field, seen=str(cells[place])[:_SHOWN], expected=expected)
        for place in np.flatnonzero(~is_read).tolist()
    )
    return is_read


JSON = Format(
    name="json",
    title="JSON with bars",
    source="https://pandas.pydata.org/docs/reference/api/pandas.DataFrame.to_json.html",
    stamp=None,
    tz=None,
    adjusted=None,
    coverage=Coverage.ALL,
    emits_empty_minutes=False,
    sniff=_sniff,
    read=_read,
)
