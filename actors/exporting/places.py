"""Where a store may be exported to, by what a place is called."""

from pathlib import Path

from actors.exporting.targets import Target
from actors.reading.spelling.addresses import POSTGRES, scheme_of, shown
from actors.storage.segments import SegmentOf
from messages.errors import SettingsError

DUCKDB = "duckdb"
_TEXT = ".csv"


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
