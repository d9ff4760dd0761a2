"""Trades of exchanges as text."""

from pathlib import Path

import pytest

from actors.reading.format import Hints, Unsupported
from actors.reading.peek import Head
from actors.vendors.formats import detect
from actors.vendors.plain.trade_csv import TRADE_CSV
from messages.errors import DataError
from tests.importing.imports import one, run
from tests.vendors.files import bars, blocks, names, only, times, written

UNNAMED = "1672531260,10.0,1.0\n1672531270,12.0,3.0\n1672531320,11.0,2.0\n"


def test_seconds_price_and_amount_without_a_header_fold_to_minutes(tmp_path: Path) -> None:
    path = written(tmp_path / "BCHEUR.csv", UNNAMED)

    raw = only(path)

    assert detect(Head(path)) is TRADE_CSV
    assert (times(raw), names(raw), raw.calendar) == (["2023-01-01 00:01", "2023-01-01 00:02"], ["BCHEUR"] * 2, "24/7")
    assert bars(raw) == [[10, 12, 10, 12, 4, 11.5, 2], [11, 11, 11, 11, 2, 11, 1]]
    assert raw.remarks == ("3 trades make 2 one-minute bars",)


def test_named_columns_may_stand_anywhere_and_symbols_change_between_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.reading.delimited.BLOCK_BYTES", 64)
    lines = "".join(f"bitmex,{symbol},1672531260000000,buy,{price},2\n" for symbol, price in (("B", 5), ("A", 7)) * 3)
    raw = only(written(tmp_path / "x.csv", "exchange,symbol,timestamp,side,price,amount\n" + lines))

    assert sorted(zip(names(raw), bars(raw), strict=True)) == [
        ("A", [7, 7, 7, 7, 6, 7, 3]),
        ("B", [5, 5, 5, 5, 6, 5, 3]),
    ]


def test_an_id_in_microseconds_is_the_time_where_there_is_no_other(tmp_path: Path) -> None:
    raw = only(written(tmp_path / "mtgox.csv", "id,price,amount,type\n1356998659486096,13.5,2.0,ask\n"))

    assert (times(raw), raw.remarks) == (["2013-01-01 00:04"], ("1 trade makes 1 one-minute bar",))


def test_a_row_that_is_no_trade_is_left_out_and_counted(tmp_path: Path) -> None:
    found = blocks(written(tmp_path / "A.csv", UNNAMED + "1672531330,x,1.0\n1672531331,1.0,0\n"))

    assert [(raw.broken.reason, raw.broken.count) for raw in found[1:]] == [("unparsable", 1), ("size_not_positive", 1)]


@pytest.mark.parametrize(
    "text",
    [
        "1672531260,10.0\n",
        "1672531260,10.0,1.0,b\n",
        "id,price,amount\n17,10.0,1.0\n",
        "timestamp,bid,ask\n1672531260,1,2\n",
        "timestamp,price\n1672531260,1\n",
        "timestamp,price,amount\n",
        "",
    ],
)
def test_what_has_no_time_price_and_amount_is_no_trade(tmp_path: Path, text: str) -> None:
    path = written(tmp_path / "A.csv", text)

    with pytest.raises(DataError, match="fits no format"):
        detect(Head(path))
    with pytest.raises(Unsupported, match="wanted are columns of a time, a price and an amount"):
        list(TRADE_CSV.read(TRADE_CSV, path, Hints()))


CANDLE = "timestamp,open,high,low,close,volume\n2023-01-01 00:0{}:00,1,1,1,1,1\n"
CANDLES = CANDLE.format(1) + "2023-01-01 00:02:00,1,1,1,1,1\n"


def test_trades_give_way_to_bars_beside_them_unless_the_format_is_named(tmp_path: Path) -> None:
    written(tmp_path / "ETHBTC-trades-2023-01.csv", UNNAMED)
    written(tmp_path / "ethbtc-1m-2023-01-01.csv", CANDLES)

    as_found, named = run(tmp_path, tz="UTC", calendar="24/7"), run(tmp_path, format="trade-csv")

    assert [(Path(file.path).name, file.kept) for file in as_found.files] == [("ethbtc-1m-2023-01-01.csv", 2)]
    why = "trades, beside which stand the day's minute bars; imported only with --format trade-csv"
    assert [skip.reason for skip in as_found.skipped] == [why]
    assert [(Path(file.path).name, file.kept) for file in named.files] == [("ETHBTC-trades-2023-01.csv", 2)]


