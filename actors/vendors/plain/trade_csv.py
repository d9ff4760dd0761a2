"""Single trades as delimited text, folded to one-minute bars with vwap and number of trades.

Kraken's and Bitcoincharts' history has no header: seconds since 1970, price, amount. Others name their columns: a
time, a price, an amount, and perhaps a symbol; Tardis counts microseconds since 1970, and so do the ids of Mt. Gox's
trades, which have no other time. Exchanges of crypto currencies write such files, around the clock and in UTC;
--calendar and --tz say otherwise, and where neither the name is a pair nor the columns are theirs, that is said. Of
US stocks a column of conditions counts by the rules that --sale-conditions names.

Where one-minute bars of the symbol and day stand in the same folder the trades are read only when ``--format`` says so.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from actors.market.sale_conditions import NONE, sale_rules
from actors.reading import delimited, naming, stamps
from actors.reading.assemble import Assembler
from actors.reading.dates import DateOrder
from actors.reading.format import Coverage, Format, Hints, RawBars, Stamp, Unsupported
from actors.reading.layout import Layout
from actors.reading.peek import Head
from actors.reading.spelling.header import CLOCK, DATE, STAMP, SYMBOL, plain, role_of
from actors.reading.stamps import StampForm
from actors.reading.trades import TradeTape, without_stamp
from messages.errors import DataError
from messages.tables.columns import Stamps
from messages.values import MINUTE_NS, SECOND_NS

_TIMES = ("timestamp", "time", "datetime", "dateandtime", "ts", "id")
_SIZES = ("amount", "size", "quantity", "qty", "volume")
_CONDITIONS = ("conditions", "condition", "saleconditions", "salecondition")
_BARS = {"open", "high", "low", "close"}
CONDITIONS = "conditions"
"""The role of the column with a trade's conditions."""
_PAIR = re.compile(
    r".{2,}(?:USD[TC]?|BUSD|EUR|GBP|JPY|CHF|CAD|AUD|KRW|TRY|BRL|PLN|RUB|UAH|BTC|XBT|ETH|BNB|DAI|SOL|SATS?|PERP(?:ETUAL)?)",
    re.IGNORECASE,
)
_OF_CRYPTO = {"localtimestamp", "tickdirection", "grossvalue", "homenotional", "foreignnotional"}
"""Columns that Tardis and BitMEX have; Mt. Gox has an id in the place of a time."""
_TAKEN = (
    "taken for trades of crypto currencies, around the clock and in UTC, though nothing says so: if they are of "
    "others, say their calendar and zone with --calendar and --tz"
)
_NEW_YORK = ZoneInfo("America/New_York")
_HOUR_NS = 60 * MINUTE_NS
_NUMBER = re.compile(r"\d+(\.\d+)?")


def _sniff(head: Head) -> bool:
    return head.is_text and not head.is_json and _layout(head) is not None


def _layout(head: Head, order: DateOrder | None = None) -> Layout | None:
    header = [plain(name) for name in head.cells(0)]
    places, header_lines = _named(header), 1
    if not places:
        places, header_lines = _unnamed(header), 0
    row = head.cells(header_lines)
    if not places or len(row) != len(header):
        return None
    text = " ".join(row[places[role]] for role in (STAMP, DATE, CLOCK) if role in places)
    return Layout(
        delimiter=head.delimiter,
        places=places,
        width=len(header),
        header_lines=header_lines and head.lines_before(header_lines),
        coding=head.coding,
        form=StampForm.TEXT if DATE in places else stamps.form_of(text),
        order=order,
        numbers=("price", "size"),
        label=CONDITIONS if CONDITIONS in places else "",
    ) if stamps.is_stamp(text) else None  # fmt: skip


