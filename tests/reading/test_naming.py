from pathlib import Path

import pytest

from actors.reading.naming import interval_named, symbol_of
from messages.errors import DataError


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("AAPL.csv", "AAPL"),
        ("aapl_1min.csv.gz", "AAPL"),
        ("BTCUSDT-1m-2024-01.zip", "BTCUSDT"),
        ("BTCUSDT-1m-2024-01-31.csv", "BTCUSDT"),
        ("btc-perp-20211231-20220201_1m.csv", "BTC-PERP"),
        ("BRK.B.csv", "BRK.B"),
        ("VUSA.L.csv", "VUSA.L"),
        ("SPY.Last.txt", "SPY"),
        ("233740.KS.csv", "233740.KS"),
        ("msft_bars.parquet", "MSFT"),
        ("V.csv", "V"),
        ("2024-01-03_AAPL_1min.csv", "AAPL"),
        ("20240103-005930.csv", "005930"),
        ("esh24_intraday-1min_historical-data-01-16-2024.csv", "ESH24"),
        ("eurusd-m1-bid-2024-01-03-2024-01-04.csv", "EURUSD-BID"),
        ("AAPL_2020-01-01_2024-12-31.csv", "AAPL"),
        ("AAPL_01012024_31012024.csv", "AAPL"),
        ("AAPL - Copy (2).csv", "AAPL"),
        ("AAPL.xlsx", "AAPL"),
        ("DATA.csv", "DATA"),
        ("BTC-USDT-candlesticks-2024-01-16.csv", "BTC-USDT"),
        ("ESH24-CME.scid_BarData.txt", "ESH24-CME"),
        ("AAPL_20240102T000000Z_20240105T000000Z.csv", "AAPL"),
        ("symbol=brk%2Fb/date=2024-01-16/part-0.parquet", "brk/b"),
        ("Ticker=AAPL/0.parquet", "AAPL"),
    ],
)
def test_a_files_name_gives_the_symbol(name: str, symbol: str) -> None:
    assert symbol_of(Path("/data") / name) == symbol


@pytest.mark.parametrize(
    "name",
    [
        "1min.csv",
        "data.csv",
        "prices_1min.csv",
        "2024/01.csv",
        "part-0.parquet",
        "part-00000-4f5e-c000.snappy.parquet",
        "data_0.parquet",
        "00000000.parquet",
    ],
)
def test_a_name_that_is_only_an_interval_or_a_word_for_anything_is_no_symbol(name: str) -> None:
    with pytest.raises(DataError, match="--symbol"):
        symbol_of(Path(name))


@pytest.mark.parametrize(
    ("name", "interval"),
    [
        ("AAPL_15min.csv", "15min"),
        ("AAPL-1h.csv", "1h"),
        ("AAPL_1min.csv", None),
        ("AAPL.csv", None),
        ("X-5m.csv", "5m"),
    ],
)
def test_a_files_name_may_state_another_interval(name: str, interval: str | None) -> None:
    assert interval_named(Path(name)) == interval
