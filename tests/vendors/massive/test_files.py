import gzip
from pathlib import Path

import pytest

from actors.reading.format import Unsupported
from actors.reading.peek import Head
from actors.vendors.formats import detect
from actors.vendors.massive.files import MASSIVE
from tests.vendors.files import blocks, names, only, times, written

HEADER = "ticker,volume,open,close,high,low,window_start,transactions\n"
START = 1_709_908_200_000_000_000  # 09:30 in New York on 2024-03-08
PLACE = "us_stocks_sip/minute_aggs_v1/2024/03/2024-03-08.csv.gz"


def line(ticker: str, start_ns: int = START) -> str:
    return f"{ticker},4930,200.29,200.5,200.63,200.1,{start_ns},129\n"


def test_massives_close_comes_before_the_high_and_the_window_starts_in_utc(tmp_path: Path) -> None:
    text = HEADER + line("AAPL") + line("MSFT", START + 60_000_000_000)
    path = written(tmp_path / PLACE, gzip.compress(text.encode()))

    raw = only(path)

    assert detect(Head(path)).name == "massive"
    assert (names(raw), times(raw)) == (["AAPL", "MSFT"], ["2024-03-08 14:30", "2024-03-08 14:31"])
    assert raw.values[[0, 1, 2, 3, 4, 6], 0].tolist() == [200.29, 200.63, 200.1, 200.5, 4930, 129]
    assert (raw.calendar, MASSIVE.adjusted, MASSIVE.is_complete) == ("XNYS", False, True)


def test_massives_indices_have_no_volume(tmp_path: Path) -> None:
    path = written(tmp_path / "2024-03-08.csv", f"ticker,open,close,high,low,window_start\nI:SPX,1,2,3,1,{START}\n")

    raw = only(path)

    assert (detect(Head(path)).name, raw.values[:, 0].tolist()) == ("massive", [1, 3, 1, 2, 0])
    assert raw.calendar is None


@pytest.mark.parametrize(
    ("ticker", "calendar"),
    [("AAPL", "XNYS"), ("O:SPY251219C00650000", "XNYS"), ("X:BTC-USD", "24/7"), ("C:EUR-USD", "FX")],
)
def test_the_asset_class_gives_the_calendar(tmp_path: Path, ticker: str, calendar: str | None) -> None:
    assert only(written(tmp_path / "2024-03-08.csv", HEADER + line(ticker))).calendar == calendar


def test_massives_day_aggregates_are_refused(tmp_path: Path) -> None:
    text = HEADER + "".join(line(f"S{number}") for number in range(25))

    with pytest.raises(Unsupported, match="day aggregates, one row a ticker"):
        blocks(written(tmp_path / "2024-03-08.csv", text))
