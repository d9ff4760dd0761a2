"""What Alpaca sends, put in our terms."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.msgpack import Ext

from actors.feeds.gathered import Gathering
from actors.vendors.alpaca.frames import Answer, Subscribed, gather, nanos_of
from actors.vendors.alpaca.frames import reader as frame_reader
from messages import (
    Bar,
    DayVolumeReported,
    FeedBars,
    FeedQuotes,
    FeedTicks,
    MessagesRejected,
    Quote,
    Tick,
    TradeAmended,
    TradingStatusChanged,
)
from messages.feeds import FeedItem
from messages.values import SECOND_NS
from tests.vendors.alpaca.server import bar_message, failure, stamp

AT_NS = 1_719_927_000 * SECOND_NS + 123_456_789
TRADE = {"T": "t", "S": "A", "i": 96921, "x": "D", "p": 126.55, "s": 1, "t": stamp(AT_NS), "c": ["@", "I"], "z": "C"}
QUOTE = {
    "T": "q", "S": "A", "bx": "U", "bp": 87.66, "bs": 1, "ax": "X", "ap": 87.68, "as": 4, "c": ["R"], "z": "C",
    "t": stamp(AT_NS),
}  # fmt: skip
CANCEL = {"T": "x", "S": "A", "i": 465, "x": "D", "p": 105.31, "s": 300, "a": "C", "z": "C", "t": stamp(AT_NS)}
CORRECTION = {
    "T": "c", "S": "A", "x": "M", "oi": 1, "op": 39.1582, "os": 440, "oc": [" "], "ci": 2, "cp": 39.1809, "cs": 400,
    "cc": [" "], "z": "B", "t": stamp(AT_NS),
}  # fmt: skip
STATUS = {"T": "s", "S": "A", "sc": "H", "sm": "Trading Halt", "rc": "T12", "rm": "News", "t": stamp(AT_NS), "z": "C"}


def read(*frames: bytes | str) -> tuple[list[FeedItem], list[Answer]]:
    """Return what frames come to, and the answers in them."""
    reader, gathering, answers = frame_reader(), Gathering("alpaca"), []
    for frame in frames:
        for message in reader.messages(frame, gathering):
            try:
                gather(message, "alpaca", gathering)  # type: ignore[arg-type]  # answers fall through to the last kind
            except ValueError as error:
                reader.reject(message, error, gathering)
            except AttributeError:
                answers.append(message)
    return [*gathering.items()], answers  # type: ignore[return-value]  # what cannot be gathered is an answer


def items_of(*messages: dict[str, Any]) -> list[FeedItem]:
    return read(msgspec.msgpack.encode(list(messages)))[0]


def test_bars_and_updated_bars() -> None:
    start_ns = AT_NS // (60 * SECOND_NS) * 60 * SECOND_NS

    bars, updated = items_of(bar_message("A", start_ns, 10.0), bar_message("A", start_ns, 11.0, "u"))

    assert isinstance(bars, FeedBars)
    assert isinstance(updated, FeedBars)
    assert (bars.is_correction, updated.is_correction) == (False, True)
    assert [*bars.batch.bars()] == [
        Bar(symbol="A", start_ns=start_ns, open=10, high=10, low=10, close=10, volume=100, vwap=10, trades=3)
    ]


def test_trades_are_named_by_their_exchange_and_number() -> None:
    nameless = {name: value for name, value in TRADE.items() if name not in "ic"}

    (event,) = items_of(TRADE, nameless)

    tick = Tick(symbol="A", at_ns=AT_NS, price=126.55, size=1, conditions="@ I", tape="C")
    assert event == FeedTicks(
        feed="alpaca", ticks=(tick, msgspec.structs.replace(tick, conditions="")), ids=("D96921", "")
    )


def test_quotes() -> None:
    quote = Quote(symbol="A", at_ns=AT_NS, bid=87.66, ask=87.68, bid_size=1, ask_size=4)

    assert items_of(QUOTE) == [FeedQuotes(feed="alpaca", quotes=(quote,))]


def test_daily_bars_are_a_count_of_the_days_volume() -> None:
    (event,) = items_of(bar_message("A", AT_NS, kind="d"))

    assert event == DayVolumeReported(feed="alpaca", symbol="A", start_ns=AT_NS, volume=100.0)


def test_cancels_and_corrections_name_the_trade_that_they_amend() -> None:
    cancelled, corrected = items_of(CANCEL, CORRECTION)

    assert cancelled == TradeAmended(feed="alpaca", symbol="A", trade_id="D465", at_ns=AT_NS, price=105.31, size=300.0)
    assert corrected == TradeAmended(
        feed="alpaca",
        symbol="A",
        trade_id="M1",
        at_ns=AT_NS,
        price=39.1582,
        size=440.0,
        corrected_price=39.1809,
        corrected_size=400.0,
        corrected_id="M2",
    )


@pytest.mark.parametrize(("code", "is_halted"), [("H", True), ("2", True), ("T", False), ("3", False), ("Q", None)])
def test_a_halt_is_told_from_a_resumption_on_every_tape(code: str, is_halted: bool | None) -> None:
    (event,) = items_of({**STATUS, "sc": code})

    assert event == TradingStatusChanged(
        feed="alpaca",
        symbol="A",
        at_ns=AT_NS,
        code=code,
        message="Trading Halt",
        reason_code="T12",
        reason="News",
        is_halted=is_halted,
    )


@given(st.integers(0, 2**33), st.just(0) | st.integers(0, SECOND_NS - 1), st.booleans())
def test_times_are_exact_in_all_three_lengths(seconds: int, nanos: int, long: bool) -> None:
    instant_ns = seconds * SECOND_NS + nanos

    assert nanos_of(stamp(instant_ns, long=long)) == instant_ns


def test_a_time_before_the_epoch_is_a_time() -> None:
    assert nanos_of(stamp(-1, long=True)) == -1


@pytest.mark.parametrize(
    ("messages", "number", "field"),
    [
        ([{**TRADE, "p": "126"}], 1, "p"),
        ([{name: value for name, value in QUOTE.items() if name != "bp"}], 1, "bp"),
        ([{**QUOTE, "T": "orderbook"}], 1, "T"),
        ([{**TRADE, "t": "2024-07-02T13:30:00Z"}], 1, "t"),
        ([{**TRADE, "t": Ext(5, b"1234")}], 1, "t"),
        ([{**TRADE, "t": Ext(-1, b"12345")}], 1, "t"),
        ([{**TRADE, "t": stamp(2**64, long=True)}], 1, "t"),
        ([7], 1, ""),
    ],
)
def test_what_cannot_be_understood_is_rejected_and_the_rest_of_its_frame_used(
    messages: list[Any], number: int, field: str
) -> None:
    ticks, rejected = items_of(TRADE, *messages, TRADE)

    assert isinstance(ticks, FeedTicks)
    assert isinstance(rejected, MessagesRejected)
    assert len(ticks.ticks) == 2
    assert [(one.number, one.field) for one in rejected.first] == [(number, field)]


@pytest.mark.parametrize("frame", [b"", b"\xc1", b"\x93\x01", b"\x01", "text", msgspec.json.encode([{"T": "t"}])])
def test_a_frame_that_is_none_is_rejected_with_its_number(frame: bytes | str) -> None:
    good = msgspec.msgpack.encode([TRADE])

    ticks, rejected = read(good, frame, good)[0]

    assert isinstance(ticks, FeedTicks)
    assert isinstance(rejected, MessagesRejected)
    assert (len(ticks.ticks), rejected.count, rejected.first[0].number) == (2, 1, 2)


def test_answers_are_passed_on() -> None:
    frame = msgspec.msgpack.encode([{"T": "subscription", "bars": ["A"], "lulds": None}, failure(405, "no")])

    answers = read(frame)[1]

    assert answers[0] == Subscribed(bars=("A",))
    assert len(answers) == 2
