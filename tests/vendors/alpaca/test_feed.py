"""Alpaca's stream from end to end, against a server of our own that speaks its protocol."""

import builtins
import logging
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

pytest.importorskip("alpaca")

from actors.feeds.runner import FeedRunner
from actors.kernel.clock import ManualClock, SystemClock
from actors.settings import FeedRules
from actors.vendors.alpaca import feed as alpaca  # only where alpaca-py is installed
from actors.vendors.alpaca.feed import CHANNELS, AlpacaFeed
from actors.vendors.alpaca.keys import AlpacaKeys
from messages import (
    FeedConnected,
    FeedHeartbeat,
    FeedLost,
    FeedQuotes,
    FeedTicks,
    MessagesRejected,
    SubscribeSymbols,
    SymbolsRefused,
    UnsubscribeSymbols,
)
from messages.errors import ConnectionLost, SettingsError
from messages.values import MINUTE_NS, SECOND_NS
from tests.builders import at
from tests.feeds.listening import Listener, Reader
from tests.patience import SOON_S
from tests.vendors.alpaca.server import KEYS, AlpacaServer, bar_message, failure, stamp

START_NS = at("09:30")
QUICK = FeedRules(backoff_s=0.01, longest_backoff_s=0.05, report_every_s=0.05)
Serve = Callable[..., AlpacaServer]
Run = Callable[..., "tuple[FeedRunner, Listener]"]


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[AlpacaServer] = []

    def start(**options: Any) -> AlpacaServer:
        servers.append(AlpacaServer(**options))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def run() -> Iterator[Run]:
    runners: list[FeedRunner] = []
    clock = SystemClock()

    def start(
        server: AlpacaServer,
        *symbols: str,
        rules: FeedRules = QUICK,
        keys: AlpacaKeys = KEYS,
        clock: Any = clock,
        **options: Any,
    ) -> tuple[FeedRunner, Listener]:
        listener = Listener()
        feed = AlpacaFeed(keys, url=server.url, **options)
        runners.append(FeedRunner(feed, listener, clock, rules, symbols=symbols or ("A", "B")))
        runners[-1].start()
        return runners[-1], listener

    yield start
    for runner in runners:
        runner.close()
        assert not runner._thread.is_alive()
    clock.close()


def trade(symbol: str, number: int) -> dict[str, Any]:
    return {"T": "t", "S": symbol, "i": number, "x": "V", "p": 10.0, "s": 1, "t": stamp(START_NS + number), "c": [" "]}


def quote(symbol: str, bid: float) -> dict[str, Any]:
    return {"T": "q", "S": symbol, "bp": bid, "bs": 1, "ap": bid + 1, "as": 1, "t": stamp(START_NS), "c": [" "]}


def test_all_kinds_of_data_in_one_frame_come_in_one_read(serve: Serve, run: Run) -> None:
    server = serve()
    _, listener = run(server)
    server.wait_for_subscribers("A", "B", channel="statuses")

    server.send(bar_message("A", START_NS), quote("A", 1.0), trade("B", 1), trade("B", 2), bar_message("B", START_NS))
    listener.wait_for(FeedQuotes)

    assert [one.symbol for one in listener.bars()] == ["A", "B"]
    assert [len(event.ticks) for event in listener.of(FeedTicks)] == [2]
    assert listener.of(FeedConnected)[0].has_bars


def test_it_asks_for_bars_first_and_then_for_one_channel_after_the_other(serve: Serve, run: Run) -> None:
    server = serve()
    run(server)
    server.wait_for_requests(4)

    assert server.requests == [
        {"action": "subscribe", "bars": ["A", "B"], "updatedBars": ["A", "B"], "dailyBars": ["A", "B"]},
        {"action": "subscribe", "trades": ["A", "B"]},
        {"action": "subscribe", "quotes": ["A", "B"]},
        {"action": "subscribe", "statuses": ["A", "B"]},
    ]


def test_a_subscription_of_many_symbols_is_sent_in_pieces(serve: Serve, run: Run) -> None:
    server, symbols = serve(), tuple(f"SYMBOL{number:05}" for number in range(5000))
    run(server, *symbols)

    server.wait_for_subscribers(*symbols)


