"""What is an exchange's own in its history; ``tests/vendors/history`` has what all vendors promise."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from actors.vendors.ccxt import VENDOR
from actors.vendors.ccxt.history import CcxtHistory, _batch
from actors.vendors.ccxt.library import exchange_class, moved
from actors.vendors.ccxt.open_history import open_ccxt
from actors.vendors.history.pages import (
    AskedTooMuch,
    Fate,
    HistoryRefused,
    HistoryRequest,
    NoAnswer,
    PageRequest,
    SymbolsRefused,
)
from messages import Bar
from messages.errors import SettingsError
from messages.values import MINUTE_NS, ONE_MINUTE
from tests.builders import ROUND_THE_CLOCK
from tests.vendors.ccxt.kraken import asset_pair
from tests.vendors.ccxt.kraken_history import KrakenTrades
from tests.vendors.history.http_server import Reply

pytestmark = pytest.mark.slow  # ccxt is imported

START_NS = ROUND_THE_CLOCK.start_ns
Client = Callable[[KrakenTrades], CcxtHistory]


def bars(count: int = 30) -> list[Bar]:
    return [
        Bar(
            symbol="A/USD",
            start_ns=START_NS + minute * MINUTE_NS,
            open=10.0,
            high=12.0 + minute,
            low=9.0,
            close=11.0,
            volume=8.0,
            trades=5.0,
        )
        for minute in range(count)
    ]


def served(**more: Any) -> Iterator[KrakenTrades]:
    server = KrakenTrades(bars(), **more)
    yield server
    server.stop()


@pytest.fixture
def server() -> Iterator[KrakenTrades]:
    yield from served()


def client(server: KrakenTrades, *, from_trades: bool = True) -> CcxtHistory:
    kind = exchange_class("kraken", is_live=False)
    config = {"urls": {"api": moved(kind().urls["api"], server.url)}}
    return CcxtHistory(kind, config=config, from_trades=from_trades)


def request(minutes: int = 30, token: str | None = None) -> PageRequest:
    end_ns = START_NS + minutes * MINUTE_NS
    return PageRequest(symbols=("A/USD",), start_ns=START_NS, end_ns=end_ns, interval=ONE_MINUTE, token=token)


def asked(**said: Any) -> HistoryRequest:
    given = {"entry": VENDOR.history[0], "tape": "kraken", "adjustment": "raw", "deadline_s": 5.0}
    return HistoryRequest(**{**given, **said})


def all_bars(history: CcxtHistory, minutes: int = 30) -> list[Bar]:
    found: list[Bar] = []
    token = None
    while True:
        page = history.page(request(minutes, token))
        found += page.bars.bars()
        token = page.next_token
        if token is None:
            return found


@pytest.mark.parametrize("rows_a_page", [7, 11, 1000])
def test_trades_fold_to_the_bars_that_they_are_of_however_they_are_paged(rows_a_page: int) -> None:
    for server in served(rows_a_page=rows_a_page):
        history = client(server)
        found = all_bars(history)
        history.close()

    plain = [msgspec.structs.replace(bar, vwap=None) for bar in found]
    assert plain == [msgspec.structs.replace(bar, trades=5.0) for bar in bars()]


def test_a_market_that_is_no_more_says_so_when_it_shows_nothing(server: KrakenTrades) -> None:
    plain = server.handle
    old = {**asset_pair("OLD/USD"), "status": "delisted"}
    pairs = {"AUSD": asset_pair("A/USD"), "OLDUSD": old}
    server.handle = lambda path, *more: (  # type: ignore[method-assign]
        Reply(json.dumps({"error": [], "result": pairs}).encode())
        if path.endswith("AssetPairs")
        else plain(path, *more)
    )
    history = client(server)

    assert history.fate("OLD/USD") == Fate(said="kraken trades OLD/USD no more")
    assert history.fate("A/USD") is None
    with pytest.raises(SymbolsRefused, match="kraken does not trade AUSD; nearest: A/USD"):
        history.page(msgspec.structs.replace(request(), symbols=("AUSD",)))
    history.close()


def test_what_is_traded_is_asked_once(server: KrakenTrades) -> None:
    history = client(server)
    heard: list[str] = []
    server.handle = lambda path, query, headers: heard.append(path) or KrakenTrades.handle(server, path, query, headers)  # type: ignore[assignment, method-assign, func-returns-value]
    for _ in range(3):
        history.page(request())
    history.close()

    assert [path for path in heard if path.endswith(("Assets", "AssetPairs"))] == [
        "/0/public/Assets",
        "/0/public/AssetPairs",
    ]


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        (Reply(b'{"error": ["EAPI:Rate limit exceeded"]}', 429, {"Retry-After": "7"}), AskedTooMuch, "Rate limit"),
        (Reply(b'{"error": ["EAPI:Rate limit exceeded"]}'), AskedTooMuch, "Rate limit"),
        (Reply(b'{"error": ["EGeneral:Permission denied"]}'), HistoryRefused, "Permission denied"),
        (Reply(b'{"error": ["EService:Unavailable"]}'), NoAnswer, "EService:Unavailable"),
        (Reply(b"<html>We are being mended</html>", 200), NoAnswer, "kraken: what came is no JSON"),
        (Reply(b'{"error": [], "result": {"AUSD": [["1', 200), NoAnswer, "kraken: what came is no JSON"),
        (Reply(b"", 200), NoAnswer, "kraken: what came is no JSON"),
        (Reply(b"<html><h1>502</h1></html>", 502), NoAnswer, "502 Bad Gateway"),
    ],
)
@pytest.mark.parametrize("from_trades", [True, False])
def test_what_is_no_answer_is_raised_for_what_it_is(
    server: KrakenTrades, reply: Reply, kind: type[Exception], said: str, from_trades: bool
) -> None:
    server.answer = lambda *_: reply  # type: ignore[method-assign]
    history = client(server, from_trades=from_trades)

    with pytest.raises(kind, match=said) as caught:
        history.page(request())
    history.close()

    assert "<" not in str(caught.value)
    if isinstance(caught.value, AskedTooMuch):
        assert caught.value.after_s == (7.0 if reply.headers else 10.0)


def test_more_trades_at_an_instant_than_a_page_holds_are_no_silence() -> None:
    for server in served(rows_a_page=1000):
        rows = [["10.0", "1.0", START_NS / 10**9, "b", "l", "", number] for number in range(1500)]
        server._trades["AUSD"] = rows
        history = client(server)
        token = history.page(request()).next_token

        with pytest.raises(NoAnswer, match="more trades of A/USD at one instant than a page holds"):
            history.page(request(token=token))
        history.close()


def test_rows_that_make_no_sense_are_counted(server: KrakenTrades) -> None:
    server._trades["AUSD"].insert(3, [None, "1.0", START_NS / 10**9, "b", "l", "", 999])
    history = client(server)

    assert history.page(request()).unread == 1
    history.close()


def test_a_candle_at_a_time_that_no_bar_has_makes_no_sense() -> None:
    candle = [START_NS // 10**6, 1.0, 1.0, 1.0, 1.0, 1.0]
    found, unread = _batch("A/USD", [candle, [1 << 60, *candle[1:]]], request())

    assert (found.start_ns.tolist(), unread) == ([START_NS], 1)


def test_each_exchange_has_its_own_pace_and_lengths_and_kraken_its_trades() -> None:
    kraken, binance = open_ccxt(asked()).entry, open_ccxt(asked(tape="binance")).entry
    assert kraken is not None
    assert binance is not None

    assert (kraken.pace[0].seconds, kraken.is_silence_told, kraken.intervals) == (1.0, True, ("1m",))
    assert (binance.pace[0].seconds, binance.is_silence_told) == (0.05, False)
    assert {"1m", "5m", "1h"} <= set(binance.intervals)
    assert kraken.tapes[0].delay_s == 5.0


@pytest.mark.parametrize(
    ("options", "is_told"),
    [({"silence": "told"}, True), ({"silence": "unknown"}, False), ({"bars": "trades"}, True), ({}, False)],
)
def test_silence_is_believed_where_it_is_said_or_trades_are_folded(options: dict[str, str], is_told: bool) -> None:
    entry = open_ccxt(asked(tape="binance", options=options)).entry
    assert entry is not None

    assert entry.is_silence_told is is_told
    assert (entry.silent_after_s > 0) is is_told


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({"tape": ""}, "name the exchange behind ccxt, such as ccxt:kraken"),
        ({"tape": "krakn"}, "ccxt has no exchange 'krakn'; nearest: kraken"),
        ({"tape": "alpaca", "options": {"bars": "x"}}, None),
        ({"tape": "independentreserve"}, "ccxt has no candles of independentreserve"),
    ],
)
def test_what_cannot_be_had_is_said_at_once(said: dict[str, Any], complaint: str | None) -> None:
    if complaint is None:
        open_ccxt(asked(**said)).client.close()
        return
    with pytest.raises(SettingsError, match=complaint):
        open_ccxt(asked(**said))


def test_all_addresses_of_an_exchange_are_moved_to_another_host() -> None:
    urls = {"public": "https://api.x.com/v1/", "ws": {"a": "wss://x.com"}, "none": None}

    assert moved(urls, "http://127.0.0.1:9/") == {
        "public": "http://127.0.0.1:9/v1/",
        "ws": {"a": "ws://127.0.0.1:9"},
        "none": None,
    }
