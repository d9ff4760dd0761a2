"""Closed sessions, oldest first, read-only; a repair copies the day and swaps the reference."""

from collections.abc import Iterable, Iterator

from actors.market.axis import SessionAxis
from messages.columns import DayGrid
from messages.values import Nanos


class HistoryDay:
    """One closed session and what it takes to read it."""

    def __init__(self, grid: DayGrid, revision: int = 0) -> None:
        self.grid = grid
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
        held = {day.grid.session.date for day in self._days}
        self._days += [HistoryDay(grid) for grid in grids if grid.session.date not in held]
        self._days.sort(key=lambda day: day.grid.session.date)
        del self._days[: max(len(self._days) - self._length, 0)]

    def __len__(self) -> int:
        return len(self._days)

    def __reversed__(self) -> Iterator[HistoryDay]:
        return reversed(self._days)

    def owner(self, start_ns: Nanos) -> HistoryDay | None:
        """Return the day that has this minute."""
        return next((day for day in reversed(self._days) if day.axis.slot_of(start_ns) is not None), None)

    def replace(self, old: HistoryDay, grid: DayGrid) -> HistoryDay:
        """Put a repaired copy in a day's place; who holds the old one keeps what was read."""
        repaired = HistoryDay(grid, old.revision + 1)
        self._days[self._days.index(old)] = repaired
        return repaired
