"""The README's examples, run as they stand."""

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import actors.doors.barkeeper
from actors.doors.cli.app import main
from tests.house.source import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the README's own command has made its sample."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "barkeeper", actors.doors.barkeeper)  # as it is called where it is installed
    (line,) = [line.partition("#")[0] for line in README.splitlines() if line.startswith("python run.py sample")]
    assert main(shlex.split(line)[2:]) == 0
    return tmp_path


def example(word: str) -> str:
    """The example that has a word."""
    (found,) = [text for text in EXAMPLES if word in text]
    return found


def test_the_readme_has_five_examples() -> None:
    assert len(EXAMPLES) == 5


def test_the_example_of_the_whole_market_has_a_column_a_symbol(store: Path) -> None:
    counted = "full = 0\n" + example("system.matrix(").replace("            ...", "            full += 1", 1)
    names: dict[str, Any] = {}

    exec(counted, names)

    matrix = names["matrix"]
    assert (matrix.symbols, matrix["close"].shape, names["momentum"].shape) == (("AAPL", "MSFT"), (20, 2), (2,))
    assert names["full"] == 4 * (390 - 19) + 210 - 19


def test_the_example_of_history_says_what_is_there_and_reads_it(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    counted = "warm = 0\n" + example("warm_up()").replace("            ...", "            warm += 1")
    names: dict[str, int] = {}

    exec(counted, names)

    assert capsys.readouterr().out.splitlines() == [
        "AAPL 5m: 60 asked, 276 there",
        "AAPL 1d: 200 asked, 4 there: the store begins on 2024-07-01",
    ]
    assert names["warm"] == 390


def test_the_example_of_repairs_heals_every_session(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    counted = "incomplete = 0\n" + example("Faults(").replace("            ...", "            incomplete += 1")
    names: dict[str, int] = {}

    exec(counted, names)

    *gaps, numbers = capsys.readouterr().out.splitlines()
    assert "('AAPL', 'MSFT') closed archive 30" in gaps
    assert all(gap.endswith(" closed archive 30") for gap in gaps)
    assert len(gaps) <= names["incomplete"]
    assert names["incomplete"] > 2 * 7
    assert numbers == "100.0 100.0"


@pytest.mark.parametrize("example", EXAMPLES[:2], ids=["plain", "asyncio"])
def test_an_example_plays_every_minute_and_reads_full_windows(store: Path, example: str) -> None:
    counted = "minutes = full = 0\n" + example
    for words, instead in (
        ("window = ", "minutes += 1; window = "),
        ("        ...", "        full += 1"),
        ("async def main() -> None:\n", "async def main() -> None:\n    global minutes, full\n"),
    ):
        counted = counted.replace(words, instead)
    names: dict[str, int] = {}

    exec(counted, names)  # the README's own words

    assert names["minutes"] == 4 * 390 + 210
    assert names["full"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_runs_as_it_stands_in_a_program_of_its_own(store: Path, number: int) -> None:
    (store / "example.py").write_text(EXAMPLES[number], encoding="utf-8")

    done = subprocess.run([sys.executable, "example.py"], cwd=store, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
