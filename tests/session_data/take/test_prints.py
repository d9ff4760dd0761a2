"""Quotes and ticks: the latest of each symbol, and a bounded window in order of time."""

from collections.abc import Callable
from typing import Any

import pytest

from actors.session_data.core import SessionDataCore
from messages import (
    GetLatestBar,
    GetLatestQuote,
    GetLatestTick,
    GetQuality,
    GetQuotes,
    GetSnapshot,
    GetTicks,
    PrintsRejected,
    Quote,
    QuoteArrived,
    QuotesArrived,
    ReceiptSettled,
    Tick,
    TickArrived,
    TicksArrived,
    TimeAdvanced,
    TradeAmended,
)
from messages.values import SECOND_NS
from tests.builders import arrived, at, bar, opened
from tests.session_data.streams import ask, play
from tests.session_data.telling import TUESDAY, WEDNESDAY, core_with, refusal, told

START = at("09:30")
NAN, INFINITE = float("nan"), float("inf")
OPEN = opened(TUESDAY, ["A", "B"])


def quote(second: int, bid: float = 99.0, ask: float = 101.0, symbol: str = "A", **sizes: float) -> Quote:
    return Quote(symbol=symbol, at_ns=START + second * SECOND_NS, bid=bid, ask=ask, **sizes)


def tick(second: int, price: float = 100.0, size: float = 1.0, symbol: str = "A") -> Tick:
    return Tick(symbol=symbol, at_ns=START + second * SECOND_NS, price=price, size=size)


def came(item: Quote | Tick, now: int = 60, receipt: int = 0) -> QuoteArrived | TickArrived:
    now_ns = START + now * SECOND_NS
    if isinstance(item, Quote):
        return QuoteArrived(quote=item, now_ns=now_ns, receipt=receipt)
    return TickArrived(tick=item, now_ns=now_ns, receipt=receipt)


def kept(core: SessionDataCore, item: Callable[..., Quote | Tick], count: int = 99) -> list[int]:
    """The seconds of the quotes or of the ticks that are kept."""
    query: Any = GetQuotes(symbol="A", count=count) if item is quote else GetTicks(symbol="A", count=count)
    return [(one.at_ns - START) // SECOND_NS for one in ask(core, query)]


both = pytest.mark.parametrize("item", [quote, tick])


def test_the_latest_quote_and_the_latest_tick_are_read_as_they_came() -> None:
    core = core_with(OPEN, came(quote(1, 98)), came(quote(2, 99)), came(tick(1, 100)), came(tick(3, 102, 5)))

    assert ask(core, GetLatestQuote(symbol="A")) == quote(2, 99)
    assert ask(core, GetLatestTick(symbol="A")) == tick(3, 102, 5)


def test_a_symbol_without_prints_has_none() -> None:
    core = core_with(OPEN, came(quote(1)), came(tick(1)))

    assert ask(core, GetLatestQuote(symbol="B")) is ask(core, GetLatestTick(symbol="B")) is None
    assert ask(core, GetQuotes(symbol="B", count=3)) == ask(core, GetTicks(symbol="B", count=3)) == ()


@both
def test_only_the_last_so_many_are_kept(item: Callable[..., Quote | Tick]) -> None:
    core = core_with(OPEN, *(came(item(second)) for second in range(5)), quote_window=3)

    assert kept(core, item) == [2, 3, 4]
    assert kept(core, item, 2) == [3, 4]
    assert kept(core, item, 0) == []


@both
def test_a_late_print_goes_to_its_place(item: Callable[..., Quote | Tick]) -> None:
    core = core_with(OPEN, *(came(item(second)) for second in (5, 9, 2, 7, 9)))

    assert kept(core, item) == [2, 5, 7, 9, 9]


@both
def test_a_late_print_in_a_full_window_pushes_the_oldest_out(item: Callable[..., Quote | Tick]) -> None:
    core = core_with(OPEN, *(came(item(second)) for second in (1, 5, 9, 7)), quote_window=3)

    assert kept(core, item) == [5, 7, 9]


@both
def test_a_print_older_than_a_full_window_is_not_kept(item: Callable[..., Quote | Tick]) -> None:
    core = core_with(OPEN, *(came(item(second)) for second in (3, 5, 9, 1)), quote_window=3)

    assert kept(core, item) == [3, 5, 9]


def test_of_two_prints_of_one_instant_the_later_message_is_the_latest() -> None:
    core = core_with(OPEN, came(tick(1, 100)), came(tick(2, 105)), came(tick(1, 101)))

    assert [one.price for one in ask(core, GetTicks(symbol="A", count=9))] == [100, 101, 105]


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (quote(61), "in_the_future"),
        (quote(1, bid=NAN), "not_finite"),
        (quote(1, ask=INFINITE), "not_finite"),
        (quote(1, bid=-1.0), "price_negative"),
        (quote(1, bid_size=NAN), "not_finite"),
        (quote(1, ask_size=-INFINITE), "not_finite"),
        (quote(1, ask_size=-1), "size_negative"),
        (tick(61), "in_the_future"),
        (tick(1, price=NAN), "not_finite"),
        (tick(1, price=0.0), "price_not_positive"),
        (tick(1, size=INFINITE), "not_finite"),
        (tick(1, size=-1), "size_negative"),
    ],
)
def test_a_print_that_cannot_be_is_refused_and_its_sender_told_why(item: Quote | Tick, reason: str) -> None:
    core = core_with(OPEN)
    settled = ReceiptSettled(receipt=4, accepted=0, rejected=1, duplicates=0, reasons=(reason,))

    assert play(core, [came(item, receipt=4)]) == [settled]
    assert kept(core, quote) == kept(core, tick) == []


