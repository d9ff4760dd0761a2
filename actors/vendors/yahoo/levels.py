"""The two levels of a ``yf.download`` frame's columns, as its versions and its users write them down.

At present the levels are named and the index has a line of its own; before 0.2.5x they had no names; after
``reset_index()`` the time is a column like the others; in Parquet each name is a pair, ``('Close', 'AAPL')``.
"""

import ast
from collections.abc import Sequence

import msgspec

from actors.reading.peek import Head
from messages.tables.columns import FIELDS

FIELD_OF = {name.capitalize(): name for name in FIELDS}
_TIMES = ("Datetime", "Date")


class Levels(msgspec.Struct, frozen=True, kw_only=True):
    """Where what stands in a table whose columns have two levels."""

    time: int
    """The column of the time."""
    is_daily: bool
    fields: tuple[str, ...]
    """For each column its field as yfinance calls it."""
    tickers: tuple[str, ...]
    """For each column its ticker."""
    header_lines: int = 0

    @property
    def symbols(self) -> tuple[str, ...]:
        """Return the tickers, each once."""
        priced = (ticker for field, ticker in zip(self.fields, self.tickers, strict=True) if field in FIELD_OF)
        return tuple(dict.fromkeys(priced))

    def places(self) -> dict[str, int]:
        """Return the column of each ``TICKER field``, ticker by ticker; those that are not there are left out."""
        pairs = {pair: place for place, pair in enumerate(zip(self.tickers, self.fields, strict=True))}
        wanted = ((symbol, field) for symbol in self.symbols for field in FIELD_OF)
        return {f"{symbol} {FIELD_OF[field]}": pairs[symbol, field] for symbol, field in wanted
                if (symbol, field) in pairs}  # fmt: skip

    def missing(self) -> list[str]:
        """Return the columns that a bar needs and that are not there."""
        there = set(zip(self.fields, self.tickers, strict=True))
        return [f"{field} {symbol}" for symbol in self.symbols for field in FIELD_OF if (field, symbol) not in there]


def of_text(head: Head) -> Levels | None:
    """Return the levels of a CSV file, or ``None`` where there are no two."""
    first, second, third = head.cells(0), head.cells(1), head.cells(2)
    if len(first) != len(second) or len(first) < 2:
        return None
    is_named = {first[0], second[0]} == {"Price", "Ticker"}
    fields, tickers = (first, second) if first[0] == "Price" or _are_fields(first) else (second, first)
    is_corner = tickers[0] in ("", "Price", "Ticker") and fields[0] in ("", "Price", "Ticker", *_TIMES)
    if not is_named and (not _are_fields(fields) or _are_fields(tickers) or not is_corner or not all(tickers[2:])):
        return None
    if third[:1] and third[0] in _TIMES and not any(third[1:]):
        return _levels(0, third[0], fields, tickers, head.lines_before(3))
    place = next((place for place, name in enumerate(fields[:2]) if name in _TIMES), None)
    return None if place is None else _levels(place, fields[place], fields, tickers, head.lines_before(2))


def of_names(names: Sequence[str]) -> Levels | None:
    """Return the levels of a Parquet file's columns, or ``None`` where there are no two."""
    pairs = [_pair(name) for name in names]
    fields = [first for first, _ in pairs]
    tickers = [second for _, second in pairs]
    if not _are_fields(fields):
        fields, tickers = tickers, fields
    place = next((place for place, pair in enumerate(pairs) if set(pair) & set(_TIMES)), None)
    if place is None or not _are_fields(fields) or not any(tickers):
        return None
    return _levels(place, next(name for name in pairs[place] if name in _TIMES), fields, tickers, 0)


def _levels(time: int, name: str, fields: Sequence[str], tickers: Sequence[str], header_lines: int) -> Levels:
    return Levels(
        time=time, is_daily=name == "Date", fields=tuple(fields), tickers=tuple(tickers), header_lines=header_lines
    )


def _are_fields(names: Sequence[str]) -> bool:
    return set(FIELD_OF) - {"Volume"} <= set(names)


def _pair(name: str) -> tuple[str, str]:
    if not name.startswith("("):
        return name, ""
    try:
        first, second = ast.literal_eval(name)
    except (ValueError, SyntaxError):
        return name, ""
    return str(first), str(second)
