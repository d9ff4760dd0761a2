"""An exchange's stream through the real ccxt.pro, against a server of ours that speaks Kraken's protocol."""

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from actors.feeds.runner import FeedRunner
from actors.kernel.clock import ManualClock, SystemClock
from actors.vendors.ccxt.feed import CcxtFeed
from actors.vendors.ccxt.link import Link
from messages import (
    FeedConnected,
    FeedLost,
    FeedTicks,
    MessagesRejected,
    SubscribeSymbols,
    SymbolsRefused,
    UnsubscribeSymbols,
)
from messages.errors import ConnectionLost, FeedRefused, SettingsError
from messages.values import MINUTE_NS, SECOND_NS, Bar, Interval
from tests.builders import at
from tests.contracts.test_vendor_feed import QUICK
from tests.feeds.listening import Listener, Reader
from tests.strangers import ENDS
from tests.vendors.ccxt.kraken import PAIRS, KrakenServer, asset_pair, result, trade
from tests.vendors.loopback import Answer

pytestmark = pytest.mark.slow  # ccxt is imported: all of its exchanges at once

START_NS = at("09:30")
Run = Callable[..., "tuple[FeedRunner, Listener]"]


@pytest.fixture
def server() -> Iterator[KrakenServer]:
    made = KrakenServer()
    yield made
    made.stop()


@pytest.fixture
def run() -> Iterator[Run]:
    runners: list[FeedRunner] = []
    clock = SystemClock()

    def start(server: KrakenServer, *symbols: str, **options: Any) -> tuple[FeedRunner, Listener]:
        listener = Listener()
        feed = CcxtFeed("kraken", config=server.config, **options)
        runners.append(FeedRunner(feed, listener, clock, QUICK, symbols=symbols or PAIRS))
        runners[-1].start()
        return runners[-1], listener

    yield start
    for runner in runners:
        runner.close()
        assert not runner._thread.is_alive()
    clock.close()


def ticks(listener: Listener) -> list[tuple[str, int, float, float, str]]:
    return [
        (tick.symbol, tick.at_ns - START_NS, tick.price, tick.size, trade_id)
        for event in listener.of(FeedTicks)
        for tick, trade_id in zip(event.ticks, event.ids, strict=True)
    ]


def test_trades_come_with_their_ids_in_order_and_no_bars(server: KrakenServer, run: Run) -> None:
    _, listener = run(server)
    listener.wait_for(FeedConnected)
    server.wait_for_subscribers(*PAIRS, channel="trade")

    server.trade("A/USD", trade(START_NS + 1_999_999, 10.5, 0.25, 1), trade(START_NS + 7 * SECOND_NS, 10.25, 2.0, 2))
    server.trade("B/USD", trade(START_NS + 8 * SECOND_NS, 99.0, 1.0, 1))
    listener.wait_until(lambda: len(ticks(listener)) == 3)

    assert [one for one in ticks(listener) if one[0] == "A/USD"] == [
        ("A/USD", 1_000_000, 10.5, 0.25, "1"),
        ("A/USD", 7 * SECOND_NS, 10.25, 2.0, "2"),
    ]
    assert [one for one in ticks(listener) if one[0] == "B/USD"] == [("B/USD", 8 * SECOND_NS, 99.0, 1.0, "1")]
    assert not listener.of(FeedConnected)[0].has_bars
    assert listener.bars() == []


def test_many_symbols_are_asked_for_by_one_message(server: KrakenServer, run: Run) -> None:
    server.pairs = tuple(f"S{number:02}/USD" for number in range(40))
    _, listener = run(server, *server.pairs)
    listener.wait_for(FeedConnected)
    server.wait_for_subscribers(*server.pairs, channel="trade")

    assert [len(params["symbol"]) for params in server.subscriptions] == [40]


def test_what_comes_of_several_symbols_at_once_is_not_held_back_until_their_next_trade(
    server: KrakenServer, run: Run
) -> None:
    server.pairs = tuple(f"S{number:02}/USD" for number in range(40))
    _, listener = run(server, *server.pairs)
    listener.wait_for(FeedConnected)
    server.wait_for_subscribers(*server.pairs, channel="trade")

    for number in range(5):
        for pair in server.pairs:
            server.trade(pair, trade(START_NS + number * SECOND_NS, 10.0, 1.0, number))
    listener.wait_until(lambda: len(ticks(listener)) == 200, "all of them")

    assert len(set(ticks(listener))) == 200


