"""What a live day requires of the past, fetched before it starts: as far as it can be had, and only that."""

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("alpaca")

from actors.feeds.simulated.market import SimulatedMarket
from actors.fetching.past import fetch_past
from actors.fetching.report import FetchReport
from actors.kernel.ports import BarSource
from actors.market.calendar import Calendar
from actors.settings import LiveRules
from actors.storage.memory import MemoryStore
from actors.system import System
from actors.vendors.history.source import VendorSource
from messages.history import Requirement
from messages.values import MINUTE_NS
from tests.fetching.test_costs import all_days
from tests.patience import PATIENCE_S
from tests.system.live import clock_before, market_feed
from tests.vendors.alpaca.history_server import AlpacaHistoryServer, AlpacaStocks

CALENDAR = Calendar("XNYS")
PAST = CALENDAR.sessions("2024-06-24", "2024-07-01")
TODAY = CALENDAR.sessions("2024-07-02", "2024-07-02")[0]
MARKET = SimulatedMarket(symbols=("A", "B"), quiet=0.0)
NOON_NS = TODAY.open_ns + 150 * MINUTE_NS
NEEDS = (Requirement.of("A", "1d", 6), Requirement.of("B", "1m", 400))


@pytest.fixture
def world() -> Iterator[AlpacaStocks]:
    made = AlpacaStocks((), server=AlpacaHistoryServer(all_days(MARKET, PAST)))
    yield made
    made.stop()


def fetched(store: MemoryStore, *sources: BarSource, **how: Any) -> FetchReport | None:
    given = {"now_ns": lambda: NOON_NS, "within_s": 60.0, **how}
    return fetch_past(store, sources, CALENDAR, NEEDS, **given)


def source(world: AlpacaStocks) -> VendorSource:
    return world.source(now_ns=lambda: NOON_NS)


def test_each_session_that_is_reached_back_to_is_fetched_of_those_who_require_it_the_latest_first(
    world: AlpacaStocks,
) -> None:
    store = MemoryStore()
    report = fetched(store, source(world))

    assert report is not None
    assert report.sum_of("filled") == (6 + 2) * 390
    assert {date: store.symbols("XNYS", date) for date in store.dates("XNYS")} == {
        session.date: ("A", "B") if session.date >= "2024-06-28" else ("A",) for session in PAST
    }
    assert sorted({call.query["start"][:10] for call in world.server.calls}) == [one.date for one in PAST]
    assert world.server.calls[0].query["start"][:10] >= "2024-06-26"  # of the four that are asked at once


def test_what_is_there_is_not_asked_for(world: AlpacaStocks) -> None:
    store = MemoryStore()
    fetched(store, source(world))
    asked = world.requests
    again = fetched(store, source(world))

    assert again is not None
    assert (again.whole, again.requests, world.requests) == (len(PAST), 0, asked)


def test_who_runs_out_of_time_leaves_the_repairs_of_the_day_alone(world: AlpacaStocks) -> None:
    store, asked = MemoryStore(), source(world)
    world.server.fail_next(*["mute"] * 4)
    report = fetched(store, asked, within_s=0.0)
    answer = asked.fetch(PAST[-1], ("A",), PAST[-1].open_ns, PAST[-1].open_ns + MINUTE_NS)

    assert report is not None
    assert report.is_interrupted
    assert store.dates("XNYS") == ()
    assert len(answer.bars) == 1


@pytest.mark.parametrize("dollars", [2.5, None])
def test_who_charges_or_adjusts_is_not_asked_unasked(world: AlpacaStocks, dollars: float | None) -> None:
    asked = source(world)
    if dollars is None:
        asked.name += " adjusted for split"
    else:
        asked._client.cost = lambda _: dollars  # type: ignore[attr-defined]  # as Databento's has

    assert fetched(MemoryStore(), asked) is None
    assert world.requests == 0


def test_a_live_day_is_warm_at_its_open_though_its_store_was_empty(world: AlpacaStocks) -> None:
    clock = clock_before(TODAY, 1.0, early_ns=30 * MINUTE_NS)
    system = System.live(
        MemoryStore(),
        [market_feed(MARKET, TODAY, clock)],
        MARKET.symbols,
        calendar="XNYS",
        clock=clock,
        sources=[world.source(now_ns=clock.now_ns)],
        live=LiveRules(auto_roll=False),
    )
    for need in NEEDS:
        system.require(need.symbol, need.interval, need.bars)
    with system:
        told = next(iter(system.subscribe("warm_up")))
        closes = system.history("A", 6, "1d").get(timeout=PATIENCE_S).close.tolist()

    assert told.summary == "warm"
    days = ([bar.close for bar in MARKET.day(session).bars.bars() if bar.symbol == "A"] for session in PAST)
    assert closes == [day[-1] for day in days]
