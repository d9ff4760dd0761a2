"""What counts as a strategy, how one is found in a file, and what becomes of what it returns."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from actors.strategy import Strategy, load
from actors.system import System
from messages.errors import SettingsError, StrategyFailed
from tests.system.worlds import memory, short


class Count(msgspec.Struct):
    minutes: int
    last: float


def counted(system: System, field: str = "close") -> Count:
    closes = [bar.close for _ in system.minutes() if (bar := system.latest_bar("BAB").get(timeout=5))]
    return Count(minutes=len(closes), last=closes[-1])


class Holds:
    carry = ("days", "seen")
    by_symbol = True

    def __init__(self, step: int) -> None:
        self.step = step
        self.days = 0
        self.seen: list[str] = []

    def run(self, system: System) -> dict[str, Any]:
        self.days += self.step
        return {"days": self.days}


NOBODY: Any = None


def test_a_function_plays_a_system_and_its_struct_becomes_plain_values() -> None:
    with short(memory(sessions=1)) as system:
        played = Strategy(counted).play(system)

    assert played.result["minutes"] == 15
    assert isinstance(played.result["last"], float)
    assert played.carried == {}


def test_a_class_goes_on_with_what_it_carried() -> None:
    strategy = Strategy(Holds)

    first = strategy.play(NOBODY, {"step": 2})
    second = strategy.play(NOBODY, {"step": 2}, first.carried)

    assert (first.result, second.result) == ({"days": 2}, {"days": 4})
    assert second.carried == {"days": 4, "seen": []}
    assert strategy.by_symbol


def test_numbers_and_columns_of_numpy_become_plain_ones() -> None:
    def told(system: System) -> dict[Any, Any]:
        return {"mean": np.float32(0.5), "n": np.int64(3), "path": np.arange(3), 5: np.bool_(1)}

    assert Strategy(told).play(NOBODY).result == {"mean": 0.5, "n": 3, "path": [0, 1, 2], "5": True}


@pytest.mark.parametrize("answer", [None, 3.5, [1], {"odd": object()}])
def test_what_is_no_result_is_refused(answer: object) -> None:
    def told(system: System) -> Any:
        return answer

    with pytest.raises(StrategyFailed, match=r"a strategy returns|cannot be written down"):
        Strategy(told).play(NOBODY)


def test_an_error_names_the_line_of_the_strategy() -> None:
    def broken(system: System) -> dict[str, Any]:
        raise ValueError("no such luck")

    with pytest.raises(StrategyFailed, match=r"ValueError: no such luck \(line \d+ of test_strategy.py\)"):
        Strategy(broken).play(NOBODY)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (3, "expected a function or a class"),
        (int, "int has no method run"),
        (lambda: None, "takes no system"),
        (lambda *, fast: {}, "takes no system"),
    ],
)
def test_what_cannot_be_called_as_a_strategy_is_refused(given: Any, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        Strategy(given)


def test_a_function_has_nothing_to_carry() -> None:
    def held(system: System) -> dict[str, Any]:
        return {}

    held.carry = "position"  # type: ignore[attr-defined]  # what users may try

    with pytest.raises(SettingsError, match="make it a class"):
        Strategy(held)


@pytest.mark.parametrize(
    ("values", "said"), [({"stp": 1}, "no parameter stp; nearest: step"), ({}, "needs a value for step")]
)
def test_parameters_are_held_against_what_it_takes(values: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        Strategy(Holds).check(values)


def test_a_function_may_take_any_parameter() -> None:
    def loose(system: System, **more: Any) -> dict[str, Any]:
        return more

    Strategy(loose).check({"whatever": 1})

    assert Strategy(loose).parameters == ()


FILE = """
from dataclasses import dataclass

from beside import FACTOR


@dataclass
class Crossing:
    fast: int = 5

    def run(self, system) -> dict:
        return {"fast": self.fast * FACTOR}


NUMBER = 3
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("sys.path", ["", *__import__("sys").path])
    (tmp_path / "beside.py").write_text("FACTOR = 2\n")
    (tmp_path / "my_strategy.py").write_text(FILE)
    return tmp_path / "my_strategy.py"


def test_a_strategy_is_found_in_a_file_with_what_lies_beside_it(file: Path) -> None:
    strategy = load(f"{file}:Crossing")

    assert strategy.name == "Crossing"
    assert strategy.play(NOBODY, {"fast": 3}).result == {"fast": 6}


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("{file}", "expected FILE.py:NAME"),
        ("{file}:", "expected FILE.py:NAME"),
        ("other.py:Crossing", "there is no file other.py"),
        ("{file}:Crosing", "has no Crosing; nearest: Crossing"),
        ("{file}:NUMBER", "expected a function or a class, got 3"),
    ],
)
def test_a_place_that_leads_nowhere_is_refused(file: Path, place: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        load(place.format(file=file))


@pytest.mark.parametrize("text", ["import nothing_of_that_name", "x = 1\nx.y()", "def ("])
def test_a_file_that_cannot_be_imported_is_named_with_the_error(file: Path, text: str) -> None:
    file.write_text(text)

    with pytest.raises(SettingsError, match=r"my_strategy.py cannot be imported: \w+Error"):
        load(f"{file}:Crossing")
