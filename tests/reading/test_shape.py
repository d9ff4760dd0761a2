"""Rows without a header: which columns they show, and what is not guessed."""

from pathlib import Path

import pytest

from actors.reading.layout import misfit
from actors.reading.peek import Head
from actors.reading.shape import columns_of
from tests.vendors.files import written

PRICES = ("open", "high", "low", "close")


def cells(*lines: str) -> list[list[str]]:
    return [line.split(",") for line in lines]


@pytest.mark.parametrize(
    ("line", "columns"),
    [
        ("2013.12.11,17:20,1.37,1.38,1.36,1.37,168", ("date", "clock", *PRICES, "volume")),
        ("2021-10-18 00:55,1,2,1,2,47", ("time", *PRICES, "volume")),
        ("2021-10-18T00:55:00Z,1,2,1,2", ("time", *PRICES)),
        ("1704153600,1,2,1,2,1.5,12", ("time", *PRICES, "volume", "trades")),
        ("NIFTY,20130401,09:16,1,2,1,2,7,9", ("symbol", "date", "clock", *PRICES, "volume", "")),
        ("600000,2024-01-02 09:31:00,1,2,1,2,7", ("symbol", "time", *PRICES, "volume")),
        ("AAPL,1704205800000,1,2,1,2,7", ("symbol", "time", *PRICES, "volume")),
        ("20130401,0916,1,2,1,2,7", ("date", "clock", *PRICES, "volume")),
        ("01/02/2024,9:30 AM,1,2,1,2,7", ("date", "clock", *PRICES, "volume")),
        ("202401020930,1,2,1,2,7,", ("time", *PRICES, "volume", "")),
    ],
)
def test_cells_show_what_their_columns_are(line: str, columns: tuple[str, ...]) -> None:
    assert columns_of(cells(line)) == columns


@pytest.mark.parametrize(
    "lines",
    [
        ("2024-01-02 09:30,10,10.5,10.6,9.9,7",),  # open, close, high, low
        ("2024-01-02 09:30,10,10.6,9.9,10.5,10.2", "2024-01-02 09:31,10,10.6,9.9,10.5,10.3"),  # no volume, a vwap
        ("2024-01-02 09:30,10,11,9,10,7,1,2,3",),  # too many columns to know them all
        ("2024-01-02,10,11,9,10,7",),  # days
        ("1704153600,10,2",),  # trades
        ("a,b,c,d,e,f",),
        ("2024-01-02 09:30,10,11,9",),
        (),
        ("", ""),  # text without a delimiter that begins with empty lines
    ],
)
def test_what_the_cells_do_not_show_is_not_guessed(lines: tuple[str, ...]) -> None:
    assert columns_of(cells(*lines)) is None


def test_the_user_is_told_how_to_name_columns_that_do_not_show_themselves(tmp_path: Path) -> None:
    path = written(tmp_path / "x.csv", "2024-01-02,14:30,10,10.5,10.6,9.9,7\n")

    assert "name the columns, as in --columns date,time,open" in (misfit(Head(path)) or "")
