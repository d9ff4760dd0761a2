"""Another exchange's stream than Kraken's, which confirms less and parts its streams."""

from collections.abc import Iterator

import pytest

from actors.feeds.runner import FeedRunner
from actors.kernel.clock import SystemClock
from actors.vendors.ccxt.feed import CcxtFeed
from messages import FeedConnected, FeedLost, FeedTicks
from tests.contracts.test_vendor_feed import QUICK
from tests.feeds.listening import Listener
from tests.vendors.ccxt.binance import BinanceStreams
from tests.vendors.ccxt.binance_history import PAIRS

pytestmark = pytest.mark.slow  # ccxt is imported

T0_MS = 1_719_927_000_000


@pytest.fixture
def server() -> Iterator[BinanceStreams]:
    made = BinanceStreams((*PAIRS, *(f"S{number}/USDT" for number in range(40))))
    yield made
    made.stop()


def ids(listener: Listener) -> list[tuple[str, str]]:
    return [
        (tick.symbol, name)
        for event in listener.of(FeedTicks)
        for tick, name in zip(event.ticks, event.ids, strict=True)
    ]


@pytest.mark.parametrize("count", [1, 43])
def test_each_trade_comes_once_by_few_connections_and_again_after_a_loss(server: BinanceStreams, count: int) -> None:
    clock, listener, symbols = SystemClock(), Listener(), server.pairs[:count]
    runner = FeedRunner(CcxtFeed("binance", config=server.config), listener, clock, QUICK, symbols=symbols)
    runner.start()
    for life in range(3):
        listener.wait_for(FeedConnected, life + 1)
        server.wait_for_followers(*symbols)
        for number in range(life * 10, life * 10 + 5):
            for symbol in symbols:
                server.trade(symbol, T0_MS + number, 10.5, 0.25, number)
        listener.wait_until(lambda wanted=5 * count * (life + 1): len(ids(listener)) >= wanted)  # type: ignore[misc]  # a default
        server.drop()
        listener.wait_for(FeedLost, life + 1)
    runner.close()
    clock.close()

    assert len(set(ids(listener))) == len(ids(listener)) == 15 * count
    assert server.connections <= 4
    first = listener.of(FeedTicks)[0].ticks[0]
    assert (first.at_ns, first.price, first.size) == (T0_MS * 10**6, 10.5, 0.25)