@both
def test_who_sends_a_sane_print_gets_a_receipt(item: Callable[..., Quote | Tick]) -> None:
    core = core_with(OPEN)

    assert told(core, ReceiptSettled, came(item(1), receipt=4), came(item(2))) == [
        ReceiptSettled(receipt=4, accepted=1, rejected=0, duplicates=0)
    ]


@both
def test_a_print_says_what_time_it_is(item: Callable[..., Quote | Tick]) -> None:
    core = core_with(OPEN, came(item(1), now=90))

    assert ask(core, GetSnapshot()).now_ns == START + 90 * SECOND_NS


def test_prints_are_forgotten_when_the_next_session_opens() -> None:
    core = core_with(OPEN, came(quote(1)), came(tick(1)), opened(WEDNESDAY, ["A"]))

    assert ask(core, GetLatestQuote(symbol="A")) is ask(core, GetLatestTick(symbol="A")) is None


def test_prints_are_kept_of_symbols_that_have_no_bars() -> None:
    core = core_with(OPEN, came(quote(1, symbol="EURUSD")))

    assert ask(core, GetLatestQuote(symbol="EURUSD")) == quote(1, symbol="EURUSD")


@pytest.mark.parametrize("query", [GetLatestQuote, GetLatestTick])
def test_the_prints_of_an_unknown_symbol_are_an_error_that_names_the_nearest(query: Callable[..., Any]) -> None:
    core = core_with(opened(TUESDAY, ["AAPL", "MSFT"]), came(quote(1)))

    assert refusal(core, query(symbol="APPL")) == "UnknownSymbol: unknown symbol 'APPL'; nearest: AAPL"


@pytest.mark.parametrize("query", [GetQuotes, GetTicks])
def test_before_a_session_no_symbol_has_prints(query: Callable[..., Any]) -> None:
    expected = "UnknownSymbol: unknown symbol 'A'; 0 symbols are known"

    assert refusal(core_with(), query(symbol="A", count=1)) == expected


def test_a_snapshot_holds_the_latest_prints_beside_the_bars() -> None:
    core = core_with(OPEN, came(quote(1, 98)), came(quote(2, 99)), came(tick(3, 102)), arrived(bar("A")))
    snapshot = ask(core, GetSnapshot(symbols=("B", "A")))

    assert snapshot.quotes == (None, quote(2, 99))
    assert snapshot.ticks == (None, tick(3, 102))


# --- many together


def trades(*given: Tick, now: int = 60, **more: Any) -> TicksArrived:
    return TicksArrived(ticks=given, now_ns=START + now * SECOND_NS, source="feed", **more)


def quotes(*given: Quote, now: int = 60) -> QuotesArrived:
    return QuotesArrived(quotes=given, now_ns=START + now * SECOND_NS, source="feed")


def test_prints_that_come_together_are_kept_as_if_they_came_one_by_one() -> None:
    core = core_with(OPEN, trades(tick(5), tick(2), tick(9, symbol="B")), quotes(quote(3), quote(1)))

    assert (kept(core, tick), kept(core, quote)) == ([2, 5], [1, 3])
    assert ask(core, GetLatestTick(symbol="B")) == tick(9, symbol="B")
    assert ask(core, GetSnapshot()).now_ns == START + 60 * SECOND_NS


def test_what_cannot_be_among_them_is_told_once_with_its_reasons_and_the_rest_is_taken() -> None:
    core = core_with(OPEN)
    of_trades = told(core, PrintsRejected, trades(tick(1), tick(2, NAN), tick(3, -1.0), tick(61), tick(4, NAN)))
    of_quotes = told(core, PrintsRejected, quotes(quote(1, ask=INFINITE), quote(2)))

    reasons = (("in_the_future", 1), ("not_finite", 2), ("price_not_positive", 1))
    assert [(one.source, one.reasons) for one in of_trades] == [("feed", reasons)]
    assert of_quotes == [PrintsRejected(source="feed", reasons=(("not_finite", 1),), quote=quote(1, ask=INFINITE))]
    assert (kept(core, tick), kept(core, quote)) == ([1], [2])


def test_what_came_and_what_was_refused_is_counted_in_the_quality_report() -> None:
    core = core_with(OPEN, trades(tick(1), tick(2, NAN)), came(tick(61)), came(quote(1)), quotes(quote(2), quote(61)))
    report = ask(core, GetQuality())

    assert (report.ticks, report.quotes) == (1, 2)
    assert report.bad_prints == (("in_the_future", 2), ("not_finite", 1))


def test_before_a_session_prints_are_kept_and_not_counted() -> None:
    core = core_with(trades(tick(1), tick(2, NAN)), quotes(quote(1)))

    assert (kept(core, tick), kept(core, quote)) == ([1], [1])


def test_a_negative_price_is_sane_where_prices_may_be_negative() -> None:
    core = core_with(OPEN, came(tick(1, -3.5)), came(quote(1, -4.0, -3.0)), allow_negative=True)

    assert (kept(core, tick), kept(core, quote)) == ([1], [1])


def test_a_quote_without_a_bid_or_an_offer_is_sane() -> None:
    assert kept(core_with(OPEN, came(quote(1, bid=0.0))), quote) == [1]


def test_the_bar_of_a_minute_is_made_of_what_was_sane_of_it() -> None:
    given = trades(tick(1, 101), tick(2, NAN), tick(3, 99), ids=("x", "y", "z"), is_folded=True)
    cancelled = TradeAmended(feed="feed", symbol="A", trade_id="z", at_ns=START, price=99, size=1)
    core = core_with(OPEN, given, cancelled, TimeAdvanced(now_ns=START + 60 * SECOND_NS))

    assert ask(core, GetLatestBar(symbol="A")).close == 101
