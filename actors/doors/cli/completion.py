"""What the Tab key offers for options whose values are only known when somebody asks."""

from pathlib import Path

import typer

from actors.vendors import registry


def formats(incomplete: str) -> list[str]:
    """Return the import formats that begin so."""
    return [name for name in registry.format_places() if name.startswith(incomplete.lower())]


def feeds(incomplete: str) -> list[str]:
    """Return the feeds that begin so."""
    return [entry.name for entry in registry.feeds() if entry.name.startswith(incomplete.lower())]


def chapters(incomplete: str) -> list[str]:
    """Return the chapters of the guide that begin so."""
    from actors.doors.guide.chapters import ORDER

    return [name for name in ORDER if name.startswith(incomplete.lower())]


def calendars(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the calendars that begin so: the store's, where there is one, else all."""
    return [name for name in _known(ctx.params.get("store")) if name.startswith(incomplete.upper())]


def _known(store: str | None) -> tuple[str, ...]:
    if store is not None and Path(store).is_dir():  # one elsewhere would be waited for at each touch of the key
        from actors.storage.parquet import ParquetStore

        if found := ParquetStore(Path(store), read_only=True).calendars():
            return found
    from actors.market.calendar import known_calendars

    return known_calendars()
