"""What is Massive's own in its history; ``tests/vendors/history`` has what all vendors promise."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from actors.vendors.history.pages import (
    AskedTooMuch,
    Fate,
    HistoryRefused,
    HistoryRequest,
    NoAnswer,
    NotOutYet,
    PageRequest,
    SymbolsRefused,
)
from actors.vendors.massive import VENDOR
from actors.vendors.massive.history import MassiveHistory
from actors.vendors.massive.open_history import open_massive
from messages import Bar
from messages.errors import SettingsError
from messages.values import MINUTE_NS, ONE_MINUTE, Interval
from tests.builders import DAY
from tests.vendors.history.http_server import Reply
from tests.vendors.massive.history_server import MassiveServer
from tests.vendors.massive.server import KEY

START_NS = DAY.start_ns
BAR = Bar(symbol="BRK.B", start_ns=START_NS, open=1.0, high=3.0, low=0.5, close=2.0, volume=10.0, vwap=1.5, trades=4.0)


@pytest.fixture
def server() -> Iterator[MassiveServer]:
    made = MassiveServer([BAR])
    yield made
    made.stop()


def request(interval: Interval = ONE_MINUTE, symbols: tuple[str, ...] = ("BRK.B",)) -> PageRequest:
    return PageRequest(symbols=symbols, start_ns=START_NS, end_ns=START_NS + 5 * MINUTE_NS, interval=interval)


def test_a_row_has_its_vwap_and_its_trades_and_prices_as_they_were_paid(server: MassiveServer) -> None:
    raw, adjusted = (MassiveHistory(KEY, base=server.url, adjustment=how) for how in ("raw", "split"))

    assert list(raw.page(request()).bars.bars()) == [BAR]
    assert len(adjusted.page(request(Interval(seconds=1))).bars) == 1
    raw.close()
    adjusted.close()

    assert server.adjusted == ["false", "true"]
    assert "/range/1/second/" in server.calls[1].path


def test_a_ticker_that_is_inactive_is_told_with_its_last_day_where_no_new_name_is(server: MassiveServer) -> None:
    server.names = {"GONE": ("", "2022-06-30")}
    history = MassiveHistory(KEY, base=server.url)

    assert history.fate("GONE") == Fate(said="GONE is inactive: it was traded until 2022-06-30", since="2022-07-01")
    assert history.fate("NONE") is None
    history.close()


def test_an_answer_for_another_ticker_is_not_taken_for_none(server: MassiveServer) -> None:
    server.answer = lambda *_: Reply(b'{"status":"OK","ticker":"META","results":[]}')  # type: ignore[method-assign]
    history = MassiveHistory(KEY, base=server.url)
    with pytest.raises(SymbolsRefused, match="answers for FB with META: ask for that"):
        history.page(request(symbols=("FB",)))
    history.close()


def test_a_ticker_is_never_more_than_a_part_of_the_address(server: MassiveServer) -> None:
    history = MassiveHistory(KEY, base=server.url)

    assert len(history.page(request(symbols=("A/B?x=1",))).bars) == 0
    assert server.calls[0].path.startswith("/v2/aggs/ticker/A%2FB%3Fx%3D1/range/")
    history.close()


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        (Reply(b'{"status":"ERROR","error":"Unknown API Key"}', 401), HistoryRefused, "Massive: Unknown API Key"),
        (
            Reply(b'{"status":"NOT_AUTHORIZED","message":"You are not entitled to this data."}', 403),
            HistoryRefused,
            "You are not entitled to this data",
        ),
        (
            Reply(b'{"status":"NOT_AUTHORIZED","message":"Attempted to request today before end of day."}', 403),
            NotOutYet,
            "before end of day",
        ),
        (Reply(b'{"error":"slow down"}', 429, {"Retry-After": "soon"}), AskedTooMuch, "slow down"),
        (Reply(b"<html>", 502), NoAnswer, r"Massive: a page of HTML \(502\)"),
        (Reply(b"later", 502), NoAnswer, r"Massive: no JSON \(502\)"),
        (Reply(b"<html>", 200), NoAnswer, "Massive's answer has no aggregates: a page of HTML"),
        (Reply(b"[]", 500), NoAnswer, r"Massive: no reason \(500\)"),
        (Reply(b"[]", 200), NoAnswer, "Massive's answer has no aggregates"),
        (Reply(b'{"status":"OK","results":[', 200), NoAnswer, "Massive's answer has no aggregates"),
        (Reply(b'{"results":[]}', 200), NoAnswer, "Massive's answer has no aggregates"),
    ],
)
def test_what_is_no_answer_is_raised_for_what_it_is(
    server: MassiveServer, reply: Reply, kind: type[Exception], said: str
) -> None:
    server.answer = lambda *_: reply  # type: ignore[method-assign]
    history = MassiveHistory(KEY, base=server.url)

    with pytest.raises(kind, match=said) as caught:
        history.page(request())
    history.close()

    assert not isinstance(caught.value, AskedTooMuch) or caught.value.after_s == 15.0


def test_rows_that_make_no_sense_are_counted(server: MassiveServer) -> None:
    whole: dict[str, Any] = {"t": START_NS // 10**6, "o": 1, "h": 1, "l": 1, "c": 1, "v": 1}
    rows = [whole, {**whole, "o": None}, {**whole, "t": "x"}, {**whole, "n": "x"}, {**whole, "t": 1 << 60}, 7]
    body = json.dumps({"status": "DELAYED", "results": rows}).encode()
    server.answer = lambda *_: Reply(body)  # type: ignore[method-assign]
    history = MassiveHistory(KEY, base=server.url)
    page = history.page(request())
    history.close()

    assert (len(page.bars), page.unread) == (1, 5)


def test_it_is_opened_with_a_key_and_its_package(server: MassiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = HistoryRequest(
        entry=VENDOR.history[0], tape="", adjustment="raw", deadline_s=5.0, options={"url": server.url}
    )
    monkeypatch.setenv("MASSIVE_API_KEY", KEY.key)
    opened = open_massive(wanted)
    assert len(opened.client.page(request()).bars) == 1
    opened.client.close()
    assert KEY.key not in opened.account

    monkeypatch.setattr("actors.vendors.massive.open_history.find_spec", {"massive": None}.__getitem__)
    with pytest.raises(SettingsError, match=r"pip install 'barkeeper\[massive\]'"):
        open_massive(wanted)
    monkeypatch.delenv("MASSIVE_API_KEY")
    with pytest.raises(SettingsError, match="the key to Massive is not in the environment: set MASSIVE_API_KEY"):
        open_massive(wanted)
