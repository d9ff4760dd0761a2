"""JSON as programs and APIs write tables: records, lines of records, columns, lists of rows.

``to_json`` of pandas in its orients, what an API answers around it, and rows without names, which are recognised by
their shape. Such a file is read whole.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import compress
from typing import Any

import msgspec

from actors.reading import shape
from actors.reading.series import OneSeries, telling
from actors.reading.spelling import flags, header
from actors.reading.spelling.numerals import is_number
from actors.reading.wide import sides_of
from messages.errors import DataError

_FLAT_OBJECT = re.compile(r"\{[^{}\[\]]*\}")
_ROW = re.compile(r"\[[^\[\]{}]*\]")
_FLAT_ROW = re.compile(r"\[\s*\[([^\[\]{}]*)\]")
_NAMED_COLUMN = re.compile(r'"([^"]+)"\s*:\s*[\[{]')
_OPEN_COLUMN = re.compile(r'"[^"]+"\s*:\s*\[[^\[\]{}]*$')
_SPLIT = re.compile(r'"columns"\s*:\s*\[([^\[\]]*)\]')
_KRAKEN = ("time", "open", "high", "low", "close", "vwap", "volume", "trades")
_BINANCE = ("time", "open", "high", "low", "close", "volume", "", "", "trades", "", "", "")
_OKX = (*_BINANCE[:6], "", "", header.IS_OVER)
_BITGET = (*_BINANCE[:6], "", "")
_GATE = ("time", "", "close", "high", "low", "open", "volume", header.IS_OVER)
_ORDERS = ((1, 3, 4, 2), (3, 2, 1, 4))
"""Where open, high, low and close stand with Bitfinex and KuCoin, and with Coinbase."""
_INDEX = "timestamp"
_META = "Meta Data"
_PROBED = 1 << 14
_SEEN = 100
_WHOSE = ("symbol", "ticker", "tradingsymbol", "pair", "currencypair", "instrument", "instrumentid", "instid")
"""What an answer calls the symbol that it is about."""


class _Columns(dict[str, list[Any]]):
    """The columns of a table by their roles, and what the name of its time says."""

    zone: str | None = None
    is_of_many = False


class JsonTable(msgspec.Struct, frozen=True, kw_only=True):
    """The columns of a document, by their role."""

    columns: dict[str, list[Any]]
    symbol: str = ""
    """What the document calls itself, outside of the table."""
    zone: str | None = None
    """The zone that it states for its stamps."""
    is_of_many: bool = False
    """Whether there are other times beside that in UTC."""
    is_end: bool = False
    """Whether stamps are the end of the bar."""
    remarks: tuple[str, ...] = ()
    broken: tuple[tuple[int, str], ...] = ()
    """Of lines of a document each those that are none: their numbers, and what stands there."""


def looks_like_bars(text: str) -> bool:
    """Return whether a document that begins so may hold bars."""
    records = (_loaded(found[0]) for found in _FLAT_OBJECT.finditer(text[:_PROBED]))
    if any(isinstance(record, dict) and (_has_prices(record) or sides_of(list(record))) for record in records):
        return True
    listed = _SPLIT.search(text)
    names = _loaded(f"[{listed[1]}]") if listed else None
    if _has_prices(map(str, names or _NAMED_COLUMN.findall(text))):
        return True
    return columns_of_rows(rows_within(text)) is not None


def ends_in_a_column(text: str) -> bool:
    """Return whether the beginning of a document ends within a column: others may come behind it."""
    return _OPEN_COLUMN.search(text) is not None


def rows_within(text: str) -> list[Any]:
    """Return the first rows of a document that is, or holds, a list of lists; the last may be cut, and is left out."""
    begin = _FLAT_ROW.search(text)
    found = _ROW.finditer(text, begin.start(1) - 1, begin.start() + _PROBED) if begin else ()
    return [row for row in (_loaded(one[0]) for one in found) if row is not None]


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _has_prices(names: Iterable[str]) -> bool:
    """Return whether names are those of bars; the time may be a key."""
    return _is_header([*names, _INDEX])


def _has_time(names: Sequence[str]) -> bool:
    return _is_header([*names, *header.PRICES])


def _is_header(names: Sequence[str]) -> bool:
    try:
        return bool(header.places_of(names))
    except DataError:
        return False


def columns_of_rows(rows: Sequence[Any]) -> tuple[str, ...] | None:
    """Return the role of each cell of rows without names, as their shape shows it; ``None``: they show none."""
    width = len(rows[0]) if rows and isinstance(rows[0], list) else 0
    cells = [[_text(cell) for cell in row] for row in rows[:_SEEN] if isinstance(row, list) and len(row) == width]
    if width == len(_KRAKEN) and (found := _of_eight(cells)):
        return found
    if width == len(_BINANCE) and shape.columns_of([row[:6] for row in cells]):
        return _BINANCE
    if width == len(_OKX) and cells[0][-1] in ("0", "1") and shape.columns_of([row[:6] for row in cells]):
        return _OKX
    return (shape.columns_of(cells) if cells else None) or _turned(cells, width)


def _of_eight(cells: Sequence[Sequence[str]]) -> tuple[str, ...] | None:
    """Return the roles of eight cells: Kraken has a vwap within the bar, Bitget the turnover behind the volume."""
    if cells[0][-1].lower() in ("true", "false"):
        places = [_GATE.index(role) for role in (header.STAMP, *header.PRICES, "volume")]
        return _GATE if shape.columns_of([[row[place] for place in places] for row in cells]) else None
    is_kraken = all(float(row[3]) <= float(row[5]) <= float(row[2]) or not float(row[6]) for row in _numeric(cells))
    if is_kraken:
        return _KRAKEN if shape.columns_of([[*row[:5], *row[6:]] for row in cells]) else None
    return _BITGET if shape.columns_of([row[:6] for row in cells]) else None


def _numeric(cells: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    return [row for row in cells if all(map(is_number, row))]


def _turned(cells: Sequence[Sequence[str]], width: int) -> tuple[str, ...] | None:
    """Return the roles where prices stand in another order than the usual one."""
    for order in _ORDERS if width > max(_ORDERS[0]) + 1 else ():
        if shape.columns_of([[row[0], *(row[place] for place in order), row[5]] for row in cells]):
            roles = {0: header.STAMP, 5: "volume"} | dict(zip(order, header.PRICES, strict=True))
            return tuple(roles.get(place, "") for place in range(width))
    return None


def table_of(text: str) -> JsonTable:
    """Return the table that a document holds.

    Raises:
        DataError: it is no JSON, or there is none of bars in it.
    """
    document, broken = _document(text)
    if isinstance(document, dict) and set(document) == {"error", "result"}:
        return _of_kraken(document)
    tables = list(_tables(document))
    if not tables:
        raise DataError(f"no table of bars within this JSON; wanted are records with {header.NEEDED}")
    # Alpha Vantage stamps with the end of the bar: see actors.vendors.alphavantage.
    is_end = isinstance(document, dict) and _META in document
    table = _finished(tables[0] if len(tables) == 1 else _together(tables, document))
    return msgspec.structs.replace(table, is_end=is_end, broken=broken)


def _finished(table: JsonTable) -> JsonTable:
    """Return a table without what is not over yet, where a column says so."""
    said = texts(table.columns.get(header.IS_OVER, ()))
    is_over = flags.are_over(said).tolist()
    if all(is_over) or not flags.are_flags(said):
        return table
    columns = {role: list(compress(cells, is_over)) for role, cells in table.columns.items()}
    if not columns["open"]:
        raise DataError("all bars are still in the making")
    return msgspec.structs.replace(table, columns=columns, remarks=(*table.remarks, flags.LEFT_OUT))


def _together(tables: Sequence[JsonTable], document: Any) -> JsonTable:
    """Return the tables of several symbols as one, as where many are asked for at once."""
    by_key = list(document) if isinstance(document, dict) and len(document) == len(tables) else [""] * len(tables)
    names = [table.symbol or key for table, key in zip(tables, by_key, strict=True)]
    roles = set(tables[0].columns)
    if not all(names) or any(set(table.columns) != roles or table.zone != tables[0].zone for table in tables):
        raise DataError(f"{len(tables)} tables of bars within this JSON, and not of what each is: split it")
    columns = {role: [cell for table in tables for cell in table.columns[role]] for role in sorted(roles)}
    said = [name for table, name in zip(tables, names, strict=True) for _ in table.columns["open"]]
    first = tables[0]
    return JsonTable(columns={header.SYMBOL: said} | columns, zone=first.zone, is_of_many=first.is_of_many)


def _of_kraken(document: Mapping[str, Any]) -> JsonTable:
    """Return the answer of Kraken's OHLC: rows, and the time of the last that is over; one more is in the making."""
    result = document["result"] if isinstance(document["result"], dict) else {}
    pair, rows = next(((name, rows) for name, rows in result.items() if isinstance(rows, list) and rows), ("", []))
    columns = _columns(rows)
    if columns is None:
        raise DataError(f"Kraken's answer without bars; it says {document['error']}")
    last = result.get("last")
    is_over = [not isinstance(last, int) or at <= last or last < columns["time"][0] for at in columns["time"]]
    left = is_over.count(False)
    return JsonTable(
        columns={role: list(compress(cells, is_over)) for role, cells in columns.items()},
        symbol=pair,
        remarks=(f"{left} bar that was still in the making is left out",) if left else (),
    )


