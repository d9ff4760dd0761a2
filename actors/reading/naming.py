"""What a file's name says: the symbol, and the interval.

A symbol is an identifier: only what is surely no part of it is cut off the name. A month or a year may be a contract's
or an index's (``ES_202403``, ``RUSSELL_2000``), so it counts as a date only where the file's bars are of that time.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import unquote

import msgspec
import numpy as np

from messages.errors import DataError
from messages.values import DAY_NS, Nanos

_PACKING = (
    ".gz", ".zst", ".zip", ".bz2", ".xz", ".csv", ".txt", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".pq",
    ".feather", ".arrow", ".ipc", ".dat", ".psv", ".prn", ".asc", ".log", ".md", ".xls", ".xlsx", ".ods",
)  # fmt: skip

_YEAR, _MONTH, _DAY = r"(?:19|20)\d\d", r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
_TIME = r"(?:[01]\d|2[0-3])[-_]?[0-5]\d(?:[-_]?[0-5]\d)?Z?"
_FULL = (
    rf"(?:{_YEAR}(?:{_MONTH}{_DAY}|[-_.]{_MONTH}[-_.]{_DAY})(?:[-_T ]?{_TIME})?|{_DAY}[-_.]{_MONTH}[-_.]{_YEAR}"
    rf"|{_MONTH}[-_.]{_DAY}[-_.]{_YEAR})"
)
_SHORT = rf"\d\d{_MONTH}{_DAY}"
_MINUTE = r"(?:(?:1|one)[-_ ]?(?:m|min|mins|minute|minutes)|m1|mins?|minutes?)(?:[-_ ]?bars?)?"
_SURE = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"[-_. ]{_FULL}(?:[-_ ]to[-_ ]{_FULL})?",
        rf"[-_. ]{_SHORT}[-_]{_SHORT}",
        rf"[-_. ]{_DAY}{_MONTH}{_YEAR}[-_]{_DAY}{_MONTH}{_YEAR}",
        rf"[-_. ]{_MINUTE}",
        r"[-_. ](?:bars?|bardata|scid|data|ohlcv?|last|trades?|samples?|intraday|historical|history)",
        r"[-_. ](?:candles?|candlesticks?|klines?|ticks?)",
        r" ?\(\d+\)",
        r" - Copy",
        r", ?1(?:_[0-9a-f]{5})?",
    )
)
_PERIOD = re.compile(rf"[-_ ]({_YEAR})(?:[-_]?({_MONTH}))?|\.({_YEAR})(?:[-_.]({_MONTH}))?")
_LEADING = re.compile(rf"^{_FULL}[-_ ]+(?=[^\W_])", re.IGNORECASE)
_BEFORE_SIDE = re.compile(rf"[-_ ]{_MINUTE}(?=[-_ ](?:bid|ask)$)", re.IGNORECASE)
_NO_SYMBOL = re.compile(rf"(?:{_MINUTE}|{_FULL}|{_YEAR}[-_.]{_MONTH}|\d\d?|0000\d{{4}})?", re.IGNORECASE)
_NO_NAME = re.compile(
    r"(?:data|bars?|ohlcv?|candles?|prices?|quotes?|klines?|trades?|history|historical|export|output|sheet\d*|file)"
    r"|(?:part|data|chunk)[-_.]\d+(?:-[\w.-]+)?",  # as Dask, DuckDB, pyarrow and Spark number the parts of a table
    re.IGNORECASE,
)
_OTHER_INTERVAL = re.compile(
    r"(?:^|[-_. ])(\d+)[-_ ]?(s|sec|m|min|mins|minutes?|h|hours?|d|days?)(?=[-_. ]|$)", re.IGNORECASE
)
_SYMBOL_FOLDER = re.compile(
    r"(?:.*[/\\])?(?:symbol|ticker|sym|instrument|pair|secid|code|isin)=([^/\\]+)[/\\].*", re.IGNORECASE
)
_CALENDAR_FOLDER = re.compile(r"(?:.*[/\\])?calendar=([^/\\]+)[/\\].*")
_BARE_INTERVAL = re.compile(r"(?:_|, ?)(\d{1,4})(?:_[0-9a-f]{5})?$")


def stem_of(path: Path) -> str:
    """Return a file's name without what says how it is packed."""
    name = path.name
    while name.lower().endswith(_PACKING):
        name = name[: name.rindex(".")]
    return name


class OfName(msgspec.Struct, frozen=True, kw_only=True):
    """The symbol that a file's name gives, and what it could be besides."""

    symbol: str
    """Without a month or year at its end if the file's bars are of that time."""
    whole: str
    """With any month or year that stands there."""
    bare: str
    """Without any."""


