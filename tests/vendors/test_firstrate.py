from pathlib import Path

import pytest

from actors.reading.format import Hints
from actors.reading.peek import Head
from actors.vendors.firstrate import FIRSTRATE
from actors.vendors.formats import detect
from tests.vendors.files import HEADER, blocks, close, only, times, written, zipped

LINES = "2024-03-08 04:00:00,169.9,170.1,169.8,170,2000\n2024-03-08 09:30:00,169,169.5,168.9,169.4,51000\n"


@pytest.mark.parametrize("name", ["AAPL_1min_adjsplitdiv.txt", "AAPL_full_1min_UNADJUSTED.txt", "aapl_1min.txt"])
@pytest.mark.parametrize("header", [HEADER, ""])
def test_firstrate_is_stamped_at_the_start_in_new_york_and_named_by_its_file(
    tmp_path: Path, name: str, header: str
) -> None:
    path = written(tmp_path / name, header + LINES)

    (raw,) = FIRSTRATE.read(FIRSTRATE, path, Hints())

    assert times(raw) == ["2024-03-08 09:00", "2024-03-08 14:30"]
    assert (close(raw), raw.calendar) == ([170, 169.4], "XNYS")
    assert [symbol.upper() for symbol in raw.symbols] == ["AAPL"]


@pytest.mark.parametrize(
    ("name", "header", "found"),
    [
        ("AAPL_1min_adjsplitdiv.txt", "", "firstrate"),
        ("AAPL_1min_adjsplit.txt", HEADER, "firstrate"),
        ("ES_full_1min_continuous_ratio_adjusted.txt", "", "firstrate"),
        ("ES_full_1min_continuous_UNadjusted.txt", HEADER, "firstrate"),
        ("AAPL_1min.txt", HEADER, "csv"),
        ("AAPL_1min.txt", "", "csv"),
        ("AAPL_1min_sample.txt", "", "csv"),
        ("AAPL.txt", HEADER, "csv"),
    ],
)
def test_what_firstrate_is_stands_in_the_name(tmp_path: Path, name: str, header: str, found: str) -> None:
    assert detect(Head(written(tmp_path / name, header + LINES))).name == found


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("_adjsplitdiv", True), ("_adjsplit", True), ("_UNADJUSTED", False), ("_continuous_ratio_adjusted", True),
     ("_continuous_UNadjusted", False), ("", None)],
)  # fmt: skip
def test_its_name_says_whether_prices_are_adjusted(tmp_path: Path, kind: str, expected: bool | None) -> None:
    (raw,) = FIRSTRATE.read(FIRSTRATE, written(tmp_path / f"AAPL_full_1min{kind}.txt", LINES), Hints())

    assert raw.adjusted is expected


def test_firstrates_futures_have_no_calendar_of_their_own(tmp_path: Path) -> None:
    raw = only(written(tmp_path / "ES_full_1min_continuous_ratio_adjusted.txt", LINES))

    assert (raw.symbols, raw.calendar) == (("ES",), None)


def test_a_zip_of_firstrates_holds_a_file_for_each_symbol(tmp_path: Path) -> None:
    members = {"A_1min_adjsplit.txt": LINES, "AA_1min_adjsplit.txt": HEADER + LINES}
    path = zipped(tmp_path / "stock_A_1min_adjsplit.zip", members)

    found = blocks(path)

    assert detect(Head(path)).name == "firstrate"
    assert [raw.symbols for raw in found] == [("AA",), ("A",)]
    assert all(raw.calendar == "XNYS" for raw in found)


def test_firstrates_format_may_be_forced_on_any_name(tmp_path: Path) -> None:
    (raw,) = FIRSTRATE.read(FIRSTRATE, written(tmp_path / "spy.txt", LINES), Hints())

    assert (raw.symbols, raw.calendar) == (("SPY",), "XNYS")
