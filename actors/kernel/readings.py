"""What is made of a store's days, where several systems of a process make the same of them; and what cannot be read."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol, TypeVar, runtime_checkable

import msgspec

from actors.kernel.ports import BarStore
from messages.errors import DataError

R = TypeVar("R")


@runtime_checkable
class KeepsReadings(Protocol):
    """A store that one system after the other reads in a process, and that keeps what they make of its days."""

    def kept(self, key: Hashable, make: Callable[[], R]) -> R:
        """Return what was made for a key before, or make it; nobody changes it. Any thread."""
        ...


@runtime_checkable
class KnowsDamage(Protocol):
    """A store in which several days lie in one file, so that of a damaged one nobody knows which they are."""

    def dates_left(self, calendar: str) -> tuple[tuple[str, ...], Mapping[str, str]]:
        """Return the session dates of all other files, and by period (``2024``, ``2024-07``) why one cannot be read.

        Where there is one, ``dates`` fails.
        """
        ...


@runtime_checkable
class RemembersCertified(Protocol):
    """A store that remembers which days were certified, so that a certificate which is gone is missed."""

    def once_certified(self) -> Mapping[str, Mapping[str, int]] | None:
        """Return by calendar and date how many certificates there were; ``None``: nobody remembers.

        Raises:
            DataError: what it remembers of it was changed, or cannot be read.
        """
        ...


def dates_left(store: BarStore, calendar: str) -> tuple[tuple[str, ...], Mapping[str, str]]:
    """Return the dates of a store that can be read, and by period why others cannot."""
    return store.dates_left(calendar) if isinstance(store, KnowsDamage) else (store.dates(calendar), {})


def symbols_left(store: BarStore, calendar: str, date: str) -> tuple[str, ...]:
    """Return the symbols of a day; none of one that cannot be read."""
    with suppress(DataError):
        return store.symbols(calendar, date)
    return ()


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Which of a store's days are looked at."""

    start: str = ""
    """The first date; empty: the store's first."""
    end: str = "9999"
    """The last date, itself included."""
    last: int | None = None
    """Only so many of them, the latest."""

    def of(self, dates: Sequence[str]) -> Sequence[str]:
        """Return those of some ascending dates that lie in it."""
        found = [date for date in dates if self.start <= date <= self.end]
        return found if self.last is None else found[-self.last :]

    def touches(self, period: str) -> bool:
        """Return whether any day of a year, a month or a date may lie in it."""
        return self.start[: len(period)] <= period <= self.end[: len(period)]


ALL_DAYS = Span()
