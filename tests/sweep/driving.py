"""Sweeps in processes of their own, followed from here: started, let come so far, and asked what they came to."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from actors.sweep import sweep
from tests.house.source import ROOT
from tests.sweep.conftest import OPTIONS

GRID: dict[str, Any] = {"length": [2, 3, 4]}


def run(store: Path, results: Path, strategy: str, *more: str, grid: dict[str, Any] = GRID) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.sweep.runs", str(store), str(results), strategy, json.dumps(grid), *more]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def results_of(
    store: Path, results: Path, strategy: str, *more: str, grid: dict[str, Any] = GRID
) -> list[dict[str, Any]]:
    out, err = run(store, results, strategy, *more, grid=grid).communicate(timeout=300)
    assert out, err
    found: list[dict[str, Any]] = json.loads(out.splitlines()[-1])
    return found


def undisturbed(store: Path, strategy: Any, grid: dict[str, Any] = GRID) -> list[dict[str, Any]]:
    found = sweep(strategy, store=store, workers=1, grid=grid, warm_up={"1d": 3}, **OPTIONS)
    return [msgspec.to_builtins(one) for one in found]


def under_way(store: Path, results: Path, grid: dict[str, Any], *more: str) -> "subprocess.Popen[str]":
    """Start a sweep that has no end, and return when it has done all that it can do and some of that is kept."""
    head = run(store, results, "Waits", *more, grid=grid)
    assert head.stdout is not None
    while head.stdout.readline() != "10\n":
        assert head.poll() is None, "it ended before it could be disturbed"
    while not any(path.suffix == ".results" for path in results.glob("*")):
        assert head.poll() is None, "it ended before anything was kept"
        time.sleep(0.05)
    return head
