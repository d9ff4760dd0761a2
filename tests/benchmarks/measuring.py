"""What the benchmarks have in common: steps in processes of their own, and what is made of their numbers.

Nothing heavy is imported here: on Linux a child's peak memory begins with its parent's.
"""

import argparse
import json
import math
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def run_step(step: str, *, module: str = "steps", **arguments: Any) -> dict[str, Any]:
    """Run a step of one of the modules here in a process of its own; return its result."""
    command = [sys.executable, "-m", f"tests.benchmarks.{module}", step, json.dumps(arguments)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"the step {step!r} failed; see above")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def run_asked_step(steps: dict[str, Callable[..., dict[str, Any]]]) -> None:
    """Be that process: do what the command line says and print the result."""
    print(json.dumps(steps[sys.argv[1]](**json.loads(sys.argv[2]))))


def count(text: str) -> int:
    """Parse an option that counts something there must be."""
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def shown(report: dict[str, Any], *, as_json: bool) -> str:
    """Return a report as one JSON object, or as lines to read."""
    if as_json:
        return json.dumps(report)
    width = max(map(len, report))
    return "\n".join(f"{name:>{width}}  {value}" for name, value in report.items())


def percentile(values: Sequence[float], percent: int, digits: int) -> float | None:
    """Return the smallest value that ``percent`` of all do not exceed, or ``None`` of nothing."""
    ranked = sorted(values)
    return round(ranked[math.ceil(len(ranked) * percent / 100) - 1], digits) if ranked else None


def largest(values: Sequence[float], digits: int) -> float | None:
    """Return the largest value, or ``None`` of nothing."""
    return round(max(values), digits) if values else None


def hit_rate(runs: list[list[bool]]) -> float | None:
    """Return the share of prefetched sessions from the third on; of the second if there are only two."""
    hits = [hit for run in runs for hit in (run[2:] or run[1:])]
    return round(sum(hits) / len(hits), 4) if hits else None
