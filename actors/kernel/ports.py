"""What the rooms need from the outside world, as protocols; adapters in storage, feeds and kernel fulfil them."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from messages.columns import BarBatch, Verdicts


class StoredDay(msgspec.Struct, frozen=True, kw_only=True):
    """What a store holds of one session date: bars, and for each its verdict (``Verdict`` numbers)."""

    bars: BarBatch
    verdicts: Verdicts
    tz: str = "UTC"
    """The exchange's zone, for people who open the file by other means."""


class MergeCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What merging a day changed: ``added + corrected + duplicates`` = the bars that were given."""

    added: int
    corrected: int
    duplicates: int


class BarStore(Protocol):
    """Where bars rest: days by calendar and session date. Safe to read from several threads."""

    def calendars(self) -> tuple[str, ...]:
        """Return the calendars that have days here, sorted."""
        ...

    def dates(self, calendar: str) -> tuple[str, ...]:
        """Return the session dates (ISO) that have bars, ascending; empty for an unknown calendar."""
        ...

    def symbols(self, calendar: str, date: str) -> tuple[str, ...]:
        """Return the symbols with bars on that date, sorted; empty where there is no such day."""
        ...

    def read(self, calendar: str, date: str, symbols: Sequence[str] | None = None) -> StoredDay | None:
        """Return the day, or ``None`` where there is none; only these symbols if any are named.

        Raises:
            DataError: the day cannot be read; names the file and what is wrong with it.
        """
        ...

    def merge(self, calendar: str, date: str, day: StoredDay) -> MergeCounts:
        """Add a day's bars. A bar that is there already changes nothing; a different one corrects.

        The same day merged twice changes nothing the second time. All or nothing: a crash never leaves
        half a day.

        Raises:
            StoreLocked: another process is writing to this store.
        """
        ...

    def close(self) -> None:
        """Release what is held; may be called twice."""
        ...
