"""When a candle that grows is told."""

import pytest

from actors.vendors.ccxt.candles import GrowingCandles
from messages.values import MINUTE_NS, ONE_MINUTE, SECOND_NS

T0 = 28_000_000 * MINUTE_NS


def candle(minute: int, close: float = 10.0) -> list[float]:
    return [(T0 + minute * MINUTE_NS) / 1e6, 10.0, 11.0, 9.0, close, 5.0]


def taken(candles: GrowingCandles, *rows: list[float], symbol: str = "A") -> list[tuple[int, float, bool]]:
    return [_short(told) for told in candles.take(symbol, rows)]


def due(candles: GrowingCandles, at_ns: int) -> list[tuple[int, float, bool]]:
    return [_short(told) for told in candles.due(T0 + at_ns)]


def _short(told):
    return (told.bar.start_ns - T0) // MINUTE_NS, told.bar.close, told.is_correction


@pytest.fixture
def candles() -> GrowingCandles:
    return GrowingCandles(ONE_MINUTE)


def test_a_candle_is_told_in_its_last_state_when_the_next_begins(candles: GrowingCandles) -> None:
    assert taken(candles, candle(0, 10.0)) == []
    assert taken(candles, candle(0, 10.5)) == []
    assert taken(candles, candle(1)) == [(0, 10.5, False)]


def test_one_that_no_other_follows_is_told_five_seconds_after_its_end_and_once(candles: GrowingCandles) -> None:
    taken(candles, candle(0))

    assert due(candles, MINUTE_NS + 5 * SECOND_NS - 1) == []
    assert due(candles, MINUTE_NS + 5 * SECOND_NS) == [(0, 10.0, False)]
    assert due(candles, MINUTE_NS + 9 * SECOND_NS) == []
    assert taken(candles, candle(1)) == []


def test_one_that_changes_after_it_was_told_is_a_correction_and_the_same_again_is_nothing(
    candles: GrowingCandles,
) -> None:
    taken(candles, candle(0), candle(1))

    assert taken(candles, candle(0)) == []
    assert taken(candles, candle(0, 9.5)) == [(0, 9.5, True)]
    taken(candles, candle(2))
    assert due(candles, 3 * MINUTE_NS + 5 * SECOND_NS) == [(2, 10.0, False)]
    assert taken(candles, candle(2, 9.0), candle(3)) == [(2, 9.0, True)]


def test_all_but_the_last_of_what_a_subscription_begins_with_are_over(candles: GrowingCandles) -> None:
    assert taken(candles, candle(0), candle(1), candle(3)) == [(0, 10.0, False), (1, 10.0, False)]


def test_symbols_have_nothing_to_do_with_each_other(candles: GrowingCandles) -> None:
    taken(candles, candle(0), symbol="A")

    assert taken(candles, candle(1), symbol="B") == []
    candles.forget("A")
    assert due(candles, 10 * MINUTE_NS) == [(1, 10.0, False)]


def test_of_long_ago_it_is_forgotten_what_was_told(candles: GrowingCandles) -> None:
    taken(candles, *(candle(number) for number in range(30)))

    assert taken(candles, candle(28, 9.5)) == [(28, 9.5, True)]
    assert len(candles._told["A"]) <= 16


@pytest.mark.parametrize(
    "row",
    [
        [1, 2],
        [1, 2, 3, 4, 5, None],
        [None, 1, 1, 1, 1, 1],
        ["x", 1, 1, 1, 1, 1],
        [float("inf"), 1, 1, 1, 1, 1],
        [10**13, 1, 1, 1, 1, 1],
        [1, 1, 10**400, 1, 1, 1],
    ],
)
def test_what_is_no_candle_is_refused(candles: GrowingCandles, row: list[float]) -> None:
    with pytest.raises(ValueError, match="Expected six numbers"):
        taken(candles, row)


def grown(candles: GrowingCandles, minute: int, until_s: int, ahead_s: int) -> list[tuple[int, float, bool]]:
    """What is told while a candle grows every ten seconds, by a clock that is so far ahead of the exchange's."""
    out = []
    for second in range(0, until_s, 10):
        now_ns = minute * MINUTE_NS + (second + ahead_s) * SECOND_NS
        out += [_short(told) for told in candles.take("A", [candle(minute, 10.0 + second / 100)], T0 + now_ns)]
        out += due(candles, now_ns)
    return out


def test_while_candles_grow_after_their_end_they_are_told_that_much_later(candles: GrowingCandles) -> None:
    first, second = grown(candles, 0, 60, ahead_s=40), grown(candles, 1, 60, ahead_s=40)

    assert (first, second) == ([], [(0, 10.5, False)])
    assert due(candles, 2 * MINUTE_NS + 35 * SECOND_NS - 1) == []
    assert due(candles, 2 * MINUTE_NS + 35 * SECOND_NS) == [(1, 10.5, False)]


def test_where_our_clock_is_right_again_they_are_told_as_soon_as_ever(candles: GrowingCandles) -> None:
    grown(candles, 0, 60, ahead_s=40)
    for minute in range(1, 17):
        grown(candles, minute, 60, ahead_s=0)

    assert due(candles, 17 * MINUTE_NS + 5 * SECOND_NS) == [(16, 10.5, False)]


def test_a_candle_that_is_amended_long_after_its_end_holds_up_nothing(candles: GrowingCandles) -> None:
    taken(candles, candle(0))
    assert due(candles, 2 * MINUTE_NS) == [(0, 10.0, False)]
    list(candles.take("A", [candle(0, 12.0)], T0 + 3 * MINUTE_NS))
    list(candles.take("A", [candle(4)], T0 + 4 * MINUTE_NS))

    assert due(candles, 5 * MINUTE_NS + 5 * SECOND_NS) == [(4, 10.0, False)]
