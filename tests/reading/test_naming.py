from pathlib import Path

import pytest

from actors.reading.naming import interval_named, places_of, symbol_of
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


@pytest.mark.parametrize(
    "header",
    [
        "timestamp,open,high,low,close,volume",
        "T,O,H,L,C,V",
        "DateTime,Open,High,Low,Last,Vol",
        "<TS>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>",
        "Time,Open Price,High Price,Low Price,Close Price,Tick Volume",
        "date,open,high,low,close,volume",
        "open_time,open,high,low,close,volume",
    ],
)
def test_columns_are_known_under_their_usual_names(header: str) -> None:
    places = places_of(header.split(","))

    assert places == {"time": 0, "open": 1, "high": 2, "low": 3, "close": 4, "volume": 5}


def test_a_date_and_a_time_make_a_stamp() -> None:
    places = places_of(["Ticker", "Date", "Time", "Open", "High", "Low", "Close", "VWAP", "Transactions"])

    assert (places["date"], places["clock"], places["symbol"], places["vwap"], places["trades"]) == (1, 2, 0, 7, 8)
    assert "time" not in places


def test_a_stamp_is_preferred_to_a_date() -> None:
    assert places_of(["date", "time", "timestamp", "o", "h", "l", "c"])["time"] == 2


def test_missing_columns_are_named_together_with_those_that_are_there() -> None:
    with pytest.raises(DataError, match=r"no column for open, high, low, close among 'timestamp, bid, ask'"):
        places_of(["timestamp", "bid", "ask"])
    with pytest.raises(DataError, match="no column for time among"):
        places_of(["open", "high", "low", "close"])
