"""What ``yf.download(...).to_csv()`` writes at present: columns of two levels, one or many tickers, bar start.

The header is three lines, prices and tickers in either order (``group_by``), then the name of the index::

    Price,Close,Close,High,High,...
    Ticker,AAPL,MSFT,AAPL,MSFT,...
    Datetime,,,,,...

Stamps carry their offset from UTC. A ticker without a bar at some instant has empty cells there, and no bar. With
``multi_level_index=False`` and from ``Ticker.history`` comes one flat header, which is the format ``yahoo``. Prices are
adjusted unless ``auto_adjust=False`` was asked for; ``Adj Close`` is never read.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from actors.reading import delimited
from actors.reading.assemble import Assembler
from actors.reading.format import OFFSET, Block, Coverage, Format, Hints, RawBars, Stamp, Unsupported
from actors.reading.layout import Layout
from actors.reading.peek import Head
from actors.reading.stamps import form_of
from actors.vendors.yahoo.flat import YAHOO, calendar_of
from messages.columns import CLOSE, FIELDS
from messages.errors import DataError

_LEVELS = {"Price", "Ticker"}
_HEADER_LINES = 3
_FIELD_OF = {name.capitalize(): name for name in FIELDS}


def _levels(head: Head) -> tuple[list[str], list[str]] | None:
    """Return the field and the ticker of every column but the first, or ``None`` where there are no two levels."""
    first, second = head.cells(0), head.cells(1)
    if len(first) != len(second) or not first or {first[0], second[0]} != _LEVELS:
        return None
    return (first[1:], second[1:]) if first[0] == "Price" else (second[1:], first[1:])


def _sniff(head: Head) -> bool:
    return _levels(head) is not None


def _read(fmt: Format, path: Path, hints: Hints) -> Iterator[RawBars]:
    head = Head(path, hints.member)
    levels = _levels(head)
    if levels is None:
        yield from YAHOO.read(fmt, path, hints)
        return
    if head.cells(2)[:1] == ["Date"]:
        raise Unsupported("yfinance bars of a day or longer; only one-minute bars are imported")
    layout, tickers = _layout(head, *levels)
    if hints.symbol and len(tickers) > 1:
        raise DataError(f"the file names its own symbols ({', '.join(tickers[:3])} ...): leave --symbol out")
    calendar, remarks = _calendar_of(tickers)
    assembler = Assembler(fmt, hints, path, is_local=layout.form.is_local)
    for remark in remarks:
        assembler.remark(remark)
    for block in delimited.blocks(path, head.member, layout):
        for raw in assembler.assembled(_unfolded(block, tickers)):
            yield msgspec.structs.replace(raw, calendar=calendar)
    assembler.finish()


def _layout(head: Head, fields: list[str], tickers: list[str]) -> tuple[Layout, tuple[str, ...]]:
    """Return where each ticker's fields stand, ticker by ticker, and the tickers."""
    names = tuple(dict.fromkeys(tickers))
    places = {f"{field} {ticker}": place for place, (field, ticker) in enumerate(zip(fields, tickers, strict=True), 1)}
    wanted = {f"{ticker} {field}": f"{name} {ticker}" for ticker in names for name, field in _FIELD_OF.items()}
    missing = [column for column in wanted.values() if column not in places]
    if missing:
        raise DataError(f"no column for {', '.join(missing[:3])}; wanted are Open, High, Low, Close and Volume of each")
    row = head.cells(_HEADER_LINES)
    if not row:
        raise DataError("there is a header and no row")
    layout = Layout(
        delimiter=head.delimiter,
        places={"time": 0} | {role: places[column] for role, column in wanted.items()},
        width=len(fields) + 1,
        header_lines=head.lines_before(_HEADER_LINES),
        coding=head.coding,
        form=form_of(row[0]),
        numbers=tuple(wanted),
    )
    return layout, names


def _calendar_of(tickers: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    calendars = {calendar_of(ticker.upper()): ticker for ticker in tickers}
    if len(calendars) == 1:
        return next(iter(calendars)), ()
    told = ", ".join(f"{ticker}: {calendar or 'unknown'}" for calendar, ticker in calendars.items())
    return None, (f"the tickers have different calendars ({told}), and the file is read with one",)


def _unfolded(block: Block, tickers: tuple[str, ...]) -> Block:
    """Return a bar for each row and ticker that has any price."""
    table = block.values.reshape(len(tickers), len(FIELDS), -1)
    row, ticker = np.nonzero(~np.isnan(table[:, : CLOSE + 1]).all(axis=1).T)
    return msgspec.structs.replace(
        block,
        stamps_ns=block.stamps_ns[row],
        symbols=tickers,
        symbol_index=ticker.astype(np.int32),
        values=np.ascontiguousarray(table[ticker, :, row].T),
        rows=block.rows[row],
    )


YFINANCE = Format(
    name="yfinance",
    title="yfinance download, columns of two levels",
    source="https://ranaroussi.github.io/yfinance/advanced/multi_level_columns.html",
    stamp=Stamp.START,
    tz=OFFSET,
    adjusted=True,  # auto_adjust=True is the default
    coverage=Coverage.EXTENDED,
    emits_empty_minutes=False,
    sniff=_sniff,
    read=_read,
)
