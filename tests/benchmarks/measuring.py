"""What the benchmarks have in common: steps in processes of their own, and what is made of their numbers.

Nothing heavy is imported here: on Linux a child's peak memory begins with its parent's.
"""

import argparse
import json
import math
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]


class Work(NamedTuple):
    """How much there is to do."""

    symbols: int
    sessions: int

    @classmethod
    def parse(cls, text: str) -> "Work":
        """Read ``20x20``."""
        symbols, _, sessions = text.partition("x")
        try:
            work = cls(int(symbols), int(sessions))
        except ValueError:
            work = cls(0, 0)
        if min(work) < 1:
            raise argparse.ArgumentTypeError(f"{text!r}: write symbols and sessions as 20x20")
        return work

    def __str__(self) -> str:
        return f"{self.symbols} x {self.sessions}"


def run_step(step: str, *, module: str = "steps", **arguments: Any) -> dict[str, Any]:
    """Run a step of one of the modules here in a process of its own; return its result."""
    result = try_step(step, module=module, **arguments)
    if result is None:
        sys.exit(f"the step {step!r} failed; see above")
    return result


def try_step(step: str, *, module: str, **arguments: Any) -> dict[str, Any] | None:
    """Run a step as ``run_step`` does; return ``None`` if it failed."""
    command = [sys.executable, "-m", f"tests.benchmarks.{module}", step, json.dumps(arguments)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else None


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


def lined_up(rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown whose columns are as wide as they must be; the first row is its head."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def has_heard(heard: dict[str, list[float]], truth: dict[str, list[float]]) -> bool:
    """Return whether all of the truth was heard: numbers exactly, sums but for the order of adding up."""
    return all(
        heard[minutes][0] == numbers[0]
        and all(abs(mine - true) <= 1e-9 * true for mine, true in zip(heard[minutes][1:], numbers[1:], strict=True))
        for minutes, numbers in truth.items()
    )


def version_of(package: str) -> str | None:
    """Return which version is installed; ``None``: none."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


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