def _document(text: str) -> tuple[Any, tuple[tuple[int, str], ...]]:
    """Return a document, or the lines of one each, and those that are none: numbered from 1, as an editor has them."""
    try:
        return json.loads(text), ()
    except (ValueError, RecursionError) as error:
        lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
        read = [(number, line, _loaded(line)) for number, line in lines]
        broken = tuple((number, line) for number, line, document in read if document is None)
        if len(broken) * 2 > len(lines):
            raise DataError(f"no sound JSON: {error}") from error
        return [document for _, _, document in read if document is not None], broken


def _tables(held: Any, symbol: str = "", zone: str | None = None) -> Iterator[JsonTable]:
    """Yield the tables within a document, each with what the objects around it say of it."""
    if isinstance(held, dict):
        said, stated = _said(held)
        symbol, zone = said or symbol, stated or zone
    columns = _columns(held)
    if columns is not None:
        of_name = columns if isinstance(columns, _Columns) else _Columns()
        is_utc = of_name.is_of_many
        yield JsonTable(
            columns=columns, symbol=symbol, zone="UTC" if is_utc else of_name.zone or zone, is_of_many=is_utc
        )
        return
    for value in held.values() if isinstance(held, dict) else held if isinstance(held, list) else ():
        if isinstance(value, dict | list):
            yield from _tables(value, symbol, zone)


