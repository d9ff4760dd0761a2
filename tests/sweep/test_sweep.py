"""However a run is cut and dealt out, its results are those of one long run, bit for bit."""

import threading
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.sweep import Result, Results, sweep
from actors.sweep.crew import Equipment
from actors.system import System
from messages.errors import DataError, SettingsError, UnknownSymbol
from tests.depth import examples
from tests.sweep import strategies
from tests.sweep.conftest import OPTIONS
from tests.sweep.crews import AnyOrder
from tests.system.worlds import DATES, QUARTER

WARM_UP = {"1d": 4, "5m": 5}
GRID = {"length": [2, 5]}


def one_long_run(store: Path, length: int, **more: Any) -> list[dict[str, Any]]:
    """What the watch sees of each session of one system that plays them all."""
    seen = []
    symbols = more.pop("symbols", ("BAB", "PAB"))
    system = System.backtest(
        store=store, symbols=symbols, closed=QUARTER, intervals=("5m", "1d"), daily_sessions=4, **more
    )
    for symbol in symbols:
        for interval, bars in WARM_UP.items():
            system.require(symbol, interval, bars)
    with system:
        for _, minutes in groupby(system.minutes(), lambda minute: minute.end.date()):
            seen.append(msgspec.to_builtins(strategies.watch_minutes(system, minutes, length)))
    return seen


def results_of(found: Results, length: int) -> list[dict[str, Any] | None]:
    return [one.result for one in found if one.parameters["length"] == length]


@given(
    seats=st.integers(1, 4), seed=st.integers(0, 99), together=st.booleans(), first=st.integers(0, 2),
    sessions=st.integers(1, 3),
)  # fmt: skip
@examples(6)
def test_a_run_that_is_cut_anyhow_gives_what_one_long_run_gives(
    store: Path, seats: int, seed: int, together: bool, first: int, sessions: int
) -> None:
    span = {"start": DATES[first], "end": DATES[first + sessions - 1]}

    found = sweep(
        strategies.watch, store=store, symbols=("BAB", "PAB"), grid=GRID, warm_up=WARM_UP, together=together,
        cluster=lambda equipment: AnyOrder(equipment, seats, seed), **span, **OPTIONS,
    )  # fmt: skip

    assert found.is_complete
    for length in GRID["length"]:
        assert results_of(found, length) == one_long_run(store, length, **span)


@given(seats=st.integers(1, 3), seed=st.integers(0, 99), stretch=st.integers(1, 5))
@examples(6)
def test_what_is_carried_crosses_every_edge_unchanged(store: Path, seats: int, seed: int, stretch: int) -> None:
    found = sweep(
        strategies.Holder, store=store, symbols=("BAB", "PAB"), grid=GRID, warm_up=WARM_UP, stretch=stretch, last=4,
        cluster=lambda equipment: AnyOrder(equipment, seats, seed), **OPTIONS,
    )  # fmt: skip

    for length in GRID["length"]:
        total, totals = 0.0, []
        for number, seen in enumerate(one_long_run(store, length, last=4), 1):
            total += seen["last"]
            totals.append({"total": total, "days": number})
        assert results_of(found, length) == totals


def test_symbols_that_are_treated_one_by_one_are_played_one_by_one(store: Path) -> None:
    found = sweep(strategies.OneByOne, store=store, warm_up=WARM_UP, last=2, workers=1, **OPTIONS)

    for symbol in ("BAB", "PAB"):
        first, second = (seen["last"] for seen in one_long_run(store, 3, symbols=(symbol,), last=2))
        mine = [one.result for one in found if one.symbol == symbol]
        assert mine == [{"total": first, "days": 1}, {"total": first + second, "days": 2}]


def test_history_that_the_store_does_not_have_is_told(store: Path) -> None:
    asked = {"symbols": "BAB", "workers": 1, **OPTIONS}

    short = sweep(strategies.watch, store=store, warm_up={"1d": 3, "5m": 4}, last=5, **asked)
    none = sweep(strategies.watch, store=store, warm_up={"1d": 9}, last=1, **asked)
    enough = sweep(strategies.watch, store=store, warm_up={"1d": 3, "5m": 4}, last=3, **asked)

    assert short.remarks == (
        f"warm_up: before 2 of 5 sessions, the first on {DATES[1]}, the store has fewer than 3 bars of 1d",
        f"warm_up: before 1 of 5 sessions, the first on {DATES[1]}, the store has fewer than 4 bars of 5m",
    )
    assert none.remarks[0].startswith(f"warm_up: before 1 of 1 sessions, the first on {DATES[5]}")
    assert enough.remarks == ()


def test_results_are_a_frame_with_a_row_a_task(store: Path) -> None:
    found = sweep(strategies.watch, store=store, symbols="BAB", grid={"length": [2, 3]}, last=2, workers=1, **OPTIONS)

    frame = found.to_pandas()

    assert list(frame) == ["session", "length", "minutes", "digest", "last"]
    assert list(frame["session"]) == [pd.Timestamp(date) for date in DATES[4:6] for _ in range(2)]
    assert list(frame["minutes"]) == [15] * 4
    assert repr(found) == "<Results: 4 of 4 tasks>"


