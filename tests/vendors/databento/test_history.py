"""Databento's history: what is its own; ``history/test_contract`` has what every vendor's promises."""

import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from actors.vendors import databento
from actors.vendors.databento.open_history import open_databento
from actors.vendors.history.pages import (
    AskedTooMuch,
    HistoryRefused,
    HistoryRequest,
    NoAnswer,
    NotOutYet,
    PageRequest,
    Priced,
    SymbolsRefused,
)
from messages import Bar, Tick
from messages.errors import SettingsError
from messages.values import MINUTE_NS, ONE_MINUTE, SECOND_NS, Interval
from tests.builders import DAY
from tests.vendors.databento.gateway import DATASET, KEY
from tests.vendors.databento.history_server import DatabentoHistoryServer, DatabentoStocks
from tests.vendors.history.http_server import Reply

START_NS = DAY.open_ns
Serve = Callable[..., DatabentoHistoryServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[DatabentoHistoryServer] = []

    def start(*bars: Bar, **more: Any) -> DatabentoHistoryServer:
        servers.append(DatabentoHistoryServer(bars, **more))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def client(server: DatabentoHistoryServer, dataset: str = DATASET, **more: Any) -> Any:
    with warnings.catch_warnings():  # Databento's library sets filters for the whole process
        from actors.vendors.databento.history import DatabentoHistory
    return DatabentoHistory(KEY, dataset, gateway=server.url, **more)


def asked(*symbols: str, minutes: int = 5, interval: Interval = ONE_MINUTE, token: str | None = None) -> PageRequest:
    end_ns = START_NS + minutes * MINUTE_NS
    return PageRequest(symbols=symbols, start_ns=START_NS, end_ns=end_ns, interval=interval, token=token)


def minute(number: int, symbol: str = "A", **more: Any) -> Bar:
    start_ns = START_NS + number * MINUTE_NS
    return replace(Bar(symbol=symbol, start_ns=start_ns, open=10, high=12, low=9, close=11, volume=7), **more)


def second(number: int, price: float) -> Bar:
    start_ns, interval = START_NS + number * SECOND_NS, Interval(seconds=1)
    return Bar(
        symbol="A", start_ns=start_ns, open=price, high=price, low=price, close=price, volume=2, interval=interval
    )


def test_a_span_of_all_symbols_is_one_answer(serve: Serve) -> None:
    server = serve(minute(0), minute(2, "B"), minute(4))

    page = client(server).page(asked("A", "B"))

    assert [*page.bars.bars()] == [minute(0), minute(2, "B"), minute(4)]
    assert (page.next_token, page.unread) == (None, 0)
    assert server.calls[0].query == {
        "dataset": DATASET, "schema": "ohlcv-1m", "symbols": "A,B", "stype_in": "raw_symbol",
        "stype_out": "instrument_id", "encoding": "dbn", "compression": "zstd",
        "start": "2024-07-02T13:30:00+00:00", "end": "2024-07-02T13:35:00+00:00",
    }  # fmt: skip


def test_an_answer_that_is_cut_short_and_says_that_it_is_whole_is_none(serve: Serve) -> None:
    server = serve(*(minute(number) for number in range(5)))
    server.cut = True

    with pytest.raises(NoAnswer, match="cut short"):
        client(server).page(asked("A"))


@pytest.mark.parametrize(
    ("warning", "unread"),
    [
        ("BentoWarning: The request contained one or more days which have reduced quality: 2024-07-02 (degraded).", 1),
        ("DeprecationWarning: this version is old", 0),
    ],
)
def test_of_a_day_that_the_vendor_warns_of_nothing_is_concluded_and_nothing_is_printed(
    serve: Serve, warning: str, unread: int
) -> None:
    assert client(serve(minute(0), warned=[warning])).page(asked("A")).unread == unread


def test_contracts_that_follow_each_other_are_a_page_of_their_own(serve: Serve) -> None:
    server = serve(minute(0), minute(1, "ESU4"))
    server.roots = {"ES.c.0": "ESU4"}
    history = client(server)

    first = history.page(asked("A", "ES.c.0"))
    second = history.page(asked("A", "ES.c.0", token=first.next_token))

    assert [*first.bars.bars(), *second.bars.bars()] == [minute(0), minute(1, "ES.c.0")]
    assert (first.next_token, second.next_token) == ("continuous", None)
    assert [call.query["stype_in"] for call in server.calls] == ["raw_symbol", "continuous"]


def test_symbols_come_as_they_were_asked_for(serve: Serve) -> None:
    page = client(serve(minute(0, "BACPB"))).page(asked("BACpB"))

    assert page.bars.symbols == ("BACpB",)


def test_symbols_that_are_not_found_are_named(serve: Serve) -> None:
    server = serve(minute(0))

    page = client(server).page(asked("A", "C"))
    with pytest.raises(SymbolsRefused, match="could be resolved") as none:
        client(server).page(asked("C", "D"))

    assert len(page.bars) == 1  # which are paid for: they are not asked for again
    assert page.refused == {"C": "Databento: XNAS.ITCH has no C in this session"}
    assert (none.value.symbols, none.value.is_of_span) == (("C", "D"), True)


def test_of_several_venues_one_is_used_or_their_trades_are_folded(serve: Serve) -> None:
    trades = [
        (39, Tick(symbol="A", at_ns=START_NS + 5 * SECOND_NS, price=10.0, size=1.0)),
        (40, Tick(symbol="A", at_ns=START_NS + 9 * SECOND_NS, price=12.0, size=2.0)),
    ]
    server = serve(ticks=trades, dataset="DBEQ.BASIC")

    both = client(server, "DBEQ.BASIC", venues=5).page(asked("A"))
    one = client(server, "DBEQ.BASIC", venues=5, publisher=39).page(asked("A"))

    assert [*both.bars.bars()] == [
        Bar(symbol="A", start_ns=START_NS, open=10, high=12, low=10, close=12, volume=3, vwap=34 / 3, trades=2)
    ]
    assert len(one.bars) == 0  # of its bars, and there are none
    assert [call.query["schema"] for call in server.calls] == ["trades", "ohlcv-1m"]


def test_records_of_another_publisher_are_left_out(serve: Serve) -> None:
    server = serve(minute(0), publisher=9)

    assert len(client(server, publisher=2).page(asked("A")).bars) == 0
    assert len(client(server, publisher=9).page(asked("A")).bars) == 1


def test_seconds_are_as_they_are_or_folded(serve: Serve) -> None:
    server = serve(second(0, 10.0), second(4, 11.0), second(5, 12.0), schema="ohlcv-1s")

    seconds = client(server).page(asked("A", interval=Interval(seconds=1))).bars
    fives = client(server).page(asked("A", interval=Interval(seconds=5))).bars

    assert [*seconds.bars()] == [second(0, 10.0), second(4, 11.0), second(5, 12.0)]
    assert [(bar.open, bar.close, bar.volume) for bar in fives.bars()] == [(10, 11, 4), (12, 12, 2)]


def test_a_bar_whose_price_is_not_defined_is_counted(serve: Serve) -> None:
    page = client(serve(minute(0, open=np.nan), minute(1))).page(asked("A"))

    assert ([*page.bars.bars()], page.unread) == ([minute(1)], 1)


def test_what_is_not_there_yet_is_asked_for_later(serve: Serve) -> None:
    edge_ns = START_NS + 3 * MINUTE_NS
    server = serve(*(minute(number) for number in range(5)), available_ns=edge_ns)
    now_ns = START_NS + 5 * MINUTE_NS

    with pytest.raises(NotOutYet) as caught:
        client(server, now_ns=lambda: now_ns).page(asked("A"))

    assert caught.value.delay_s == 121.0


def test_a_source_asks_until_where_there_is_something(serve: Serve) -> None:
    world = DatabentoStocks([minute(number) for number in range(5)])
    world.server.available_ns = START_NS + 3 * MINUTE_NS
    now_ns = START_NS + 5 * MINUTE_NS
    source = world.source(now_ns=lambda: now_ns)
    source._client._now_ns = lambda: now_ns  # type: ignore[attr-defined]  # the vendor's clock, which is ours

    answer = source.fetch(DAY, ["A"], START_NS, now_ns)

    assert [bar.start_ns for bar in answer.bars] == [START_NS, START_NS + MINUTE_NS]
    world.stop()


@pytest.mark.parametrize(
    ("status", "case", "text", "kind"),
    [
        (402, "payment_required", "Insufficient funds", HistoryRefused),
        (403, "auth_not_entitled", "Not entitled", HistoryRefused),
        (403, "license_not_found_unauthorized", "A live license is required after 2024-07-02T13:31:00Z", NotOutYet),
        (422, "schema_invalid", "no such schema", HistoryRefused),
        (422, "data_start_before_available_start", "before 2018-05-01 00:00:00", NoAnswer),
        (422, "symbology_invalid_symbol", "Invalid symbol 'B'", SymbolsRefused),
        (429, "rate_limit", "slow down", AskedTooMuch),
        (500, "internal", "oops", NoAnswer),
        (504, "", "", NoAnswer),
    ],
)
def test_each_error_has_its_consequence(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, status: int, case: str, text: str, kind: type[Exception]
) -> None:
    server = serve(minute(0))
    body = json.dumps({"detail": {"case": case, "message": f"{text} {KEY.key}", "docs": None}}).encode()
    monkeypatch.setattr(server, "answer", lambda *_: Reply(body, status))

    with pytest.raises(kind) as caught:
        client(server).page(asked("A", "B"))

    assert KEY.key not in str(caught.value)
    assert str(status) in str(caught.value)
    assert not isinstance(caught.value, SymbolsRefused) or caught.value.symbols == ("B",)


def test_a_vendor_that_is_being_mended_says_when_to_ask_again(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve(minute(0))
    monkeypatch.setattr(server, "answer", lambda *_: Reply(b"<html>", 503, {"Retry-After": "7"}))

    with pytest.raises(AskedTooMuch, match="a page of HTML") as caught:
        client(server).page(asked("A"))

    assert caught.value.after_s == 7.0


def test_a_span_says_beforehand_what_it_costs(serve: Serve) -> None:
    server = serve(minute(0))
    world = DatabentoStocks([minute(0)])
    source = world.source()

    assert isinstance(client(server), Priced)
    assert client(server).cost(asked("A", "ES.c.0")) == 2.5
    assert source.cost(["A", "B"], START_NS, START_NS + MINUTE_NS, ONE_MINUTE) == 1.25
    assert {call.path for call in server.calls} == {"/v0/metadata.get_cost"}
    world.stop()


# --- opening


def opened(tape: str, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.delenv("DATABENTO_API_KEY", raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    entry = databento.VENDOR.history[0]
    return open_databento(HistoryRequest(entry=entry, tape=tape, adjustment="raw", deadline_s=5.0))


def test_a_dataset_brings_its_calendar() -> None:
    entry = databento.VENDOR.history[0]
    names = ("glbx.mdp3", "XEUR.EOBI.XEUR", "XNAS.ITCH")

    assert [entry.calendar_of(name) for name in names] == ["CMES", "XEUR", None]


def test_a_dataset_is_opened_with_its_venues(monkeypatch: pytest.MonkeyPatch) -> None:
    environ = {"DATABENTO_API_KEY": "db-x"}
    names = ("glbx.mdp3", "XEUR.EOBI.XEUR", "DBEQ.BASIC")

    futures, venue, basic = (opened(name, environ, monkeypatch) for name in names)

    assert (futures.client._dataset, venue.client._dataset, basic.client._is_folded) == ("GLBX.MDP3", "XEUR.EOBI", True)
    assert venue.client._publisher is not None
    assert not venue.client._is_folded
    assert "db-x" not in futures.account


@pytest.mark.parametrize(
    ("tape", "environ", "message"),
    [
        ("", {"DATABENTO_API_KEY": "x"}, "say which dataset of Databento's: databento:XNAS.ITCH"),
        ("XNAS.ITCH", {}, "set DATABENTO_API_KEY"),
        (
            "XNAS.ITCH.XOFF",
            {"DATABENTO_API_KEY": "x"},
            r"there is no XNAS\.ITCH\.XOFF; XNAS\.ITCH has XNAS\.ITCH\.XNAS",
        ),
    ],
)
def test_what_it_must_be_told_is_said(
    monkeypatch: pytest.MonkeyPatch, tape: str, environ: dict[str, str], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        opened(tape, environ, monkeypatch)


def test_it_needs_databentos_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("actors.vendors.databento.open_history.find_spec", {"databento": None}.__getitem__)

    with pytest.raises(SettingsError, match=r"pip install 'barkeeper\[databento\]'"):
        opened("XNAS.ITCH", {"DATABENTO_API_KEY": "x"}, monkeypatch)
