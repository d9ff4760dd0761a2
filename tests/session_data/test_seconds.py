"""A session of seconds: a grid of 23,400 columns works like any other."""

from functools import cache
from itertools import pairwise
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from msgspec.structs import replace

from actors.feeds.simulated.market import SimulatedMarket
from actors.session_data.core import SessionDataCore
from actors.settings import SessionRules
from messages import (
    BarBatch,
    BarRejected,
    BarsArrived,
    BarsUpdated,
    BarWindow,
    GapDetected,
    GetBarCount,
    GetBars,
    GetChangesSince,
    GetDigest,
    GetHistory,
    GetLatestBars,
    GetMetrics,
    GetQuality,
    GetSession,
    Interval,
    Message,
    MinuteClosed,
    TimeAdvanced,
    TradingSession,
)
from messages.tables.columns import Floats
from messages.values import MINUTE_NS, ONE_DAY, ONE_MINUTE, SECOND_NS, Nanos
from tests.builders import DAY, HALF_DAY, arrived, bar, closed, opened, session_tiny
from tests.session_data.streams import ask, play

ONE_SECOND, FIVE_MINUTES = Interval.parse("1s"), Interval.parse("5m")
FIELDS = ["open", "high", "low", "close", "volume"]
FOLDED = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
RULES = SessionRules(base_interval=ONE_SECOND, intervals=(ONE_MINUTE, FIVE_MINUTES, ONE_DAY), trailing_sessions=1)


def of_seconds(session: TradingSession) -> TradingSession:
    return replace(session, base_interval=ONE_SECOND)


@cache
def market(session: TradingSession) -> BarBatch:
    """A day of seconds, a fifth of them without a trade."""
    return replace(SimulatedMarket.of_size(2, quiet=0.2).day(of_seconds(session)).bars, is_sane=True)


def core_of() -> SessionDataCore:
    return SessionDataCore(RULES, has_upkeep=True)


def in_chunks(session: TradingSession, batch: BarBatch, seconds: int) -> list[Message]:
    """The day as a backtest tells it: so many seconds at once, the symbols known from the start."""
    told: list[Message] = [opened(of_seconds(session), batch.symbols)]
    edges = [*range(session.start_ns, session.end_ns, seconds * SECOND_NS), session.end_ns]
    for start_ns, end_ns in pairwise(edges):
        first, last = np.searchsorted(batch.start_ns, (start_ns, end_ns)).tolist()
        told.append(BarsArrived(batch=batch.rows(first, last), now_ns=end_ns, is_whole=True))
    return told


def told(core: SessionDataCore, messages: list[Any]) -> list[Any]:
    """What the core says; it is checked at the end, for a look over the whole grid after each second takes long."""
    said = [event for message in messages for event in core.handle(message).out]
    core.check()
    return said


def frame(batch: BarBatch, symbol: str) -> pd.DataFrame:
    of_symbol = batch.only(frozenset((symbol,)))
    columns = {name: getattr(of_symbol, name) for name in FIELDS}
    return pd.DataFrame(columns, index=pd.to_datetime(of_symbol.start_ns, utc=True))


def table(window: BarWindow) -> Floats:
    """Bars x fields."""
    return np.column_stack([getattr(window, name) for name in FIELDS])


def by_pandas(batch: BarBatch, symbol: str, rule: str) -> pd.DataFrame:
    return frame(batch, symbol).resample(rule).agg(FOLDED).dropna()  # type: ignore[arg-type]  # a dict of names is one


@pytest.mark.slow
@pytest.mark.parametrize(("session", "seconds"), [(DAY, 23_400), (HALF_DAY, 12_600)], ids=["day", "half-day"])
def test_every_second_closes_once_and_its_bars_are_those_that_came(session: TradingSession, seconds: int) -> None:
    batch = market(session)
    core = core_of()
    said = told(core, in_chunks(session, batch, 300))
    closings = [event for event in said if isinstance(event, MinuteClosed)]
    lacking = [event.gap for event in said if isinstance(event, GapDetected)]

    assert [event.start_ns for event in closings] == [session.start_ns + i * SECOND_NS for i in range(seconds)]
    assert sum(event.present for event in closings) == len(batch)
    assert {gap.end_ns - gap.start_ns for gap in lacking} == {SECOND_NS}
    assert sum(len(gap.symbols) for gap in lacking) == 2 * seconds - len(batch)
    for symbol in batch.symbols:
        window = ask(core, GetBars(symbol=symbol, interval=ONE_SECOND))
        assert table(window).tolist() == frame(batch, symbol).to_numpy().tolist()
        assert set((window.end_ns - window.start_ns).tolist()) == {SECOND_NS}


