"""How a live run gets Databento's feed, and what it must be told for it."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.doors.commands.live_plan import plan
from actors.vendors.databento.feed import DatabentoFeed
from messages.errors import BarkeeperError
from messages.values import MINUTE_NS
from tests.builders import DAY
from tests.doors.commands.test_live_plan import wishes


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "keys"
    path.write_text("DATABENTO_API_KEY=db-x\n", encoding="utf-8")
    path.chmod(0o600)
    return path


def test_a_dataset_is_named_behind_the_feed_and_brings_its_calendar(tmp_path: Path, keys: Path) -> None:
    made = plan(wishes(tmp_path, feed="databento:GLBX.MDP3", keys=keys, symbols=("ES.c.0",)))

    assert isinstance(made.feed, DatabentoFeed)
    assert (made.feed._dataset, made.feed._channels, made.calendar.name) == ("GLBX.MDP3", ("ohlcv-1m",), "CMES")


def test_a_live_day_asks_the_history_of_the_same_dataset(tmp_path: Path, keys: Path) -> None:
    made = plan(wishes(tmp_path, feed="databento:XNAS.ITCH", keys=keys, symbols=("A",)))

    assert made.settings.fill_from == ("databento:xnas.itch",)
    assert made.settings.vendors["databento"] == {"keys": str(keys)}


def test_where_shorter_bars_are_wanted_seconds_are_asked_for(tmp_path: Path, keys: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('store = "bars"\n[rules]\nbase_interval = "5s"\n', encoding="utf-8")
    made = plan(wishes(tmp_path, feed="databento:xnas.itch", keys=keys, symbols=("A",), config=config, store=None))

    assert isinstance(made.feed, DatabentoFeed)
    assert made.feed._channels == ("ohlcv-1s",)


def test_what_was_sent_since_the_session_began_is_asked_for(tmp_path: Path, keys: Path) -> None:
    feed: Any = plan(wishes(tmp_path, feed="databento:XNAS.ITCH", keys=keys, symbols=("A",))).feed

    assert feed._since_ns(DAY.start_ns + 90 * MINUTE_NS) == DAY.start_ns
    assert feed._since_ns(DAY.start_ns - MINUTE_NS) is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"feed": "databento"}, r"say which dataset of Databento's: --feed databento:XNAS\.ITCH"),
        ({"symbols": ()}, "Databento sends what it is asked for: name symbols"),
        ({"keys": None}, "the key to Databento is not in the environment: set DATABENTO_API_KEY"),
        ({"channels": ("mbo",)}, "Databento's channels are"),
    ],
)
def test_what_it_must_be_told_is_said(
    tmp_path: Path, keys: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], message: str
) -> None:
    monkeypatch.delenv("DATABENTO_API_KEY", raising=False)
    told = wishes(tmp_path, feed="databento:XNAS.ITCH", keys=keys, symbols=("A",))

    with pytest.raises(BarkeeperError, match=message):
        plan(msgspec.structs.replace(told, **change))


def test_it_needs_databentos_library(tmp_path: Path, keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.vendors.databento.open_feed.find_spec", {"databento": None}.__getitem__)

    with pytest.raises(BarkeeperError, match=r"pip install 'barkeeper\[databento\]'"):
        plan(wishes(tmp_path, feed="databento:XNAS.ITCH", keys=keys, symbols=("A",)))