def test_wrong_keys_are_final_and_not_shown(serve: Serve, run: Run) -> None:
    runner, listener = run(serve(), keys=AlpacaKeys(key="AKTEST", secret="wrong-secret"))

    (lost,) = listener.wait_for(FeedLost)
    runner._thread.join(5)

    assert (lost.reason, lost.retry_ns) == ("Alpaca: auth failed", None)
    assert "wrong-secret" not in repr(listener.messages)
    assert listener.of(FeedConnected) == []


def test_keys_are_in_no_log_not_even_in_a_debug_log(serve: Serve, run: Run, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server = serve()
    run(server)
    server.wait_for_subscribers("A", "B")

    clients = [record for record in caplog.records if record.name != "websockets.server"]
    assert KEYS.secret not in "".join(record.getMessage() for record in clients)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"signed_in": [failure(404, "auth timeout")]}, "Alpaca: auth timeout"),
        ({"signed_in": [failure(406, "connection limit exceeded")]}, "Alpaca: connection limit exceeded"),
        ({"signed_in": [{"T": "success", "msg": "what?"}]}, "Alpaca: failed to authenticate"),
        ({"greeting": [failure(500, "internal error")]}, "Alpaca: connected message not received"),
        ({"greeting": "text"}, "what answers is not Alpaca's stream: TypeError"),
        ({"greeting": []}, "what answers is not Alpaca's stream: IndexError"),
        ({"greeting": [{}]}, "what answers is not Alpaca's stream: KeyError"),
    ],
)
def test_other_failures_to_sign_in_are_tried_again(
    serve: Serve, run: Run, options: dict[str, Any], reason: str
) -> None:
    server = serve(**options)
    _, listener = run(server)

    lost = listener.wait_for(FeedLost, 2)[1]
    server.greeting, server.signed_in = [{"T": "success", "msg": "connected"}], None

    assert lost.reason.startswith(reason)
    assert lost.retry_ns is not None
    assert listener.wait_for(FeedConnected)


def test_no_right_to_the_stream_is_final(serve: Serve, run: Run) -> None:
    _, listener = run(serve(signed_in=[failure(409, "insufficient subscription")]))

    assert listener.wait_for(FeedLost)[0].retry_ns is None


MANY = tuple(f"S{number:02}" for number in range(29))


def test_on_the_free_plan_all_bars_come_and_as_many_trades_and_quotes_as_it_has(serve: Serve, run: Run) -> None:
    server = serve()
    _, listener = run(server, *MANY)

    server.wait_for_subscribers(*MANY, channel="statuses")
    (refused,) = listener.wait_for(SymbolsRefused)

    sizes = {channel: len(symbols) for channel, symbols in server.subscribed().items()}
    assert sizes == {"trades": 29, "quotes": 1, "bars": 29, "updatedBars": 29, "dailyBars": 29, "statuses": 29}
    assert (refused.channel, refused.symbols) == ("quotes", MANY[1:])
    assert refused.reason == "Alpaca: symbol limit exceeded (405)"


def test_a_limit_of_bars_refuses_just_what_exceeds_it(serve: Serve, run: Run) -> None:
    server = serve(limits={("bars",): 2})
    runner, listener = run(server, "A")
    server.wait_for_subscribers("A", channel="statuses")

    runner.tell(SubscribeSymbols(feed="alpaca", symbols=("B", "C", "D")))
    server.wait_for_subscribers("A", "B", "C", "D", channel="statuses")
    (refused,) = listener.wait_for(SymbolsRefused)

    assert (refused.channel, refused.symbols) == ("bars", ("C", "D"))
    assert server.subscribed()["bars"] == {"A", "B"}


def test_what_was_refused_is_not_asked_for_again(serve: Serve, run: Run) -> None:
    server = serve(limits={("bars",): 2})
    _, listener = run(server, "A", "B", "C")
    server.wait_for_subscribers("A", "B", "C", channel="statuses")
    before = len(server.requests)

    server.drop()
    listener.wait_for(FeedConnected, 2)
    server.wait_for_subscribers("A", "B", "C", channel="statuses")

    assert len(listener.of(SymbolsRefused)) == 1
    assert server.requests[before] == {"action": "subscribe", **{key: ["A", "B"] for key in CHANNELS[:3]}}


