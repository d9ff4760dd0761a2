"""What fetching and healing cost, counted at a server that speaks as the vendor does, its real client between."""

from collections.abc import Iterator
from random import Random

import numpy as np
import pytest

pytest.importorskip("alpaca")

from actors.feeds.simulated.market import SimulatedMarket
from actors.fetching.fetch import FetchOptions, Wanted, fetch
from actors.kernel.ports import StoredDay
from actors.market.calendar import Calendar
from actors.storage.memory import MemoryStore
from actors.vendors.history.source import VendorSource
from messages import TradingSession
from messages.tables.columns import BarBatch
from messages.values import MINUTE_NS
from tests.vendors.alpaca.history_server import AlpacaHistoryServer, AlpacaStocks

SESSIONS = Calendar("XNYS").sessions("2024-06-03", "2024-06-28")


def all_days(market: SimulatedMarket, sessions: tuple[TradingSession, ...]) -> BarBatch:
    batches = [market.day(session).bars for session in sessions]
    index, starts = (np.concatenate([getattr(one, name) for one in batches]) for name in ("symbol_index", "start_ns"))
    return BarBatch.build(batches[0].symbols, index, starts, np.concatenate([one.values for one in batches], axis=1))


@pytest.fixture
def market() -> SimulatedMarket:
    return SimulatedMarket.of_size(20, quiet=0.0)


@pytest.fixture
def world(market: SimulatedMarket) -> Iterator[AlpacaStocks]:
    made = AlpacaStocks((), server=AlpacaHistoryServer(all_days(market, SESSIONS), rows_a_page=1000))
    yield made
    made.stop()


def source(world: AlpacaStocks) -> VendorSource:
    return world.source(now_ns=lambda: SESSIONS[-1].end_ns + 24 * 60 * MINUTE_NS)


def wanted(market: SimulatedMarket) -> list[Wanted]:
    return [Wanted(session=session, symbols=market.symbols) for session in SESSIONS]


@pytest.mark.slow
def test_as_many_requests_are_made_as_there_are_pages(market: SimulatedMarket, world: AlpacaStocks) -> None:
    report = fetch(MemoryStore(), [source(world)], wanted(market))
    bars = 20 * 390 * len(SESSIONS)

    assert report.sum_of("filled") == bars
    assert report.requests == world.requests
    assert world.requests <= 1.05 * bars / 1000


@pytest.mark.slow
def test_healing_a_thousand_scattered_holes_asks_for_these_minutes_and_no_other(
    market: SimulatedMarket, world: AlpacaStocks
) -> None:
    chance, store = Random(1), MemoryStore()
    holes: set[tuple[str, int]] = set()
    while len(holes) < 1000:
        session = chance.choice(SESSIONS)
        holes.add((chance.choice(market.symbols), session.start_ns + chance.randrange(390) * MINUTE_NS))
    for session in SESSIONS:
        day = market.day(session)
        keys = zip(day.bars.names(), day.bars.start_ns.tolist(), strict=True)
        keep = np.array([key not in holes for key in keys], dtype=np.bool_)
        store.merge("XNYS", session.date, StoredDay(bars=day.bars.where(keep), verdicts=day.verdicts[keep]))
    world.server.is_noting = True
    options = FetchOptions(is_abandoned_too=True, is_exact=True)
    report = fetch(store, [source(world)], wanted(market), options)
    again = fetch(store, [source(world)], wanted(market), options)

    assert (report.sum_of("asked"), report.sum_of("filled")) == (1000, 1000)
    assert sorted(world.server.minutes) == sorted(holes)
    assert world.requests <= 1000
    assert (again.whole, again.requests) == (len(SESSIONS), 0)
    assert all(day.bar_quality == 100.0 for day in report.days)
