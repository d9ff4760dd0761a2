"""Where a store may be exported to."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from actors.kernel.ports import StoredDay
from actors.reading.spelling.addresses import POSTGRES, scheme_of, shown
from actors.storage.segments import SegmentOf
from messages.certificates import SessionCertificate
from messages.errors import SettingsError
from messages.history import Adjustment

DUCKDB = "duckdb"
_TEXT = ".csv"


class Held(msgspec.Struct, frozen=True):
    """What a target has of one day."""

    symbols: frozenset[str]
    digest: str | None
    """Of its certificate; ``None``: it has none."""


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
        self, calendar: str, date: str, day: StoredDay | None, certificates: Sequence[SessionCertificate] = ()
    ) -> None:
        """Put a day and its certificates, the last of which counts, in the place of what is there.

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

    def close(self) -> None:
        """Be done with it; may be called twice."""
        ...


def open_target(place: str, segment_of: SegmentOf) -> Target:
    """Open what a place names: ``postgresql://...``, ``duckdb:FILE``, or a folder whose name ends in ``.csv``.

    Args:
        place: where.
        segment_of: which part of the day each start lies in.

    Raises:
        DataError: it cannot be opened, or there is something else.
        SettingsError: it names nothing that can be exported to, or what is needed for it is not installed.
    """
    if scheme_of(place) in POSTGRES:
        from actors.exporting.into_postgres import PostgresTarget  # here and below: what others shall not wait for

        return PostgresTarget(place, segment_of)
    kind, _, rest = place.partition(":")
    if kind == DUCKDB and rest:
        from actors.exporting.into_duckdb import DuckdbTarget

        return DuckdbTarget(Path(rest), segment_of)
    if place.endswith(_TEXT) and not scheme_of(place):
        from actors.exporting.into_text import TextTarget

        return TextTarget(Path(place), segment_of)
    raise SettingsError(
        f"--to {shown(place)}: expected postgresql://USER@HOST/DATABASE, duckdb:FILE, or a folder DIR.csv for text"
    )