def test_no_right_to_a_channel_takes_nothing_from_the_others(serve: Serve, run: Run) -> None:
    server = serve(no_right_to=("trades",), limits={})
    _, listener = run(server, *MANY)

    server.wait_for_subscribers(*MANY, channel="statuses")
    (refused,) = listener.wait_for(SymbolsRefused)

    assert (refused.channel, refused.symbols) == ("trades", MANY)
    assert server.subscribed()["quotes"] == set(MANY)
    assert len(server.requests) < 40  # and it is not asked for to the last symbol


def test_a_symbol_that_is_none_takes_nothing_from_the_others(serve: Serve, run: Run) -> None:
    server = serve(no_symbols=("S07", "S20"), limits={})
    _, listener = run(server, *MANY)
    others = set(MANY) - {"S07", "S20"}

    server.wait_for_subscribers(*others, channel="statuses")
    refused = listener.wait_for(SymbolsRefused, len(CHANNELS))

    assert {one.channel: one.symbols for one in refused} == dict.fromkeys(CHANNELS, ("S07", "S20"))
    assert server.subscribed() == dict.fromkeys(CHANNELS, others)


def test_symbols_that_are_removed_are_withdrawn_from_every_channel(serve: Serve, run: Run) -> None:
    server = serve()
    runner, _ = run(server)
    server.wait_for_subscribers("A", "B", channel="statuses")

    runner.tell(UnsubscribeSymbols(feed="alpaca", symbols=("B",)))
    server.wait_for_subscribers("A", channel="statuses")

    assert server.subscribed() == {key: {"A"} for key in CHANNELS}


def test_a_request_that_is_not_answered_holds_up_the_others_for_a_while_only(
    serve: Serve, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alpaca, "_ANSWER_S", 0.0)
    server = serve()
    server.is_mute = True
    run(server)

    server.wait_for_subscribers("A", "B", channel="statuses")


def test_what_is_not_confirmed_is_shown(serve: Serve, run: Run) -> None:
    server = serve()
    server.withheld = ("quotes",)
    _, listener = run(server, "A")

    (refused,) = listener.wait_for(SymbolsRefused)

    assert (refused.symbols, refused.channel, refused.reason) == (("A",), "quotes", "Alpaca did not confirm quotes")


@pytest.mark.parametrize(
    ("code", "text", "is_final"),
    [
        (407, "slow client", False),
        (401, "not authenticated", False),
        (500, "internal error", False),
        (402, "auth failed", True),
    ],
)
def test_an_error_in_the_stream_ends_the_connection(
    serve: Serve, run: Run, code: int, text: str, is_final: bool
) -> None:
    server = serve()
    _, listener = run(server)
    server.wait_for_subscribers("A", "B", channel="statuses")

    server.send(bar_message("A", START_NS), failure(code, text))

    lost = listener.wait_for(FeedLost)[0]
    assert (lost.reason, lost.retry_ns is None) == (f"Alpaca: {text} ({code})", is_final)
    assert len(listener.bars()) == 1


def test_errors_and_answers_that_nobody_asked_for_change_nothing(serve: Serve, run: Run) -> None:
    server = serve()
    _, listener = run(server)
    server.wait_for_subscribers("A", "B", channel="statuses")

    server.send(failure(403, "already authenticated"), failure(400, "invalid syntax"), {"T": "success", "msg": "hi"})
    server.send({"T": "subscription", "bars": ["A"]}, bar_message("A", START_NS))
    listener.wait_until(lambda: len(listener.bars()) == 1)

    assert listener.of(SymbolsRefused) == []
    assert listener.of(FeedLost) == []


