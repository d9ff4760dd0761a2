from pathlib import Path

import pytest

from actors.reading.peek import Head
from actors.vendors.formats import detect
from actors.vendors.kibot import KIBOT
from tests.vendors.files import close, only, times, written

LINES = "01/12/2010,09:30,54.55,54.57,54.52,54.53,98713\n01/12/2010,09:31,54.53,54.55,54.51,54.54,41300\n"


def test_kibot_is_stamped_at_the_start_in_new_york(tmp_path: Path) -> None:
    path = written(tmp_path / "WMT.txt", LINES)

    raw = only(path, KIBOT)

    assert detect(Head(path)).name == "csv"  # nothing in it is Kibot's own
    assert times(raw) == ["2010-01-12 14:30", "2010-01-12 14:31"]
    assert (close(raw), raw.symbols, raw.calendar) == ([54.53, 54.54], ("WMT",), "XNYS")


def test_kibots_month_comes_first_also_where_the_day_would_do(tmp_path: Path) -> None:
    path = written(tmp_path / "WMT.txt", LINES.replace("01/12", "07/01"))

    assert times(only(path, KIBOT), "America/New_York") == ["2010-07-01 09:30", "2010-07-01 09:31"]


def test_a_broken_row_of_kibots_is_left_out(tmp_path: Path) -> None:
    raw = only(written(tmp_path / "WMT.txt", LINES + "13/12/2010,09:30,1,1,1,1,1\n"), KIBOT)

    assert (raw.rows.tolist(), [broken.row for broken in raw.broken.rows]) == ([1, 2], [3])


@pytest.mark.parametrize("line", ["01/12/2010,54.55,54.57,54.52,54.53,98713\n", LINES.replace(",", ";")])
def test_days_and_other_delimiters_are_not_kibots_minutes(tmp_path: Path, line: str) -> None:
    assert not KIBOT.sniff(Head(written(tmp_path / "WMT.txt", line)))
