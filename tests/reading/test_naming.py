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
    ],
)
def test_a_files_name_gives_the_symbol(name: str, symbol: str) -> None:
    assert symbol_of(Path("/data") / name) == symbol


def test_a_name_that_is_only_an_interval_is_no_symbol() -> None:
    with pytest.raises(DataError, match="--symbol"):
        symbol_of(Path("1min.csv"))


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
