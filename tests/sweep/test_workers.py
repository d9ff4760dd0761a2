"""Workers that are processes: they are killed, their head is killed, the disk is full; nothing is lost or made up."""

import json
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from actors.sweep import sweep
from actors.system import System
from messages.errors import SettingsError
from tests.children import children, wait_for_the_end
from tests.sweep import strategies
from tests.sweep.conftest import OPTIONS
from tests.sweep.driving import results_of, run, under_way, undisturbed
from tests.system.worlds import DATES

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="signals, limits and fork")]


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
    assert results_of(store, tmp_path / "results", "Waits", grid=endless) == expected


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
    full = run(store, tmp_path, "bulky", "--most", "1500")
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
