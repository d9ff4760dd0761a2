from pathlib import Path

import pytest

from actors.reading.format import Hints, Unsupported, ZoneMissing
from actors.reading.peek import Head
from actors.vendors.formats import detect
from actors.vendors.lean.minutes import LEAN
from messages.errors import DataError
from tests.vendors.files import blocks, only, times, zipped


def lean(root: Path, place: str, members: dict[str, str] | None = None) -> Path:
    return zipped(root / "Data" / place, members or {"x.csv": "34200000,1000000,1010000,990000,1005000,7\n"})


def test_a_lean_equity_is_in_new_york_time_and_scaled(tmp_path: Path) -> None:
    path = lean(tmp_path, "equity/usa/minute/spy/20131007_trade.zip")

    raw = only(path)

    assert detect(Head(path)).name == "lean"
    assert (times(raw), raw.symbols, raw.calendar) == (["2013-10-07 13:30"], ("spy",), "XNYS")
    assert raw.values[:, 0].tolist() == [100, 101, 99, 100.5, 7]


@pytest.mark.parametrize(
    ("place", "start", "calendar"),
    [
        ("crypto/coinbase/minute/btcusd/20170903_trade.zip", "2017-09-03 09:30", "24/7"),
        ("cryptofuture/binance/minute/btcusd/20221213_trade.zip", "2022-12-13 09:30", "24/7"),
        ("index/india/minute/nifty50/20190101_trade.zip", "2019-01-01 04:00", "XBOM"),
        ("index/eurex/minute/sx5e/20240729_trade.zip", "2024-07-29 07:30", "XEUR"),
        ("index/usa/minute/spx/20240729_trade.zip", "2024-07-29 14:30", "XNYS"),
        ("index/cboe/minute/vix/20240729_trade.zip", "2024-07-29 13:30", "XNYS"),
        ("future/comex/minute/gc/20240729_trade.zip", "2024-07-29 09:30", "CMES"),
    ],
)
def test_leans_folders_give_zone_and_calendar(tmp_path: Path, place: str, start: str, calendar: str) -> None:
    raw = only(lean(tmp_path, place))

    assert (times(raw), raw.calendar, raw.values[0, 0]) == ([start], calendar, 1_000_000)


def test_a_lean_index_whose_zone_is_not_certain_needs_one(tmp_path: Path) -> None:
    path = lean(tmp_path, "index/usa/minute/rut/20240729_trade.zip")

    with pytest.raises(ZoneMissing):
        blocks(path)
    assert times(only(path, tz="America/New_York")) == ["2024-07-29 13:30"]


def test_a_lean_future_is_named_by_its_delivery_month(tmp_path: Path) -> None:
    line = "0,1780.25,1780.25,1780,1780,24\n"
    members = {f"20131218_es_minute_trade_{month}.csv": line for month in ("201403", "201312")}
    found = blocks(lean(tmp_path, "future/cme/minute/es/20131218_trade.zip", members))

    assert [raw.symbols for raw in found] == [("esZ13",), ("esH14",)]
    assert {raw.market for raw in found} == {"future/cme"}


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        (
            "equity/usa/minute/spy/20131007_quote.zip",
            "quote data of equity usa, which has trades too; imported only with --format lean-quote, as mid prices",
        ),
        ("equity/usa/minute/spy/20131007_openinterest.zip", "LEAN minute openinterest data of equity usa; imported"),
        ("equity/usa/second/spy/20131007_quote.zip", "LEAN second quote data"),
        ("equity/usa/tick/spy/20131007_quote.zip", "LEAN tick quote data"),
        ("equity/usa/daily/spy.zip", "LEAN daily trade data of equity usa; imported are one-minute bars and quotes"),
        ("option/usa/minute/spy/20131007_trade_american.zip", "options are not imported"),
    ],
)
def test_what_lean_has_besides_minute_trades_is_told_apart(tmp_path: Path, place: str, sentence: str) -> None:
    with pytest.raises(Unsupported, match=sentence):
        blocks(lean(tmp_path, place))


@pytest.mark.parametrize(
    ("resolution", "beside", "sentence"),
    [
        ("tick", "minute", "beside which stand the day's minute bars; imported only with --format lean-tick"),
        ("tick", "second", "beside which stand the day's second bars; imported only with --format lean-tick"),
        ("second", "minute", "beside which stand the day's minute bars; imported only with --format lean-second"),
    ],
)
def test_finer_trades_beside_the_days_bars_are_refused(
    tmp_path: Path, resolution: str, beside: str, sentence: str
) -> None:
    lean(tmp_path, f"equity/usa/{beside}/spy/20131007_trade.zip")

    with pytest.raises(Unsupported, match=sentence):
        blocks(lean(tmp_path, f"equity/usa/{resolution}/spy/20131007_trade.zip"))


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("forex/oanda/minute/nzdusd/20140501_quote.zip", "has quotes only; imported with --format lean-quote or with"),
        (
            "equity/usa/tick/spy/20131007_trade.zip",
            "tick trade data of equity usa; imported only with --format lean-tick",
        ),
    ],
)
def test_what_another_lean_format_reads_is_refused_with_its_name(tmp_path: Path, place: str, sentence: str) -> None:
    with pytest.raises(Unsupported, match=sentence):
        list(LEAN.read(LEAN, lean(tmp_path, place), Hints()))


def test_a_lean_zip_without_its_folders_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "20131007_trade.zip", {"20131007_spy_minute_trade.csv": "34200000,1,1,1,1,1\n"})

    with pytest.raises(DataError, match=r"outside LEAN's folders.*equity/usa/minute/spy"):
        blocks(path)


def test_a_lean_zip_without_a_date_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="begins with no date"):
        blocks(lean(tmp_path, "equity/usa/minute/spy/latest_trade.zip"))