@pytest.mark.parametrize(("interval", "rule"), [(ONE_MINUTE, "1min"), (FIVE_MINUTES, "5min")], ids=str)
def test_minutes_are_derived_bars_and_are_what_pandas_makes_of_the_seconds(interval: Interval, rule: str) -> None:
    batch, core = market(DAY), core_of()
    said = told(core, in_chunks(DAY, batch, 77))

    for symbol in batch.symbols:
        expected = by_pandas(batch, symbol, rule)
        published = [
            one
            for event in said
            if isinstance(event, BarsUpdated) and event.interval == interval
            for one in event.batch.bars()
            if one.symbol == symbol
        ]
        window = ask(core, GetBars(symbol=symbol, interval=interval))
        assert window.start_ns.tolist() == expected.index.astype("datetime64[ns, UTC]").astype("int64").tolist()
        np.testing.assert_allclose(table(window), expected.to_numpy(), rtol=1e-12)
        assert [one.start_ns for one in published] == window.start_ns.tolist()
        assert [one.close for one in published] == window.close.tolist()


def test_quality_counts_seconds_and_of_minutes_those_that_are_whole() -> None:
    core = core_of()
    given = [bar("A", DAY.start_ns + i * SECOND_NS) for i in range(150) if i not in (7, 100, 101)]
    batch = BarBatch.of([replace(one, interval=ONE_SECOND) for one in given])
    play(core, [opened(of_seconds(DAY), ["A"]), BarsArrived(batch=batch, now_ns=DAY.start_ns + 180 * SECOND_NS)])
    play(core, [TimeAdvanced(now_ns=DAY.start_ns + 180 * SECOND_NS)])

    seconds = ask(core, GetQuality(interval=ONE_SECOND)).quality
    minutes = ask(core, GetQuality(interval=ONE_MINUTE)).quality
    assert (seconds.closed, seconds.completeness) == (180, 100 * 147 / 180)
    assert (seconds.verdicts.streamed, seconds.verdicts.missing, seconds.verdicts.pending) == (147, 33, 23_220)
    assert (minutes.closed, minutes.completeness) == (3, 0.0)
    assert ask(core, GetMetrics(symbol="A")).completeness == 100 * 147 / 180
    assert ask(core, GetBarCount(symbol="A", interval=ONE_MINUTE)) == 3


@pytest.mark.slow
def test_the_digest_is_that_of_the_content_however_it_came() -> None:
    batch, whole, late = market(HALF_DAY), core_of(), core_of()
    told(whole, in_chunks(HALF_DAY, batch, 900))
    first, *rest = in_chunks(HALF_DAY, batch, 900)
    Random(5).shuffle(rest)
    told(late, [first, *(replace(message, is_whole=False, now_ns=HALF_DAY.end_ns) for message in rest)])  # type: ignore[type-var]  # arrivals all
    one_second_less = core_of()
    told(one_second_less, in_chunks(HALF_DAY, batch.rows(0, len(batch) - 1), 900))

    digest = ask(whole, GetDigest())
    assert ask(late, GetDigest()) == digest
    assert ask(one_second_less, GetDigest()) != digest


def refusals(core: SessionDataCore, *messages: Message) -> list[str]:
    return [event.reason for event in play(core, list(messages)) if isinstance(event, BarRejected)]


def second(start_ns: Nanos, close: float = 100.0) -> Any:
    return replace(bar("A", start_ns, close), interval=ONE_SECOND)


