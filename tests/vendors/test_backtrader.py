from pathlib import Path

import pytest

from actors.reading.peek import Head
from actors.vendors.backtrader import BACKTRADER
from actors.vendors.formats import detect
from messages.errors import DataError
from tests.vendors.files import blocks, only, times, written

SEVEN_NAMES = "Date,Open,High,Low,Close,Volume,OpenInterest\n"
ROWS = "2006-01-02,09:01:00,3602.00,3603.00,3597.00,3599.00,5699,0\n2006-07-03,09:01:00,1,1,1,1,1,0\n"


def test_the_time_without_a_name_is_read_as_the_end_of_the_bar_in_berlin(tmp_path: Path) -> None:
    path = written(tmp_path / "fesx-min-001.txt", SEVEN_NAMES + ROWS)

    raw = only(path)

    assert detect(Head(path)) is BACKTRADER
    assert times(raw) == ["2006-01-02 08:00", "2006-07-03 07:00"]
    assert raw.values[:, 0].tolist() == [3602, 3603, 3597, 3599, 5699]
    assert [remark[:34] for remark in raw.remarks] == ["the file does not say its zone: re"]


def test_another_zone_is_taken_and_nothing_said(tmp_path: Path) -> None:
    raw = only(written(tmp_path / "es.txt", SEVEN_NAMES + ROWS), tz="America/Chicago")

    assert (times(raw)[0], raw.remarks) == ("2006-01-02 15:00", ())


def test_a_name_that_begins_with_a_date_gives_no_symbol(tmp_path: Path) -> None:
    path = written(tmp_path / "2006-01-02-volume-min-001.txt", SEVEN_NAMES + ROWS)

    with pytest.raises(DataError, match="say it with --symbol"):
        blocks(path)
    assert only(path, symbol="FESX").symbols == ("FESX",)


def test_days_of_the_same_header_are_not_taken_for_it(tmp_path: Path) -> None:
    path = written(tmp_path / "fesx.txt", SEVEN_NAMES + "2006-01-02,1,1,1,1,1,0\n")

    assert detect(Head(path)).name == "csv"
