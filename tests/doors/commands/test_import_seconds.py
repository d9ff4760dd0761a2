"""The command ``import --base 1s``."""

import json
from pathlib import Path

import pytest

from actors.store import Store
from tests.doors.conftest import Call
from tests.importing.test_seconds import STAMPS, seconds


@pytest.mark.slow
def test_the_command_line_keeps_seconds_and_minutes_are_made_when_they_are_read(call: Call, tmp_path: Path) -> None:
    path, folder = seconds(tmp_path, *STAMPS), tmp_path / "store"
    answer = call("import", path, "--store", folder, "--tz", "America/New_York", "--calendar", "XNYS", "--base", "1s")
    played = call("backtest", "--store", folder, "--json")

    with Store(folder) as store:
        minutes = store.bars("AAPL", interval="1m")
    assert (answer.code, json.loads(played.out)["bars"]) == (0, 5)
    assert (minutes.close.tolist(), minutes.base_counts.tolist()) == ([3, 4, 5], [3, 1, 1])


def test_a_length_that_is_none_is_refused(call: Call, tmp_path: Path) -> None:
    answer = call("import", seconds(tmp_path, *STAMPS), "--store", tmp_path / "store", "--base", "often")

    assert answer.code == 1
    assert "--base: 'often' is no interval" in answer.err
