"""Arrow's columns as numpy arrays, and back: the same cells, and no pandas."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from actors.reading.raw.cells import cells_of, column_of, named_column


@pytest.mark.parametrize("cut", [slice(None), slice(3, 9), slice(0, 0)])
@pytest.mark.parametrize("values", [[1.5] * 12, [1.0, None] * 6, [None] * 12])
def test_cells_are_those_of_the_column(values: list[float | None], cut: slice) -> None:
    column = pa.array(values, pa.float64())[cut]

    expected = np.array([np.nan if value is None else value for value in values[cut]])
    assert np.array_equal(cells_of(column, np.float64), expected, equal_nan=True)
    assert np.array_equal(
        cells_of(pa.chunked_array([column, column]), np.float64), np.tile(expected, 2), equal_nan=True
    )


def test_instants_are_numbers() -> None:
    column = pa.array([1, 2], pa.timestamp("ns", "UTC"))

    assert cells_of(column, np.int64).tolist() == [1, 2]
    assert column_of(np.array([1, 2]), pa.timestamp("ns", "UTC")).equals(column)


@pytest.mark.parametrize("values", [[1.0, np.nan, 3.0] * 5, [1.0], [], [np.nan] * 9])
def test_what_is_not_known_is_an_empty_cell(values: list[float]) -> None:
    found = column_of(np.array(values), pa.float64(), may_lack=True)

    found.validate(full=True)
    assert found.to_pylist() == [None if np.isnan(value) else value for value in values]
    assert found.null_count == int(np.isnan(values).sum())


def test_columns_that_do_not_lie_together_become_one() -> None:
    assert column_of(np.arange(6.0).reshape(3, 2)[:, 1], pa.float64()).to_pylist() == [1.0, 3.0, 5.0]


def test_names_stand_for_their_numbers() -> None:
    found = named_column(np.array([2, 0, 0], dtype=np.uint8), ("a", "", "Zürich"))

    found.validate(full=True)
    assert found.to_pylist() == ["Zürich", "a", "a"]


WITHOUT = """
import sys
import numpy as np, pyarrow as pa
from actors.reading.raw.cells import cells_of, column_of, named_column
cells_of(pa.chunked_array([column_of(np.array([1.0, np.nan]), pa.float64(), may_lack=True)]), float)
named_column(np.array([0], dtype=np.int32), ["a"])
print("pandas" in sys.modules)
"""


@pytest.mark.slow
def test_pandas_is_not_imported() -> None:
    assert (
        subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True).stdout == "False\n"
    )
