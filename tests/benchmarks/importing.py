"""How fast files become a store: a day file of a whole market, and one symbol's many years.

    python tests/benchmarks/importing.py --json

The first is measured against ``pyarrow.csv.read_csv`` on the same file, which only reads; ours also validates,
assigns sessions, sorts and writes Parquet.
"""

import argparse
import functools
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # of a script only its own folder is known

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv

from actors.importing.into_store import ImportOptions, import_paths
from actors.market.axis import SessionAxis
from actors.market.calendar import Calendar
from actors.storage.parquet import ParquetStore

RUNS = 5


def starts(first: str, last: str) -> np.ndarray:
    """Return all regular minutes of New York between two dates."""
    return np.concatenate([SessionAxis(session).starts_ns for session in Calendar("XNYS").sessions(first, last)])


def write_bars(path: Path, columns: dict[str, Any], count: int) -> None:
    """Write a CSV with random but sane prices."""
    middle = np.round(100 + np.cumsum(np.random.default_rng(7).normal(0, 0.01, count)) % 50, 2)
    prices = {"open": middle, "high": middle + 0.03, "low": middle - 0.02, "close": middle + 0.01}
    volume = np.random.default_rng(8).integers(1, 100_000, count)
    rounded = {name: np.round(price, 2) for name, price in prices.items()}
    csv.write_csv(pa.table({**columns, **rounded, "volume": volume}), path)


def day_file(folder: Path, symbols: int) -> Path:
    """Write one day of many symbols, symbol after symbol."""
    minutes = starts("2024-03-08", "2024-03-08")
    names = np.repeat([f"S{number:04d}" for number in range(symbols)], len(minutes))
    texts = np.tile(pd.to_datetime(minutes).strftime("%Y-%m-%dT%H:%M:%SZ").to_numpy(), symbols)
    write_bars(folder / "day.csv", {"symbol": names, "timestamp": texts.astype(str)}, len(names))
    return folder / "day.csv"


def years_file(folder: Path, rows: int) -> Path:
    """Write one symbol's minutes over years, in New York time without a zone."""
    minutes = starts("2010-01-01", "2023-12-31")[:rows]
    texts = pd.to_datetime(minutes, utc=True).tz_convert("America/New_York").strftime("%Y-%m-%d %H:%M:%S")
    write_bars(folder / "AAPL.csv", {"timestamp": texts.to_numpy().astype(str)}, len(minutes))
    return folder / "AAPL.csv"


def best(work: Callable[[int], object], runs: int = RUNS) -> float:
    """Return the shortest time of several runs, in seconds."""
    times = []
    for run in range(runs):
        begin = time.perf_counter()
        work(run)
        times.append(time.perf_counter() - begin)
    return min(times)


calendar_of = functools.cache(Calendar)
"""Loading a calendar is the same for a file of any size, so it is left out of the measure."""


def segments_of(calendar: str, minutes: np.ndarray) -> np.ndarray:
    """Return the segment of each minute."""
    return calendar_of(calendar).assign(minutes).segment


def imported(path: Path, root: Path, run: int, options: ImportOptions) -> None:
    """Import a file into a new store."""
    store = ParquetStore(root / f"{path.stem}-{run}", segment_of=segments_of)
    report = import_paths([path], store, options, calendars=calendar_of)
    store.close()
    assert report.totals.kept == report.totals.rows, report


def measure(symbols: int, rows: int) -> dict[str, float]:
    """Run both and return the numbers."""
    options = ImportOptions(calendar="XNYS", tz="America/New_York")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        day, years = day_file(folder, symbols), years_file(folder, rows)
        imported(day, folder, -1, options)  # the calendar and pyarrow are loaded now
        floor = best(lambda _: csv.read_csv(day))
        ours = best(lambda run: imported(day, folder, run, options))
        long = best(lambda run: imported(years, folder, run, options), runs=2)
    return {
        "day_rows": symbols * 390, "day_seconds": ours, "pyarrow_seconds": floor, "ratio_to_pyarrow": floor / ours,
        "years_rows": rows, "years_seconds": long, "years_rows_per_s": rows / long,
    }  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--symbols", type=int, default=520)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    numbers = measure(arguments.symbols, arguments.rows)
    if arguments.json:
        print(json.dumps({key: round(value, 4) for key, value in numbers.items()}))
    else:
        for key, value in numbers.items():
            print(f"{key:18} {value:>14,.4g}")


if __name__ == "__main__":
    main()
