"""How much history there is to be before each session of a sweep, and whether the store has it.

It is the same before a session however the sessions are dealt out.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from actors.kernel.ask import arguments as take
from actors.market.axis import SessionAxis
from actors.market.calendar import Calendar
from messages.errors import SettingsError, shown
from messages.history import Requirement
from messages.values import Interval


def read_warm_up(given: Mapping[Any, int] | None, base: Interval) -> dict[Interval, int]:
    """Return how many bars of closed sessions are wanted, by interval.

    Args:
        given: the same, as it may be spelled.
        base: how long the bars are that sessions are played with.

    Raises:
        SettingsError: it is no mapping, or an interval or a number makes no sense.
    """
    if given is not None and not isinstance(given, Mapping):
        raise SettingsError(f'warm_up: expected bars by interval, as in {{"1d": 200}}, got {shown(given)}')
    wanted = {
        take.interval(interval, "warm_up"): take.count(bars, f"warm_up of {interval}")
        for interval, bars in (given or {}).items()
    }
    for interval, bars in wanted.items():
        Requirement.of("any", interval, bars, base)
    return wanted


class HistoryAhead:
    """The stored sessions before those that are played.

    Args:
        wanted: how many bars, by interval.
        calendar: whose sessions.
        held: all dates that the store has, ascending.
        played: those that are played.
    """

    def __init__(
        self, wanted: Mapping[Interval, int], calendar: Calendar, held: Sequence[str], played: Sequence[str]
    ) -> None:
        self._wanted = wanted
        self._calendar = calendar
        self._held = held
        places = {date: place for place, date in enumerate(held)}
        self._played = [places[date] for date in played]
        self._counts: dict[tuple[Interval, str], int] = {}

    def daily_sessions(self) -> int:
        """Return how many sessions the bars of a day and more stretch over."""
        return max((self._days(interval) for interval in self._wanted if _is_of_days(interval)), default=0)

    def minute_sessions(self) -> int:
        """Return over how many sessions the bars of less than a day stretch, the most before any session."""
        found = (
            sum(1 for _ in self._back(interval, place))
            for interval in self._wanted
            if not _is_of_days(interval)
            for place in self._played
        )
        return max(found, default=0)

    def remarks(self) -> tuple[str, ...]:
        """Return for each interval of which the store has too little before some sessions a sentence that says so."""
        return tuple(filter(None, map(self._remark, self._wanted)))

    def _remark(self, interval: Interval) -> str:
        short = [place for place in self._played if not self._has(interval, place)]
        if not short:
            return ""
        return (
            f"warm_up: before {len(short)} of {len(self._played)} sessions, the first on {self._held[short[0]]}, "
            f"the store has fewer than {self._wanted[interval]} bars of {interval}"
        )

    def _has(self, interval: Interval, place: int) -> bool:
        if _is_of_days(interval):
            return place >= self._wanted[interval] * interval.sessions
        return sum(self._back(interval, place)) >= self._wanted[interval]

    def _days(self, interval: Interval) -> int:
        return self._wanted[interval] * interval.sessions + (interval.sessions if interval.is_long else 0)

    def _back(self, interval: Interval, place: int) -> Iterator[int]:
        """Yield how many bars each session before a place has, the last one first, until there are enough."""
        there = 0
        for before in range(place - 1, -1, -1):
            if there >= self._wanted[interval]:
                return
            bars = self._bars(interval, self._held[before])
            there += bars
            yield bars

    def _bars(self, interval: Interval, date: str) -> int:
        if (interval, date) not in self._counts:
            session = self._calendar.session(date)
            self._counts[interval, date] = 0 if session is None else len(SessionAxis(session).edges(interval)) - 1
        return self._counts[interval, date]


def _is_of_days(interval: Interval) -> bool:
    return interval.is_daily or interval.is_long
