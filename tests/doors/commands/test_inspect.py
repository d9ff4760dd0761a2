"""The command ``inspect``."""

import shutil
from contextlib import closing
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from actors.feeds.simulated.market import SimulatedMarket
from actors.market.calendar import Calendar
from actors.storage.parquet import ParquetStore
from messages.values import Interval
from tests.doors.conftest import MARKET, Call


def test_its_json_has_the_documented_fields(call: Call, store: Path) -> None:
    answer = call("inspect", "--store", store, "--json")

    days = answer.object["days"]
    assert (answer.code, answer.err) == (0, "")
    assert {(day["date"], day["symbol"]) for day in days} == {
        (date, symbol) for date in ("2024-07-02", "2024-07-03") for symbol in MARKET.symbols
    }
    assert all(day["bars"] + day["missing_minutes"] == day["expected_minutes"] for day in days)
    assert {"missing", "extended_bars", "first", "last", "high", "low", "volume", "calendar"} <= set(days[0])


def test_its_json_has_every_missing_minute_as_runs(call: Call, store: Path) -> None:
    days = call("inspect", "--store", store, "--json").object["days"]

    for day in days:
        runs = [tuple(map(datetime.fromisoformat, run)) for run in day["missing_runs"]]
        assert sum((end - start).total_seconds() for start, end in runs) == 60 * day["missing_minutes"]
        assert all(before[1] < after[0] for before, after in pairwise(runs))
        assert [run[0] for run in day["missing_runs"]][:1] == day["missing"][:1]


def test_every_missing_minute_is_listed_if_wanted(call: Call, store: Path) -> None:
    symbol = MARKET.symbols[2]
    days = call("inspect", "--store", store, "--symbols", symbol, "--json").object["days"]

    answer = call("inspect", "--store", store, "--symbols", symbol, "--missing")

    rows = [line.split() for line in answer.out.splitlines()[3:] if line.startswith("2024")]
    assert answer.code == 0
    assert len(rows) == sum(len(day["missing_runs"]) for day in days)
    assert sum(int(row[-1]) for row in rows) == sum(day["missing_minutes"] for day in days)
    assert rows[0][:3] == ["2024-07-02", "XNYS", symbol]
    assert all("09:30" <= row[3] < row[4] <= "16:00" for row in rows)


def test_where_nothing_is_missing_it_says_so(call: Call, tmp_path: Path) -> None:
    call("sample", "--store", tmp_path / "store")

    assert call("inspect", "--store", tmp_path / "store", "--missing").out == "No regular minute is missing.\n"


def test_a_narrow_terminal_shows_what_is_missing_before_prices(
    call: Call, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    answer = call("inspect", "--store", store, "--symbols", MARKET.symbols[0])

    head = answer.out.splitlines()[1]
    assert all(name in head for name in ("Missing", "Extended", "First missing"))
    assert "A wider terminal, or --json, has 1 more column: Volume" in answer.out or "High, Low, Volume" in answer.out


def test_it_prints_a_row_for_each_day_and_symbol_in_exchange_time(call: Call, store: Path) -> None:
    answer = call("inspect", "--store", store, "--symbols", MARKET.symbols[2].lower())

    lines = answer.out.splitlines()
    assert answer.code == 0
    assert [line.split()[:3] for line in lines[3:5]] == [
        ["2024-07-02", "XNYS", MARKET.symbols[2]],
        ["2024-07-03", "XNYS", MARKET.symbols[2]],
    ]
    assert "09:3" in lines[3]
    assert "-12:5" in lines[4]


@pytest.mark.slow
def test_a_store_of_seconds_is_inspected_and_played_by_the_second(call: Call, tmp_path: Path) -> None:
    session = Calendar("XNYS", base_interval=Interval.parse("1s")).session("2024-07-03")
    assert session is not None
    with closing(ParquetStore(tmp_path)) as files:
        files.merge("XNYS", session.date, SimulatedMarket.of_size(1, quiet=0.01).day(session))

    shown, told = call("inspect", "--store", tmp_path), call("inspect", "--store", tmp_path, "--json")
    played = call("backtest", "--store", tmp_path, "--json")

    (day,) = told.object["days"]
    assert (day["base_interval"], day["expected_minutes"]) == ("1s", 3.5 * 3600)
    assert "regular bars of 1s, in exchange time" in shown.out
    assert played.code == 0
    assert played.object["sessions"][0]["symbols"][0]["bars"] == day["bars"]


def test_a_day_without_regular_bars_has_no_span(call: Call, tmp_path: Path) -> None:
    text = "time,open,high,low,close,volume\n2024-07-02 08:00:00,1,1,1,1,10\n"
    (tmp_path / "abc.csv").write_text(text, encoding="utf-8")
    zone = ("--tz", "America/New_York", "--calendar", "XNYS")
    call("import", tmp_path / "abc.csv", "--store", tmp_path / "store", *zone)

    answer = call("inspect", "--store", tmp_path / "store")

    day = answer.out.splitlines()[3].split()
    assert day == ["2024-07-02", "XNYS", "ABC", "0", "390", "1", "-", "-", "-", "0", "09:30,", "09:31,", "09:32"]


def test_a_large_store_is_summed_up_by_day(call: Call, tmp_path: Path) -> None:
    session = Calendar("XNYS").session("2024-07-02")
    assert session is not None
    with closing(ParquetStore(tmp_path / "store")) as files:
        files.merge("XNYS", session.date, SimulatedMarket.of_size(41).day(session))

    answer = call("inspect", "--store", tmp_path / "store")

    assert ["2024-07-02", "XNYS", "41", "15,990", "0", "100.0", "%", "0"] in map(str.split, answer.out.splitlines())


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--symbols", "QQQQ"), "unknown symbol 'QQQQ'"),
        (("--calendar", "XLON"), "has no day of calendar XLON; it has: XNYS"),
        (("--calendar", "XXXX"), "unknown calendar 'XXXX'"),
    ],
)
def test_what_the_store_lacks_is_said(call: Call, store: Path, options: tuple[str, str], sentence: str) -> None:
    answer = call("inspect", "--store", store, *options)

    assert (answer.code, answer.out) == (1, "")
    assert sentence in answer.err
    assert answer.err.count("\n") == 1


