"""Whole runs with history: what is required is there before the open, without minutes that nobody asked for."""

from collections import Counter
from functools import cache

import numpy as np
import pandas as pd
import pytest

from actors.feeds.simulated.market import SimulatedMarket
from actors.kernel.ports import StoredDay
from actors.session_data.core import SessionDataCore
from actors.settings import SessionRules, Settings
from messages import Adjustment, DataError, Room, SettingsError, SystemFailed, WarmUpReported
from tests.doubles import CountingStore
from tests.switchboard import Switchboard
from tests.system.worlds import QUARTER, frame, short, xnys

SYMBOLS = ("AAPL", "MSFT")
DATES = tuple(session.date for session in xnys(QUARTER).sessions("2023-07-03", "2024-07-05"))[-212:]
"""212 sessions; the last three are 2024-07-02, 2024-07-03 and 2024-07-05."""


@cache
def days() -> dict[str, StoredDay]:
    market = SimulatedMarket(symbols=SYMBOLS, quiet=0.1)
    made = {}
    for date in DATES:
        session = xnys(QUARTER).session(date)
        assert session is not None
        made[date] = market.day(session)
    return made


def store_of(sessions: int = len(DATES), adjustments: tuple[Adjustment, ...] = ()) -> CountingStore:
    store = CountingStore(adjustments)
    for date in DATES[-sessions:]:
        store.merge("XNYS", date, days()[date])
    return store


def closes(store: CountingStore, symbol: str, before: str, count: int) -> list[float]:
    """The last close of each of the sessions before a date, by pandas."""
    dates = [date for date in store.dates("XNYS") if date < before][-count:]
    bars = [frame(store, date) for date in dates]
    return [day[day.symbol == symbol].sort_values("start").close.iloc[-1] for day in bars]


@pytest.mark.slow
def test_two_hundred_sessions_of_daily_bars_are_there_at_the_open() -> None:
    store = store_of()
    system = short(store, last=3)
    system.require("AAPL", "1d", bars=200)
    with system:
        window = system.history("AAPL", 200, "1d").get(timeout=5)
        reached = system.last_bars("AAPL", 200, "1d", with_history=True).get(timeout=5)
        minutes = system.history("AAPL", 200, "1m").get(timeout=5)
        (need,) = system.warm_up().get(timeout=5)

    assert window.close.tolist() == closes(store, "AAPL", DATES[-3], 200)
    assert (window.short, len(window), reached.close.tolist()) == (0, 200, window.close.tolist())
    assert minutes.short == 195
    assert (need.is_warm, need.there) == (True, 200)