def test_a_connection_counts_from_when_the_far_side_has_read_what_it_is_asked_for(
    server: KrakenServer, run: Run
) -> None:
    _, listener = run(server)
    listener.wait_for(FeedConnected)

    server.wait_for_subscribers(*PAIRS, channel="trade")  # at once: else minutes would be folded from a part
    assert [params["channel"] for params in server.subscriptions] == ["trade"]


def test_symbols_come_and_go(server: KrakenServer, run: Run) -> None:
    runner, listener = run(server, "A/USD")
    listener.wait_for(FeedConnected)
    runner.tell(SubscribeSymbols(feed=runner.name, symbols=("B/USD",)))
    server.wait_for_subscribers(*PAIRS, channel="trade")
    server.trade("B/USD", trade(START_NS, 1.0, 1.0, 1))
    listener.wait_until(lambda: len(ticks(listener)) == 1)
    runner.tell(UnsubscribeSymbols(feed=runner.name, symbols=("A/USD",)))
    runner.tell(SubscribeSymbols(feed=runner.name, symbols=("B/USD", "NONE/USD")))
    listener.wait_for(SymbolsRefused)

    server.trade("A/USD", trade(START_NS, 1.0, 1.0, 2))
    server.trade("B/USD", trade(START_NS, 1.0, 1.0, 3))
    listener.wait_until(lambda: len(ticks(listener)) == 2)

    assert [(one[0], one[4]) for one in ticks(listener)] == [("B/USD", "1"), ("B/USD", "3")]


@pytest.mark.parametrize(
    ("symbol", "reason"),
    [
        ("A/EUR", "kraken does not trade it; nearest: A/USD"),
        ("AUSD", "kraken does not trade it; nearest: A/USD"),
        ("QQQQQ", "kraken does not trade it"),
        ("OLD/USD", "kraken trades it no more"),
        ("*", "name symbols: it sends what it is asked for"),
    ],
)
def test_a_symbol_that_cannot_be_followed_is_refused_with_the_reason(
    server: KrakenServer, run: Run, symbol: str, reason: str
) -> None:
    old = {**asset_pair("OLD/USD"), "status": "delisted"}
    pairs = {"AUSD": asset_pair("A/USD"), "BUSD": asset_pair("B/USD"), "OLDUSD": old}
    server.listed = result(pairs)
    _, listener = run(server, "A/USD", symbol)

    (refused,) = listener.wait_for(SymbolsRefused)

    assert (refused.symbols, refused.reason) == ((symbol,), reason)
    server.wait_for_subscribers("A/USD", channel="trade")


def test_a_subscription_that_the_exchange_refuses_takes_nothing_from_the_others(server: KrakenServer, run: Run) -> None:
    server.refused = ("A/USD",)
    _, listener = run(server)

    (refused,) = listener.wait_for(SymbolsRefused)
    server.trade("B/USD", trade(START_NS, 1.0, 1.0, 1))
    listener.wait_until(lambda: len(ticks(listener)) == 1)

    assert (refused.symbols, refused.reason) == (("A/USD",), "kraken: Currency pair not supported A/USD")
    assert listener.of(FeedLost) == []


