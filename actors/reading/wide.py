"""Tables that hold several series side by side: a column for each series and field, a row for each instant."""

import re
from collections.abc import Sequence

import msgspec
import numpy as np

from actors.reading.format import Block
from actors.reading.spelling.header import PRICES, plain
from messages.tables.columns import CLOSE, FIELDS

_SIDE, _FIELD = "(?P<side>bid|ask)", "(?P<field>open|high|low|close|volume)"
_SIDED = (
    re.compile(rf"(?P<name>.*?){_FIELD}{_SIDE}"),
    re.compile(rf"(?P<name>.*?){_SIDE}{_FIELD}"),
    re.compile(rf"(?P<name>){_SIDE}(?P<field>[ohlc])"),  # OANDA's bid.o, as pandas flattens it
)
_FIELDS = {price[0]: price for price in PRICES}


def sides_of(names: Sequence[str]) -> dict[tuple[str, str], int]:
    """Return the column of each series and field where bids and asks stand side by side; nothing where they do not.

    Args:
        names: of all columns.

    Returns:
        Series end with their side, and begin with the instrument if the names have one: ``-BID``, ``EURUSD-BID``.
    """
    found: dict[tuple[str, str], int] = {}
    for place, name in enumerate(map(plain, names)):
        if match := next((one for pattern in _SIDED if (one := pattern.fullmatch(name))), None):
            found[f"{match['name']}-{match['side']}".upper(), _FIELDS.get(match["field"], match["field"])] = place
    is_whole = found and all((series, price) in found for series, _ in found for price in PRICES)
    return found if is_whole else {}


def unfolded(block: Block, series: Sequence[str], fields: Sequence[str] = FIELDS) -> Block:
    """Return a bar for each row and series that has any price.

    Args:
        block: its values are the columns, series by series, of each its fields.
        series: their symbols.
        fields: which of a bar's fields each has, in the bar's order; a volume that is not there is 0.
    """
    table = block.values.reshape(len(series), len(fields), -1)
    row, place = np.nonzero(~np.isnan(table[:, : CLOSE + 1]).all(axis=1).T)
    values = np.zeros((len(FIELDS), len(row)))
    values[: len(fields)] = table[place, :, row].T
    return msgspec.structs.replace(
        block,
        stamps_ns=block.stamps_ns[row],
        symbols=tuple(series),
        symbol_index=place.astype(np.int32),
        values=values,
        rows=block.rows[row],
    )
