"""A live day is repaired while ``fetch`` asks the same vendor for one account: it goes first, nobody is too fast."""

import threading
from collections.abc import Sequence

import pytest

pytest.importorskip("alpaca")

from actors.feeds.simulated.market import SimulatedMarket
from actors.fetching.fetch import Wanted, fetch
from actors.fetching.report import FetchReport
from actors.kernel.ports import SourceAnswer
from actors.market.calendar import Calendar
from actors.storage.memory import MemoryStore
from actors.vendors.history.entry import Pace
from actors.vendors.history.pacer import Rank, pacer_of
from actors.vendors.history.source import VendorSource
from messages import TradingSession
from messages.values import MINUTE_NS, Nanos
from tests.fetching.test_costs import all_days
from tests.patience import PATIENCE_S
from tests.system.live import DATE, FAST_UPKEEP, clock_before, live, lived, market_feed, session_of
from tests.vendors.alpaca.history_server import AlpacaHistoryServer, AlpacaStocks

pytestmark = pytest.mark.slow

CLOSED = ("09:46-16:00",)
SESSION = session_of(closed=CLOSED)
PAST = Calendar("XNYS").sessions("2024-06-03", "2024-06-28")
MARKET = SimulatedMarket.of_size(3)
SPEED = 120.0
PACE = (Pace(requests=1, seconds=0.15),)


class Noting:
    """A vendor's history that notes how many requests there were before each of its own, and after it."""

    is_authoritative = False

    def __init__(self, source: VendorSource, server: AlpacaHistoryServer) -> None:
        self._source, self._server = source, server
        self.name, self.most_symbols, self.delay_ns = source.name, source.most_symbols, source.delay_ns
        self.spans: list[tuple[int, int]] = []

    def fetch(self, session: TradingSession, symbols: Sequence[str], start_ns: Nanos, end_ns: Nanos) -> SourceAnswer:
        before = len(self._server.calls)
        answer = self._source.fetch(session, symbols, start_ns, end_ns)
        self.spans.append((before, len(self._server.calls)))
        return answer

    def close(self) -> None:
        self._source.close()


def test_a_live_day_is_repaired_before_a_long_fetch_goes_on() -> None:
    past, clock = SimulatedMarket.of_size(20), clock_before(SESSION, SPEED, early_ns=2 * MINUTE_NS)
    bars = [*MARKET.day(SESSION).bars.bars(), *all_days(past, PAST).bars()]
    server = AlpacaHistoryServer(bars, rows_a_page=100, pace=(1, 0.1), now_ns=clock.now_ns)
    world, pacer = AlpacaStocks((), server=server), pacer_of("alpaca", "of this test", PACE)
    long = world.source(now_ns=clock.now_ns, pacer=pacer, rank=Rank.LONG)
    repairs = Noting(world.source(now_ns=clock.now_ns, pacer=pacer), server)
    is_over, reports = threading.Event(), list[FetchReport]()

    def fetch_all() -> None:
        wanted = [Wanted(session=session, symbols=past.symbols) for session in PAST]
        reports.append(fetch(MemoryStore(), [long], wanted, is_wanted=lambda: not is_over.is_set()))

    fetching = threading.Thread(target=fetch_all)
    fetching.start()
    server.wait_for_calls(8, PATIENCE_S)
    store, sent = MemoryStore(), SimulatedMarket(symbols=MARKET.symbols[:2])
    with live(
        store,
        [market_feed(sent, SESSION, clock)],
        clock,
        symbols=MARKET.symbols,
        closed=CLOSED,
        sources=[repairs],
        upkeep=FAST_UPKEEP,
    ) as system:
        lived(system)
        certificate = system.certificate().get(timeout=PATIENCE_S)
    is_over.set()
    fetching.join(PATIENCE_S)
    world.stop()
    others = [sum(_date(call) != DATE for call in server.calls[first:end]) for first, end in repairs.spans]

    assert certificate is not None
    assert certificate.bar_quality == 100.0
    assert reports[0].is_interrupted
    assert len(others) >= 5
    assert sorted(others)[len(others) // 2] <= 1  # the one that is out; of those that wait there are three or four
    assert server.refused_for_pace == 0


def _date(call: object) -> str:
    return str(call.query["start"])[:10]