def test_symbols_that_cannot_be_watched_together_are_watched_one_by_one(
    server: KrakenServer, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ccxt.pro

    real = ccxt.pro.kraken.watch_trades_for_symbols

    async def particular(self: Any, symbols: list[str], *more: Any) -> Any:  # as Binance is, of spot beside futures
        if len(symbols) > 1:
            raise ccxt.BadRequest("symbols must be of the same type")
        return await real(self, symbols, *more)

    monkeypatch.setattr(ccxt.pro.kraken, "watch_trades_for_symbols", particular)
    _, listener = run(server)
    listener.wait_for(FeedConnected)
    server.wait_for_subscribers(*PAIRS, channel="trade")
    for pair in PAIRS:
        server.trade(pair, trade(START_NS, 1.0, 1.0, 1))
    listener.wait_until(lambda: len(ticks(listener)) == 2)

    assert listener.of(SymbolsRefused) == []


def test_a_complaint_of_nothing_that_was_asked_for_is_shown(server: KrakenServer, run: Run) -> None:
    _, listener = run(server)
    listener.wait_for(FeedConnected)

    server.send('{"method": "subscribe", "req_id": 77, "success": false, "error": "Exceeded msg rate"}')
    (rejected,) = listener.wait_for(MessagesRejected)

    assert rejected.first[0].seen == "Exceeded msg rate"
    assert listener.of(FeedLost) == []


def test_a_trade_without_a_price_is_shown_and_the_others_are_taken(server: KrakenServer, run: Run) -> None:
    _, listener = run(server)
    listener.wait_for(FeedConnected)
    server.wait_for_subscribers(*PAIRS, channel="trade")

    whole = trade(START_NS, 10.0, 1.0, 2)
    server.trade("A/USD", {key: whole[key] for key in whole if key != "price"}, whole)
    listener.wait_until(lambda: len(ticks(listener)) == 1)
    (rejected,) = listener.wait_for(MessagesRejected)

    assert rejected.count == 1
    assert rejected.first[0].expected == "a trade with timestamp, price and amount"


def test_after_a_message_that_ends_ccxts_reader_the_connection_is_made_anew(server: KrakenServer, run: Run) -> None:
    _, listener = run(server)
    listener.wait_for(FeedConnected)
    server.wait_for_subscribers(*PAIRS, channel="trade")

    server.send('{"channel": "trade", "da')
    (lost,) = listener.wait_for(FeedLost)

    assert lost.reason.startswith("kraken: what came cannot be read: JSONDecodeError")
    assert lost.retry_ns is not None
    assert listener.wait_for(FeedConnected, 2)


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (Answer(b"<html><style>x</style><h1>Be right\nback</h1></html>", 503, "text/html"), "503 Service Unavailable"),
        (Answer(b"<html>fine</html>", 200, "text/html"), "kraken does not say what it trades"),
        (Answer(b'{"error":["EService:Unavailable"]}'), "EService:Unavailable"),
        (Answer(b'{"error":[],"resu'), "kraken does not say what it trades"),
        (Answer(b"", 429), "429"),
    ],
)
def test_an_exchange_that_does_not_answer_as_it_should_is_asked_again(
    server: KrakenServer, run: Run, page: Answer, said: str
) -> None:
    server.page = page
    _, listener = run(server)

    lost = listener.wait_for(FeedLost, 2)[1]
    server.page = None

    assert lost.retry_ns is not None
    assert said in lost.reason
    assert "<" not in lost.reason
    assert "\n" not in lost.reason
    assert listener.wait_for(FeedConnected)


def test_an_exchange_that_is_not_there_is_said_to_give_no_answer(server: KrakenServer, run: Run) -> None:
    server.stop()
    _, listener = run(server)

    lost = listener.wait_for(FeedLost)[0]
    server.start()

    assert lost.reason == f"kraken: no answer to GET http://{server.address}/0/public/Assets"
    assert listener.wait_for(FeedConnected)


def test_what_is_traded_is_asked_once_and_not_at_every_connection(server: KrakenServer, run: Run) -> None:
    _, listener = run(server)
    listener.wait_for(FeedConnected)
    server.wait_for_subscribers(*PAIRS, channel="trade")
    server.drop()
    listener.wait_for(FeedConnected, 2)

    assert [asked.path for asked in server.requests] == ["/0/public/Assets", "/0/public/AssetPairs"]


def test_a_connection_that_ccxt_makes_anew_by_itself_is_a_loss(server: KrakenServer) -> None:
    feed = CcxtFeed("kraken", config=server.config)
    reader = Reader(feed)
    feed.subscribe(["A/USD"])
    reader.connect()
    reader.read()
    assert feed._link is not None

    async def another(like: Any) -> Any:  # a client is made where there is a loop
        return type(like)(url, *[None] * 4)

    clients = feed._link._exchange.clients
    (url,) = clients
    assert feed._loop is not None
    clients[url] = feed._loop.run(another(clients.pop(url)))

    with pytest.raises(ConnectionLost, match="kraken: the connection broke"):
        reader.read()
    feed.close()


@pytest.mark.parametrize("kind", ENDS)
def test_what_ends_inside_ccxt_in_whatever_way_is_a_loss(
    server: KrakenServer, run: Run, monkeypatch: pytest.MonkeyPatch, kind: type[BaseException]
) -> None:
    from ccxt.pro import kraken

    async def ends(*_: object) -> object:
        await asyncio.sleep(0)
        raise kind

    monkeypatch.setattr(kraken, "watch_trades", ends)
    _, listener = run(server, "A/USD")
    (lost, *_) = listener.wait_for(FeedLost)

    assert kind.__name__ in lost.reason or "was cancelled" in lost.reason