def test_malformed_frames_stop_nothing(serve: Serve, run: Run) -> None:
    server = serve()
    _, listener = run(server)
    server.wait_for_subscribers("A", "B", channel="statuses")  # the last one: no answer comes between

    server.send_raw(b"\xc1")
    server.send_raw("text")
    server.send_raw(
        msgspec.msgpack.encode([{"T": "t", "S": "A"}, {**trade("A", 1), "t": msgspec.msgpack.Ext(-1, b"")}])
    )
    server.send(bar_message("A", START_NS))
    listener.wait_until(lambda: len(listener.bars()) == 1)
    # What a read could not make out is told behind its bars.
    listener.wait_until(lambda: sum(event.count for event in listener.of(MessagesRejected)) == 4)

    rejected = [one for event in listener.of(MessagesRejected) for one in event.first]
    assert [one.number - rejected[0].number for one in rejected] == [0, 1, 2, 2]
    assert [one.field for one in rejected[2:]] == ["t", "t"]
    assert listener.of(FeedLost) == []


def test_a_connection_whose_pings_are_answered_may_be_quiet_but_not_for_ever(serve: Serve, run: Run) -> None:
    server, clock = serve(), ManualClock(START_NS)
    _, listener = run(server, clock=clock, rules=FeedRules(stale_after_s=90.0, jitter=0.0))
    server.wait_for_subscribers("A", "B")
    server.send(bar_message("A", START_NS))
    listener.wait_until(lambda: len(listener.bars()) == 1)

    clock.advance(3599 * SECOND_NS)
    listener.wait_for(FeedHeartbeat)
    losses = listener.of(FeedLost)
    clock.advance(SECOND_NS)
    (lost,) = listener.wait_for(FeedLost)

    assert losses == []
    assert lost.is_stale
    assert listener.wait_for(FeedConnected, 2)


def test_a_server_that_restarts_is_found_again_and_subscribed_anew(serve: Serve, run: Run) -> None:
    server = serve()
    _, listener = run(server)
    server.wait_for_subscribers("A", "B")
    server.stop()
    assert listener.wait_for(FeedLost, 2)[0].retry_ns is not None

    server.start()
    listener.wait_for(FeedConnected, 2)
    server.wait_for_subscribers("A", "B")
    server.send(bar_message("A", START_NS))

    listener.wait_until(lambda: len(listener.bars()) == 1)
    assert listener.of(FeedConnected)[1].attempt >= 2


def test_a_connection_that_dies_twenty_times_at_random_comes_back_each_time(serve: Serve, run: Run) -> None:
    server, dice = serve(), random.Random(4)
    _, listener = run(server)
    sent = 0
    for life in range(20):
        listener.wait_for(FeedConnected, life + 1)
        server.wait_for_subscribers("A", "B")
        for _ in range(dice.randrange(4)):
            server.send(bar_message("A", START_NS + sent * MINUTE_NS))
            sent += 1
        listener.wait_until(lambda count=sent: len(listener.bars()) == count)  # type: ignore[misc]  # a default
        server.drop()
        listener.wait_for(FeedLost, life + 1)
    listener.wait_for(FeedConnected, 21)

    assert [one.start_ns for one in listener.bars()] == [START_NS + number * MINUTE_NS for number in range(sent)]
    assert sent > 20


