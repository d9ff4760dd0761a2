"""What a store holds, drawn into a file."""

import sys
from pathlib import Path

import pytest

from tests.doors.conftest import Call

BEGINS = {"png": b"\x89PNG", "svg": b"<?xml", "html": b"<!doctype html>"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", BEGINS)
def test_a_store_is_drawn_as_what_the_file_is_called(call: Call, store: Path, tmp_path: Path, kind: str) -> None:
    picture = tmp_path / f"store.{kind}"

    answer = call("inspect", "--store", store, "--plot", picture)

    assert answer.code == 0
    assert answer.out.startswith("2 days of XNYS, the minutes of 2024-07-03, and candles of ")
    assert picture.read_bytes().startswith(BEGINS[kind])


@pytest.mark.slow
def test_a_picture_is_of_the_symbols_that_are_named(call: Call, store: Path, tmp_path: Path) -> None:
    symbol = call("inspect", "--store", store, "--json").object["days"][-1]["symbol"]
    picture = tmp_path / "store.svg"

    answer = call("inspect", "--store", store, "--symbols", symbol.lower(), "--plot", picture)

    assert f"candles of {symbol}: " in answer.out
    assert f"XNYS 2024-07-03: every minute of {symbol}</text>" in picture.read_text(encoding="utf-8")


def test_a_file_that_is_no_picture_is_refused(call: Call, store: Path) -> None:
    answer = call("inspect", "--store", store, "--plot", "store.pdf")

    assert answer.code == 1
    assert "a picture is a .png, .svg or .html" in answer.err


def test_without_matplotlib_it_is_said_what_brings_it(
    call: Call, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)

    answer = call("inspect", "--store", store, "--plot", tmp_path / "store.png")

    assert answer.code == 1
    assert "pip install 'barkeeper[plot]'" in answer.err
