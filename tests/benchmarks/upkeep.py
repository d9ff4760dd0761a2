"""What a faulty feed costs and what is left of its faults: gaps found, filled, abandoned, and the time that takes.

    python tests/benchmarks/upkeep.py --json
    python tests/benchmarks/upkeep.py --only healed detection --repeat 5
    python tests/benchmarks/upkeep.py --only throughput --symbols 20 --sessions 20 --json
    python tests/benchmarks/upkeep.py --only history --timed --json

The feed loses bars at random and is silent for seven minutes of every session; a second store has them all. The
faults are the same in every run with the same seed. Every step runs in a process of its own
(``upkeep_steps.py``), and medians are reported. Exits with 1 if the healed sessions differ from undisturbed ones,
or if a gap stays open although the upstream is complete.

healed          gaps_closed_percent, bar_quality when settled, same_digest (of every session, as undisturbed),
                gap_to_filled_ms from GapDetected leaving SessionData to the last of its bars, in lockstep
detection       detection_ms_per_minute: what a minute with holes takes SessionData's core longer than a whole one
failing         failing_30 (the upstream fails 30 % of its calls) and failing_always
throughput      throughput_ratio: bars per second at a free pace with 0.5 % lost and filled, by those without;
                and both by the floor of throughput.py
history         history_20: prefetch and transitions with 20 sessions of history before each; --timed: also at 60
                times real time, on a clock that goes --scale times as fast
"""

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # of a script only its own folder is known

from tests.benchmarks.measuring import count, hit_rate, largest, percentile, run_step, shown

PARTS = ("healed", "detection", "failing", "throughput", "history")
LOST_WHILE_RACING = 0.005
HISTORY = 20
PLAYED_AFTER_HISTORY = 4
SPEED = 60.0


