"""Interactive Brokers' bars from end to end: ib_async, and a TWS of ours; ``contracts`` has what all feeds do."""

import builtins
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from actors.feeds.runner import FeedRunner
from actors.kernel.clock import ManualClock, SystemClock
from actors.settings import FeedRules
from actors.vendors.ibkr.feed import IbkrFeed
from messages import Bar, FeedBars, FeedConnected, FeedHeartbeat, FeedLost, MessagesRejected, SymbolsRefused
from messages.errors import ConnectionLost, FeedRefused, SettingsError
from messages.values import MINUTE_NS, SECOND_NS, Interval
from tests.builders import at
from tests.feeds.listening import Listener, Reader
from tests.vendors.ibkr.tws import Tws, five_seconds, framed, real_time_bar

START_NS = at("09:30")
QUICK = FeedRules(backoff_s=0.01, longest_backoff_s=0.05, report_every_s=0.05)
Run = Callable[..., "tuple[FeedRunner, Listener]"]


@pytest.fixture
def tws() -> Iterator[Tws]:
    made = Tws()
    yield made
    made.stop()


@pytest.fixture
def run(tws: Tws) -> Iterator[Run]:
    runners: list[FeedRunner] = []
    wall = SystemClock()

    def start(*symbols: str, **options: Any) -> tuple[FeedRunner, Listener]:
        listener = Listener()
        feed = IbkrFeed(port=tws.port, **options)
        runners.append(FeedRunner(feed, listener, wall, QUICK, symbols=symbols or ("A", "B")))
        runners[-1].start()
        return runners[-1], listener

    yield start
    for runner in runners:
        runner.close()
        assert not runner._thread.is_alive()
    wall.close()


@pytest.fixture
def reader(tws: Tws) -> Iterator[Callable[..., Reader]]:
    feeds: list[IbkrFeed] = []

    def connected(*symbols: str, **options: Any) -> Reader:
        feeds.append(IbkrFeed(port=tws.port, **options))
        found = Reader(feeds[-1])
        feeds[-1].subscribe(symbols)
        found.connect()
        return found

    yield connected
    for feed in feeds:
        feed.close()


def minute(number: int = 0, symbol: str = "A", **more: Any) -> Bar:
    start_ns = START_NS + number * MINUTE_NS
    return Bar(symbol=symbol, start_ns=start_ns, open=10, high=12, low=9, close=11, volume=300, **more)


def until(found: Reader, is_so: Callable[[], bool]) -> None:
    for _ in range(400):
        if is_so():
            return
        found.read()
    raise AssertionError("it did not come to that")


def test_five_second_bars_are_folded_to_minutes(tws: Tws, reader: Any) -> None:
    found = reader("A")
    tws.wait_for_subscribers("A")
    shorts = [
        Bar(symbol="A", start_ns=START_NS + 5 * number * SECOND_NS, open=10 + number, high=11 + number, low=9 + number,
            close=10.5 + number, volume=100.0, vwap=10.0 + number, trades=2.0)
        for number in range(12)
    ]  # fmt: skip
    tws.shorts(*shorts)

    (whole,) = found.next_bars(1)

    assert whole == Bar(
        symbol="A", start_ns=START_NS, open=10, high=22, low=9, close=21.5, volume=1200, vwap=15.5, trades=24
    )


def test_a_minute_that_lacks_five_seconds_is_left_open(tws: Tws, run: Run) -> None:
    _, listener = run("A")
    tws.wait_for_subscribers("A")

    tws.shorts(*five_seconds(minute(0))[1:])
    tws.happen(minute(1))
    listener.wait_for(FeedBars)

    assert listener.bars() == [minute(1)]


def test_a_minute_in_which_the_connection_broke_is_left_open(tws: Tws, run: Run) -> None:
    _, listener = run("A")
    tws.wait_for_subscribers("A")
    shorts = five_seconds(minute(0))
    tws.shorts(*shorts[:6])
    listener.wait_for(FeedHeartbeat)
    tws.drop()
    listener.wait_for(FeedConnected, 2)
    tws.wait_for_subscribers("A")

    tws.shorts(*shorts[6:])
    tws.happen(minute(1))
    listener.wait_for(FeedBars)

    assert listener.bars() == [minute(1)]


