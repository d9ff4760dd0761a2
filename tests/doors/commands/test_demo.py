"""The main job: no arguments."""

import contextlib
import io
import shlex
import sys
from pathlib import Path

import pytest

from actors.doors.cli.app import main
from actors.doors.commands import demo_market
from tests.doors.conftest import Call


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _in_the_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BARKEEPER_CACHE", str(cache))
    monkeypatch.setattr(sys, "argv", ["barkeeper"])


@pytest.fixture(scope="module")
def first(cache: Path) -> str:
    """What the first run prints, before any of its files are there."""
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as out:
        patch.setenv("BARKEEPER_CACHE", str(cache))
        patch.setattr(sys, "argv", ["barkeeper"])
        assert main([]) == 0
    return out.getvalue()


def rows(out: str, title: str) -> list[list[str]]:
    """The rows of one table, down to its sum."""
    lines = out[out.index(title) :].splitlines()[3:]
    return [line.split() for line in lines[: lines.index("")] if "\u2500" not in line]


def test_it_replays_three_sessions_and_shows_what_they_came_to(first: str) -> None:
    sessions = {row[0]: row[1:] for row in rows(first, "Sessions when healed")[:-1]}

    assert {date: row[0] for date, row in sessions.items()} == {
        "2024-07-02": "09:30-16:00",
        "2024-07-03": "09:30-13:00",
        "2024-07-05": "09:30-16:00",
    }
    assert all(row[1] == "50" and 90.0 < float(row[3]) < 100.0 for row in sessions.values())


def test_it_shows_each_session_before_and_after_it_was_healed(first: str) -> None:
    for _, complete, _, healed, _, quality, _, whole, _ in rows(first, "Before and after"):
        assert 90.0 < float(complete) < float(healed) < 100.0
        assert float(quality) == float(complete)
        assert float(whole) == 100.0


def test_what_was_missing_was_filled_or_never_traded_and_nothing_was_abandoned(first: str) -> None:
    *sessions, total = rows(first, "Minutes that were missing")

    assert len(sessions) == 3
    for _, missing, late, filled, no_trade, abandoned, still_missing, *_ in sessions:
        assert int(missing.replace(",", "")) == int(filled) + int(no_trade) > 0
        assert int(filled) > 7 * 40
        assert int(no_trade) > 0
        assert (late, abandoned, still_missing) == ("0", "0", "0")
    assert total[:2] == ["3", "sessions"]


def test_one_symbols_outage_is_shown_minute_by_minute_with_its_verdicts(first: str) -> None:
    minutes = rows(first, "The outage of 2024-07-05")

    assert [row[0] for row in minutes] == ["09:59", *(f"10:0{minute}" for minute in range(8))]
    assert [row[1:3] for row in (minutes[0], minutes[-1])] == [["STREAMED", "STREAMED"]] * 2
    assert all(row[1] == "MISSING" for row in minutes[1:-1])
    assert {row[2] for row in minutes[1:-1]} == {"FILLED", "NO_TRADE"}
    assert all((row[3] == "-") is (row[2] == "NO_TRADE") for row in minutes)


@pytest.mark.slow
def test_a_second_run_shows_the_same_market_from_the_same_files(call: Call, first: str) -> None:
    def facts(out: str) -> list[str]:
        return out[out.index("Before and after") :].splitlines()

    def written() -> dict[Path, int]:
        folders = (demo_market.tape_folder(), demo_market.archive_folder())
        return {file: file.stat().st_mtime_ns for folder in folders for file in folder.rglob("date=2024-*/*")}

    before = written()

    second = call()

    assert (second.code, second.err, len(before)) == (0, "", 3 + 3 + 3)
    assert facts(second.out) == facts(first)
    assert written() == before


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the commands are quoted for another shell")
def test_the_commands_that_it_suggests_work(first: str) -> None:
    suggested = [shlex.split(line)[1:] for line in first.splitlines() if line.startswith("  barkeeper")]
    assert [words[0] for words in suggested] == ["backtest", "backtest", "inspect", "verify", "import"]
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

    assert demo_market.tape_folder().parents[1] == tmp_path / folder


def test_on_a_mac_it_lies_in_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BARKEEPER_CACHE")
    monkeypatch.setattr(sys, "platform", "darwin")

    assert demo_market.tape_folder().parents[1] == Path.home() / "Library" / "Caches" / "barkeeper"
