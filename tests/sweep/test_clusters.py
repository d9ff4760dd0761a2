"""A sweep on an engine for clusters, started here for it: the results are those of this process."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from actors.sweep import sweep
from messages.errors import SettingsError, SystemFailed
from tests.children import children, wait_for_the_end
from tests.house.source import ROOT
from tests.patience import PATIENCE_S
from tests.sweep import strategies
from tests.sweep.conftest import OPTIONS
from tests.sweep.driving import results_of, run, under_way, undisturbed
from tests.system.worlds import DATES

pytestmark = [
    pytest.mark.slow,
    # Of the engines' own: what they leave open or call that is superseded is not ours to mend.
    *(
        pytest.mark.filterwarnings(f"ignore::{kind}")
        for kind in ("DeprecationWarning", "ResourceWarning", "FutureWarning")
    ),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
WANTED: dict[str, Any] = {"grid": {"length": [2, 3]}, "warm_up": {"1d": 3}, "last": 3}


@pytest.fixture(scope="module")
def dask() -> Iterator[str]:
    if find_spec("distributed") is None:
        pytest.skip("distributed is not installed")
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:  # type: ignore[no-untyped-call]
        yield f"dask:{cluster.scheduler_address}"


@pytest.fixture(scope="module")
def ray() -> Iterator[str]:
    """Ray takes a quarter of a minute to start, and longer than it waits itself where a machine is busy."""
    if find_spec("ray") is None:
        pytest.skip("Ray is not installed")
    import ray

    from actors.sweep.on_ray import PATIENT

    with pytest.MonkeyPatch.context() as patch:
        for name, value in PATIENT.items():
            patch.setenv(name, value)
        found = ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)
    yield f"ray:{found.address_info['gcs_address']}"
    ray.shutdown()


@pytest.fixture(params=["dask", "ray"])
def cluster(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


def test_a_cluster_gives_what_this_process_gives(store: Path, cluster: str) -> None:
    here = sweep(strategies.Holder, store=store, workers=1, **WANTED, **OPTIONS)
    there = sweep(strategies.Holder, store=store, workers=2, cluster=cluster, stretch=1, **WANTED, **OPTIONS)

    assert list(there) == list(here)
    assert there.is_complete


def test_a_worker_of_a_cluster_that_is_killed_is_made_good(store: Path, cluster: str, tmp_path: Path) -> None:
    grid = {"length": [2, 3], "marks": [str(tmp_path)], "date": [DATES[2]]}

    found = sweep(strategies.dies_once, store=store, workers=2, cluster=cluster, grid=grid, **OPTIONS)

    assert (tmp_path / "died").exists()
    expected = sweep(strategies.watch, store=store, workers=1, grid={"length": [2, 3]}, **OPTIONS)
    assert [one.result for one in found] == [one.result for one in expected]


def test_a_killed_head_takes_its_own_cluster_with_it_and_another_goes_on(
    store: Path, cluster: str, tmp_path: Path, endless: dict[str, Any]
) -> None:
    head = under_way(store, tmp_path / "results", endless, "--cluster", cluster.partition(":")[0])
    started = children(head.pid)
    head.kill()
    head.communicate(timeout=60)

    assert started
    for process in started:
        wait_for_the_end(process)
    (tmp_path / "may").write_text("end")
    found = results_of(store, tmp_path / "results", "Waits", "--cluster", cluster, grid=endless)
    assert found == undisturbed(store, strategies.Waits, endless)


@contextmanager
def scheduler_of_two(folder: Path) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """Yield the address of a Dask cluster of processes, and its scheduler."""
    said = folder / "scheduler.json"
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    scheduler = subprocess.Popen([*command, "--no-dashboard", "--scheduler-file", str(said)], stderr=subprocess.DEVNULL)
    while not said.exists() or not said.read_text():
        assert scheduler.poll() is None
        time.sleep(0.05)
    command = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(said), "--nworkers", "2"]
    workers = subprocess.Popen([*command, "--nthreads", "1", "--no-dashboard"], stderr=subprocess.DEVNULL, cwd=ROOT)
    try:
        yield f"dask:{json.loads(said.read_text())['address']}", scheduler
    finally:
        for process in (workers, scheduler):
            process.terminate()
            process.wait(PATIENCE_S)


def test_a_scheduler_that_is_killed_ends_the_sweep_and_another_cluster_goes_on(
    store: Path, dask: str, tmp_path: Path, endless: dict[str, Any]
) -> None:
    with scheduler_of_two(tmp_path) as (address, scheduler):
        head = under_way(store, tmp_path / "results", endless, "--cluster", address)
        scheduler.kill()
        _, err = head.communicate(timeout=PATIENCE_S)
        (tmp_path / "may").write_text("end")

    assert head.returncode == 1
    assert f"error: the scheduler of the Dask cluster at {address.removeprefix('dask:')} is lost" in err
    found = results_of(store, tmp_path / "results", "Waits", "--cluster", dask, grid=endless)
    assert found == undisturbed(store, strategies.Waits, endless)


def test_a_full_disk_is_an_error_and_a_rerun_with_room_goes_on(store: Path, cluster: str, tmp_path: Path) -> None:
    full = run(store, tmp_path, "bulky", "--most", "1500", "--cluster", cluster)
    _, err = full.communicate(timeout=300)

    assert full.returncode == 1
    assert "error: results cannot be written to" in err
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".tmp")]
    assert results_of(store, tmp_path, "bulky", "--cluster", cluster) == undisturbed(store, strategies.bulky)


def test_an_error_on_a_cluster_says_which_session_and_parameters(store: Path, dask: str) -> None:
    grid = {"date": [DATES[1]], "length": [3, 4]}

    found = sweep(strategies.fails_at, store=store, cluster=dask, grid=grid, end=DATES[2], **OPTIONS)

    (failed,) = found.failures
    assert str(failed).startswith("2024-07-02 (date='2024-07-02', length=3): ValueError: the wrong day")


def test_a_store_that_the_workers_cannot_reach_is_refused(store: Path, dask: str) -> None:
    class Nowhere:
        def __reduce__(self) -> Any:
            return open, ("/no/such/store",)

    def holds(system: Any, nowhere: Any = Nowhere()) -> dict[str, Any]:  # noqa: B008  # sent along
        return {}

    with pytest.raises(SettingsError, match="the workers cannot play this strategy: FileNotFoundError"):
        sweep(holds, store=store, cluster=dask, last=1, **OPTIONS)


def test_no_cluster_at_an_address_is_an_error(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if find_spec("distributed") is None:
        pytest.skip("distributed is not installed")
    monkeypatch.setattr("actors.sweep.on_dask._PATIENCE_S", 1.0)

    with pytest.raises(SystemFailed, match=r"there is no Dask cluster with workers at tcp://127.0.0.1:9"):
        sweep(strategies.watch, store=store, cluster="dask:tcp://127.0.0.1:9", last=1, **OPTIONS)
