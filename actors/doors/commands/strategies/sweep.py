"""The ``sweep`` command: a strategy over many sessions, with many sets of parameters."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from actors.doors.show import paper, sweep_tables
from actors.doors.show.progress import sweep_bar
from actors.strategy import load
from actors.sweep import Result, Results, sweep
from messages.errors import SettingsError, StrategyFailed

_WORDS = {"true": True, "false": False, "none": None}


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says."""

    store: str
    symbols: tuple[str, ...]
    grid: tuple[str, ...]
    """Each ``NAME=A,B,C``."""
    warm_up: str
    """``1d=200,5m=60``."""
    workers: int | None
    cluster: str | None
    results: Path | None
    together: bool | None
    stretch: int
    options: dict[str, Any]
    """Of the backtests."""


class SweepReport(msgspec.Struct, frozen=True, kw_only=True):
    """A sweep, as its JSON has it."""

    tasks: int
    """Sessions times sets of parameters, times symbols where these are played one by one."""
    done: int
    failed: int
    is_interrupted: bool
    seconds: float
    remarks: tuple[str, ...]
    results: tuple[Result, ...]


def sweep_and_show(place: str, wishes: Wishes, *, as_json: bool) -> None:
    """Play, and print what came out.

    Raises:
        BarkeeperError: something makes no sense, or a task failed.
        KeyboardInterrupt: it was interrupted; what was done has been printed.
    """
    strategy = load(place)
    began = time.perf_counter()
    with sweep_bar() as show_progress:
        results = sweep(
            strategy,
            store=wishes.store,
            symbols=wishes.symbols,
            grid=grid_of(wishes.grid),
            warm_up=warm_up_of(wishes.warm_up),
            workers=wishes.workers,
            cluster=wishes.cluster,
            results=wishes.results,
            together=wishes.together,
            stretch=wishes.stretch,
            progress=show_progress,
            **wishes.options,
        )
    seconds = time.perf_counter() - began
    if as_json:
        paper.show_json(_report(results, seconds))
    else:
        paper.show(sweep_tables.by_parameters(results))
        paper.say(*results.remarks)
    if results.is_interrupted:
        raise KeyboardInterrupt
    if failures := results.failures:
        several = "" if len(failures) == 1 else f"{len(failures)} of {results.tasks} tasks failed; the first: "
        raise StrategyFailed(f"{several}{failures[0]}")


def grid_of(given: Sequence[str]) -> dict[str, list[Any]]:
    """Return values by parameter: numbers, true, false and none as such, all else as text.

    Raises:
        SettingsError: one is not written as ``NAME=A,B,C``, or a parameter is named twice.
    """
    grid: dict[str, list[Any]] = {}
    for text in given:
        name, equals, values = text.partition("=")
        if not equals or not name.strip().isidentifier() or not values.strip():
            raise SettingsError(f"--grid {text}: write a parameter and its values, as in fast=5,10,20")
        if name.strip() in grid:
            raise SettingsError(f"--grid names {name.strip()} twice: write all of its values after one another")
        grid[name.strip()] = [_value(value.strip()) for value in values.split(",")]
    return grid


def warm_up_of(text: str) -> dict[str, int]:
    """Return bars by interval.

    Raises:
        SettingsError: it is not written as ``1d=200,5m=60``.
    """
    wanted: dict[str, int] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        interval, _, bars = part.partition("=")
        if not bars.strip().isdecimal():
            raise SettingsError(f"--warm-up {text}: write bars by interval, as in 1d=200,5m=60")
        wanted[interval.strip()] = int(bars)
    return wanted


def _value(text: str) -> Any:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _report(results: Results, seconds: float) -> SweepReport:
    failures = results.failures
    return SweepReport(
        tasks=results.tasks,
        done=len(results),
        failed=len(failures),
        is_interrupted=results.is_interrupted,
        seconds=round(seconds, 3),
        remarks=results.remarks,
        results=tuple(results),
    )
