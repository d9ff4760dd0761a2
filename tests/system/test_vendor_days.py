"""Live days of vendors' feeds and histories: both break, the feed loses minutes, and at the close none is lacking.

Each with the vendor's real client, and a server of ours on loopback that speaks its protocol.
"""

import threading
from collections.abc import Callable, Iterable
from random import Random
from typing import Any

import msgspec
import numpy as np
import pytest

from actors.feeds.port import Feed
from actors.feeds.simulated.market import SimulatedMarket
from actors.kernel.clock import SystemClock
from actors.kernel.ports import BarSource, StoredDay
from actors.settings import FeedRules
from actors.storage.memory import MemoryStore
from actors.vendors.databento.feed import DatabentoFeed
from actors.vendors.history.entry import Pace
from actors.vendors.history.source import VendorSource
from actors.vendors.ibkr.feed import IbkrFeed
from messages import Bar, BarBatch, SessionCertificate, Verdict
from messages.columns import freeze
from messages.values import MINUTE_NS
from tests.system.live import DATE, FAST_UPKEEP, clock_before, live, lived, session_of
from tests.system.test_live import digest_of, replayed
from tests.vendors.databento.gateway import DATASET, KEY, Gateway
from tests.vendors.databento.history_server import DatabentoStocks
from tests.vendors.ibkr.history_tws import HistoryTws, IbkrStocks

pytestmark = pytest.mark.slow

CLOSED = ("10:10-16:00",)
"""Hours to close so that a session is forty minutes."""
SESSION = session_of(closed=CLOSED)
SPEED = 150.0
DEATHS = range(2, 22)
OUTAGE = range(24, 31)
PACE = 40, 2.0
PATIENT = FeedRules(backoff_s=1.0, longest_backoff_s=5.0, report_every_s=0.02)


class Day(msgspec.Struct):
    """What a live day came to."""

    certificate: SessionCertificate
    digest: str
    replayed: str
    """The digest of what was written down."""


class Broadcast(threading.Thread):
    """Lets each minute happen when it is over: drops some, dies at some, and has an outage.

    Args:
        clock: by which it happens.
        happen: lets bars be over at the vendor's, who sends them.
        drop: breaks every connection off.
        stop: closes the port; ``start`` opens it again.
    """

    def __init__(
        self,
        bars: Iterable[Bar],
        clock: SystemClock,
        happen: Callable[[list[Bar]], None],
        server: Any,
        *,
        loses: Callable[[list[Bar]], None],
        share: float = 0.02,
    ) -> None:
        super().__init__(name="broadcast", daemon=True)
        self._minutes: dict[int, list[Bar]] = {}
        for bar in bars:
            self._minutes.setdefault(bar.start_ns, []).append(bar)
        self._clock, self._happen, self._server, self._loses = clock, happen, server, loses
        self._share = share
        self._chance = Random(1)

    def run(self) -> None:
        for start_ns in range(SESSION.open_ns, SESSION.close_ns, MINUTE_NS):
            reached = threading.Event()
            self._clock.call_at(start_ns + MINUTE_NS, lambda _, reached=reached: reached.set())  # type: ignore[misc]  # bound early
            assert reached.wait(30)
            number = (start_ns - SESSION.open_ns) // MINUTE_NS
            if number == OUTAGE.start:
                self._server.stop()
            elif number == OUTAGE.stop:
                self._server.start()
            if number in DEATHS:
                self._server.drop()
            sent, lost = [], []
            for bar in self._minutes.get(start_ns, []):
                (lost if self._chance.random() < self._share else sent).append(bar)
            (self._loses if number in DEATHS or number in OUTAGE else self._happen)(sent)
            self._loses(lost)


def bars_of(market: SimulatedMarket, *, printed: bool = False) -> list[Bar]:
    """Return a day; where minutes without a trade are printed, they are bars of volume 0."""
    bars = [*market.day(SESSION).bars.bars()]
    if not printed:
        return bars
    there = {(bar.symbol, bar.start_ns): bar for bar in bars}
    for symbol in market.symbols:
        close = next(bar.open for bar in bars if bar.symbol == symbol)
        for start_ns in range(SESSION.open_ns, SESSION.close_ns, MINUTE_NS):
            quiet = Bar(symbol=symbol, start_ns=start_ns, open=close, high=close, low=close, close=close, volume=0)
            close = there.setdefault((symbol, start_ns), quiet).close
    return sorted(there.values(), key=lambda bar: (bar.start_ns, bar.symbol))


