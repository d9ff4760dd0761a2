"""How fast files become a store, and in how much memory, beside DuckDB and pyarrow on the same files.

    python tests/benchmarks/importing.py --json

``years``: one symbol's minutes over thirty years, beside DuckDB's CSV to sorted Parquet. ``zips``: LEAN's folder, a
zip a symbol and day, beside ``zipfile`` and ``pyarrow.csv``, which only read. ``flat``: a day of a whole market, symbol
after symbol, certified, beside DuckDB. ``holed``: one of 8,000 symbols that each have 40 % of its minutes, at random:
1.8 million runs of minutes without a bar. ``large``: as ``flat``, of 18,000 symbols, 1 GB, with ``--large``.
``read``: a backtest's reads of a year of the first, from a file a year and from a file a day.

Each import and each peer runs in a process of its own; its CPU time, all threads, is that of the work alone, once what
it takes is loaded. Numbers are medians of ``--repeat`` pairs that take turns: read the ratios.
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # of a script only its own folder is known

from tests.benchmarks.measuring import count, run_step, shown, version_of

ROWS, SYMBOLS, ZIPS, TICKERS, HOLED, LARGE = 2_933_040, 10, 2_500, 3_540, 8_000, 18_000
TRADED = 0.4


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=count, default=ROWS, help="of the file of years")
    parser.add_argument("--zips", type=count, default=ZIPS)
    parser.add_argument("--tickers", type=count, default=TICKERS, help="of the flat file")
    parser.add_argument("--holed", type=count, default=HOLED, help="tickers of the flat file with holes")
    parser.add_argument("--large", type=int, nargs="?", const=LARGE, default=0, help="tickers of a second flat file")
    parser.add_argument("--repeat", type=count, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        print(shown(measured(Path(name), arguments), as_json=arguments.json))


def measured(folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Run everything and return the numbers."""
    made = {
        "years": step("make_years", folder, rows=arguments.rows),
        "zips": step("make_zips", folder, zips=arguments.zips, symbols=min(SYMBOLS, arguments.zips)),
        "flat": step("make_flat", folder / "flat", tickers=arguments.tickers),
        "holed": step("make_flat", folder / "holed", tickers=arguments.holed, traded=TRADED),
    }
    if arguments.large:
        made["large"] = step("make_flat", folder / "large", tickers=arguments.large)
    report: dict[str, Any] = {"duckdb": version_of("duckdb"), "pyarrow": version_of("pyarrow")}
    for case, of_case in made.items():
        repeat = 1 if case == "large" else arguments.repeat
        pairs = [(ours(folder, case, of_case), peers(folder, case, of_case)) for _ in range(repeat)]
        report |= {
            f"{case}_rows": of_case["rows"],
            f"{case}_mb": of_case["mb"],
            f"{case}_s": median(one["s"] for one, _ in pairs),
            f"{case}_peak_mb": median(one["peak_mb"] for one, _ in pairs),
        }
        if all(peer is not None for _, peer in pairs):
            report |= {
                f"{case}_peer_s": median(peer["s"] for _, peer in pairs),
                f"{case}_peer_peak_mb": median(peer["peak_mb"] for _, peer in pairs),
                f"{case}_of_peer": median(one["s"] / peer["s"] for one, peer in pairs),
            }
    return report | step("play", folder, path=made["years"]["path"])


def ours(folder: Path, case: str, made: dict[str, Any]) -> dict[str, Any]:
    """Import what was made into a new store."""
    done = step("imported", folder, path=made["path"], kind=case if case in ("years", "zips") else "flat")
    assert done["kept"] == made["rows"], (done, made)
    return done


def peers(folder: Path, case: str, made: dict[str, Any]) -> Any:
    """Let the peer do its part; ``None`` where it is not installed."""
    if case == "zips":
        return step("zipfile_reads", folder, path=made["path"])
    if version_of("duckdb") is None:
        return None
    return step(
        "duckdb_sorts", folder, path=made["path"], by="timestamp" if case == "years" else "window_start, ticker"
    )


def step(name: str, folder: Path, **arguments: Any) -> dict[str, Any]:
    """Run a step in a process of its own."""
    return run_step(name, module="importing_steps", folder=str(folder), **arguments)


def median(values: Any) -> float:
    """Return the median, rounded."""
    return round(statistics.median(values), 3)


if __name__ == "__main__":
    main()