def test_a_minute_without_a_trade_is_printed_and_so_it_is_a_bar(tws: Tws, run: Run) -> None:
    _, listener = run("A")
    tws.wait_for_subscribers("A")
    quiet = Bar(symbol="A", start_ns=START_NS, open=11, high=11, low=11, close=11, volume=0, trades=0)

    tws.happen(quiet, minute(1))
    listener.wait_until(lambda: len(listener.bars()) == 2)

    assert listener.bars() == [quiet, minute(1)]
    assert listener.of(FeedHeartbeat)


def test_five_seconds_are_bars_where_such_are_wanted(tws: Tws, run: Run) -> None:
    _, listener = run("A", interval=Interval(seconds=5))
    tws.wait_for_subscribers("A")
    tws.happen(minute(0))
    listener.wait_until(lambda: len(listener.bars()) == 12)

    assert [(one.start_ns - START_NS) // SECOND_NS for one in listener.bars()] == [*range(0, 60, 5)]
    assert {str(one.interval) for one in listener.bars()} == {"5s"}
    assert sum(one.volume for one in listener.bars()) == 300


def test_contracts_are_asked_for_as_symbols_say(tws: Tws, reader: Any) -> None:
    reader("BRK.B", "ESZ6@CME", "VOD@LSE:GBP")
    tws.wait_for_subscribers("BRK B", "ESZ6", "VOD")

    asked = [request[3:15] for request in tws.requests if request[0] == "50"]
    names = ("symbol", "secType", "exchange", "currency", "localSymbol")
    places = (1, 2, 7, 9, 10)
    assert [dict(zip(names, (one[place] for place in places), strict=True)) for one in asked] == [
        {"symbol": "BRK B", "secType": "STK", "exchange": "SMART", "currency": "USD", "localSymbol": ""},
        {"symbol": "", "secType": "FUT", "exchange": "CME", "currency": "", "localSymbol": "ESZ6"},
        {"symbol": "VOD", "secType": "STK", "exchange": "LSE", "currency": "GBP", "localSymbol": ""},
    ]


@pytest.mark.parametrize("symbol", ["", "@CME", "ES@", "VOD@LSE:", "VOD@:GBP"])
def test_a_symbol_that_says_no_contract_is_refused_before_it_is_asked_for(tws: Tws, reader: Any, symbol: str) -> None:
    (refused,) = reader(symbol).next_of(SymbolsRefused)

    assert refused.symbols == (symbol,)
    assert refused.reason.startswith(f"{symbol!r} is no contract: write AAPL for a US stock")
    assert not [request for request in tws.requests if request[0] == "50"]


def test_nothing_of_the_account_is_asked_for(tws: Tws, run: Run) -> None:
    run("A", "B")
    tws.wait_for_subscribers("A", "B")

    assert {request[0] for request in tws.requests} == {"71", "50"}


# --- the pace


@pytest.mark.slow
def test_more_than_sixty_symbols_wait_until_they_may_be_asked_for(tws: Tws) -> None:
    clock = ManualClock(START_NS)
    symbols = [f"S{number}" for number in range(62)]
    feed = IbkrFeed(port=tws.port, now_ns=clock.now_ns)
    found = Reader(feed)
    feed.subscribe(symbols)
    found.connect()
    until(found, lambda: len(tws.requests) == 61)  # the library itself lets 45 through in a second

    clock.advance(600 * SECOND_NS)
    found.read()
    assert len([request for request in tws.requests if request[0] == "50"]) == 60
    clock.advance(1)
    until(found, lambda: len(tws.requests) == 63)
    feed.close()


def test_connecting_again_does_not_buy_new_requests(tws: Tws) -> None:
    clock = ManualClock(START_NS)
    feed = IbkrFeed(port=tws.port, now_ns=clock.now_ns)
    found = Reader(feed)
    feed.subscribe([f"S{number}" for number in range(40)])
    found.connect()
    until(found, lambda: len(tws.requests) == 41)
    feed.close()

    found.connect()
    until(found, lambda: len(tws.requests) == 41 + 21)
    clock.advance(600 * SECOND_NS + 1)
    until(found, lambda: len(tws.requests) == 41 + 41)
    feed.close()


def test_a_request_refused_for_its_pace_is_made_again_a_minute_later(tws: Tws) -> None:
    clock = ManualClock(START_NS)
    tws.most_new = 1
    feed = IbkrFeed(port=tws.port, now_ns=clock.now_ns)
    found = Reader(feed)
    feed.subscribe(["A", "B"])
    found.connect()
    while not feed._waiting:
        assert not [item for item in found.read() if isinstance(item, SymbolsRefused)]
    tws.most_new = 10

    found.read()
    assert len(tws.requests) == 3
    clock.advance(60 * SECOND_NS)
    found.read()
    tws.wait_for_subscribers("A", "B")
    feed.close()


# --- what TWS says


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (354, "Requested market data is not subscribed"),
        (101, "Max number of tickers has been reached"),
        (321, "Error validating request"),
        (99999, "something new"),
    ],
)
def test_what_is_said_of_a_request_refuses_its_symbol_only(tws: Tws, run: Run, code: int, text: str) -> None:
    tws.refusals["B"] = code, text
    _, listener = run("A", "B")

    (refused,) = listener.wait_for(SymbolsRefused)
    tws.happen(minute(0))
    listener.wait_for(FeedBars)

    assert (refused.symbols, refused.reason) == (("B",), f"Interactive Brokers: {text} ({code})")
    assert listener.of(FeedLost) == []


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (1101, "Connectivity between IB and TWS has been restored- data lost."),
        (1300, "TWS socket port has been reset"),
        (10197, "No market data during competing live session"),
    ],
)
def test_where_subscriptions_are_lost_all_is_asked_for_again(tws: Tws, run: Run, code: int, text: str) -> None:
    _, listener = run("A")
    tws.wait_for_subscribers("A")
    tws.say(code, text)

    lost = listener.wait_for(FeedLost)[0]
    listener.wait_for(FeedConnected, 2)
    tws.wait_for_subscribers("A")

    assert (lost.reason, lost.retry_ns is None) == (f"Interactive Brokers: {text} ({code})", False)


