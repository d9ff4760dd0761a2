"""What columns and files are called: the names that people give to time, prices and volumes, and to their files."""

import re
from collections.abc import Sequence
from pathlib import Path

from messages.columns import FIELDS
from messages.errors import DataError

STAMP, DATE, CLOCK, SYMBOL = "time", "date", "clock", "symbol"
PRICES = FIELDS[:4]

# Compared in lower case with everything but letters and digits left out; of several the first in this order counts.
_SYNONYMS = {
    STAMP: ("timestamp", "datetime", "ts", "opentime", "starttime", "start", "windowstart", "begin", "bartime",
            "tsevent", "timestamputc", "datetimeutc", "timeutc", "unix", "epoch", "t", "minute", "indexlevel0"),
    DATE: ("date", "day", "tradedate", "tradingday", "dt"),
    CLOCK: ("time", "timeofday", "hour", "clock"),
    "open": ("open", "o", "openprice", "first", "openingprice"),
    "high": ("high", "h", "highprice", "max"),
    "low": ("low", "l", "lowprice", "min"),
    "close": ("close", "c", "closeprice", "last", "lastprice", "closelast"),
    "volume": ("volume", "vol", "v", "qty", "quantity", "size", "tickvolume", "tickvol"),
    "vwap": ("vwap", "vw", "wap", "average"),
    "trades": ("trades", "tradecount", "n", "transactions", "numberoftrades", "numtrades", "count"),
    SYMBOL: ("symbol", "ticker", "sym", "instrument", "code", "secid", "ric", "s"),
}  # fmt: skip

NEEDED = (
    "a header naming a time (time, timestamp, datetime, date + time), open, high, low and close, "
    "and if there are any volume, vwap, trades, symbol"
)

_INTERVAL = re.compile(r"(?:1|one)?(?:m|min|mins|minute|minutes|m1)(?:bar|bars)?", re.IGNORECASE)
_TRAILING_DATES = re.compile(r"\d{4,8}|\d{4}-\d\d(?:-\d\d)?|\d\d|bars?|data|ohlcv?|last|trades?", re.IGNORECASE)
_OTHER_INTERVAL = re.compile(
    r"(?:^|[-_. ])(\d+)[-_ ]?(s|sec|m|min|mins|minutes?|h|hours?|d|days?)(?=[-_. ]|$)", re.IGNORECASE
)
_PACKING = (".gz", ".zst", ".zip", ".csv", ".txt", ".tsv", ".json", ".parquet", ".pq", ".feather", ".dat", ".psv")


def places_of(header: Sequence[str]) -> dict[str, int]:
    """Return which column holds what: ``time`` (or ``date`` and ``clock``), the prices, and what else there is.

    Raises:
        DataError: a column that a bar needs is not there; names those that are.
    """
    found = {role: place for role in _SYNONYMS if (place := _place(header, role)) is not None}
    if STAMP in found:
        found.pop(DATE, None)
        found.pop(CLOCK, None)
    elif DATE not in found or CLOCK not in found:
        found |= {STAMP: found.pop(DATE, found.pop(CLOCK, -1))} if DATE in found or CLOCK in found else {}
    has_time = STAMP in found or DATE in found
    missing = [*(() if has_time else (STAMP,)), *(role for role in PRICES if role not in found)]
    if missing:
        names = ", ".join(header)
        raise DataError(f"no column for {', '.join(missing)} among {names[:200]!r}")
    return found


def _place(header: Sequence[str], role: str) -> int | None:
    plain = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in header]
    return next((plain.index(name) for name in _SYNONYMS[role] if name in plain), None)


def stem_of(path: Path) -> str:
    """Return a file's name without what says how it is packed."""
    name = path.name
    while name.lower().endswith(_PACKING):
        name = name[: name.rindex(".")]
    return name


def symbol_of(path: Path) -> str:
    """Return the symbol that a file's name gives: ``aapl_1min.csv`` and ``AAPL-1m-2024-01.zip`` are AAPL.

    Raises:
        DataError: nothing is left of the name.
    """
    parts = re.split(r"([-_. ])", stem_of(path))
    while len(parts) > 1 and (_INTERVAL.fullmatch(parts[-1]) or _TRAILING_DATES.fullmatch(parts[-1])):
        del parts[-2:]
    symbol = "".join(parts).upper()
    if not symbol or _INTERVAL.fullmatch(symbol):
        raise DataError("neither a column nor the file's name gives the symbol; say it with --symbol")
    return symbol


def interval_named(path: Path) -> str | None:
    """Return the interval that a file's name states if it is not one minute."""
    stated = [found for found in _OTHER_INTERVAL.findall(stem_of(path)) if found != ("", "")]
    others = [f"{count}{unit.lower()}" for count, unit in stated if (int(count), unit[0].lower()) != (1, "m")]
    return others[0] if others and len(others) == len(stated) else None
