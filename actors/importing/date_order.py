"""Dates that a file alone leaves open: the sessions tell days from months, or nobody does.

A file of minutes has days in a row. Read in the wrong order they are the same day of many months, some of them no
sessions: https://github.com/pandas-dev/pandas/issues/12585 is what becomes of it where nobody looks.
"""

from actors.market.calendar import Calendar
from actors.reading.dates import UNREADABLE, DateOrder, DatesUnclear, moment_of
from messages.columns import Stamps

_CONVINCING = 2.0
_NAMES = {DateOrder.DMY: "day, month, year", DateOrder.MDY: "month, day, year", DateOrder.YMD: "year, month, day"}


def order_by_sessions(unclear: DatesUnclear, calendar: Calendar) -> DateOrder | None:
    """Return the order in which dates are days in a row with sessions, or ``None`` where no order stands out."""
    likely = {order: _likelihood(days, calendar) for order, days in unclear.days.items()}
    best, second = sorted(likely, key=lambda order: -likely[order])[:2]
    return best if likely[best] > _CONVINCING * likely[second] else None


def remark(order: DateOrder, unclear: DatesUnclear, calendar: Calendar) -> str:
    """Return the sentence that says how dates were read."""
    others = " or ".join(other for other in unclear.days if other != order)
    read = moment_of(int(unclear.days[order][0]))
    return (
        f"the dates are read as {_NAMES[order]} ({unclear.example} is {read}), for so they are sessions of "
        f"{calendar.name} in a row; --dates {others} says otherwise"
    )


def _likelihood(days: Stamps, calendar: Calendar) -> float:
    """Return how many of the days from the first to the last are dates that have a session."""
    there: list[int] = sorted(set(days[days != UNREADABLE].tolist()))
    sessions = sum(calendar.session(moment_of(day)) is not None for day in there)
    return sessions / (there[-1] - there[0] + 1)
