"""The steps of the importing benchmark; each runs in a process of its own, so that none counts towards another.

``python -m tests.benchmarks.importing_steps STEP ARGUMENTS``, arguments and result being one JSON object each.
"""

import io
import resource
import shutil
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from actors.importing.into_store import ImportOptions, import_paths
from actors.kernel.ports import Extent
from actors.market.axis import SessionAxis
from actors.market.calendar import Calendar
from actors.storage.parquet import ParquetStore
from tests.benchmarks.measuring import run_asked_step

FIRST = "1995-01-03"
NEW_YORK = {"calendar": "XNYS", "tz": "America/New_York"}
OPTIONS = {"years": NEW_YORK, "zips": {"format": "lean"}, "flat": {"format": "massive"}}
MB = 1e6
PLAYED = 252


def make_years(folder: str, rows: int) -> dict[str, Any]:
    """Write one symbol's minutes over years, in New York time without a zone."""
    import pandas as pd

    sessions = Calendar("XNYS").sessions(FIRST, "2024-12-31")
    minutes = np.concatenate([SessionAxis(session).starts_ns for session in sessions[: rows // 200 + 2]])[:rows]
    texts = pd.to_datetime(minutes, utc=True).tz_convert("America/New_York").strftime("%Y-%m-%d %H:%M:%S")
    middle = np.round(100 + np.cumsum(np.random.default_rng(7).normal(0, 0.01, len(minutes))) % 50, 2)
    volume = np.random.default_rng(8).integers(1, 100_000, len(minutes))
    path = Path(folder) / "AAPL.csv"
    _write(path, {"timestamp": texts.to_numpy().astype(str), **_prices(middle), "volume": volume})
    return _made(path, len(minutes))


def make_zips(folder: str, zips: int, symbols: int) -> dict[str, Any]:
    """Write LEAN's folder: a zip a symbol and session."""
    root, rows, rng = Path(folder) / "lean" / "equity" / "usa" / "minute", 0, np.random.default_rng(3)
    sessions = Calendar("XNYS").sessions("2015-01-02", "2024-12-31")[: -(-zips // symbols)]
    for number in range(zips):
        session, name = sessions[number // symbols], f"s{chr(ord('a') + number % symbols)}"
        stamps = np.arange(session.expected_minutes) * 60_000 + 34_200_000
        middle = np.round(100 + np.cumsum(rng.normal(0, 0.03, len(stamps))), 2)
        prices = [np.round(price * 10_000) for price in _prices(middle).values()]
        cells = np.column_stack([stamps, *prices, rng.integers(1, 9_999, len(stamps))]).astype(np.int64)
        text = io.StringIO()
        np.savetxt(text, cells, "%d", ",")
        day = session.date.replace("-", "")
        (root / name).mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(root / name / f"{day}_trade.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{day}_{name}_minute_trade.csv", text.getvalue())
        rows += len(stamps)
    return _made(root.parents[2], rows)


def make_flat(folder: str, tickers: int, traded: float = 1.0) -> dict[str, Any]:
    """Write a day of many symbols with its extended hours, symbol after symbol, as Massive's flat files are.

    Each minute of each is there with the probability ``traded``.
    """
    session = Calendar("XNYS").extended_session("2024-03-08")
    assert session is not None
    starts, rng = SessionAxis(session).starts_ns, np.random.default_rng(5)
    path = Path(folder) / "2024-03-08.csv"
    path.parent.mkdir(exist_ok=True)
    rows = 0
    for first in range(0, tickers, 500):
        some = min(500, tickers - first)
        middle = rng.uniform(5, 500, some)[:, np.newaxis] + np.cumsum(rng.normal(0, 0.02, (some, len(starts))), axis=1)
        prices = _prices(np.maximum(np.round(middle, 2), 1).ravel())
        columns = {
            "ticker": np.repeat([f"S{number:05}" for number in range(first, first + some)], len(starts)),
            "volume": rng.integers(1, 100_000, some * len(starts)),
            **{name: prices[name] for name in ("open", "close", "high", "low")},
            "window_start": np.tile(starts, some),
            "transactions": rng.integers(1, 500, some * len(starts)),
        }
        if traded < 1:
            there = rng.random(some * len(starts)) < traded
            columns = {name: column[there] for name, column in columns.items()}
        _write(path, columns, first=first == 0)
        rows += len(columns["ticker"])
    return _made(path, rows)


def imported(folder: str, path: str, kind: str) -> dict[str, Any]:
    """Import into a new store."""
    Calendar("XNYS").session(FIRST)  # what is kept on disk is read, or made
    root = Path(folder) / "store"
    shutil.rmtree(root, ignore_errors=True)
    kept = []

    def work() -> None:
        with closing(ParquetStore(root)) as store:
            report = import_paths([Path(path)], store, ImportOptions(**OPTIONS[kind]), spill_to=Path(folder))
        kept.append(report.totals.kept)

    return {**_timed(work), "kept": kept[0]}


def duckdb_sorts(folder: str, path: str, by: str) -> dict[str, Any]:
    """Let DuckDB make sorted Parquet of a CSV."""
    import duckdb

    target = Path(folder) / "duck.parquet"
    return _timed(lambda: duckdb.sql(f"copy (from read_csv('{path}') order by {by}) to '{target}' (format parquet)"))


def zipfile_reads(folder: str, path: str) -> dict[str, Any]:  # each step is told where it may write
    """Read all zips with ``zipfile`` and ``pyarrow.csv``, and do nothing with them."""
    import pyarrow as pa
    from pyarrow import csv

    def work() -> None:
        for packed in sorted(Path(path).rglob("*.zip")):
            with zipfile.ZipFile(packed) as archive:
                text = pa.BufferReader(archive.read(archive.namelist()[0]))
                csv.read_csv(text, csv.ReadOptions(column_names=[*"abcdef"]))

    return _timed(work)


class Apart(ParquetStore):
    """A store that has a file a day, however small days are."""

    def expect(self, extents: Mapping[str, Extent]) -> str:  # whatever is expected
        """Decide nothing."""
        return "days"


def play(folder: str, path: str) -> dict[str, Any]:
    """Read the days of a year one after the other, as a backtest does: of a narrow store, and of a file a day."""
    report: dict[str, Any] = {}
    for name, kind in (("narrow", ParquetStore), ("days", Apart)):
        root = Path(folder) / f"played {name}"
        with closing(kind(root)) as store:
            import_paths([Path(path)], store, ImportOptions(**NEW_YORK))
            dates = store.dates("XNYS")[:PLAYED]
        report[f"read_{name}_first_ms"] = round(1e3 * _reading(root, dates[:1]), 3)
        report[f"read_{name}_day_ms"] = round(1e3 * _reading(root, dates) / len(dates), 3)
    return report


def _reading(root: Path, dates: Sequence[str]) -> float:
    with closing(ParquetStore(root, read_only=True)) as store:
        took: float = _timed(lambda: [store.read("XNYS", date) for date in dates])["s"]
    return took


def _timed(work: Callable[[], object]) -> dict[str, Any]:
    begun = time.process_time()
    work()
    took = time.process_time() - begun
    return {"s": took, "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MB)}


def _prices(middle: Any) -> dict[str, Any]:
    columns = {"open": middle, "high": middle + 0.03, "low": middle - 0.02, "close": middle + 0.01}
    return {name: np.round(column, 2) for name, column in columns.items()}


def _write(path: Path, columns: dict[str, Any], *, first: bool = True) -> None:
    import pyarrow as pa
    from pyarrow import csv

    with path.open("wb" if first else "ab") as sink:
        csv.write_csv(pa.table(columns), sink, csv.WriteOptions(include_header=first, quoting_style="none"))


def _made(path: Path, rows: int) -> dict[str, Any]:
    files = [path] if path.is_file() else [found for found in path.rglob("*") if found.is_file()]
    return {"path": str(path), "rows": rows, "mb": round(sum(found.stat().st_size for found in files) / MB, 1)}


if __name__ == "__main__":
    run_asked_step(
        {
            "make_years": make_years, "make_zips": make_zips, "make_flat": make_flat, "imported": imported,
            "duckdb_sorts": duckdb_sorts, "zipfile_reads": zipfile_reads, "play": play,
        }
    )  # fmt: skip