def test_a_task_that_fails_says_which_and_the_others_go_on(store: Path) -> None:
    grid = {"date": [DATES[1]], "length": [3, 4]}

    found = sweep(strategies.fails_at, store=store, grid=grid, end=DATES[2], workers=1, **OPTIONS)

    (failed,) = found.failures
    assert str(failed).startswith("2024-07-02 (date='2024-07-02', length=3): ValueError: the wrong day (line ")
    assert [one.session for one in found if one.error is None] == [*DATES[:1] * 2, DATES[1], *DATES[2:3] * 2]
    assert list(found.to_pandas()["error"].isna()) == [True, True, False, True, True, True]
    assert not found.is_complete


def test_what_would_have_been_carried_past_a_failure_is_not_played(store: Path) -> None:
    found = sweep(strategies.FailsAt, store=store, grid={"date": [DATES[1]]}, stretch=1, last=6, workers=1, **OPTIONS)

    assert [one.error is None for one in found] == [True, False, False, False, False, False]
    assert found[-1].error == "not played, for 2024-07-02 failed before it"


def test_ctrl_c_keeps_what_is_done(store: Path) -> None:
    told: list[int] = []

    def press(progress: Any) -> None:
        told.append(progress.done)
        if progress.done == 2:
            raise KeyboardInterrupt

    found = sweep(strategies.watch, store=store, workers=1, **{**OPTIONS, "progress": press})

    assert (len(found), found.is_interrupted, told) == (2, True, [0, 1, 2])
    assert repr(found) == "<Results: 2 of 6 tasks, interrupted>"


@pytest.mark.parametrize("together", [None, True, False])
def test_who_cannot_share_a_system_has_one_of_its_own(store: Path, together: bool | None) -> None:
    def hears_bars(system: System, of: str) -> dict[str, Any]:
        with system.subscribe(["bars"], symbols=of) as bars:
            return {"bars": sum(1 for _ in bars)}

    found = sweep(hears_bars, store=store, grid={"of": ["BAB", "PAB"]}, last=1, workers=1, together=together, **OPTIONS)

    assert found.is_complete
    assert all(one.result and one.result["bars"] > 5 for one in found)


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"symbols": "BBA"}, UnknownSymbol, "unknown symbol 'BBA'; nearest: BAB"),
        ({"start": "2031-01-01"}, DataError, "run from 2024-07-01 to 2024-07-09: none lies in the range"),
        ({"grid": {"lenght": [1]}}, SettingsError, "watch has no parameter lenght; nearest: length"),
        ({"grid": {"length": [3, "5.5"]}}, SettingsError, "watch takes an int as length, got .5.5."),
        ({"grid": {"length": []}}, SettingsError, "length has no value"),
        ({"grid": "fast"}, SettingsError, "expected values by parameter"),
        ({"grid": 5}, SettingsError, "expected values by parameter"),
        ({"grid": []}, SettingsError, "no set of parameters"),
        ({"warm_up": 5}, SettingsError, "expected bars by interval"),
        ({"warm_up": {"1d": 0}}, SettingsError, "warm_up of 1d"),
        ({"warm_up": {"90s": 5}}, SettingsError, "90s"),
        ({"certify": True}, SettingsError, "no option certify: a sweep writes nothing"),
        ({"workers": 0}, SettingsError, "workers"),
        ({"stretch": 0}, SettingsError, "stretch"),
        ({"cluster": "spark:1"}, SettingsError, "expected dask:ADDRESS or ray:ADDRESS"),
        ({"extended_hour": True}, SettingsError, "there is no option extended_hour"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(
    store: Path, given: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        sweep(strategies.watch, **{"store": store, "workers": 1, **OPTIONS, **given})


def test_a_day_that_cannot_be_read_fails_its_tasks_only(store: Path, tmp_path: Path) -> None:
    broken = tmp_path / "store"
    for file in store.rglob("*.parquet"):
        copy = broken / file.relative_to(store)
        copy.parent.mkdir(parents=True)
        copy.write_bytes(b"no such thing" if DATES[5] in str(file) else file.read_bytes())

    found = sweep(strategies.watch, store=broken, last=2, workers=1, **OPTIONS)

    assert [one.error is None for one in found] == [True, False]
    assert DATES[5] in str(found.failures[0])


def test_sets_of_parameters_may_be_given_as_they_are(store: Path) -> None:
    sets = [{"length": 2}, {}]

    found = sweep(strategies.watch, store=store, grid=sets, last=1, workers=1, **OPTIONS)

    assert [one.parameters for one in found] == sets


def test_a_result_under_the_name_of_a_parameter_has_a_column_of_its_own(store: Path) -> None:
    found = sweep(strategies.fails_at, store=store, grid={"date": ["never"]}, last=1, workers=1, **OPTIONS)

    assert list(found.to_pandas()) == ["session", "date", "date_result", "length"]
    assert isinstance(found[0], Result)
    assert found[:1] == (found[0],)


def test_what_cannot_be_sent_to_workers_is_named(store: Path) -> None:
    def never(equipment: Equipment) -> Any:
        raise AssertionError("nothing was to be hired")

    grid = {"date": [threading.Lock()]}

    with pytest.raises(SettingsError, match="a parameter or option cannot be sent to another process: cannot pickle"):
        sweep(strategies.fails_at, store=store, grid=grid, cluster=never, **OPTIONS)
