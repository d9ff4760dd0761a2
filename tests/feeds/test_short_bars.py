"""Bars of seconds into bars of minutes, while they come."""

from actors.feeds.short_bars import ShortBars
from messages.values import MINUTE_NS, ONE_MINUTE, SECOND_NS, Bar, Interval
from tests.builders import at

START_NS = at("09:30")
FIVE = Interval(seconds=5)
ONE = Interval(seconds=1)


def short(second: int, price: float = 10.0, volume: float = 1.0, symbol: str = "A", interval: Interval = FIVE) -> Bar:
    return Bar(
        symbol=symbol, start_ns=START_NS + second * SECOND_NS, open=price, high=price + 1, low=price - 1,
        close=price + 0.5, volume=volume, vwap=price, trades=2.0, interval=interval,
    )  # fmt: skip


def always() -> ShortBars:
    return ShortBars(ONE_MINUTE, FIVE, comes_always=True)


def sometimes() -> ShortBars:
    return ShortBars(ONE_MINUTE, ONE, comes_always=False)


def given(shorts: ShortBars, *bars: Bar) -> list[Bar]:
    return [whole for bar in bars for whole in shorts.add(bar)]


def test_a_minute_is_given_with_its_last_stretch() -> None:
    shorts = always()
    bars = [short(5 * number, 10.0 + number) for number in range(12)]

    assert given(shorts, *bars[:-1]) == []
    assert given(shorts, bars[-1]) == [
        Bar(symbol="A", start_ns=START_NS, open=10, high=22, low=9, close=21.5, volume=12, vwap=15.5, trades=24)
    ]


def test_a_stretch_without_a_trade_sets_no_price_beside_others() -> None:
    quiet = [short(5 * number, 99.0, volume=0.0) for number in range(12)]

    (bar,) = given(always(), *quiet[:3], short(15, 10.0, 7.0), *quiet[4:])

    assert (bar.open, bar.high, bar.low, bar.close, bar.volume) == (10, 11, 9, 10.5, 7)


def test_a_minute_of_which_every_stretch_was_printed_is_a_bar_also_without_a_trade() -> None:
    (bar,) = given(always(), *(short(5 * number, 99.0, volume=0.0) for number in range(12)))

    assert (bar.open, bar.close, bar.volume, bar.vwap) == (99.0, 99.5, 0, None)


def test_a_minute_that_lacks_a_stretch_is_never_given() -> None:
    shorts = always()
    bars = [short(5 * number) for number in range(36)]

    whole = given(shorts, *(bar for number, bar in enumerate(bars) if number != 14))

    assert [bar.start_ns - START_NS for bar in whole] == [0, 2 * MINUTE_NS]
    assert list(shorts.over(START_NS + 10 * MINUTE_NS)) == []


def test_the_order_of_the_stretches_is_theirs() -> None:
    bars = [short(5 * number, 10.0 + number) for number in range(12)]

    assert given(always(), *reversed(bars)) == given(always(), *bars)


def test_what_is_not_heard_always_is_over_when_a_later_minute_begins() -> None:
    shorts = sometimes()

    assert given(shorts, short(3, interval=ONE), short(40, 12.0, interval=ONE)) == []
    (bar,) = given(shorts, short(61, interval=ONE))

    assert (bar.start_ns, bar.open, bar.close, bar.volume) == (START_NS, 10.0, 12.5, 2)
    assert shorts.unfinished_ns == START_NS + MINUTE_NS


def test_or_when_it_is_said_to_be_over() -> None:
    shorts = sometimes()
    given(shorts, short(3, interval=ONE), short(4, symbol="B", interval=ONE))

    assert list(shorts.over(START_NS + MINUTE_NS - 1)) == []
    assert [bar.symbol for bar in shorts.over(START_NS + MINUTE_NS)] == ["A", "B"]
    assert list(shorts.over(START_NS + MINUTE_NS)) == []
    assert shorts.unfinished_ns is None


def test_a_second_that_comes_late_gives_its_minute_anew() -> None:
    shorts = sometimes()
    given(shorts, short(3, interval=ONE), short(61, interval=ONE))

    (again,) = given(shorts, short(50, 20.0, interval=ONE))

    assert (again.start_ns, again.high, again.close, again.volume) == (START_NS, 21, 20.5, 2)


def test_a_second_of_a_minute_that_is_long_past_says_nothing_of_the_rest_of_it() -> None:
    shorts = sometimes()
    given(shorts, short(3, interval=ONE), short(63, interval=ONE), short(123, interval=ONE))

    assert given(shorts, short(50, interval=ONE)) == []


def test_of_a_minute_whose_beginning_was_not_heard_there_is_no_bar() -> None:
    shorts = sometimes()
    shorts.skip(["A"], START_NS + 30 * SECOND_NS)

    whole = given(shorts, short(40, interval=ONE), short(61, interval=ONE), short(121, interval=ONE))

    assert [bar.start_ns - START_NS for bar in whole] == [MINUTE_NS]


def test_what_was_forgotten_is_not_given() -> None:
    shorts = sometimes()
    given(shorts, short(3, interval=ONE), short(4, symbol="B", interval=ONE))

    shorts.drop("B")
    assert [bar.symbol for bar in shorts.over(START_NS + MINUTE_NS)] == ["A"]
    given(shorts, short(63, interval=ONE))
    shorts.forget()

    assert list(shorts.over(START_NS + 10 * MINUTE_NS)) == []


def test_a_mean_price_or_a_count_that_one_lacks_the_minute_lacks_too() -> None:
    bare = [Bar(symbol="A", start_ns=START_NS, open=1, high=1, low=1, close=1, volume=1, interval=ONE)]
    (bar,) = given(sometimes(), *bare, short(3, interval=ONE), short(61, interval=ONE))

    assert (bar.vwap, bar.trades) == (None, None)
