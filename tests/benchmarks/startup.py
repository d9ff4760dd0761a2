"""What it costs until something happens: from start to help, to the first bar, and a backtest from start to exit.

    python tests/benchmarks/startup.py --json
    python tests/benchmarks/startup.py --work 1x252 --repeat 9

Every run is a process of its own, warm: its code is compiled, its calendar is kept. Seconds of CPU time, user and
system, of the whole process (on Windows of the wall clock): medians of the rounds, the least and the most; the spread
of ``python``, which only starts and ends, is the noise. Beside the backtests, where they are installed: NautilusTrader
from its own catalog, up to a million bars; pandas and polars from one Parquet file, which deliver nothing. ``beside``
is the median of ours for each second of theirs in the same round.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # of a script only its own folder is known

from tests.benchmarks.measuring import ROOT, Work, count, has_heard, lined_up, run_step, shown, version_of

PEERS = {
    "nautilus": ("nautilus_trader", "engines.nautilus", "replay_catalog"),
    "pandas": ("pandas", "engines.tables", "pandas"),
    "polars": ("polars", "engines.tables", "polars"),
}
MOST_BARS_OF_NAUTILUS = 1_000_000
FIRST_BAR = """
import sys, time
from barkeeper import System
with System.backtest(store=sys.argv[1]) as system:
    next(iter(system.minutes()))
    print(time.process_time())
"""
NEEDED = "import msgspec, numpy, pyarrow.parquet, pykka"
STARTS = {
    "python": ("-c", "pass"),
    "needed_imports": ("-c", NEEDED),
    "help": ("run.py", "--help"),
}


BACKTESTS = (Work(1, 252), Work(20, 60), Work(3000, 5))


def main() -> None:
    """Measure what the command line asks for and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--work", type=Work.parse, action="append", metavar="MxD", help="symbols x sessions; repeatable"
    )
    parser.add_argument("--repeat", type=count, default=5, metavar="N", help="rounds (default: 5)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    wanted = parser.parse_args()
    report = start_all(wanted.work or BACKTESTS, wanted.repeat)
    print(shown(report, as_json=True) if wanted.json else table(report))


def start_all(works: Sequence[Work], repeat: int) -> dict[str, Any]:
    """Start everything in a folder that is gone afterwards."""
    # A reader of the store may still hold a file for a moment on Windows; what is left lies in the temporary folder.
    with tempfile.TemporaryDirectory(prefix="barkeeper-", ignore_cleanup_errors=True) as folder:
        return measure(folder, works, repeat)


def measure(folder: str, works: Sequence[Work], repeat: int) -> dict[str, Any]:
    """Start everything ``repeat`` times, in turn, after a first time that does not count."""
    warm = Warm(folder)
    run_step("make", module="engines.work", folder=warm.folder("one"), symbols=1, sessions=1)
    store = f"{folder}/one/store"
    starts: dict[str, list[float]] = {name: [] for name in (*STARTS, "first_bar")}
    for turn in range(-1, repeat):
        for name, arguments in STARTS.items():
            seconds, _ = warm.cpu_s(*arguments)
            starts[name] += [seconds] if turn >= 0 else []
        _, said = warm.cpu_s("-c", FIRST_BAR, store)
        starts["first_bar"] += [float(said)] if turn >= 0 else []
    return {
        "rounds": repeat,
        "starts_s": {name: spread(times) for name, times in starts.items()},
        "backtests": {str(work): backtests(warm, work, repeat) for work in works},
        "versions": {package: found for package, _, _ in PEERS.values() if (found := version_of(package))},
        "not_installed": [package for package, _, _ in PEERS.values() if not version_of(package)],
    }


class Warm:
    """Where processes are started that find their code compiled and their calendar kept."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._environment: Mapping[str, str] = {
            **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
            "PYTHONPYCACHEPREFIX": f"{folder}/compiled",
            "BARKEEPER_CACHE": f"{folder}/kept",
            "PYTHONPATH": str(ROOT),
        }

    def folder(self, name: str) -> str:
        """Return a folder to work in."""
        place = Path(self._folder) / name
        place.mkdir()
        return str(place)

    def cpu_s(self, *arguments: str) -> tuple[float, str]:
        """Run Python with these arguments; return what it took, and what it said."""
        before = _spent_by_children()
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            sys.exit(f"{' '.join(arguments)} failed; see above")
        return _spent_by_children() - before, done.stdout


def _spent_by_children() -> float:
    if sys.platform == "win32":
        return time.perf_counter()
    import resource

    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def backtests(warm: Warm, work: Work, repeat: int) -> dict[str, Any]:
    """Play a store from start to exit as a user would, and let the peers do what is the same to them."""
    folder = warm.folder(str(work).replace(" ", ""))
    made = run_step("make", module="engines.work", folder=folder, **work._asdict())
    bars = made["truth"]["1"][0]
    peers = {name: peer for name, peer in PEERS.items() if version_of(peer[0])}
    if bars > MOST_BARS_OF_NAUTILUS:
        peers.pop("nautilus", None)
    if "nautilus" in peers:
        run_step("catalog", module="engines.nautilus", folder=folder)
    ours: list[float] = []
    theirs: dict[str, list[float]] = {name: [] for name in peers}
    for turn in range(-1, repeat):
        seconds, said = warm.cpu_s("run.py", "backtest", "--store", f"{folder}/store", "--json")
        if json.loads(said)["bars"] != bars:
            sys.exit(f"{work}: of {bars} bars {json.loads(said)['bars']} were played")
        ours += [seconds] if turn >= 0 else []
        for name, (_, module, step) in peers.items():
            arguments = json.dumps({"folder": folder})
            seconds, said = warm.cpu_s("-m", f"tests.benchmarks.{module}", step, arguments)
            if not has_heard(json.loads(said)["heard"], made["truth"]):
                sys.exit(f"{work}: {name} did not do the work")
            theirs[name] += [seconds] if turn >= 0 else []
    return {
        "bars": bars,
        "barkeeper_s": spread(ours),
        "theirs_s": {name: spread(times) for name, times in theirs.items()},
        "beside": {
            name: round(median(a / b for a, b in zip(ours, times, strict=True)), 2) for name, times in theirs.items()
        },
    }


def table(report: dict[str, Any]) -> str:
    """Return the report to be read."""
    starts = [[name, *map(str, times)] for name, times in report["starts_s"].items()]
    rows = [["symbols x sessions", "bars", "Barkeeper", *PEERS]]
    for work, found in report["backtests"].items():
        theirs = [
            f"{found['theirs_s'][name][0]} (beside {found['beside'][name]})" if name in found["theirs_s"] else ""
            for name in PEERS
        ]
        rows.append([work, f"{found['bars']:,}", "{} ({} to {})".format(*found["barkeeper_s"]), *theirs])
    words = [
        ", ".join(f"{package} {found}" for package, found in report["versions"].items()),
        *(f"{package} is not installed" for package in report["not_installed"]),
    ]
    heads = (f"CPU seconds, {report['rounds']} rounds:", "Backtests from start to exit:")
    parts = (heads[0], lined_up([["start to", "median", "least", "most"], *starts]), heads[1], lined_up(rows))
    return "\n\n".join((*parts, "\n".join(filter(None, words))))


def spread(times: Sequence[float]) -> list[float]:
    """Return the median, the least and the most."""
    return [round(seconds, 3) for seconds in (median(times), min(times), max(times))]


if __name__ == "__main__":
    main()
