"""A store that keeps how days were lived: when each bar was first known, and as what; and what nobody traded.

What was found untraded of a session that is over stands in its certificate. A session that still runs has none.
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from messages.tables.columns import Prints
from messages.values import Nanos, VerdictRun


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


@runtime_checkable
class KeepsUntraded(Protocol):
    """A store that keeps beside a day's bars which minutes were found never to have been traded while it ran.

    It certifies nothing, and a bar goes before it.
    """

    def untraded(self, calendar: str, date: str) -> tuple[VerdictRun, ...]:
        """Return these minutes in runs that are NO_TRADE, sorted; bars may have come since.

        Raises:
            DataError: it cannot be read; names the file and what was expected.
        """
        ...

    def note_untraded(self, calendar: str, date: str, runs: Sequence[VerdictRun]) -> None:
        """Keep more of them; what is kept stays. All or nothing, as a merge.

        Raises:
            StoreLocked: another process is writing to this store.
            DataError: what is there cannot be read, or the disk refuses.
        """
        ...


def untraded_in(store: object, calendar: str, date: str) -> tuple[VerdictRun, ...]:
    """Return what is kept of a day's untraded minutes; of a store that does not keep it, nothing."""
    return store.untraded(calendar, date) if isinstance(store, KeepsUntraded) else ()