def test_an_empty_store_and_no_store_are_told_apart(call: Call, empty: Path) -> None:
    answers = [call("inspect", "--store", folder) for folder in (empty, empty / "none")]

    assert [answer.code for answer in answers] == [1, 1]
    assert answers[0].err == f"error: the store {empty} is empty; import something first\n"
    assert answers[1].err == f"error: no store at {empty / 'none'}: no such folder\n"


@pytest.mark.parametrize("narrow", [False, True])
def test_what_cannot_be_read_stops_nothing_else(call: Call, store: Path, tmp_path: Path, narrow: bool) -> None:
    store = Path(shutil.copytree(store, tmp_path / "store"))
    torn = store / "calendar=XNYS/date=2024-07-02/bars.parquet"
    if narrow:
        call("migrate", "--store", store, "--to", "narrow")
        torn = store / "calendar=XNYS/2023-05.parquet"
    torn.write_bytes(b"PAR1")
    shown, told = call("inspect", "--store", store), call("inspect", "--store", store, "--json")
    verified = call("verify", "--store", store, "--json")

    left = {"2024-07-03"} | ({"2024-07-02"} if narrow else set())
    assert [shown.code, told.code, verified.code] == [1, 1, 1]
    assert {day["date"] for day in told.object["days"]} == left
    assert [torn.name in fault for fault in told.object["faults"]] == [True]
    assert "2024-07-03" in shown.out
    assert f"error: {torn} cannot be read" in shown.err
    assert sum(day["standing"] == "unreadable" for day in verified.object["days"]) == 1
    assert len(verified.object["days"]) == len(left) + 1


def test_where_nothing_can_be_read_that_is_all_that_is_said(call: Call, store: Path, tmp_path: Path) -> None:
    store = Path(shutil.copytree(store, tmp_path / "store"))
    for torn in store.glob("calendar=XNYS/*/bars.parquet"):
        torn.write_bytes(b"PAR1")
    answer = call("inspect", "--store", store)

    assert (answer.code, answer.out) == (1, "")
    assert "bars.parquet cannot be read" in answer.err


def test_days_are_chosen_by_their_dates_and_by_how_many(call: Call, store: Path) -> None:
    def dates(*options: str) -> set[str]:
        return {day["date"] for day in call("inspect", "--store", store, "--json", *options).object["days"]}

    assert dates("--last", "1") == dates("--start", "2024-07-03") == {"2024-07-03"}
    assert dates("--end", "2024-07-02") == {"2024-07-02"}
    assert call("inspect", "--store", store, "--start", "2030-01-01").err.endswith("no day of what was asked for\n")
    assert "before it starts" in call("inspect", "--store", store, "--start", "2024-07-03", "--end", "2024-07-02").err
