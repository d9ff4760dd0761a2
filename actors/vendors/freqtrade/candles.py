"""freqtrade's candles: Feather, Parquet or JSON ``[[ms, open, high, low, close, volume], ...]``, UTC, bar start.

A file is called by its pair, timeframe and, of futures, candle type: ``BTC_USDT-1m.feather`` is BTC/USDT and
``XRP_USDT_USDT-1m-futures.feather`` XRP/USDT:USDT, which is how freqtrade itself reads its names back. JSON of another
name is read as well (a dump of ccxt's ``fetch_ohlcv``) and called what the file is called. A minute in which the
exchange printed no candle has none. Mark prices, indices and funding rates are no trades, and are refused.
"""

import re
from collections.abc import Iterator
from glob import escape
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from actors.reading import arrow_file, naming
from actors.reading.assemble import Assembler
from actors.reading.format import Block, Broken, BrokenRow, Coverage, Format, Hints, RawBars, Stamp, Unsupported
from actors.reading.json_text import columns_of_rows, rows_within
from actors.reading.peek import Head, told_as_data_errors, unpacked
from actors.reading.spelling.header import PRICES
from actors.reading.stamps import from_fractions
from actors.vendors.plain import parquet_file
from messages.errors import UNREADABLE, DataError
from messages.tables.columns import FIELDS, Stamps

SOURCE = "https://www.freqtrade.io/en/stable/data-download/"
TRADE_COLUMNS = ("timestamp", "price", "amount")
"""What of the columns of a file of trades makes bars."""

_CANDLES = re.compile(r"(?P<pair>.+?)-(?P<timeframe>\d+[a-zA-Z]{1,2})(?:-(?P<type>[a-zA-Z_]+))?")
_TRADES = re.compile(r"(?P<pair>.+)-trades")
_COLUMNS = {"date", *FIELDS}
_FIRST_ROW = re.compile(r"\s*\[\s*(\[[^\[\]]*\])")
_CANDLE_CELLS, _TRADE_CELLS = 6, 7
_Number = float | None
_Candles = list[tuple[int, _Number, _Number, _Number, _Number, _Number]]
_EXPECTED = "[milliseconds, open, high, low, close, volume]"


class Name(msgspec.Struct, frozen=True, kw_only=True):
    """What the name of a file of freqtrade says."""

    pair: str
    """As files spell it: BTC_USDT."""
    timeframe: str
    """``1m`` and so on; ``trades`` for those."""
    candle_type: str = ""

    @property
    def symbol(self) -> str:
        """The pair as freqtrade spells it: BTC/USDT, or BTC/USDT:USDT for a future."""
        base, *rest = self.pair.split("_", 2)
        return base + "".join(mark + part for mark, part in zip("/:", rest, strict=False))


def name_of(path: Path) -> Name | None:
    """Return what a file's name says, or ``None`` where it is not one of freqtrade's."""
    stem = naming.stem_of(path)
    if trades := _TRADES.fullmatch(stem):
        return Name(pair=trades["pair"], timeframe="trades")
    if candles := _CANDLES.fullmatch(stem):
        return Name(pair=candles["pair"], timeframe=candles["timeframe"], candle_type=candles["type"] or "")
    return None


def holds_trades(head: Head) -> bool:
    """Return whether a file is one of freqtrade's trades."""
    name = name_of(head.path)
    if name is None or name.timeframe != "trades":
        return False
    return set(TRADE_COLUMNS) <= _columns(head) or _cells(head) == _TRADE_CELLS


def has_candles_beside(path: Path) -> bool:
    """Return whether one-minute candles of the same pair stand in the same folder as its trades."""
    name = name_of(path)
    return name is not None and any(path.parent.glob(f"{escape(name.pair)}-1m*"))


def _holds_candles(head: Head) -> bool:
    if head.is_arrow:
        return name_of(head.path) is not None and _columns(head) == _COLUMNS
    # Bitfinex and Coinbase answer with as many numbers, and their prices in another order.
    roles = columns_of_rows(rows_within(head.text)) if _cells(head) == _CANDLE_CELLS else None
    return _cells(head) == _CANDLE_CELLS and (roles is None or roles[1:5] == PRICES)


