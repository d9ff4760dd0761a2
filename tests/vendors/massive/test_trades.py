"""Massive's trades, folded by its conditions."""

import gzip
from pathlib import Path

import pytest

from actors.reading.format import Hints, Unsupported
from actors.reading.peek import Head
from actors.vendors.formats import detect
from actors.vendors.massive.trades import MASSIVE_TRADES
from tests.vendors.files import names, only, times, written

HEADER = (
    "ticker,conditions,correction,exchange,id,participant_timestamp,price,sequence_number,sip_timestamp,size,tape,trf_id,"
    "trf_timestamp\n"
)
PLACE = "us_stocks_sip/trades_v1/2024/03/2024-03-08.csv.gz"
OPEN_NS = 1_709_908_200_000_000_000  # 09:30 in New York on 2024-03-08


def line(ticker: str, second: float, price: float, size: int, conditions: str = "") -> str:
    at_ns = OPEN_NS + round(second * 10**9)
    return f'{ticker},"{conditions}",0,11,1,{at_ns},{price},1,{at_ns + 10**7},{size},1,0,0\n'


def trades(folder: Path, *lines: str) -> Path:
    return written(folder / PLACE, gzip.compress((HEADER + "".join(lines)).encode()))


def test_massives_trades_make_bars_by_its_rules(tmp_path: Path) -> None:
    path = trades(
        tmp_path,
        line("A", -1, 9, 100, "12"),  # of extended hours, before the open
        line("A", 0, 8, 100, "12"),  # after it
        line("A", 1, 10, 100),
        line("B", 1, 50, 7, "14,37,41"),  # an odd lot
        line("A", 2, 12, 3, "37"),
        line("A", 3, 11, 200, "14,41"),
        line("A", 59.995, 13, 100, "10"),  # derivatively priced, and told in the next minute
        line("A", 4, 99, 5000, "16"),  # an official open
    )

    raw = only(path)

    assert detect(Head(path)) is MASSIVE_TRADES
    assert (names(raw), times(raw)) == (["A", "A"], ["2024-03-08 14:29", "2024-03-08 14:30"])
    assert raw.values[:5].T.tolist() == [[9, 9, 9, 9, 100], [10, 13, 10, 11, 503]]
    assert raw.calendar == "XNYS"


def test_other_rules_go_before_massives(tmp_path: Path) -> None:
    raw = only(trades(tmp_path, line("A", 1, 10, 100), line("A", 2, 12, 3, "37")), sale_conditions="none")

    assert raw.values[:5, 0].tolist() == [10, 12, 10, 12, 103]


def test_trades_of_options_are_others(tmp_path: Path) -> None:
    assert not MASSIVE_TRADES.sniff(Head(trades(tmp_path, line("O:A240308C00100000", 1, 10, 100))))


def test_what_lacks_massives_columns_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "ticker,price\nA,1\n")

    with pytest.raises(Unsupported, match="no trades of Massive: wanted are the columns conditions, participant"):
        list(MASSIVE_TRADES.read(MASSIVE_TRADES, path, Hints()))
