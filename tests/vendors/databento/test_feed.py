"""Databento's live API from end to end: its own client, and a gateway of ours; ``contracts`` has what all feeds do."""

import builtins
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import databento_dbn as dbn
import pytest

from actors.feeds.runner import FeedRunner
from actors.kernel.clock import ManualClock, SystemClock
from actors.settings import FeedRules
from actors.vendors.databento.feed import DatabentoFeed
from messages import Bar, FeedBars, FeedConnected, FeedLost, FeedTicks, MessagesRejected, SymbolsRefused, Tick
from messages.errors import ConnectionLost, FeedRefused, SettingsError
from messages.feeds import FeedHeartbeat
from messages.values import DAY_NS, MINUTE_NS, SECOND_NS, Interval
from tests.builders import at, bar
from tests.feeds.listening import Listener, Reader
from tests.vendors.databento.gateway import DATASET, KEY, Gateway, naming

START_NS = at("09:30")
QUICK = FeedRules(backoff_s=0.01, longest_backoff_s=0.05, report_every_s=0.05)
Serve = Callable[..., Gateway]
Made = Callable[..., DatabentoFeed]
Run = Callable[..., "tuple[FeedRunner, Listener]"]


@pytest.fixture
def serve() -> Iterator[Serve]:
    gateways: list[Gateway] = []

    def start(*given: Any, **options: Any) -> Gateway:
        gateways.append(Gateway(*given, **options))
        return gateways[-1]

    yield start
    for gateway in gateways:
        gateway.stop()


@pytest.fixture
def made() -> Iterator[Made]:
    feeds: list[DatabentoFeed] = []

    def make(gateway: Gateway, clock: str = "10:00", dataset: str = DATASET, **options: Any) -> DatabentoFeed:
        feeds.append(DatabentoFeed(KEY, dataset, gateway=gateway.place, now_ns=lambda: at(clock), **options))
        return feeds[-1]

    yield make
    for feed in feeds:
        feed.close()


@pytest.fixture
def run(made: Made) -> Iterator[Run]:
    runners: list[FeedRunner] = []
    wall = SystemClock()

    def start(gateway: Gateway, *symbols: str, **options: Any) -> tuple[FeedRunner, Listener]:
        listener = Listener()
        runners.append(FeedRunner(made(gateway, **options), listener, wall, QUICK, symbols=symbols or ("A", "B")))
        runners[-1].start()
        return runners[-1], listener

    yield start
    for runner in runners:
        runner.close()
        assert not runner._thread.is_alive()
    wall.close()


def reader(gateway: Gateway, feed: DatabentoFeed, *symbols: str) -> Reader:
    found = Reader(feed)
    feed.subscribe(symbols)
    found.connect()
    gateway.wait(lambda: any(session.is_started for session in gateway.visitors))
    return found


def second(number: int, price: float = 10.0, symbol: str = "A") -> Bar:
    one = bar(symbol, "09:30", price)
    return Bar(
        symbol=symbol, start_ns=START_NS + number * SECOND_NS, open=one.open, high=one.high, low=one.low,
        close=one.close, volume=5.0, interval=Interval(seconds=1),
    )  # fmt: skip


def plain(*clocks: str, symbol: str = "A") -> list[Bar]:
    return [Bar(symbol=symbol, start_ns=at(clock), open=10, high=11, low=9, close=10.5, volume=7) for clock in clocks]


# --- signing in


def test_the_answer_to_the_challenge_names_what_is_wanted(serve: Serve, made: Made) -> None:
    gateway = serve()
    reader(gateway, made(gateway), "A")

    (session,) = gateway.visitors
    assert session.signed_in["heartbeat_interval_s"] == "10"
    assert session.signed_in["dataset"] == DATASET


def test_no_right_to_a_dataset_is_final(serve: Serve, run: Run) -> None:
    _, listener = run(serve(refuses="User is not entitled to XNAS.ITCH"))

    (lost,) = listener.wait_for(FeedLost)

    assert (lost.reason, lost.retry_ns) == ("Databento: User is not entitled to XNAS.ITCH", None)


def test_too_many_sessions_are_tried_again(serve: Serve, run: Run) -> None:
    gateway = serve(refuses="User has reached their open connection limit")
    _, listener = run(gateway)

    assert listener.wait_for(FeedLost, 2)[1].retry_ns is not None
    gateway.refuses = ""

    assert listener.wait_for(FeedConnected)


