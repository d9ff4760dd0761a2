"""What ``yf.download(...)`` gives, written as CSV or Parquet: columns of two levels, one or many tickers, bar start.

The header is three lines, prices and tickers in either order (``group_by``), then the name of the index::

    Price,Close,Close,High,High,...
    Ticker,AAPL,MSFT,AAPL,MSFT,...
    Datetime,,,,,...

``levels`` knows the other ways. Stamps carry their offset from UTC. A ticker without a bar at some instant has empty
cells there, and no bar. With ``multi_level_index=False`` and from ``Ticker.history`` comes one flat header, which is
the format ``yahoo``. Prices are adjusted unless ``auto_adjust=False`` was asked for; ``Adj Close`` is never read.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from actors.reading import arrow_file, delimited
from actors.reading.assemble import Assembler
from actors.reading.format import OFFSET, Block, Coverage, Format, Hints, RawBars, Stamp, Unsupported
from actors.reading.layout import Layout
from actors.reading.peek import Head
from actors.reading.stamps import UNREADABLE, form_of
from actors.reading.wide import unfolded
from actors.vendors.yahoo.flat import YAHOO, calendar_of
from actors.vendors.yahoo.levels import FIELD_OF, Levels, of_names, of_text
from messages.errors import DataError
from messages.values import DAY_NS


def _levels(head: Head) -> Levels | None:
    return of_names(arrow_file.column_names(head.path)) if head.is_arrow else of_text(head)


def _sniff(head: Head) -> bool:
    return _levels(head) is not None


def _read(fmt: Format, path: Path, hints: Hints) -> Iterator[RawBars]:
    head = Head(path, hints.member)
    levels = _levels(head)
    if levels is None:
        yield from YAHOO.read(fmt, path, hints)
        return
    if levels.is_daily and not _has_clock(head, path, levels):
        raise Unsupported("yfinance bars of a day or longer; only one-minute bars are imported")
    tickers = levels.symbols
    if missing := levels.missing():
        raise DataError(f"no column for {', '.join(missing[:3])}; wanted are {', '.join(FIELD_OF)} of each")
    if hints.symbol and len(tickers) > 1:
        raise DataError(f"the file names its own symbols ({', '.join(tickers[:3])} ...): leave --symbol out")
    calendar, remarks = _calendar_of(tickers)
    blocks, is_local = _of_arrow(path, levels) if head.is_arrow else _of_text(head, levels)
    assembler = Assembler(fmt, hints, path, is_local=is_local)
    for remark in remarks:
        assembler.remark(remark)
    for block in blocks:
        for raw in assembler.assembled(unfolded(block, tickers)):
            yield msgspec.structs.replace(raw, calendar=calendar)
    assembler.finish()


def _has_clock(head: Head, path: Path, levels: Levels) -> bool:
    """Return whether the first stamps of an index called Date have a time beside it."""
    if not head.is_arrow:
        return ":" in _first_row(head, levels)[levels.time]
    first, _ = next(arrow_file.record_batches(path, [arrow_file.column_names(path)[levels.time]]), (None, 0.0))
    return first is not None and bool(np.any(arrow_file.stamps_of(first.column(0))[0] % DAY_NS))


def _first_row(head: Head, levels: Levels) -> list[str]:
    header = next(line for line in range(len(head.lines) + 1) if head.lines_before(line) >= levels.header_lines)
    row = head.cells(header)
    if not row:
        raise DataError("there is a header and no row")
    return row


def _of_text(head: Head, levels: Levels) -> tuple[Iterator[Block], bool]:
    places = levels.places()
    row = _first_row(head, levels)
    layout = Layout(
        delimiter=head.delimiter,
        places={"time": levels.time} | places,
        width=len(levels.fields),
        header_lines=levels.header_lines,
        coding=head.coding,
        form=form_of(row[levels.time]),
        numbers=tuple(places),
    )
    return delimited.blocks(head.path, head.member, layout), layout.form.is_local


def _of_arrow(path: Path, levels: Levels) -> tuple[Iterator[Block], bool]:
    names = arrow_file.column_names(path)
    time, columns = names[levels.time], {role: names[place] for role, place in levels.places().items()}
    first, _ = next(arrow_file.record_batches(path, [time]), (None, 0.0))
    if first is None:
        raise DataError("the file has no rows")
    return _batches(path, time, columns), arrow_file.stamps_of(first.column(0))[1].is_local


def _batches(path: Path, time: str, columns: dict[str, str]) -> Iterator[Block]:
    first_row = 1
    for batch, share in arrow_file.record_batches(path, [time, *columns.values()]):
        held = {name: batch.column(batch.schema.names.index(name)) for name in (time, *columns.values())}
        stamps_ns = arrow_file.stamps_of(held[time])[0]
        rows = np.arange(first_row, first_row + len(stamps_ns), dtype=np.int64)
        keep = stamps_ns != UNREADABLE
        yield Block(
            stamps_ns=stamps_ns[keep],
            symbols=("",),
            symbol_index=np.zeros(int(keep.sum()), dtype=np.int32),
            values=np.stack([arrow_file.floats_of(held[name], role) for role, name in columns.items()])[:, keep],
            rows=rows[keep],
            share=share,
        )
        first_row += len(stamps_ns)


def _calendar_of(tickers: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    calendars = {calendar_of(ticker.upper()): ticker for ticker in tickers}
    if len(calendars) == 1:
        return next(iter(calendars)), ()
    told = ", ".join(f"{ticker}: {calendar or 'unknown'}" for calendar, ticker in calendars.items())
    return None, (f"the tickers have different calendars ({told}), and the file is read with one",)


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
