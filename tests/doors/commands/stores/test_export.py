"""The command ``export``."""

import sys
from pathlib import Path

import pytest

from tests.doors.conftest import Call


def test_it_says_what_it_wrote_and_what_was_there(call: Call, store: Path, tmp_path: Path) -> None:
    to = tmp_path / "x.csv"

    one, rest, none = (
        call("export", "--store", store, "--to", to, *more) for more in (("--end", "2024-07-02"), (), ())
    )

    assert (one.code, rest.code, none.code) == (0, 0, 0), one.err
    assert one.out.startswith("Exported 1 day, 1,034 bars, ")
    assert one.out.endswith(f" a second, to {to}.\n")
    assert rest.out.endswith("\n1 day was there already.\n")
    assert none.out.endswith("\n2 days were there already.\n")
    assert sum(path.read_bytes().count(b"\n") - 1 for path in to.rglob("bars.csv")) == 1592


def test_its_json_counts(call: Call, store: Path, tmp_path: Path) -> None:
    report = call("export", "--store", store, "--to", tmp_path / "x.csv", "--json").object

    assert {name: report[name] for name in ("days", "bars", "there", "left", "error")} == {
        "days": 2,
        "bars": 1592,
        "there": 0,
        "left": 0,
        "error": None,
    }


def test_nothing_of_what_was_asked_for_is_said(call: Call, store: Path, tmp_path: Path) -> None:
    answer = call("export", "--store", store, "--to", tmp_path / "x.csv", "--start", "2025-01-01")

    assert (answer.code, answer.err) == (1, f"error: the store {store} has no day of what was asked for\n")


@pytest.mark.parametrize(
    ("ways", "words"),
    [
        (("--to", "x.parquet"), "--to x.parquet: expected postgresql://"),
        (("--to", "x.csv", "--calendar", "XLON"), "has no day of XLON; it has: XNYS"),
        (("--to", "x.csv", "--symbols", "NOPE"), "NOPE"),
    ],
)
def test_what_cannot_be_exported_is_one_sentence(
    call: Call, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ways: tuple[str, ...], words: str
) -> None:
    monkeypatch.chdir(tmp_path)

    answer = call("export", "--store", store, *ways)

    assert answer.code == 1
    assert words in answer.err
    assert answer.err.count("\n") == 1


def test_an_empty_store_and_the_store_itself_are_refused(call: Call, empty: Path, store: Path) -> None:
    assert call("export", "--store", empty, "--to", "x.csv").err.endswith("is empty; import something first\n")
    assert call("export", "--store", store, "--to", store).err.endswith("is the store that is exported\n")


@pytest.mark.parametrize(
    ("package", "to", "extra"), [("duckdb", "duckdb:x.duckdb", "duckdb"), ("psycopg", "postgresql://h/d", "postgres")]
)
def test_who_lacks_a_package_is_told_how_to_get_it(
    call: Call, store: Path, monkeypatch: pytest.MonkeyPatch, package: str, to: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)

    answer = call("export", "--store", store, "--to", to)

    assert answer.code == 1
    assert f"python -m pip install 'barkeeper[{extra}]'" in answer.err
