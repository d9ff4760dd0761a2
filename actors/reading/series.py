"""Columns beside the symbol that tell series apart: a venue, a contract's month, a strike, the length of the bars.

Rows of one symbol that differ in one of these are several series under one name, even where no minute has two of them.
"""

import re
from collections.abc import Mapping, Sequence

import numpy as np

from actors.reading.format import Ambiguous, Block, Unsupported
from actors.reading.spelling.header import plain

_TELLING = (
    "strike", "strikeprice", "expiry", "expiration", "expirydate", "expirationdate", "expirationtime", "maturity",
    "maturitydate", "contractmonth", "deliverymonth", "right", "optiontype", "putcall", "callput", "cp", "interval",
    "timeframe", "barsize", "per", "period", "granularity", "resolution", "exchange", "exch", "venue", "mic",
)  # fmt: skip
"""In the order in which one is asked that several files have: a chain of options has more strikes than months."""


def telling(names: Sequence[str], places: Mapping[str, int]) -> tuple[str, ...]:
    """Return the columns that tell series apart, the most telling first.

    Args:
        names: those of all columns.
        places: for each role its column.
    """
    by_name = {plain(name): name for place, name in reversed(list(enumerate(names))) if place not in places.values()}
    return tuple(by_name[known] for known in _TELLING if known in by_name)


_LENGTHS = {"interval", "timeframe", "barsize", "per", "period", "granularity", "resolution"}
_LONGER = re.compile(
    r"(?:pt?)?(?:[2-9]|\d\d+)[-_ ]?(?:m|min|mins|minutes?|t)|m(?:[2-9]|\d\d+)|(?:5|10|15|30|120|240|1440)"
    r"|(?:pt?)?\d*[-_ ]?(?:h|hr|hours?|d|days?|daily|w|weeks?|weekly)|[hdw]\d+",
    re.IGNORECASE,
)
"""What bars of more than a minute are called; a bare 60 may be seconds."""


class OneSeries:
    """Takes what stands in such a column beside each symbol, and refuses the second of them.

    Args:
        column: its name; without one nothing is taken.
    """

    def __init__(self, column: str) -> None:
        self._column = column
        self._is_length = plain(column) in _LENGTHS
        self._seen: dict[str, str] = {}

    def noted(self, block: Block) -> Block:
        """Take the rows of a block that has the column as its labels, and return it.

        Raises:
            Ambiguous: a symbol has several.
            Unsupported: they say that bars are longer than a minute.
        """
        if not self._column or block.label_index is None:
            return block
        said = block.label_index >= 0
        pairs = np.unique(block.symbol_index[said].astype(np.int64) * len(block.labels) + block.label_index[said])
        for symbol, label in zip(*(place.tolist() for place in np.divmod(pairs, len(block.labels))), strict=True):
            self.take(block.symbols[symbol], block.labels[label])
        return block

    def take(self, symbol: str, word: str) -> None:
        """Take a symbol, and what stands in the column.

        Raises:
            Ambiguous: it is the second of that symbol.
            Unsupported: it says that bars are longer than a minute.
        """
        if self._is_length and _LONGER.fullmatch(word):
            raise Unsupported(f"the column {self._column!r} says {word!r}; only one-minute bars are imported")
        first = self._seen.setdefault(symbol, word) or word
        if word and word != first:
            raise Ambiguous(
                f"the column {self._column!r} tells rows{f' of {symbol}' if symbol else ''} apart ({first!r} and "
                f"{word!r}), so they are several series: split the file by it, or name the columns with --columns, "
                "what tells them apart as the symbol"
            )
