from pathlib import Path

import pytest

from actors.reading.format import Hints
from actors.reading.peek import Head
from actors.vendors.formats import detect
from actors.vendors.nautilus import NAUTILUS
from tests.vendors.files import only, times, written

BARS = "timestamp,open,high,low,close\n2012-02-01 00:00:00+00:00,1.5,1.6,1.4,1.5\n"


@pytest.mark.parametrize(
    ("name", "symbol"), [("gbpusd-m1-bid-2012.csv", "GBPUSD-BID"), ("gbpusd-m1-ask-2012.csv.gz", "GBPUSD-ASK")]
)
def test_a_side_of_a_pair_is_a_symbol_of_its_own(tmp_path: Path, name: str, symbol: str) -> None:
    path = written(tmp_path / name, BARS)

    raw = only(path)

    assert detect(Head(path)) is NAUTILUS
    assert (times(raw), raw.symbols, raw.calendar) == (["2012-02-01 00:00"], (symbol,), "FX")
    assert raw.remarks == ("there is no volume column: every volume is 0",)
    assert only(path, symbol="CABLE").symbols == ("CABLE",)


def test_the_same_header_under_another_name_is_plain_csv(tmp_path: Path) -> None:
    path = written(tmp_path / "gbpusd.csv", BARS)

    assert detect(Head(path)).name == "csv"
    assert next(NAUTILUS.read(NAUTILUS, path, Hints())).symbols == ("GBPUSD",)
