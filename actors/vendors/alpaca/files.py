"""Alpaca's market-data API, version 2: JSON as it answers, and CSV with the same fields; UTC, bar start.

JSON is ``{"bars": {"AAPL": [{"t", "o", "h", "l", "c", "v", "n", "vw"}]}}`` or ``{"bars": [...], "symbol": "AAPL"}``;
CSV has those letters or ``symbol,timestamp,open,high,low,close,volume,trade_count,vwap`` (alpaca-py's frame) as its
header. A symbol with a slash is a crypto pair and trades around the clock.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from actors.reading import delimited, stamps
from actors.reading.assemble import Assembler
from actors.reading.format import OFFSET, Block, Broken, BrokenRow, Coverage, Format, Hints, RawBars, Stamp
from actors.reading.peek import Head, told_as_data_errors, unpacked
from actors.reading.stamps import StampForm, form_of
from actors.reading.tolerant import VALUE_ROLES, value_rows
from messages.errors import UNREADABLE, DataError
from messages.tables.columns import EXTRA_FIELDS, FIELDS

_LETTERS = dict(zip(VALUE_ROLES, ("o", "h", "l", "c", "v", "vw", "n"), strict=True))
_HEADERS = (
    {"t", "o", "h", "l", "c", "v", "n", "vw"},
    {"symbol", "timestamp", "open", "high", "low", "close", "volume", "trade_count", "vwap"},
)


def _sniff(head: Head) -> bool:
    if head.is_json:
        return '"bars"' in head.text
    header = set(head.cells(0))
    carries_offset = any(form_of(cell) is StampForm.ISO_OFFSET for cell in head.cells(1))
    return carries_offset and any(wanted <= header for wanted in _HEADERS)


def _read(fmt: Format, path: Path, hints: Hints) -> Iterator[RawBars]:
    read = _read_json if Head(path, hints.member).is_json else delimited.read
    for raw in read(fmt, path, hints):
        is_crypto = all("/" in symbol for symbol in raw.symbols)
        yield msgspec.structs.replace(raw, calendar="24/7" if is_crypto else "XNYS")


def _read_json(fmt: Format, path: Path, hints: Hints) -> Iterator[RawBars]:
    assembler = Assembler(fmt, hints, path, is_local=False)
    first_row = 1
    for symbol, bars in _lists(path).items():
        yield from assembler.assembled(_block(symbol, bars, first_row))
        first_row += len(bars)


def _lists(path: Path) -> dict[str, list[Any]]:
    with told_as_data_errors(), unpacked(path) as stream:
        text = stream.read()
    try:
        answer = msgspec.json.decode(text)
    except UNREADABLE as error:
        raise DataError(f"no sound JSON: {error}") from error
    bars = answer.get("bars") if isinstance(answer, dict) else None
    lists = {str(answer.get("symbol", "")): bars} if isinstance(bars, list) else bars
    if not isinstance(lists, dict) or not all(isinstance(found, list) for found in lists.values()):
        raise DataError('no "bars" in the JSON: wanted {"bars": {"AAPL": [{"t": ..., "o": ...}]}}')
    return lists


def _block(symbol: str, bars: list[Any], first_row: int) -> Block:
    broken = [_broken(row, bar) for row, bar in enumerate(bars, first_row) if not _is_sound(bar)]
    sound = [(row, bar) for row, bar in enumerate(bars, first_row) if _is_sound(bar)]
    texts = np.array([bar["t"] for _, bar in sound], dtype=object)
    stamps_ns = stamps.read_texts(texts, StampForm.ISO_OFFSET)
    keep = stamps_ns != stamps.UNREADABLE
    rows = np.array([row for row, _ in sound], dtype=np.int64)
    expected = StampForm.ISO_OFFSET.value
    broken += [
        BrokenRow(row=int(rows[place]), field="t", seen=texts[place], expected=expected)
        for place in np.flatnonzero(~keep).tolist()
    ]
    columns = {role: np.array([bar.get(_LETTERS[role], np.nan) for _, bar in sound], dtype=np.float64)
               for role in (*FIELDS, *EXTRA_FIELDS)}  # fmt: skip
    count = int(np.count_nonzero(keep))
    return Block(
        stamps_ns=stamps_ns[keep],
        symbols=(symbol,),
        symbol_index=np.zeros(count, dtype=np.int32),
        values=value_rows(columns, len(sound))[:, keep],
        rows=rows[keep],
        broken=Broken.of(broken),
    )


def _is_sound(bar: Any) -> bool:
    return (
        isinstance(bar, dict)
        and isinstance(bar.get("t"), str)
        and all(isinstance(bar.get(letter), int | float | None) for letter in _LETTERS.values())
    )


def _broken(row: int, bar: Any) -> BrokenRow:
    fields = bar if isinstance(bar, dict) else {}
    field = next(
        (letter for letter in _LETTERS.values() if not isinstance(fields.get(letter), int | float | None)), "t"
    )
    seen = str(fields.get(field, bar))[:60]
    return BrokenRow(row=row, field=field, seen=seen, expected="a time in RFC 3339" if field == "t" else "a number")


ALPACA = Format(
    name="alpaca",
    title="Alpaca market data v2 (JSON or CSV)",
    source="https://docs.alpaca.markets/reference/stockbars",
    stamp=Stamp.START,
    tz=OFFSET,
    adjusted=None,  # the request says: adjustment=raw, split, dividend or all
    coverage=Coverage.EXTENDED,
    emits_empty_minutes=False,
    sniff=_sniff,
    read=_read,
)
