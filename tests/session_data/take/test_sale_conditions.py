"""Bars that are folded from US trades: which of these set prices, and which only count."""

import msgspec
import pytest

from actors.session_data.core import SessionDataCore
from messages import FeedConnected, GetBars, GetQuality, Tick
from tests.session_data.streams import ask
from tests.session_data.trading import came, cancelled, connected, corrected, rows, time, trade, trading


def us(second: float, price: float, size: float, conditions: str, tape: str = "C") -> Tick:
    return msgspec.structs.replace(trade(second, price, size), conditions=conditions, tape=tape)


def of_alpaca() -> FeedConnected:
    return msgspec.structs.replace(connected(), sale_rules="alpaca")


def no_trade(core: SessionDataCore) -> int:
    return ask(core, GetQuality()).quality.verdicts.no_trade


def test_odd_lots_and_average_prices_count_and_set_no_price_and_official_prices_do_not_even_count() -> None:
    core = trading(
        of_alpaca(),
        came(
            us(1, 99, 1, "@ I"),
            us(2, 100, 100, "@"),
            us(3, 100, 50_000, "@ Q"),
            us(4, 103, 5, "@ I"),
            us(5, 97, 1000, "W"),
            us(6, 100.5, 200, "@ F"),
            us(7, 90, 3, "@ I"),
        ),
        time(65),
    )

    assert rows(core) == [(100, 100.5, 100, 100.5, 1309)]


def test_a_minute_of_odd_lots_only_has_no_bar_and_is_no_gap() -> None:
    core = trading(of_alpaca(), came(us(1, 99, 1, "I")), time(65))

    assert rows(core) == []
    assert no_trade(core) == 1


def test_the_minute_has_a_bar_when_another_trade_comes_after_all() -> None:
    core = trading(of_alpaca(), came(us(1, 99, 1, "I")), time(65), came(us(2, 98, 2, "@"), now=66), time(67))

    assert rows(core) == [(98, 98, 98, 98, 3)]


def test_late_and_derivatively_priced_trades_set_high_and_low_and_open_only_alone() -> None:
    beside = trading(of_alpaca(), came(us(1, 90, 1, "Z"), us(2, 98, 2, "@"), us(3, 110, 1, "4")), time(65))
    alone = trading(of_alpaca(), came(us(1, 90, 1, "Z"), us(2, 92, 1, "4"), us(3, 99, 1, "I")), time(65))

    assert rows(beside) == [(98, 110, 90, 98, 4)]
    assert rows(alone) == [(90, 92, 90, 92, 3)]


def test_the_vwap_is_that_of_the_trades_that_set_prices() -> None:
    core = trading(of_alpaca(), came(us(1, 100, 1, "@"), us(2, 90, 99, "I")), time(65), keep_extra=True)
    (made,) = ask(core, GetBars(symbol="A")).bars()

    assert (made.volume, made.vwap, made.trades) == (100, 100, 2)


def test_an_amended_trade_keeps_its_conditions() -> None:
    told = came(us(1, 100, 1, "@"), us(2, 90, 9, "I"), us(3, 101, 2, "@"), ids=("x", "y", "z"))
    core = trading(of_alpaca(), told, corrected("y", price=80, size=10), cancelled("z"), time(65))

    assert rows(core) == [(100, 100, 100, 100, 11)]


def test_a_feed_that_names_no_rules_takes_every_trade_unless_the_settings_do() -> None:
    told = came(us(1, 100, 1, "@"), us(2, 90, 9, "I"))

    assert rows(trading(connected(), told, time(65))) == [(100, 100, 90, 90, 10)]
    assert rows(trading(connected(), told, time(65), sale_conditions="sip")) == [(100, 100, 100, 100, 10)]
    assert rows(trading(of_alpaca(), told, time(65), sale_conditions="none")) == [(100, 100, 90, 90, 10)]


@pytest.mark.parametrize("second", [-30, 250])
def test_outside_of_regular_hours_form_t_sets_prices(second: int) -> None:
    forming = trading(of_alpaca(), time(0)).trading._feeds["trades"]

    forming.add([us(second, 100, 1, "@ T")])
    forming.add([us(30, 100, 1, "@ T")])

    has_price = {span.start_ns: span.trades["A"].has_price for span in forming._spans.values()}
    assert [has_price[start] for start in sorted(has_price)] == ([True, False] if second < 0 else [False, True])
