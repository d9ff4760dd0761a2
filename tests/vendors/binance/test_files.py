"""Binance's klines, with and without a header."""

from pathlib import Path

import numpy as np
import pytest

from actors.reading.peek import Head
from actors.vendors.formats import detect
from tests.vendors.files import only, same, times, written, zipped


def kline(open_time: int) -> str:
    return f"{open_time},0.01,0.03,0.005,0.02,7.5,{open_time + 59_999},0.1,79,1,0.5,0\n"


@pytest.mark.parametrize("open_time", [1_637_971_200_000, 1_637_971_200_000_000])
def test_binance_klines_may_count_milliseconds_or_microseconds(tmp_path: Path, open_time: int) -> None:
    path = written(tmp_path / "ADABTC-1m-2021-11-27.csv", kline(open_time))

    raw = only(path)

    assert detect(Head(path)).name == "binance"
    assert (times(raw), raw.symbols, raw.calendar) == (["2021-11-27 00:00"], ("ADABTC",), "24/7")
    assert same(raw.values[:, 0], np.array([0.01, 0.03, 0.005, 0.02, 7.5, np.nan, 79]))


def test_binance_futures_klines_have_a_header(tmp_path: Path) -> None:
    header = "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,x,ignore\n"
    path = zipped(tmp_path / "BTCUSDT-1m-2024-01.zip", {"BTCUSDT-1m-2024-01.csv": header + kline(1_704_067_200_000)})

    assert (detect(Head(path)).name, times(only(path)), only(path).rows.tolist()) == (
        "binance",
        ["2024-01-01 00:00"],
        [2],
    )