@pytest.mark.parametrize(("code", "symbol"), [(1100, None), (1102, None), (2108, None), (10167, "A"), (2119, "A")])
def test_news_changes_nothing(tws: Tws, run: Run, code: int, symbol: str | None) -> None:
    _, listener = run("A")
    tws.wait_for_subscribers("A")

    tws.say(code, "so it is", symbol)
    tws.happen(minute(0))
    listener.wait_for(FeedBars)

    assert listener.bars() == [minute(0)]
    assert listener.of(FeedLost) == listener.of(SymbolsRefused) == []


def test_where_the_number_of_the_client_is_taken_another_is_used(tws: Tws, run: Run) -> None:
    tws.taken = {71, 72}
    _, listener = run("A")
    tws.wait_for_subscribers("A")

    assert [one.reason for one in listener.of(FeedLost)] == 2 * [
        f"TWS at 127.0.0.1:{tws.port} did not let us in: Unable to connect as the client id is already in use"
    ]
    assert [client.number for client in tws.visitors] == [73]


def test_a_tws_that_says_nothing_is_a_loss(reader: Any, tws: Tws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.vendors.ibkr.link._CONNECTING_S", 0.1)
    monkeypatch.setattr(Tws, "_hear", lambda *_: None)

    with pytest.raises(ConnectionLost, match="did not let us in: it gave no answer"):
        reader("A")


def test_what_is_wanted_on_a_broken_connection_is_a_loss_and_what_is_not_is_none(tws: Tws, reader: Any) -> None:
    found = reader("A")
    tws.wait_for_subscribers("A")
    tws.drop()
    with pytest.raises(ConnectionLost, match="closed the connection: Peer closed connection"):
        until(found, lambda: False)

    found.feed.unsubscribe(["A"])
    with pytest.raises(ConnectionLost, match="closed the connection: Not connected"):
        found.feed.subscribe(["B"])


def test_no_tws_is_a_loss_that_says_where_it_was_sought(tws: Tws, reader: Any) -> None:
    tws.stop()

    with pytest.raises(ConnectionLost, match=rf"TWS at 127\.0\.0\.1:{tws.port} cannot be reached: it must run"):
        reader("A")
    tws.start()


@pytest.mark.parametrize(("when", "said"), [("_hear", "Peer closed connection"), ("_converse", "it hung up")])
def test_a_tws_that_hangs_up_is_a_loss_at_once(
    tws: Tws, reader: Any, monkeypatch: pytest.MonkeyPatch, when: str, said: str
) -> None:
    monkeypatch.setattr(Tws, when, lambda *_: tws.drop())
    began = time.monotonic()

    with pytest.raises(ConnectionLost, match=f"did not let us in: {said}"):
        reader("A")
    assert time.monotonic() - began < 5.0


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ((50, 3, 1, 1_719_927_000, "ten", 10, 10, 10, 5, 10, 1), "message"),
        ((50, 3, 1, 1_719_927_000, 10, 10, 10, 10, -1, 10, 1), "volume"),
        ((50, 3, 1, 10_000_000_000, 10, 10, 10, 10, 5, 10, 1), "time"),
        ((50, 3, 1, 10**30, 10, 10, 10, 10, 5, 10, 1), "message"),
        ((50, 3, 1), "message"),
        ((999, 1), "message"),
        (("what?",), "message"),
    ],
)
def test_what_cannot_be_understood_is_told_and_the_rest_used(
    tws: Tws, run: Run, message: tuple[Any, ...], field: str
) -> None:
    _, listener = run("A")
    tws.wait_for_subscribers("A")
    tws.visitors[0].send(*message)
    (rejected,) = listener.wait_for(MessagesRejected)

    tws.happen(minute(0))
    listener.wait_for(FeedBars)

    assert rejected.first[0].field == field
    assert listener.bars() == [minute(0)]


