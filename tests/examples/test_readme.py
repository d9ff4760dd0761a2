"""The examples of the README and of the guide, run as they stand."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pyarrow import flight

import actors.doors.barkeeper
from actors.doors.cli.app import main
from actors.system import System
from tests.documents import Block, block_with, blocks, command_lines, document_with, documents
from tests.house.source import ROOT


def example(words: str) -> str:
    """The one example in Python that has these words."""
    return block_with("python", words)


LOOPS = [example(words) for words in ("for minute in system.minutes():      ", "asyncio.run")]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the README's own command has made its sample."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "barkeeper", actors.doors.barkeeper)  # as it is called where it is installed
    readme = documents()["README.md"]
    (line,) = [line.partition("#")[0] for line in readme.splitlines() if line.startswith("python run.py sample")]
    assert main(shlex.split(line)[2:]) == 0
    return tmp_path


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


@pytest.mark.slow
def test_the_example_of_other_programs_reads_the_same_by_both_ways(store: Path) -> None:
    names: dict[str, Any] = {}

    exec(example("system.serve("), names)

    window, table = names["window"], names["table"]
    assert (len(window), window.now_ns) == (20, names["minute"].end_ns)
    assert table.replace_schema_metadata(None) == window.to_arrow()


def test_every_ticket_is_answered_with_the_table_that_the_guide_says(store: Path) -> None:
    text = document_with("| ticket |")
    section = text[text.index("| ticket |") : text.index("Tables are those of")]
    tickets = re.findall(r"^\| `(\{.*?\})`.*? \| (\w+)", section, flags=re.MULTILINE)
    rows = re.findall(r"^\| (bars|told bars) \| (.*) \|$", section, flags=re.MULTILINE)
    columns = {name: set(re.findall(r"`(\w+)`", words)) for name, words in rows}
    assert len(tickets) == 8
    with System.backtest("store", ["AAPL", "MSFT"]) as system:
        system.run(timeout=30)
        with flight.connect(system.serve().address) as client:
            for ticket, answer in tickets:
                stream = client.do_get(flight.Ticket(ticket.encode()))
                names = set(stream.schema.names)
                match answer:
                    case "bars":
                        assert names <= columns["bars"]
                        assert stream.read_all().num_rows
                    case "matrix" | "verdicts":
                        assert names == {"start", "AAPL", "MSFT"}
                    case "told":
                        assert columns["told bars"] <= names
                        assert names - columns["told bars"] == {"high", "low", "close", "volume", "vwap"}
                    case _:
                        assert (answer, names) == ("JSON", set())


def test_the_example_of_repairs_heals_every_session(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    counted = "incomplete = 0\n" + example("losses = Faults(").replace("            ...", "            incomplete += 1")
    names: dict[str, int] = {}

    exec(counted, names)

    *gaps, numbers = capsys.readouterr().out.splitlines()
    assert "('AAPL', 'MSFT') closed archive 30" in gaps
    assert all(gap.endswith(" closed archive 30") for gap in gaps)
    assert len(gaps) <= names["incomplete"]
    assert names["incomplete"] > 2 * 7
    assert numbers == "100.0 100.0"


@pytest.mark.parametrize("example", LOOPS, ids=["plain", "asyncio"])
def test_an_example_plays_every_minute_and_reads_full_windows(store: Path, example: str) -> None:
    counted = "minutes = full = 0\n" + example
    for words, instead in (
        ("window = ", "minutes += 1; window = "),
        ("        ...", "        full += 1"),
        ("async def main() -> None:\n", "async def main() -> None:\n    global minutes, full\n"),
    ):
        counted = counted.replace(words, instead)
    names: dict[str, int] = {}

    exec(counted, names)  # the document's own words

    assert names["minutes"] == 4 * 390 + 210
    assert names["full"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("example", blocks("python"), ids=lambda block: block.place)
def test_an_example_runs_as_it_stands_in_a_program_of_its_own(store: Path, example: Block) -> None:
    (store / "example.py").write_text(example.text, encoding="utf-8")
    shutil.copytree(ROOT / "actors/doors/barkeeper", store / "barkeeper")  # this one, whichever is installed
    here = os.environ | {"PYTHONPATH": str(ROOT)}

    done = subprocess.run(
        [sys.executable, "example.py"], cwd=store, env=here, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


NEEDS_NOBODY = {"backtest", "calendar", "export", "guide", "inspect", "metrics", "migrate", "vendors", "verify"}
"""Commands that come to an end by themselves with what the sample has."""
ELSEWHERE = {"--web", "--serve", "--cluster"}


def can_be_done(line: list[str]) -> bool:
    words = {*line}
    needs = {word for word in line if "://" in word or word.endswith((".toml", ".jsonl"))}
    return bool(NEEDS_NOBODY & {*line[:1]}) and not words & ELSEWHERE and not needs


@pytest.mark.slow
@pytest.mark.parametrize(
    "block", [one for one in blocks("sh") if any(map(can_be_done, command_lines(one)))], ids=lambda block: block.place
)
def test_a_line_for_a_shell_does_what_it_says(store: Path, block: Block) -> None:
    codes = {" ".join(line): main(line) for line in command_lines(block) if can_be_done(line)}

    assert set(codes.values()) == {0}, codes
