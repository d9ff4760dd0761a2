"""The questions as methods: each asks exactly what it says. The room answers every question with the question."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from actors.kernel.address import RoomAddress
from actors.kernel.ask.readers import Readers
from messages import (
    BarField,
    Fill,
    GetActiveSymbols,
    GetBars,
    GetCertificate,
    GetChangesSince,
    GetDigest,
    GetGapStories,
    GetHistory,
    GetLastBars,
    GetLatestBar,
    GetLatestBars,
    GetLatestQuote,
    GetLatestTick,
    GetMatrix,
    GetMetrics,
    GetQuality,
    GetQuotes,
    GetSession,
    GetSnapshot,
    GetTicks,
    GetVerdicts,
    GetWarmUp,
    Interval,
    Query,
    SettingsError,
)
from messages.values import ONE_MINUTE
from tests.doubles import Outbox
from tests.kernel.parts import SmallCore, SmallRoom

FIVE = Interval.parse("5m")
TEN_THIRTY = datetime(2024, 7, 2, 10, 30, 0, 250, tzinfo=timezone(timedelta(hours=-4)))
TEN_THIRTY_NS = 1_719_930_600_000_250_000


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    address = RoomAddress()
    ref = SmallRoom.start(SmallCore(), {}, Outbox())
    address.attach(ref)
    yield Readers(address, address)
    ref.stop()


QUESTIONS: list[tuple[Callable[[Readers], Any], Query[Any]]] = [
    (lambda ask: ask.latest_bar("AAPL"), GetLatestBar(symbol="AAPL")),
    (
        lambda ask: ask.latest_bar("AAPL", "5m", include_partial=True),
        GetLatestBar(symbol="AAPL", interval=FIVE, include_partial=True),
    ),
    (lambda ask: ask.latest_bars(["B", "A"]), GetLatestBars(symbols=("B", "A"))),
    (lambda ask: ask.last_bars("A", 20, FIVE), GetLastBars(symbol="A", count=20, interval=FIVE)),
    (
        lambda ask: ask.last_bars("A", 2, with_history=True, include_partial=True),
        GetLastBars(symbol="A", count=2, with_history=True, include_partial=True),
    ),
    (lambda ask: ask.bars("A"), GetBars(symbol="A", interval=ONE_MINUTE)),
    (
        lambda ask: ask.bars("A", "9:30", TEN_THIRTY_NS, "5m"),
        GetBars(symbol="A", start="09:30", end=TEN_THIRTY_NS, interval=FIVE),
    ),
    (
        lambda ask: ask.last_bars("A", 2, with_history=True, fill="forward", adjusted=True),
        GetLastBars(symbol="A", count=2, with_history=True, fill=Fill.FORWARD, is_adjusted=True),
    ),
    (lambda ask: ask.bars("A", fill="forward"), GetBars(symbol="A", fill=Fill.FORWARD)),
    (lambda ask: ask.bars_since("A", TEN_THIRTY), GetBars(symbol="A", start=TEN_THIRTY_NS)),
    (lambda ask: ask.bars_since("A", TEN_THIRTY.astimezone(UTC)), GetBars(symbol="A", start=TEN_THIRTY_NS)),
    (lambda ask: ask.matrix(20), GetMatrix(count=20)),
    (
        lambda ask: ask.matrix(2, "5m", "volume", "A", "forward", with_history=True, adjusted=True),
        GetMatrix(
            count=2,
            interval=FIVE,
            fields=(BarField.VOLUME,),
            symbols=("A",),
            fill=Fill.FORWARD,
            with_history=True,
            is_adjusted=True,
        ),
    ),
    (
        lambda ask: ask.matrix(1, fields=["high", "low", "high"], symbols="A"),
        GetMatrix(count=1, fields=(BarField.HIGH, BarField.LOW), symbols=("A",)),
    ),
    (lambda ask: ask.metrics("A"), GetMetrics(symbol="A")),
    (lambda ask: ask.quality(), GetQuality()),
    (lambda ask: ask.quality(iter("AB"), "5m", 3), GetQuality(symbols=("A", "B"), interval=FIVE, sessions=3)),
    (lambda ask: ask.quality("AAPL"), GetQuality(symbols=("AAPL",))),
    (lambda ask: ask.verdicts(["B", "B", "A"]), GetVerdicts(symbols=("B", "A"))),
    (lambda ask: ask.warm_up(), GetWarmUp()),
    (lambda ask: ask.active_symbols(), GetActiveSymbols()),
    (lambda ask: ask.history("A", 3, "5m"), GetHistory(symbol="A", sessions=3, interval=FIVE)),
    (
        lambda ask: ask.history("A", 3, fill="forward", adjusted=True),
        GetHistory(symbol="A", sessions=3, fill=Fill.FORWARD, is_adjusted=True),
    ),
    (lambda ask: ask.snapshot(iter("AB")), GetSnapshot(symbols=("A", "B"))),
    (lambda ask: ask.changes_since(4), GetChangesSince(revision=4)),
    (lambda ask: ask.certificate(), GetCertificate()),
    (lambda ask: ask.certificate("2024-07-02"), GetCertificate(date="2024-07-02")),
    (lambda ask: ask.gap_stories("2024-07-02"), GetGapStories(date="2024-07-02")),
    (lambda ask: ask.session(), GetSession()),
    (lambda ask: ask.digest(), GetDigest()),
    (lambda ask: ask.latest_quote("A"), GetLatestQuote(symbol="A")),
    (lambda ask: ask.quotes("A", 2), GetQuotes(symbol="A", count=2)),
    (lambda ask: ask.latest_tick("A"), GetLatestTick(symbol="A")),
    (lambda ask: ask.ticks("A", 2), GetTicks(symbol="A", count=2)),
]


@pytest.mark.parametrize(("ask", "query"), QUESTIONS, ids=lambda one: type(one).__name__)
def test_a_reader_asks_what_it_says(readers: Readers, ask: Callable[[Readers], Any], query: Query[Any]) -> None:
    assert ask(readers).get(timeout=10) == query


def test_a_count_is_a_number(readers: Readers) -> None:
    assert readers.bar_count("AAPL", "5m").get(timeout=10) == 0


def test_a_moment_without_a_zone_is_refused_with_what_to_write(readers: Readers) -> None:
    with pytest.raises(SettingsError, match=r"2024-07-02T10:30:00 has no time zone; .* like '10:30'"):
        readers.bars("A", datetime(2024, 7, 2, 10, 30))  # that is the point


def test_what_is_no_interval_is_refused_before_it_is_asked(readers: Readers) -> None:
    with pytest.raises(SettingsError, match="'soon' is no interval"):
        readers.bar_count("A", "soon")


def test_a_field_is_one_that_bars_have(readers: Readers) -> None:
    with pytest.raises(SettingsError, match=r"fields is 'open', 'high', .* or 'trades', not 'price'"):
        readers.matrix(5, fields=["close", "price"])
    with pytest.raises(SettingsError, match=r"fields is one or several of 'open', .* not 5"):
        readers.matrix(5, fields=5)


def test_there_is_one_way_to_fill(readers: Readers) -> None:
    with pytest.raises(SettingsError, match="fill is 'forward', not 'backward'"):
        readers.bars("A", fill="backward")
