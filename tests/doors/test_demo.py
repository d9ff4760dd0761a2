"""The main job: no arguments."""

import contextlib
import io
import shlex
import sys
from pathlib import Path

import pytest
from rich.console import Console

from actors.doors import demo, tables
from actors.doors.cli import main
from tests.builders import bar
from tests.doors.conftest import Call


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _in_the_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BARKEEPER_CACHE", str(cache))
    monkeypatch.setattr(sys, "argv", ["barkeeper"])


def test_a_symbol_without_a_bar_has_no_row() -> None:
    made = tables.latest("Latest", [None, bar("AAPL", "09:30", 1.0)])

    assert made.fitted(Console(width=100)).row_count == 1


@pytest.fixture(scope="module")
def first(cache: Path) -> str:
    """What the first run prints, before any of its files are there."""
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as out:
        patch.setenv("BARKEEPER_CACHE", str(cache))
        patch.setattr(sys, "argv", ["barkeeper"])
        assert main([]) == 0
    return out.getvalue()


def test_it_replays_three_sessions_and_shows_what_they_came_to(first: str) -> None:
    rows = [line.split() for line in first.splitlines()]
    sessions = {row[0]: row[1:] for row in rows if row and row[0].startswith("2024-07-0")}
    assert {date: row[0] for date, row in sessions.items()} == {
        "2024-07-02": "09:30-16:00",
        "2024-07-03": "09:30-13:00",
        "2024-07-05": "09:30-16:00",
    }
    assert all(row[1] == "50" and 90.0 < float(row[3]) < 100.0 for row in sessions.values())
    assert "15:45-16:00 EDT" in first


def test_a_second_run_shows_the_same_market_from_the_same_files(call: Call, first: str) -> None:
    def facts(out: str) -> list[str]:
        return out[out.index("At the close") :].splitlines()

    written = {file: file.stat().st_mtime_ns for file in demo.store_folder().rglob("*.parquet")}

    second = call()

    assert (second.code, second.err, len(written)) == (0, "", 3)
    assert facts(second.out) == facts(first)
    assert {file: file.stat().st_mtime_ns for file in demo.store_folder().rglob("*.parquet")} == written


@pytest.mark.skipif(sys.platform == "win32", reason="the commands are quoted for another shell")
def test_the_commands_that_it_suggests_work(first: str) -> None:
    suggested = [shlex.split(line)[1:] for line in first.splitlines() if line.startswith("  barkeeper")]
    assert [words[0] for words in suggested] == ["inspect", "backtest", "backtest", "import"]
    for words in suggested:
        is_slow = "--speed" in words
        assert main(words[: words.index("--speed")] if is_slow else words) == 0


@pytest.mark.parametrize(
    ("platform", "variable", "folder"),
    [
        ("linux", "XDG_CACHE_HOME", "barkeeper"),
        ("win32", "LOCALAPPDATA", "barkeeper"),
    ],
)
def test_the_market_lies_where_the_platform_keeps_caches(
    platform: str, variable: str, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BARKEEPER_CACHE")
    monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.setattr(sys, "platform", platform)

    assert demo.store_folder().parent == tmp_path / folder


def test_on_a_mac_it_lies_in_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BARKEEPER_CACHE")
    monkeypatch.setattr(sys, "platform", "darwin")

    assert demo.store_folder().parent == Path.home() / "Library" / "Caches" / "barkeeper"
