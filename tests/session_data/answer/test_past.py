"""The past against the oracle: minutes and daily bars, raw, adjusted and carried forward, and their quality."""

import random
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.market.axis import SessionAxis
from actors.market.daily import joined, reduced
from actors.session_data.core import SessionDataCore
from messages import (
    Adjustment,
    Background,
    Bar,
    BarWindow,
    DailyBars,
    DayGrid,
    Fill,
    GetBars,
    GetHistory,
    GetLastBars,
    GetQuality,
    HistoryPlan,
    Interval,
    TradingSession,
    Verdict,
)
from messages.columns import freeze
from messages.values import MINUTE_NS, ONE_DAY, ONE_MINUTE
from tests.builders import arrived, day_grid, opened, session_tiny, time
from tests.depth import examples
from tests.oracle_day import Day, day_of
from tests.oracle_past import adjusted, bars_of, carried, quality
from tests.session_data.streams import INTERVALS, SOUND, ask, bar_of, minutes_of, play

SYMBOLS = ("A", "B", "C")
DATES = tuple(f"2024-07-{day:02}" for day in range(1, 8))
SESSIONS = [
    session_tiny(3, 4, day=DATES[0]),
    session_tiny(5, pre=2, post=2, day=DATES[1]),
    session_tiny(4, day=DATES[2]),
    session_tiny(3, 2, pre=1, day=DATES[3]),
    session_tiny(2, day=DATES[4]),
    session_tiny(4, 2, post=2, day=DATES[5]),
]
TRAILING = 2
TODAY = SESSIONS[-1]
VERDICTS = (Verdict.MISSING, Verdict.MISSING, Verdict.NO_TRADE, Verdict.ABANDONED)
SEEDS = st.integers(0, 2**32)


def made_up(dice: random.Random, session: TradingSession) -> DayGrid:
    """A closed session that knows some of the symbols, with holes of every kind."""
    names = sorted(dice.sample(SYMBOLS, dice.randint(0, 3)))
    minutes, density = minutes_of(session), dice.choice([0.0, 0.3, 0.8, 1.0])
    rows = [
        bar_of(name, start, dice.choice(SOUND[:2])) for name in names for start in minutes if dice.random() < density
    ]
    grid = day_grid(session, rows, names)
    told = np.array([[dice.choice(VERDICTS) for _ in names] for _ in minutes], dtype=np.uint8).reshape(
        grid.verdicts.shape
    )
    verdicts = np.where(grid.verdicts == Verdict.MISSING, told, grid.verdicts)
    return msgspec.structs.replace(grid, verdicts=freeze(verdicts))


def daily_of(grids: list[DayGrid]) -> DailyBars:
    return joined([reduced(SessionAxis(grid.session), grid.symbols, grid.values, grid.verdicts) for grid in grids])


def events(dice: random.Random) -> list[Adjustment]:
    """Splits and dividends, some of them still to come."""
    made = [
        Adjustment(
            symbol=dice.choice(SYMBOLS[:2]),
            ex_date=dice.choice(DATES),
            split_ratio=dice.choice([1.0, 2.0, 0.25]),
            dividend=dice.choice([0.0, 3.0]),
        )
        for _ in range(dice.randint(0, 4))
    ]
    return list({(one.symbol, one.ex_date): one for one in made}.values())


class Past:
    """A core and the oracle's days, told the same: three sessions as daily bars, two with minutes, one open."""

    def __init__(self, seed: int) -> None:
        dice = random.Random(seed)
        grids = [made_up(dice, session) for session in SESSIONS[:5]]
        self.days: list[Day] = [day_of(grid) for grid in grids]
        self.adjustments = events(dice)
        plan = HistoryPlan(trailing_sessions=TRAILING, daily_sessions=5)
        background = Background(plan=plan, daily=daily_of(grids[:3]), adjustments=tuple(self.adjustments))
        minutes = minutes_of(TODAY)
        now = minutes[dice.randint(0, len(minutes) - 1)] + MINUTE_NS
        rows = [
            bar_of(symbol, start, dice.choice(SOUND[:2]))
            for symbol in SYMBOLS[:2]
            for start in minutes
            if start < now and dice.random() < 0.6
        ]
        self.core = SessionDataCore()
        sent = [arrived(*rows, now=now)] if rows else []
        play(self.core, [_with(opened(TODAY, SYMBOLS[:2], grids[3:]), background), *sent, time(now)])
        self.today = day_of(day_grid(TODAY, rows, SYMBOLS[:2]))
        self.today.closed = {start for start in minutes if start + MINUTE_NS <= now}

    def before(self, interval: Interval, sessions: int) -> list[Day]:
        """The last sessions before today that can be read."""
        held = self.days if interval.is_daily else self.days[-TRAILING:]
        return held[-sessions:]

    def expected(
        self, days: list[Day], symbol: str, interval: Interval, *, fill: bool, is_across: bool, is_adjusted: bool
    ) -> list[Bar]:
        known = [one for one in self.adjustments if one.ex_date <= TODAY.date] if is_adjusted else []
        if fill:
            return carried(days, symbol, interval, is_across=is_across, adjustments=known, daily=self.days)
        return [adjusted(one, day, known, self.days) for day in days for one in bars_of([day], symbol, interval)]


def _with(opening: Any, background: Background) -> Any:
    return msgspec.structs.replace(opening, background=background)


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
    play(core, [_with(opening, Background(plan=plan, daily=daily_of(grids[:1])))])

    window = ask(core, GetHistory(symbol="A", sessions=2, interval=ONE_DAY))

    assert (len(window), window.empty_minutes) == (2, 3 + 2)
    assert (window.base_counts.tolist(), window.base_expected.tolist()) == ([1, 1], [4, 3])
