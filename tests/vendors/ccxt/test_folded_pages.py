"""Trades in pages, and the bars that they fold to."""

from typing import Any

import pytest

from actors.vendors.ccxt.folded_pages import FoldedPages, folded, is_sound
from messages.values import ONE_MINUTE

T0 = 28_000_000 * 60_000


def trade(second: float, price: float, size: float = 1.0, name: int | None = None) -> dict[str, Any]:
    return {
        "timestamp": T0 + round(second * 1000),
        "price": price,
        "amount": size,
        "id": None if name is None else str(name),
    }


def all_of(trades: list[dict[str, Any]], size: int, end: int) -> tuple[list[dict[str, Any]], int]:
    """Take pages of so many trades to the end; return the trades, and how many pages there were."""
    pages, found, since, carried = FoldedPages(), [], T0, 0
    for number in range(1, 200):
        page = [one for one in trades if one["timestamp"] >= since][:size]
        some, following, carried = pages.take(page, carried, 60_000, end)
        found += some
        if following is None:
            return found, number
        since = following
    raise AssertionError("no end")


@pytest.mark.parametrize("size", [2, 3, 5, 7, 100])
def test_pages_of_any_length_give_each_trade_once_and_in_order(size: int) -> None:
    trades = [trade(7 * number, 10.0 + number, name=number) for number in range(40)]

    found, pages = all_of(trades, size, T0 + 10 * 60_000)

    assert found == trades
    assert pages <= 2 + len(trades) / max(1, size - 1)


def test_a_minute_is_given_when_it_is_whole_and_a_page_may_be_taken_again() -> None:
    pages = FoldedPages()
    first = [trade(10, 1.0, name=1), trade(70, 2.0, name=2)]
    some, since, carried = pages.take(first, 0, 60_000, T0 + 600_000)
    again = [pages.take([trade(70, 2.0, name=2), trade(130, 3.0, name=3)], carried, 60_000, T0 + 600_000) for _ in "ab"]

    assert (some, since) == (first[:1], T0 + 70_000)
    assert [taken[:2] for taken in again] == [([trade(70, 2.0, name=2)], T0 + 130_000)] * 2


def test_more_trades_in_a_minute_than_a_page_holds_are_one_bar() -> None:
    trades = [trade(number / 10, 10.0 + number, name=number) for number in range(50)]

    found, _ = all_of(trades, 8, T0 + 60_000)
    (bar,) = folded("A", found, ONE_MINUTE).bars()

    assert (bar.open, bar.high, bar.low, bar.close, bar.volume, bar.trades) == (10.0, 59.0, 10.0, 59.0, 50.0, 50.0)


def test_what_is_later_than_was_asked_for_ends_it() -> None:
    _, since, _ = FoldedPages().take([trade(0, 1.0, name=1), trade(61, 1.0, name=2)], 0, 60_000, T0 + 60_000)

    assert since is None


def test_what_was_carried_long_ago_is_forgotten() -> None:
    pages = FoldedPages()
    for number in range(200):
        pages.take([trade(number, 1.0, name=number)], 0, 60_000, T0 + 600_000)

    assert len(pages._carried) == 64


def test_trades_without_ids_are_told_apart_by_what_they_are() -> None:
    trades = [trade(1, 1.0), trade(1, 2.0), trade(1, 3.0)]

    assert all_of(trades, 3, T0 + 60_000)[0] == trades


def test_bars_know_their_vwap_and_their_trades_and_minutes_without_any_have_none() -> None:
    bars = folded("A", [trade(0, 10.0, 1.0), trade(59.999, 20.0, 3.0), trade(180, 5.0, 2.0)], ONE_MINUTE)

    assert [(bar.start_ns // 10**6 - T0, bar.vwap, bar.trades) for bar in bars.bars()] == [
        (0, 17.5, 2.0),
        (180_000, 5.0, 1.0),
    ]
    assert len(folded("A", [], ONE_MINUTE)) == 0


@pytest.mark.parametrize(
    ("broken", "is_whole"),
    [({}, True), ({"price": None}, False), ({"amount": "1"}, False), ({"timestamp": None}, False)],
)
def test_a_trade_needs_a_time_a_price_and_an_amount(broken: dict[str, Any], is_whole: bool) -> None:
    assert is_sound({**trade(0, 1.0), **broken}) is is_whole
