"""Answers of Yahoo, damaged: there is none in our words, or what can be read of it is used and the rest is counted."""

import json
from random import Random
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from actors.vendors.history.pages import Page
from messages.errors import DataError
from messages.values import MINUTE_NS, SECOND_NS
from tests.damage import MANY, bounded, one_damaged
from tests.vendors.yahoo.test_history import START_NS, request

pytestmark = pytest.mark.slow  # yfinance is imported

ROWS = 9


def chart(*odd: int | None) -> bytes:
    """Return minutes, a price a minute, and stamps of one's own behind them."""
    stamps = [(START_NS + number * MINUTE_NS) // SECOND_NS for number in range(ROWS)] + [*odd]
    prices = {name: [10.5 + number for number in range(len(stamps))] for name in ("open", "high", "low", "close")}
    result = {
        "meta": {"symbol": "BRK-B"},
        "timestamp": stamps,
        "indicators": {"quote": [{**prices, "volume": [7] * len(stamps)}]},
    }
    return json.dumps({"chart": {"result": [result], "error": None}}).encode()


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The last of these is what Yahoo answers."""
    from yfinance.data import YfData

    given = [chart()]
    monkeypatch.setattr(YfData, "get", lambda *_, **__: SimpleNamespace(content=given[-1], status_code=200, headers={}))
    return given


def page() -> Page:
    from actors.vendors.yahoo.history import YahooHistory

    client: Any = YahooHistory(now_ns=lambda: START_NS + MINUTE_NS)
    found: Page = client.page(request())
    return found


def test_what_is_whole_is_taken(answers: list[bytes]) -> None:
    assert (len(page().bars), page().unread, len(answers)) == (ROWS, 0, 1)


@pytest.mark.parametrize("stamp", [2**40, -(2**40), 2**63 - 1])
def test_a_row_at_a_time_that_no_bar_has_is_counted_and_costs_no_other(answers: list[bytes], stamp: int) -> None:
    answers.append(chart(stamp))

    assert (len(page().bars), page().unread) == (ROWS, 1)


def test_what_is_damaged_is_refused_in_our_words(answers: list[bytes], capfd: pytest.CaptureFixture[str]) -> None:
    whole = chart()
    with bounded():
        for seed in range(MANY):
            answers[-1] = one_damaged(Random(seed), whole)
            try:
                found = page()
            except DataError as error:
                said = str(error)
                assert said.startswith("Yahoo"), said
                assert "\n" not in said
            else:
                assert len(found.bars) + found.unread <= ROWS
                assert np.isfinite(found.bars.values).all()

    assert capfd.readouterr() == ("", "")