def test_weeks_are_those_of_pandas_and_the_last_one_is_partial() -> None:
    store = store_of(40)
    system = short(store, last=3)
    system.require("AAPL", "1w", bars=4)
    with system:
        window = system.last_bars("AAPL", 4, "1w", with_history=True).get(timeout=5)
        (need,) = system.warm_up().get(timeout=5)
        system.run(timeout=20)
        (week,) = system.bars("AAPL", interval="1w").get(timeout=5).bars()

    bars = pd.concat([frame(store, date).assign(date=pd.Timestamp(date)) for date in store.dates("XNYS")])
    own = bars[bars.symbol == "AAPL"].sort_values("start").set_index("date")
    by_week = own.resample("W-SUN").agg(
        {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    )
    assert window.to_pandas()[list(by_week)].to_numpy().tolist() == by_week.iloc[-5:-1].to_numpy().tolist()
    assert (week.open, week.high, week.low, week.close, week.volume) == tuple(by_week.iloc[-1])
    assert (need.is_warm, str(need.requirement)) == (True, "AAPL 1w: 4 asked")


def test_over_a_run_every_date_is_read_once_and_the_minutes_of_few_are_held() -> None:
    store = store_of()
    board = Switchboard(store, Settings(store="memory", last=3, closed=QUARTER, rules=SessionRules(daily_sessions=200)))
    board.play()
    core = board.shells[Room.SESSION_DATA]._core
    assert isinstance(core, SessionDataCore)

    assert set(Counter(date for date, _ in store.reads).values()) == {1}
    assert len(core.history.dates) == 5
    assert len(core.history.daily_dates) == 195
    assert (*core.history.daily_dates, *core.history.dates) == DATES[-201:-1]


def test_a_session_that_rolled_is_a_daily_bar_of_the_next() -> None:
    system = short(store_of(), last=3, daily_sessions=7, trailing_sessions=1)
    with system:
        system.run(timeout=20)
        window = system.history("AAPL", 7, "1d").get(timeout=5)

    assert window.close.tolist() == closes(store_of(), "AAPL", DATES[-1], 7)


def test_what_the_store_does_not_have_is_named() -> None:
    system = short(store_of(sessions=10), last=3)
    for symbol, interval, bars in (("AAPL", "1d", 200), ("AAPL", "5m", 21), ("MSFT", "5m", 22), ("ZZZ", "1m", 1)):
        system.require(symbol, interval, bars)
    with system:
        said = [str(need) for need in system.warm_up().get(timeout=5)]
        with system.subscribe(["warm_up"]) as events:
            report = next(events)

    assert said == [
        f"AAPL 1d: 200 asked, 7 there: the store begins on {DATES[-10]}",
        "AAPL 5m: 21 asked, 21 there",
        f"MSFT 5m: 22 asked, 21 there: the store begins on {DATES[-10]}",
        "ZZZ 1m: 1 asked, 0 there: no session before has this symbol",
    ]
    assert isinstance(report, WarmUpReported)
    assert (report.session_date, report.is_warm) == (DATES[-3], False)
    assert report.summary == "; ".join([said[0], *said[2:]])


def test_minutes_of_as_many_sessions_are_held_as_a_requirement_needs() -> None:
    system = short(store_of(), last=3)
    system.require("AAPL", "5m", bars=20)
    with system:
        window = system.last_bars("AAPL", 20, "5m", with_history=True).get(timeout=5)
        sessions = system.history("AAPL", 99, "5m").get(timeout=5)

    assert (len(window), window.short) == (20, 0)
    assert sessions.short == 99 - 7  # three bars of 5m a session


def test_what_is_required_while_it_runs_is_there_from_the_next_session_that_is_read() -> None:
    system = short(store_of(), last=3)
    with system, system.subscribe(["sessions", "warm_up"]) as events:
        next(events)
        system.require("AAPL", "1d", bars=50)
        said = [event.summary for event in events if isinstance(event, WarmUpReported)]

    assert said == ["AAPL 1d: 50 asked, 5 there: it was required after this session was read", "warm"]


def test_a_run_without_requirements_reports_nothing() -> None:
    with short(store_of(sessions=4), last=2) as system, system.subscribe(["warm_up"]) as events:
        assert list(events) == []
        assert system.warm_up().get(timeout=5) == ()


@pytest.mark.parametrize(("interval", "bars"), [("1d", 0), ("90s", 5), ("soon", 5)])
def test_what_cannot_be_had_cannot_be_required(interval: str, bars: int) -> None:
    with pytest.raises(SettingsError):
        short(store_of(sessions=2)).require("AAPL", interval, bars)


def test_history_is_served_raw_or_adjusted_and_no_future_split_leaks() -> None:
    past = Adjustment(symbol="AAPL", ex_date=DATES[-4], split_ratio=4.0)
    future = Adjustment(symbol="AAPL", ex_date=DATES[-2], split_ratio=10.0)
    other = Adjustment(symbol="MSFT", ex_date=DATES[-4], split_ratio=3.0)
    system = short(store_of(adjustments=(past, future, other)), symbols=["AAPL"], last=3)
    with system, system.subscribe(["sessions"]) as events:
        next(events)
        raw, first = (system.history("AAPL", 3, adjusted=a).get(timeout=5) for a in (False, True))
        for event in events:
            if getattr(event, "kind", None) == "opened":
                break
        second = system.history("AAPL", 4, adjusted=True).get(timeout=5)

    ratio = (raw.close / first.close).tolist()
    assert sorted(set(np.round(ratio, 9))) == [1.0, 4.0]
    assert np.allclose((first.volume / raw.volume)[raw.volume > 0], np.array(ratio)[raw.volume > 0])
    assert second.close[: len(first)] == pytest.approx(first.close / 10)
    assert (raw.is_adjusted, first.is_adjusted) == (False, True)


def test_adjustments_that_cannot_be_read_stop_the_run() -> None:
    class Torn(CountingStore):
        def adjustments(self) -> tuple[Adjustment, ...]:
            raise DataError("adjustments.parquet: row 1, ex_date: expected a date")

    store = Torn()
    for date in DATES[-3:]:
        store.merge("XNYS", date, days()[date])

    with pytest.raises(SystemFailed, match="row 1, ex_date"):
        short(store, last=1).start()
