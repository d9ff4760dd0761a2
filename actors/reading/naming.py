"""What a file's name says: the symbol, and the interval."""

import re
from pathlib import Path

from messages.errors import DataError

_INTERVAL = re.compile(r"(?:1|one)?(?:m|min|mins|minute|minutes|m1)(?:bar|bars)?", re.IGNORECASE)
_TRAILING_DATES = re.compile(r"\d{4,8}|\d{4}-\d\d(?:-\d\d)?|\d\d|bars?|data|ohlcv?|last|trades?", re.IGNORECASE)
_OTHER_INTERVAL = re.compile(
    r"(?:^|[-_. ])(\d+)[-_ ]?(s|sec|m|min|mins|minutes?|h|hours?|d|days?)(?=[-_. ]|$)", re.IGNORECASE
)
_PACKING = (".gz", ".zst", ".zip", ".csv", ".txt", ".tsv", ".json", ".parquet", ".pq", ".feather", ".dat", ".psv")


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
