"""Massive's stream from end to end, with its own client, against a server of our own that speaks its protocol."""

import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.doors.commands.live_plan import Wishes, plan
from actors.feeds.runner import FeedRunner
from actors.kernel.clock import ManualClock, SystemClock
from actors.vendors.massive import feed as massive
from actors.vendors.massive.feed import MassiveFeed
from actors.vendors.massive.keys import MassiveKey
from messages import (
    FeedBars,
    FeedConnected,
    FeedLost,
    FeedTicks,
    MessagesRejected,
    SubscribeSymbols,
    SymbolsRefused,
    UnsubscribeSymbols,
)
from messages.errors import SettingsError
from messages.feeds import DayVolumeReported
from messages.values import MINUTE_NS, SECOND_NS, Bar, Interval
from tests.builders import at
from tests.contracts.test_vendor_feed import QUICK
from tests.feeds.listening import Listener
from tests.vendors.massive.server import KEY, MassiveServer, aggregate, status, trade

START_NS = at("09:30")
Serve = Callable[..., MassiveServer]
Run = Callable[..., "tuple[FeedRunner, Listener]"]


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[MassiveServer] = []

    def start(**options: Any) -> MassiveServer:
        servers.append(MassiveServer(**options))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def run() -> Iterator[Run]:
    runners: list[FeedRunner] = []
    clock = SystemClock()

    def start(
        server: MassiveServer, *symbols: str, key: MassiveKey = KEY, **options: Any
    ) -> tuple[FeedRunner, Listener]:
        listener = Listener()
        feed = MassiveFeed(key, address=server.address, is_secure=False, **options)
        runners.append(FeedRunner(feed, listener, clock, QUICK, symbols=symbols or ("A", "B")))
        runners[-1].start()
        return runners[-1], listener

    yield start
    for runner in runners:
        runner.close()
        assert not runner._thread.is_alive()
    clock.close()


def bar(symbol: str = "A", minute: int = 0, close: float = 10.0, interval: Interval | None = None) -> Bar:
    prices = {"open": 10.0, "high": 11.0, "low": 9.0, "close": close, "volume": 100.0}
    return Bar(
        symbol=symbol, start_ns=START_NS + minute * MINUTE_NS, **prices, interval=interval or Interval(seconds=60)
    )


def test_minutes_are_final_and_one_that_is_told_again_is_a_correction(serve: Serve, run: Run) -> None:
    server = serve()
    _, listener = run(server)
    listener.wait_for(FeedConnected)
    server.wait_for_topics("AM.A", "AM.B")

    server.send(aggregate(bar(), vw=10.25), aggregate(bar("B")), aggregate(bar(minute=1)))
    server.send(aggregate(bar(close=10.5), dv="100.75"))
    (final, corrected) = listener.wait_for(FeedBars, 2)

    assert (final.is_final, final.is_correction) == (True, False)
    assert [(one.symbol, one.start_ns - START_NS, one.vwap) for one in final.batch.bars()] == [
        ("A", 0, 10.25),
        ("B", 0, None),
        ("A", MINUTE_NS, None),
    ]
    assert (corrected.is_final, corrected.is_correction) == (False, True)
    assert [(one.close, one.volume) for one in corrected.batch.bars()] == [(10.5, 100.75)]


def test_trades_have_their_conditions_tapes_and_fractions(serve: Serve, run: Run) -> None:
    server = serve()
    _, listener = run(server, "A", channels=("T",))
    listener.wait_for(FeedConnected)
    server.wait_for_topics("T.A")

    server.send(trade("A", START_NS + 5_000_000, 10.5, 0, 7, ds="0.125", c=[12, 37]), trade("A", START_NS, 10.0, 5, 8))
    (event,) = listener.wait_for(FeedTicks)

    assert [(one.at_ns - START_NS, one.price, one.size, one.conditions, one.tape) for one in event.ticks] == [
        (5_000_000, 10.5, 0.125, "12 37", "3"),
        (0, 10.0, 5.0, "37", "3"),
    ]
    assert event.ids == ("4:7", "4:8")
    assert (listener.of(FeedConnected)[0].has_bars, listener.of(FeedConnected)[0].sale_rules) == (False, "massive")