def test_what_comes_with_what_cannot_be_understood_is_used_too(tws: Tws, run: Run) -> None:
    _, listener = run("A")
    tws.wait_for_subscribers("A")
    (number,) = tws.visitors[0].bars
    shorts = [framed(*real_time_bar(number, one)) for one in five_seconds(minute(0))]
    tws.send_raw(framed(52, 1, "none") + b"".join(shorts))  # of a field of this kind the library makes no sense at all
    (rejected,) = listener.wait_for(MessagesRejected)
    listener.wait_for(FeedBars)

    assert rejected.first[0].expected == "invalid literal for int() with base 10: 'none'"
    assert listener.bars() == [minute(0)]


def test_a_price_that_is_none_goes_on_to_those_who_refuse_it(tws: Tws, run: Run) -> None:
    _, listener = run("A", interval=Interval(seconds=5))
    tws.wait_for_subscribers("A")
    tws.shorts(msgspec.structs.replace(minute(0), open=math.nan))
    listener.wait_for(FeedBars)

    assert math.isnan(listener.bars()[0].open)


def test_the_library_prints_nothing(tws: Tws, run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    _, listener = run("A", "NONE")
    listener.wait_for(SymbolsRefused)
    tws.drop()
    listener.wait_for(FeedConnected, 2)

    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("ib_async").handlers


def test_symbols_that_are_taken_back_are_not_asked_for_again(tws: Tws, run: Run) -> None:
    runner, listener = run("A", "B")
    tws.wait_for_subscribers("A", "B")
    feed: Any = runner._feed
    tws.drop()
    listener.wait_for(FeedConnected, 2)
    tws.wait_for_subscribers("A", "B")

    assert list(feed._wanted) == ["A", "B"]


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def lacking(name: str, *rest: Any) -> Any:
        if name == "actors.vendors.ibkr.session":
            raise ImportError("No module named 'ib_async'")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", lacking)

    with pytest.raises(FeedRefused, match=r"pip install 'barkeeper\[ibkr\]'"):
        IbkrFeed().connect(threading.Event())


def test_bars_of_which_five_seconds_are_no_part_are_refused() -> None:
    with pytest.raises(SettingsError, match="bars are of 5s, of which none of 1s can be made"):
        IbkrFeed(interval=Interval(seconds=1))
