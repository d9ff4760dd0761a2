"""LEAN's ticks and seconds, folded to minutes."""

from pathlib import Path

import pytest

from actors.reading.format import Format, Hints, Stamp, Unsupported
from actors.reading.peek import Head
from actors.vendors.formats import detect
from actors.vendors.lean.minutes import LEAN
from actors.vendors.lean.seconds import LEAN_SECOND
from actors.vendors.lean.ticks import LEAN_TICK
from messages.errors import DataError
from messages.values import MINUTE_NS
from tests.real_data import DATA, needs_data
from tests.vendors.files import blocks, only, times, zipped

TICKS = (
    "34200000,1000000,100,P,1,0\n34200500.25,1010000,300,Q,1,0\n34210000,9990000,100,Q,1,1\n34260000,1000000,50,P,1,0\n"
)


def lean(root: Path, place: str, text: str) -> Path:
    return zipped(root / "Data" / place, {"x.csv": text})


def equity_ticks(root: Path, text: str) -> Path:
    return lean(root, "equity/usa/tick/spy/20131007_trade.zip", text)


def test_ticks_fold_to_minutes_without_the_suspicious(tmp_path: Path) -> None:
    path = equity_ticks(tmp_path, TICKS)

    raw = only(path)

    assert detect(Head(path)) is LEAN_TICK
    assert (times(raw), raw.calendar, raw.symbols) == (["2013-10-07 13:30", "2013-10-07 13:31"], "XNYS", ("spy",))
    assert raw.values.T.tolist() == [[100, 101, 100, 101, 400, 100.75, 2], [100, 100, 100, 100, 50, 100, 1]]
    assert raw.remarks == (
        "3 trades make 2 one-minute bars",
        "1 trade that the vendor marks as suspicious is left out",
    )


@pytest.mark.parametrize("line", ["600,7.5,2\n", "600,7.5,2,0\n"])
def test_crypto_ticks_have_three_columns_or_four(tmp_path: Path, line: str) -> None:
    raw = only(lean(tmp_path, "crypto/coinbase/tick/btcusd/20170903_trade.zip", line))

    assert (times(raw), raw.calendar) == (["2017-09-03 00:00"], "24/7")
    assert raw.values[:, 0].tolist() == [7.5, 7.5, 7.5, 7.5, 2, 7.5, 1]


def test_rows_that_can_be_no_trades_are_left_out_by_reason(tmp_path: Path) -> None:
    text = TICKS + "34270000,1000000,0,P,20,0\n34270000,-1,100,P,20,0\n34270000,,100,P,20,0\n34270000,x,1,P,20,0\n"

    found = blocks(equity_ticks(tmp_path, text))

    assert [(raw.broken.reason, raw.broken.count) for raw in found[1:]] == [
        ("unparsable", 1),
        ("price_not_positive", 2),
        ("size_not_positive", 1),
    ]
    assert [(row.row, row.field, row.seen) for raw in found for row in raw.broken.rows] == [
        (8, "price", "x"),
        (6, "price", "-1"),
        (7, "price", "nan"),
        (5, "size", "0"),
    ]
    assert sum(len(raw.rows) for raw in found) == 2


def test_prices_are_taken_by_leans_rules_of_sale_conditions(tmp_path: Path) -> None:
    text = (
        "34199000,980000,100,P,20002020,0\n"  # before the open a sweep sets prices
        "34200000,990000,100,P,20000020,0\n"  # after it only the volume
        "34200001,1000000,100,P,1,0\n"
        "34200002,1010000,100,D,4800,0\n"  # late: high, not close
        "34200003,970000,7,Q,80000001,0\n"  # an odd lot
        "34200004,960000,5000,Q,4000000,0\n"  # an official open
        "34260000,990000,7,Q,80000001,0\n"
    )
    path = equity_ticks(tmp_path, text)

    by_lean, by_none = only(path), only(path, sale_conditions="none")

    assert times(by_lean) == ["2013-10-07 13:29", "2013-10-07 13:30"]
    assert by_lean.values[:5].T.tolist() == [[98, 98, 98, 98, 100], [100, 101, 100, 100, 307]]
    assert by_none.values[:5, 1].tolist() == [99, 101, 96, 96, 5307]
    assert len(by_none.rows) == 3


def test_trades_that_set_no_price_at_all_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="1 trades and no bar: by its sale conditions none may set a price"):
        blocks(equity_ticks(tmp_path, "34260000,990000,7,Q,80000001,0\n"))


