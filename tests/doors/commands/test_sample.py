"""A small store to try things on: made up, the same every time, and never among real days."""

from pathlib import Path

from tests.doors.conftest import Call


def test_it_makes_five_sessions_of_the_symbols_named_once_or_twice(call: Call, tmp_path: Path) -> None:
    store, archive = tmp_path / "store", tmp_path / "archive"

    made = call("sample", "--store", store, "--archive", archive, "--symbols", "X,Y", "--json").object
    first, second = (call("inspect", "--store", folder, "--json").object["days"] for folder in (store, archive))

    assert made["sessions"] == ["2024-07-01", "2024-07-02", "2024-07-03", "2024-07-05", "2024-07-08"]
    assert sorted({day["symbol"] for day in first}) == ["X", "Y"]
    assert sum(day["missing_minutes"] for day in first) == 0
    assert first == second


def test_it_writes_into_no_folder_that_has_anything(call: Call, store: Path, tmp_path: Path) -> None:
    answer = call("sample", "--store", tmp_path / "new", "--archive", store)

    assert (answer.code, answer.err) == (1, f"error: {store} is not empty; a sample goes into a folder of its own\n")
    assert not (tmp_path / "new").exists()
