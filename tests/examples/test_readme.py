"""The README's examples, run as they stand."""

import re
from pathlib import Path

import pytest

from actors.feeds.simulated import SimulatedMarket
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


def test_the_readme_has_two_examples() -> None:
    assert len(EXAMPLES) == 2


@pytest.mark.parametrize("example", EXAMPLES, ids=["plain", "asyncio"])
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