def test_more_trades_at_once_than_ccxt_keeps_are_a_loss(
    server: KrakenServer, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Link, "most_at_once", 10)
    _, listener = run(server)
    listener.wait_for(FeedConnected)
    server.wait_for_subscribers(*PAIRS, channel="trade")

    server.trade("A/USD", *(trade(START_NS + number, 10.0, 1.0, number) for number in range(20)))
    (lost,) = listener.wait_for(FeedLost)

    assert lost.reason == "kraken: more trades of A/USD came at once than ccxt keeps"
    assert len(ticks(listener)) == 10


def test_candles_are_the_exchanges_and_may_be_asked_for_beside_trades(server: KrakenServer) -> None:
    clock = ManualClock(START_NS)
    feed = CcxtFeed("kraken", channels=("bars", "trades"), config=server.config, clock=clock)
    reader = Reader(feed)
    feed.subscribe(PAIRS)
    reader.connect()
    server.wait_for_subscribers(*PAIRS, channel="ohlc")
    server.wait_for_subscribers(*PAIRS, channel="trade")
    bar = Bar(symbol="A/USD", start_ns=START_NS, open=1.0, high=2.0, low=1.0, close=2.0, volume=3.0)

    server.candle(bar)
    server.trade("A/USD", trade(START_NS, 1.0, 3.0, 1))
    reader.next_of(FeedTicks)
    clock.advance(MINUTE_NS + 5 * SECOND_NS)
    found = reader.next_bars(1)
    server.candle(msgspec.structs.replace(bar, close=1.5))
    clock.advance(5 * SECOND_NS)
    corrected = reader.next_bars(1)
    feed.close()

    assert feed.has_bars
    assert found == [bar]
    assert [one.close for one in corrected] == [1.5]


def test_what_is_no_candle_is_shown(server: KrakenServer, run: Run) -> None:
    _, listener = run(server, channels=("bars",))
    listener.wait_for(FeedConnected)
    server.wait_for_subscribers(*PAIRS, channel="ohlc")

    server.publish("ohlc", "A/USD", [{"symbol": "A/USD", "interval_begin": "2024-07-02T13:30:00Z", "interval": 1}])
    (rejected,) = listener.wait_for(MessagesRejected)

    assert rejected.first[0].expected.startswith("Expected six numbers")


def test_a_far_side_that_does_not_say_farewell_is_left_all_the_same(server: KrakenServer) -> None:
    feed = CcxtFeed("kraken", config=server.config)
    feed.subscribe(["A/USD"])
    feed.connect(threading.Event())
    assert feed._link is not None
    exchange = feed._link._exchange

    async def never() -> None:
        await asyncio.Event().wait()

    exchange.close = never
    feed.close()

    assert feed._link is None
    assert exchange.session.closed


def test_it_gives_up_connecting_when_somebody_wants_to_stop(server: KrakenServer) -> None:
    feed, stopping = CcxtFeed("kraken", config=server.config), threading.Event()
    stopping.set()

    with pytest.raises(ConnectionLost, match="kraken did not let us in: stopped"):
        feed.connect(stopping)
    feed.close()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"exchange": "krakn"}, "ccxt has no exchange 'krakn' that streams; nearest: kraken"),
        ({"exchange": ""}, "name the exchange behind ccxt, such as ccxt:kraken"),
        ({"channels": ()}, "an exchange's channels are trades, bars, not none"),
        ({"channels": ("quotes",)}, "an exchange's channels are trades, bars, not quotes"),
        ({"exchange": "bitstamp", "channels": ("bars",)}, "ccxt has no stream of bars from bitstamp"),
        ({"channels": ("bars",), "interval": Interval(seconds=7)}, "kraken has no candles of 7s, .*; it has 1m, 5m"),
    ],
)
def test_what_cannot_be_had_is_refused_before_anything_runs(options: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        CcxtFeed(**{"exchange": "kraken", **options})


def test_without_ccxt_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ccxt.pro", None)

    with pytest.raises(SettingsError, match="pip install 'barkeeper\\[ccxt\\]'"):
        CcxtFeed("kraken")


def test_an_exchange_that_will_not_have_us_is_not_asked_again(server: KrakenServer, run: Run) -> None:
    server.page = Answer(b'{"error":["EGeneral:Permission denied"]}')
    _, listener = run(server)

    (lost,) = listener.wait_for(FeedLost)

    assert lost.retry_ns is None
    assert "Permission denied" in lost.reason
    assert FeedRefused.__name__ not in lost.reason
