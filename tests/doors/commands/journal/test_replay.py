"""The command ``replay``: a live day as it was received, as it was known, and beside another."""

import json
from pathlib import Path

import pytest

from actors.storage.parquet import ParquetStore
from messages import Bar
from tests.builders import DAY, arrived, bar, minute_of, opened, time
from tests.doors.conftest import Call
from tests.storage.days import day as stored
from tests.system.test_lived_day import CAME, CORRECTED, LATE, journal_of


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return journal_of(tmp_path / "store.journals", CAME)


def test_the_day_is_played_and_summed_up(call: Call, journal: Path) -> None:
    said = call("replay", journal, "--json")
    result = json.loads(said.out)

    assert (said.code, result["date"], result["played"]["bars"]) == (0, DAY.date, 5)
    assert len(result["digest"]) == 32
    table = call("replay", journal)
    assert "The day as it was received" in table.out
    assert result["digest"] in table.out


@pytest.mark.parametrize(("until", "bars", "missing"), [("09:31", [1, 0], [0, 1]), ("09:33", [2, 2], [0, 0])])
def test_what_was_known_at_a_moment_is_said(
    call: Call, journal: Path, until: str, bars: list[int], missing: list[int]
) -> None:
    said = call("replay", journal, "--until", until, "--json")
    symbols = json.loads(said.out)["symbols"]

    assert [one["symbol"] for one in symbols] == ["A", "B"]
    assert ([one["bars"] for one in symbols], [one["missing"] for one in symbols]) == (bars, missing)
    assert f"as it was known at {until}" in call("replay", journal, "--until", until).out


def test_before_its_opening_nothing_was_known_and_on_its_date_and_later_all(call: Call, journal: Path) -> None:
    said = call("replay", journal, "--until", "09:20")

    assert (said.code, said.err) == (1, f"error: --until: {DAY.date} was not open yet: that was at 09:30:00\n")
    for until in (DAY.date, "2099-01-01"):
        assert [one["bars"] for one in call("replay", journal, "--until", until, "--json").object["symbols"]] == [2, 2]


def test_a_day_is_the_same_as_the_stores_that_it_was_written_to(call: Call, journal: Path, tmp_path: Path) -> None:
    held = [bar("A", "09:30", 1.0), LATE, CORRECTED, bar("B", "09:31", 100.0)]
    write(tmp_path / "store", held)
    said = call("replay", journal, "--diff", tmp_path / "store")

    assert (said.code, said.out) == (0, f"{DAY.date}: all 4 minutes are the same.\n")


def test_minutes_that_differ_are_named_and_fail(call: Call, journal: Path, tmp_path: Path) -> None:
    write(tmp_path / "store", [bar("A", "09:30", 1.0), bar("A", "09:31", 5.5), bar("C", "09:31")])
    said = call("replay", journal, "--diff", tmp_path / "store", "--json")
    found = [(one["minute"], one["symbol"], one["here"], one["there"]) for one in json.loads(said.out)["differences"]]

    assert (said.code, said.err) == (1, "error: 4 of 5 minutes differ\n")
    assert [(minute, symbol, here is None, there is None) for minute, symbol, here, there in found] == [
        ("09:30", "B", False, True),
        ("09:31", "A", False, False),
        ("09:31", "B", False, True),
        ("09:31", "C", True, False),
    ]
    assert "no bar" in call("replay", journal, "--diff", tmp_path / "store").out


def test_two_journals_of_a_day_are_compared(call: Call, journal: Path, tmp_path: Path) -> None:
    other = journal_of(tmp_path / "other", [opened(DAY, ["A"]), arrived(*minute_of("A", "09:31")), time("09:32")])

    assert call("replay", journal, "--diff", journal).code == 0
    assert call("replay", journal, "--diff", other).code == 1


def test_what_cannot_be_compared_is_refused(call: Call, journal: Path, tmp_path: Path) -> None:
    write(tmp_path / "empty", [])

    assert "has no day" in call("replay", journal, "--diff", tmp_path / "empty").err
    assert "there is no journal" in call("replay", tmp_path / "none.journal").err
    assert "one at a time" in call("replay", journal, "--step", "--until", "10:00").err
    assert call("replay", journal, "--until", "25:32").err.startswith("error: --until: '25:32' is no clock time")


def test_stepping_ends_when_one_wants_to(call: Call, journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["", "q"])
    monkeypatch.setattr("builtins.input", lambda: next(answers))
    said = call("replay", journal, "--step")

    assert said.code == 0
    assert said.out.splitlines() == ["09:30  1 of 2 symbols; missing: B", "09:31  2 of 2 symbols"]


def write(folder: Path, held: list[Bar]) -> None:
    folder.mkdir()
    store = ParquetStore(folder)
    if held:
        store.merge(DAY.calendar, DAY.date, stored(*held))
    store.close()