def test_everything_can_be_asked_for_and_symbols_come_and_go(serve: Serve, run: Run) -> None:
    server = serve()
    runner, listener = run(server, "*")
    listener.wait_for(FeedConnected)
    server.wait_for_topics("AM.*")
    runner.tell(SubscribeSymbols(feed="massive", symbols=("A", "B")))
    server.wait_for_topics("AM.*", "AM.A", "AM.B")
    runner.tell(UnsubscribeSymbols(feed="massive", symbols=("*", "B", "C")))

    server.wait_for_topics("AM.A")


def test_many_symbols_are_asked_for_in_pieces(serve: Serve, run: Run) -> None:
    server, symbols = serve(), tuple(f"S{number}" for number in range(1200))
    run(server, *symbols)

    server.wait_for_topics(*(f"AM.{symbol}" for symbol in symbols))
    assert [len(request["params"].split(",")) for request in server.requests] == [500, 500, 200]


def test_what_there_is_no_right_to_is_told_by_channel_and_not_asked_for_again(
    serve: Serve, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(massive, "_UNCONFIRMED_S", 0.2)
    server = serve(no_right_to=("T.A", "T.B"))
    _, listener = run(server, channels=("AM", "T"))

    (refused,) = listener.wait_for(SymbolsRefused)
    server.drop()
    listener.wait_for(FeedConnected, 2)
    server.wait_for_topics("AM.A", "AM.B")

    assert (refused.symbols, refused.channel, refused.reason) == (("A", "B"), "T", "Massive: not authorized")
    assert server.requests[-1]["params"] == "AM.A,AM.B"


@pytest.mark.parametrize(
    ("said", "is_final"),
    [
        (status("max_connections", "Maximum number of connections exceeded."), False),
        (status("auth_timeout", "No authentication request received."), False),
        (status("auth_failed", "authentication failed"), True),
        (status("error", "what?"), False),
    ],
)
def test_a_sign_in_that_fails_is_tried_again_unless_the_key_is_wrong(
    serve: Serve, run: Run, said: dict[str, Any], is_final: bool
) -> None:
    _, listener = run(serve(signed_in=[said]))

    (lost, *_) = listener.wait_for(FeedLost)

    assert (lost.reason, lost.retry_ns is None) == (f"Massive: {said['message']} ({said['status']})", is_final)


@pytest.mark.parametrize("greeting", ["text", [1], [{}], [status("connected", ""), status("connected", "")]])
def test_what_is_not_massives_stream_is_said_so(serve: Serve, run: Run, greeting: Any) -> None:
    _, listener = run(serve(greeting=greeting))

    lost = listener.wait_for(FeedLost)[0]

    assert lost.reason.startswith("what answers is not Massive's stream: ")
    assert lost.retry_ns is not None


@pytest.mark.parametrize(
    ("kind", "is_final"), [("slow_consumer", False), ("force_disconnect", False), ("auth_failed", True)]
)
def test_a_status_in_the_stream_may_end_the_connection(serve: Serve, run: Run, kind: str, is_final: bool) -> None:
    server = serve()
    _, listener = run(server)
    listener.wait_for(FeedConnected)
    server.wait_for_topics("AM.A", "AM.B")

    server.send(aggregate(bar()), status(kind, "so"))
    lost = listener.wait_for(FeedLost)[0]

    assert (lost.reason, lost.retry_ns is None) == (f"Massive: so ({kind})", is_final)
    assert len(listener.bars()) == 1


def test_a_connection_that_is_closed_in_order_is_a_loss_too(serve: Serve, run: Run) -> None:
    server = serve()
    _, listener = run(server)
    listener.wait_for(FeedConnected)
    server.wait_for_topics("AM.A", "AM.B")

    server.hang_up()

    assert listener.wait_for(FeedLost)[0].reason == "Massive: the connection was closed"
    assert listener.wait_for(FeedConnected, 2)


def test_malformed_messages_stop_nothing(serve: Serve, run: Run) -> None:
    server = serve()
    _, listener = run(server)
    listener.wait_for(FeedConnected)
    server.wait_for_topics("AM.A", "AM.B")

    server.send_raw(b"\xff")
    server.send(aggregate(bar(), dv="x"), {**aggregate(bar()), "o": None}, {**aggregate(bar()), "s": 1 << 62})
    server.send(aggregate(bar()))
    listener.wait_until(lambda: len(listener.bars()) == 1)
    listener.wait_until(lambda: sum(event.count for event in listener.of(MessagesRejected)) == 4)

    assert listener.of(FeedLost) == []


def test_the_key_is_in_no_log_not_even_in_a_debug_log(
    serve: Serve, run: Run, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    _, listener = run(serve())
    listener.wait_for(FeedConnected)

    clients = [record for record in caplog.records if record.name != "websockets.server"]
    assert KEY.key not in "".join(record.getMessage() for record in clients) + capsys.readouterr().out
    assert KEY.key not in repr(KEY)


def test_the_days_volume_is_told_where_the_day_is_counted_as_massive_does(serve: Serve, run: Run) -> None:
    server = serve()
    _, listener = run(server, "A", counts_day=True)
    listener.wait_for(FeedConnected)
    server.wait_for_topics("AM.A")

    server.send(aggregate(bar(), av=12345.0))
    (told,) = listener.wait_for(DayVolumeReported)

    assert (told.symbol, told.volume, told.start_ns) == ("A", 12345.0, START_NS)


def test_seconds_are_bars_where_the_base_is_a_second(serve: Serve, run: Run) -> None:
    server, second = serve(), Interval(seconds=1)
    _, listener = run(server, "A", channels=("A",), interval=second)
    listener.wait_for(FeedConnected)
    server.wait_for_topics("A.A")

    server.send(aggregate(bar(interval=second), "A"))
    listener.wait_until(lambda: len(listener.bars()) == 1)

    assert listener.bars()[0].interval == second


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"stream": "delayd"}, "Massive has no stream 'delayd'; nearest: delayed"),
        ({"channels": ()}, "Massive's channels are AM, A, T, not none"),
        ({"channels": ("Q",)}, "Massive's channels are AM, A, T, not Q"),
        ({"channels": ("A",)}, "Massive's A are bars of 1s; the base interval is 1m"),
        ({"interval": Interval(seconds=1)}, "Massive's AM are bars of 1m; the base interval is 1s"),
    ],
)
def test_what_cannot_be_had_is_refused_before_anything_runs(options: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        MassiveFeed(KEY, **options)


def test_live_gets_it_with_a_key_and_the_packages_of_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASSIVE_API_KEY", "a")
    wanted = Wishes(feed="massive:delayed", store=tmp_path, channels=("t",))
    made = plan(wanted)

    assert isinstance(made.feed, MassiveFeed)
    assert not made.feed.has_bars
    assert made.settings.rules.grace_ns == 960 * SECOND_NS
    monkeypatch.setattr("actors.vendors.massive.open_feed.find_spec", {"massive": None}.__getitem__)
    with pytest.raises(SettingsError, match=r"pip install 'barkeeper\[massive\]'"):
        plan(wanted)
    monkeypatch.delenv("MASSIVE_API_KEY")
    with pytest.raises(SettingsError, match="the key to Massive is not in the environment: set MASSIVE_API_KEY"):
        plan(wanted)


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "actors.vendors.massive.stream", None)
    listener = Listener()
    runner = FeedRunner(MassiveFeed(KEY), listener, ManualClock())
    runner.start()

    (lost,) = listener.wait_for(FeedLost)
    runner.close()

    assert "pip install 'barkeeper[massive]'" in lost.reason
    assert lost.retry_ns is None