def of_name(path: Path, span: tuple[Nanos, Nanos] | None) -> OfName:
    """Return what a file's name gives: ``aapl_1min.csv`` and ``AAPL-1m-2024-01.zip`` are AAPL.

    A name without capitals is written in them; else case is kept: BCpC is not BCPC. A folder called ``symbol=AAPL``,
    as tables are partitioned, goes before the name of what lies in it.

    Args:
        path: where it is.
        span: when its first and last bars are, if that is known.

    Raises:
        DataError: nothing is left of the name.
    """
    bare = _symbol(path, lambda _: True)
    symbol = _symbol(path, lambda period: _is_of(period, span))
    return OfName(symbol=symbol, whole=_symbol(path, lambda _: False), bare=bare)


def symbol_of(path: Path) -> str:
    """Return the symbol that a file's name gives, without any month or year.

    Raises:
        DataError: nothing is left of the name.
    """
    return _symbol(path, lambda _: True)


def told_apart(names: Mapping[int, OfName]) -> dict[int, str]:
    """Return the files whose names have to be read whole, and what they then give.

    Where of several names that differ in a month or year alone one has one that is not of its bars, it is no date in
    any of them: ``CL_202401`` and ``CL_202402`` of the same days are two contracts.
    """
    contested = {name.bare for name in names.values() if name.symbol != name.bare}
    return {
        file: name.whole
        for file, name in names.items()
        if name.symbol == name.bare != name.whole and name.bare in contested
    }


def says_something(path: Path) -> bool:
    """Return whether a name is more than a date or a word for what all such files hold: ``data.csv``."""
    stem = stem_of(path)
    return not _NO_SYMBOL.fullmatch(stem) and not _NO_NAME.fullmatch(stem)


def in_capitals(symbol: str) -> str:
    """Return a symbol that somebody wrote without any capitals in them; one with some is meant as it is."""
    return symbol.upper() if symbol == symbol.lower() else symbol


def _symbol(path: Path, is_date: Callable[["re.Match[str]"], bool]) -> str:
    if folder := _SYMBOL_FOLDER.fullmatch(str(path)):
        return unquote(folder[1])
    symbol, whole = _LEADING.sub("", stem_of(path), count=1), ""
    while symbol != whole:
        whole = symbol
        symbol = _BEFORE_SIDE.sub("", _shorter(symbol, is_date))
    # In capitals DATA is a ticker.
    if _NO_SYMBOL.fullmatch(symbol) or (_NO_NAME.fullmatch(symbol) and symbol == symbol.lower()):
        raise DataError("neither a column nor the file's name gives the symbol; say it with --symbol")
    return in_capitals(symbol)


def _shorter(name: str, is_date: Callable[["re.Match[str]"], bool]) -> str:
    """Return a name without one thing at its end that is no part of a symbol, or the name itself."""
    for place in range(1, len(name)):
        tail = name[place:]
        period = _PERIOD.fullmatch(tail)
        is_sure = any(pattern.fullmatch(tail) for pattern in _SURE)
        if is_sure or (period is not None and is_date(period)):
            return name[:place]
    return name


def _is_of(period: "re.Match[str]", span: tuple[Nanos, Nanos] | None) -> bool:
    """Return whether bars are of the month or year that a name ends with, give or take a day."""
    if span is None:
        return True
    year, month = period[1] or period[3], period[2] or period[4]
    begin = np.datetime64(f"{year}-{month}" if month else year, "M" if month else "Y")
    first, last = (int(day.astype("datetime64[D]").astype(np.int64)) * DAY_NS for day in (begin, begin + 1))
    return first - DAY_NS <= span[0] and span[1] < last + DAY_NS


def interval_named(path: Path) -> str | None:
    """Return the interval that a file's name states if it is not one minute; a bare number may be one, in minutes."""
    stem = stem_of(path)
    stated = [found for found in _OTHER_INTERVAL.findall(stem) if found != ("", "")]
    others = [f"{count}{unit.lower()}" for count, unit in stated if (int(count), unit[0].lower()) != (1, "m")]
    if others and len(others) == len(stated):
        return others[0]
    bare = _BARE_INTERVAL.search(stem)
    return bare[1] if bare is not None and not stated and int(bare[1]) > 1 else None


def calendar_of(path: str) -> str | None:
    """Return the calendar that a folder names, as a store's do: ``calendar=24%2F7``."""
    found = _CALENDAR_FOLDER.fullmatch(path)
    return unquote(found[1]) if found else None
