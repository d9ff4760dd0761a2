"""Interactive Brokers' history: what is its own; ``history/test_contract`` has what every vendor's promises."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import numpy as np
import pytest

from actors.vendors import ibkr
from actors.vendors.history.pages import (
    AskedTooMuch,
    HistoryRequest,
    NoAnswer,
    Page,
    PageRequest,
    SymbolsRefused,
)
from actors.vendors.ibkr.open_history import open_ibkr
from messages import Bar
from messages.errors import SettingsError
from messages.values import MINUTE_NS, ONE_MINUTE, SECOND_NS, Interval
from tests.builders import DAY
from tests.vendors.ibkr.history_tws import HistoryTws

START_NS = DAY.open_ns
FIVE = Interval(seconds=5)
Make = Callable[..., Any]


@pytest.fixture
def tws() -> Iterator[HistoryTws]:
    made = HistoryTws([minute(number) for number in range(30)])
    yield made
    made.stop()


@pytest.fixture
def client(tws: HistoryTws) -> Iterator[Make]:
    from actors.vendors.ibkr.history import IbkrHistory

    made: list[IbkrHistory] = []

    def make(**more: Any) -> IbkrHistory:
        made.append(IbkrHistory("127.0.0.1", tws.port, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


def minute(number: int, symbol: str = "A", **more: Any) -> Bar:
    fields = {"open": 10, "high": 12, "low": 9, "close": 11, "volume": 7, "vwap": 10.5, "trades": 3.0}
    return Bar(symbol=symbol, start_ns=START_NS + number * MINUTE_NS, **{**fields, **more})


def asked(*symbols: str, minutes: int = 5, interval: Interval = ONE_MINUTE, token: str | None = None) -> PageRequest:
    end_ns = START_NS + minutes * MINUTE_NS
    return PageRequest(symbols=symbols, start_ns=START_NS, end_ns=end_ns, interval=interval, token=token)


def pages(history: Any, request: PageRequest) -> list[Page]:
    found = [history.page(request)]
    while found[-1].next_token is not None:
        found.append(history.page(msgspec.structs.replace(request, token=found[-1].next_token)))
    return found


def requests_of(tws: HistoryTws) -> list[list[str]]:
    return [request[15:23] for request in tws.requests if request[0] == "20"]


def test_one_contract_is_one_page(tws: HistoryTws, client: Make) -> None:
    tws.bars += [minute(2, "B B")]

    first, second = pages(client(), asked("A", "B.B"))

    assert [*first.bars.bars()] == [minute(number) for number in range(5)]
    assert [*second.bars.bars()] == [minute(2, "B.B")]
    assert requests_of(tws)[0] == ["20240702 13:35:00 UTC", "1 min", "300 S", "0", "TRADES", "2", "0", ""]


def test_a_long_time_of_short_bars_is_several_pages(tws: HistoryTws, client: Make) -> None:
    found = pages(client(), asked("A", minutes=150, interval=FIVE))

    assert len(found) == 3
    assert [(one[0], one[1], one[2]) for one in requests_of(tws)] == [
        ("20240702 14:30:00 UTC", "5 secs", "3600 S"),
        ("20240702 15:30:00 UTC", "5 secs", "3600 S"),
        ("20240702 16:00:00 UTC", "5 secs", "1800 S"),
    ]


def test_no_data_is_an_answer(tws: HistoryTws, client: Make) -> None:
    page = client().page(asked("Z"))

    assert (len(page.bars), page.unread, page.next_token) == (0, 0, None)


def test_the_pace_is_no_answer_although_the_library_has_an_empty_list(tws: HistoryTws, client: Make) -> None:
    tws.says = 162, "Historical Market Data Service error message:Historical data request pacing violation"

    with pytest.raises(AskedTooMuch, match=r"Interactive Brokers: .*pacing violation \(162\)") as caught:
        client(pacing_s=7.0).page(asked("A"))

    assert caught.value.after_s == 7.0


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        (162, "Historical Market Data Service error message:HMDS query was cancelled", NoAnswer),
        (162, "Historical Market Data Service error message:No market data permissions for NASDAQ", NoAnswer),
        (200, "No security definition has been found for the request", SymbolsRefused),
        (321, "Error validating request.-'bN' : cause - Please enter a local symbol", SymbolsRefused),
        (354, "Requested market data is not subscribed", SymbolsRefused),
        (366, "No historical data query found for ticker id", NoAnswer),
        (10197, "No market data during competing live session", NoAnswer),
    ],
)
def test_each_error_has_its_consequence(
    tws: HistoryTws, client: Make, code: int, text: str, kind: type[Exception]
) -> None:
    tws.says = code, text

    with pytest.raises(kind) as caught:
        client().page(asked("A"))

    assert str(caught.value) == f"Interactive Brokers: {text} ({code})"
    assert not isinstance(caught.value, SymbolsRefused) or caught.value.symbols == ("A",)


def test_news_about_a_request_is_none(tws: HistoryTws, client: Make) -> None:
    history, answer = client(), HistoryTws._answer

    def warns(self: HistoryTws, to: Any, number: str, *rest: Any) -> None:
        to.send(4, 2, number, 2188, "Up-to-date data needs a subscription", "")
        answer(self, to, number, *rest)

    tws._answer = warns.__get__(tws)  # type: ignore[method-assign]

    assert len(history.page(asked("A")).bars) == 5


def test_the_same_is_asked_for_again_with_a_little_more_time(tws: HistoryTws, client: Make) -> None:
    history = client()
    first, second = history.page(asked("A")), history.page(asked("A"))

    assert [one[2] for one in requests_of(tws)] == ["300 S", "360 S"]
    assert {*first.bars.bars()} <= {*second.bars.bars()}
    assert tws.refused_for_pace == 0


@pytest.mark.slow
def test_bars_of_seconds_are_asked_for_sixty_times_in_ten_minutes(tws: HistoryTws, client: Make) -> None:
    history = client()
    for number in range(60):
        history.page(asked("A", minutes=number + 1, interval=FIVE))

    with pytest.raises(AskedTooMuch, match="60 requests for bars of seconds in ten minutes") as caught:
        history.page(asked("A", minutes=61, interval=FIVE))

    assert 590 < caught.value.after_s < 601
    assert (tws.asked, tws.refused_for_pace) == (60, 0)
    history.page(asked("A"))  # of minutes it may be asked all the same


def test_a_minute_that_is_printed_without_a_trade_is_a_bar(tws: HistoryTws, client: Make) -> None:
    tws.bars = [minute(0), minute(1, volume=0, trades=0.0)]

    first, quiet = client().page(asked("A")).bars.bars()

    assert first == minute(0)
    assert (quiet.volume, quiet.vwap, quiet.trades) == (0, None, 0)


def test_rows_that_make_no_sense_are_counted(tws: HistoryTws, client: Make) -> None:
    tws.bars = [minute(0), minute(1, volume=-1), minute(2, close=float("nan")), minute(3, trades=None)]

    page = client().page(asked("A"))

    assert (page.bars.start_ns.tolist(), page.unread) == ([minute(0).start_ns, minute(3).start_ns], 2)
    assert np.isnan(page.bars.values[6].tolist()).tolist() == [False, True]


def test_a_connection_that_broke_is_made_again(tws: HistoryTws, client: Make) -> None:
    history = client()
    history.page(asked("A"))
    tws.drop()
    tws.wait(lambda: not tws.visitors)

    found = _until_answered(history)

    assert len(found.bars) == 5


def _until_answered(history: Any) -> Page:
    for _ in range(50):
        try:
            found: Page = history.page(asked("A"))
        except NoAnswer:
            continue
        return found
    raise AssertionError("it did not answer again")


def test_where_the_number_of_the_client_is_taken_another_is_used(tws: HistoryTws, client: Make) -> None:
    tws.taken = {81}
    history = client()

    with pytest.raises(NoAnswer, match="client id is already in use"):
        history.page(asked("A"))
    history.page(asked("A"))

    assert [one.number for one in tws.visitors] == [82]


def test_a_link_that_breaks_while_it_is_asked_is_no_answer(tws: HistoryTws, client: Make) -> None:
    tws.fail_next("drop", "mute")

    with pytest.raises(NoAnswer, match="closed the connection: Peer closed connection"):
        client().page(asked("A"))
    with pytest.raises(NoAnswer, match=r"gave no answer within 0\.1 s"):
        client(deadline_s=0.1).page(asked("A", minutes=6))


def test_a_message_that_makes_no_sense_is_no_answer_to_whoever_waits(tws: HistoryTws, client: Make) -> None:
    tws.fail_next("junk")

    with pytest.raises(NoAnswer, match="a message that makes no sense"):
        client().page(asked("A"))


def test_no_tws_is_no_answer(tws: HistoryTws, client: Make) -> None:
    history = client()
    tws.stop()

    with pytest.raises(NoAnswer, match="cannot be reached: it must run"):
        history.page(asked("A"))
    tws.start()


def test_nothing_of_the_account_is_asked_for_and_nothing_is_printed(
    tws: HistoryTws, client: Make, capfd: pytest.CaptureFixture[str]
) -> None:
    tws.says = 162, "it is so"
    with pytest.raises(NoAnswer):
        client().page(asked("A"))

    assert {request[0] for request in tws.requests} == {"71", "49", "20"}
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("ib_async").handlers


def test_it_may_be_closed_twice_and_before_it_was_asked(tws: HistoryTws, client: Make) -> None:
    history = client()
    history.close()
    history.close()

    assert not history._thread.is_alive()


@pytest.mark.parametrize(("tape", "place"), [("", ("127.0.0.1", 7497)), ("4002", ("127.0.0.1", 4002))])
def test_tws_is_where_the_name_says(tape: str, place: tuple[str, int]) -> None:
    opened: Any = open_ibkr(request(tape))

    assert opened.client._place == place
    assert opened.account == f"{place[0]}:{place[1]}"
    opened.client.close()


def request(tape: str) -> HistoryRequest:
    return HistoryRequest(entry=ibkr.VENDOR.history[0], tape=tape, adjustment="raw", deadline_s=5.0)


def test_it_needs_ib_async(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.vendors.ibkr.open_history.find_spec", {"ib_async": None}.__getitem__)

    with pytest.raises(SettingsError, match=r"pip install 'barkeeper\[ibkr\]'"):
        open_ibkr(request(""))


def test_seconds_are_what_a_page_is_counted_in() -> None:
    from actors.vendors.ibkr.history import SIZES

    assert {f"{seconds}s" if seconds < 60 else "1m" for seconds in SIZES} == set(ibkr.VENDOR.history[0].intervals)
    assert all(most * SECOND_NS % (seconds * SECOND_NS) == 0 for seconds, (_, most) in SIZES.items())
