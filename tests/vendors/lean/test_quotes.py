from pathlib import Path

import numpy as np
import pytest

from actors.reading.format import Hints, Unsupported, ZoneMissing
from actors.reading.peek import Head
from actors.vendors.formats import detect
from actors.vendors.lean.quotes import LEAN_QUOTE
from tests.vendors.files import blocks, only, times, zipped

LINE = "0,0.86,0.88,0.85,0.87,3,0.88,0.90,0.87,0.89,5\n"


def lean(root: Path, place: str, text: str = LINE) -> Path:
    return zipped(root / "Data" / place, {"x.csv": text})


@pytest.mark.parametrize(
    ("place", "start"),
    [
        ("forex/oanda/minute/nzdusd/20140501_quote.zip", "2014-05-01 00:00"),
        ("forex/fxcm/minute/nzdusd/20140501_quote.zip", "2014-05-01 05:00"),
        ("cfd/oanda/minute/xauusd/20140501_quote.zip", "2014-05-01 00:00"),
    ],
)
def test_what_has_quotes_only_is_read_as_mid_prices(tmp_path: Path, place: str, start: str) -> None:
    path = lean(tmp_path, place)

    raw = only(path)

    assert detect(Head(path)) is LEAN_QUOTE
    assert (times(raw), raw.calendar) == ([start], "FX")
    assert raw.values[:, 0].tolist() == pytest.approx([0.87, 0.89, 0.86, 0.88, 0])
    assert raw.remarks == ("prices are mids of bid and ask, and every volume is 0",)


def test_a_cfd_of_an_unknown_market_needs_a_zone(tmp_path: Path) -> None:
    path = lean(tmp_path, "cfd/fxcm/minute/xauusd/20140501_quote.zip")

    with pytest.raises(ZoneMissing):
        blocks(path)
    assert times(only(path, tz="UTC")) == ["2014-05-01 00:00"]


def test_quotes_of_an_equity_are_read_when_they_are_asked_for(tmp_path: Path) -> None:
    text = "34200000,1000000,1000000,1000000,1000000,3,1000200,1000200,1000200,1000200,5\n"
    path = lean(tmp_path, "equity/usa/minute/spy/20131007_quote.zip", text)

    (raw,) = LEAN_QUOTE.read(LEAN_QUOTE, path, Hints())

    assert (times(raw), raw.market) == (["2013-10-07 13:30"], "equity/usa")
    assert raw.values[:, 0].tolist() == [100.01, 100.01, 100.01, 100.01, 0]


def test_a_minute_with_one_side_has_no_mid(tmp_path: Path) -> None:
    text = LINE + "60000,0.86,0.88,0.85,0.87,3,,,,,\n"

    raw = only(lean(tmp_path, "forex/oanda/minute/nzdusd/20140501_quote.zip", text))

    assert np.isnan(raw.values[:4, 1]).all()


def test_a_broken_quote_is_told_by_its_column(tmp_path: Path) -> None:
    raw = only(lean(tmp_path, "forex/oanda/minute/nzdusd/20140501_quote.zip", LINE + LINE.replace("0.90", "dear")))

    assert [(broken.row, broken.field, broken.seen) for broken in raw.broken.rows] == [(2, "ask high", "dear")]


@pytest.mark.parametrize(
    "place", ["equity/usa/minute/spy/20131007_trade.zip", "option/usa/minute/spy/20131007_quote.zip"]
)
def test_the_quote_format_reads_nothing_else(tmp_path: Path, place: str) -> None:
    with pytest.raises(Unsupported, match="lean-quote is minute quotes"):
        list(LEAN_QUOTE.read(LEAN_QUOTE, lean(tmp_path, place), Hints()))
