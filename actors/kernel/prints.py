"""A store that keeps how days were lived: when each bar was first known, and as what."""

from typing import Protocol, runtime_checkable

from messages.tables.columns import Prints
from messages.values import Nanos


@runtime_checkable
class KeepsPrints(Protocol):
    """A store that keeps it beside the day's bars; those hold the last truth."""

    def prints(self, calendar: str, date: str) -> Prints | None:
        """Return how a day was lived; ``None``: nobody has written it down.

        Raises:
            DataError: it cannot be read; names the file and what was expected.
        """
        ...

    def keep_prints(self, calendar: str, date: str, prints: Prints) -> None:
        """Keep how a day was lived, in addition to what an earlier run of it knew. All or nothing, as a merge.

        Raises:
            StoreLocked: another process is writing to this store.
            DataError: what is there cannot be read, or the disk refuses.
        """
        ...

    def grace(self, calendar: str, dates: tuple[str, ...]) -> Nanos | None:
        """Return how long minutes stayed open on the last of these days that was lived; ``None``: none was.

        Raises:
            DataError: it cannot be read.
        """
        ...
