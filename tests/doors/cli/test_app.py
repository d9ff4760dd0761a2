"""What the command line itself decides: commands, options, help, completion."""

import enum
from importlib import metadata
from pathlib import Path

import pytest
import typer

from actors.doors.cli import app, completion, options, plain_help, version
from actors.doors.guide.chapters import ORDER
from actors.reading.format import Stamp
from messages.values import Pace
from tests.doors.conftest import Call


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), ("import", "backtest", "inspect", "python run.py")),
        (("import",), ("--format", "--tz", "python run.py import AAPL.csv")),
        (("backtest",), ("--drop", "--delay", "--duplicate", "--corrupt", "--outage", "--seed")),
        (("backtest",), ("--fill-from", "--certify", "--no-certify")),
        (("backtest",), ("--pace", "--speed", "python run.py backtest --store store --last 1 --speed 60")),
        (("inspect",), ("--symbols", "python run.py inspect --store store --json")),
    ],
)
def test_help_shows_options_and_examples(call: Call, arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    for flag in ("--help", "-h"):
        answer = call(*arguments, flag)

        assert answer.code == 0
        assert all(word in answer.out for word in words)


@pytest.mark.parametrize("arguments", [(), ("import",), ("backtest",), ("live",), ("inspect",), ("status",)])
def test_a_flag_shows_no_type(call: Call, arguments: tuple[str, ...]) -> None:
    answer = call(*arguments, "--help")

    assert "--help" in answer.out
    assert "bool" not in answer.out.lower()


@pytest.mark.parametrize(
    ("called", "shown"),
    [
        ("/usr/bin/barkeeper", "barkeeper status"),
        ("C:/Scripts/barkeeper.exe", "barkeeper status"),
        ("/lib/barkeeper/__main__.py", "python -m barkeeper status"),
        ("run.py", "python run.py status"),
    ],
)
def test_examples_call_the_program_as_it_was_called(monkeypatch: pytest.MonkeyPatch, called: str, shown: str) -> None:
    monkeypatch.setattr("sys.argv", [called])

    assert options.examples("status").endswith(f"\n\n{shown}")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("backtst",), "backtst"),
        (("backtest",), "│ say which store: --store"),
        (("backtest", "--store", "s", "--pace", "slow"), "slow"),
        (("backtest", "--store", "s", "--last", "0"), "for '--last': expected 1 or more"),
        (("backtest", "--store", "s", "--last", "1.5"), "for '--last': expected a whole number"),
        (("backtest", "--store", "s", "--speed", "-1"), "--speed"),
        (("backtest", "--store", "s", "--start", "2024-7-1"), "2024-07-02"),
        (("backtest", "--store", "s", "--drop", "1.5"), "for '--drop': expected 1 or less"),
        (("backtest", "--store", "s", "--drop", "2%"), "for '--drop': expected a number, such as 0.5"),
        (("backtest", "--store", "s", "--delay", "-0.1"), "--delay"),
        (("backtest", "--store", "s", "--duplicate", "2"), "--duplicate"),
        (("backtest", "--store", "s", "--corrupt", "often"), "--corrupt"),
        (("backtest", "--store", "s", "--outage", "10:00-10:07", "--outage", "noon"), "not 'noon'"),
        (("backtest", "--store", "s", "--seed", "-1"), "--seed"),
        (("backtest", "--store", "s", "--symbols", "A", "B"), "'B' belongs to nothing"),
        (("backtest", "--store", "s", "--symbols", "A,", "B"), "--symbols A,B"),
        (("backtest", "."), "say --store ."),
        (("calendar", "XNYS", "XLON"), "'XLON' belongs to nothing"),
        (("import", "--store", "s"), "FILE|DIR"),
        (("import", "", "--store", "s"), "an argument is empty"),
        (("import", "f.csv", "--store", ""), "--store is empty"),
        (("inspect", "--store= "), "--store is empty"),
        (("backtest", "--store", "s", "--symbols", ""), "--symbols is empty"),
        (("import", "f.csv", "--store", "s", "--stamp", "middle"), "middle"),
    ],
)
def test_a_wrong_call_exits_2_and_names_what_is_wrong(call: Call, arguments: tuple[str, ...], complaint: str) -> None:
    answer = call(*arguments)

    assert (answer.code, answer.out) == (2, "")
    assert complaint in answer.err


def test_the_version_is_the_installed_one(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", {"barkeeper": "1.2.3"}.__getitem__)

    assert call("--version").out == "barkeeper 1.2.3\n"


def test_a_checkout_that_is_not_installed_has_version_0(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", nowhere)

    assert version.version() == "0"


def test_options_of_the_program_may_stand_after_the_command(call: Call, empty: Path) -> None:
    before = call("--debug", "inspect", "--store", empty)
    after = call("inspect", "--store", empty, "--debug")

    assert before.code == after.code == 1
    assert before.err.startswith("Traceback")
    assert after.err.startswith("Traceback")


def test_what_stands_after_two_dashes_is_a_file(call: Call, tmp_path: Path) -> None:
    answer = call("import", "--store", tmp_path / "store", "--", "--debug")

    assert answer.err == "error: --debug: there is no such file or folder\n"


@pytest.mark.parametrize(("offered", "known"), [(app.Pace, Pace), (options.Stamp, Stamp)])
def test_the_choices_on_offer_are_those_that_there_are(offered: type[enum.StrEnum], known: type[enum.StrEnum]) -> None:
    assert {choice.value for choice in offered} == {choice.value for choice in known}


def asked(**parameters: object) -> typer.Context:
    """What a shell's completion knows of the options so far."""
    context = typer.Context(typer.main.get_command(app.app))
    context.params = dict(parameters)
    return context


def test_formats_and_feeds_are_completed() -> None:
    assert completion.formats("AL") == ["alpaca", "alphavantage"]
    assert completion.feeds("s") == ["simulated"]


def test_calendars_are_completed_from_the_store_if_there_is_one(store: Path, empty: Path) -> None:
    assert completion.calendars(asked(store=store), "") == ["XNYS"]
    assert completion.calendars(asked(store=store), "xl") == []
    assert completion.calendars(asked(), "xlo") == ["XLON"]
    assert completion.calendars(asked(store=empty), "xlo") == ["XLON"]


def commands() -> list[str]:
    return sorted(typer.main.get_command(app.app).commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize("command", commands())
def test_the_help_of_a_command_names_its_chapter(call: Call, command: str) -> None:
    last = [line.strip() for line in call(command, "--help").out.splitlines() if line.strip()][-1]

    assert last == f"python run.py guide {plain_help.CHAPTERS.get(command, '')}".rstrip()


def test_the_chapters_that_commands_name_are_there() -> None:
    assert set(plain_help.CHAPTERS.values()) <= set(ORDER)
    assert sorted({*plain_help.CHAPTERS, "guide"}) == commands()


def test_chapters_are_completed() -> None:
    assert completion.chapters("li") == ["live"]
