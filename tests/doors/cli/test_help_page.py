"""What ``--help`` looks like: within the terminal, no word broken, and every command under a heading."""

import pytest

from actors.doors.cli import help_page
from tests.doors.cli.test_app import commands
from tests.doors.conftest import Call


@pytest.fixture
def _eighty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


@pytest.mark.usefixtures("_eighty")
@pytest.mark.parametrize("command", commands())
def test_words_stay_within_eighty_columns_and_examples_on_their_line(call: Call, command: str) -> None:
    told, _, examples = call(command, "--help").out.partition("\nExamples\n")

    assert told.startswith(f"Usage: run.py {command} ") or command in told.splitlines()[0]
    assert not [line for line in told.splitlines() if len(line) > 80]
    assert all(line.startswith("  python run.py ") for line in examples.splitlines() if line not in {"", "More"})


def test_an_option_stands_beside_what_it_is_for(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    lines = call("import", "--help").out.splitlines()
    at = next(place for place, line in enumerate(lines) if line.startswith("  --stamp"))

    assert lines[at : at + 3] == [
        "  --stamp start|end           Which end of its minute a bar",
        "                              is stamped with.  [default:",
        "                              the format's own, else start]",
    ]


def test_a_long_name_has_a_line_of_its_own(call: Call) -> None:
    lines = call("import", "--help").out.splitlines()
    at = lines.index("  --allow-negative / --no-negative")

    assert lines[at + 1].startswith(" " * 30 + "Whether prices may be")


def test_every_command_stands_under_a_heading_once(call: Call) -> None:
    grouped = sorted(name for names in help_page._GROUPS.values() for name in names)
    listed = [line.split()[0] for line in call("--help").out.splitlines() if line[:3].strip() and line[:2] == "  "]

    assert grouped == commands()
    assert [name for name in listed if name in grouped and listed.count(name) != 1] == []
