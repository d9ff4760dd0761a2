"""What a minute of a strategy's loop costs with each of its reads, beside the same in NautilusTrader where it is there.

    python tests/benchmarks/strategy.py --json

README's loop over one symbol in lockstep: an empty body, one read in every minute, and the same in asyncio. Beside it
an actor's ``on_bar`` that reads its cache. Both do the same sum with what they read, and must have read the same.
Microseconds of CPU time a minute, all threads; medians of the rounds, the least and the most; ``ratio`` is the median
of ours for each one of theirs in the same round. Asyncio is compared with our own loop without it.
"""

import argparse
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # of a script only its own folder is known

from tests.benchmarks.measuring import count, lined_up, run_step, shown

PEER = "nautilus_trader"
BODIES = {
    "empty": "nothing",
    "latest_bar": "latest_bar",
    "last_20": "last_bars(20)",
    "last_20_5m": 'last_bars(20, "5m")',
    "async_last_20_5m": 'async, last_bars(20, "5m")',
}
WITHOUT_ASYNC = {"async_last_20_5m": "last_20_5m"}
SAME_READS = {"latest_bar", "last_20"}
"""Bodies that read the same bars in both: an actor hears of a minute before its 5m bar, and keeps yesterday's."""


def main() -> None:
    """Measure what the command line asks for and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=count, default=10, metavar="D", help="how many are played (default: 10)")
    parser.add_argument("--repeat", type=count, default=5, metavar="N", help="rounds (default: 5)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    wanted = parser.parse_args()
    report = measure(wanted.sessions, wanted.repeat)
    print(shown(report, as_json=True) if wanted.json else table(report))


def measure(sessions: int, repeat: int) -> dict[str, Any]:
    """Play every loop ``repeat`` times, ours and theirs in turn."""
    has_peer = find_spec(PEER) is not None
    ours: dict[str, list[float]] = {body: [] for body in BODIES}
    theirs: dict[str, list[float]] = {body: [] for body in BODIES if has_peer and body not in WITHOUT_ASYNC}
    # A reader of the store may still hold a file for a moment on Windows; what is left lies in the temporary folder.
    with tempfile.TemporaryDirectory(prefix="barkeeper-", ignore_cleanup_errors=True) as folder:
        made = run_step("make", module="engines.work", folder=folder, symbols=1, sessions=sessions)
        for _ in range(repeat):
            for body in BODIES:
                how = {"folder": folder, "body": body}
                mine = run_step("loop", module="engines.house", sessions=sessions, symbol=made["symbols"][0], **how)
                ours[body].append(_us_a_minute(mine, made["truth"], body))
                if body in theirs:
                    other = run_step("loop", module="engines.nautilus", **how)
                    theirs[body].append(_us_a_minute(other, made["truth"], body))
    return {
        "minutes": made["truth"]["1"][0],
        "rounds": repeat,
        "not_installed": [] if has_peer else [PEER],
        "bodies": {body: _summed_up(body, ours, theirs) for body in BODIES},
    }


def _us_a_minute(run: dict[str, Any], truth: dict[str, list[float]], body: str) -> float:
    minutes, closes, _ = run["heard"]["1"]
    if minutes != truth["1"][0] or (body in SAME_READS and abs(closes / truth["1"][1] - 1) > 1e-9):
        sys.exit(f"{body}: of {truth['1'][:2]} minutes and closes only {run['heard']['1'][:2]} were read")
    return float(run["cpu_s"] / minutes * 1e6)


def _summed_up(body: str, ours: dict[str, list[float]], theirs: dict[str, list[float]]) -> dict[str, Any]:
    beside = ours[WITHOUT_ASYNC[body]] if body in WITHOUT_ASYNC else theirs.get(body)
    return {
        "us": _spread(ours[body]),
        "nautilus_us": _spread(theirs[body]) if body in theirs else None,
        "ratio": None if beside is None else round(median(a / b for a, b in zip(ours[body], beside, strict=True)), 2),
    }


def _spread(values: list[float]) -> list[float]:
    """Return the median, the least and the most."""
    return [round(value, 1) for value in (median(values), min(values), max(values))]


def table(report: dict[str, Any]) -> str:
    """Return the report to be read."""
    rows = [["in every minute", "Barkeeper, us", "NautilusTrader, us", "ratio"]]
    for body, found in report["bodies"].items():
        cells = ["" if found[key] is None else "{} ({} to {})".format(*found[key]) for key in ("us", "nautilus_us")]
        rows.append([BODIES[body], *cells, "" if found["ratio"] is None else str(found["ratio"])])
    words = [f"{package} is not installed" for package in report["not_installed"]]
    return "\n".join([f"{report['minutes']} minutes, {report['rounds']} rounds:", "", lined_up(rows), *words])


if __name__ == "__main__":
    main()
