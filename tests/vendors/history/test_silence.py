"""Whose silence is believed: the thin, never the busy, and never many at once."""

import numpy as np
import pytest

from actors.vendors.history.silence import believed

MINUTES = 60
ALL = np.ones(MINUTES, dtype=np.bool_)


def market(trades: float, symbols: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Whether there are rows, in every minute, and of how many trades."""
    return np.ones((MINUTES, symbols), dtype=np.bool_), np.full((MINUTES, symbols), float(trades))


def holes(has_bar: np.ndarray, trades: np.ndarray) -> list[tuple[int, int]]:
    found = believed(has_bar, np.where(has_bar, trades, np.nan), ALL)
    return [(int(row), int(column)) for row, column in np.argwhere(found)]


@pytest.mark.parametrize(("trades", "is_believed"), [(1, True), (9, True), (12, False), (100, False)])
def test_a_minute_between_few_trades_was_quiet_and_one_between_many_was_lost(trades: int, is_believed: bool) -> None:
    has_bar, counted = market(trades)
    has_bar[30] = False

    assert holes(has_bar, counted) == ([(30, 0)] if is_believed else [])


def test_the_busy_and_the_thin_are_judged_each_by_themselves() -> None:
    has_bar, trades = market(100, 2)
    trades[:, 1] = 2
    has_bar[30, 0] = has_bar[40, 1] = False

    assert holes(has_bar, trades) == [(40, 1)]


def test_two_that_always_trade_and_lack_the_same_minute_lost_it() -> None:
    has_bar, trades = market(3, 2)
    has_bar[30] = False

    assert holes(has_bar, trades) == []


def test_a_whole_market_that_lacks_a_minute_lost_it() -> None:
    chance = np.random.default_rng(1)
    has_bar, trades = market(2, 50)
    has_bar[:] = chance.random(has_bar.shape) > 0.2
    has_bar[30] = False
    found = holes(has_bar, trades)

    assert not [hole for hole in found if hole[0] == 30]
    assert len(found) == np.count_nonzero(~has_bar) - 50


def test_one_that_never_shows_may_be_unknown() -> None:
    has_bar, trades = market(2, 2)
    has_bar[:, 1] = False

    assert holes(has_bar, trades) == []


def test_without_counts_of_trades_a_hole_in_an_unbroken_line_is_not_believed() -> None:
    has_bar, _ = market(0, 2)
    has_bar[30, 0] = has_bar[20, 1] = has_bar[24, 1] = False

    assert holes(has_bar, np.full(has_bar.shape, np.nan)) == [(20, 1), (24, 1)]


def test_of_minutes_that_were_not_asked_for_nothing_is_concluded() -> None:
    has_bar, trades = market(2)
    has_bar[[10, 30]] = False
    view = np.arange(MINUTES) >= 20

    assert [int(row) for row in np.flatnonzero(believed(has_bar, trades, view))] == [30]
