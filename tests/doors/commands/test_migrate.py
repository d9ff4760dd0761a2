"""The command ``migrate``."""

import shutil
from pathlib import Path

import pytest

from tests.doors.conftest import Call
from tests.storage.old_layout import aged


@pytest.fixture
def old(store: Path, tmp_path: Path) -> Path:
    """A store of two days in the old layout."""
    shutil.copytree(store, tmp_path / "old")
    aged(tmp_path / "old")
    return tmp_path / "old"


def test_it_says_how_many_days_it_moved(call: Call, old: Path) -> None:

    first, again = (call("migrate", "--store", old) for _ in range(2))

    assert (first.code, again.code) == (0, 0)
    assert first.out.startswith("Moved 2 days, compared by their digests; 0 days lay in the new place before.\n")
    assert again.out.startswith("Moved 0 days, compared by their digests; 2 days lay in the new place before.\n")


def test_its_json_names_each_day(call: Call, old: Path) -> None:

    report = call("migrate", "--store", old, "--json").object

    assert set(report) == {"days", "in_place", "left"}
    assert [set(day) for day in report["days"]] == [{"calendar", "date", "digest", "fault"}] * 2


def test_a_day_that_cannot_be_moved_fails_in_one_sentence(call: Call, old: Path) -> None:
    (old / "XNYS/2024/2024-07-03.parquet").write_bytes(b"PAR1")
    (old / "XNYS/2024/notes.txt").write_text("mine")

    answer = call("migrate", "--store", old)

    assert answer.code == 1
    assert answer.err.startswith("error: 1 of 2 days could not be moved; the first: ")
    assert "one data set: XNYS/2024/2024-07-03.parquet, XNYS/2024/notes.txt\n" in answer.out


def test_an_empty_folder_has_nothing_to_move(call: Call, tmp_path: Path) -> None:
    answer = call("migrate", "--store", tmp_path)

    assert (answer.code, answer.out) == (1, "")
    assert answer.err == f"error: the store {tmp_path} is empty; import something first\n"


def test_days_are_moved_together_and_apart(call: Call, store: Path, tmp_path: Path) -> None:
    shutil.copytree(store, tmp_path / "copy")

    together, apart = (call("migrate", "--store", tmp_path / "copy", "--to", layout) for layout in ("narrow", "days"))

    assert (together.code, apart.code) == (0, 0)
    assert together.out.startswith("Moved 2 days, compared by their digests; 0 days lay in the new place before.\n")
    assert apart.out == together.out
    wrong = call("migrate", "--store", tmp_path / "copy", "--to", "weeks")
    assert wrong.code == 2
    assert "--to weeks: no such layout; there are days (a file a day)" in " ".join(wrong.err.split())


def test_symbols_are_set_apart_and_days_say_so(call: Call, store: Path, tmp_path: Path) -> None:
    shutil.copytree(store, tmp_path / "copy")

    apart, back = (call("migrate", "--store", tmp_path / "copy", "--to", layout) for layout in ("symbols", "days"))

    assert (apart.code, back.code) == (0, 0)
    assert apart.out.startswith("Moved 2 days, compared by their digests; 0 days lay in the new place before.\n")
    assert back.out == apart.out
    assert not (tmp_path / "copy" / "_symbols").exists()