def _columns(held: Any) -> dict[str, list[Any]] | None:
    """Return the columns of a table by their roles, or ``None`` where it is none of bars."""
    match held:
        case [dict(), *_]:
            records = [_flat(record) for record in held if isinstance(record, dict)]
            names = list(dict.fromkeys(name for record in records for name in record))
            columns = {name: [record.get(name) for record in records] for name in names}
            return _named(columns) or _sided(columns)
        case [list(), *_]:
            roles = columns_of_rows(held)
            even = [row for row in held if isinstance(row, list) and len(row) == len(roles or ())]
            return {role: [row[place] for row in even] for place, role in enumerate(roles) if role} if roles else None
        case {"columns": list(names), "data": list(rows)}:
            index = held.get("index")
            first = {_INDEX: index} if isinstance(index, list) else {}
            cells = {str(name): [row[place] for row in rows] for place, name in enumerate(names)}
            return _named(first | cells, is_indexed=bool(first))
        case {"timestamp": list(times), "indicators": {"quote": [dict(quote), *_]}}:  # Yahoo's chart
            return _named({_INDEX: times} | quote, is_indexed=True)
        case dict() if held and all(isinstance(value, dict) for value in held.values()):
            return _of_dicts(held)
        case dict() if any(isinstance(value, list) for value in held.values()):
            return _named({name: value for name, value in held.items() if isinstance(value, list)})
    return None


