"""Sums over a symbol's session, against loops."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from actors.market.metrics import percent, prices_of, quality_of
from messages import Verdict, VerdictCounts
from messages.columns import Floats, Mask, Verdicts
from messages.values import FIRST_WITH_BAR

NAN = float("nan")
STORED = [verdict for verdict in Verdict if verdict is not Verdict.PENDING]
PLANES = st.one_of(
    npst.arrays(np.uint8, st.integers(0, 12), elements=st.sampled_from(STORED)),
    npst.arrays(np.uint8, st.tuples(st.integers(1, 8), st.integers(1, 4)), elements=st.sampled_from(STORED)),
)


@settings(max_examples=60)
@given(PLANES, st.integers(0, 12))
def test_quality_counts_every_minute_under_one_verdict(verdicts: Verdicts, closed: int) -> None:
    closed = min(closed, len(verdicts))
    rows = np.atleast_2d(verdicts.T).T.tolist()
    over = [Verdict(v) for row in rows[:closed] for v in row]
    counts: Counter[str] = Counter(verdict.name.lower() for verdict in over)
    for value in [v for row in rows[closed:] for v in row]:
        counts["pending" if value == Verdict.MISSING else Verdict(value).name.lower()] += 1
    bars = sum(verdict >= FIRST_WITH_BAR for verdict in over)
    silent = sum(verdict is Verdict.NO_TRADE for verdict in over)

    quality = quality_of(verdicts, closed)

    assert quality.verdicts == VerdictCounts(**counts)
    assert quality.closed == len(over)
    assert quality.completeness == (100.0 * bars / len(over) if over else None)
    assert quality.bar_quality == (100.0 * (bars + silent) / len(over) if over else None)


def test_before_the_first_minute_is_closed_there_is_no_percentage() -> None:
    quality = quality_of(np.array([Verdict.STREAMED, Verdict.MISSING], np.uint8), 0)

    assert (quality.completeness, quality.bar_quality) == (None, None)
    assert quality.verdicts == VerdictCounts(streamed=1, pending=1)


def test_a_confirmed_silence_costs_completeness_but_no_quality() -> None:
    quality = quality_of(np.array([Verdict.STREAMED, Verdict.NO_TRADE], np.uint8), 2)

    assert (quality.completeness, quality.bar_quality) == (50.0, 100.0)


@pytest.mark.parametrize(("part", "whole", "share"), [(0, 0, None), (0, 4, 0.0), (1, 4, 25.0), (4, 4, 100.0)])
def test_a_share_of_nothing_is_none(part: int, whole: int, share: float | None) -> None:
    assert percent(part, whole) == share


@st.composite
def columns(draw: st.DrawFn) -> tuple[Floats, Mask]:
    """One symbol's slots: rows of open, high, low, close, volume and, sometimes, vwap and trades."""
    slots, fields = draw(st.integers(0, 8)), draw(st.sampled_from([5, 7]))
    values = draw(npst.arrays(np.float64, (slots, fields), elements=st.integers(0, 50).map(float)))
    present = draw(npst.arrays(np.bool_, slots))
    if fields == 7 and draw(st.booleans()):
        values[draw(npst.arrays(np.bool_, slots)), 5] = NAN
    values[~present] = NAN
    return values, present


def slow_prices(values: Floats, present: Mask) -> tuple[float | None, ...]:
    bars = [row for row, here in zip(values.tolist(), present.tolist(), strict=True) if here]
    if not bars:
        return None, None, None, None, None
    has_own = len(bars[0]) == 7 and all(row[5] == row[5] for row in bars)
    prices = [row[5] if has_own else (row[1] + row[2] + row[3]) / 3 for row in bars]
    volume = sum(row[4] for row in bars)
    weighted = sum(row[4] * price for row, price in zip(bars, prices, strict=True))
    return (
        bars[0][0],
        max(row[1] for row in bars),
        min(row[2] for row in bars),
        bars[-1][3],
        weighted / volume if volume else None,
    )


@settings(max_examples=60)
@given(columns())
def test_prices_are_those_of_a_walk_over_the_bars(drawn: tuple[Floats, Mask]) -> None:
    assert prices_of(*drawn) == pytest.approx(slow_prices(*drawn))


def one_bar(*fields: float) -> Any:
    return prices_of(np.array([fields]), np.array([True]))


def test_the_mean_price_is_the_typical_one_where_a_bar_does_not_know_its_own() -> None:
    assert one_bar(9.0, 12.0, 6.0, 9.0, 100.0)[4] == 9.0
    assert one_bar(9.0, 12.0, 6.0, 9.0, 100.0, NAN, NAN)[4] == 9.0
    assert one_bar(9.0, 12.0, 6.0, 9.0, 100.0, 8.0, 3.0)[4] == 8.0


def test_without_a_trade_there_is_no_mean_price() -> None:
    assert one_bar(9.0, 12.0, 6.0, 9.0, 0.0) == (9.0, 12.0, 6.0, 9.0, None)
