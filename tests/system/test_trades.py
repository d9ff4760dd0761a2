"""Live days of feeds that send trades only: their bars are folded from them."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from actors.feeds.port import Feed
from actors.feeds.simulated.feed import SimulatedStream, simulated_feed
from actors.feeds.simulated.market import SimulatedMarket
from actors.feeds.simulated.prints import PrintRates
from actors.kernel.clock import SystemClock
from actors.kernel.ports import BarStore
from actors.settings import LiveRules
from actors.storage.memory import MemoryStore
from actors.storage.parquet import ParquetStore
from actors.verifying import Standing, verify_store
from messages import Bar, BarsWithdrawn, FeedTicks, GetDigest, Interval, Tick, TradeAmended, TradingSession
from messages.feeds import FeedItem
from messages.values import MINUTE_NS, ONE_MINUTE
from tests.system.live import (
    DATE,
    EIGHT,
    FAST_UPKEEP,
    RULES,
    Mortal,
    clock_before,
    live,
    lived,
    session_of,
    upstream_of,
)
from tests.system.worlds import short

pytestmark = pytest.mark.slow

SESSION = session_of()
TRADES = SimulatedStream(has_bars=False, rates=PrintRates(ticks=20, quotes=5))


def trades_of(market: SimulatedMarket, session: TradingSession, clock: SystemClock) -> Feed:
    return simulated_feed(market, [session], clock, TRADES)


def digest_of_bars(market: SimulatedMarket, session: TradingSession = SESSION, closed: tuple[str, ...] = EIGHT) -> str:
    """Of the day that the market says it was; what trades it has is made from its bars."""
    store = MemoryStore()
    store.merge("XNYS", DATE, market.day(session))
    with short(store, closed=closed) as backtest:
        backtest.run(timeout=30)
        digest: str = backtest._house.session_data.ask(GetDigest()).get(timeout=5)
        return digest


def test_a_day_of_trades_is_the_day_of_the_bars_that_they_make() -> None:
    market, clock, store = SimulatedMarket.of_size(5), clock_before(SESSION, 120), MemoryStore()
    with live(store, [trades_of(market, SESSION, clock)], clock, symbols=market.symbols) as system:
        minutes = lived(system, "minutes")
        certificate = system.certificate().get(timeout=5)
        report = system.quality().get(timeout=5)

    assert len(minutes) == 8
    assert certificate is not None
    assert (certificate.bar_quality, certificate.digest) == (100.0, digest_of_bars(market))
    assert (report.quality.verdicts.filled, report.bad_prints) == (0, ())
    assert report.ticks == 8 * 5 * 20


def test_minutes_in_which_nobody_traded_are_asked_for_and_stay_without_a_bar() -> None:
    market, clock = SimulatedMarket.of_size(6, quiet=0.3), clock_before(SESSION, 120)
    with live(
        MemoryStore(),
        [trades_of(market, SESSION, clock)],
        clock,
        symbols=market.symbols,
        sources=[upstream_of(market, SESSION)],
        upkeep=FAST_UPKEEP,
    ) as system:
        lived(system, "minutes")
        certificate = system.certificate().get(timeout=5)
        verdicts = system.quality().get(timeout=5).quality.verdicts

    assert certificate is not None
    assert certificate.digest == digest_of_bars(market)
    assert (verdicts.abandoned > 0, verdicts.filled, verdicts.missing) == (True, 0, 0)


def test_minutes_that_were_not_heard_from_end_to_end_are_not_folded_but_filled() -> None:
    market, clock = SimulatedMarket.of_size(5), clock_before(SESSION, 120)
    feed = Mortal(trades_of(market, SESSION, clock), deaths=3, most_reads=40)
    with live(
        MemoryStore(),
        [feed],
        clock,
        symbols=market.symbols,
        sources=[upstream_of(market, SESSION)],
        upkeep=FAST_UPKEEP,
    ) as system:
        lived(system, "minutes")
        certificate = system.certificate().get(timeout=5)
        verdicts = system.quality().get(timeout=5).quality.verdicts

    assert certificate is not None
    assert (certificate.bar_quality, certificate.digest) == (100.0, digest_of_bars(market))
    assert verdicts.filled > 0


def test_seconds_are_folded_as_minutes_are_and_make_the_same_minutes() -> None:
    market, clock = SimulatedMarket.of_size(2), clock_before(SESSION, 60)
    rules = msgspec.structs.replace(RULES, base_interval=Interval.parse("1s"), intervals=(ONE_MINUTE,))
    feed = trades_of(market, SESSION, clock)
    with live(MemoryStore(), [feed], clock, symbols=market.symbols, rules=rules, upkeep=FAST_UPKEEP) as system:
        minutes = lived(system, "minutes")
        made = [bar for symbol in market.symbols for bar in system.bars(symbol, interval="1m").get(timeout=5).bars()]

    assert len(minutes) == 8 * 60
    assert sorted(map(shape, made)) == sorted(map(shape, market.day(SESSION).bars.bars()))


class Regretful(Mortal):
    """Another feed with one trade more of its own, in the second minute; cancelled once its bar is in the store."""

    def __init__(self, feed: Feed, clock: SystemClock, store: BarStore) -> None:
        super().__init__(feed, deaths=0)
        self._clock = clock
        self._store = store
        self._trade = Tick(symbol="ZZZ", at_ns=SESSION.open_ns + MINUTE_NS + 1, price=7.0, size=5.0)

    def reads(self) -> Iterator[tuple[FeedItem, ...]]:
        steps = self._steps()
        for items in super().reads():
            yield (*items, *next(steps, ()))

    def _steps(self) -> Iterator[tuple[FeedItem, ...]]:
        trade = self._trade
        while self._clock.now_ns() < trade.at_ns:
            yield ()
        yield (FeedTicks(feed=self.name, ticks=(trade,), ids=("x",)),)
        while "ZZZ" not in self._store.symbols("XNYS", DATE):
            yield ()
        at_ns = self._clock.now_ns()
        yield (TradeAmended(feed=self.name, symbol="ZZZ", trade_id="x", at_ns=at_ns, price=7.0, size=5.0),)


def test_a_bar_whose_only_trade_is_cancelled_after_it_was_recorded_is_in_no_day(tmp_path: Path) -> None:
    market, clock, store = SimulatedMarket.of_size(3), clock_before(SESSION, 60), ParquetStore(tmp_path / "store")
    with live(
        store,
        [Regretful(trades_of(market, SESSION, clock), clock, store)],
        clock,
        symbols=(*market.symbols, "ZZZ"),
        live=LiveRules(auto_roll=False, record_every_min=1.0),
    ) as system:
        withdrawn = [event for event in lived(system, "bars") if isinstance(event, BarsWithdrawn)]
        certificate = system.certificate().get(timeout=5)
        digest: str = system._house.session_data.ask(GetDigest()).get(timeout=5)

    assert {(event.symbols, event.start_ns) for event in withdrawn if event.interval == ONE_MINUTE} == {
        (("ZZZ",), SESSION.open_ns + MINUTE_NS)
    }
    assert certificate is not None
    assert certificate.digest == digest == digest_of_bars(market)
    assert store.symbols("XNYS", DATE) == market.symbols
    assert [one.standing for one in verify_store(store).days] == [Standing.MATCH]
    with short(store, closed=EIGHT) as backtest:
        backtest.run(timeout=30)
        assert backtest._house.session_data.ask(GetDigest()).get(timeout=5) == digest


def shape(bar: Bar) -> tuple[object, ...]:
    return bar.symbol, bar.start_ns, bar.open, bar.high, bar.low, bar.close, bar.volume