def test_it_is_closed_within_a_second_while_a_server_keeps_it_waiting(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:

        class Silent:
            url = f"ws://127.0.0.1:{silent.getsockname()[1]}"

        runner, listener = run(Silent())
        there, _ = silent.accept()
        began = time.monotonic()
        runner.close()
        there.close()

    assert time.monotonic() - began < SOON_S
    assert listener.of(FeedLost) == []


def test_a_sign_in_that_takes_too_long_is_given_up(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alpaca, "_CONNECTING_S", 0.0)
    server, feed = serve(), AlpacaFeed(KEYS, url="")
    feed._url = server.url
    reader = Reader(feed)

    with pytest.raises(ConnectionLost, match="it took too long"):
        reader.connect()
    feed.close()


def test_a_far_side_that_does_not_say_farewell_is_left_all_the_same(serve: Serve) -> None:
    server = serve()
    feed = AlpacaFeed(KEYS, url=server.url)
    reader = Reader(feed)
    reader.connect()
    assert feed._stream is not None

    async def never(self: object = None) -> None:
        raise TimeoutError

    feed._stream.close = never  # type: ignore[method-assign]  # a far side that hangs
    feed.close()

    assert feed._stream is None


def test_a_request_on_a_broken_connection_is_a_loss(serve: Serve) -> None:
    server = serve()
    feed = AlpacaFeed(KEYS, url=server.url)
    Reader(feed).connect()
    feed._run(feed._stream._ws.close())  # type: ignore[union-attr]  # it is connected

    with pytest.raises(ConnectionLost, match="Alpaca: "):
        feed.subscribe(["C"])
    feed.close()


def test_without_alpaca_py_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def lacking(name: str, *rest: Any) -> Any:
        if name == "actors.vendors.alpaca.stream":
            raise ImportError("No module named 'alpaca'")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", lacking)
    listener = Listener()
    runner = FeedRunner(AlpacaFeed(KEYS), listener, ManualClock())
    runner.start()

    (lost,) = listener.wait_for(FeedLost)
    runner.close()

    assert "pip install 'barkeeper[alpaca]'" in lost.reason
    assert lost.retry_ns is None


@pytest.mark.parametrize("channels", [(), ("bars", "news")])
def test_channels_that_are_none_are_refused(channels: tuple[str, ...]) -> None:
    with pytest.raises(SettingsError, match="Alpaca's channels are bars, updatedBars"):
        AlpacaFeed(KEYS, channels=channels)


def test_without_bars_they_must_be_folded_from_trades() -> None:
    assert not AlpacaFeed(KEYS, channels=("trades",)).has_bars


@pytest.mark.parametrize(
    ("stream", "path"),
    [
        ("sip", "v2/sip"),
        ("boats", "v1beta1/boats"),
        ("overnight", "v1beta1/overnight"),
        ("crypto", "v1beta3/crypto/us"),
        ("crypto-eu-1", "v1beta3/crypto/eu-1"),
    ],
)
def test_each_stream_has_its_place(stream: str, path: str) -> None:
    assert AlpacaFeed(KEYS, stream=stream)._url == f"wss://stream.data.alpaca.markets/{path}"


def test_a_stream_that_there_is_not_is_refused() -> None:
    with pytest.raises(SettingsError, match="Alpaca has no stream 'spi'; nearest: sip"):
        AlpacaFeed(KEYS, stream="spi")


def test_crypto_is_asked_for_what_it_has_and_its_trades_have_no_conditions(serve: Serve, run: Run) -> None:
    server = serve()
    _, listener = run(server, "BTC/USD", stream="crypto")
    server.wait_for_subscribers("BTC/USD", channel="quotes")

    trade = {"T": "t", "S": "BTC/USD", "p": 64001.5, "s": 0.00031, "t": stamp(START_NS), "i": 7, "tks": "B"}
    quote = {"T": "q", "S": "BTC/USD", "bp": 64001.0, "bs": 0.51, "ap": 64002.0, "as": 1.2, "t": stamp(START_NS)}
    server.send(bar_message("BTC/USD", START_NS, v=0.00031), trade, quote)
    (quotes,) = listener.wait_for(FeedQuotes)
    (trades,) = listener.of(FeedTicks)

    assert [list(request)[1:] for request in server.requests] == [["bars", "updatedBars"], ["trades"], ["quotes"]]
    assert [(one.price, one.size, one.conditions) for one in trades.ticks] == [(64001.5, 0.00031, "")]
    assert trades.ids == ("7",)
    assert quotes.quotes[0].bid_size == 0.51
    assert [bar.volume for bar in listener.bars()] == [0.00031]
    assert listener.of(FeedConnected)[0].sale_rules == "none"


def test_the_day_of_a_night_is_not_asked_for() -> None:
    assert "dailyBars" not in AlpacaFeed(KEYS, stream="boats")._channels
    assert AlpacaFeed(KEYS, stream="overnight").sale_rules == "alpaca"


def test_symbols_wanted_twice_are_asked_for_once(serve: Serve) -> None:
    server = serve()
    feed = AlpacaFeed(KEYS, url=server.url, channels=("bars",))
    feed.subscribe(["A", "B"])
    feed.unsubscribe(["B", "C"])
    feed.connect(threading.Event())
    feed.subscribe(["A", "D"])
    feed.unsubscribe(["Z"])
    server.wait_for_subscribers("A")
    next(feed.reads())
    server.wait_for_subscribers("A", "D")
    feed.close()

    assert [request["bars"] for request in server.requests] == [["A"], ["D"]]
