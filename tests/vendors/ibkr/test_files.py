from pathlib import Path

import numpy as np
import pytest

from actors.reading.format import ZoneMissing
from actors.reading.peek import Head
from actors.vendors.formats import detect
from messages.errors import DataError
from tests.vendors.files import blocks, only, same, times, written

HEADER = "date,open,high,low,close,volume,average,barCount\n"
EXPECTED = ["2024-03-08 14:30", "2024-03-08 14:31"]


def lines(*stamps: str, tail: str = "1200.0,170.02,431") -> str:
    return "".join(f"{stamp},170,170.5,169.5,170.2,{tail}\n" for stamp in stamps)


@pytest.mark.parametrize(
    "stamps",
    [
        ("2024-03-08 09:30:00-05:00", "2024-03-08 09:31:00-05:00"),
        ("2024-03-08 14:30:00+00:00", "2024-03-08 14:31:00+00:00"),
        ("20240308 09:30:00 US/Eastern", "20240308 09:31:00 US/Eastern"),
        ("20240308  09:30:00 America/New_York", "20240308  09:31:00 America/New_York"),
    ],
)
def test_ibkrs_stamps_carry_an_offset_or_a_zone_and_are_the_bars_start(tmp_path: Path, stamps: tuple[str, ...]) -> None:
    path = written(tmp_path / "AAPL.csv", HEADER + lines(*stamps))

    raw = only(path)

    assert detect(Head(path)).name == "ibkr"
    assert (times(raw), raw.symbols, raw.calendar) == (EXPECTED, ("AAPL",), None)
    assert same(raw.values[:, 0], np.array([170, 170.5, 169.5, 170.2, 1200, 170.02, 431]))


@pytest.mark.parametrize("form", ["20240308 09:3{}:00", "20240308  09:3{}:00", "2024-03-08 09:3{}:00"])
def test_stamps_of_the_zone_at_login_need_to_be_told_which_that_was(tmp_path: Path, form: str) -> None:
    path = written(tmp_path / "AAPL.csv", HEADER + lines(form.format(0), form.format(1)))

    with pytest.raises(ZoneMissing):
        blocks(path)
    assert times(only(path, tz="America/New_York")) == EXPECTED


def test_the_frames_index_may_be_there_too(tmp_path: Path) -> None:
    path = written(tmp_path / "AAPL.csv", f",{HEADER}0,{lines('2024-03-08 09:30:00-05:00')}")

    assert (detect(Head(path)).name, times(only(path))) == ("ibkr", EXPECTED[:1])


def test_minus_one_means_that_there_is_none(tmp_path: Path) -> None:
    path = written(tmp_path / "EURUSD.csv", HEADER + lines("2024-03-08 09:30:00-05:00", tail="-1.0,-1.0,-1"))

    assert np.isnan(only(path).values[4:, 0]).all()


def test_a_row_may_name_another_zone_and_one_that_nobody_knows_is_broken(tmp_path: Path) -> None:
    stamps = ("20240308 09:30:00 US/Eastern", "20240308 08:31:00 US/Central", "20240308 09:30:00 US/Nowhere")

    raw = only(written(tmp_path / "AAPL.csv", HEADER + lines(*stamps)))

    assert (times(raw), [broken.row for broken in raw.broken.rows]) == (EXPECTED, [4])


def test_a_header_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is a header and no row"):
        blocks(written(tmp_path / "AAPL.csv", HEADER))
