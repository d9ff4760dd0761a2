"""Series side by side: a bar for each row and series that has a price."""

import numpy as np

from actors.reading.format import Block
from actors.reading.wide import unfolded

NAN = np.nan


def test_a_row_gives_a_bar_of_each_series_that_has_a_price_there() -> None:
    columns = [[1, 2], [3, 4], [0, 1], [2, 3], [7, 8], [10, NAN], [30, NAN], [5, NAN], [20, NAN], [70, NAN]]
    block = Block(
        stamps_ns=np.array([100, 200]), symbols=("",), symbol_index=np.zeros(2, np.int32),
        values=np.array(columns, dtype=float), rows=np.array([4, 5]),
    )  # fmt: skip

    found = unfolded(block, ("A", "B"))

    assert (found.stamps_ns.tolist(), found.rows.tolist()) == ([100, 100, 200], [4, 4, 5])
    assert [found.symbols[place] for place in found.symbol_index] == ["A", "B", "A"]
    assert found.values.T.tolist() == [[1, 3, 0, 2, 7], [10, 30, 5, 20, 70], [2, 4, 1, 3, 8]]


def test_a_volume_that_no_series_has_is_0() -> None:
    block = Block(
        stamps_ns=np.array([100]), symbols=("",), symbol_index=np.zeros(1, np.int32),
        values=np.array([[1.0], [3.0], [0.5], [2.0]]), rows=np.array([1]),
    )  # fmt: skip

    assert unfolded(block, ("A",), ("open", "high", "low", "close")).values.T.tolist() == [[1, 3, 0.5, 2, 0]]
