"""HistData beside NinjaTrader, whose files have the same shape."""

from pathlib import Path

import pytest

from actors.reading.format import Hints, Unsupported
from actors.reading.peek import Head
from actors.vendors.formats import detect, format_named
from messages.errors import DataError
from tests.vendors.files import blocks, only, times, written

LINES = "20120201 000000;1.3066;1.3066;1.30656;1.30656;0\n20120201 000100;1.30657;1.30657;1.30647;1.30656;0\n"


def test_where_nothing_tells_it_from_ninjatrader_the_user_is_asked(tmp_path: Path) -> None:
    path = written(tmp_path / "EURUSD.txt", LINES)

    with pytest.raises(DataError, match="say which with --format ninjatrader or --format histdata"):
        blocks(path)

    first = {}
    for name in ("histdata", "ninjatrader"):
        fmt = format_named(name)
        first[name] = times(next(iter(fmt.read(fmt, path, Hints(is_format_named=True)))))[0]
    assert first == {"histdata": "2012-02-01 05:00", "ninjatrader": "2012-01-31 23:59"}


def test_a_volume_tells_that_it_is_ninjatraders(tmp_path: Path) -> None:
    path = written(tmp_path / "EURUSD.txt", LINES.replace(";0\n", ";7\n"))

    assert (detect(Head(path)).name, times(only(path))[0]) == ("ninjatrader", "2012-01-31 23:59")


def test_metals_and_pairs_are_fx_and_indices_are_not(tmp_path: Path) -> None:
    found = {name: only(written(tmp_path / f"DAT_ASCII_{name}_M1_2012.csv", LINES)).calendar
             for name in ("EURUSD", "XAUUSD", "SPXUSD")}  # fmt: skip

    assert found == {"EURUSD": "FX", "XAUUSD": "FX", "SPXUSD": None}


def test_its_ticks_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "DAT_ASCII_EURUSD_T_201202.csv", "20120201 000003660,1.306600,1.306770,0\n")

    with pytest.raises(Unsupported, match="ticks, which are quotes"):
        blocks(path)
