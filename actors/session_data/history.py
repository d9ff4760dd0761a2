"""Closed sessions, oldest first, read-only; a repair copies the day and swaps the reference."""

from collections.abc import Iterable, Iterator

from actors.market.axis import SessionAxis
from actors.session_data.grid import Grid
from messages.columns import DayGrid, Verdicts
from messages.values import Nanos


class HistoryDay:
    """One closed session and what it takes to read it."""

    def __init__(self, grid: DayGrid, revision: int = 0, sources: Verdicts | None = None) -> None:
        self.grid = grid
        self.sources = sources
        """Who wrote what, for a day that was played here; not known of a day that was read from a store."""
        self.revision = revision
        """How often it was repaired since it closed."""
        self.axis = SessionAxis(grid.session)
        self.columns = {symbol: column for column, symbol in enumerate(grid.symbols)}


class History:
    """The trailing sessions, at most ``length`` of them."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._days: list[HistoryDay] = []

    def extend(self, grids: Iterable[DayGrid]) -> None:
        """Add days, each in its place by date; a date that is there already stays as it is."""
        self._add([HistoryDay(grid) for grid in grids])

    def roll(self, grid: Grid) -> None:
        """Make the grid of the session that just closed a day of history, without copying it."""
        self._add([HistoryDay(grid.frozen(), sources=grid.sources)])

    def _add(self, days: list[HistoryDay]) -> None:
        held = {day.grid.session.date for day in self._days}
        self._days += [day for day in days if day.grid.session.date not in held]
        self._days.sort(key=lambda day: day.grid.session.date)
        del self._days[: max(len(self._days) - self._length, 0)]

    def latest_first(self) -> Iterator[HistoryDay]:
        """Go back in time, day by day."""
        return reversed(self._days)

    def owner(self, start_ns: Nanos) -> HistoryDay | None:
        """Return the day that has this minute."""
        return next((day for day in reversed(self._days) if day.axis.slot_of(start_ns) is not None), None)

    def replace(self, old: HistoryDay, grid: Grid) -> HistoryDay:
        """Put a repaired copy in a day's place; who holds the old one keeps what was read."""
        repaired = HistoryDay(grid.frozen(), old.revision + 1, grid.sources)
        self._days[self._days.index(old)] = repaired
        return repaired