def main() -> None:
    """Measure what the command line asks for, print it, and fail if the loop did."""
    wanted = _arguments()
    with tempfile.TemporaryDirectory(prefix="barkeeper-", ignore_cleanup_errors=True) as folder:
        report = Benchmark(f"{folder}/store", wanted).report()
    print(shown(report, as_json=wanted.json))
    if complaint := wrong(report):
        sys.exit(complaint)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--symbols", type=count, default=500, metavar="M")
    parser.add_argument("--sessions", type=count, default=2, metavar="D")
    parser.add_argument("--drop", type=float, default=0.02, metavar="P", help="share of bars lost (default: 0.02)")
    parser.add_argument("--outage", default="10:00-10:07", metavar="HH:MM-HH:MM", help="when the feed is silent")
    parser.add_argument("--seed", type=int, default=3, help="another seed strikes other bars (default: 3)")
    parser.add_argument("--repeat", type=count, default=3, metavar="N", help="report medians of N runs (default: 3)")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART", help="measure only these")
    parser.add_argument("--closed", action="append", default=[], metavar="HH:MM-HH:MM", help="shortens the sessions")
    parser.add_argument("--timed", action="store_true", help="history also at 60 times real time")
    parser.add_argument("--scale", type=float, default=20.0, help="how fast the clock goes then (default: 20)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


def wrong(report: dict[str, Any]) -> str:
    """Return what is wrong with the loop itself, in one sentence; nothing: empty."""
    for name, part in {"": report, " with 30 % of the calls failing": report.get("failing_30", {})}.items():
        if part.get("same_digest") is False:
            return f"healed sessions{name} are not those of an undisturbed run"
        if part.get("gaps_closed_percent", 100.0) != 100.0:
            return f"only {part['gaps_closed_percent']} % of the gaps{name} were closed"
    return ""


class Benchmark:
    """All that is measured on one store.

    Args:
        store: a folder that is not there yet.
        wanted: the command line.
    """

    def __init__(self, store: str, wanted: argparse.Namespace) -> None:
        self._store = store
        self._wanted = wanted
        self._played = {"store": store, "last": wanted.sessions, "closed": wanted.closed}
        self._faulty = {**self._played, "drop": wanted.drop, "outage": wanted.outage, "seed": wanted.seed}
        self._calm: dict[str, Any] = {}

    def report(self) -> dict[str, Any]:
        """Measure everything that is wanted."""
        only = [part for part in PARTS if part in self._wanted.only]
        days = max(self._wanted.sessions, HISTORY + PLAYED_AFTER_HISTORY if "history" in only else 0)
        make = {"symbols": self._wanted.symbols, "sessions": days, "closed": self._wanted.closed}
        if len(run_step("make", store=self._store, **make)["added"]) != days:
            sys.exit(f"the calendar does not know {days} sessions")
        if {"healed", "failing"} & set(only):
            self._calm = self._run("undisturbed", **self._played)
        report: dict[str, Any] = {}
        for part in only:
            report |= getattr(self, f"_{part}")()
        return report

    @staticmethod
    def _run(step: str, **arguments: Any) -> dict[str, Any]:
        return run_step(step, module="upkeep_steps", **arguments)

    def _healed(self) -> dict[str, Any]:
        runs = [self._run("disturbed", **self._faulty) for _ in range(self._wanted.repeat)]
        waits = [wait for run in runs for wait in run["waits_ms"]]
        return {
            **self._closed(runs),
            "missing_minutes": runs[0]["missing"],
            "bar_quality": min(run["bar_quality"] for run in runs),
            "gap_to_filled_ms_p50": percentile(waits, 50, 3),
            "gap_to_filled_ms_p99": percentile(waits, 99, 3),
        }

    def _closed(self, runs: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "gaps_closed_percent": min(_share(run["filled"], run["missing"]) for run in runs),
            "same_digest": all(run["digests"] == self._calm["digests"] for run in runs),
        }

    def _detection(self) -> dict[str, Any]:
        how = {key: value for key, value in self._faulty.items() if key not in ("last", "outage")}
        extra = self._run("detection", repeat=self._wanted.repeat, **how)["extra_ms"]
        return {"detection_ms_per_minute": percentile(extra, 50, 4), "detection_ms_p99": percentile(extra, 99, 4)}

    def _failing(self) -> dict[str, Any]:
        some = self._run("disturbed", failing=0.3, **self._faulty)
        never = self._run("leaks", failing=1.0, runs=max(self._wanted.repeat, 6), **self._faulty)
        seen = ("threads_before", "threads_after", "pending_futures", "objects_growth", "rss_growth_mb")
        return {
            "failing_30": {**self._closed([some]), **_calls(some)},
            "failing_always": {
                "abandoned_percent": _share(never["abandoned"], never["missing"]),
                "closed_on_time": never["closes"] == self._calm["closes"],
                "settled_sessions": len(never["digests"]),
                **_calls(never),
                **{name: never[name] for name in seen},
            },
        }

    def _throughput(self) -> dict[str, Any]:
        how = {**self._played, "pace": "free", "trailing": 5}
        lossy = {"drop": LOST_WHILE_RACING, "seed": self._wanted.seed}
        floors, plain, filled = [], [], []
        for _ in range(self._wanted.repeat):
            floors.append(run_step("floor", store=self._store, last=self._wanted.sessions)["seconds"])
            plain.append(run_step("replay", **how))
            filled.append(run_step("replay", **how, **lossy))
        pairs = list(zip(plain, filled, strict=True))
        if any(without["heard"]["1m"] != with_["heard"]["1m"] for without, with_ in pairs):
            sys.exit("other bars were delivered with fills than without losses")
        ratios = [without["seconds"] / with_["seconds"] for without, with_ in pairs]
        bars = plain[0]["heard"]["1m"]
        return {
            "throughput_ratio": round(median(ratios), 3),
            "throughput_ratio_range": [round(min(ratios), 3), round(max(ratios), 3)],
            "bars_per_s": round(bars / median(run["seconds"] for run in plain)),
            "bars_per_s_with_fills": round(bars / median(run["seconds"] for run in filled)),
            "floor_bars_per_s": round(bars / median(floors)),
            "ratio_to_floor": round(median(floors) / median(run["seconds"] for run in plain), 3),
            "ratio_to_floor_with_fills": round(median(floors) / median(run["seconds"] for run in filled), 3),
        }

    def _history(self) -> dict[str, Any]:
        how = {"store": self._store, "pace": "free", "last": PLAYED_AFTER_HISTORY, "closed": self._wanted.closed}
        how |= {"trailing": HISTORY, "drop": self._wanted.drop, "seed": self._wanted.seed}
        report = {f"history_{HISTORY}": _openings([run_step("replay", **how) for _ in range(self._wanted.repeat)])}
        if self._wanted.timed:
            timed = run_step("replay", **how, speed=SPEED, scale=self._wanted.scale)
            report[f"history_{HISTORY}_timed"] = _openings([timed])
        return report


def _share(part: int, whole: int) -> float:
    """Return a percentage that is 100 only if all of it is there."""
    return 100.0 if part == whole else min(round(100.0 * part / whole, 4), 99.9999)


def _calls(run: dict[str, Any]) -> dict[str, int]:
    return {name: run[name] for name in ("calls", "failed", "most_attempts")}


def _openings(runs: list[dict[str, Any]]) -> dict[str, Any]:
    transitions = [wait for run in runs for wait in run["transition_ms"]]
    peaks = [run["peak_rss_mb"] for run in runs if run["peak_rss_mb"] is not None]
    return {
        "prefetch_hit_rate": hit_rate([run["is_prefetched"] for run in runs]),
        "transition_p50_ms": percentile(transitions, 50, 3),
        "transition_max_ms": largest(transitions, 3),
        "peak_rss_mb": largest(peaks, 1),
    }


if __name__ == "__main__":
    main()
