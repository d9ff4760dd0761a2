"""The options of ``backtest`` that make its feed faulty, on their way to the settings."""

from pathlib import Path
from typing import Any

import pytest

from actors.doors.commands import backtest
from actors.market.faults import Faults
from actors.system import System
from tests.doors.conftest import Call


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the command line asks of the backtest, which is not run."""
    options: dict[str, Any] = {}
    monkeypatch.setattr(backtest, "backtest", lambda store, config, **given: options.update(given))
    return options


def test_a_backtest_has_no_faults_unless_asked(call: Call, asked: dict[str, Any], store: Path) -> None:
    assert call("backtest", "--store", store).code == 0

    assert asked["faults"] == Faults()


def test_nobody_is_asked_and_nothing_kept_unless_wanted(call: Call, asked: dict[str, Any], store: Path) -> None:
    call("backtest", "--store", store)
    plain = dict(asked)
    call("backtest", "--store", store, "--fill-from", "b", "--fill-from", "a", "--certify")

    assert (plain["fill_from"], plain["certify"]) == ((), None)
    assert (asked["fill_from"], asked["certify"]) == (("b", "a"), True)


def test_every_fault_can_be_asked_for(call: Call, asked: dict[str, Any], store: Path) -> None:
    chances = ("--drop", "0.02", "--delay", "0.1", "--duplicate", "1", "--corrupt", "0.005")
    rest = ("--outage", "10:00-10:07", "--outage", "15:59-16:00", "--seed", "7")

    assert call("backtest", "--store", store, *chances, *rest).code == 0

    outages = ("10:00-10:07", "15:59-16:00")
    assert asked["faults"] == Faults(drop=0.02, delay=0.1, duplicate=1.0, corrupt=0.005, outages=outages, seed=7)


def test_a_probability_that_is_no_number_is_refused_in_a_sentence(call: Call, store: Path) -> None:
    answer = call("backtest", "--store", store, "--drop", "nan")

    assert answer.code in {1, 2}  # typer's own range lets NaN pass or not, depending on its version
    assert answer.out == ""
    assert "drop" in answer.err


def test_a_program_asks_for_the_same(store: Path) -> None:
    faults = Faults(drop=0.5, outages=("10:00-10:07",))

    with System.backtest(store, faults=faults) as system:
        assert system._settings.faults == faults
