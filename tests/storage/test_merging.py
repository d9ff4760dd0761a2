"""When two bars of one minute are one bar, and what then becomes of what is stored."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.storage.merging import check_order, merge_days, same
from messages.errors import DataError
from messages.tables.columns import BarBatch
from tests.depth import examples
from tests.storage.days import bar, day

decimals = st.builds(Decimal, st.integers(1, 10**11 - 1)).flatmap(lambda digits: st.integers(-10, 3).map(digits.scaleb))


def is_same(one: float, other: float) -> bool:
    return bool(same(np.array([one]), np.array([other]))[0])


@given(decimals)
@examples(200)
def test_one_decimal_is_one_number_however_a_program_reads_it(number: Decimal) -> None:
    _, digits, told = number.as_tuple()
    whole, exponent = int("".join(map(str, digits))), int(told)
    ways = [float(number), whole * 10.0**exponent, whole / 10.0**-exponent, sum([float(number) / 7] * 7)]

    assert all(is_same(one, other) and is_same(-one, -other) for one in ways for other in ways)


@given(decimals, decimals)
@examples(200)
def test_two_decimals_of_eleven_digits_are_two_numbers(one: Decimal, other: Decimal) -> None:
    assert is_same(float(one), float(other)) is (one == other)
    nearest = one + Decimal(1).scaleb(one.adjusted() - 10)
    assert not is_same(float(one), float(nearest))


def test_what_is_unknown_endless_or_nothing_is_like_itself_alone() -> None:
    numbers = [np.nan, np.inf, -np.inf, 0.0, 1e-300, 1.0, -1.0]

    found = [(one, other) for one in numbers for other in numbers if is_same(one, other)]

    assert found == [(number, number) for number in numbers[1:]]


@given(st.lists(st.integers(-400, 400), min_size=7, max_size=7))
@examples(50)
def test_last_bits_correct_nothing_and_what_was_there_stays(ulps: list[int]) -> None:
    price = 0.00012345
    old = day(bar("A", 31, price, vwap=price, trades=7.0))
    fields = ("open", "high", "low", "close", "volume", "vwap", "trades")
    near = {
        name: float(value * (1 + bits * np.finfo(float).eps))
        for name, value, bits in zip(fields, old.bars.values[:, 0].tolist(), ulps, strict=True)
    }

    merged, counts = merge_days(old, day(bar("A", 31, **near)))

    assert merged is old
    assert (counts.added, counts.corrected, counts.duplicates) == (0, 0, 1)


def test_the_twelfth_digit_corrects() -> None:
    merged, counts = merge_days(day(bar("A", 31, 1.0)), day(bar("A", 31, 1.0 + 3e-12)))

    assert (counts.corrected, merged.bars.values[0, 0]) == (1, 1.0 + 3e-12)


@pytest.mark.parametrize("place", [1, (1 << 15) - 1, 1 << 15, (1 << 15) + 1, 1 << 16])
def test_a_bar_out_of_its_order_is_seen_wherever_it_is(place: int) -> None:
    starts = np.arange((1 << 16) + 1, dtype=np.int64) // 2
    bars = BarBatch(
        symbols=("A", "B"),
        symbol_index=np.arange(len(starts), dtype=np.int32) % 2,
        start_ns=starts,
        values=np.ones((5, len(starts))),
    )
    check_order(bars)

    starts[place] -= 2
    with pytest.raises(DataError, match="must be sorted"):
        check_order(bars)
