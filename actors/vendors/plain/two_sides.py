"""Bids and asks of one instrument in one table: a column for each side and price.

``DateTime,BidOpen,...,AskClose`` (FXCM), ``OpenBid,...,CloseAsk`` (Saxo's OpenAPI), ``"EUR/USD(Open, Ask)"`` and the
like. The side becomes a part of the symbol, EURUSD-BID, since bids and asks are not one series; a volume that is
counted once stands with both.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from actors.reading import delimited, naming, stamps
from actors.reading.assemble import NO_VOLUME, Assembler
from actors.reading.format import Block, Broken, Coverage, Format, Hints, RawBars
from actors.reading.layout import Layout
from actors.reading.peek import Head
from actors.reading.spelling import header as spelling
from actors.reading.spelling.header import CLOCK, DATE, PRICES, STAMP, SYMBOL, plain
from actors.reading.stamps import StampForm
from actors.reading.wide import sides_of, unfolded
from actors.vendors import currencies
from messages.errors import DataError
from messages.tables.columns import FIELDS


class _Table(msgspec.Struct, frozen=True, kw_only=True):
    """Where what stands."""

    times: dict[str, int]
    series: tuple[str, ...]
    """The symbols as the header has them, each with its side; only the side where the file's name is the symbol."""
    places: dict[str, int]
    """For each series and field its column, series by series."""
    fields: tuple[str, ...]
    symbol: dict[str, int]
    """The column of symbols, if there is one and only that names them."""


def _table(head: Head) -> _Table | None:
    header = [plain(name) for name in head.cells(0)]
    found = sides_of(head.cells(0))
    if not found:
        return None
    series = tuple(dict.fromkeys(symbol for symbol, _ in found))
    times = _times(head.cells(0), head.cells(1))
    if times is None:
        return None
    has_own = all((symbol, "volume") in found for symbol in series)
    fields = FIELDS if has_own else PRICES
    places = {f"{symbol} {field}": found[symbol, field] for symbol in series for field in fields}
    shared = {"volume": header.index("volume")} if "volume" in header and not has_own else {}
    is_bare = all(symbol.startswith("-") for symbol in series)
    symbols = [place for place, name in enumerate(header) if is_bare and spelling.role_of(name) == SYMBOL]
    symbol = {SYMBOL: symbols[0]} if symbols else {}
    return _Table(times=times, series=series, places=places | shared, fields=fields, symbol=symbol)


def _bars(block: Block, table: _Table, series: tuple[str, ...]) -> Block:
    """Return the bars of a block; a volume that both sides share is the last of its columns."""
    if "volume" not in table.places:
        return unfolded(block, series, table.fields)
    sides = block.values[:-1].reshape(len(series), len(PRICES), -1)
    both = np.concatenate([sides, np.broadcast_to(block.values[-1], (len(series), 1, sides.shape[2]))], axis=1)
    return unfolded(msgspec.structs.replace(block, values=both.reshape(-1, sides.shape[2])), series)


def _by_symbol(block: Block) -> Iterator[tuple[str, Block]]:
    """Yield the rows of each symbol that a column names, or all of them where there is none."""
    if len(block.symbols) < 2:
        yield block.symbols[0].strip() if block.symbols else "", block
        return
    for number, symbol in enumerate(block.symbols):
        rows = block.symbol_index == number
        cells = {"stamps_ns": block.stamps_ns[rows], "values": block.values[:, rows], "rows": block.rows[rows]}
        of_first = block.broken if number == 0 else Broken()
        yield (
            symbol.strip(),
            msgspec.structs.replace(
                block,
                **cells,
                symbols=(symbol,),
                symbol_index=np.zeros(len(cells["rows"]), dtype=np.int32),
                broken=of_first,
            ),
        )


def _times(header: list[str], row: list[str]) -> dict[str, int] | None:
    """Return the columns of the time, found as if the prices of one side were the only ones."""
    made_up = [*header, *PRICES]
    try:
        places = spelling.places_of(made_up, [*row, *("1" for _ in PRICES)])
    except DataError:
        return None
    return {role: places[role] for role in (STAMP, DATE, CLOCK) if role in places}


def _sniff(head: Head) -> bool:
    if not head.is_text or head.is_json or _table(head) is None:
        return False
    # Where trades have prices of their own, or the middle has, those are the bars.
    return not set(PRICES) <= set(map(spelling.role_of, head.cells(0)))


def _layout(head: Head, table: _Table, hints: Hints) -> Layout:
    row = head.cells(1)
    if len(row) != len(head.cells(0)):
        raise DataError("there is a header and no row" if not row else "the rows do not have the header's columns")
    sample = " ".join(row[place] for place in table.times.values())
    form = StampForm.TEXT if len(table.times) > 1 else stamps.form_of(sample)
    return Layout(
        delimiter=head.delimiter,
        places=table.times | table.symbol | table.places,
        width=len(head.cells(0)),
        header_lines=head.lines_before(1),
        coding=head.coding,
        form=form,
        order=hints.dates,
        numbers=tuple(table.places),
    )


def _read(fmt: Format, path: Path, hints: Hints) -> Iterator[RawBars]:
    head = Head(path, hints.member)
    table = _table(head)
    if table is None:
        raise DataError("no columns of bids and asks: wanted are open, high, low and close of each side")
    is_named_by_file = table.series[0].startswith("-") and not table.symbol
    of_name = hints.symbol or (naming.symbol_of(head.name) if is_named_by_file else "")
    series = tuple(f"{of_name}{symbol}" if symbol.startswith("-") else symbol for symbol in table.series)
    layout = _layout(head, table, hints)
    bare = msgspec.structs.replace(hints, symbol=None)
    assembler = Assembler(fmt, bare, path, is_local=layout.form.is_local)
    if table.fields == PRICES and "volume" not in table.places:
        assembler.remark(NO_VOLUME)
    for block in delimited.blocks(path, head.member, layout):
        for symbol, of_symbol in _by_symbol(block):
            named = tuple(f"{symbol}{side}" if symbol and side.startswith("-") else side for side in table.series)
            mine = named if symbol else series
            for raw in assembler.assembled(_bars(of_symbol, table, mine)):
                yield msgspec.structs.replace(raw, calendar=currencies.calendar_of(mine[0]))
    assembler.finish()


TWO_SIDES = Format(
    name="bid-ask",
    title="bids and asks side by side",
    source="https://www.developer.saxo/openapi/referencedocs/chart/v3/charts",
    stamp=None,
    tz=None,
    adjusted=False,
    coverage=Coverage.ALL,
    emits_empty_minutes=False,
    sniff=_sniff,
    read=_read,
)
