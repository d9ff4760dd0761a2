"""What comes before a session: daily bars of sessions long past, splits and dividends, and what somebody needs."""

import msgspec

from messages.base import Command, Event, Query
from messages.errors import SettingsError
from messages.tables.columns import Columnar, Floats, Indices, Stamps, Verdicts
from messages.tables.notebook import Reply
from messages.values import ONE_MINUTE, Interval


class Requirement(msgspec.Struct, frozen=True, kw_only=True):
    """So many bars of an interval shall be there before a session opens."""

    symbol: str
    interval: Interval
    bars: int

    @classmethod
    def of(cls, symbol: str, interval: str | Interval, bars: int, base: Interval = ONE_MINUTE) -> "Requirement":
        """Make a requirement.

        Args:
            symbol: one that is played.
            interval: of the bars.
            bars: how many.
            base: the length of the base bars, of which those are made.

        Raises:
            SettingsError: no such interval can be made of base bars, or no bar is asked for.
        """
        made = cls(symbol=symbol, interval=Interval.parse(interval), bars=bars)
        if bars < 1:
            raise SettingsError(f"the number of bars that are required is 1 or more, not {bars}")
        if made.interval.seconds % base.seconds:
            raise SettingsError(f"interval {made.interval} is no whole multiple of {base}, of which bars are made")
        return made

    def __str__(self) -> str:
        return f"{self.symbol} {self.interval}: {self.bars} asked"


class WarmUp(Reply, frozen=True, kw_only=True):
    """What became of a requirement at a session's opening."""

    requirement: Requirement
    there: int
    """Bars of closed sessions that can be read."""
    reason: str = ""
    """Why there are too few; empty where there are enough."""

    @property
    def is_warm(self) -> bool:
        """Whether there are as many bars as were asked for."""
        return self.there >= self.requirement.bars

    def __str__(self) -> str:
        said = f"{self.requirement}, {self.there} there"
        return f"{said}: {self.reason}" if self.reason else said


class Adjustment(msgspec.Struct, frozen=True, kw_only=True):
    """A split, a dividend, or both: bars of sessions before ``ex_date`` are not comparable with those since."""

    symbol: str
    ex_date: str
    """The first session without the claim, ISO."""
    split_ratio: float = 1.0
    """Shares after it for one share before: 4.0 for a split of four for one, 0.05 for a reverse split of one for 20."""
    dividend: float = 0.0
    """In currency for a share as it was on the day before ``ex_date``."""


class DailyBars(Columnar, frozen=True, kw_only=True, eq=False):
    """Daily bars of several sessions and symbols, without the minutes that they are made of.

    Every column has a row a session, in order of time; most have a column a symbol.
    """

    dates: tuple[str, ...]
    """The sessions' labels, ISO, ascending."""
    symbols: tuple[str, ...]
    start_ns: Stamps
    """The regular opens."""
    end_ns: Stamps
    """The regular closes."""
    expected: Indices
    """Regular minutes of each session."""
    values: Floats
    """Sessions x fields x symbols, NaN where there is no bar."""
    counts: Indices
    """Sessions x symbols: how many base bars a bar is made of; 0: there is none; -1: the session had no such symbol."""
    verdicts: Verdicts
    """Sessions x symbols: the best verdict among the regular minutes."""

    def __len__(self) -> int:
        return len(self.dates)


class HistoryPlan(msgspec.Struct, frozen=True, kw_only=True):
    """How much is kept of what comes before a session."""

    trailing_sessions: int
    """Closed sessions with their minutes."""
    daily_sessions: int
    """Closed sessions of which there are daily bars, those with their minutes included."""
    oldest: str = ""
    """The first of all these sessions, ISO."""
    store_begins: str = ""
    """The first session that the store has, ISO."""
    needs: tuple[Requirement, ...] = ()
    """What was taken into account."""


class Background(Columnar, frozen=True, kw_only=True, eq=False):
    """What a session starts with besides its trailing days."""

    plan: HistoryPlan
    daily: DailyBars | None = None
    """Sessions that SessionData does not hold yet."""
    adjustments: tuple[Adjustment, ...] = ()
    """All that took effect since ``plan.oldest`` up to the session's date: none lies in its future."""


class RequireHistory(Command, frozen=True, kw_only=True):
    """Have so many bars of closed sessions in memory, from the next session on that has not been read yet."""

    requirement: Requirement


class WarmUpReported(Event, frozen=True, kw_only=True):
    """A session opened, and this is what it has of what was required."""

    session_date: str
    needs: tuple[WarmUp, ...]
    summary: str
    """One line for the log: ``warm``, or what is short."""

    @property
    def is_warm(self) -> bool:
        """Whether all that was required is there."""
        return all(need.is_warm for need in self.needs)


class GetWarmUp(Query[tuple[WarmUp, ...]], frozen=True, kw_only=True):
    """What is there of all that was required; nothing required, nothing answered."""
