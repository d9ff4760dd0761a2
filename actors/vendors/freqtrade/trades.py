"""freqtrade's trades, folded to one-minute bars: Feather, Parquet or JSON, milliseconds since 1970.

A row is ``timestamp, id, type, side, price, amount, cost``, and the name is ``PAIR-trades``. Where the pair's
one-minute candles stand in the same folder the trades are read only when ``--format`` says so.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from actors.reading import arrow_file, stamps
from actors.reading.assemble import Assembler
from actors.reading.format import Broken, BrokenRow, Coverage, Format, Hints, RawBars, Stamp, Unsupported
from actors.reading.peek import Head
from actors.reading.stamps import epoch_ns
from actors.reading.trades import TradeTape, without_stamp
from actors.vendors.freqtrade import candles
from messages.errors import UNREADABLE

_Number = float | None
_Trades = list[tuple[int, Any, Any, Any, _Number, _Number, _Number]]
_EXPECTED = "[milliseconds, id, type, side, price, amount, cost]"
_PRICE, _AMOUNT, _CELLS = 4, 5, 7


def _sniff(head: Head) -> bool:
    return candles.holds_trades(head) and not candles.has_candles_beside(head.path)


def _read(fmt: Format, path: Path, hints: Hints) -> Iterator[RawBars]:
    head = Head(path)
    if not candles.holds_trades(head):
        raise Unsupported("no trades of freqtrade: wanted is a file like BTC_USDT-trades.feather")
    name = candles.name_of(path)
    symbol = name.symbol if name else ""
    tape = TradeTape(Assembler(fmt, without_stamp(hints), path, is_local=False, symbol=symbol))
    if head.is_arrow:
        _take_batches(path, tape)
    else:
        _take_json(candles.text_of(path), tape)
    yield from tape.bars()


def _take_batches(path: Path, tape: TradeTape) -> None:
    first_row = 1
    for batch, _ in arrow_file.record_batches(path, list(candles.TRADE_COLUMNS)):
        at_ns, form = arrow_file.stamps_of(batch.column(0))
        price, amount = (
            arrow_file.floats_of(batch.column(place), name) for place, name in ((1, "price"), (2, "amount"))
        )
        rows = np.arange(first_row, first_row + len(batch), dtype=np.int64)
        keep = at_ns != stamps.UNREADABLE
        nothing = "nothing that can be read"
        tape.add_broken(Broken.of([
            BrokenRow(row=row, field="time", seen=nothing, expected=form.value) for row in rows[~keep].tolist()
        ]))  # fmt: skip
        tape.add(at_ns[keep], price[keep], amount[keep], rows[keep])
        first_row += len(batch)


def _take_json(text: bytes, tape: TradeTape) -> None:
    try:
        trades = msgspec.json.decode(text, type=_Trades)
        rows = np.arange(1, len(trades) + 1, dtype=np.int64)
    except UNREADABLE:
        found = candles.rows_of(text)
        rows = np.array([row for row, trade in enumerate(found, 1) if _is_trade(trade)], dtype=np.int64)
        trades = [tuple(trade) for trade in found if _is_trade(trade)]
        tape.add_broken(Broken.of([
            BrokenRow(row=row, field="row", seen=str(trade)[:60], expected=_EXPECTED)
            for row, trade in enumerate(found, 1) if not _is_trade(trade)
        ]))  # fmt: skip
    at_ns = epoch_ns(np.array([trade[0] for trade in trades], dtype=np.int64))
    price, amount = (np.array([trade[place] for trade in trades], dtype=np.float64) for place in (_PRICE, _AMOUNT))
    tape.add(at_ns, price, amount, rows)


def _is_trade(row: Any) -> bool:
    return (
        isinstance(row, list)
        and len(row) == _CELLS
        and isinstance(row[0], int)
        and all(isinstance(cell, int | float | None) for cell in row[_PRICE:])
    )


FREQTRADE_TRADES = Format(
    name="freqtrade-trades",
    title="freqtrade trades, folded to minutes",
    source=candles.SOURCE,
    stamp=Stamp.START,
    tz="UTC",
    adjusted=False,
    coverage=Coverage.ALL,
    emits_empty_minutes=False,
    calendar="24/7",
    sniff=_sniff,
    read=_read,
)
