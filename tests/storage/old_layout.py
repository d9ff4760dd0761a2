"""Stores as they lay until 2026: ``XNYS/2024/2024-03-08.parquet``, without empty columns."""

from pathlib import Path

import pyarrow.parquet as pq

from actors.storage.places import BARS, CERTIFICATE, Places
from messages.tables.columns import EXTRA_FIELDS


def aged(root: Path) -> None:
    """Give a store the layout that it would have had."""
    places = Places(root)
    for calendar in places.calendars_named():
        for date in {date for name in (BARS, CERTIFICATE) for date in places.dates(calendar, name)}:
            folder = places.old(calendar, date, BARS).parent
            folder.mkdir(parents=True, exist_ok=True)
            new = places.new(calendar, date, CERTIFICATE)
            if new.exists():
                new.rename(places.old(calendar, date, CERTIFICATE))
            new = places.new(calendar, date, BARS)
            if new.exists():
                _written_as_before(new, places.old(calendar, date, BARS))
                new.unlink()
            new.parent.rmdir()
        new.parent.parent.rmdir()


def _written_as_before(source: Path, target: Path) -> None:
    table = pq.ParquetFile(source).read()
    known = (table.schema.metadata or {}).get(b"barkeeper.fields")
    names = [name for name in table.column_names if known == b"7" or name not in EXTRA_FIELDS]
    keys = {key: text for key, text in table.schema.metadata.items() if key != b"barkeeper.fields"}
    pq.write_table(table.select(names).replace_schema_metadata(keys), target)
