"""What takes an export: days, whole or not at all."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

import msgspec

from actors.kernel.adjusted import AdjustedRun
from actors.kernel.ports import StoredDay
from messages.certificates import SessionCertificate
from messages.history import Adjustment
from messages.tables.columns import Prints

AdjustedRuns: TypeAlias = tuple[AdjustedRun, ...]


class Held(msgspec.Struct, frozen=True):
    """What a target has of one day."""

    symbols: frozenset[str]
    digest: str | None
    """Of its certificate; ``None``: it has none."""
    lived: str | None = None
    """The digest of how it was lived; ``None``: nobody has written it down."""


class Target(Protocol):
    """Takes days. Each is there whole or not at all, however the export ends."""

    @property
    def name(self) -> str:
        """Where it is, as it may be shown."""
        ...

    def held(self, calendar: str) -> dict[str, Held]:
        """Return the days that are there, by their dates.

        Raises:
            DataError: it cannot be read, or there is something else.
        """
        ...

    def put(
        self,
        calendar: str,
        date: str,
        day: StoredDay | None,
        certificates: Sequence[SessionCertificate] = (),
        prints: Prints | None = None,
    ) -> None:
        """Put a day, its certificates, the last of which counts, and how it was lived in the place of what is there.

        Raises:
            DataError: it cannot be written, or the target refuses.
        """
        ...

    def adjust(self, adjustments: Sequence[Adjustment]) -> None:
        """Put splits and dividends in the place of those that are there.

        Raises:
            DataError: they cannot be written, or the target refuses.
        """
        ...

    def change_adjusted(self, calendar: str, changed: Callable[[AdjustedRuns], AdjustedRuns]) -> None:
        """Put what becomes of what it knows of adjusted prices of a calendar's days in its place.

        Raises:
            DataError: they cannot be read or written, or the target refuses.
        """
        ...

    def close(self) -> None:
        """Be done with it; may be called twice."""
        ...
