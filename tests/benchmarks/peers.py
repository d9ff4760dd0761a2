"""The same bars, minute by minute, through this engine and through those that are installed beside it.

    python -m pip install -e ".[peers]"
    python tests/benchmarks/peers.py --work 20x20 --work 500x2
    python tests/benchmarks/peers.py --json > peers.json

Everybody delivers every 1m bar and every 5m and 15m bar made of them; how many there were and what their closes and
volumes come to is compared with the truth, and who differs is named and given no time. Each runs in a process of its
own, in turn, as its documentation says that it is fastest; loading comes before and is timed apart. Times are CPU
seconds of all threads, medians of the rounds, with the least and the most. ``beside`` is the median of what others
take for each second of Barkeeper's lockstep in the same round. Who is not installed is left out, by name.
"""

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # of a script only its own folder is known

from tests.benchmarks.measuring import Work, has_heard, lined_up, run_step, shown, try_step, version_of


class Engine(NamedTuple):
    """One of those that are compared."""

    name: str
    package: str
    """What has to be installed."""
    module: str
    step: str = "replay"
    delivers: str = "a bar"
    options: tuple[tuple[str, Any], ...] = ()


OURS = "Barkeeper, lockstep"
ENGINES = (
    Engine(OURS, "barkeeper", "house", delivers="a minute", options=(("pace", "lockstep"),)),
    Engine(f"{OURS}, by bar", "barkeeper", "house", options=(("pace", "lockstep"), ("by_bar", True))),
    Engine("Barkeeper, free", "barkeeper", "house", delivers="a minute", options=(("pace", "free"),)),
    Engine("NautilusTrader", "nautilus_trader", "nautilus"),
    Engine("vn.py BarGenerator", "vnpy", "vnpy"),
    Engine("bytewax", "bytewax", "bytewax"),
    Engine("backtrader", "backtrader", "backtrader"),
    Engine("pandas", "pandas", "tables", step="pandas", delivers="nothing"),
    Engine("polars", "polars", "tables", step="polars", delivers="nothing"),
)


WORKS = (Work(20, 20), Work(500, 2))


def main() -> None:
    """Measure what the command line asks for and print it."""
    wanted = _arguments()
    report = compare(wanted.work or WORKS, wanted.repeat, wanted.patience)
    print(shown(report, as_json=True) if wanted.json else table(report))


def compare(works: Sequence[Work], repeat: int, patience: float = 20.0) -> dict[str, Any]:
    """Let everybody who is installed do some works, ``repeat`` times; who is slower than ``patience`` allows, once."""
    there = [engine for engine in ENGINES if version_of(engine.package)]
    return {
        "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}",
        "versions": {engine.package: version_of(engine.package) for engine in there},
        "not_installed": sorted({engine.package for engine in ENGINES} - {engine.package for engine in there}),
        "works": {str(work): measure(work, there, repeat, patience) for work in works},
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--work", type=Work.parse, action="append", metavar="MxD", help="symbols x sessions; repeatable"
    )
    parser.add_argument("--repeat", type=int, default=5, metavar="N", help="rounds (default: 5)")
    parser.add_argument(
        "--patience", type=float, default=20.0, metavar="S", help="who takes longer has one round (default: 20)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


def measure(work: Work, engines: list[Engine], repeat: int, patience: float) -> dict[str, Any]:
    """Let everybody do the work ``repeat`` times, in turn."""
    # A reader of the store may still hold a file for a moment on Windows; what is left lies in the temporary folder.
    with tempfile.TemporaryDirectory(prefix="barkeeper-", ignore_cleanup_errors=True) as folder:
        truth = run_step("make", module="engines.work", folder=folder, **work._asdict())["truth"]
        rounds: list[dict[str, dict[str, Any]]] = []
        slow: set[str] = set()
        wrong: dict[str, str] = {}
        for _ in range(repeat):
            rounds.append({})
            for engine in engines:
                if engine.name in slow or engine.name in wrong:
                    continue
                more = {"sessions": work.sessions} if engine.module == "house" else {}
                run = try_step(
                    engine.step, module=f"engines.{engine.module}", folder=folder, **dict(engine.options), **more
                )
                if run is None or not has_heard(run["heard"], truth):
                    wrong[engine.name] = "failed" if run is None else f"heard {run['heard']} of {truth}"
                    continue
                rounds[-1][engine.name] = run
                if run["cpu_s"] > patience:
                    slow.add(engine.name)
    bars = truth["1"][0]
    found = {engine.name: _summed_up(engine.name, rounds, bars) for engine in engines if engine.name not in wrong}
    return {"bars": bars, "engines": found, "wrong": wrong}


def _summed_up(name: str, rounds: list[dict[str, dict[str, Any]]], bars: int) -> dict[str, Any]:
    times = [one[name]["cpu_s"] for one in rounds if name in one]
    pairs = [one[name]["cpu_s"] / one[OURS]["cpu_s"] for one in rounds if name in one and OURS in one]
    return {
        "rounds": len(times),
        "load_cpu_s": round(median(one[name]["load_cpu_s"] for one in rounds if name in one), 3),
        "cpu_s": round(median(times), 4),
        "cpu_s_range": [round(min(times), 4), round(max(times), 4)],
        "wall_s": round(median(one[name]["wall_s"] for one in rounds if name in one), 4),
        "bars_per_cpu_s": round(bars / median(times)),
        "beside": round(median(pairs), 3) if pairs else None,
    }


def table(report: dict[str, Any]) -> str:
    """Return what the guide shows."""
    works = report["works"]
    heads = [[f"{work}, s", "beside", "bars/s", "loading, s"] for work in works]
    rows = [["symbols x sessions", "delivers", *chain.from_iterable(heads)]]
    for engine in ENGINES:
        found = [done["engines"].get(engine.name) for done in works.values()]
        if any(found):
            rows.append(
                [_titled(engine, report["versions"]), engine.delivers, *chain.from_iterable(map(_cells, found))]
            )
    words = [
        f"{name}, {work}: not shown, it {what}" for work, done in works.items() for name, what in done["wrong"].items()
    ]
    words += [f"{package} is not installed" for package in report["not_installed"]]
    return "\n\n".join(filter(None, (f"On {report['machine']}:", lined_up(rows), "\n".join(words))))


def _titled(engine: Engine, versions: dict[str, str]) -> str:
    return engine.name if engine.package == "barkeeper" else f"{engine.name} {versions[engine.package]}"


def _cells(found: dict[str, Any] | None) -> list[str]:
    if found is None:
        return [""] * 4
    least, most = (f"{seconds:.3g}" for seconds in found["cpu_s_range"])
    spread = f" ({least} to {most})" if found["rounds"] > 1 else " (once)"
    return [
        f"{found['cpu_s']:.3g}{spread}",
        _ratio(found["beside"]),
        f"{found['bars_per_cpu_s']:,}",
        f"{found['load_cpu_s']:.2f}",
    ]


def _ratio(number: float | None) -> str:
    if number is None:
        return ""
    return f"{number:.2g}" if number < 10 else f"{number:,.0f}"


if __name__ == "__main__":
    main()