def _columns(head: Head) -> set[str]:
    return set(arrow_file.column_names(head.path)) if head.is_arrow else set()


def _cells(head: Head) -> int:
    first = _FIRST_ROW.match(head.text) if head.is_json else None
    try:
        row = msgspec.json.decode(first[1]) if first else []
    except UNREADABLE:
        return 0
    return len(row) if row and isinstance(row[0], int) else 0


def _sniff(head: Head) -> bool:
    return _holds_candles(head) or holds_trades(head)


def _read(fmt: Format, path: Path, hints: Hints) -> Iterator[RawBars]:
    name = name_of(path)
    if name is not None:
        _check(name)
    symbol = name.symbol if name else ""
    if Head(path).is_arrow:
        yield from parquet_file.read(fmt, path, hints, symbol)
    else:
        assembler = Assembler(fmt, hints, path, is_local=False, symbol=symbol)
        yield from assembler.assembled(_block(text_of(path)))


def _check(name: Name) -> None:
    if name.timeframe == "trades":
        raise Unsupported(
            f"freqtrade trades of {name.symbol}, whose one-minute candles stand beside them; imported only with "
            "--format freqtrade-trades"
        )
    if name.timeframe != "1m":
        raise Unsupported(f"freqtrade candles of {name.timeframe}; only one-minute bars are imported")
    if name.candle_type not in ("", "spot", "futures"):
        raise Unsupported(
            f"freqtrade {name.candle_type} candles, which are no trades; only spot and futures are imported"
        )


def text_of(path: Path) -> bytes:
    """Return a file's text, unpacked.

    Raises:
        DataError: it cannot be opened or unpacked.
    """
    with told_as_data_errors(), unpacked(path) as stream:
        text: bytes = stream.read()
    return text


def rows_of(text: bytes) -> list[Any]:
    """Return the rows of a JSON document that is a list.

    Raises:
        DataError: it is no JSON, or no list.
    """
    try:
        return msgspec.json.decode(text, type=list[Any])
    except UNREADABLE as error:
        raise DataError(f"no sound JSON list: {error}") from error


def _block(text: bytes) -> Block:
    try:
        candles = msgspec.json.decode(text, type=_Candles)
        rows, broken = np.arange(1, len(candles) + 1, dtype=np.int64), Broken()
    except UNREADABLE:
        candles, rows, broken = _sound(rows_of(text))
    table = np.array(candles, dtype=np.float64).reshape(-1, _CANDLE_CELLS)
    return Block(
        stamps_ns=from_fractions(table[:, 0]),
        symbols=("",),
        symbol_index=np.zeros(len(table), dtype=np.int32),
        values=np.ascontiguousarray(table[:, 1:].T),
        rows=rows,
        broken=broken,
    )


def _sound(found: list[Any]) -> tuple[_Candles, Stamps, Broken]:
    sound = [(row, candle) for row, candle in enumerate(found, 1) if _is_candle(candle)]
    numbers = np.array([row for row, _ in sound], dtype=np.int64)
    broken = [
        BrokenRow(row=row, field="row", seen=str(candle)[:60], expected=_EXPECTED)
        for row, candle in enumerate(found, 1)
        if not _is_candle(candle)
    ]
    return [tuple(candle) for _, candle in sound], numbers, Broken.of(broken)


def _is_candle(row: Any) -> bool:
    return (
        isinstance(row, list)
        and len(row) == _CANDLE_CELLS
        and isinstance(row[0], int)
        and all(isinstance(cell, int | float | None) for cell in row[1:])
    )


FREQTRADE = Format(
    name="freqtrade",
    title="freqtrade candles (Feather, Parquet or JSON)",
    source=SOURCE,
    stamp=Stamp.START,
    tz="UTC",
    adjusted=False,
    coverage=Coverage.ALL,
    emits_empty_minutes=False,
    calendar="24/7",
    sniff=_sniff,
    read=_read,
)
