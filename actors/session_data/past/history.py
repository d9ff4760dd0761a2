"""Closed sessions, read-only: the last ones with their minutes, those before with their daily bars.

A repair copies the day and swaps the reference.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import numpy as np

from actors.market.axis import axis_of
from actors.market.back_adjustment import Factors
from actors.market.daily import reduced
from actors.session_data.hold.grid import Grid
from actors.session_data.hold.windows import Column, Piece, bars_of
from actors.session_data.past.dailies import Dailies
from actors.settings import SessionRules
from messages.history import Adjustment, Background, DailyBars, HistoryPlan
from messages.tables.columns import CLOSE, DayGrid, Floats, Indices, Verdicts, freeze
from messages.values import FIRST_WITH_BAR, ONE_DAY, Interval, Nanos

_NO_DAYS: Indices = freeze(np.zeros(0, dtype=np.int32))
_NO_CLOSES: Floats = freeze(np.zeros(0))


class HistoryDay:
    """One closed session and what it takes to read it. Bars of longer intervals are made once."""

    def __init__(self, grid: DayGrid, revision: int = 0, sources: Verdicts | None = None) -> None:
        self.grid = grid
        self.sources = sources
        """Who wrote what, for a day that was played here; not known of a day that was read from a store."""
        self.revision = revision
        """How often it was repaired since it closed."""
        self.axis = axis_of(grid.session)
        self.columns = {symbol: column for column, symbol in enumerate(grid.symbols)}
        self._pieces: dict[tuple[str, Interval], Piece] = {}
        self._counts: dict[Interval, Indices] = {}

    @property
    def date(self) -> str:
        """The session's label, ISO."""
        return self.grid.session.date

    @cached_property
    def traded(self) -> frozenset[str]:
        """The symbols that have a bar."""
        symbols, verdicts = self.grid.symbols, self.grid.verdicts
        if bool((verdicts[-1] >= FIRST_WITH_BAR).all()):  # as a rule
            return frozenset(symbols)
        has_bar = (verdicts >= FIRST_WITH_BAR).any(axis=0)
        return frozenset(symbols[column] for column in np.flatnonzero(has_bar).tolist())

    def column(self, symbol: str) -> Column | None:
        """Return a symbol's minutes; ``None`` where the session did not know it."""
        column = self.columns.get(symbol)
        if column is None:
            return None
        verdicts = self.grid.verdicts[:, column]
        return Column(
            axis=self.axis,
            values=self.grid.values[:, :, column],
            verdicts=verdicts,
            revisions=np.full(len(verdicts), self.revision, dtype=np.uint32),
            closed=self.axis.slots,
        )

    def piece(self, symbol: str, interval: Interval, *, with_blanks: bool = False) -> Piece | None:
        """Return a symbol's bars; ``None`` where the session did not know it."""
        made = self._pieces.get((symbol, interval))
        if made is None:
            column = self.column(symbol)
            if column is None:
                return None
            made = bars_of(column, interval, with_blanks=True)
            if interval != self.axis.interval:  # base bars need no making, and would be held twice
                self._pieces[symbol, interval] = made
        is_blank = made.counts == 0
        return made if with_blanks or not is_blank.any() else made.cut(~is_blank)

    def counts(self, symbols: Sequence[str], interval: Interval) -> Indices:
        """Return how many bars of an interval each symbol has."""
        if interval not in self._counts:
            self._counts[interval] = self._counted(interval)
        columns = [self.columns.get(symbol, -1) for symbol in symbols]
        return self._counts[interval][columns]

    def _counted(self, interval: Interval) -> Indices:
        edges = self.axis.edges(interval)
        best = np.maximum.reduceat(self.grid.verdicts[: edges[-1]], edges[:-1], axis=0)
        counts: Indices = (best >= FIRST_WITH_BAR).sum(axis=0, dtype=np.int32)
        return np.append(counts, np.int32(0))  # the last is for who is not known

    @cached_property
    def daily(self) -> DailyBars:
        """The daily bars of all its symbols."""
        return reduced(self.axis, self.grid.symbols, self.grid.values, self.grid.verdicts)

    def widened(self, grid: DayGrid) -> "HistoryDay":
        """Return the day with columns for those symbols of another grid of it that it does not have."""
        new = [column for column, symbol in enumerate(grid.symbols) if symbol not in self.columns]
        if not new:
            return self
        mine, count = self.grid, len(self.grid.symbols)
        wide = DayGrid(
            session=mine.session,
            symbols=(*mine.symbols, *(grid.symbols[column] for column in new)),
            values=freeze(np.concatenate([mine.values, grid.values[:, :, new]], axis=2)),
            verdicts=freeze(np.concatenate([mine.verdicts, grid.verdicts[:, new]], axis=1)),
        )
        sources = self.sources
        if sources is not None:  # nobody in this house wrote the new columns
            sources = np.concatenate([sources[:, :count], np.zeros((len(sources), len(new)), np.uint8)], axis=1)
        return HistoryDay(wide, self.revision, sources)


