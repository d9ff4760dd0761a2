"""Files of trades as text beside bars of the same symbol and day: what the vendor made is taken, not what we fold."""

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import product
from pathlib import Path

import numpy as np

from actors.importing.oddities import Spacing
from actors.reading import naming
from actors.reading.format import Format, Hints, RawBars, Unsupported
from actors.reading.peek import Head
from actors.vendors.formats import detect
from messages.errors import BarkeeperError, DataError
from messages.values import DAY_NS

_DATE = re.compile(r"\d{4}-?\d\d(?:-?\d\d)?")


def check_beside(fmt: Format, path: Path, made: RawBars, hints: Hints) -> None:
    """Check that bars made of trades are needed: files are akin if their names give one symbol, and no other date.

    Raises:
        Unsupported: one-minute bars of the same symbol and day stand in the same folder, and no format was named.
    """
    if not fmt.gives_way or hints.is_format_named:
        return
    days = _days(made, set(made.symbols))
    for other in _akin(path, hints):
        if _has_bars(other, days, hints):
            raise Unsupported(
                f"trades, beside which stand the day's minute bars; imported only with --format {fmt.name}"
            )


def _days(bars: RawBars, symbols: set[str]) -> set[tuple[str, int]]:
    return {
        (symbol, day)
        for place, symbol in enumerate(bars.symbols) if symbol in symbols
        for day in np.unique(bars.start_ns[bars.symbol_index == place] // DAY_NS).tolist()
    }  # fmt: skip


def _akin(path: Path, hints: Hints) -> Iterator[Path]:
    try:
        symbol = "" if hints.symbol else naming.symbol_of(path)
    except DataError:  # ``trades.csv`` is akin to none, whatever its columns say
        return
    for other in sorted(path.parent.iterdir()):
        if other != path and other.name.upper().startswith(symbol.upper()) and other.is_file():
            with suppress(DataError):
                if (hints.symbol or naming.symbol_of(other) == symbol) and _may_share_a_day(path, other):
                    yield other


def _may_share_a_day(path: Path, other: Path) -> bool:
    ours, theirs = ([date.replace("-", "") for date in _DATE.findall(file.name)] for file in (path, other))
    pairs = list(product(ours, theirs))
    return not pairs or any(one.startswith(two) or two.startswith(one) for one, two in pairs)


def _has_bars(path: Path, wanted: set[tuple[str, int]], hints: Hints) -> bool:
    """Return whether a file has one-minute bars on one of these days; one that cannot be read has none."""
    symbols = {symbol for symbol, _ in wanted}
    spacing, found = Spacing(naming.interval_named(path)), False
    with suppress(BarkeeperError):
        fmt = detect(Head(path), hints)
        for block in () if fmt.gives_way else fmt.read(fmt, path, hints):
            spacing.note(block.start_ns)
            found = found or not wanted.isdisjoint(_days(block, symbols))
        spacing.check()
        return found
    return False
