"""Sessions before the open one, told alike to a core and to the oracle: some with their minutes, some as daily bars."""

import random
from typing import Any

import msgspec
import numpy as np
from hypothesis import strategies as st

from actors.market.axis import SessionAxis
from actors.market.daily import joined, reduced
from actors.session_data.core import SessionDataCore
from messages import Adjustment, Background, Bar, DailyBars, DayGrid, HistoryPlan, Interval, TradingSession, Verdict
from messages.tables.columns import freeze
from messages.values import MINUTE_NS
from tests.builders import arrived, day_grid, opened, session_tiny, time
from tests.oracle_day import Day, day_of
from tests.oracle_past import adjusted, bars_of, carried
from tests.session_data.streams import SOUND, bar_of, minutes_of, play

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
        play(self.core, [with_background(opened(TODAY, SYMBOLS[:2], grids[3:]), background), *sent, time(now)])
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


def with_background(opening: Any, background: Background) -> Any:
    return msgspec.structs.replace(opening, background=background)
