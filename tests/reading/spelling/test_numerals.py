"""Marks within numbers: what many cells show of them, against an oracle that writes numbers in each way."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.reading.spelling.numerals import Numerals, numerals_of, read, value_of

WAYS = [Numerals(), Numerals(point=","), Numerals(grouping=","), Numerals(point=",", grouping=".")]


def spelled(hundredths: int, way: Numerals) -> str:
    """Write a number with two decimals, digit by digit."""
    whole, digits = str(hundredths // 100), ""
    for place, digit in enumerate(reversed(whole)):
        digits = digit + (way.grouping if place and place % 3 == 0 else "") + digits
    return f"{digits}{way.point}{hundredths % 100:02}"


@given(st.lists(st.integers(0, 10**9), min_size=1), st.sampled_from(WAYS), st.booleans())
def test_numbers_are_read_as_they_were_written(hundredths: list[int], way: Numerals, divided_by_commas: bool) -> None:
    cells = [spelled(number, way) for number in hundredths]

    found, is_read = read(np.array(cells, dtype=object), numerals_of(cells, divided_by_commas=divided_by_commas))

    assert is_read.all()
    assert found.tolist() == [number / 100 for number in hundredths]


@pytest.mark.parametrize(
    ("cells", "divided_by_commas", "numerals"),
    [
        (["1,100", "1,101"], True, Numerals(grouping=",")),
        (["1,100", "1,101"], False, Numerals(point=",")),
        (["1,370", "1,37"], True, Numerals(point=",")),
        (["0,123"], True, Numerals(point=",")),
        (["1,234,567"], False, Numerals(grouping=",")),
        (["1.234.567", "12"], False, Numerals(point=",", grouping=".")),
        (["148.123", "148.124"], False, Numerals()),
        (["16700"], False, Numerals(point=",")),
        (["16700"], True, Numerals()),
    ],
)
def test_marks_that_could_be_either_are_judged_by_all_cells(
    cells: list[str], divided_by_commas: bool, numerals: Numerals
) -> None:
    assert numerals_of(cells, divided_by_commas=divided_by_commas) == numerals


@pytest.mark.parametrize(
    ("text", "number"),
    [("$1,100.50", 1100.5), ("16'700.5", 16700.5), ("1.5K", 1500.0), ("2M", 2e6), ("-.5", -0.5), ("1e3", 1000.0)],
)
def test_units_of_money_and_multiples_are_no_obstacle(text: str, number: float) -> None:
    assert value_of(text, Numerals(grouping=",")) == number


def test_a_number_far_beyond_all_others_is_infinite_and_never_shown_to_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pandas 2.3 may end the process on one: whatever has an exponent of four digits is read by Python."""
    shown: list[object] = []
    to_numeric = pd.to_numeric

    def watched(series: Any, **how: Any) -> Any:
        shown.extend(series)
        return to_numeric(series, **how)

    monkeypatch.setattr(pd, "to_numeric", watched)
    found, _ = read(np.array(["1.5", "1.0e1000", "1.0E+1000", "1e-1000", "1e3"], dtype=object), Numerals())

    assert found.tolist() == [1.5, np.inf, np.inf, 0.0, 1000.0]
    assert shown == ["1.5", "", "", "1e-1000", "1e3"]
