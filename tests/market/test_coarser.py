"""Minutes made of seconds, against a reading of them one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.market.coarser import coarser, is_finer, whole_runs
from messages.tables.columns import BarBatch
from messages.values import MINUTE_NS, SECOND_NS, Bar, Interval, Verdict
from tests.builders import DAY, HALF_DAY
from tests.certificates import run

ONE, FIVE = Interval.parse("1s"), Interval.parse("5s")
SYMBOLS = [f"S{number:02}" for number in range(70)]
"""More than are made at once."""

cells = st.dictionaries(
    st.tuples(st.sampled_from(SYMBOLS), st.integers(-90, 300)),
    st.tuples(st.integers(1, 50), st.sampled_from([Verdict.FILLED, Verdict.STREAMED, Verdict.CORRECTED])),
    max_size=40,
)


def second(symbol: str, number: int, price: float) -> Bar:
    prices = dict.fromkeys(("open", "high", "low", "close"), float(price))
    return Bar(symbol=symbol, start_ns=DAY.open_ns + number * SECOND_NS, **prices, volume=2.0, interval=ONE)


@given(cells)
def test_minutes_are_what_their_seconds_say(held: dict[tuple[str, int], tuple[int, Verdict]]) -> None:
    order = sorted(held, key=lambda cell: (cell[1], cell[0]))
    batch = BarBatch.of([second(symbol, number, held[symbol, number][0]) for symbol, number in order])
    verdicts = np.array([held[cell][1] for cell in order], dtype=np.uint8)

    made, best = coarser(batch, verdicts, DAY)

    expected = {}
    for symbol, number in order:
        if number >= 0:  # what is before the open is in no segment
            expected.setdefault((number // 60, symbol), []).append(held[symbol, number])
    assert [(one.start_ns, one.symbol) for one in made.bars()] == [
        (DAY.open_ns + minute * MINUTE_NS, symbol) for minute, symbol in sorted(expected)
    ]
    for one, verdict, (_, seconds) in zip(made.bars(), best.tolist(), sorted(expected.items()), strict=True):
        prices = [price for price, _ in seconds]
        assert (one.open, one.high, one.low, one.close) == (prices[0], max(prices), min(prices), prices[-1])
        assert (one.volume, verdict) == (2.0 * len(prices), max(told for _, told in seconds))


@pytest.mark.parametrize(
    ("held", "base", "is_so"),
    [("1s", "1m", True), ("1s", "5s", True), ("7s", "1m", False), ("1m", "1s", False), ("1m", "1m", False)],
)
def test_bars_are_made_of_shorter_ones_that_divide_them(held: str, base: str, *, is_so: bool) -> None:
    assert is_finer(Interval.parse(held), Interval.parse(base)) is is_so


def test_a_day_without_bars_stays_one() -> None:
    made, best = coarser(BarBatch.of(()), np.zeros(0, dtype=np.uint8), HALF_DAY)

    assert (len(made), len(best)) == (0, 0)


def test_a_minute_of_which_some_seconds_are_known_is_not_known() -> None:
    told = run("A", "09:30", "09:33")
    ragged = replace(told, start_ns=told.start_ns + SECOND_NS, end_ns=told.end_ns - SECOND_NS)
    short = replace(told, start_ns=told.start_ns + SECOND_NS, end_ns=told.start_ns + MINUTE_NS)

    assert whole_runs((told, ragged, short), Interval.parse("1m")) == (told, run("A", "09:31", "09:32"))
