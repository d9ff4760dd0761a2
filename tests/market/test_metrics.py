"""Sums over symbols' sessions, against loops."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from actors.market.metrics import Sums, percent, qualities_of
from messages import Quality, Verdict, VerdictCounts
from messages.tables.columns import Floats, Mask, Verdicts
from messages.values import FIRST_WITH_BAR
from tests.depth import examples

NAN = float("nan")
STORED = [verdict for verdict in Verdict if verdict is not Verdict.PENDING]
PLANES = npst.arrays(np.uint8, st.tuples(st.integers(0, 12), st.integers(1, 4)), elements=st.sampled_from(STORED))


@examples(60)
@given(PLANES, st.integers(0, 12))
def test_quality_counts_every_minute_of_a_symbol_under_one_verdict(verdicts: Verdicts, closed: int) -> None:
    closed = min(closed, len(verdicts))

    qualities = qualities_of(verdicts, closed)

    assert len(qualities) == verdicts.shape[1]
    for column, quality in zip(verdicts.T.tolist(), qualities, strict=True):
        over = [Verdict(verdict) for verdict in column[:closed]]
        counts: Counter[str] = Counter(verdict.name.lower() for verdict in over)
        for value in column[closed:]:
            counts["pending" if value == Verdict.MISSING else Verdict(value).name.lower()] += 1
        bars = sum(verdict >= FIRST_WITH_BAR for verdict in over)
        silent = sum(verdict is Verdict.NO_TRADE for verdict in over)
        parts = over.count(Verdict.IN_PART)
        assert quality.verdicts == VerdictCounts(**counts)
        assert quality.closed == len(over)
        assert quality.completeness == (100.0 * bars / len(over) if over else None)
        assert quality.bar_quality == (100.0 * (bars - parts + silent) / len(over) if over else None)


def one_quality(closed: int, *verdicts: Verdict) -> Quality:
    (quality,) = qualities_of(np.array([verdicts], np.uint8).T, closed)
    return quality


def test_before_the_first_minute_is_closed_there_is_no_percentage() -> None:
    quality = one_quality(0, Verdict.STREAMED, Verdict.MISSING)

    assert (quality.completeness, quality.bar_quality) == (None, None)
    assert quality.verdicts == VerdictCounts(streamed=1, pending=1)


def test_a_confirmed_silence_costs_completeness_but_no_quality() -> None:
    quality = one_quality(2, Verdict.STREAMED, Verdict.NO_TRADE)

    assert (quality.completeness, quality.bar_quality) == (50.0, 100.0)


@pytest.mark.parametrize(("part", "whole", "share"), [(0, 0, None), (0, 4, 0.0), (1, 4, 25.0), (4, 4, 100.0)])
def test_a_share_of_nothing_is_none(part: int, whole: int, share: float | None) -> None:
    assert percent(part, whole) == share


@st.composite
def planes(draw: st.DrawFn) -> tuple[Floats, Mask]:
    """Slots x fields x symbols of open, high, low, close, volume and, sometimes, vwap and trades."""
    slots, fields, symbols = draw(st.integers(1, 8)), draw(st.sampled_from([5, 7])), draw(st.integers(1, 3))
    shape = (slots, symbols)
    values = draw(npst.arrays(np.float64, (slots, fields, symbols), elements=st.integers(0, 50).map(float)))
    present = draw(npst.arrays(np.bool_, shape))
    if fields == 7 and draw(st.booleans()):
        values[:, 5][draw(npst.arrays(np.bool_, shape))] = NAN
    values[np.broadcast_to(~present[:, None], values.shape)] = NAN
    return values, present


def slow_sums(values: Floats, present: Mask) -> tuple[float, ...]:
    """One symbol's, from slots x fields."""
    bars = [row for row, here in zip(values.tolist(), present.tolist(), strict=True) if here]
    if not bars:
        return NAN, NAN, NAN, NAN, NAN, 0.0
    has_own = len(bars[0]) == 7 and all(row[5] == row[5] for row in bars)
    prices = [row[5] if has_own else (row[1] + row[2] + row[3]) / 3 for row in bars]
    volume = sum(row[4] for row in bars)
    weighted = sum(row[4] * price for row, price in zip(bars, prices, strict=True))
    return (
        bars[0][0],
        max(row[1] for row in bars),
        min(row[2] for row in bars),
        bars[-1][3],
        weighted / volume if volume else NAN,
        volume,
    )


@examples(60)
@given(planes())
def test_sums_are_those_of_a_walk_over_each_symbols_bars(drawn: tuple[Floats, Mask]) -> None:
    values, present = drawn

    sums = table(Sums.none(present.shape[1]).plus(values, present), has_own=values.shape[1] > 5)

    for symbol in range(present.shape[1]):
        wanted = slow_sums(values[:, :, symbol], present[:, symbol])
        assert sums[:, symbol].tolist() == pytest.approx(wanted, nan_ok=True)


def table(sums: Sums, *, has_own: bool) -> Floats:
    return np.array([sums.open, sums.high, sums.low, sums.last, sums.vwap(has_own=has_own), sums.volume])


@examples(60)
@given(planes(), st.lists(st.integers(1, 7), max_size=3), st.floats(0.1, 1e6))
def test_minutes_that_come_in_pieces_sum_up_to_the_same_bits(
    drawn: tuple[Floats, Mask], bounds: list[int], odd: float
) -> None:
    values, present = drawn[0] * odd, drawn[1]
    edges = sorted({0, *(bound for bound in bounds if bound < len(present)), len(present)})
    whole = Sums.none(present.shape[1]).plus(values, present)
    sums = Sums.none(present.shape[1])
    for first, end in pairwise(edges):
        sums = sums.plus(values[first:end], present[first:end])
    alone = [Sums.none(1).plus(values[:, :, [place]], present[:, [place]]) for place in range(present.shape[1])]

    for name in Sums.__struct_fields__:
        expected = getattr(whole, name).tolist()
        assert repr(getattr(sums, name).tolist()) == repr(expected)
        assert repr([getattr(one, name).tolist()[0] for one in alone]) == repr(expected)


def one_bar(*fields: float) -> list[float]:
    sums = Sums.none(1).plus(np.array([fields])[:, :, None], np.array([[True]]))
    found: list[float] = table(sums, has_own=len(fields) > 5)[:, 0].tolist()
    return found


def test_the_mean_price_is_the_typical_one_where_a_bar_does_not_know_its_own() -> None:
    assert one_bar(9.0, 12.0, 6.0, 9.0, 100.0)[4] == 9.0
    assert one_bar(9.0, 12.0, 6.0, 9.0, 100.0, NAN, NAN)[4] == 9.0
    assert one_bar(9.0, 12.0, 6.0, 9.0, 100.0, 8.0, 3.0)[4] == 8.0


def test_without_a_trade_there_is_no_mean_price() -> None:
    assert one_bar(9.0, 12.0, 6.0, 9.0, 0.0) == pytest.approx([9.0, 12.0, 6.0, 9.0, NAN, 0.0], nan_ok=True)
