"""The command that plays a strategy over many days."""

from pathlib import Path
from typing import Any

import pytest

from actors.doors.commands.strategies.sweep import grid_of, warm_up_of
from messages.errors import SettingsError
from tests.doors.conftest import DAYS, MARKET, Call

FILE = """
import msgspec


class Told(msgspec.Struct):
    minutes: int
    times: float
    word: str


class Strategy:
    def __init__(self, fast=1, mode="plain"):
        self.fast, self.mode = fast, mode

    def run(self, system):
        minutes = sum(1 for _ in system.minutes())
        if self.mode == "broken" and minutes < 300:
            raise ValueError("a half-day")
        if self.mode == "interrupted" and minutes < 300:
            raise KeyboardInterrupt
        return Told(minutes=minutes, times=minutes * self.fast, word=self.mode)
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("sys.path", ["", *__import__("sys").path])
    (tmp_path / "my_strategy.py").write_text(FILE)
    return f"{tmp_path / 'my_strategy.py'}:Strategy"


def test_json_has_a_result_a_task(call: Call, store: Path, place: str) -> None:
    answer = call("sweep", place, "--store", store, "--grid", "fast=1,2.5", "--last", "1", "--workers", "1", "--json")

    assert (answer.code, answer.err) == (0, "")
    found = answer.object
    assert {name: found[name] for name in ("tasks", "done", "failed", "is_interrupted")} == {
        "tasks": 2, "done": 2, "failed": 0, "is_interrupted": False,
    }  # fmt: skip
    assert found["results"][1] == {
        "session": DAYS[1],
        "symbol": None,
        "parameters": {"fast": 2.5},
        "result": {"minutes": 210, "times": 525.0, "word": "plain"},
        "error": None,
    }


def test_people_get_a_row_for_each_set_of_parameters(call: Call, store: Path, place: str) -> None:
    arguments = ("--grid", "fast=2", "--grid", "mode=plain,odd", "--symbols", MARKET.symbols[0], "--workers", "1")
    answer = call("sweep", place, "--store", store, *arguments)

    lines = [line.split() for line in answer.out.splitlines()]
    assert lines[1] == ["fast", "mode", "Tasks", "Failed", "Mean", "minutes", "Mean", "times"]
    assert lines[3] == ["2", "plain", "2", "0", "300", "600"]
    assert lines[4] == ["2", "odd", "2", "0", "300", "600"]


def test_what_fails_is_named_and_the_rest_is_printed(call: Call, store: Path, place: str) -> None:
    answer = call("sweep", place, "--store", store, "--grid", "mode=plain,broken", "--workers", "1")

    assert answer.code == 1
    assert f"error: {DAYS[1]} (mode='broken'): ValueError: a half-day (line" in answer.err
    assert [line.split()[:3] for line in answer.out.splitlines()[3:5]] == [["plain", "2", "0"], ["broken", "2", "1"]]


def test_ctrl_c_prints_what_is_done(call: Call, store: Path, place: str) -> None:
    options = ("--grid", "mode=interrupted", "--workers", "1", "--json")
    answer = call("sweep", place, "--store", store, *options)

    assert (answer.code, answer.err) == (130, "interrupted\n")
    assert (answer.object["done"], answer.object["is_interrupted"]) == (1, True)
    nothing = call("sweep", place, "--store", store, *options[:-1], "--start", DAYS[1])
    assert nothing.out == "What came out of 0 of 1 tasks: nothing yet.\n"


def test_results_are_kept_and_gone_on_from(call: Call, store: Path, place: str, tmp_path: Path) -> None:
    line = ("sweep", place, "--store", store, "--results", tmp_path / "kept", "--workers", "1", "--json")

    first, again = call(*line), call(*line)
    other = call(*line, "--grid", "fast=9")

    assert first.object["results"] == again.object["results"]
    assert other.code == 1
    assert "holds the results of another sweep: it had another grid" in other.err


def test_values_are_numbers_where_they_look_like_numbers() -> None:
    assert grid_of(["fast=5, 10", "share=0.5", "is_long=true,False,none", "word=up"]) == {
        "fast": [5, 10], "share": [0.5], "is_long": [True, False, None], "word": ["up"],
    }  # fmt: skip


@pytest.mark.parametrize("given", ["fast", "fast=", "=5", "5=5"])
def test_a_grid_that_is_written_otherwise_is_refused(given: str) -> None:
    with pytest.raises(SettingsError, match="write a parameter and its values, as in fast=5,10,20"):
        grid_of([given])


def test_a_parameter_is_named_once() -> None:
    with pytest.raises(SettingsError, match="names fast twice"):
        grid_of(["fast=1", "fast=2"])


@pytest.mark.parametrize("given", ["1d", "1d=", "1d=many"])
def test_a_warm_up_that_is_written_otherwise_is_refused(given: str) -> None:
    with pytest.raises(SettingsError, match="write bars by interval, as in 1d=200,5m=60"):
        warm_up_of(given)


def test_a_warm_up_is_bars_by_interval() -> None:
    wanted: dict[str, Any] = warm_up_of(" 1d=200, 5m=60,")

    assert wanted == {"1d": 200, "5m": 60}
