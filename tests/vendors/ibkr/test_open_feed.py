"""How a live run finds TWS, and what it must be told for it."""

from pathlib import Path
from typing import Any

import pytest

from actors.doors.commands.live_plan import plan
from actors.vendors.ibkr.feed import IbkrFeed
from messages.errors import BarkeeperError
from tests.doors.commands.test_live_plan import wishes


@pytest.mark.parametrize(
    ("feed", "place"),
    [
        ("ibkr", ("127.0.0.1", 7497)),
        ("ibkr:4002", ("127.0.0.1", 4002)),
        ("ibkr:somewhere:7496", ("somewhere", 7496)),
    ],
)
def test_tws_is_where_the_feeds_name_says(tmp_path: Path, feed: str, place: tuple[str, int]) -> None:
    made = plan(wishes(tmp_path, feed=feed, symbols=("AAPL",)))

    assert isinstance(made.feed, IbkrFeed)
    assert made.feed._place == place


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"feed": "ibkr:nowhere"}, "'nowhere' is no place of TWS: write PORT or HOST:PORT"),
        ({"feed": "ibkr:0"}, "no place of TWS"),
        ({"feed": "ibkr::7497"}, "no place of TWS"),
        ({"symbols": ()}, "Interactive Brokers sends what it is asked for: name symbols"),
    ],
)
def test_what_it_must_be_told_is_said(tmp_path: Path, said: dict[str, Any], message: str) -> None:
    with pytest.raises(BarkeeperError, match=message):
        plan(wishes(tmp_path, **{"feed": "ibkr", "symbols": ("AAPL",), **said}))


def test_it_needs_ib_async(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.vendors.ibkr.open_feed.find_spec", {"ib_async": None}.__getitem__)

    with pytest.raises(BarkeeperError, match=r"pip install 'barkeeper\[ibkr\]'"):
        plan(wishes(tmp_path, feed="ibkr", symbols=("AAPL",)))
