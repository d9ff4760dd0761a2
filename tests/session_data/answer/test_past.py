"""The past against the oracle: minutes and daily bars, raw, adjusted and carried forward, and their quality."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.session_data.core import SessionDataCore
from messages import (
    Background,
    Bar,
    BarWindow,
    Fill,
    GetBars,
    GetHistory,
    GetLastBars,
    GetQuality,
    HistoryPlan,
    Interval,
    Verdict,
)
from messages.values import MINUTE_NS, ONE_DAY, ONE_MINUTE
from tests.builders import day_grid, opened, session_tiny
from tests.depth import examples
from tests.oracle_past import quality
from tests.session_data.earlier import SEEDS, SYMBOLS, TODAY, Past, daily_of, with_background
from tests.session_data.streams import INTERVALS, SOUND, ask, bar_of, minutes_of, play


def same(window: BarWindow, expected: list[Bar]) -> bool:
    """Whether a window has these bars: prices and volumes to rounding, the rest exactly."""
    got = window.bars()
    numbers = ("open", "high", "low", "close", "volume")
    left = [[getattr(one, name) for name in numbers] for one in got]
    right = [[getattr(one, name) for name in numbers] for one in expected]
    bare = [
        [msgspec.structs.replace(one, open=0, high=0, low=0, close=0, volume=0, revision=0) for one in bars]
        for bars in (got, expected)
    ]
    return bare[0] == bare[1] and np.allclose(np.array(left), np.array(right), rtol=1e-12)


@examples(150)
@given(
    seed=SEEDS,
    sessions=st.integers(1, 7),
    interval=st.sampled_from(INTERVALS),
    fill=st.sampled_from([None, Fill.FORWARD]),
    is_adjusted=st.booleans(),
)
def test_history_equals_the_oracle(
    seed: int, sessions: int, interval: Interval, fill: Fill | None, is_adjusted: bool
) -> None:
    past = Past(seed)
    for symbol in SYMBOLS[:2]:
        window = ask(
            past.core,
            GetHistory(symbol=symbol, sessions=sessions, interval=interval, fill=fill, is_adjusted=is_adjusted),
        )
        days = past.before(interval, sessions)

        assert same(
            window,
            past.expected(
                days,
                symbol,
                interval,
                fill=fill is not None,
                is_across=interval.is_daily,
                is_adjusted=is_adjusted,
            ),
        )
        assert window.short == sessions - sum(symbol in day.symbols for day in days)
        assert (window.fill, window.is_adjusted) == (fill, is_adjusted)


@examples(150)
@given(
    seed=SEEDS,
    count=st.integers(1, 25),
    interval=st.sampled_from(INTERVALS),
    fill=st.sampled_from([None, Fill.FORWARD]),
    with_history=st.booleans(),
    is_adjusted=st.booleans(),
)
def test_last_bars_equal_the_oracle(
    seed: int,
    count: int,
    interval: Interval,
    fill: Fill | None,
    with_history: bool,
    is_adjusted: bool,
) -> None:
    past = Past(seed)
    for symbol in SYMBOLS[:2]:
        window = ask(
            past.core,
            GetLastBars(
                symbol=symbol,
                count=count,
                interval=interval,
                fill=fill,
                with_history=with_history,
                is_adjusted=is_adjusted,
            ),
        )
        days = [*(past.before(interval, 9) if with_history else []), past.today]
        expected = past.expected(
            days, symbol, interval, fill=fill is not None, is_across=True, is_adjusted=is_adjusted
        )[-count:]

        assert same(window, expected)
        assert window.short == count - len(expected)
        assert window.is_filled.tolist() == [one.verdict < Verdict.FILLED for one in expected]


@examples(100)
@given(seed=SEEDS, interval=st.sampled_from(INTERVALS), first=st.integers(0, 6), minutes=st.integers(0, 9))
def test_bars_carried_forward_equal_the_oracle(seed: int, interval: Interval, first: int, minutes: int) -> None:
    past = Past(seed)
    start, end = (TODAY.start_ns + minute * MINUTE_NS for minute in (first, first + minutes))
    for symbol in SYMBOLS[:2]:
        window = ask(past.core, GetBars(symbol=symbol, start=start, end=end, interval=interval, fill=Fill.FORWARD))
        made = past.expected([past.today], symbol, interval, fill=True, is_across=False, is_adjusted=False)

        assert same(window, [one for one in made if start <= one.start_ns < end])


@examples(100)
@given(
    seed=SEEDS,
    interval=st.sampled_from(INTERVALS),
    sessions=st.integers(0, 4),
    symbols=st.sampled_from([(), ("A",), ("A", "B")]),
)
def test_quality_equals_the_oracle(seed: int, interval: Interval, sessions: int, symbols: tuple[str, ...]) -> None:
    past = Past(seed)
    known = {symbol for day in [*past.before(ONE_MINUTE, 9), past.today] for symbol in day.symbols}
    known |= {symbol for day in past.days for symbol in day.symbols}
    if not known.issuperset(symbols):
        return
    report = ask(past.core, GetQuality(symbols=symbols, interval=interval, sessions=sessions))
    days = past.before(ONE_MINUTE, sessions) if sessions else [past.today]
    for got, regular in ((report.quality, True), (report.extended_quality, False)):
        closed, complete, good = quality(days, list(symbols or SYMBOLS), interval, regular=regular)

        assert got.closed == closed
        assert got.completeness == (pytest.approx(100 * complete / closed) if closed else None)
        assert got.bar_quality == (pytest.approx(100 * good / closed) if closed else None)
    assert report.short == (sessions - len(days) if sessions else 0)
    assert report.sessions == (tuple(day.session.date for day in days) if sessions else ())


def test_a_daily_window_counts_the_regular_minutes_without_a_bar() -> None:
    monday, tuesday = session_tiny(4, day="2024-07-01"), session_tiny(3, pre=2, post=2, day="2024-07-02")
    grids = [
        day_grid(monday, [bar_of("A", minutes_of(monday)[0], SOUND[0])], ["B"]),
        day_grid(tuesday, [bar_of("A", minutes_of(tuesday)[3], SOUND[0])]),
    ]
    core = SessionDataCore()
    plan = HistoryPlan(trailing_sessions=1, daily_sessions=2)
    opening = opened(session_tiny(3, day="2024-07-03"), ["A"], grids[1:])
    play(core, [with_background(opening, Background(plan=plan, daily=daily_of(grids[:1])))])

    window = ask(core, GetHistory(symbol="A", sessions=2, interval=ONE_DAY))

    assert (len(window), window.empty_minutes) == (2, 3 + 2)
    assert (window.base_counts.tolist(), window.base_expected.tolist()) == ([1, 1], [4, 3])
