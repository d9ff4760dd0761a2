"""Prices that are no prices yet: the names of their columns, the order of their columns, and their size say so."""

from datetime import datetime, timedelta
from itertools import accumulate
from pathlib import Path
from random import Random

import pandas as pd
import pytest

from actors.importing.report import ImportReport
from actors.storage.memory import MemoryStore
from tests.importing.imports import NEW_YORK, minutes, new_york, one, run, stored
from tests.vendors.files import written

PRICES = ("open", "high", "low", "close")


def with_names(tmp_path: Path, name: str) -> ImportReport:
    header = ",".join(["timestamp", *(name.replace("open", price) for price in PRICES), "volume"])
    return run(written(tmp_path / "AAPL.csv", f"{header}\n{minutes('09:30', 3)}"), **NEW_YORK)


@pytest.mark.parametrize(
    "name",
    ["open_x10000", "open (x100)", "open*100", "open/100", "open_e4", "open 1e-4", "scaled_open", "open_scaled",
     "openInt", "open_ticks", "open [points]", "rawopen", "openPrice4", "open_fixed", "open (micros)"],
)  # fmt: skip
def test_prices_that_have_to_be_divided_first_are_refused(tmp_path: Path, name: str) -> None:
    report = with_names(tmp_path, name)

    assert report.totals.kept == 0
    assert f"the prices are not written as prices, as {name!r} says" in str(one(report).error)


@pytest.mark.parametrize(
    "name", ["log_open", "open_norm", "ha open", "open (prev)", "open_lag1", "open_sma20", "pct_open"]
)
def test_what_is_made_of_prices_is_refused(tmp_path: Path, name: str) -> None:
    report = with_names(tmp_path, name)

    assert report.totals.kept == 0
    assert f"has been made into something else, as {name!r} says" in str(one(report).error)


@pytest.mark.parametrize(
    "name", ["open (cents)", "open_cents", "open [GBX]", "open_pence", "adj_open", "open adjusted"]
)
def test_prices_in_another_unit_or_adjusted_are_said_to_be(tmp_path: Path, name: str) -> None:
    report = with_names(tmp_path, name)

    assert report.totals.kept == 3
    assert (
        f"the prices are what their columns say, {name!r}, and stand as they are written there" in one(report).warnings
    )


@pytest.mark.parametrize("name", ["open", "open price", "AAPL_open", "mid_open", "trade open", "1. open"])
def test_prices_under_another_name_are_prices(tmp_path: Path, name: str) -> None:
    report = with_names(tmp_path, name)

    assert (report.totals.kept, one(report).warnings) == (3, [])


def test_the_same_names_say_the_same_in_parquet_and_json(tmp_path: Path) -> None:
    table = {"timestamp": ["2024-03-08 09:30:00"], **{f"{price}_x100": [1000.0] for price in PRICES}, "volume": [1.0]}
    frame = pd.DataFrame(table)
    frame.to_parquet(tmp_path / "AAPL.parquet")
    frame.to_json(tmp_path / "MSFT.json", orient="records")
    report = run(tmp_path, **NEW_YORK)

    assert (report.totals.kept, len(report.files) + len(report.skipped)) == (0, 2)


# --- the order of columns


def walk(count: int, seed: int) -> list[dict[str, float]]:
    """Bars of which each opens near the close before."""
    draw = Random(seed)
    closes = list(accumulate(range(count), lambda price, _: price + draw.uniform(-0.2, 0.2), initial=100.0))
    opens = [price + draw.uniform(-0.02, 0.02) for price in closes]
    return [
        {"o": first, "h": max(first, last) + 0.1, "l": min(first, last) - 0.1, "c": last, "v": 5.0}
        for first, last in zip(opens, closes[1:], strict=False)
    ]


