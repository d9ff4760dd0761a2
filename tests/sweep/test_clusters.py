"""A sweep on an engine for clusters, started here for it: the results are those of this process."""

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from actors.sweep import sweep
from messages.errors import SettingsError, SystemFailed
from tests.sweep import strategies
from tests.sweep.conftest import OPTIONS
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


@pytest.fixture
def ray() -> str:
    """Ray takes half a minute to start, and longer than it waits itself where a machine is busy."""
    if find_spec("ray") is None or not os.environ.get("BARKEEPER_TEST_RAY"):
        pytest.skip("Ray is not installed, or BARKEEPER_TEST_RAY is not set")
    return "ray"


@pytest.mark.parametrize("engine", ["dask", "ray"])
def test_a_cluster_gives_what_this_process_gives(store: Path, engine: str, request: pytest.FixtureRequest) -> None:
    address = request.getfixturevalue(engine)

    here = sweep(strategies.Holder, store=store, workers=1, **WANTED, **OPTIONS)
    there = sweep(strategies.Holder, store=store, workers=2, cluster=address, stretch=1, **WANTED, **OPTIONS)

    assert list(there) == list(here)
    assert there.is_complete


def test_an_error_on_a_cluster_says_which_session_and_parameters(store: Path, dask: str) -> None:
    grid = {"date": [DATES[1]], "length": [3, 4]}

    found = sweep(strategies.fails_at, store=store, cluster=dask, grid=grid, end=DATES[2], **OPTIONS)

    (failed,) = found.failures
    assert str(failed).startswith("2024-07-02 (date='2024-07-02', length=3): ValueError: the wrong day")


def test_a_worker_of_a_cluster_that_is_killed_is_made_good(store: Path, dask: str, tmp_path: Path) -> None:
    grid = {"length": [2, 3], "marks": [str(tmp_path)], "date": [DATES[2]]}

    found = sweep(strategies.dies_once, store=store, cluster=dask, grid=grid, **OPTIONS)

    assert (tmp_path / "died").exists()
    expected = sweep(strategies.watch, store=store, workers=1, grid={"length": [2, 3]}, **OPTIONS)
    assert [one.result for one in found] == [one.result for one in expected]


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
