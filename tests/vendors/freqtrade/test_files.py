import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from actors.reading.format import Hints, Unsupported
from actors.reading.peek import Head
from actors.vendors.formats import detect
from actors.vendors.freqtrade.candles import FREQTRADE
from actors.vendors.freqtrade.trades import FREQTRADE_TRADES
from messages.errors import DataError
from tests.vendors.files import bars, blocks, only, times, written

CANDLES = [[1_709_908_200_000, 10, 11, 9, 10.5, 7], [1_709_908_260_000, 10, None, 9, 10.5, 0.5]]
TRADES = [
    [1_709_908_200_500, "1", None, "sell", 10.0, 3.0, 30.0],
    [1_709_908_201_000, "2", None, "buy", 12.0, 1.0, 12.0],
    [1_709_908_260_000, "3", None, "buy", 11.0, 1.0, 11.0],
]
STARTS = ["2024-03-08 14:30", "2024-03-08 14:31"]


def frame(path: Path, data: pd.DataFrame) -> Path:
    path.parent.mkdir(exist_ok=True)
    if path.suffix == ".parquet":
        data.to_parquet(path)
    else:
        data.to_feather(path)
    return path


def candles(path: Path) -> Path:
    data = pd.DataFrame(CANDLES, columns=["date", "open", "high", "low", "close", "volume"])
    return frame(path, data.assign(date=pd.to_datetime(data["date"], unit="ms", utc=True)))


def trades(path: Path) -> Path:
    names = ["timestamp", "id", "type", "side", "price", "amount", "cost"]
    return frame(path, pd.DataFrame(TRADES, columns=names))


def as_json(path: Path, rows: object) -> Path:
    text = json.dumps(rows).encode()
    return written(path, gzip.compress(text) if path.suffix == ".gz" else text)


@pytest.mark.parametrize(
    "path",
    [
        lambda root: candles(root / "BTC_USDT-1m.feather"),
        lambda root: candles(root / "BTC_USDT-1m.parquet"),
        lambda root: as_json(root / "BTC_USDT-1m.json", CANDLES),
        lambda root: as_json(root / "BTC_USDT-1m.json.gz", CANDLES),
    ],
)
def test_candles_are_read_from_each_kind_of_file(tmp_path: Path, path: object) -> None:
    path = path(tmp_path)

    raw = only(path)

    assert detect(Head(path)) is FREQTRADE
    assert (times(raw), raw.symbols, raw.calendar) == (STARTS, ("BTC/USDT",), "24/7")
    assert bars(raw)[0] == [10, 11, 9, 10.5, 7]
    assert np.isnan(bars(raw)[1][1])


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("UNITTEST_BTC-1m.json", "UNITTEST/BTC"),
        ("XRP_USDT_USDT-1m-futures.json", "XRP/USDT:USDT"),
        ("BTC-PERP_USD-1m.json", "BTC-PERP/USD"),
        ("btcusdt.json", "BTCUSDT"),
    ],
)
def test_the_pair_comes_back_from_the_files_name(tmp_path: Path, name: str, symbol: str) -> None:
    path = as_json(tmp_path / name, CANDLES)

    assert only(path).symbols == (symbol,)
    assert only(path, symbol="MINE").symbols == ("MINE",)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("BTC_USDT-5m.json", "freqtrade candles of 5m; only one-minute bars"),
        ("BTC_USDT_USDT-1m-mark.json", "freqtrade mark candles, which are no trades"),
        ("BTC_USDT_USDT-8h-funding_rate.json", "freqtrade candles of 8h"),
    ],
)
def test_other_candles_are_refused(tmp_path: Path, name: str, sentence: str) -> None:
    with pytest.raises(Unsupported, match=sentence):
        blocks(as_json(tmp_path / name, CANDLES))


def test_broken_candles_are_explained_and_the_others_kept(tmp_path: Path) -> None:
    rows = [*CANDLES, [1_709_908_320_000, 10], ["soon", 1, 1, 1, 1, 1], [1_709_908_320_000, "ten", 1, 1, 1, 1], 5]
    raw = only(as_json(tmp_path / "BTC_USDT-1m.json", rows))

    assert raw.rows.tolist() == [1, 2]
    assert [(broken.row, broken.seen[:9]) for broken in raw.broken.rows] == [
        (3, "[17099083"),
        (4, "['soon', "),
        (5, "[17099083"),
        (6, "5"),
    ]


@pytest.mark.parametrize("text", ["[[1709908200000, 1, 1, 1, 1, 1]", "[[1709908200000, 1, 1, 1, 1, 1]] x"])
def test_json_that_is_cut_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match="no sound JSON list"):
        blocks(written(tmp_path / "BTC_USDT-1m.json", text))


@pytest.mark.parametrize("text", ["[[1, oops]]", "[[]]", '[["a", 1, 1, 1, 1, 1]]', "[1, 2]"])
def test_other_lists_are_no_candles(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match="fits no format: JSON"):
        detect(Head(written(tmp_path / "BTC_USDT-1m.json", text)))


@pytest.mark.parametrize(
    "path",
    [
        lambda root: trades(root / "BTC_USDT-trades.feather"),
        lambda root: trades(root / "BTC_USDT-trades.parquet"),
        lambda root: as_json(root / "BTC_USDT-trades.json.gz", TRADES),
    ],
)
def test_trades_fold_to_minutes(tmp_path: Path, path: object) -> None:
    path = path(tmp_path)

    raw = only(path)

    assert detect(Head(path)) is FREQTRADE_TRADES
    assert (times(raw), raw.symbols, raw.calendar) == (STARTS, ("BTC/USDT",), "24/7")
    assert bars(raw) == [[10, 12, 10, 12, 4, 10.5, 2], [11, 11, 11, 11, 1, 11, 1]]


def test_trades_beside_their_candles_are_read_only_when_asked_for(tmp_path: Path) -> None:
    candles(tmp_path / "BTC_USDT-1m.feather")
    path = trades(tmp_path / "BTC_USDT-trades.feather")

    with pytest.raises(Unsupported, match=r"BTC/USDT, .* imported only with --format freqtrade-trades"):
        blocks(path)
    assert len(list(FREQTRADE_TRADES.read(FREQTRADE_TRADES, path, Hints()))) == 1


def test_broken_trades_are_explained_and_the_others_kept(tmp_path: Path) -> None:
    found = blocks(as_json(tmp_path / "BTC_USDT-trades.json", [*TRADES, [1, 2], 5]))

    assert [row.row for row in found[1].broken.rows] == [4, 5]
    assert len(found[0].rows) == 2


def test_trades_without_a_time_are_broken(tmp_path: Path) -> None:
    data = pd.DataFrame({"timestamp": pd.array([TRADES[0][0], None], "Int64"), "price": 10.0, "amount": 1.0})
    found = blocks(frame(tmp_path / "BTC_USDT-trades.feather", data))

    assert [(broken.row, broken.field) for raw in found for broken in raw.broken.rows] == [(2, "time")]


def test_the_format_of_trades_reads_nothing_else(tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match="wanted is a file like BTC_USDT-trades"):
        list(FREQTRADE_TRADES.read(FREQTRADE_TRADES, candles(tmp_path / "BTC_USDT-1m.feather"), Hints()))
