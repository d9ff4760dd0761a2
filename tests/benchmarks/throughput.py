"""How fast the real system replays a simulated market, beside the floor on the same bars on the same machine.

    python tests/benchmarks/throughput.py --symbols 500 --sessions 2 --pace free --json
    python tests/benchmarks/throughput.py --symbols 500 --sessions 4 --speed 60 --scale 20 --json

With a speed the replay is no faster than so many times real time, on a clock that is itself ``scale`` times as
fast; then the prefetch and the transitions are what there is to see, and the rates say nothing.

Every step runs in a process of its own (``steps.py``), the floor and the replay in turn, and the medians are
reported. This process imports nothing heavy: on Linux a child's peak memory begins with its parent's.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # of a script only its own folder is known

from tests.benchmarks.measuring import count, hit_rate, largest, percentile, run_step, shown


def main() -> None:
    """Measure what the command line asks for and print it."""
    wanted = _arguments()
    # A reader of the store may still hold a file for a moment on Windows; what is left lies in the temporary folder.
    with tempfile.TemporaryDirectory(prefix="barkeeper-", ignore_cleanup_errors=True) as folder:
        report = measure(f"{folder}/store", wanted)
    print(shown(report, as_json=wanted.json))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--symbols", type=count, required=True, metavar="M")
    parser.add_argument("--sessions", type=count, required=True, metavar="D")
    parser.add_argument("--pace", choices=("free", "lockstep"), default="free")
    parser.add_argument("--repeat", type=count, default=3, metavar="N", help="report medians of N runs (default: 3)")
    parser.add_argument("--trailing", type=int, default=0, metavar="T", help="days of history before the first session")
    parser.add_argument("--speed", type=float, default=0.0, help="times real time (default: 0, as fast as possible)")
    parser.add_argument("--scale", type=float, default=1.0, help="how many times as fast the clock goes (default: 1)")
    parser.add_argument("--closed", action="append", default=[], metavar="HH:MM-HH:MM", help="shortens the sessions")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


def measure(store: str, wanted: argparse.Namespace) -> dict[str, Any]:
    """Make the data in ``store``, run everything ``repeat`` times, and sum it up."""
    days = wanted.sessions + wanted.trailing
    added = run_step("make", store=store, symbols=wanted.symbols, sessions=days, closed=wanted.closed)["added"]
    if len(added) != days:
        sys.exit(f"the calendar knows only {len(added)} sessions")
    bars = sum(added[-wanted.sessions :])
    run = {
        "store": store,
        "pace": wanted.pace,
        "last": wanted.sessions,
        "trailing": wanted.trailing or 5,
        "speed": wanted.speed,
        "scale": wanted.scale,
        "closed": wanted.closed,
    }
    floors, replays, waits = [], [], []
    for _ in range(wanted.repeat):
        floors.append(run_step("floor", store=store, last=wanted.sessions))
        replays.append(run_step("replay", **run))
        waits += run_step("asks", **run)["waits_us"]
        _check_same_work(bars, floors[-1]["heard"], replays[-1]["heard"])
    return _report(bars, floors, replays, waits)


def _check_same_work(bars: int, floor: dict[str, int], system: dict[str, int]) -> None:
    """A ratio means something only if both delivered every bar and every derived bar."""
    if floor["1m"] != bars or system != floor:
        sys.exit(f"of {bars} bars made, the floor delivered {floor} and the system {system}")


def _report(
    bars: int, floors: list[dict[str, Any]], replays: list[dict[str, Any]], waits: list[float]
) -> dict[str, Any]:
    seconds = median(run["seconds"] for run in replays)
    floor_seconds = median(run["seconds"] for run in floors)
    transitions = [wait for run in replays for wait in run["transition_ms"]]
    return {
        "bars": bars,
        "seconds": round(seconds, 4),
        "bars_per_s": round(bars / seconds),
        "load_seconds": round(median(run["load_seconds"] for run in replays), 4),
        "floor_bars_per_s": round(bars / floor_seconds),
        "ratio_to_floor": round(floor_seconds / seconds, 3),
        "peak_rss_mb": largest([run["peak_rss_mb"] for run in replays if run["peak_rss_mb"] is not None], 1),
        "ask_p50_us": percentile(waits, 50, 1),
        "ask_p99_us": percentile(waits, 99, 1),
        "transition_p50_ms": percentile(transitions, 50, 3),
        "transition_max_ms": largest(transitions, 3),
        "prefetch_hit_rate": hit_rate([run["is_prefetched"] for run in replays]),
    }


if __name__ == "__main__":
    main()
