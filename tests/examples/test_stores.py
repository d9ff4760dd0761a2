"""What other programs make of a store, as the guide has it."""

import shlex
from pathlib import Path
from typing import Any

import pytest

from actors.doors.cli.app import main
from actors.store import Store
from tests.documents import block_with


@pytest.mark.slow
def test_three_queries_of_one_line_say_what_the_store_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split("sample --store store")) == 0
    names: dict[str, Any] = {}
    opening, queries = (block_with("python", words) for words in ("pyarrow.dataset.dataset(", "time_bucket("))
    exec(opening, names)
    found = [eval(line, names) for line in queries.splitlines() if line and not line.startswith("import ")]

    half_hours, by_day, filled = found[0].fetchall(), found[1], found[2]
    with Store("store") as store:
        expected = store.bars("AAPL", interval="30m")
        daily = store.bars(["AAPL", "MSFT"], interval="1d")
    assert [row[1:] for row in half_hours] == list(
        zip(*(getattr(expected, name).tolist() for name in ("open", "high", "low", "close", "volume")), strict=True)
    )
    assert sorted(by_day["volume"].to_list()) == sorted(daily.volume.tolist())
    assert len(filled) == 0
