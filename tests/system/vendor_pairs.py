"""Feeds and histories of vendors as a day needs both: real clients, at servers of ours that speak their protocols."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec

from actors.feeds.port import Feed
from actors.feeds.simulated.market import SimulatedMarket
from actors.kernel.clock import SystemClock
from actors.vendors.alpaca.feed import AlpacaFeed
from actors.vendors.ccxt.feed import CcxtFeed
from actors.vendors.databento.feed import DatabentoFeed
from actors.vendors.history.entry import Pace
from actors.vendors.history.source import VendorSource
from actors.vendors.ibkr.feed import IbkrFeed
from actors.vendors.massive.feed import MassiveFeed
from actors.vendors.yahoo import history as yahoo_history
from messages import Bar, TradingSession
from messages.values import MINUTE_NS
from tests.feeds.vendor_worlds import FarSide
from tests.vendors.alpaca.history_server import AlpacaCrypto, AlpacaHistoryServer, AlpacaNight, AlpacaStocks
from tests.vendors.alpaca.server import KEYS, AlpacaServer, bar_message
from tests.vendors.ccxt.kraken import KrakenServer, trade
from tests.vendors.ccxt.kraken_history import CcxtKraken, KrakenTrades, prints_of
from tests.vendors.databento.gateway import DATASET, KEY, Gateway
from tests.vendors.databento.history_server import DatabentoStocks
from tests.vendors.history.world import HistoryWorld
from tests.vendors.ibkr.history_tws import IbkrStocks
from tests.vendors.massive.history_server import MassiveServer as MassiveHistoryServer
from tests.vendors.massive.history_server import MassiveStocks
from tests.vendors.massive.server import KEY as MASSIVE_KEY
from tests.vendors.massive.server import MassiveServer, aggregate
from tests.vendors.yahoo.chart_server import ChartServer, YahooChart

_ = yahoo_history  # imported here: at its first use yfinance would take a quarter of a fast day

PACE = 40, 2.0
"""What every server of a history allows: so many requests in any stretch of so many seconds."""
FAILING = {number: "error" for number in range(5000) if number % 10 in (1, 4, 7)}
"""Three of ten requests."""


class Pair(msgspec.Struct):
    """A feed with the server that it hears, and a history with its own."""

    bars: list[Bar]
    """What a day has."""
    symbols: tuple[str, ...]
    feed: Feed
    server: FarSide
    happen: Callable[[Sequence[Bar]], None]
    """Lets bars be over at the vendor's, who sends them."""
    world: HistoryWorld
    source: VendorSource
    failed: Callable[[], int]
    """How many requests of the history failed."""


Makes = Callable[[TradingSession, SystemClock], Pair]


@contextmanager
def opened(make: Makes, session: TradingSession, clock: SystemClock) -> Iterator[Pair]:
    """Give a pair, and stop its servers."""
    pair = make(session, clock)
    yield pair
    pair.world.stop()
    pair.server.stop()


def day_of(market: SimulatedMarket, session: TradingSession, *, printed: bool = False) -> list[Bar]:
    """Return a day's bars; where minutes without a trade are printed, they are bars of volume 0."""
    bars = [*market.day(session).bars.bars()]
    if not printed:
        return bars
    there = {(bar.symbol, bar.start_ns): bar for bar in bars}
    for symbol in market.symbols:
        close = next(bar.open for bar in bars if bar.symbol == symbol)
        for start_ns in range(session.open_ns, session.close_ns, MINUTE_NS):
            quiet = Bar(symbol=symbol, start_ns=start_ns, open=close, high=close, low=close, close=close, volume=0)
            close = there.setdefault((symbol, start_ns), quiet).close
    return sorted(there.values(), key=lambda bar: (bar.start_ns, bar.symbol))


def paced(world: HistoryWorld, clock: SystemClock) -> VendorSource:
    """Return the history as an upstream that goes by a clock, and knows the pace of its server."""
    return world.source(now_ns=clock.now_ns, pace=(Pace(requests=PACE[0], seconds=PACE[1] + world.way_s),))


def _unanswered(server: Any) -> Callable[[], int]:
    return lambda: sum(call.status == 0 for call in server.calls)


def alpaca_stocks(session: TradingSession, clock: SystemClock) -> Pair:
    """Stocks of Alpaca's IEX stream, of which some minutes have no trade."""
    return _alpaca(AlpacaStocks, "iex", SimulatedMarket.of_size(6, quiet=0.05), session, clock)


def alpaca_night(session: TradingSession, clock: SystemClock) -> Pair:
    """Stocks of Alpaca by night, from Blue Ocean."""
    return _alpaca(AlpacaNight, "boats", SimulatedMarket.of_size(4, quiet=0.05), session, clock)


def alpaca_crypto(session: TradingSession, clock: SystemClock) -> Pair:
    """Alpaca's crypto, of whose silence it says nothing: there is none."""
    pairs = tuple(f"{coin}/USD" for coin in ("ADA", "BTC", "ETH", "SOL", "XRP"))
    return _alpaca(AlpacaCrypto, "crypto", SimulatedMarket(symbols=pairs), session, clock)


