"""yfinance's frames, made here as ``yf.download`` makes them and written with ``to_csv``."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from actors.reading.format import Hints, Unsupported, ZoneMissing
from actors.reading.peek import Head
from actors.vendors.formats import detect
from actors.vendors.yahoo.yfinance import YFINANCE
from messages.errors import DataError
from tests.vendors.files import bars, blocks, close, names, only, times, written

FIELDS = ["Close", "High", "Low", "Open", "Volume"]
STAMPS = pd.DatetimeIndex(["2024-03-08 14:30", "2024-03-08 14:31"], tz="UTC", name="Datetime")
BAR = [10.5, 11.0, 9.0, 10.0, 100]


def downloaded(
    tickers: list[str], fields: list[str] = FIELDS, stamps: pd.DatetimeIndex = STAMPS, group_by: str = "column"
) -> pd.DataFrame:
    columns = pd.MultiIndex.from_product([fields, tickers], names=["Price", "Ticker"])
    row = [BAR[FIELDS.index(field)] if field in FIELDS else 0.0 for field, _ in columns]
    frame = pd.DataFrame([row] * len(stamps), columns=columns, index=stamps)
    return frame.swaplevel(axis=1).sort_index(axis=1) if group_by == "ticker" else frame


def saved(path: Path, frame: pd.DataFrame) -> Path:
    frame.to_csv(path)
    return path


@pytest.mark.parametrize("group_by", ["column", "ticker"])
@pytest.mark.parametrize("fields", [FIELDS, ["Adj Close", *FIELDS], [*FIELDS, "Dividends", "Stock Splits"]])
def test_a_download_of_one_ticker(tmp_path: Path, group_by: str, fields: list[str]) -> None:
    path = saved(tmp_path / "whatever.csv", downloaded(["AAPL"], fields, group_by=group_by))

    raw = only(path)

    assert path.read_text().splitlines()[2].startswith("Datetime,,")
    assert detect(Head(path)) is YFINANCE
    assert (times(raw), raw.symbols, raw.calendar) == (["2024-03-08 14:30", "2024-03-08 14:31"], ("AAPL",), "XNYS")
    assert bars(raw) == [[10, 11, 9, 10.5, 100]] * 2
    assert raw.rows.tolist() == [4, 5]


@pytest.mark.parametrize("group_by", ["column", "ticker"])
def test_a_download_of_many_tickers_has_no_bar_where_cells_are_empty(tmp_path: Path, group_by: str) -> None:
    frame = downloaded(["AAPL", "F", "MSFT"], group_by=group_by)
    ticker = frame.columns.get_level_values("Ticker")
    frame.loc[STAMPS[0], ticker == "MSFT"] = np.nan
    frame.loc[:, ticker == "F"] += 1

    raw = only(saved(tmp_path / "x.csv", frame))

    assert names(raw) == ["AAPL", "F", "AAPL", "F", "MSFT"]
    assert raw.rows.tolist() == [4, 4, 5, 5, 5]
    assert close(raw) == [10.5, 11.5, 10.5, 11.5, 10.5]


def test_stamps_with_the_exchanges_offset(tmp_path: Path) -> None:
    raw = only(saved(tmp_path / "x.csv", downloaded(["AAPL"], stamps=STAMPS.tz_convert("America/New_York"))))

    assert times(raw)[0] == "2024-03-08 14:30"


def test_stamps_without_an_offset_need_a_zone(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.csv", downloaded(["AAPL"], stamps=STAMPS.tz_localize(None)))

    with pytest.raises(ZoneMissing):
        blocks(path)
    assert times(only(path, tz="UTC"))[0] == "2024-03-08 14:30"


def test_tickers_of_several_calendars_are_said(tmp_path: Path) -> None:
    raw = only(saved(tmp_path / "x.csv", downloaded(["AAPL", "BTC-USD", "^FTSE"])))

    assert raw.calendar is None
    told = "AAPL: XNYS, BTC-USD: 24/7, ^FTSE: unknown"
    assert raw.remarks == (f"the tickers have different calendars ({told}), and the file is read with one",)


def test_a_symbol_from_the_user_names_one_ticker_only(tmp_path: Path) -> None:
    assert only(saved(tmp_path / "x.csv", downloaded(["AAPL"])), symbol="APPLE").symbols == ("APPLE",)
    with pytest.raises(DataError, match=r"names its own symbols \(AAPL, MSFT \.\.\.\)"):
        blocks(saved(tmp_path / "y.csv", downloaded(["AAPL", "MSFT"])), symbol="APPLE")


def test_a_broken_row_is_explained_and_the_others_kept(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.csv", downloaded(["AAPL", "MSFT"]))
    path.write_text(path.read_text() + "soon" + 10 * ",1" + "\n")

    raw = only(path)

    assert [(broken.row, broken.field, broken.seen) for broken in raw.broken.rows] == [(6, "time", "soon")]
    assert len(raw.rows) == 4


def test_days_are_refused(tmp_path: Path) -> None:
    days = pd.DatetimeIndex(["2024-03-08", "2024-03-11"], name="Date")

    with pytest.raises(Unsupported, match="yfinance bars of a day or longer"):
        blocks(saved(tmp_path / "x.csv", downloaded(["AAPL"], stamps=days)))


def test_what_is_not_whole_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no column for Open AAPL, Volume AAPL; wanted are"):
        blocks(saved(tmp_path / "x.csv", downloaded(["AAPL"], ["Close", "High", "Low"])))
    with pytest.raises(DataError, match="a header and no row"):
        blocks(saved(tmp_path / "y.csv", downloaded(["AAPL"], stamps=STAMPS[:0])))


@pytest.mark.parametrize("fields", [FIELDS, ["Open", "High", "Low", "Close", "Volume", "Dividends", "Stock Splits"]])
def test_a_flat_header_is_yahoos_and_both_names_read_it(tmp_path: Path, fields: list[str]) -> None:
    path = saved(tmp_path / "AAPL.csv", downloaded(["AAPL"], fields).droplevel("Ticker", axis=1))

    (raw,) = YFINANCE.read(YFINANCE, path, Hints())

    assert detect(Head(path)).name == "yahoo"
    assert (times(raw), raw.symbols) == (times(only(path)), ("AAPL",))


def test_other_files_of_two_header_lines_are_not_taken_for_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="fits no format"):
        detect(Head(written(tmp_path / "x.csv", "Price,Close\nSize,AAPL\nDatetime,\n")))
