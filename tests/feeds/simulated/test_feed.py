"""The simulated market as it happens."""

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.feeds.simulated.feed import SimulatedStream, simulated_feed
from actors.feeds.simulated.market import SimulatedMarket
from actors.feeds.simulated.prints import PrintRates, minute_prints
from actors.kernel.clock import ManualClock
from messages import Bar, FeedBars, FeedQuotes, FeedTicks, Quote, Tick, TradingSession
from messages.errors import SettingsError
from messages.feeds import EVERYTHING, FeedItem
from messages.tables.columns import BarBatch
from messages.values import MINUTE_NS, SECOND_NS
from tests.builders import DAY, session_tiny
from tests.depth import examples
from tests.feeds.listening import Reader, bars_of

TINY = session_tiny(3, 2)
MARKET = SimulatedMarket.of_size(5)
ALL = SimulatedStream(rates=PrintRates(ticks=12, quotes=7))


def day(
    stream: SimulatedStream = ALL,
    market: SimulatedMarket = MARKET,
    sessions: Iterable[TradingSession] = (TINY,),
    step_ns: int = 7 * SECOND_NS,
    symbols: Iterable[str] = (EVERYTHING,),
) -> list[FeedItem]:
    """Return all that a day gives, read every ``step_ns``."""
    clock = ManualClock(TINY.start_ns)
    feed = simulated_feed(market, sessions, clock, stream, beat_s=0.0)
    feed.subscribe(symbols)
    reader = Reader(feed)
    reader.connect()
    found: list[FeedItem] = []
    while True:
        clock.advance(step_ns)
        due_ns = feed._schedule.due_ns()
        if due_ns is None:
            return found
        if due_ns <= clock.now_ns():  # else a read would wait for a clock that stands still
            found += reader.read()


def ticks_of(items: Iterable[FeedItem]) -> list[Tick]:
    return [tick for item in items if isinstance(item, FeedTicks) for tick in item.ticks]


def quotes_of(items: Iterable[FeedItem]) -> list[Quote]:
    return [quote for item in items if isinstance(item, FeedQuotes) for quote in item.quotes]


