"""Lines of JSON from any program."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.feeds.jsonlines import line_format
from actors.feeds.jsonlines.feed import JsonLinesFeed, LineCutter
from actors.feeds.jsonlines.line_source import FileSource, PipeSource, SocketSource
from actors.feeds.runner import FeedRunner
from actors.kernel.clock import ManualClock, SystemClock
from actors.settings import FeedRules
from messages import (
    Bar,
    DayVolumeReported,
    FeedBars,
    FeedConnected,
    FeedEnded,
    FeedHeartbeat,
    FeedLost,
    FeedQuotes,
    FeedTicks,
    Interval,
    MessagesRejected,
    Quote,
    Tick,
    TradeAmended,
    TradingStatusChanged,
)
from messages.errors import ConnectionLost
from messages.feeds import EVERYTHING, FeedItem
from tests.builders import DAY, at, bar
from tests.documents import block_with
from tests.feeds.jsonlines.sender import LineServer
from tests.feeds.listening import Listener, Reader, bars_of
from tests.feeds.worlds import lines_of

BAR = {"type": "bar", "symbol": "A", "start": at("09:30"), "open": 1, "high": 2, "low": 1, "close": 2, "volume": 3}
TICK = {"type": "tick", "symbol": "A", "at": 5, "price": 1.5, "size": 2}
QUOTE = {"type": "quote", "symbol": "A", "at": 5, "bid": 1.5, "ask": 2}
AMENDED = {"symbol": "A", "id": "D1", "at": 5, "price": 1.5, "size": 2}
STATUS = {"type": "status", "symbol": "A", "at": 5, "code": "H"}


class Chunks:
    """A source that gives these chunks, and then is lost or ends."""

    is_remote = True

    def __init__(self, *chunks: bytes, error: Exception | None = None) -> None:
        self._chunks = list(chunks)
        self._error = error

    def open(self) -> None:
        pass

    def read(self, timeout_s: float) -> bytes | None:
        if self._chunks:
            return self._chunks.pop(0)
        if self._error is not None:
            raise self._error
        return None

    def close(self) -> None:
        pass


def fed(*chunks: bytes, **more: Any) -> list[FeedItem]:
    feed = JsonLinesFeed(Chunks(*chunks), **more)
    feed.subscribe([EVERYTHING])
    return [item for items in feed.reads() for item in items]


def items_of(*lines: dict[str, Any], **more: Any) -> list[FeedItem]:
    return fed(*(msgspec.json.encode(line) + b"\n" for line in lines), **more)


def rejected(*lines: bytes | dict[str, Any]) -> list[tuple[int, str, str]]:
    """Return what is said of lines: number, field, and what was expected."""
    raw = [line if isinstance(line, bytes) else msgspec.json.encode(line) for line in lines]
    found = [item for item in fed(b"\n".join(raw)) if isinstance(item, MessagesRejected)]
    return [(one.number, one.field, one.expected) for event in found for one in event.first]


def test_a_bar_is_a_bar() -> None:
    expected = Bar(symbol="A", start_ns=at("09:30"), open=1, high=2, low=1, close=2, volume=3, vwap=1.5, trades=4)

    (plain,) = items_of({**BAR, "vwap": 1.5, "trades": 4})
    (corrected,) = items_of({**BAR, "correction": True})

    assert isinstance(plain, FeedBars)
    assert isinstance(corrected, FeedBars)
    assert (bars_of([plain]), plain.is_correction) == ([expected], False)
    assert corrected.is_correction


def test_a_bar_may_say_whether_its_minute_is_over() -> None:
    over, part, unsaid = (items_of({**BAR, "final": final}) for final in (True, False, None))

    assert [item.is_final for item in (*over, *unsaid) if isinstance(item, FeedBars)] == [True, False]
    assert part == [FeedHeartbeat(feed="jsonlines")]


def test_a_bar_may_be_of_another_length() -> None:
    second = Interval.parse("1s")

    (event,) = items_of(BAR, interval=second)

    assert bars_of([event])[0].interval == second


@pytest.mark.parametrize(
    "start",
    [
        "2024-07-02T09:30:00-04:00",
        "2024-07-02T13:30:00Z",
        "2024-07-02 13:30:00.000000000z",
        "2024-07-02T19:00:00+05:30",
    ],
)
def test_times_may_be_written_out(start: str) -> None:
    assert bars_of(items_of({**BAR, "start": start}))[0].start_ns == at("09:30")


def test_times_are_read_to_the_nanosecond_before_the_epoch_too() -> None:
    ticks = [{**TICK, "at": text} for text in ("2024-07-02T13:30:00.123456789Z", "1969-12-31T23:59:59.25Z")]

    found = [tick.at_ns for item in items_of(*ticks) if isinstance(item, FeedTicks) for tick in item.ticks]

    assert found == [at("09:30") + 123_456_789, -750_000_000]


def test_trades_and_quotes() -> None:
    found = items_of({**TICK, "conditions": "@ I", "id": "D1"}, {**QUOTE, "bid_size": 3, "ask_size": 4})

    tick = Tick(symbol="A", at_ns=5, price=1.5, size=2, conditions="@ I")
    quote = Quote(symbol="A", at_ns=5, bid=1.5, ask=2, bid_size=3, ask_size=4)
    assert found == [
        FeedTicks(feed="jsonlines", ticks=(tick,), ids=("D1",)),
        FeedQuotes(feed="jsonlines", quotes=(quote,)),
    ]


def test_a_number_is_an_id_too() -> None:
    numbered = {**AMENDED, "id": 12, "corrected_price": 1.4, "corrected_size": 1, "corrected_id": 2**70}
    sent, corrected = items_of({**TICK, "id": 12}, {"type": "correction", **numbered})

    assert isinstance(sent, FeedTicks)
    assert isinstance(corrected, TradeAmended)
    assert (sent.ids, corrected.trade_id, corrected.corrected_id) == (("12",), "12", str(2**70))


def test_what_is_rare() -> None:
    cancelled = TradeAmended(feed="me", symbol="A", trade_id="D1", at_ns=5, price=1.5, size=2)
    corrected = msgspec.structs.replace(cancelled, corrected_price=1.4, corrected_size=1, corrected_id="D2")

    found = items_of(
        {"type": "cancel", **AMENDED},
        {"type": "correction", **AMENDED, "corrected_price": 1.4, "corrected_size": 1, "corrected_id": "D2"},
        {**STATUS, "message": "Halted", "reason_code": "T1", "reason": "News", "halted": True},
        {"type": "day_volume", "symbol": "A", "start": 5, "volume": 10},
        {"type": "heartbeat"},
        name="me",
    )

    halted = TradingStatusChanged(
        feed="me", symbol="A", at_ns=5, code="H", message="Halted", reason_code="T1", reason="News", is_halted=True
    )
    volume = DayVolumeReported(feed="me", symbol="A", start_ns=5, volume=10)
    assert found == [cancelled, corrected, halted, volume, FeedHeartbeat(feed="me")]


@pytest.mark.parametrize(
    ("line", "field", "expected"),
    [
        ({**BAR, "open": "1"}, "open", "`float`, got `str`"),
        ({**BAR, "colour": "red"}, "colour", "Object contains unknown field `colour`"),
        ({k: v for k, v in BAR.items() if k != "close"}, "close", "Object missing required field `close`"),
        ({**BAR, "symbol": ""}, "symbol", "`str` of length >= 1"),
        ({**BAR, "type": "candle"}, "type", "Invalid value 'candle'"),
        ({k: v for k, v in BAR.items() if k != "type"}, "type", "Object missing required field `type`"),
        ({**BAR, "start": "09:30"}, "start", "nanoseconds since the epoch, or RFC 3339 with an offset"),
        ({**BAR, "start": "2024-02-30T09:30:00Z"}, "start", "nanoseconds since the epoch, or RFC 3339 with an offset"),
        ({**TICK, "at": "2300-01-01T00:00:00Z"}, "at", "nanoseconds since the epoch, or RFC 3339 with an offset"),
        ({**TICK, "at": 1.5}, "at", "`int | str`, got `float`"),
        ({**QUOTE, "at": None}, "at", "`int | str`, got `null`"),
        (b'{"type": "tick",', "", "Input data was truncated"),
        (b"[1]", "", "`object`, got `array`"),
        (b"hello", "", "JSON is malformed: invalid character (byte 0)"),
    ],
)
def test_a_bad_line_is_reported_with_its_number_its_field_and_what_was_expected(
    line: bytes | dict[str, Any], field: str, expected: str
) -> None:
    assert rejected(BAR, line, BAR) == [(2, field, expected)]


@pytest.mark.parametrize(
    "line",
    [
        msgspec.json.encode({**BAR, "start": 1}).replace(b":1,", b":99999999999999999999,", 1),
        msgspec.json.encode({**TICK, "price": 7}).replace(b":7", b":1e999"),
        msgspec.json.encode({**TICK, "price": 7}).replace(b":7", b":NaN"),
        b'{"type": "tick", "symbol": "\xff", "at": 5, "price": 1, "size": 1}',
        b"\x00" * 10,
    ],
)
def test_what_no_number_or_text_can_be_is_rejected(line: bytes) -> None:
    assert [number for number, _, _ in rejected(line, BAR)] == [1]


def test_a_bad_line_stops_nothing() -> None:
    lines = [msgspec.json.encode(BAR), b"rubbish", msgspec.json.encode(TICK), b"", b"  ", b"more rubbish"]

    *sound, bad = fed(b"\r\n".join([*lines, b""]))

    assert [type(item) for item in sound] == [FeedBars, FeedTicks]
    assert isinstance(bad, MessagesRejected)
    assert [(one.number, one.seen) for one in bad.first] == [(2, "rubbish\r"), (6, "more rubbish\r")]


def test_a_line_that_is_too_long_is_rejected_and_the_next_one_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.feeds.jsonlines.feed.LONGEST_LINE", 300)
    line = msgspec.json.encode(BAR)

    *sound, bad = fed(b"x" * 200, b"x" * 200, b"x" * 200 + b"\n" + line, b"\n" + line + b"\n")

    assert len(bars_of([*sound, bad])) == 2
    (numbers,) = [[one.number for one in item.first] for item in [*sound, bad] if isinstance(item, MessagesRejected)]
    assert numbers == [1]


@given(st.lists(st.binary(max_size=6)), st.integers(1, 7))
def test_lines_are_the_same_however_they_are_cut(lines: list[bytes], size: int) -> None:
    whole = b"\n".join(lines)
    cutter = LineCutter()

    cut = [line for i in range(0, len(whole), size) for line in cutter.lines(cutter.whole(whole[i : i + size]))]
    cut += cutter.lines(cutter.whole(b"\n"))

    split = enumerate(whole.split(b"\n"), 1)
    assert cut == [(number, line) for number, line in split if line.strip()]


_LINES = st.sampled_from(
    [
        *(msgspec.json.encode(line) for line in (BAR, TICK, {**TICK, "id": "D1"}, QUOTE, {**QUOTE, "symbol": "B"})),
        msgspec.json.encode({**QUOTE, "at": "2024-07-02T13:30:00Z"}),
        msgspec.json.encode({**QUOTE, "at": "today"}),
        msgspec.json.encode({"type": "heartbeat"}),
        msgspec.json.encode({"type": "cancel", **AMENDED}),
        msgspec.json.encode({**TICK, "symbol": "}\n{"}),
        msgspec.json.encode(QUOTE) + msgspec.json.encode(TICK),  # two in a line
        *msgspec.json.encode(TICK).replace(b",", b",\n", 1).split(b"\n"),  # one in two lines
        b" " + msgspec.json.encode(TICK) + b"\r",
        b'{"type": "tick", "symbol": "\xff", "at": 5, "price": 1, "size": 1}',
        b"",
        b"{",
        b"rubbish",
    ]
)


def kept(items: list[FeedItem]) -> tuple[list[Any], ...]:
    """Return the trades with their ids, the quotes, the bars, and how many lines could not be read, and which first."""
    told = [item for item in items if isinstance(item, FeedTicks)]
    ticks = [pair for item in told for pair in zip(item.ticks, item.ids or [""] * len(item.ticks), strict=True)]
    quotes = [quote for item in items if isinstance(item, FeedQuotes) for quote in item.quotes]
    bad = [item for item in items if isinstance(item, MessagesRejected)]
    numbers = [(one.number, one.field, one.expected, one.seen) for item in bad for one in item.first]
    return ticks, quotes, bars_of(items), numbers, [sum(item.count for item in bad)]


@given(st.lists(_LINES, max_size=9), st.sampled_from([EVERYTHING, "A", "B"]))
def test_many_lines_at_once_are_what_they_are_one_by_one(lines: list[bytes], wanted: str) -> None:
    together, apart = (
        JsonLinesFeed(Chunks(*chunks)) for chunks in ([b"\n".join(lines)], [line + b"\n" for line in lines])
    )
    for feed in (together, apart):
        feed.subscribe([wanted])

    at_once, one_by_one = ([item for items in feed.reads() for item in items] for feed in (together, apart))

    assert kept(at_once) == kept(one_by_one)


def test_a_last_line_without_an_end_counts_even_when_the_connection_is_lost() -> None:
    line = msgspec.json.encode(BAR)
    feed = JsonLinesFeed(Chunks(line[:10], line[10:], error=ConnectionLost("gone")))
    feed.subscribe(["A"])
    reads: Iterator[tuple[FeedItem, ...]] = feed.reads()

    assert [*map(len, (next(reads), next(reads), next(reads)))] == [0, 0, 1]
    with pytest.raises(ConnectionLost, match="gone"):
        next(reads)


def test_lines_are_counted_anew_with_each_connection() -> None:
    feed = JsonLinesFeed(Chunks(b"rubbish\n", b"rubbish\n"))
    reader = Reader(feed)
    numbers = []
    for _ in range(2):
        reader.connect()
        numbers += [one.number for event in reader.next_of(MessagesRejected) for one in event.first]

    assert numbers == [1, 1]


def test_a_pipe_is_read_to_its_end_through_the_runner() -> None:
    reading, writing = os.pipe()
    given_bars = [bar("A", "09:30"), bar("B", "09:30"), bar("A", "09:31")]
    os.write(writing, lines_of(given_bars))
    os.close(writing)
    listener = Listener()
    runner = FeedRunner(JsonLinesFeed(PipeSource(reading)), listener, ManualClock(DAY.start_ns))

    runner.start()
    listener.wait_for(FeedEnded)
    runner.close()
    os.close(reading)

    assert listener.bars() == given_bars


def test_a_sender_that_restarts_is_found_again() -> None:
    server, listener, clock = LineServer(), Listener(), SystemClock()
    feed = JsonLinesFeed(SocketSource("127.0.0.1", server.port))
    runner = FeedRunner(feed, listener, clock, FeedRules(backoff_s=0.01))
    runner.start()
    for number in range(3):
        listener.wait_for(FeedConnected, number + 1)
        server.write(lines_of([bar("A", "09:30", number + 1)]))
        listener.wait_until(lambda count=number + 1: len(listener.bars()) == count)  # type: ignore[misc]  # a default
        server.hang_up()
        listener.wait_for(FeedLost, number + 1)
    runner.close()
    clock.close()
    server.close()

    assert [one.close for one in listener.bars()] == [1.0, 2.0, 3.0]


def test_the_format_is_documented_field_by_field() -> None:
    rows = {row.split()[0]: row for row in (line_format.__doc__ or "").splitlines() if row and row[0].isalpha()}

    for kind in get_args(line_format.AnyLine):
        words = re.findall(r"\w+", rows[kind.__struct_config__.tag])
        assert set(kind.__struct_fields__) <= set(words)


def test_a_growing_file_feeds_a_runner(tmp_path: Path) -> None:
    path, listener = tmp_path / "lines", Listener()
    path.write_bytes(lines_of([bar("A", "09:30")]))
    runner = FeedRunner(JsonLinesFeed(FileSource(path)), listener, ManualClock(DAY.start_ns))
    runner.start()
    listener.wait_until(lambda: len(listener.bars()) == 1)

    with path.open("ab") as file:
        file.write(lines_of([bar("A", "09:31")]))

    listener.wait_until(lambda: len(listener.bars()) == 2)
    runner.close()


def test_the_lines_in_the_guide_are_understood() -> None:
    lines = block_with("json", '{"type": "bar"')

    kinds = {type(item).__name__ for item in fed(lines.encode())}

    assert kinds == {kind.__name__ for kind in get_args(FeedItem)} - {"MessagesRejected", "SymbolsRefused"}