def _flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with what an object within it has, as OANDA's ``mid`` has prices: ``mid.o``."""
    flat: dict[str, Any] = {}
    for name, value in record.items():
        flat |= {f"{name}.{key}": inner for key, inner in value.items()} if isinstance(value, dict) else {name: value}
    return flat


def _of_dicts(held: Mapping[str, Mapping[str, Any]]) -> dict[str, list[Any]] | None:
    """Return the columns of what pandas writes by columns or by index: a dictionary of dictionaries."""
    if any(isinstance(cell, list) for column in held.values() for cell in column.values()):
        return None
    rows = list(dict.fromkeys(key for column in held.values() for key in column))
    cells = {name: [column.get(key) for key in rows] for name, column in held.items()}
    by_column = _named({_INDEX: rows} | cells, is_indexed=True)
    if by_column is not None:
        return by_column
    names = rows
    cells = {name: [record.get(name) for record in held.values()] for name in names}
    return _named({_INDEX: list(held)} | cells, is_indexed=True)


def _named(columns: dict[str, list[Any]], *, is_indexed: bool = False) -> dict[str, list[Any]] | None:
    names = list(columns)
    if len({len(cells) for cells in columns.values()}) != 1 or not names or not columns[names[0]]:
        return None
    if is_indexed and _has_time(names[1:]):
        names = names[1:]
    try:
        places = header.places_of(names, [_text(columns[name][0]) for name in names])
    except DataError:
        return None
    cells = {place: [_text(cell) for cell in columns[name][:_SEEN]] for place, name in enumerate(names)}
    highs, lows = cells[places["high"]], cells[places["low"]]
    places = header.with_volume(
        places,
        names,
        lambda place: any(digit in str(columns[names[place]]) for digit in "123456789"),
        lambda one, other: shape.is_money_of(highs, lows, cells[other], cells[one]),
    )
    header.units_told(names, places)  # scaled prices are refused, whatever reads them
    found = _Columns({role: columns[names[place]] for role, place in places.items()})
    time = names[places.get(header.STAMP, places.get(header.CLOCK, 0))]
    found.zone, found.is_of_many = header.zone_of(time), header.is_of_many(time, names)
    for name in telling(names, places):
        one_series = OneSeries(name)
        for symbol, word in zip(found.get(header.SYMBOL, columns[name]), columns[name], strict=True):
            one_series.take(_text(symbol) if header.SYMBOL in found else "", _text(word))
    return found


def _sided(columns: Mapping[str, list[Any]]) -> dict[str, list[Any]] | None:
    """Return bids and asks, one after the other, which both have the volume if that is counted once."""
    names = list(columns)
    sides = sides_of(names)
    series = dict.fromkeys(one for one, _ in sides)
    parts = [
        _named(
            {name: columns[name] for place, name in enumerate(names) if place not in sides.values()}
            | {field: columns[names[place]] for (of_series, field), place in sides.items() if of_series == one}
        )
        for one in series
    ]
    if not series or None in parts:
        return None
    tables = [part for part in parts if part is not None]
    found = _Columns({role: [cell for table in tables for cell in table[role]] for role in tables[0]})
    whose = found.get(header.SYMBOL, [""] * len(found["open"]))
    of_side = [one for one in series for _ in tables[0]["open"]]
    found[header.SYMBOL] = [f"{_text(symbol)}{side}" for symbol, side in zip(whose, of_side, strict=True)]
    found.zone = getattr(tables[0], "zone", None)
    return found


def _said(document: Any) -> tuple[str, str | None]:
    around = [document, document.get("meta"), document.get(_META)] if isinstance(document, dict) else []
    said = {
        key: value for one in around if isinstance(one, dict) for key, value in one.items() if isinstance(value, str)
    }
    said = {header.plain(key): value for key, value in said.items()}
    symbol = next((said[key] for key in _WHOSE if key in said), "")
    return symbol, said.get("exchangetimezone", said.get("timezone"))


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def texts(values: Sequence[Any]) -> list[str]:
    """Return values as text, empty where there is none."""
    return [_text(value) for value in values]