def fold(ticks: Iterable[Tick]) -> list[Bar]:
    """Fold trades to bars, in the slow and obvious way."""
    cells: dict[tuple[int, str], list[Tick]] = {}
    for tick in ticks:
        cells.setdefault((tick.at_ns // MINUTE_NS * MINUTE_NS, tick.symbol), []).append(tick)
    return [
        Bar(
            symbol=symbol,
            start_ns=start_ns,
            open=cell[0].price,
            high=max(tick.price for tick in cell),
            low=min(tick.price for tick in cell),
            close=cell[-1].price,
            volume=sum(tick.size for tick in cell),
        )
        for (start_ns, symbol), cell in sorted(cells.items())
    ]


def test_its_bars_are_the_markets() -> None:
    assert bars_of(day()) == [*MARKET.day(TINY).bars.bars()]


@examples(25)
@given(st.integers(0, 1000), st.integers(1, 30), st.integers(4, 40), st.sampled_from([0.0, 0.4, 0.9]))
def test_its_bars_are_exactly_what_its_trades_fold_to(seed: int, size: int, ticks: int, quiet: float) -> None:
    market = SimulatedMarket.of_size(size, seed=seed, quiet=quiet)
    items = day(SimulatedStream(rates=PrintRates(ticks=ticks)), market)

    assert fold(ticks_of(items)) == bars_of(items)


def test_a_minute_with_few_shares_shares_them_out_in_quarters() -> None:
    given_bars = BarBatch.of([Bar(symbol="A", start_ns=0, open=2.0, high=3.0, low=1.0, close=2.5, volume=3.0)])

    prints = minute_prints(given_bars, (7, 0), PrintRates(ticks=50))

    assert prints.size.tolist() == [0.75] * 4
    assert prints.price[[0, 3]].tolist() == [2.0, 2.5]
    assert sorted(prints.price[[1, 2]].tolist()) == [1.0, 3.0]


def test_prices_that_are_no_whole_cents_stay_within_their_bar() -> None:
    given_bars = BarBatch.of([Bar(symbol="A", start_ns=0, open=1.001, high=1.0014, low=1.0, close=1.0, volume=1e3)])

    prices = minute_prints(given_bars, (7, 0), PrintRates(ticks=50)).price

    assert (prices[0], prices[-1], prices.min(), prices.max()) == (1.001, 1.0, 1.0, 1.0014)


def test_trades_and_quotes_come_in_order_of_time_each_within_its_minute() -> None:
    items = day()

    for given_times in ([tick.at_ns for tick in ticks_of(items)], [quote.at_ns for quote in quotes_of(items)]):
        assert given_times == sorted(given_times)
        assert TINY.start_ns <= given_times[0]
        assert given_times[-1] < TINY.end_ns
    assert len(ticks_of(items)) == 5 * 5 * 12
    assert len(quotes_of(items)) == 5 * 5 * 7


def test_quotes_have_a_spread_and_lie_about_the_price() -> None:
    bars = {(bar.start_ns, bar.symbol): bar for bar in MARKET.day(TINY).bars.bars()}

    for quote in quotes_of(day()):
        bar = bars[quote.at_ns // MINUTE_NS * MINUTE_NS, quote.symbol]
        assert 0 < quote.bid < quote.ask
        assert bar.low * 0.999 - 0.02 <= quote.bid
        assert quote.ask <= bar.high * 1.001 + 0.02
        assert quote.bid_size >= 100
        assert quote.ask_size >= 100


def test_nothing_comes_before_its_time_and_a_bar_only_with_the_end_of_its_minute() -> None:
    clock = ManualClock(TINY.start_ns)
    feed = simulated_feed(MARKET, [TINY], clock, ALL)
    feed.subscribe([EVERYTHING])
    reader = Reader(feed)
    reader.connect()

    for _ in range(30):
        clock.advance(2 * SECOND_NS)
        items = reader.read()
        assert all(tick.at_ns <= clock.now_ns() for tick in ticks_of(items))
        assert all(quote.at_ns <= clock.now_ns() for quote in quotes_of(items))
        assert bool(bars_of([*items])) == (clock.now_ns() == TINY.start_ns + MINUTE_NS)


def test_it_is_the_same_however_it_is_read() -> None:
    slow, fast = day(step_ns=90 * SECOND_NS), day(step_ns=SECOND_NS // 2)

    assert ticks_of(slow) == ticks_of(fast)
    assert quotes_of(slow) == quotes_of(fast)
    assert bars_of(slow) == bars_of(fast)
    assert len(slow) < len(fast)


def test_another_seed_is_another_market() -> None:
    assert ticks_of(day()) != ticks_of(day(market=SimulatedMarket.of_size(5, seed=8)))


def test_only_what_is_asked_for_is_sent() -> None:
    only_trades = day(SimulatedStream(has_bars=False, rates=PrintRates(ticks=4)))
    only_quotes = day(SimulatedStream(has_bars=False, rates=PrintRates(quotes=1)))
    one_symbol = day(symbols=[MARKET.symbols[0]])

    assert {type(item) for item in only_trades if not is_beat(item)} == {FeedTicks}
    assert {type(item) for item in only_quotes if not is_beat(item)} == {FeedQuotes}
    assert {type(item) for item in one_symbol if not is_beat(item)} == {FeedBars, FeedTicks, FeedQuotes}
    assert {tick.symbol for tick in ticks_of(one_symbol)} == {bar.symbol for bar in bars_of(one_symbol)}
    assert not simulated_feed(MARKET, [], ManualClock(), SimulatedStream(has_bars=False, rates=ALL.rates)).has_bars


def is_beat(item: FeedItem) -> bool:
    return type(item).__name__ == "FeedHeartbeat"


def test_sessions_follow_each_other_and_may_be_without_end() -> None:
    def endless() -> Iterator[TradingSession]:
        yield TINY
        for number in itertools.count(3):
            yield session_tiny(2, day=f"2024-07-{number:02}")

    clock = ManualClock(TINY.start_ns)
    feed = simulated_feed(MARKET, endless(), clock)
    feed.subscribe([EVERYTHING])
    reader = Reader(feed)
    reader.connect()

    clock.advance(25 * 3600 * SECOND_NS)

    assert len(bars_of([*reader.read()])) == 5 * 5 + 5 * 2


@pytest.mark.parametrize(
    ("stream", "sentence"),
    [
        ({"rates": PrintRates(ticks=3)}, "at least 4, not 3"),
        ({"rates": PrintRates(ticks=-4)}, "at least 4, not -4"),
        ({"rates": PrintRates(quotes=-1)}, "no trades or at least 4"),
        ({"has_bars": False}, "nothing to send"),
    ],
)
def test_a_stream_that_cannot_be_is_refused(stream: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        SimulatedStream(**stream)


def test_a_whole_day_of_bars_is_the_markets_day() -> None:
    clock = ManualClock(DAY.start_ns)
    feed = simulated_feed(MARKET, [DAY], clock)
    feed.subscribe([EVERYTHING])
    reader = Reader(feed)
    reader.connect()

    clock.advance(DAY.end_ns - DAY.start_ns)
    batches = [item.batch for item in reader.read() if isinstance(item, FeedBars)]

    assert np.array_equal(np.concatenate([batch.values for batch in batches], axis=1), MARKET.day(DAY).bars.values)