def test_after_an_early_close_prices_are_those_of_extended_hours(tmp_path: Path) -> None:
    raw = only(equity_ticks(tmp_path, "46800000,1000000,100,P,20002020,0\n46860000,1010000,100,P,2000,0\n"))

    assert raw.values[3].tolist() == [100, 101]


@needs_data
@pytest.mark.slow
@pytest.mark.parametrize(
    ("symbol", "day"),
    [("spy", "20131007"), *(("aig", f"201310{number:02}") for number in (8, 9, 10, 11))],
)
def test_of_a_real_day_388_of_390_minutes_are_leans_own(symbol: str, day: str) -> None:
    ours = minutes_of(LEAN_TICK, "tick", symbol, day)
    theirs = minutes_of(LEAN, "minute", symbol, day)
    regular = sorted(start for start in theirs if 570 <= start // MINUTE_NS % 1440 - 240 < 960)

    assert len(regular) == 390
    assert [ours.get(start) == theirs[start] for start in regular].count(True) == 388


def minutes_of(fmt: Format, kind: str, symbol: str, day: str) -> dict[int, list[float]]:
    path = DATA / "lean" / "Data" / "equity" / "usa" / kind / symbol / f"{day}_trade.zip"
    hints = Hints(is_format_named=True)
    return {
        start: [round(value, 4) for value in values[:5]]
        for raw in fmt.read(fmt, path, hints)
        for start, values in zip(raw.start_ns.tolist(), raw.values.T.tolist(), strict=True)
    }


def test_a_file_of_bad_trades_has_rows_and_no_bars(tmp_path: Path) -> None:
    (raw,) = blocks(equity_ticks(tmp_path, "34200000,1000000,0,P,20,0\n"))

    assert (len(raw.rows), raw.broken.count, raw.remarks) == (0, 1, ())


def test_a_trade_has_an_instant_whatever_the_user_says_of_bars(tmp_path: Path) -> None:
    assert times(only(equity_ticks(tmp_path, TICKS), stamp=Stamp.END))[0] == "2013-10-07 13:30"


def test_ticks_of_futures_are_named_by_their_month(tmp_path: Path) -> None:
    members = {f"20131007_es_tick_trade_{month}.csv": "0,1780.25,3,X,0,0\n" for month in ("201312", "201403")}
    path = zipped(tmp_path / "future/cme/tick/es/20131007_trade.zip", members)

    assert [raw.symbols for raw in blocks(path)] == [("esZ13",), ("esH14",)]


SECONDS = "34200000,1000000,1010000,990000,1005000,7\n34259000,1005000,1020000,1005000,1015000,3\n"


def test_seconds_fold_to_minutes(tmp_path: Path) -> None:
    path = lean(tmp_path, "equity/usa/second/spy/20131007_trade.zip", SECONDS)

    raw = only(path)

    assert detect(Head(path)) is LEAN_SECOND
    assert (times(raw), raw.values[:, 0].tolist()) == (["2013-10-07 13:30"], [100, 102, 99, 101.5, 10])
    assert raw.remarks == ("2 one-second bars make 1 one-minute bar",)


def test_a_second_that_can_be_no_bar_is_left_out_of_its_minute(tmp_path: Path) -> None:
    bad = "34201000,1000000,900000,990000,1005000,7\n34202500,1,1,1,1,1\n34203000,one,1,1,1,1\n"
    kept, *refused = blocks(lean(tmp_path, "equity/usa/second/spy/20131007_trade.zip", SECONDS + bad))

    assert kept.values[:, 0].tolist() == [100, 102, 99, 101.5, 10]
    assert [(raw.broken.reason, raw.broken.rows[0].row) for raw in refused] == [
        ("unparsable", 5),
        ("high_too_low", 3),
        ("off_the_minute", 4),
    ]
    assert refused[1].broken.rows[0].seen == "open 1000000, high 900000, low 990000, close 1005000, volume 7"


def test_an_empty_file_has_no_blocks(tmp_path: Path) -> None:
    assert blocks(equity_ticks(tmp_path, "")) == []
    assert blocks(lean(tmp_path, "equity/usa/second/spy/20131007_trade.zip", "")) == []


@pytest.mark.parametrize(("fmt", "sentence"), [(LEAN_TICK, "trade ticks"), (LEAN_SECOND, "second trades")])
@pytest.mark.parametrize(
    "place", ["equity/usa/minute/spy/20131007_trade.zip", "option/usa/tick/spy/20131007_trade.zip"]
)
def test_the_formats_of_trades_read_nothing_else(tmp_path: Path, place: str, fmt: Format, sentence: str) -> None:
    with pytest.raises(Unsupported, match=sentence):
        list(fmt.read(fmt, lean(tmp_path, place, ""), Hints()))
