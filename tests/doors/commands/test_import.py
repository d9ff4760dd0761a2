"""The command ``import``."""

from pathlib import Path

import pytest

from tests.doors.conftest import Call
from tests.vendors.files import row, written

HEADER = "time,open,high,low,close,volume"
NEW_YORK = ("--tz", "America/New_York", "--calendar", "XNYS")


def csv(folder: Path, name: str, *rows: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("\n".join([HEADER, *rows]), encoding="utf-8")
    return folder / name


@pytest.fixture
def two_bars(tmp_path: Path) -> Path:
    return csv(tmp_path, "abc.csv", "2024-07-02 09:30:00,1,2,1,2,10", "2024-07-02 09:31:00,2,3,2,3,20")


def test_its_json_has_the_documented_fields(call: Call, two_bars: Path, tmp_path: Path) -> None:
    answer = call("import", two_bars, "--store", tmp_path / "store", *NEW_YORK, "--json")

    (file,) = answer.object["files"]
    names = {"path", "format", "symbols", "rows", "kept", "duplicates", "corrected", "rejected", "examples", "sessions"}
    assert (answer.code, answer.err) == (0, "")
    assert names <= set(file)
    assert (file["path"], file["format"], file["symbols"]) == (str(two_bars), "csv", ["ABC"])
    assert (file["rows"], file["kept"], file["sessions"]) == (2, 2, ["2024-07-02"])
    assert answer.object["totals"]["kept"] == 2


def test_the_same_file_twice_changes_nothing(call: Call, two_bars: Path, tmp_path: Path) -> None:
    first, second = (
        call("import", two_bars, "--store", tmp_path / "store", *NEW_YORK, "--json").object["totals"] for _ in range(2)
    )

    assert (first["kept"], first["duplicates"]) == (2, 0)
    assert (second["kept"], second["duplicates"], second["corrected"]) == (0, 2, 0)


def test_every_option_reaches_the_import(call: Call, tmp_path: Path) -> None:
    file = csv(tmp_path, "abc.csv", "2,1,2,1,2024-07-02 09:31:00,10")
    options = (
        *NEW_YORK,
        "--format",
        "csv",
        "--columns",
        "high,open,close,low,time,volume",
        "--symbol",
        "xyz",
        "--stamp",
        "end",
        "--strict",
    )

    answer = call("import", file, "--store", tmp_path / "store", *options)

    (day,) = call("inspect", "--store", tmp_path / "store", "--json").object["days"]
    assert answer.code == 0
    assert (day["symbol"], day["first"]) == ("XYZ", "2024-07-02T13:30:00Z")


def test_it_prints_a_row_a_file(call: Call, two_bars: Path, tmp_path: Path) -> None:
    answer = call("import", two_bars, "--store", tmp_path / "store", *NEW_YORK)

    assert answer.code == 0
    assert answer.out.startswith(f"Imported into {tmp_path / 'store'}\n")
    assert [*answer.out.splitlines()[3].split()][:3] == [f"{tmp_path.name}/abc.csv", "csv", "ABC"]


@pytest.mark.parametrize(
    ("lines", "options", "title", "column", "totals"),
    [
        (["2024-07-02 09:30:00,1,2,1,2,10"], (), "Nothing new for", "Kept", (0, 1, 0)),
        (["2024-07-02 09:31:00,,2,1,2,10"], (), "Read, and nothing written", "Kept", (0, 0, 0)),
        (["2024-07-02 09:31:00,1,2,1,2,10", "x,1,2,1,2,10"], ("--strict",), "Read, and nothing written",
         "Sound", (0, 0, 1)),
    ],
)  # fmt: skip
def test_what_is_not_written_is_not_called_imported(
    call: Call, tmp_path: Path, lines: list[str], options: tuple[str, ...], title: str, column: str,
    totals: tuple[int, int, int],
) -> None:  # fmt: skip
    call("import", csv(tmp_path, "abc.csv", "2024-07-02 09:30:00,1,2,1,2,10"), "--store", tmp_path / "store", *NEW_YORK)
    path = csv(tmp_path, "abc.csv", *lines)

    answer = call("import", path, "--store", tmp_path / "store", *NEW_YORK, *options)
    told = call("import", path, "--store", tmp_path / "store", *NEW_YORK, *options, "--json").object["totals"]

    assert answer.out.startswith(title)
    assert column in answer.out.splitlines()[1].split()
    assert (told["kept"], told["duplicates"], told["held_back"]) == totals


def test_rejected_rows_are_shown_and_do_not_fail_the_import(call: Call, tmp_path: Path) -> None:
    good, bad = "2024-07-02 09:30:00,1,2,1,2,10", "2024-07-02 09:31:00,,2,1,2,10"

    answer = call("import", csv(tmp_path, "abc.csv", good, bad), "--store", tmp_path / "store", *NEW_YORK)

    assert answer.code == 0
    assert "abc.csv, row 3 rejected" in answer.out


def test_strict_writes_nothing_and_says_so(call: Call, tmp_path: Path) -> None:
    file = csv(tmp_path, "abc.csv", "2024-07-02 09:30:00,1,2,1,2,10", "2024-07-02 09:31:00,,2,1,2,10")

    answer = call("import", file, "--store", tmp_path / "store", *NEW_YORK, "--strict")

    assert answer.code == 1
    assert answer.out.startswith("Read, and nothing written\n")
    assert answer.err.startswith("error: strict: 1 rows were rejected")


def test_a_file_that_fits_nothing_fails_in_one_sentence(call: Call, tmp_path: Path) -> None:
    (tmp_path / "poem.csv").write_text("roses,are\nred,1\n", encoding="utf-8")

    answer = call("import", tmp_path / "poem.csv", "--store", tmp_path / "store")

    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("error: poem.csv: fits no format")
    assert answer.err.count("\n") == 1


def test_one_reason_for_all_files_is_said_once(call: Call, tmp_path: Path) -> None:
    for name in ("A", "B"):
        written(tmp_path / f"files/{name}.csv", f"{HEADER}\n" + row("2024-03-08T14:30:00Z"))
    answer = call("import", tmp_path / "files", "--store", tmp_path / "store")

    assert (answer.code, answer.out) == (1, "")
    assert answer.err == (
        "error: all 2 files were refused (files/A.csv, files/B.csv): neither the file nor the store says which "
        "calendar; give one, as in --calendar XNYS or --calendar 24/7\n"
    )


def test_a_refused_file_does_not_stop_the_others(call: Call, two_bars: Path, tmp_path: Path) -> None:
    (tmp_path / "poem.csv").write_text("roses,are\nred,1\n", encoding="utf-8")

    answer = call("import", two_bars, tmp_path / "poem.csv", "--store", tmp_path / "store", *NEW_YORK)

    assert answer.code == 1
    assert "all 2 files" in answer.out
    assert answer.err.startswith("error: 1 of 2 files was refused, the others were imported; the first: poem.csv: ")


@pytest.mark.parametrize(("count", "told"), [(2, "poem0.csv, poem1.csv: "), (5, "poem0.csv and 4 more: ")])
def test_several_refusals_are_told_by_why(call: Call, two_bars: Path, tmp_path: Path, count: int, told: str) -> None:
    poems = [tmp_path / f"poem{i}.csv" for i in range(count)]
    for poem in poems:
        poem.write_text("roses,are\nred,1\n", encoding="utf-8")

    answer = call("import", two_bars, *poems, "--store", tmp_path / "store", *NEW_YORK)

    assert f"\nrefused {told}fits no format" in answer.out
    assert f"error: {count} of {count + 1} files were refused" in answer.err


def test_what_is_left_out_of_a_folder_is_told_by_kind(call: Call, two_bars: Path, tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("roses,are\nred,1\n", encoding="utf-8")
    (tmp_path / "empty.txt").touch()

    answer = call("import", tmp_path, "--store", tmp_path.parent / f"{tmp_path.name}-store", *NEW_YORK)

    assert answer.code == 0
    assert f"skipped {tmp_path.name}/a.txt and 2 more: fits no format\n" in answer.out


def test_many_files_are_shown_by_folder(call: Call, tmp_path: Path) -> None:
    for i in range(21):
        csv(tmp_path / "in" / ("odd" if i % 2 else "even"), f"s{i}.csv", "2024-07-02 09:30:00,1,2,1,2,10")

    answer = call("import", tmp_path / "in", "--store", tmp_path / "store", *NEW_YORK)

    assert "in/even (11 files)" in answer.out
    assert "in/odd (10 files)" in answer.out
    assert "all 21 files" in answer.out


def test_many_folders_and_many_remarks_are_cut(call: Call, tmp_path: Path) -> None:
    broken = "2024-07-02 09:31:00,,2,1,2,10"
    for i in range(21):
        csv(tmp_path / "in" / f"folder{i}", f"s{i}.csv", "2024-07-02 09:30:00,1,2,1,2,10", broken)

    answer = call("import", tmp_path / "in", "--store", tmp_path / "store", *NEW_YORK)

    assert "all 21 files, not all shown" in answer.out
    assert "more remarks; --json has them all" in answer.out


def test_a_path_that_is_not_there_fails_in_one_sentence(call: Call, tmp_path: Path) -> None:
    answer = call("import", tmp_path / "nowhere.csv", "--store", tmp_path / "store")

    assert (answer.code, answer.out) == (1, "")
    assert answer.err == f"error: {tmp_path / 'nowhere.csv'}: there is no such file or folder\n"


def test_a_symbol_in_small_letters_is_played_as_it_is_stored(call: Call, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(
        "symbol,time,open,high,low,close,volume\n"
        "abc,2024-07-02 09:30:00,1,2,1,2,10\nXYZ,2024-07-02 09:30:00,1,2,1,2,10\n",
        encoding="utf-8",
    )
    call("import", tmp_path / "x.csv", "--store", tmp_path / "store", *NEW_YORK)

    answer = call("backtest", "--store", tmp_path / "store", "--symbols", "abc,xyz", "--json")

    assert [symbol["symbol"] for symbol in answer.object["sessions"][0]["symbols"]] == ["XYZ", "abc"]


def test_it_asks_for_the_order_of_dates_and_takes_the_answer(call: Call, tmp_path: Path) -> None:
    file, into = csv(tmp_path, "abc.csv", "05/03/2024 09:30,1,2,1,2,10"), ("--store", tmp_path / "store")

    asked = call("import", file, *into, *NEW_YORK)
    told = call("import", file, *into, *NEW_YORK, "--dates", "dmy", "--json")

    assert asked.code == 1
    assert "say which with --dates" in asked.err
    assert told.object["files"][0]["sessions"] == ["2024-03-05"]
