"""Which bars of a store have prices that were adjusted for splits before they came, and when.

Nobody can tell from the bars. A store that keeps it can say what goes with what, and adjusts nothing twice.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, runtime_checkable

import msgspec

from messages.history import Adjustment


class AdjustedRun(msgspec.Struct, frozen=True, order=True):
    """Days of a symbol whose prices are adjusted: for splits, perhaps dividends, as they were known on a date."""

    symbol: str
    first: str
    """The first of these days; dates are ISO."""
    last: str
    as_of: str
    """When the prices were had from whoever adjusted them."""

    def __contains__(self, date: str) -> bool:
        return self.first <= date <= self.last

    def includes(self, one: Adjustment) -> bool:
        """Return whether prices of these days were adjusted for a split or dividend that came after one of them."""
        return one.symbol == self.symbol and self.first < one.ex_date <= self.as_of


@runtime_checkable
class KeepsAdjusted(Protocol):
    """A store that keeps it with its days."""

    def adjusted(self, calendar: str) -> tuple[AdjustedRun, ...]:
        """Return the days whose prices are known to be adjusted, sorted."""
        ...

    def note_adjusted(self, calendar: str, days: Mapping[str, Sequence[str]], as_of: str | None) -> None:
        """Keep whether the prices of some days are adjusted.

        Args:
            calendar: whose days.
            days: by symbol the dates, ascending.
            as_of: when they were adjusted; ``None``: they are as they were paid, whatever was kept of these days.

        Raises:
            StoreLocked: somebody else is writing to this store.
            DataError: the store is open for reading only, or the disk refuses.
        """
        ...


def adjusted_in(store: object, calendar: str) -> tuple[AdjustedRun, ...]:
    """Return the days of a calendar whose prices are known to be adjusted; of a store that does not keep it, none."""
    return store.adjusted(calendar) if isinstance(store, KeepsAdjusted) else ()


def noted(
    runs: Iterable[AdjustedRun], days: Mapping[str, Sequence[str]], as_of: str | None, stored: Sequence[str]
) -> tuple[AdjustedRun, ...]:
    """Return runs with what is said of more days, which goes before what was said of them.

    Args:
        runs: what is kept.
        days: by symbol the dates, ascending.
        as_of: when they were adjusted; ``None``: not at all.
        stored: all dates of the calendar, ascending: a run is broken by one that is not among those days.
    """
    left = list(runs)
    for symbol, dates in days.items():
        for first, last in _stretches(dates, stored):
            left = [part for run in left for part in _outside(run, symbol, first, last, stored)]
            if as_of is not None:
                left.append(AdjustedRun(symbol, first, last, as_of))
    return tuple(sorted(left))


def _stretches(dates: Sequence[str], stored: Sequence[str]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for date in dates:
        is_next = found and bisect_right(stored, found[-1][1]) >= bisect_left(stored, date)
        found[-1:] = [(found[-1][0], date)] if is_next else [*found[-1:], (date, date)]
    return found


def _outside(run: AdjustedRun, symbol: str, first: str, last: str, stored: Sequence[str]) -> list[AdjustedRun]:
    """Return what is left of a run when a stretch is taken out of it, by the days that there are."""
    if run.symbol != symbol or last < run.first or run.last < first:
        return [run]
    here = stored[bisect_left(stored, run.first) : bisect_right(stored, run.last)]
    before, after = [date for date in here if date < first], [date for date in here if date > last]
    return [AdjustedRun(symbol, part[0], part[-1], run.as_of) for part in (before, after) if part]