def test_bars_of_a_minute_and_bars_between_two_seconds_are_turned_away_by_name() -> None:
    session = of_seconds(session_tiny(2))
    core = SessionDataCore(RULES)
    play(core, [opened(session, ["A"])])
    late = session.end_ns + MINUTE_NS

    assert refusals(core, arrived(bar("A", session.start_ns), now=late)) == ["not_1s"]
    assert refusals(core, arrived(second(session.start_ns + SECOND_NS // 2), now=late)) == ["off_the_1s"]
    off = replace(second(session.start_ns + SECOND_NS // 2), close=float("nan"))
    assert refusals(core, arrived(off, now=late)) == ["not_finite"]
    twice = [second(session.start_ns + 1), second(session.start_ns, float("nan"))]
    assert refusals(core, arrived(*twice, now=late)) == ["not_finite", "off_the_1s"]


def test_a_second_is_known_at_its_end() -> None:
    session = of_seconds(session_tiny(2))
    core = SessionDataCore(RULES)
    play(core, [opened(session, ["A"])])
    start_ns = session.start_ns

    assert refusals(core, arrived(second(start_ns), now=start_ns + SECOND_NS - 1)) == ["in_the_future"]
    assert refusals(core, arrived(second(start_ns), now=start_ns + SECOND_NS)) == []


def test_latest_bars_and_changes_are_those_of_seconds_and_the_session_says_so() -> None:
    session = of_seconds(session_tiny(2))
    core = SessionDataCore(RULES)
    given = [second(session.start_ns + i * SECOND_NS, i + 1.0) for i in range(3)]
    play(core, [opened(session, ["A"]), *map(arrived, given)])

    (latest,) = ask(core, GetLatestBars())
    assert (latest.close, latest.interval, latest.end_ns) == (3.0, ONE_SECOND, session.start_ns + 3 * SECOND_NS)
    changes = ask(core, GetChangesSince(revision=1))
    assert (changes.close.tolist(), changes.interval) == ([2.0, 3.0], ONE_SECOND)
    assert ask(core, GetSession()).base_interval == ONE_SECOND


def test_a_late_second_repairs_its_minute_of_the_open_session_and_of_one_that_is_history() -> None:
    monday, tuesday = (of_seconds(session_tiny(2, day=f"2024-07-0{number}")) for number in (1, 2))
    core = SessionDataCore(RULES)
    given = [second(monday.start_ns + i * SECOND_NS) for i in range(120) if i not in (30, 90)]
    play(core, [opened(monday, ["A"]), *(arrived(one) for one in given), TimeAdvanced(now_ns=monday.end_ns)])
    in_time = play(core, [arrived(second(monday.start_ns + 30 * SECOND_NS, 200.0), now=monday.end_ns)])
    play(core, [closed(monday), opened(tuesday, ["A"])])
    after = play(core, [arrived(second(monday.start_ns + 90 * SECOND_NS, 300.0), now=tuesday.start_ns)])

    repaired = [
        (event.interval, event.is_repair, [one.high for one in event.batch.bars()])
        for event in [*in_time, *after]
        if isinstance(event, BarsUpdated) and event.interval <= ONE_MINUTE
    ]
    assert repaired == [
        (ONE_SECOND, False, [200.0]),
        (ONE_MINUTE, True, [200.0]),
        (ONE_SECOND, True, [300.0]),
        (ONE_MINUTE, True, [300.0]),
    ]
    past = ask(core, GetHistory(symbol="A", interval=ONE_MINUTE))
    assert (past.high.tolist(), past.base_counts.tolist()) == ([200.0, 300.0], [60, 60])
    assert len(ask(core, GetHistory(symbol="A", interval=ONE_SECOND))) == 120


def test_a_symbol_takes_fewer_than_52_bytes_a_second() -> None:
    core = core_of()
    told(core, [opened(of_seconds(DAY), [f"S{number:03}" for number in range(100)])])
    assert core._book is not None
    planes = [plane for plane in vars(core._book.grid).values() if isinstance(plane, np.ndarray)]

    assert 41 * 23_400 * 100 < sum(plane.nbytes for plane in planes) <= 52 * 23_400 * 100
