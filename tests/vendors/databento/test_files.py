"""Databento's files, real ones and some made with its own library: skipped where that is not installed."""

import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from actors.reading.format import Hints, RawBars, Stamp, Unsupported
from actors.reading.peek import Head
from actors.vendors.databento import files as vendor
from actors.vendors.databento.files import DATABENTO
from actors.vendors.formats import detect
from messages.errors import DataError
from tests.real_data import DATA, needs_data
from tests.vendors.databento.made import NANO, START, UNDEFINED, bar, file_of, trade
from tests.vendors.files import blocks, close, names, times, written

MAGIC = b"DBN\x03"


def read(place: str) -> RawBars:
    (found,) = blocks(DATA / place, is_format_named=True)
    return found


@needs_data
def test_minutes_are_taken_as_they_are(dbn) -> None:
    raw = read("databento/XNAS.ITCH/test_data.ohlcv-1m.dbn.zst")

    assert times(raw)[:2] == ["2020-12-28 09:05", "2020-12-28 09:08"]
    assert raw.values[:, 0].tolist() == [521, 521, 521, 521, 41]
    assert (names(raw), raw.calendar, raw.rows.tolist()) == (["NVDA"] * 4, "XNYS", [1, 2, 3, 4])


@needs_data
def test_one_file_holds_many_futures(dbn) -> None:
    place = "nautilus/databento/historical_bars_catalog/databento/"
    raw = read(place + "futures_ohlcv-1m_2024-07-01T23-40_2024-07-02T00-10.dbn.zst")

    assert [names(raw).count(symbol) for symbol in ("ESU4", "NQU4")] == [30, 30]
    assert (times(raw)[0], times(raw)[-1], raw.calendar) == ("2024-07-01 23:40", "2024-07-02 00:09", "CMES")


@needs_data
@pytest.mark.parametrize("dataset", ["XNAS.ITCH", "GLBX.MDP3", "IFEU.IMPACT", "NDEX.IMPACT", "EQUS.MINI"])
def test_seconds_fold_to_what_the_minutes_say(dbn, dataset: str) -> None:
    seconds = read(f"databento/{dataset}/test_data.ohlcv-1s.dbn.zst")
    whole = read(f"databento/{dataset}/test_data.ohlcv-1m.dbn.zst")

    # The samples are four records each, so of the minutes only the first opens are the same.
    assert (times(seconds)[0], seconds.values[0, 0]) == (times(whole)[0], whole.values[0, 0])
    assert "one-second bars make" in seconds.remarks[0]


@needs_data
def test_trades_fold_to_minutes_by_the_time_of_receipt(dbn) -> None:
    place = "nautilus/databento/historical_bars_catalog/databento/"
    trades = read(place + "futures_trades_2024-07-01T23-58_2024-07-02T00-02.dbn.zst")
    minutes = read(place + "futures_ohlcv-1m_2024-07-01T23-40_2024-07-02T00-10.dbn.zst")
    of_es = {time: column for time, name, column in zip(times(minutes), names(minutes), minutes.values.T, strict=True)
             if name == "ESU4"}  # fmt: skip

    assert "120 trades make 4 one-minute bars" in trades.remarks
    assert all((column[1], column[2]) <= (of_es[time][1], of_es[time][2] + 1) for time, column in
               zip(times(trades), trades.values.T, strict=True))  # fmt: skip


@needs_data
@pytest.mark.parametrize("schema", ["ohlcv-1m", "ohlcv-1s"])
def test_bars_of_several_venues_are_refused(dbn, schema: str) -> None:
    with pytest.raises(Unsupported, match="bars of several venues"):
        read(f"databento/OPRA.PILLAR/test_data.{schema}.dbn.zst")


@needs_data
def test_days_are_refused(dbn) -> None:
    with pytest.raises(Unsupported, match="Databento ohlcv-1d data; imported are ohlcv-1m, ohlcv-1s and trades"):
        read("databento/XNAS.ITCH/test_data.ohlcv-1d.dbn.zst")


@needs_data
@pytest.mark.parametrize(("dataset", "calendar"), [("EQUS.MINI", "XNYS"), ("GLBX.MDP3", "CMES"), ("IFEU.IMPACT", None)])
def test_the_dataset_gives_the_calendar_where_it_is_evident(dbn, dataset: str, calendar: str | None) -> None:
    assert read(f"databento/{dataset}/test_data.trades.dbn.zst").calendar == calendar


def test_a_file_is_read_piece_by_piece(dbn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vendor, "_RECORDS", 2)
    path = file_of(dbn, tmp_path / "x.dbn", "ohlcv-1m", [bar(dbn, minute) for minute in range(5)])

    found = blocks(path)

    assert detect(Head(path)) is DATABENTO
    assert [raw.rows.tolist() for raw in found] == [[1, 2], [3, 4], [5]]


def test_a_price_that_is_not_defined_is_an_empty_one(dbn, tmp_path: Path) -> None:
    path = file_of(dbn, tmp_path / "x.dbn", "ohlcv-1m", [bar(dbn, 0), bar(dbn, 1, UNDEFINED), bar(dbn, 2, -NANO)])

    (raw,) = blocks(path)

    assert np.array_equal(raw.values[0], [10, np.nan, -1], equal_nan=True)


def test_records_of_an_instrument_without_a_symbol_are_broken(dbn, tmp_path: Path) -> None:
    path = file_of(dbn, tmp_path / "x.dbn", "ohlcv-1m", [bar(dbn, 0), bar(dbn, 1, number=8), bar(dbn, 24 * 60)])

    bars, refused = blocks(path)

    assert (times(bars), refused.broken.count, refused.broken.reason) == (["2024-07-02 00:00"], 2, "no_symbol")
    assert [(broken.row, broken.seen) for broken in refused.broken.rows] == [(2, "8"), (3, "7")]


