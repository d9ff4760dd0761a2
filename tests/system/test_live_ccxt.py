"""A live day of an exchange's trades that loses some and dies often, filled from the trades that the exchange keeps."""

import threading
from collections.abc import Sequence
from random import Random

import msgspec
import pytest

from actors.feeds.simulated.market import SimulatedMarket
from actors.kernel.clock import SystemClock
from actors.settings import FeedRules
from actors.storage.memory import MemoryStore
from actors.vendors.ccxt.feed import CcxtFeed
from actors.vendors.history.entry import Pace
from messages import Bar, FeedLost, TradingSession
from messages.values import MINUTE_NS
from tests.system.live import DATE, FAST_UPKEEP, clock_before, live, lived, session_of
from tests.system.test_live import digest_of, replayed
from tests.vendors.ccxt.kraken import KrakenServer, trade
from tests.vendors.ccxt.kraken_history import CcxtKraken, KrakenTrades, prints_of

pytestmark = pytest.mark.slow

CLOSED = ("10:10-16:00",)
SESSION = session_of(closed=CLOSED)
MARKET = SimulatedMarket(symbols=("A/USD", "B/USD", "C/USD"))
SPEED = 150.0
DEATHS = range(2, 22)
OUTAGE = range(24, 31)


class Exchange(threading.Thread):
    """Sends each minute's trades when it is over, dies twenty times, and says nothing for seven minutes."""

    def __init__(self, server: KrakenServer, clock: SystemClock, bars: Sequence[Bar], session: TradingSession) -> None:
        super().__init__(name="exchange", daemon=True)
        self._server, self._clock, self._bars, self._session = server, clock, bars, session

    def run(self) -> None:
        for minute, start_ns in enumerate(range(self._session.open_ns, self._session.close_ns, MINUTE_NS)):
            reached = threading.Event()
            self._clock.call_at(start_ns + MINUTE_NS, lambda _, reached=reached: reached.set())  # type: ignore[misc]  # bound early
            assert reached.wait(30)
            if minute in DEATHS:
                self._server.drop()
            elif minute not in OUTAGE:
                for bar in (bar for bar in self._bars if bar.start_ns == start_ns):
                    prints = enumerate(prints_of(bar), minute * 100)
                    self._server.trade(bar.symbol, *(trade(*one, number) for number, one in prints))


def test_a_day_of_trades_that_dies_twenty_times_loses_nothing() -> None:
    whole, store, chance = MemoryStore(), MemoryStore(), Random(1)
    whole.merge("XNYS", DATE, MARKET.day(SESSION))
    bars = list(MARKET.day(SESSION).bars.bars())
    sent = [bar for bar in bars if chance.random() > 0.02]
    clock = clock_before(SESSION, SPEED, early_ns=2 * MINUTE_NS)
    server = KrakenServer(pairs=MARKET.symbols)
    faults = {number: "error" for number in range(5000) if number % 10 in (1, 4, 7)}
    history = KrakenTrades(bars, pairs=MARKET.symbols, pace=(40, 2.0), faults=faults, now_ns=clock.now_ns)
    world = CcxtKraken((), server=history)
    feed = CcxtFeed("kraken", config=server.config, clock=clock)
    with live(
        store,
        [feed],
        clock,
        symbols=MARKET.symbols,
        closed=CLOSED,
        sources=[world.source(now_ns=clock.now_ns, pace=(Pace(requests=40, seconds=2.3),))],
        upkeep=FAST_UPKEEP,
        feed=FeedRules(backoff_s=1.0, longest_backoff_s=5.0, report_every_s=0.02),
    ) as system:
        Exchange(server, clock, sent, SESSION).start()
        told = lived(system)
        certificate = system.certificate().get(timeout=5)
        digest = digest_of(system)
        counts = system.quality().get(timeout=5).quality.verdicts
    server.stop()
    world.stop()

    assert certificate is not None
    assert certificate.bar_quality == 100.0
    assert certificate.digest == digest == replayed(whole, closed=CLOSED)[0]
    assert replayed(store, closed=CLOSED)[0] == digest
    assert {gap.source for gap in certificate.gaps} == {"ccxt:kraken"}
    assert counts.streamed + counts.late > 0
    assert counts.filled > len(OUTAGE) * len(MARKET.symbols)
    assert sum(isinstance(event, FeedLost) for event in told) >= len(DEATHS) // 2
    assert history.refused_for_pace == 0
    assert [call for call in history.calls if call.status == 0]
    assert msgspec.structs.asdict(counts)["missing"] == 0
