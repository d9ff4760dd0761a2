"""Tables that hold several series side by side: a column for each series and field, a row for each instant."""

from collections.abc import Sequence

import msgspec
import numpy as np

from actors.reading.format import Block
from messages.tables.columns import CLOSE, FIELDS


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
