"""The README's examples, run as they stand."""

import re
import shutil
from pathlib import Path

import pytest

from actors.feeds.simulated.market import SimulatedMarket
from actors.market.calendar import Calendar
from actors.storage.parquet import ParquetStore

README = Path(__file__).resolve().parents[2] / "README.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    market = SimulatedMarket(symbols=("AAPL", "MSFT"))
    store = ParquetStore(tmp_path / "store")
    for session in Calendar("XNYS").sessions("2024-07-02", "2024-07-03"):
        store.merge("XNYS", session.date, market.day(session))
    store.close()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_readme_has_four_examples() -> None:
    assert len(EXAMPLES) == 4


def test_the_example_of_history_says_what_is_there_and_reads_it(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    counted = "warm = 0\n" + EXAMPLES[2].replace("            ...", "            warm += 1")
    names: dict[str, int] = {}

    exec(counted, names)

    assert capsys.readouterr().out.splitlines() == [
        "AAPL 5m: 60 asked, 78 there",
        "AAPL 1d: 200 asked, 1 there: the store begins on 2024-07-02",
    ]
    assert names["warm"] == 210


def test_the_example_of_repairs_heals_every_session(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(store / "store", store / "archive")
    counted = "incomplete = 0\n" + EXAMPLES[3].replace("            ...", "            incomplete += 1")
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

    assert names["minutes"] == 390 + 210
    assert names["full"] > 0
