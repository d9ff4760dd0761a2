"""What a sweep costs beside its tasks alone, and how much faster two workers are than one.

    python tests/benchmarks/sweep.py --symbols 20 --sessions 60 --sets 32 --json

A strategy that reads twenty bars of one symbol in every minute, over a simulated market, with a warm-up of daily and
5-minute bars. ``alone``: a sample of the tasks, each a system of its own as a program would make it, one after the
other in one process whose calendar, store and days are warm. ``one`` and ``two``: the whole sweep by one worker and by
two, each in a process of its own that is started for it; ``together``: by one, all sets of parameters on one tape.
Seconds of the clock, and of CPU of all threads and processes: on a machine with other work read the latter.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # of a script only its own folder is known

from tests.benchmarks.measuring import count, run_step, shown

BEFORE = 60
"""Sessions of history in front of the first that is played."""


def main() -> None:
    """Measure what the command line asks for and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--symbols", type=count, default=20, metavar="M")
    parser.add_argument("--sessions", type=count, default=60, metavar="D")
    parser.add_argument("--sets", type=count, default=32, metavar="N", help="sets of parameters (default: 32)")
    parser.add_argument("--sample", type=count, default=2, metavar="N", help="of them are also played alone")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="barkeeper-") as folder:
        print(shown(measure(f"{folder}/store", wanted), as_json=wanted.json))


def measure(store: str, wanted: argparse.Namespace) -> dict[str, Any]:
    """Make the market, play it in every way, and compare."""
    run_step("make", store=store, symbols=wanted.symbols, sessions=wanted.sessions + BEFORE)
    work = {"store": store, "last": wanted.sessions, "sets": wanted.sets}
    alone = run_step("alone", module="sweep_steps", **{**work, "sets": min(wanted.sample, wanted.sets)})
    one, two, together = (
        run_step("swept", module="sweep_steps", workers=workers, together=together, **work)
        for workers, together in ((1, False), (2, False), (1, True))
    )
    if len({run["digest"] for run in (one, two, together)}) > 1:
        sys.exit("the results differ: it was not the same work")
    tasks = wanted.sessions * wanted.sets
    cpu_alone = alone["cpu_s"] / alone["tasks"] * tasks
    report: dict[str, Any] = {"tasks": tasks, "start_ms": alone["start_ms"]}
    for name, run in (("one", one), ("two", two), ("together", together)):
        report |= {f"{name}_s": run["s"], f"{name}_cpu_s": run["cpu_s"]}
    return report | {
        "alone_cpu_s": round(cpu_alone, 2),
        "two_beside_one": round(one["s"] / two["s"], 2),
        "cpu_beside_alone": round(two["cpu_s"] / cpu_alone, 3),
        "busiest_share": two["busiest_share"],
    }


if __name__ == "__main__":
    main()