def test_seconds_that_can_be_no_bars_are_left_out_of_their_minute(dbn, tmp_path: Path) -> None:
    seconds = [bar(dbn, second / 60, price * NANO, rtype=32) for second, price in ((0, 10), (1, -1), (59, 12), (60, 9))]

    bars, refused = blocks(file_of(dbn, tmp_path / "x.dbn", "ohlcv-1s", seconds))

    assert (times(bars), close(bars)) == (["2024-07-02 00:00", "2024-07-02 00:01"], [12, 9])
    assert (refused.broken.count, refused.broken.reason) == (1, "price_not_positive")


def test_a_trade_counts_for_the_minute_in_which_it_was_received(dbn, tmp_path: Path) -> None:
    trades = [trade(dbn, 30), trade(dbn, 59.9, 11 * NANO, late=0.2), trade(dbn, 61, UNDEFINED)]

    bars, refused = blocks(file_of(dbn, tmp_path / "x.dbn", "trades", trades), stamp=Stamp.END)

    assert (times(bars), close(bars), bars.values[4].tolist()) == (
        ["2024-07-02 00:00", "2024-07-02 00:01"],
        [10, 11],
        [3, 3],
    )
    assert refused.broken.count == 1


def test_trades_of_an_unknown_instrument_are_broken(dbn, tmp_path: Path) -> None:
    path = file_of(dbn, tmp_path / "x.dbn", "trades", [trade(dbn, 30)], numbers="8")

    assert [(len(raw.start_ns), raw.broken.count) for raw in blocks(path)] == [(0, 1)]


def refusal(path: Path) -> str:
    with pytest.raises(Unsupported) as refused:
        blocks(path)
    return str(refused.value)


def test_trades_and_seconds_give_way_to_bars_beside_them_unless_the_format_is_named(dbn, tmp_path: Path) -> None:
    trades = file_of(dbn, tmp_path / "x.trades.dbn", "trades", [trade(dbn, 30)])
    seconds = file_of(dbn, tmp_path / "x.ohlcv-1s.dbn", "ohlcv-1s", [bar(dbn, 0.5, rtype=32)])
    beside = "beside which stand the day's {} bars; imported only with --format databento"

    assert refusal(trades) == "Databento trades data, " + beside.format("second")
    assert times(blocks(seconds)[0]) == ["2024-07-02 00:00"]
    file_of(dbn, tmp_path / "minutes.dbn", "ohlcv-1m", [bar(dbn, 0)])
    assert refusal(trades) == "Databento trades data, " + beside.format("minute")
    assert refusal(seconds) == "Databento ohlcv-1s data, " + beside.format("minute")
    assert times(blocks(trades, is_format_named=True)[0]) == ["2024-07-02 00:00"]


def other_minutes(dbn, path: Path, what: str) -> None:
    match what:
        case "another symbol":
            file_of(dbn, path, "ohlcv-1m", [bar(dbn, 0, number=8)], numbers="8", symbol="MSFT")
        case "another dataset":
            file_of(dbn, path, "ohlcv-1m", [bar(dbn, 0)], dataset="ARCX.PILLAR")
        case "an earlier day":
            file_of(dbn, path, "ohlcv-1m", [bar(dbn, 0)], end=START)
        case "another hour":
            file_of(dbn, path, "ohlcv-1m", [bar(dbn, -60)])
        case "several venues":
            file_of(dbn, path, "ohlcv-1m", [bar(dbn, 0), bar(dbn, 1, publisher=3)])
        case "a damaged file":
            written(path, "rubbish")


WHATS = ["another symbol", "another dataset", "an earlier day", "another hour", "several venues", "a damaged file"]


@pytest.mark.parametrize("what", WHATS)
def test_trades_are_read_beside_what_has_none_of_their_bars(dbn, tmp_path: Path, what: str) -> None:
    trades = file_of(dbn, tmp_path / "x.trades.dbn", "trades", [trade(dbn, 30)])

    other_minutes(dbn, tmp_path / "x.ohlcv-1m.dbn", what)

    assert times(blocks(trades)[0]) == ["2024-07-02 00:00"]


@pytest.mark.parametrize("schema", ["ohlcv-1m", "ohlcv-1s", "trades"])
def test_a_file_without_records_has_no_bars(dbn, tmp_path: Path, schema: str) -> None:
    assert blocks(file_of(dbn, tmp_path / "x.dbn", schema, [])) == []


def test_a_damaged_file_is_refused(dbn, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no sound DBN file"):
        blocks(written(tmp_path / "x.dbn", MAGIC + bytes(200)))


def test_a_file_that_ends_within_a_record_is_refused(dbn, tmp_path: Path) -> None:
    whole = file_of(dbn, tmp_path / "x.dbn", "ohlcv-1m", [bar(dbn, minute) for minute in range(3)]).read_bytes()

    with pytest.raises(DataError, match="no sound DBN file"):
        blocks(written(tmp_path / "y.dbn", whole[:-9]))


def test_reading_leaves_the_filters_of_warnings_as_they_were(dbn, tmp_path: Path) -> None:
    path = file_of(dbn, tmp_path / "x.dbn", "ohlcv-1m", [bar(dbn, 0)])
    before = list(warnings.filters)
    saved = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] == "databento"}
    try:
        blocks(path)
    finally:
        sys.modules.update(saved)

    assert list(warnings.filters) == before


def test_without_the_library_the_refusal_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "databento", None)

    with pytest.raises(DataError, match=r"python -m pip install 'barkeeper\[databento\]'"):
        list(DATABENTO.read(DATABENTO, written(tmp_path / "x.dbn", MAGIC), Hints()))