def test_one_symbol_for_all_makes_files_of_any_name_akin(tmp_path: Path) -> None:
    written(tmp_path / "all.csv", UNNAMED)
    written(tmp_path / "candles.csv", CANDLES)

    report = run(tmp_path, symbol="X", tz="UTC", calendar="24/7")

    assert [(Path(file.path).name, file.corrected) for file in report.files] == [("candles.csv", 0)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("B-1m.csv", CANDLES),  # another symbol
        ("AB-1m.csv", CANDLES),
        ("A-1m-2023-01-02.csv", CANDLES),  # another day, as its name says
        ("A-1m.csv", CANDLES.replace("2023-01-01", "2023-01-02")),  # another day, as its rows say
        ("A_2022.csv", UNNAMED),  # trades
        ("A_5m.csv", CANDLE.format(0) + "2023-01-01 00:05:00,1,1,1,1,1\n"),  # no minutes
        ("A.md", "# A"),
        ("A-1m.zip", "PK"),
    ],
)
def test_trades_are_read_beside_what_has_none_of_their_bars(tmp_path: Path, name: str, text: str) -> None:
    trades = written(tmp_path / "A_2023-01-01.csv", UNNAMED)
    written(tmp_path / name, text)

    assert one(run(trades, tz="UTC", calendar="24/7")).kept == 2


CONDITIONED = (
    "symbol,timestamp,price,size,conditions\n"
    "A,2024-07-02T13:30:01Z,10,100,@\n"
    "A,2024-07-02T13:30:02Z,12,5,@ I\n"
    "A,2024-07-02T13:30:03Z,11,100,\n"
    "A,2024-07-02T20:30:00Z,15,100,@ T\n"
)


def test_conditions_count_by_the_rules_that_are_named(tmp_path: Path) -> None:
    path = written(tmp_path / "A.csv", CONDITIONED)

    every, by_sip = only(path), only(path, sale_conditions="sip")

    assert [values[:5] for values in bars(every)] == [[10, 12, 10, 11, 205], [15, 15, 15, 15, 100]]
    assert [values[:5] for values in bars(by_sip)] == [[10, 11, 10, 11, 205], [15, 15, 15, 15, 100]]


def test_conditions_count_where_rows_are_broken_too(tmp_path: Path) -> None:
    found = blocks(written(tmp_path / "A.csv", CONDITIONED + "A,x,1,1,@\n"), sale_conditions="sip")

    assert [values[:5] for values in bars(found[0])] == [[10, 11, 10, 11, 205], [15, 15, 15, 15, 100]]
    assert found[1].broken.count == 1


@pytest.mark.parametrize(
    ("name", "text", "options", "is_doubted"),
    [
        ("AAPL.csv", UNNAMED, {}, True),
        ("AAPL.csv", UNNAMED, {"calendar": "XNYS"}, False),
        ("BCHEUR.csv", UNNAMED, {}, False),
        ("GBTC.csv", UNNAMED, {}, True),
        ("x.csv", "id,price,amount,type\n1356998659486096,13.5,2.0,ask\n", {}, False),
        ("x.csv", "symbol,time,price,size\nXBTUSD,1672531260,10,1\n", {}, False),
        ("x.csv", "symbol,time,price,size\nMSFT,1672531260,10,1\n", {}, True),
        ("x.csv", "time,price,size\n2024-01-02 14:30:00,10,1\n", {"calendar": "24/7"}, True),
        ("x.csv", "time,price,size\n2024-01-02 14:30:00,10,1\n", {"calendar": "24/7", "tz": "UTC"}, False),
    ],
)
def test_trades_of_what_may_be_no_pair_are_doubted(
    tmp_path: Path, name: str, text: str, options: dict[str, str], is_doubted: bool
) -> None:
    warnings = one(run(written(tmp_path / name, text), **options)).warnings

    assert any("though nothing says so" in told for told in warnings) is is_doubted
