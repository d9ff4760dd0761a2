"""What is done stays done, and nobody mixes two sweeps."""

import os
from pathlib import Path
from typing import Any

import pytest

from actors.sweep import Results, sweep
from messages.errors import DataError, SettingsError
from tests.sweep import strategies
from tests.sweep.conftest import OPTIONS
from tests.system.worlds import DATES


def swept(store: Path, folder: Path, strategy: Any = strategies.watch, **more: Any) -> Results:
    return sweep(strategy, store=store, results=folder, workers=1, **{"last": 3, **OPTIONS, **more})


def stopped_after(store: Path, folder: Path, tasks: int, strategy: Any = strategies.watch, **more: Any) -> Results:
    def press(progress: Any) -> None:
        if progress.done == tasks:
            raise KeyboardInterrupt

    return swept(store, folder, strategy, **more, progress=press)


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_rerun_goes_on_from_what_is_there(store: Path, tmp_path: Path) -> None:
    whole = swept(store, tmp_path / "whole")
    told: list[int] = []

    stopped_after(store, tmp_path / "cut", 2)
    rest = swept(store, tmp_path / "cut", progress=lambda progress: told.append(progress.done))

    assert told == [2, 3]
    assert list(rest) == list(whole)


@pytest.mark.parametrize("stretch", [1, 3])
def test_what_is_carried_goes_on_too_in_stretches_of_another_length(store: Path, tmp_path: Path, stretch: int) -> None:
    whole = swept(store, tmp_path / "whole", strategies.OneByOne)

    stopped_after(store, tmp_path / "cut", 4, strategies.OneByOne, stretch=1)
    rest = swept(store, tmp_path / "cut", strategies.OneByOne, stretch=stretch)

    assert list(rest) == list(whole)


def test_a_sweep_that_is_done_plays_nothing(store: Path, tmp_path: Path) -> None:
    first = swept(store, tmp_path)
    there = files(tmp_path)
    told: list[int] = []

    again = swept(store, tmp_path, progress=lambda progress: told.append(progress.done))

    assert (list(again), told, files(tmp_path)) == (list(first), [3], there)


def test_what_failed_is_tried_again(store: Path, tmp_path: Path) -> None:
    grid = {"date": [DATES[4]]}
    first = swept(store, tmp_path, strategies.fails_at, grid=grid)
    told: list[int] = []

    swept(store, tmp_path, strategies.fails_at, grid=grid, progress=lambda progress: told.append(progress.done))

    assert len(first.failures) == 1
    assert told == [2, 3]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"grid": {"length": [4]}}, "another grid"),
        ({"strategy": strategies.Holder}, "another strategy"),
        ({"last": 2}, "another range of sessions or symbols"),
        ({"symbols": "BAB"}, "another range of sessions or symbols"),
        ({"warm_up": {"1d": 2}}, "another warm-up or other option"),
        ({"extended_hours": True, "closed": ()}, "another warm-up or other option"),
    ],
)
def test_a_folder_of_another_sweep_is_refused(store: Path, tmp_path: Path, other: dict[str, Any], said: str) -> None:
    stopped_after(store, tmp_path, 1)

    with pytest.raises(SettingsError, match=f"holds the results of another sweep: it had {said}"):
        swept(store, tmp_path, **other)


def test_days_that_have_changed_are_another_store(store: Path, tmp_path: Path) -> None:
    copy = tmp_path / "store"
    for file in store.rglob("*.parquet"):
        place = copy / file.relative_to(store)
        place.parent.mkdir(parents=True)
        place.write_bytes(file.read_bytes())
    swept(copy, tmp_path / "results", end=DATES[4])

    os.utime(copy / f"calendar=XNYS/date={DATES[5]}/bars.parquet", ns=(1, 1))
    swept(copy, tmp_path / "results", end=DATES[4])  # a day that comes after the last is none of it
    os.utime(copy / f"calendar=XNYS/date={DATES[1]}/bars.parquet", ns=(1, 1))

    with pytest.raises(SettingsError, match="it had another store, or its days have changed"):
        swept(copy, tmp_path / "results", end=DATES[4])


def test_a_folder_with_something_else_is_refused(store: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("all of it")

    with pytest.raises(SettingsError, match="is not empty and holds no sweep"):
        swept(store, tmp_path)


def test_a_damaged_file_is_named_and_what_it_had_is_played_again(store: Path, tmp_path: Path) -> None:
    whole = swept(store, tmp_path)
    kept = next(path for path in tmp_path.iterdir() if path.suffix == ".results")
    kept.write_bytes(kept.read_bytes()[:-7])

    again = swept(store, tmp_path)

    assert list(again) == list(whole)
    assert f"{kept} cannot be read" in again.remarks[0]


def test_a_damaged_head_is_an_error(store: Path, tmp_path: Path) -> None:
    swept(store, tmp_path)
    (tmp_path / "sweep.json").write_text("{")

    with pytest.raises(DataError, match=r"sweep.json: expected which sweep it is of"):
        swept(store, tmp_path)


def test_a_folder_that_cannot_be_made_is_an_error(store: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(DataError, match="the results folder"):
        swept(store, tmp_path / "file" / "results")
