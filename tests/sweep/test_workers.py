"""Workers that are processes: they are killed, their head is killed, the disk is full; nothing is lost or made up."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.sweep import sweep
from actors.system import System
from messages.errors import SettingsError
from tests.children import children
from tests.house.source import ROOT
from tests.sweep import strategies
from tests.sweep.conftest import OPTIONS
from tests.system.worlds import DATES

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="signals, limits and fork")]
GRID: dict[str, Any] = {"length": [2, 3, 4]}


def run(store: Path, results: Path, strategy: str, *more: str, grid: dict[str, Any] = GRID) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.sweep.runs", str(store), str(results), strategy, json.dumps(grid), *more]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def results_of(store: Path, results: Path, strategy: str, grid: dict[str, Any] = GRID) -> list[dict[str, Any]]:
    out, err = run(store, results, strategy, grid=grid).communicate(timeout=300)
    assert out, err
    found: list[dict[str, Any]] = json.loads(out.splitlines()[-1])
    return found


def undisturbed(store: Path, strategy: Any, grid: dict[str, Any] = GRID) -> list[dict[str, Any]]:
    found = sweep(strategy, store=store, workers=1, grid=grid, warm_up={"1d": 3}, **OPTIONS)
    return [msgspec.to_builtins(one) for one in found]


@pytest.fixture
def endless(tmp_path: Path) -> dict[str, Any]:
    """A grid of which no set comes to an end before the file is there that it names."""
    return {"length": [2, 3], "may": [str(tmp_path / "may")], "last": [DATES[5]]}


def under_way(store: Path, results: Path, grid: dict[str, Any]) -> "subprocess.Popen[str]":
    """Start a sweep that has no end, and return when it has done all that it can do and some of that is kept."""
    head = run(store, results, "Waits", grid=grid)
    assert head.stdout is not None
    while head.stdout.readline() != "10\n":
        assert head.poll() is None, "it ended before it could be disturbed"
    while not any(path.suffix == ".results" for path in results.glob("*")):
        assert head.poll() is None, "it ended before anything was kept"
        time.sleep(0.05)
    return head


def test_a_killed_head_is_gone_on_from_and_takes_its_workers_with_it(
    store: Path, tmp_path: Path, endless: dict[str, Any]
) -> None:
    head = under_way(store, tmp_path / "results", endless)
    workers = children(head.pid)
    head.kill()
    head.communicate(timeout=60)

    assert len(workers) == 2
    for worker in workers:
        wait_for_the_end(worker)
    (tmp_path / "may").write_text("end")
    expected = undisturbed(store, strategies.Waits, endless)
    assert results_of(store, tmp_path / "results", "Waits", endless) == expected


def wait_for_the_end(pid: int) -> None:
    """Wait for a process that is nobody's child here; it has no more than a moment's work to do."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    with os.fdopen(handle) as watched:
        import select

        assert select.select([watched], [], [], 60)[0], f"worker {pid} outlives its head"


def test_a_killed_worker_is_replaced_and_nobody_sees_it_in_the_results(store: Path, tmp_path: Path) -> None:
    grid = {"length": [2, 3], "marks": [str(tmp_path)], "date": [DATES[2]]}

    found = sweep(strategies.dies_once, store=store, workers=2, grid=grid, **OPTIONS)

    assert (tmp_path / "died").exists()
    expected = sweep(strategies.watch, store=store, workers=1, grid={"length": [2, 3]}, **OPTIONS)
    assert [one.result for one in found] == [one.result for one in expected]


def test_a_session_that_kills_every_worker_is_named_and_the_others_are_there(
    store: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    found = sweep(strategies.always_dies, store=store, workers=2, grid={"date": [DATES[1]]}, **OPTIONS)

    (failed,) = found.failures
    assert str(failed) == (
        "2024-07-02 (date='2024-07-02'): its worker was killed by signal 9, 3 times one after the other"
    )
    assert len(found) == 6
    assert "it has begun" in capfd.readouterr().err  # what a strategy prints does not disturb its worker


def test_a_full_disk_is_an_error_and_a_rerun_with_room_goes_on(store: Path, tmp_path: Path) -> None:
    full = run(store, tmp_path, "bulky", "1500")
    _, err = full.communicate(timeout=300)

    assert full.returncode == 1
    assert "error: results cannot be written to" in err
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".tmp")]
    assert results_of(store, tmp_path, "bulky") == undisturbed(store, strategies.bulky)


def test_a_strategy_that_a_worker_cannot_load_is_refused_with_the_reason(store: Path, tmp_path: Path) -> None:
    class Torn:
        def __reduce__(self) -> Any:
            return int, ("no number",)

    torn = Torn()

    def holds(system: System) -> dict[str, Any]:
        return {"torn": str(torn)}

    with pytest.raises(SettingsError, match="the workers cannot play this strategy: ValueError: invalid literal"):
        sweep(holds, store=store, workers=2, **OPTIONS)


def test_ctrl_c_ends_workers_and_keeps_what_is_done(store: Path, tmp_path: Path, endless: dict[str, Any]) -> None:
    head = under_way(store, tmp_path / "results", endless)
    head.send_signal(signal.SIGINT)
    out, _ = head.communicate(timeout=120)

    (tmp_path / "may").write_text("end")
    whole = undisturbed(store, strategies.Waits, endless)
    assert json.loads(out.splitlines()[-1]) == whole[:10]
