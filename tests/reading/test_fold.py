"""Trades and short bars folded to minutes, against a loop over a dictionary."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.reading.fold import MinuteBars, TickFolder, fold_bars, fold_ticks, merged
from messages.tables.columns import VWAP
from messages.values import MINUTE_NS, SECOND_NS

Trade = tuple[int, int, float, float]

trades = st.lists(
    st.tuples(st.integers(0, 4 * MINUTE_NS), st.integers(0, 2), st.integers(1, 9), st.sampled_from([0.0, 0.1, 1.0])),
    max_size=30,
)


def columns(found: list[Trade]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    at, symbol, price, size = np.array(found, dtype=np.float64).reshape(-1, 4).T
    return at.astype(np.int64), price, size, symbol.astype(np.int32)


def by_hand(found: list[Trade]) -> dict[tuple[int, int], list[float]]:
    """Fold one trade after the other."""
    minutes: dict[tuple[int, int], list[Trade]] = {}
    for trade in sorted(found, key=lambda trade: trade[0]):
        minutes.setdefault((trade[0] // MINUTE_NS * MINUTE_NS, trade[1]), []).append(trade)
    return {cell: _bar([trade[2] for trade in of], [trade[3] for trade in of]) for cell, of in sorted(minutes.items())}


def _bar(prices: list[float], sizes: list[float]) -> list[float]:
    volume = math.fsum(sizes)
    turnover = math.fsum(price * size for price, size in zip(prices, sizes, strict=True))
    vwap = turnover / volume if volume else math.nan
    return [prices[0], max(prices), min(prices), prices[-1], volume, vwap, len(prices)]


def as_dict(bars: MinuteBars) -> dict[tuple[int, int], list[float]]:
    cells = zip(bars.start_ns.tolist(), bars.symbol_index.tolist(), strict=True)
    return dict(zip(cells, bars.values.T.tolist(), strict=True))


def assert_equal(bars: MinuteBars, found: list[Trade]) -> None:
    expected = by_hand(found)
    assert list(as_dict(bars)) == list(expected)
    assert as_dict(bars) == {cell: pytest.approx(bar, nan_ok=True) for cell, bar in expected.items()}


@given(trades)
@settings(deadline=None)
def test_trades_in_any_order_fold_to_what_a_loop_makes_of_them(found: list[Trade]) -> None:
    assert_equal(fold_ticks(*columns(found)), found)


@given(trades, st.integers(1, 7))
@settings(deadline=None)
def test_it_does_not_matter_where_a_file_is_cut(found: list[Trade], length: int) -> None:
    folder = TickFolder()
    rows = np.arange(len(found)) + 1
    for first in range(0, len(found), length):
        piece = slice(first, first + length)
        folder.add(*(column[piece] for column in columns(found)), rows[piece])

    assert_equal(folder.finish(), found)


@given(trades, st.integers(1, 7))
@settings(deadline=None)
def test_a_file_in_order_of_time_folds_to_the_last_bit_alike(found: list[Trade], length: int) -> None:
    found.sort(key=lambda trade: trade[0])
    folder = TickFolder()
    rows = np.arange(len(found)) + 1
    for first in range(0, len(found), length):
        piece = slice(first, first + length)
        folder.add(*(column[piece] for column in columns(found)), rows[piece])
    whole, cut = fold_ticks(*columns(found)), folder.finish()

    assert all(
        np.array_equal(getattr(whole, name)[..., :], getattr(cut, name), equal_nan=name == "values")
        for name in ("start_ns", "symbol_index", "rows", "first_ns", "last_ns")
    )
    assert np.array_equal(np.delete(whole.values, VWAP, 0), np.delete(cut.values, VWAP, 0))


@given(trades)
@settings(deadline=None)
def test_the_vwap_lies_between_low_and_high(found: list[Trade]) -> None:
    _, high, low, _, volume, vwap, _ = fold_ticks(*columns(found)).values

    assert np.all(np.isnan(vwap) == (volume == 0))
    assert np.all((low <= vwap) & (vwap <= high) | np.isnan(vwap))


def test_a_bar_knows_the_row_of_its_earliest_trade() -> None:
    at = np.array([50, 10, 10], dtype=np.int64)
    bars = fold_ticks(at, np.array([3.0, 1.0, 2.0]), np.ones(3), np.zeros(3, np.int32), np.array([7, 8, 9]))

    assert (bars.rows.tolist(), bars.first_ns.tolist(), bars.last_ns.tolist()) == ([8], [10], [50])
    assert bars.values[:, 0].tolist() == [1, 3, 1, 3, 3, 2, 3]


def test_short_bars_fold_to_minutes_of_as_many_fields() -> None:
    at = np.array([30, 0, 60], dtype=np.int64) * 1_000_000_000
    values = np.array([[2.0, 1, 5], [4, 3, 6], [2, 1, 4], [3, 2, 5], [10, 20, 30]])
    bars = fold_bars(at, values, np.zeros(3, np.int32), np.array([1, 2, 3]))

    assert bars.start_ns.tolist() == [0, MINUTE_NS]
    assert bars.values.T.tolist() == [[1, 4, 1, 3, 30], [5, 6, 4, 5, 30]]
    assert bars.rows.tolist() == [2, 3]


def test_nothing_folds_to_nothing() -> None:
    nothing = fold_ticks(*columns([]))

    assert (len(nothing), len(merged([nothing])), len(TickFolder().finish())) == (0, 0, 0)


@given(
    st.lists(
        st.tuples(st.integers(0, 179), st.integers(1, 9), st.integers(0, 4), st.sampled_from([0, 1, 2, 3, 4, 6, 7])),
        max_size=40,
    ),
    st.integers(1, 7),
)
def test_what_trades_may_set_is_all_that_they_set(trades: list[tuple[int, int, int, int]], cut: int) -> None:
    trades = sorted(trades, key=lambda trade: trade[0])
    folder = TickFolder()
    for first in range(0, len(trades), cut):
        at, price, size, sets = zip(*trades[first : first + cut], strict=True)
        folder.add(
            np.array(at, dtype=np.int64) * SECOND_NS,
            np.array(price, dtype=np.float64),
            np.array(size, dtype=np.float64),
            np.zeros(len(at), dtype=np.int32),
            np.arange(first, first + len(at), dtype=np.int64),
            sets=np.array(sets, dtype=np.uint8),
        )
    bars = folder.finish()

    expected = []
    for minute in range(3):
        mine = [trade for trade in trades if trade[0] // 60 == minute]
        priced = [price for _, price, _, sets in mine if sets & 3]
        edges = [price for _, price, _, sets in mine if sets & 1] or priced
        if priced:
            volume = sum(size for _, _, size, sets in mine if sets & 4)
            expected.append((minute, edges[0], max(priced), min(priced), edges[-1], volume))
    found = zip((bars.start_ns // MINUTE_NS).tolist(), *bars.values[:5].tolist(), strict=True)

    assert list(found) == expected