def _alpaca(
    kind: type[AlpacaStocks], stream: str, market: SimulatedMarket, session: TradingSession, clock: SystemClock
) -> Pair:
    bars, server = day_of(market, session), AlpacaServer()
    history = AlpacaHistoryServer(bars, pace=PACE, faults=FAILING, now_ns=clock.now_ns, tapes=(kind.tape,))
    world = kind((), server=history)
    return Pair(
        bars=bars,
        symbols=market.symbols,
        feed=AlpacaFeed(KEYS, stream=stream, url=server.url),
        server=server,
        happen=lambda sent: server.send(*map(_alpaca_bar, sent)),
        world=world,
        source=paced(world, clock),
        failed=_unanswered(history),
    )


def _alpaca_bar(bar: Bar) -> dict[str, Any]:
    prices: dict[str, Any] = {"o": bar.open, "h": bar.high, "l": bar.low, "c": bar.close, "v": bar.volume}
    return {**bar_message(bar.symbol, bar.start_ns), **prices}


def databento(session: TradingSession, clock: SystemClock) -> Pair:
    """A dataset of Databento, of which some minutes have no record."""
    market = SimulatedMarket.of_size(6)
    bars = [bar for number, bar in enumerate(day_of(market, session)) if number % 17]
    gateway = Gateway({symbol: number for number, symbol in enumerate(market.symbols, 1)})
    world = DatabentoStocks(bars, pace=PACE, faults=FAILING)
    return Pair(
        bars=bars,
        symbols=market.symbols,
        feed=DatabentoFeed(KEY, DATASET, gateway=gateway.place, now_ns=clock.now_ns),
        server=gateway,
        happen=lambda sent: gateway.happen(*sent),
        world=world,
        source=paced(world, clock),
        failed=_unanswered(world.server),
    )


def interactive_brokers(session: TradingSession, clock: SystemClock) -> Pair:
    """Stocks from TWS, which prints minutes without a trade, and answers feed and history at one port."""
    market = SimulatedMarket.of_size(2)
    bars = day_of(market, session, printed=True)
    world = IbkrStocks(bars, pace=PACE)
    tws = world.tws
    tws.faults = {number: ("error", "drop", "junk")[number % 3] for number in FAILING}
    return Pair(
        bars=bars,
        symbols=market.symbols,
        feed=IbkrFeed(port=tws.port, now_ns=clock.now_ns),
        server=tws,
        happen=lambda sent: tws.happen(*sent),
        world=world,
        source=paced(world, clock),
        failed=lambda: sum(number < tws.asked for number in tws.faults),
    )


def massive(session: TradingSession, clock: SystemClock) -> Pair:
    """Stocks of Massive, of which some minutes have no bar."""
    market = SimulatedMarket.of_size(6, quiet=0.05)
    bars, server = day_of(market, session), MassiveServer()
    history = MassiveHistoryServer(bars, pace=PACE, faults=FAILING)
    world = MassiveStocks((), server=history)
    return Pair(
        bars=bars,
        symbols=market.symbols,
        feed=MassiveFeed(MASSIVE_KEY, address=server.address, is_secure=False),
        server=server,
        happen=lambda sent: server.send(*map(aggregate, sent)),
        world=world,
        source=paced(world, clock),
        failed=_unanswered(history),
    )


def alpaca_and_yahoo(session: TradingSession, clock: SystemClock) -> Pair:
    """Alpaca's stream with Yahoo's chart, which streams nothing itself, and of whose silence nothing is known."""
    market = SimulatedMarket.of_size(4)
    bars, server = day_of(market, session, printed=True), AlpacaServer()
    history = ChartServer(bars, pace=PACE, faults=FAILING)
    world = YahooChart((), server=history)
    return Pair(
        bars=bars,
        symbols=market.symbols,
        feed=AlpacaFeed(KEYS, stream="iex", url=server.url),
        server=server,
        happen=lambda sent: server.send(*map(_alpaca_bar, sent)),
        world=world,
        source=paced(world, clock),
        failed=_unanswered(history),
    )


def kraken(session: TradingSession, clock: SystemClock) -> Pair:
    """Kraken by ccxt: minutes folded of trades, live and past."""
    market = SimulatedMarket(symbols=("A/USD", "B/USD", "C/USD"))
    bars, server = day_of(market, session), KrakenServer(pairs=market.symbols)
    history = KrakenTrades(bars, pairs=market.symbols, pace=PACE, faults=FAILING, now_ns=clock.now_ns)
    world = CcxtKraken((), server=history)

    def happen(sent: Sequence[Bar]) -> None:
        for bar in sent:
            minute = (bar.start_ns - session.open_ns) // MINUTE_NS
            prints = enumerate(prints_of(bar), minute * 100)
            server.trade(bar.symbol, *(trade(*one, number) for number, one in prints))

    return Pair(
        bars=bars,
        symbols=market.symbols,
        feed=CcxtFeed("kraken", config=server.config, clock=clock),
        server=server,
        happen=happen,
        world=world,
        source=paced(world, clock),
        failed=_unanswered(history),
    )


PAIRS: tuple[Makes, ...] = (
    alpaca_stocks,
    alpaca_crypto,
    databento,
    interactive_brokers,
    massive,
    alpaca_and_yahoo,
    kraken,
)
"""Every vendor's feed and history; a new one is added here."""