def _by_symbol(adjustments: Iterable[Adjustment]) -> dict[str, list[Adjustment]]:
    held: dict[str, list[Adjustment]] = {}
    for one in adjustments:
        held.setdefault(one.symbol, []).append(one)
    return held


class History:
    """The trailing sessions: at most ``length`` with their minutes, and daily bars of at most ``daily_length``."""

    def __init__(self, length: int, daily_length: int = 0) -> None:
        self._length = length
        self._daily_length = daily_length
        self._days: list[HistoryDay] = []
        self._dailies = Dailies()
        self._adjustments: dict[str, list[Adjustment]] = {}
        self.plan: HistoryPlan | None = None
        """How much was to be kept when the latest session was read; ``None``: nobody said."""

    # --- from session to session

    def adopt(self, other: "History") -> None:
        """Have all that another one has, which is not used any more."""
        vars(self).update(vars(other))

    def extend(self, grids: Iterable[DayGrid], background: Background | None = None) -> None:
        """Add days, each in its place by date, and let go of the oldest; a date that is there stays as it is."""
        tables: list[DailyBars] = []
        if background is not None:
            self.plan = background.plan
            self._length, self._daily_length = self.plan.trailing_sessions, self.plan.daily_sessions
            self._adjust(background.adjustments)
            tables = [] if background.daily is None else [background.daily]
        self._add([HistoryDay(grid) for grid in grids])
        self._trim(tables)

    def widen(self, grids: Iterable[DayGrid], background: Background | None) -> None:
        """Add what was before of symbols that join in the middle; what is there of them already stays as it is."""
        for grid in grids:
            day = self.day(grid.session.date)
            if day is None:
                self._add([HistoryDay(grid)])
            else:
                self._days[self._days.index(day)] = day.widened(grid)
        if background is not None:
            self._adjustments |= _by_symbol(background.adjustments)
            if background.daily is not None:
                self._dailies = self._dailies.widened(background.daily)
        self._trim([])

    def roll(self, grid: Grid) -> Grid | None:
        """Make the grid of the session that just closed a day of history, without copying it.

        ``extend`` follows, and makes room for it.

        Returns:
            The grid, if it is not kept.
        """
        self._add([HistoryDay(grid.frozen(), sources=grid.sources)])
        return None

    def traded(self) -> frozenset[str]:
        """Return the symbols that have a bar on any of the days that are held with their minutes."""
        return frozenset[str]().union(*(day.traded for day in self._days))

    def _add(self, days: list[HistoryDay]) -> None:
        if not days:
            return
        held = {day.date for day in self._days}
        self._days += [day for day in days if day.date not in held]
        self._days.sort(key=lambda day: day.date)

    def _trim(self, tables: list[DailyBars]) -> None:
        surplus = max(len(self._days) - self._length, 0)
        retired, self._days = self._days[:surplus], self._days[surplus:]
        if self._daily_length:
            tables = [*(day.daily for day in retired), *tables]
        held = frozenset(day.date for day in self._days)
        self._dailies = self._dailies.with_days(tables, self._daily_length - len(self._days), held)

    def _adjust(self, adjustments: Iterable[Adjustment]) -> None:
        self._adjustments = _by_symbol(adjustments)

    # --- reading

    @property
    def dates(self) -> tuple[str, ...]:
        """The sessions with their minutes, ascending."""
        return tuple(day.date for day in self._days)

    @property
    def daily_dates(self) -> tuple[str, ...]:
        """The sessions without their minutes, ascending."""
        return self._dailies.dates

    @property
    def dailies(self) -> Dailies:
        """The daily bars of the sessions without their minutes."""
        return self._dailies

    def has_adjustments(self, symbol: str) -> bool:
        """Return whether a split or a dividend of a symbol is known."""
        return symbol in self._adjustments

    def knows(self, symbol: str) -> bool:
        """Return whether any session has a symbol."""
        return symbol in self._dailies.columns or any(symbol in day.columns for day in self._days)

    def counts(self, symbols: Sequence[str], interval: Interval) -> Indices:
        """Return how many bars of an interval each symbol has in all sessions that can be read."""
        total = self._dailies.counts(symbols) if interval.is_daily else np.zeros(len(symbols), dtype=np.int32)
        for day in self._days:
            total += day.counts(symbols, interval)
        return total

    def sessions(self, symbol: str, interval: Interval, count: int, *, with_blanks: bool = False) -> list[Piece]:
        """Return a symbol's bars of the last ``count`` sessions, oldest first.

        A piece is a session; for ``1d`` the first may be several. Sessions that did not know the symbol are left out.
        """
        days = self.last(count)
        pieces = [day.piece(symbol, interval, with_blanks=with_blanks) for day in days]
        if interval.is_daily:
            pieces.insert(0, self._dailies.piece(symbol, count - len(days), with_blanks=with_blanks))
        return [piece for piece in pieces if piece is not None]

    def known_sessions(self, symbol: str, interval: Interval, count: int) -> int:
        """Return how many of the last ``count`` sessions can be read and know a symbol."""
        days = self.last(count)
        older = self._dailies.piece(symbol, count - len(days), with_blanks=True) if interval.is_daily else None
        return sum(symbol in day.columns for day in days) + (0 if older is None else len(older))

    def pieces_back(self, symbol: str, interval: Interval, *, with_blanks: bool = False) -> Iterator[Piece]:
        """Go back in time, session by session; for ``1d`` what comes last may be several."""
        for day in reversed(self._days):
            piece = day.piece(symbol, interval, with_blanks=with_blanks)
            if piece is not None:
                yield piece
        if interval.is_daily:
            older = self._dailies.piece(symbol, len(self._dailies.dates), with_blanks=with_blanks)
            if older is not None:
                yield older

    def factors(self, symbol: str, date: str) -> Factors:
        """Return what the bars of a symbol are multiplied with to be comparable on a date.

        Raises:
            DataError: a dividend is not below the close before it.
        """
        adjustments = [one for one in self._adjustments.get(symbol, ()) if one.ex_date <= date]
        daily = list(self.pieces_back(symbol, ONE_DAY))[::-1] if adjustments else []
        days = [piece.days for piece in daily]
        closes = [piece.values[:, CLOSE] for piece in daily]
        return Factors(adjustments, np.concatenate([_NO_DAYS, *days]), np.concatenate([_NO_CLOSES, *closes]))

    # --- days, and their repairs

    def last(self, count: int) -> Sequence[HistoryDay]:
        """Return the last so many days with their minutes, oldest first."""
        return self._days[max(len(self._days) - count, 0) :]

    def day(self, date: str) -> HistoryDay | None:
        """Return the day of a date, if its minutes are held."""
        return next((day for day in self._days if day.date == date), None)

    def owner(self, start_ns: Nanos) -> HistoryDay | None:
        """Return the day that has this minute."""
        return next((day for day in reversed(self._days) if day.axis.slot_of(start_ns) is not None), None)

    def replace(self, old: HistoryDay, grid: Grid) -> HistoryDay:
        """Put a repaired copy in a day's place; who holds the old one keeps what was read."""
        repaired = HistoryDay(grid.frozen(), old.revision + 1, grid.sources)
        self._days[self._days.index(old)] = repaired
        return repaired


class Unread(History):
    """The trailing sessions where nobody reads them: who traded in the last ``length``, and nothing else."""

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self._traded: dict[str, frozenset[str]] = {}

    def traded(self) -> frozenset[str]:
        """Return the symbols that have a bar in any of these sessions."""
        return frozenset[str]().union(*self._traded.values())

    def roll(self, grid: Grid) -> Grid | None:
        """Know who traded in the session that just closed."""
        super().roll(grid)
        return grid

    def _add(self, days: list[HistoryDay]) -> None:
        for day in days:
            self._traded[day.date] = self._traded.get(day.date, frozenset()) | day.traded
        for date in sorted(self._traded)[: max(len(self._traded) - self._length, 0)]:
            del self._traded[date]


def history_for(rules: SessionRules) -> History:
    """Return an empty history, as rules ask for it."""
    kept = rules.trailing_sessions
    return History(kept, rules.daily_sessions) if rules.keeps_minutes else Unread(kept)