def undisturbed(bars: list[Bar]) -> str:
    """Return the digest of a day of which nothing was lost."""
    store, batch = MemoryStore(), BarBatch.of(bars)
    verdicts = freeze(np.full(len(batch), Verdict.STREAMED, dtype=np.uint8))
    store.merge("XNYS", DATE, StoredDay(bars=batch, verdicts=verdicts))
    return replayed(store, closed=CLOSED)[0]


def day(feed: Feed, clock: SystemClock, symbols: tuple[str, ...], sources: list[BarSource], on_air: Broadcast) -> Day:
    store = MemoryStore()
    with live(
        store, [feed], clock, symbols=symbols, closed=CLOSED, sources=sources, upkeep=FAST_UPKEEP, feed=PATIENT
    ) as system:
        on_air.start()
        lived(system)
        certificate = system.certificate().get(timeout=5)
        digest = digest_of(system)
    assert certificate is not None
    return Day(certificate=certificate, digest=digest, replayed=replayed(store, closed=CLOSED)[0])


def paced(world: Any, clock: SystemClock) -> VendorSource:
    source: VendorSource = world.source(
        now_ns=clock.now_ns, pace=(Pace(requests=PACE[0], seconds=PACE[1] + world.way_s),)
    )
    return source


def test_a_day_of_databentos_feed_and_history_loses_nothing() -> None:
    market = SimulatedMarket.of_size(6)
    bars = [bar for number, bar in enumerate(bars_of(market)) if number % 17]  # and some minutes have no trade
    clock = clock_before(SESSION, SPEED, early_ns=2 * MINUTE_NS)
    gateway = Gateway({symbol: number for number, symbol in enumerate(market.symbols, 1)})
    faults = {number: "error" for number in range(3000) if number % 10 in (1, 4, 7)}
    world = DatabentoStocks(bars, pace=PACE, faults=faults)
    feed = DatabentoFeed(KEY, DATASET, gateway=gateway.place, now_ns=clock.now_ns)
    on_air = Broadcast(bars, clock, lambda sent: gateway.happen(*sent), gateway, loses=lambda _: None)

    came = day(feed, clock, market.symbols, [paced(world, clock)], on_air)
    gateway.stop()
    world.stop()

    assert came.certificate.bar_quality == 100.0
    assert came.certificate.digest == came.digest == came.replayed == undisturbed(bars)
    assert world.refused_for_pace == 0
    assert [call for call in world.server.calls if call.status == 0]
    assert gateway.sign_ins > len(DEATHS)


def test_a_gateway_that_remembers_what_it_sent_needs_no_history_for_what_was_not_heard() -> None:
    market = SimulatedMarket.of_size(6)
    bars, clock = bars_of(market), clock_before(SESSION, SPEED, early_ns=2 * MINUTE_NS)
    gateway = Gateway({symbol: number for number, symbol in enumerate(market.symbols, 1)})
    feed = DatabentoFeed(KEY, DATASET, gateway=gateway.place, now_ns=clock.now_ns)
    on_air = Broadcast(
        bars,
        clock,
        lambda sent: gateway.happen(*sent),
        gateway,
        loses=lambda lost: gateway.happen(*lost, is_heard=False),
        share=0.0,
    )

    came = day(feed, clock, market.symbols, [], on_air)
    gateway.stop()

    assert came.certificate.digest == came.digest == came.replayed == undisturbed(bars)
    assert gateway.sign_ins > len(DEATHS)


def test_a_day_of_interactive_brokers_feed_and_history_loses_nothing() -> None:
    market = SimulatedMarket.of_size(2)
    bars, clock = bars_of(market, printed=True), clock_before(SESSION, SPEED, early_ns=2 * MINUTE_NS)
    world = IbkrStocks(bars, pace=PACE)
    tws: HistoryTws = world.tws
    tws.faults = {number: ("error", "drop", "junk")[number % 3] for number in range(3000) if number % 10 in (1, 4, 7)}
    feed = IbkrFeed(port=tws.port, now_ns=clock.now_ns)
    on_air = Broadcast(bars, clock, lambda sent: tws.happen(*sent), tws, loses=lambda _: None)

    came = day(feed, clock, market.symbols, [paced(world, clock)], on_air)
    world.stop()

    assert came.certificate.bar_quality == 100.0
    assert came.certificate.digest == came.digest == came.replayed == undisturbed(bars)
    assert tws.refused_for_pace == 0
    assert tws.asked > 3
