"""What the Tab key offers for options whose values are only known when somebody asks."""

from pathlib import Path

import typer

FORMATS = (
    "lean-quote",
    "lean-second",
    "lean-tick",
    "lean",
    "freqtrade-trades",
    "freqtrade",
    "parquet",
    "databento",
    "alpaca",
    "binance",
    "ninjatrader",
    "backtrader",
    "nautilus",
    "yahoo",
    "yfinance",
    "ibkr",
    "kibot",
    "firstrate",
    "massive",
    "alphavantage",
    "trade-csv",
    "csv",
)
"""What ``--format`` may say. Written out because help is printed before the formats themselves are imported."""


def formats(incomplete: str) -> list[str]:
    """Return the import formats that begin so."""
    return [name for name in FORMATS if name.startswith(incomplete.lower())]


def calendars(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the calendars that begin so: the store's, where there is one, else all."""
    return [name for name in _known(ctx.params.get("store")) if name.startswith(incomplete.upper())]


def _known(store: Path | None) -> tuple[str, ...]:
    if store is not None and Path(store).is_dir():
        from actors.storage.parquet import ParquetStore

        if found := ParquetStore(Path(store), read_only=True).calendars():
            return found
    from actors.market.calendar import known_calendars

    return known_calendars()