def lines(count: int, order: str, clock: str, *, is_newest_first: bool, seed: int) -> str:
    first = datetime(2024, 3, 8, 9, 30)
    times = [(first + timedelta(minutes=number)).strftime(clock) for number in range(count)]
    rows = [
        ",".join([at, *(f"{bar[field]:.4f}" for field in order)]) + "\n"
        for at, bar in zip(times, walk(count, seed), strict=True)
    ]
    return "".join(rows[::-1] if is_newest_first else rows)


@pytest.mark.parametrize("is_newest_first", [False, True])
@pytest.mark.parametrize("clock", ["%Y-%m-%d %H:%M:%S", "%Y.%m.%d,%H:%M", "%Y%m%d %H%M%S", "%s"])
@pytest.mark.parametrize("count", [9, 30, 200])
def test_close_and_open_in_each_others_place_are_not_read_as_they_are_not(
    tmp_path: Path, count: int, clock: str, *, is_newest_first: bool
) -> None:
    for seed in range(3):
        usual, turned = (
            run(
                written(tmp_path / "X.csv", lines(count, order, clock, is_newest_first=is_newest_first, seed=seed)),
                tz="UTC",
                calendar="24/7",
            )
            for order in ("ohlcv", "chlov")
        )

        assert (usual.totals.kept, turned.totals.kept) == (count, 0)
        assert "the cells do not show which columns are open, high, low and close" in str(one(turned).error)


def test_with_columns_named_they_are_read(tmp_path: Path) -> None:
    text = lines(30, "chlov", "%Y-%m-%d %H:%M:%S", is_newest_first=False, seed=1)
    store = MemoryStore()
    run(written(tmp_path / "X.csv", text), store, columns="time,close,high,low,open,volume", **NEW_YORK)

    assert [close for _, _, close, _ in stored(store)] == [round(bar["c"], 4) for bar in walk(30, 1)]


# --- their size


@pytest.mark.parametrize(
    ("price", "calendar", "is_told"),
    [(2_201_500, "XNYS", True), (220.15, "XNYS", False), (612_345.25, "XNYS", False), (9_000_000, "24/7", False)],
)
def test_whole_prices_too_large_for_dollars_are_told_of(
    tmp_path: Path, price: float, calendar: str, *, is_told: bool
) -> None:
    text = "".join(f"2024-03-08 09:3{minute}:00{f',{price}' * 4},7\n" for minute in range(5))
    report = run(new_york(tmp_path, text), calendar=calendar, tz="America/New_York")

    assert report.totals.kept == 5
    assert (
        any("as if they were counted in hundredths or ten-thousandths" in said for said in one(report).warnings)
        is is_told
    )


def odd(count: int, at: int, *, by: float = 1000.0, rows: int = 60) -> str:
    clock = [divmod(9 * 60 + 30 + number, 60) for number in range(rows)]
    scales = [by if at <= number < at + count else 1.0 for number in range(rows)]
    return "".join(
        f"2024-03-08 {hour:02}:{minute:02}:00,{100 * scale},{101 * scale},{99 * scale},{100.5 * scale},7\n"
        for (hour, minute), scale in zip(clock, scales, strict=True)
    )


@pytest.mark.parametrize("by", [1000.0, 0.001])
@pytest.mark.parametrize(("count", "at"), [(1, 0), (3, 0), (1, 20), (2, 20), (7, 20), (20, 15), (2, 58), (1, 59)])
def test_bars_far_from_all_others_are_told_of_however_many_they_are_and_wherever(
    tmp_path: Path, count: int, at: int, by: float
) -> None:
    (said,) = one(run(new_york(tmp_path, odd(count, at, by=by)), **NEW_YORK)).warnings

    assert said.startswith("1 bar is more than 10 times" if count == 1 else f"{count} bars are more than 10 times")
    assert f"the first in row {at + 2}" in said


def test_a_level_that_stays_is_a_split_and_none_of_that(tmp_path: Path) -> None:
    assert one(run(new_york(tmp_path, odd(30, 30, by=0.05)), **NEW_YORK)).warnings == []