def _named(header: list[str]) -> dict[str, int]:
    time, size = (next((name for name in names if name in header), None) for names in (_TIMES, _SIZES))
    if time is None or size is None or "price" not in header or _BARS & set(header):
        return {}
    symbols = [place for place, name in enumerate(header) if role_of(name) == SYMBOL]
    more = {SYMBOL: header.index(SYMBOL) if SYMBOL in header else symbols[0]} if symbols else {}
    conditions = next((name for name in _CONDITIONS if name in header), None)
    if conditions is not None:
        more[CONDITIONS] = header.index(conditions)
    is_split = time == "time" and "date" in header
    times = {DATE: header.index("date"), CLOCK: header.index("time")} if is_split else {STAMP: header.index(time)}
    return times | {"price": header.index("price"), "size": header.index(size)} | more


def _unnamed(cells: list[str]) -> dict[str, int]:
    is_trade = len(cells) == 3 and all(map(_NUMBER.fullmatch, cells))
    return {"time": 0, "price": 1, "size": 2} if is_trade else {}


def _read(fmt: Format, path: Path, hints: Hints) -> Iterator[RawBars]:
    head = Head(path, hints.member)
    layout = _layout(head, hints.dates)
    if layout is None:
        raise Unsupported("no trades: wanted are columns of a time, a price and an amount")
    is_said = hints.is_format_named or (hints.calendar and (hints.tz or not layout.form.is_local))
    doubts = () if is_said or _is_crypto(head, layout) else (_TAKEN,)
    for raw in folded(fmt, path, hints, layout, "none"):
        yield msgspec.structs.replace(raw, remarks=(*raw.remarks, *doubts))


def _is_crypto(head: Head, layout: Layout) -> bool:
    """Return whether a pair is traded, or the columns are those of an archive of pairs."""
    header = [plain(name) for name in head.cells(0)]
    if layout.header_lines and (_OF_CRYPTO & {*header} or header[layout.places.get(STAMP, 0)] == "id"):
        return True
    row = head.cells(1 if layout.header_lines else 0)
    symbol = row[layout.places[SYMBOL]] if SYMBOL in layout.places else ""
    with suppress(DataError):
        return _PAIR.fullmatch(symbol or naming.symbol_of(head.name)) is not None
    return False


def folded(fmt: Format, path: Path, hints: Hints, layout: Layout, rules: str) -> Iterator[RawBars]:
    """Yield the bars of trades; by which rules of sale conditions, if the user does not say it and there are any."""
    judge = sale_rules(hints.sale_conditions or rules)
    symbols: dict[str, int] = {}
    tape = TradeTape(Assembler(fmt, without_stamp(hints), path, is_local=layout.form.is_local), symbols)
    for block in delimited.blocks(path, Head(path, hints.member).member, layout):
        tape.add_broken(block.broken)
        number = np.array([symbols.setdefault(name, len(symbols)) for name in block.symbols], dtype=np.int32)
        price, size = block.values
        sets = None
        if block.label_index is not None and judge is not NONE:
            minutes = in_new_york(block.stamps_ns, is_local=layout.form.is_local) // MINUTE_NS
            sets = judge.sets_of(block.labels, block.label_index, minutes)
        tape.add(block.stamps_ns, price, size, block.rows, symbol_index=number[block.symbol_index], sets=sets)
    yield from tape.bars()


def in_new_york(at_ns: Stamps, *, is_local: bool) -> Stamps:
    """Return instants as New York's clocks show them; wall-clock time is taken for theirs."""
    if is_local or not len(at_ns):
        return at_ns
    hours, place = np.unique(at_ns // _HOUR_NS, return_inverse=True)
    offsets = [datetime.fromtimestamp(hour * 3600, _NEW_YORK).utcoffset() or timedelta() for hour in hours.tolist()]
    shown: Stamps = at_ns + np.array([int(offset.total_seconds()) for offset in offsets])[place] * SECOND_NS
    return shown


TRADE_CSV = Format(
    name="trade-csv",
    title="single trades as text, folded to minutes",
    source="https://support.kraken.com/articles/360047543791-downloadable-historical-market-data-time-and-sales-",
    stamp=Stamp.START,
    tz="UTC",
    adjusted=False,
    coverage=Coverage.ALL,
    emits_empty_minutes=False,
    gives_way=True,
    sniff=_sniff,
    read=_read,
    calendar="24/7",
)
