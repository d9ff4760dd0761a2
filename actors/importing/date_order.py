"""Dates that a file alone leaves open: the files beside it tell days from months, or the sessions do, or nobody.

Files of one shape in one folder are of one maker: where one shows its order, all have it. Else what they have are days
in a row, and read in the wrong order they are the same day of many months, some of them no sessions:
https://github.com/pandas-dev/pandas/issues/12585 is what becomes of it where nobody looks.
"""

from pathlib import Path
from typing import TypeAlias

import numpy as np

from actors.market.calendar import Calendar
from actors.reading.dates import UNREADABLE, DateOrder, DatesUnclear, moment_of
from messages.errors import DataError
from messages.tables.columns import Stamps

_CONVINCING = 2.0
_NAMES = {DateOrder.DMY: "day, month, year", DateOrder.MDY: "month, day, year", DateOrder.YMD: "year, month, day"}


Maker: TypeAlias = tuple[str, Path, str]
"""Whose files are alike: the format, the folder, and what dates look like."""


class Undecided(DataError):
    """A file whose dates nothing in it decides: it is read once the others have been."""


class Orders:
    """What the files of an import show of the order of dates, and what they leave open."""

    def __init__(self) -> None:
        self._shown: dict[Maker, set[DateOrder]] = {}
        self._unclear: dict[Maker, list[DatesUnclear]] = {}
        self._by_sessions: dict[tuple[Maker, str, frozenset[DateOrder]], DateOrder | None] = {}

    def show(self, maker: Maker, order: DateOrder | None) -> None:
        """Take what a file shows."""
        if order is not None:
            self._shown.setdefault(maker, set()).add(order)

    def leave_open(self, maker: Maker, unclear: DatesUnclear) -> None:
        """Take a file that shows nothing."""
        self._unclear.setdefault(maker, []).append(unclear)

    def decided(self, maker: Maker, unclear: DatesUnclear, calendar: Calendar) -> tuple[DateOrder, str]:
        """Return the order of a file that shows nothing, and the sentence that says why.

        Raises:
            DatesUnclear: nothing decides it.
        """
        shown = self._shown.get(maker, set())
        if len(shown) == 1 and (order := next(iter(shown))) in unclear.days:
            return order, _remark(order, unclear, "for other files beside it show that order")
        key = (maker, calendar.name, frozenset(unclear.days))
        if key not in self._by_sessions:
            self._by_sessions[key] = None if shown else order_by_sessions(self._together(maker, unclear), calendar)
        found = self._by_sessions[key]
        if found is None:
            raise unclear
        return found, _remark(found, unclear, f"for so they are sessions of {calendar.name} in a row")

    def _together(self, maker: Maker, unclear: DatesUnclear) -> DatesUnclear:
        alike = self._unclear.get(maker, [unclear])
        days = {way: np.concatenate([one.days[way] for one in alike if way in one.days]) for way in unclear.days}
        return DatesUnclear(days, unclear.example, unclear.shape)


def order_by_sessions(unclear: DatesUnclear, calendar: Calendar) -> DateOrder | None:
    """Return the order in which dates are days in a row with sessions, or ``None`` where no order stands out."""
    likely = {order: _likelihood(days, calendar) for order, days in unclear.days.items()}
    best, second = sorted(likely, key=lambda order: -likely[order])[:2]
    return best if likely[best] > _CONVINCING * likely[second] else None


def _remark(order: DateOrder, unclear: DatesUnclear, why: str) -> str:
    others = " or ".join(other for other in unclear.days if other != order)
    read = moment_of(int(unclear.days[order][0]))
    return (
        f"the dates are read as {_NAMES[order]} ({unclear.example} is {read}), {why}; --dates {others} says otherwise"
    )


def _likelihood(days: Stamps, calendar: Calendar) -> float:
    """Return how many of the days from the first to the last are dates that have a session."""
    there: list[int] = sorted(set(days[days != UNREADABLE].tolist()))
    sessions = sum(calendar.session(moment_of(day)) is not None for day in there)
    return sessions / (there[-1] - there[0] + 1)
