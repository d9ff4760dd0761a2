"""Tables on paper of any width."""

import re

import pytest
from rich.console import Console

from actors.doors.show import paper
from actors.doors.show.paper import Column, Sheet

COLUMNS = (Column("Name", is_text=True), Column("Less", rank=1), Column("Least", rank=2))


def sheet() -> Sheet:
    made = Sheet("Title", COLUMNS)
    made.add("alpha", "1,000", "2,000")
    return made


def titles(width: int) -> list[object]:
    return [column.header for column in sheet().fitted(Console(width=width)).columns]


def test_columns_that_do_not_fit_are_left_out_the_least_important_first() -> None:
    assert titles(40) == ["Name", "Less", "Least"]
    assert titles(13) == ["Name", "Less"]
    assert titles(8) == ["Name"]
    assert titles(2) == ["Name"]


def test_it_is_said_which_columns_do_not_fit(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []
    for width in ("40", "13", "8"):
        monkeypatch.setenv("COLUMNS", width)
        paper.show(sheet())
        told.append(" ".join(capsys.readouterr().out.split("\n\n")[0].split("\n")[4:]))

    assert told == [
        "",
        "A wider terminal, or --json, has 1 more column: Least",
        "A wider terminal, or --json, has 2 more columns: Less, Least",
    ]


def test_a_terminal_colours_what_is_not_as_it_should_be(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    made = Sheet(
        "Title", [Column("Quality", is_watched=True), Column("Complete"), Column("Abandoned", is_watched=True)]
    )
    made.add("99.9 %", "98.0 %", "0")
    made.add("100.0 %", "98.0 %", "3")

    paper.show(made)

    coloured = re.findall(r"\x1b\[33m([^\x1b]*)\x1b", capsys.readouterr().out)
    assert [text.strip() for text in coloured] == ["99.9 %", "3"]


def test_a_table_without_ranks_is_as_wide_as_it_is() -> None:
    made = Sheet("Title", [Column("Name"), Column("Value")])

    assert len(made.fitted(Console(width=3)).columns) == 2


def test_a_sum_stands_below_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    made = sheet()
    made.sum_up("all", "1,000", "2,000")

    paper.show(made)

    title, header, line, row, second_line, sums, end = capsys.readouterr().out.split("\n")[:7]
    assert (title, header.split(), row.split()) == ("Title", ["Name", "Less", "Least"], ["alpha", "1,000", "2,000"])
    assert line == second_line
    assert (sums.split(), end) == (["all", "1,000", "2,000"], "")


def test_nothing_in_a_cell_is_markup(capsys: pytest.CaptureFixture[str]) -> None:
    made = Sheet("Title", [Column("Name", is_text=True)])
    made.add("[red]:smile:")

    paper.show(made)

    assert "[red]:smile:" in capsys.readouterr().out


def test_a_line_is_never_broken(capsys: pytest.CaptureFixture[str]) -> None:
    command = "python run.py " + "x" * 300

    paper.show(command)

    assert capsys.readouterr().out == f"{command}\n"


def test_the_width_may_be_set_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    assert paper.out().width == 120

    monkeypatch.setenv("COLUMNS", "50")

    assert paper.out().width == 50


def test_json_is_one_line_of_utf_8_without_nan(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    paper.show_json({"symbol": "\u6771\u4eac", "high": float("nan")})

    assert capfdbinary.readouterr().out == '{"symbol":"\u6771\u4eac","high":null}\n'.encode()


def test_a_paragraph_is_broken_between_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "20")

    paper.tell("A market that is", "made up.")

    assert capsys.readouterr().out.splitlines() == ["A market that is ", "made up.", ""]


def test_in_a_notebook_nothing_moves_and_nothing_is_coloured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert paper.out().is_terminal

    monkeypatch.setenv("JPY_PARENT_PID", "1")
    assert not paper.out().is_terminal
    assert not paper.err().is_terminal
