"""What a store holds, drawn into a file."""

import itertools
import sys
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from actors.doors.show import store_picture
from actors.feeds.simulated.market import SimulatedMarket
from actors.market.calendar import Calendar
from actors.storage.parquet import ParquetStore
from actors.store import Store
from tests.doors.conftest import DAYS, MARKET, Call

BEGINS = {"png": b"\x89PNG", "svg": b"<?xml", "html": b"<!doctype html>"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", BEGINS)
def test_a_store_is_drawn_as_what_the_file_is_called(call: Call, store: Path, tmp_path: Path, kind: str) -> None:
    picture = tmp_path / f"store.{kind}"

    answer = call("inspect", "--store", store, "--plot", picture)

    assert answer.code == 0
    assert answer.out.startswith("2 days of XNYS, the minutes of 2024-07-03, and candles of ")
    assert picture.read_bytes().startswith(BEGINS[kind])


@pytest.mark.slow
def test_a_picture_is_of_the_symbols_that_are_named(call: Call, store: Path, tmp_path: Path) -> None:
    symbol = call("inspect", "--store", store, "--json").object["days"][-1]["symbol"]
    picture = tmp_path / "store.svg"

    answer = call("inspect", "--store", store, "--symbols", symbol.lower(), "--plot", picture)

    assert f"candles of {symbol}: " in answer.out
    assert f"XNYS 2024-07-03: every minute of {symbol}</text>" in picture.read_text(encoding="utf-8")


def test_days_that_have_none_of_the_symbols_are_not_counted(tmp_path: Path) -> None:
    with closing(ParquetStore(tmp_path / "store")) as files:
        for market, session in zip((SimulatedMarket.of_size(1), MARKET), Calendar("XNYS").sessions(*DAYS), strict=True):
            files.merge("XNYS", session.date, market.day(session))
    with Store(tmp_path / "store") as files:
        assert list(store_picture._qualities(files, [], DAYS)) == [*DAYS]
        assert list(store_picture._qualities(files, [MARKET.symbols[2]], DAYS)) == [DAYS[1]]


def test_a_file_that_is_no_picture_is_refused(call: Call, store: Path) -> None:
    answer = call("inspect", "--store", store, "--plot", "store.pdf")

    assert answer.code == 1
    assert "a picture is a .png, .svg or .html" in answer.err


def test_without_matplotlib_it_is_said_what_brings_it(
    call: Call, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)

    answer = call("inspect", "--store", store, "--plot", tmp_path / "store.png")

    assert answer.code == 1
    assert "pip install 'barkeeper[plot]'" in answer.err


@pytest.mark.slow
def test_many_years_have_names_of_months_that_can_be_read_and_no_rows_for_days_without_sessions() -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12.0, 2.4))
    canvas = FigureCanvasAgg(figure)
    axes = figure.subplots()
    days = dict.fromkeys((str(day.date()) for day in pd.bdate_range("2014-01-01", "2024-07-01")), 99.0)

    store_picture._calendar(axes, days, "XNYS")
    canvas.draw()
    places = [label.get_window_extent() for label in axes.get_xticklabels()]

    assert [label.get_text() for label in axes.get_yticklabels()] == ["Mon", "Tue", "Wed", "Thu", "Fri"]
    assert len(places) > 6
    assert all(left.x1 < right.x0 for left, right in itertools.pairwise(places))
