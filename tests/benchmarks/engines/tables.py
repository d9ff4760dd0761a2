"""The limits: whole tables by pandas or polars, which deliver nothing to anybody."""

from typing import Any

from tests.benchmarks.engines.work import MINUTES, Run
from tests.benchmarks.measuring import run_asked_step


def pandas(folder: str) -> dict[str, Any]:
    """Group the whole table by blocks of minutes."""
    import pandas as pd

    run = Run()
    with run.timed("load"):
        table = pd.read_parquet(f"{folder}/bars.parquet")
    with run.timed("replay"):
        for minutes in MINUTES:
            bars = table if minutes == 1 else _blocks_of_pandas(table, minutes)
            run.tally.note_many(minutes, bars["close"].to_numpy(), bars["volume"].to_numpy())
    return run.result()


def _blocks_of_pandas(table: Any, minutes: int) -> Any:
    block = table["start"].dt.floor(f"{minutes}min")
    groups = table.groupby([table["symbol"], block], observed=True, sort=False)
    return groups.agg({"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"})


def polars(folder: str) -> dict[str, Any]:
    """Group the whole table by blocks of minutes."""
    import polars as pl

    run = Run()
    with run.timed("load"):
        table = pl.read_parquet(f"{folder}/bars.parquet")
    with run.timed("replay"):
        for minutes in MINUTES:
            bars = table if minutes == 1 else _blocks_of_polars(table, minutes)
            run.tally.note_many(minutes, bars["close"].to_numpy(), bars["volume"].to_numpy())
    return run.result()


def _blocks_of_polars(table: Any, minutes: int) -> Any:
    import polars as pl

    of = [pl.first("open"), pl.max("high"), pl.min("low"), pl.last("close"), pl.sum("volume")]
    return table.group_by("symbol", pl.col("start").dt.truncate(f"{minutes}m")).agg(of)


if __name__ == "__main__":
    run_asked_step({"pandas": pandas, "polars": polars})
