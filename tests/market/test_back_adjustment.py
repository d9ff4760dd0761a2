"""Back-adjustment: one split, one dividend, both, and the factor files of a vendor who did the same sums."""

from datetime import date
from itertools import pairwise

import numpy as np
import pytest

from actors.market.back_adjustment import Factors
from messages import Adjustment, DataError
from tests.real_data import DATA, needs_data

LEAN = DATA / "lean/Data/equity/usa/factor_files"
DAYS = np.array([date(2024, 7, day).toordinal() for day in (1, 2, 3)], dtype=np.int32)
CLOSES = np.array([100.0, 80.0, 20.0])


def event(ex_date: str, *, split_ratio: float = 1.0, dividend: float = 0.0) -> Adjustment:
    return Adjustment(symbol="A", ex_date=ex_date, split_ratio=split_ratio, dividend=dividend)


def factors(*events: Adjustment) -> tuple[list[float], list[float]]:
    """Of prices and of volumes, for the three days."""
    of_prices, of_volumes = Factors(events, DAYS, CLOSES).of(DAYS)
    return of_prices.tolist(), of_volumes.tolist()


def test_without_an_event_nothing_changes() -> None:
    assert factors() == ([1, 1, 1], [1, 1, 1])


def test_a_split_divides_the_prices_before_it_and_multiplies_the_volumes() -> None:
    assert factors(event("2024-07-03", split_ratio=4)) == ([0.25, 0.25, 1], [4, 4, 1])


def test_a_reverse_split_does_the_opposite() -> None:
    assert factors(event("2024-07-02", split_ratio=0.05)) == ([20, 1, 1], [0.05, 1, 1])


def test_a_dividend_is_a_share_of_the_close_before_it_and_leaves_the_volumes() -> None:
    assert factors(event("2024-07-03", dividend=8)) == ([0.9, 0.9, 1], [1, 1, 1])


def test_events_multiply_in_whatever_order_they_are_told() -> None:
    told = [event("2024-07-03", split_ratio=4, dividend=8), event("2024-07-02", dividend=50)]

    assert factors(*told) == factors(*reversed(told)) == ([0.5 * 0.9 / 4, 0.9 / 4, 1], [4, 4, 1])


def test_the_close_before_a_dividend_is_the_last_there_is() -> None:
    assert factors(event("2024-07-10", dividend=2))[0] == [0.9, 0.9, 0.9]


def test_what_happened_before_the_first_bar_makes_no_difference() -> None:
    assert factors(event("2024-07-01", split_ratio=4, dividend=500)) == ([1, 1, 1], [1, 1, 1])


@pytest.mark.parametrize("dividend", [80, 81])
def test_a_dividend_that_is_not_below_the_close_before_it_is_named(dividend: float) -> None:
    with pytest.raises(DataError, match=f"A: the dividend of {dividend} on 2024-07-03 is not below .* close .*, 80.0"):
        factors(event("2024-07-03", dividend=dividend))


@needs_data
@pytest.mark.parametrize("symbol", ["aig", "bac", "spy"])
def test_our_factors_are_those_of_lean(symbol: str) -> None:
    """Each row: until this day, its factors of prices by dividends and by splits, and the close on it."""
    rows = [line.split(",") for line in (LEAN / f"{symbol}.csv").read_text().split()]
    days = [date(int(day[:4]), int(day[4:6]), int(day[6:])).toordinal() for day, *_ in rows]
    by_dividends, by_splits, closes = (np.array([float(row[i]) for row in rows]) for i in (1, 2, 3))
    events = [
        event(
            date.fromordinal(days[k] + 1).isoformat(),
            split_ratio=by_splits[after] / by_splits[k],
            dividend=closes[k] * (1 - by_dividends[k] / by_dividends[after]),
        )
        for k, after in pairwise(range(len(rows)))
    ]
    events = [one for one in events if one.split_ratio != 1 or one.dividend > 1e-9]

    of_prices, of_volumes = Factors(events, np.array(days, dtype=np.int32), closes).of(np.array(days, dtype=np.int32))

    assert len(events) > 50
    assert of_prices == pytest.approx(by_dividends * by_splits, rel=1e-9)
    assert of_volumes == pytest.approx(1 / by_splits, rel=1e-9)


@needs_data
def test_a_factor_of_lean_is_that_of_the_dividend_that_was_paid() -> None:
    before, after = (line.split(",") for line in (LEAN / "bac.csv").read_text().split()[1:3])
    paid = event("1998-03-04", dividend=0.38)  # NationsBank, first quarter of 1998
    of_prices, _ = Factors([paid], DAYS[:1] - 9999, np.array([float(before[3])])).of(DAYS[:1] - 9999)

    assert of_prices[0] == pytest.approx(float(before[1]) / float(after[1]), abs=1e-6)