def test_a_gateway_that_hangs_up_is_a_loss_at_once(serve: Serve, made: Made) -> None:
    began = time.monotonic()

    with pytest.raises(ConnectionLost, match="hung up before it had answered the sign-in"):
        reader(gateway := serve(hangs_up=True), made(gateway), "A")
    assert time.monotonic() - began < 5.0


def test_no_gateway_is_a_loss(serve: Serve, made: Made) -> None:
    gateway = serve()
    feed = made(gateway)
    gateway.stop()

    with pytest.raises(ConnectionLost, match=r"gateway 127\.0\.0\.1:\d+ cannot be reached"):
        reader(gateway, feed, "A")
    gateway.start()


def test_the_key_is_in_no_log(serve: Serve, run: Run, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    gateway = serve()
    run(gateway)
    gateway.wait_for_subscribers("A", "B")

    assert KEY.key not in "".join(record.getMessage() for record in caplog.records)
    assert KEY.key not in repr(KEY)


# --- what was missed


def test_what_was_sent_while_nobody_was_there_comes_after_all_and_nothing_twice(serve: Serve, run: Run) -> None:
    gateway = serve()
    _, listener = run(gateway)
    gateway.wait_for_subscribers("A", "B")
    first = [*plain("09:30"), *plain("09:30", symbol="B")]
    gateway.happen(*first)
    listener.wait_until(lambda: len(listener.bars()) == 2)

    missed = plain("09:31", "09:32")
    gateway.happen(*missed, is_heard=False)
    gateway.drop()
    listener.wait_until(lambda: len(listener.bars()) == 4)
    gateway.happen(*(last := plain("09:33", symbol="B")))
    listener.wait_until(lambda: len(listener.bars()) == 5)

    assert listener.bars() == [*first, *missed, *last]
    assert [request.get("start") for request in gateway.requests] == [None, str(START_NS)]
    assert all(event.is_final for event in listener.of(FeedBars))


def test_the_first_session_asks_for_what_was_sent_since_the_day_began(serve: Serve, made: Made) -> None:
    gateway = serve()
    gateway.happen(*plain("09:29", "09:30", "09:31"), is_heard=False)

    found = reader(gateway, made(gateway, since_ns=lambda _now_ns: START_NS), "A")

    assert found.next_bars(2) == plain("09:30", "09:31")


def test_the_gateway_is_not_asked_for_more_than_it_keeps(serve: Serve, made: Made) -> None:
    gateway = serve()
    reader(gateway, made(gateway, since_ns=lambda now_ns: now_ns - 3 * DAY_NS), "A")

    assert gateway.requests[0]["start"] == str(at("11:00") - DAY_NS)


def test_what_the_gateway_does_not_keep_any_more_is_not_asked_for_again(serve: Serve, run: Run) -> None:
    gateway = serve()
    _, listener = run(gateway, "A", since_ns=lambda _now_ns: START_NS)
    gateway.wait_for_subscribers("A")
    gateway.error(dbn.ErrorCode.REPLAY_DATA_AGED_OUT, "Replay data is no longer retained")

    (lost,) = listener.wait_for(FeedLost)
    gateway.wait(lambda: len(gateway.requests) == 2)

    assert lost.retry_ns is not None
    assert [request.get("start") for request in gateway.requests] == [str(START_NS), None]


def test_a_request_that_is_refused_with_its_past_is_made_once_more_without(serve: Serve, run: Run) -> None:
    gateway = serve()
    _, listener = run(gateway, "A", since_ns=lambda _now_ns: START_NS)
    gateway.wait_for_subscribers("A")
    gateway.error(dbn.ErrorCode.INVALID_SUBSCRIPTION, "start is before what is there")
    gateway.wait(lambda: len(gateway.requests) == 2 and [one.is_started for one in gateway.visitors] == [True])
    gateway.error(dbn.ErrorCode.INVALID_SUBSCRIPTION, "no such schema for you")

    first, last = listener.wait_for(FeedLost, 2)

    assert [request.get("start") for request in gateway.requests] == [str(START_NS), None]
    assert first.retry_ns is not None
    assert (last.reason, last.retry_ns) == ("Databento: no such schema for you", None)


def test_records_that_the_gateway_skipped_are_asked_for(serve: Serve, run: Run) -> None:
    gateway = serve()
    _, listener = run(gateway, "A")
    gateway.wait_for_subscribers("A")
    gateway.happen(*plain("09:30"))
    listener.wait_until(lambda: len(listener.bars()) == 1)
    gateway.happen(*plain("09:31"), is_heard=False)

    gateway.error(dbn.ErrorCode.SKIPPED_RECORDS_AFTER_SLOW_READING, "Skipped 1 record")
    listener.wait_until(lambda: len(listener.bars()) == 2)

    assert listener.bars() == plain("09:30", "09:31")
    assert listener.of(FeedLost)[0].reason == "Databento: Skipped 1 record"


# --- names


def test_a_contract_that_stands_for_the_next_one_keeps_its_name(serve: Serve, made: Made) -> None:
    gateway = serve(roots={"ES.c.0": "A"})
    found = reader(gateway, made(gateway), "ES.c.0", "B")

    gateway.happen(*plain("09:30"), *plain("09:30", symbol="B"))

    assert [one.symbol for one in found.next_bars(2)] == ["B", "ES.c.0"]
    assert [(one["stype_in"], one["symbols"]) for one in gateway.requests] == [
        ("raw_symbol", "B"),
        ("continuous", "ES.c.0"),
    ]


def test_an_instrument_by_two_names_is_two_symbols(serve: Serve, made: Made) -> None:
    gateway = serve(roots={"ES.c.0": "A"})
    found = reader(gateway, made(gateway), "ES.c.0", "A")

    gateway.happen(*plain("09:30"))

    assert [one.symbol for one in found.next_bars(2)] == ["A", "ES.c.0"]


def test_a_symbol_with_small_letters_comes_as_it_was_asked_for(serve: Serve, made: Made) -> None:
    gateway = serve({"BACPB": 4})
    found = reader(gateway, made(gateway), "BACpB")

    gateway.happen(*plain("09:30", symbol="BACPB"))

    assert [one.symbol for one in found.next_bars(1)] == ["BACpB"]


def test_a_record_of_an_instrument_without_a_name_is_rejected(serve: Serve, made: Made) -> None:
    gateway = serve()
    found = reader(gateway, made(gateway), "A")
    gateway.wait_for_subscribers("A")
    gateway.send_raw(gateway.bar(plain("09:30", symbol="X")[0]))

    (rejected,) = found.next_of(MessagesRejected)

    assert (rejected.first[0].number, rejected.first[0].field) == (2, "instrument_id")
    assert rejected.first[0].seen == f"OHLCVMsg of instrument 99 at {START_NS}"


def test_a_refusal_that_names_no_symbol_of_ours_is_shown(serve: Serve, made: Made) -> None:
    gateway = serve()
    found = reader(gateway, made(gateway), "A")
    gateway.wait_for_subscribers("A")
    gateway.error(dbn.ErrorCode.SYMBOL_RESOLUTION_FAILED, "Failed to resolve symbol 'OTHER'")

    (rejected,) = found.next_of(MessagesRejected)

    assert rejected.first[0].expected == "Databento: Failed to resolve symbol 'OTHER'"


def test_a_refused_symbol_is_not_asked_for_again(serve: Serve, run: Run) -> None:
    gateway = serve()
    _, listener = run(gateway, "A", "NONE")
    listener.wait_for(SymbolsRefused)
    gateway.drop()
    listener.wait_for(FeedConnected, 2)
    gateway.wait(lambda: len(gateway.requests) == 2)

    assert [request["symbols"] for request in gateway.requests] == ["A,NONE", "A"]
    assert "resolve" not in listener.of(FeedLost)[0].reason  # which is no reason why the connection broke


# --- venues


def test_bars_of_several_venues_are_refused_before_anything_is_asked(serve: Serve, made: Made) -> None:
    gateway = serve()

    with pytest.raises(
        FeedRefused, match=r"DBEQ\.BASIC venue by venue: name one in its place \(DBEQ\.BASIC\.XCHI, .*tr"
    ):
        reader(gateway, made(gateway, dataset="DBEQ.BASIC"), "A")
    assert gateway.sign_ins == 0


def test_bars_of_a_second_venue_that_nobody_knew_of_are_refused(serve: Serve, run: Run) -> None:
    gateway = serve()
    _, listener = run(gateway, "A")
    gateway.wait_for_subscribers("A")
    gateway.happen(*plain("09:30", "09:31"), publisher=2)
    gateway.happen(*plain("09:31"), publisher=9)

    (lost,) = listener.wait_for(FeedLost)

    assert lost.reason.startswith("Databento sends bars of several venues (publishers 2, 9)")
    assert lost.retry_ns is None


def test_of_a_venue_that_is_named_only_its_bars_come(serve: Serve, made: Made) -> None:
    gateway = serve()
    found = reader(gateway, made(gateway, dataset="XNAS.ITCH.XNAS"), "A")
    gateway.wait_for_subscribers("A")
    gateway.happen(*plain("09:30"), publisher=9)
    gateway.happen(*plain("09:31"), publisher=2)

    assert found.next_bars(1) == plain("09:31")


def test_a_venue_that_a_dataset_does_not_have_is_refused(serve: Serve, made: Made) -> None:
    with pytest.raises(SettingsError, match=r"there is no XNAS\.ITCH\.XOFF; XNAS\.ITCH has XNAS\.ITCH\.XNAS"):
        reader(gateway := serve(), made(gateway, dataset="XNAS.ITCH.XOFF"), "A")


# --- seconds


def test_seconds_are_folded_to_minutes(serve: Serve, made: Made) -> None:
    gateway = serve()
    found = reader(gateway, made(gateway, clock="09:30", channels=("ohlcv-1s",)), "A")
    gateway.wait_for_subscribers("A", schema="ohlcv-1s")

    gateway.happen(second(0, 10.0), second(30, 12.0), second(59, 9.0), second(60), schema="ohlcv-1s")
    (whole,) = found.next_bars(1)

    assert (whole.start_ns, whole.open, whole.close, whole.volume) == (START_NS, 10.0, 9.0, 15.0)
    assert str(whole.interval) == "1m"


def test_a_minute_in_the_middle_of_which_the_connection_broke_is_heard_from_its_start(serve: Serve, run: Run) -> None:
    gateway = serve()
    _, listener = run(gateway, "A", clock="09:30", channels=("ohlcv-1s",))
    gateway.wait_for_subscribers("A", schema="ohlcv-1s")
    gateway.happen(second(0, 10.0), second(60, 20.0), second(61, 21.0), schema="ohlcv-1s")
    listener.wait_until(lambda: len(listener.bars()) == 1)

    gateway.happen(second(90, 15.0), schema="ohlcv-1s", is_heard=False)
    gateway.drop()
    gateway.wait(lambda: len(gateway.requests) == 2)
    gateway.wait_for_subscribers("A", schema="ohlcv-1s")
    gateway.happen(second(120), schema="ohlcv-1s")
    listener.wait_until(lambda: len(listener.bars()) == 2)

    first, whole = listener.bars()
    assert (first.volume, whole.open, whole.close, whole.volume) == (5.0, 20.0, 15.0, 15.0)
    assert gateway.requests[1]["start"] == str(START_NS + MINUTE_NS)


def test_a_minute_is_over_by_the_clock_where_nothing_more_is_traded(serve: Serve) -> None:
    gateway, clock = serve(), ManualClock(START_NS)
    feed = DatabentoFeed(KEY, DATASET, gateway=gateway.place, now_ns=clock.now_ns, channels=("ohlcv-1s",))
    found = reader(gateway, feed, "A")
    gateway.wait_for_subscribers("A", schema="ohlcv-1s")
    gateway.happen(second(3), schema="ohlcv-1s")
    while feed._shorts is None or feed._shorts.unfinished_ns is None:
        assert not any(isinstance(item, FeedBars) for item in found.read())

    clock.advance(MINUTE_NS + 2 * SECOND_NS)

    assert [one.start_ns for one in found.next_bars(1)] == [START_NS]
    feed.close()


def test_of_a_symbol_that_joins_in_the_middle_of_a_minute_the_next_one_comes(serve: Serve, made: Made) -> None:
    gateway = serve()
    found = reader(gateway, made(gateway, clock="09:30", channels=("ohlcv-1s",)), "A")
    found.feed.subscribe(["B"])
    gateway.wait_for_subscribers("A", "B", schema="ohlcv-1s")

    gateway.happen(*(second(number, symbol="B") for number in (40, 65, 125)), schema="ohlcv-1s")

    assert [one.start_ns for one in found.next_bars(1)] == [START_NS + MINUTE_NS]
    assert "start" not in gateway.requests[1]  # once a session has started there is no past for others


def abroad(gateway: Gateway, ours: ManualClock, numbers: range) -> Reader:
    """A feed of seconds that has heard some of them, at the time of our clock."""
    feed = DatabentoFeed(KEY, DATASET, gateway=gateway.place, now_ns=ours.now_ns, channels=("ohlcv-1s",))
    found = reader(gateway, feed, "A")
    gateway.wait_for_subscribers("A", schema="ohlcv-1s")
    for number in numbers:
        gateway.happen(second(number), schema="ohlcv-1s")
    while len(feed._ahead_ns) < len(numbers):
        assert not any(isinstance(item, FeedBars) for item in found.read())
    return found


def test_who_joins_while_our_clock_is_behind_has_no_minute_of_which_the_start_was_not_heard(serve: Serve) -> None:
    gateway = serve()
    found = abroad(gateway, ManualClock(START_NS - 10 * SECOND_NS), range(10, 16))  # behind by 26 s
    with closing(found.feed):
        found.feed.subscribe(["B"])
        gateway.wait_for_subscribers("A", "B", schema="ohlcv-1s")
        gateway.happen(*(second(number, symbol="B") for number in (20, 65, 125)), schema="ohlcv-1s")
        came = [(one.symbol, one.start_ns) for one in found.next_bars(2)]

    assert sorted(came) == [("A", START_NS), ("B", START_NS + MINUTE_NS)]


def test_while_our_clock_is_ahead_a_minute_is_not_over_before_its_last_second(serve: Serve) -> None:
    gateway, ours = serve(), ManualClock(START_NS + 55 * SECOND_NS)  # by 40 s
    found = abroad(gateway, ours, range(8, 15))
    with closing(found.feed):
        ours.advance(40 * SECOND_NS)
        early = [item for _ in range(3) for item in found.read() if isinstance(item, FeedBars)]
        gateway.happen(second(55, 20.0), schema="ohlcv-1s")
        while len(found.feed._ahead_ns) < 8:  # type: ignore[attr-defined]
            early += [item for item in found.read() if isinstance(item, FeedBars)]
        ours.advance(8 * SECOND_NS)
        came = [(one.start_ns, one.close, one.volume) for one in found.next_bars(1)]

    assert early == []
    assert came == [(START_NS, 20.0, 40.0)]


def test_seconds_are_bars_where_bars_of_seconds_are_wanted(serve: Serve, made: Made) -> None:
    gateway = serve()
    found = reader(gateway, made(gateway, clock="09:30", interval=Interval(seconds=1)), "A")
    gateway.wait_for_subscribers("A", schema="ohlcv-1s")

    gateway.happen(second(3), schema="ohlcv-1s")

    assert found.next_bars(1) == [second(3)]


# --- trades


def test_trades_come_at_the_time_of_their_receipt_and_by_names_that_stay(serve: Serve, made: Made) -> None:
    gateway = serve()
    feed = made(gateway, clock="09:31", channels=("trades",))
    ticks = [Tick(symbol="A", at_ns=START_NS + 10**6, price=10.25, size=3.0) for _ in range(2)]
    found = reader(gateway, feed, "A")
    gateway.wait_for_subscribers("A", schema="trades")
    gateway.trade(*ticks, late_ns=1000)
    (first,) = found.next_of(FeedTicks)

    feed.close()
    found.connect()
    (again,) = found.next_of(FeedTicks)

    assert first.ticks == tuple(ticks)
    assert first.ids == again.ids
    assert len(set(first.ids)) == 2
    assert int(gateway.requests[1]["start"]) <= START_NS - 10 * SECOND_NS
    assert not feed.has_bars


# --- what can go wrong


@pytest.mark.parametrize(
    ("code", "is_final"),
    [
        ("AUTH_FAILED", True),
        ("API_KEY_DEACTIVATED", True),
        ("CONNECTION_LIMIT_EXCEEDED", False),
        ("INVALID_SUBSCRIPTION", True),
        ("INTERNAL_ERROR", False),
        ("UNSET", False),
    ],
)
def test_an_error_ends_the_session_and_what_came_before_it_counts(
    serve: Serve, run: Run, code: str, is_final: bool
) -> None:
    gateway = serve()
    _, listener = run(gateway, "A")
    gateway.wait_for_subscribers("A")
    gateway.send_raw(
        gateway.bar(plain("09:30")[0])
        + bytes(dbn.ErrorMsg(ts_event=0, err="so it is", code=getattr(dbn.ErrorCode, code)))
    )

    lost = listener.wait_for(FeedLost)[0]

    assert (lost.reason, lost.retry_ns is None) == ("Databento: so it is", is_final)
    assert listener.bars() == plain("09:30")


def test_a_heartbeat_is_a_sign_of_life(serve: Serve, made: Made) -> None:
    gateway = serve()
    found = reader(gateway, made(gateway), "A")
    gateway.wait_for_subscribers("A")
    while found.read():
        pass  # the naming of A is one too

    gateway.beat()
    while not (items := found.read()):
        pass

    assert items == (FeedHeartbeat(feed="databento"),)


@pytest.mark.parametrize("kind", ["bar", "trade"])
def test_a_price_that_is_not_defined_is_rejected(serve: Serve, made: Made, kind: str) -> None:
    gateway = serve()
    found = reader(gateway, made(gateway, channels=("ohlcv-1m", "trades")), "A")
    gateway.wait_for_subscribers("A", schema="trades")
    undefined = math.nan
    if kind == "bar":
        gateway.happen(Bar(symbol="A", start_ns=START_NS, open=undefined, high=1, low=1, close=1, volume=1))
    else:
        gateway.trade(Tick(symbol="A", at_ns=START_NS, price=undefined, size=1.0))

    (rejected,) = found.next_of(MessagesRejected)

    assert (rejected.first[0].field, rejected.first[0].expected) == ("price", "a price is not defined")


def test_a_text_that_is_none_is_rejected_and_the_rest_used(serve: Serve, run: Run) -> None:
    gateway = serve()
    _, listener = run(gateway, "A")
    gateway.wait_for_subscribers("A")
    named = naming("X", "X", 9)
    gateway.send_raw(named.replace(b"X", b"\x80") + gateway.bar(plain("09:30")[0]))
    listener.wait_for(FeedBars)

    (rejected,) = listener.wait_for(MessagesRejected)
    assert rejected.first[0].field == "text"
    assert listener.of(FeedLost) == []


def test_a_time_that_is_not_defined_is_rejected_and_nothing_is_asked_for_from_then_on(serve: Serve, run: Run) -> None:
    gateway, never = serve(), dbn.UNDEF_TIMESTAMP
    _, listener = run(gateway, "A", channels=("ohlcv-1m", "trades"))
    gateway.wait_for_subscribers("A", schema="trades")
    undefined = dbn.TradeMsg(
        publisher_id=2, instrument_id=1, ts_event=never, price=10**9, size=1, action=dbn.Action.TRADE,
        side=dbn.Side.BID, depth=0, ts_recv=never, flags=0, ts_in_delta=0, sequence=1,
    )  # fmt: skip
    ahead = Bar(symbol="A", start_ns=never - 1, open=1, high=1, low=1, close=1, volume=1)
    gateway.send_raw(bytes(undefined) + gateway.bar(ahead))
    gateway.happen(*plain("09:29"))
    listener.wait_for(FeedBars)
    rejected = listener.of(MessagesRejected)
    gateway.drop()
    listener.wait_for(FeedConnected, 2)
    gateway.wait_for_subscribers("A")
    gateway.happen(*plain("09:30"))
    listener.wait_for(FeedBars, 2)

    assert [one.expected for told in rejected for one in told.first] == 2 * ["Expected a time before the year 2262"]
    assert [int(request.get("start", 0)) < at("10:00") for request in gateway.requests] == 4 * [True]
    assert listener.bars()[-1:] == plain("09:30")


def test_a_request_that_the_library_will_not_send_is_final(serve: Serve, made: Made) -> None:
    with pytest.raises(FeedRefused, match="Databento: "):
        reader(gateway := serve(), made(gateway), "")


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def lacking(name: str, scope: Any = None, local: Any = None, wanted: Any = (), level: int = 0) -> Any:
        if name == "actors.vendors.databento" and "session" in (wanted or ()):
            raise ImportError("No module named 'databento'")
        return real(name, scope, local, wanted, level)

    monkeypatch.setattr(builtins, "__import__", lacking)

    with pytest.raises(FeedRefused, match=r"pip install 'barkeeper\[databento\]'"):
        DatabentoFeed(KEY, DATASET).connect(threading.Event())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"channels": ("mbo",)}, r"Databento's channels are ohlcv-1m, ohlcv-1s, trades, not mbo"),
        ({"interval": Interval(seconds=5), "channels": ("ohlcv-1m",)}, "bars of 5s are folded from ohlcv-1s or trades"),
    ],
)
def test_what_cannot_be_had_is_said(options: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        DatabentoFeed(KEY, DATASET, **options)


def test_each_dataset_has_a_gateway() -> None:
    assert DatabentoFeed(KEY, "GLBX.MDP3")._gateway == "glbx-mdp3.lsg.databento.com:13000"
