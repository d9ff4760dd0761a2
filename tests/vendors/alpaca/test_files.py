import json
from pathlib import Path

import numpy as np
import pytest

from actors.reading.format import Hints
from actors.reading.peek import Head
from actors.vendors.alpaca.files import ALPACA
from actors.vendors.formats import detect
from messages.errors import DataError
from tests.vendors.files import blocks, names, only, times, written

BAR = {"t": "2022-01-03T14:30:00Z", "o": 10, "h": 11.5, "l": 9, "c": 10.5, "v": 100, "n": 3, "vw": 10.2}


def test_alpacas_answer_for_many_symbols(tmp_path: Path) -> None:
    answer = {"bars": {"AAPL": [BAR], "MSFT": [BAR | {"t": "2022-01-03T14:31:00.000000000Z"}]}, "next_page_token": None}
    path = written(tmp_path / "bars.json", json.dumps(answer))

    found = blocks(path)

    assert detect(Head(path)).name == "alpaca"
    assert [(names(raw), times(raw)) for raw in found] == [
        (["AAPL"], ["2022-01-03 14:30"]),
        (["MSFT"], ["2022-01-03 14:31"]),
    ]
    assert found[0].values[:, 0].tolist() == [10, 11.5, 9, 10.5, 100, 10.2, 3]
    assert found[0].calendar == "XNYS"


def test_alpacas_answer_for_one_symbol(tmp_path: Path) -> None:
    path = written(tmp_path / "x.json", json.dumps({"bars": [BAR], "symbol": "BTC/USD"}))

    assert (only(path).symbols, only(path).calendar) == (("BTC/USD",), "24/7")


def test_alpacas_broken_bars_are_explained_and_the_others_kept(tmp_path: Path) -> None:
    bars = [BAR, BAR | {"o": "ten"}, BAR | {"t": "soon"}, "rubbish", BAR | {"t": 5}, BAR | {"c": None}]
    raw = only(written(tmp_path / "x.json", json.dumps({"bars": bars, "symbol": "A"})))

    assert raw.rows.tolist() == [1, 6]
    assert [(broken.row, broken.field, broken.seen) for broken in raw.broken.rows] == [
        (2, "o", "ten"),
        (3, "t", "soon"),
        (4, "t", "rubbish"),
        (5, "t", "5"),
    ]
    assert np.isnan(raw.values[3, 1])


@pytest.mark.parametrize("text", ['{"bars": 5}', '{"bars": {"A": 5}}', '{"bars": [1', '["bars"]'])
def test_json_without_bars_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match=r"bars|JSON"):
        list(ALPACA.read(ALPACA, written(tmp_path / "x.json", text), Hints()))


@pytest.mark.parametrize(
    "header", ["symbol,timestamp,open,high,low,close,volume,trade_count,vwap", "symbol,t,o,h,l,c,v,n,vw"]
)
def test_alpaca_as_csv(tmp_path: Path, header: str) -> None:
    path = written(tmp_path / "bars.csv", header + "\nAAPL,2022-01-03 14:30:00+00:00,10,11.5,9,10.5,100,3,10.2\n")

    raw = only(path)

    assert detect(Head(path)).name == "alpaca"
    assert (names(raw), times(raw), raw.values[5:, 0].tolist()) == (["AAPL"], ["2022-01-03 14:30"], [10.2, 3])
