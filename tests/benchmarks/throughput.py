"""How fast the real system replays a simulated market, beside the floor on the same bars on the same machine.

    python tests/benchmarks/throughput.py --symbols 500 --sessions 2 --pace free --json

Every step runs in a process of its own (``steps.py``), the floor and the replay in turn, and the medians are
reported. This process imports nothing heavy: on Linux a child's peak memory begins with its parent's.
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Measure what the command line asks for and print it."""
    wanted = _arguments()
    # A reader of the store may still hold a file for a moment on Windows; what is left lies in the temporary folder.
    with tempfile.TemporaryDirectory(prefix="barkeeper-", ignore_cleanup_errors=True) as folder:
        report = measure(f"{folder}/store", wanted)
    if wanted.json:
        print(json.dumps(report))
    else:
        print("\n".join(f"{name:>18}  {value}" for name, value in report.items()))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--symbols", type=_count, required=True, metavar="M")
    parser.add_argument("--sessions", type=_count, required=True, metavar="D")
    parser.add_argument("--pace", choices=("free", "lockstep"), default="free")
    parser.add_argument("--repeat", type=_count, default=3, metavar="N", help="report medians of N runs (default: 3)")
    parser.add_argument("--trailing", type=int, default=0, metavar="T", help="days of history before the first session")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


def _count(text: str) -> int:
    if (count := int(text)) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return count


def measure(store: str, wanted: argparse.Namespace) -> dict[str, Any]:
    """Make the data in ``store``, run everything ``repeat`` times, and sum it up."""
    days = wanted.sessions + wanted.trailing
    added = _step("make", store=store, symbols=wanted.symbols, sessions=days)["added"]
    if len(added) != days:
        sys.exit(f"the calendar knows only {len(added)} sessions")
    bars = sum(added[-wanted.sessions :])
    run = {"store": store, "pace": wanted.pace, "last": wanted.sessions, "trailing": wanted.trailing or 5}
    floors, replays, waits = [], [], []
    for _ in range(wanted.repeat):
        floors.append(_step("floor", store=store, last=wanted.sessions))
        replays.append(_step("replay", **run))
        waits += _step("asks", **run)["waits_us"]
        _check_same_work(bars, floors[-1]["heard"], replays[-1]["heard"])
    return _report(bars, floors, replays, waits)


def _step(step: str, **arguments: Any) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.steps", step, json.dumps(arguments)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"the step {step!r} failed; see above")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


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
        "peak_rss_mb": _largest([run["peak_rss_mb"] for run in replays if run["peak_rss_mb"] is not None], 1),
        "ask_p50_us": _percentile(waits, 50, 1),
        "ask_p99_us": _percentile(waits, 99, 1),
        "transition_p50_ms": _percentile(transitions, 50, 3),
        "transition_max_ms": _largest(transitions, 3),
        "prefetch_hit_rate": _hit_rate([run["is_prefetched"] for run in replays]),
    }


def _percentile(values: Sequence[float], percent: int, digits: int) -> float | None:
    """Return the smallest value that ``percent`` of all do not exceed, or ``None`` of nothing."""
    ranked = sorted(values)
    return round(ranked[math.ceil(len(ranked) * percent / 100) - 1], digits) if ranked else None


def _largest(values: Sequence[float], digits: int) -> float | None:
    return round(max(values), digits) if values else None


def _hit_rate(runs: list[list[bool]]) -> float | None:
    """Return the share of prefetched sessions from the third on; of the second if there are only two."""
    hits = [hit for run in runs for hit in (run[2:] or run[1:])]
    return round(sum(hits) / len(hits), 4) if hits else None


if __name__ == "__main__":
    main()
