"""What is Yahoo's own in its history; ``tests/vendors/history`` has what all vendors promise."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from actors.vendors.history.pages import AskedTooMuch, HistoryRequest, NoAnswer, PageRequest, SymbolsRefused
from actors.vendors.yahoo import VENDOR
from actors.vendors.yahoo.open_history import open_yahoo
from messages import Bar
from messages.errors import SettingsError
from messages.values import MINUTE_NS, ONE_MINUTE, SECOND_NS
from tests.builders import DAY
from tests.vendors.history.http_server import Reply
from tests.vendors.yahoo.chart_server import ChartServer

pytestmark = pytest.mark.slow  # yfinance is imported

START_NS = DAY.start_ns
BAR = Bar(symbol="BRK-B", start_ns=START_NS, open=1.0, high=3.0, low=0.5, close=2.0, volume=10.0)
DAYS_NS = 24 * 3600 * SECOND_NS


@pytest.fixture
def server() -> Iterator[ChartServer]:
    made = ChartServer([BAR])
    yield made
    made.stop()


def opened(server: ChartServer, *, now_ns: int = START_NS + DAYS_NS) -> Any:
    entry = VENDOR.history[0]
    asked = HistoryRequest(
        entry=entry, tape="chart", adjustment="split", deadline_s=5.0, options={"proxy": server.proxy.url}
    )
    client: Any = open_yahoo(asked).client
    client._now_ns = lambda: now_ns
    return client


def request(*symbols: str) -> PageRequest:
    end_ns = START_NS + 5 * MINUTE_NS
    return PageRequest(symbols=symbols or ("BRK-B",), start_ns=START_NS, end_ns=end_ns, interval=ONE_MINUTE)


def chart(**columns: list[Any]) -> Reply:
    times = [(START_NS + number * MINUTE_NS) // SECOND_NS for number in range(3)]
    whole: dict[str, Any] = {name: [1.0, 1.0, 1.0] for name in ("open", "high", "low", "close", "volume")}
    result = {"meta": {}, "timestamp": times, "indicators": {"quote": [{**whole, **columns}]}}
    return Reply(json.dumps({"chart": {"result": [result], "error": None}}).encode())


def test_minutes_come_as_the_chart_has_them(server: ChartServer) -> None:
    assert list(opened(server).page(request()).bars.bars()) == [BAR]


def test_a_row_that_is_empty_is_no_bar_and_one_that_is_half_empty_makes_no_sense(server: ChartServer) -> None:
    empty = [1.0, None, None]
    server.answer = lambda *_: chart(open=empty, high=empty, low=empty, close=[1.0, None, 1.0], volume=empty)  # type: ignore[method-assign]
    page = opened(server).page(request())

    assert (len(page.bars), page.unread) == (1, 1)


def test_an_answer_for_another_symbol_names_it(server: ChartServer) -> None:
    told = {"meta": {"symbol": "META"}, "indicators": {"quote": [{}]}}
    reply = Reply(json.dumps({"chart": {"result": [told], "error": None}}).encode())
    server.answer = lambda *_: reply  # type: ignore[method-assign]
    with pytest.raises(SymbolsRefused, match="Yahoo answers for FB with META: ask for that"):
        opened(server).page(request("FB"))
    assert len(opened(server).page(request("meta")).bars) == 0


def test_nobody_is_asked_for_what_is_longer_ago_than_yahoo_keeps(server: ChartServer) -> None:
    page = opened(server, now_ns=START_NS + 31 * DAYS_NS).page(request())

    assert len(page.bars) == 0
    assert server.calls == []


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        (Reply(b"Too Many Requests", 429), AskedTooMuch, "Yahoo: Too Many Requests"),
        (Reply(b"<html>Will be right back</html>", 200), NoAnswer, r"Yahoo's answer is no chart \(200\)"),
        (Reply(b'{"chart": {"result": null, "error": null}}', 200), NoAnswer, "Yahoo's answer has no chart"),
        (
            Reply(b'{"chart": {"result": null, "error": {"code": "Bad Request", "description": "no range"}}}', 422),
            NoAnswer,
            r"Yahoo: no range \(Bad Request\)",
        ),
        (
            Reply(b'{"chart": {"result": null, "error": {"code": "Not Found", "description": "No data found"}}}', 404),
            SymbolsRefused,
            r"Yahoo: No data found \(Not Found\)",
        ),
        (chart(open=[1.0]), NoAnswer, "columns of other lengths than its times"),
    ],
)
def test_what_is_no_answer_is_raised_for_what_it_is(
    server: ChartServer, reply: Reply, kind: type[Exception], said: str
) -> None:
    server.answer = lambda *_: reply  # type: ignore[method-assign]

    with pytest.raises(kind, match=said):
        opened(server).page(request())


def test_yfinance_prints_nothing_beside_what_is_raised() -> None:
    brought = "import logging; from actors.vendors.yahoo.history import YahooHistory; "
    said = brought + "{}logging.getLogger('yfinance').warning('oh')"
    heard = [
        subprocess.run([sys.executable, "-c", said.format(first)], capture_output=True, text=True, check=True).stderr
        for first in ("", "YahooHistory(); ")
    ]

    assert heard == ["oh\n", ""]


def test_its_silence_is_never_believed_and_its_prices_are_adjusted() -> None:
    entry = VENDOR.history[0]

    assert not entry.is_silence_told
    assert entry.adjustments == ("split",)


def test_without_yfinance_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.vendors.yahoo.open_history.find_spec", {"yfinance": None}.__getitem__)
    asked = HistoryRequest(entry=VENDOR.history[0], tape="chart", adjustment="split", deadline_s=5.0)

    with pytest.raises(SettingsError, match=r"pip install 'barkeeper\[yahoo\]'"):
        open_yahoo(asked)
