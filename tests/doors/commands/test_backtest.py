"""The command ``backtest``."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from actors.doors.commands.playback import BacktestResult
from actors.storage.parquet import ParquetStore
from messages.tables.columns import HIGH, LOW, VOLUME
from tests.builders import DAY
from tests.doors.conftest import MARKET, Call
from tests.storage import days
from tests.system.test_as_lived import stored
from tests.system.test_lived_day import CAME

MINUTE_NS = 60 * 10**9
OPENS = {"2024-07-02": "2024-07-02T09:30:00-04:00", "2024-07-03": "2024-07-03T09:30:00-04:00"}
CLOSES = {"2024-07-02": "2024-07-02T16:00:00-04:00", "2024-07-03": "2024-07-03T13:00:00-04:00"}
MINUTES = {"2024-07-02": 390, "2024-07-03": 210}


def at_rest(store: Path, date: str, symbol: str) -> dict[str, object]:
    """What a plain look at the file says of one symbol's day."""
    day = ParquetStore(store, read_only=True).read("XNYS", date, [symbol])
    assert day is not None
    starts, values = day.bars.start_ns, day.bars.values
    first = int(starts.min()) // (1440 * MINUTE_NS) * 1440 * MINUTE_NS  # midnight: 09:30 is a multiple of 30 minutes
    blocks = {"5m": 5, "15m": 15, "30m": 30}
    derived = {
        name: len({(start - first) // (n * MINUTE_NS) for start in starts.tolist()}) for name, n in blocks.items()
    }
    return {
        "symbol": symbol,
        "bars": len(starts),
        "high": values[HIGH].max(),
        "low": values[LOW].min(),
        "volume": pytest.approx(values[VOLUME].sum()),
        "completeness": pytest.approx(100.0 * len(starts) / MINUTES[date]),
        "derived": {**derived, "1h": 7 if MINUTES[date] == 390 else 4, "1d": 1},
    }


def test_its_json_says_of_every_session_and_symbol_what_the_files_hold(call: Call, store: Path) -> None:
    answer = call("backtest", "--store", store, "--json")

    result = answer.object
    assert (answer.code, answer.err) == (0, "")
    assert [session["date"] for session in result["sessions"]] == list(MINUTES)
    for session in result["sessions"]:
        assert session["symbols"] == [at_rest(store, session["date"], symbol) for symbol in MARKET.symbols]
        assert (session["open"], session["close"]) == (OPENS[session["date"]], CLOSES[session["date"]])


def test_who_traded_the_day_before_is_in_a_session_that_it_has_no_bar_in(call: Call, tmp_path: Path) -> None:
    with closing(ParquetStore(tmp_path)) as store:
        store.merge("XNYS", "2024-03-07", days.day(days.bar("A", -1440), days.bar("B", -1440)))
        store.merge("XNYS", "2024-03-08", days.day(days.bar("B", 0)))

    sessions = call("backtest", "--store", tmp_path, "--json").object["sessions"]

    assert [[(one["symbol"], one["bars"]) for one in session["symbols"]] for session in sessions] == [
        [("A", 1), ("B", 1)], [("A", 0), ("B", 1)],
    ]  # fmt: skip


def test_its_json_has_the_documented_fields(call: Call, store: Path) -> None:
    result = call("backtest", "--store", store, "--json").object

    session = result["sessions"][1]
    fields = {"bars", "seconds", "bars_per_s", "sessions", "shown_early", "without_session"}
    assert set(result) == fields == set(BacktestResult.__struct_fields__)
    of_session = {"date", "open", "close", "transition_ms", "prefetched", "symbols", "left_out", "repairs"}
    assert set(session) == of_session | {"seen", "shown_early"}
    assert (session["repairs"], session["left_out"]) == (None, {})
    assert result["bars"] == sum(of["bars"] for session in result["sessions"] for of in session["symbols"])
    assert result["bars_per_s"] == pytest.approx(result["bars"] / result["seconds"], rel=0.01)


def test_a_day_of_the_store_that_somebody_says_is_closed_is_left_out_and_told_of(
    call: Call, store: Path, tmp_path: Path
) -> None:
    first, second = MINUTES
    shutil.copytree(store, tmp_path / "store")
    (tmp_path / "special_sessions.toml").write_text(f'[XNYS]\n{first} = "closed"\n')
    as_json, looked = (call(*words, "--store", tmp_path / "store", "--json") for words in (["backtest"], ["inspect"]))
    told = call("backtest", "--store", tmp_path / "store")

    assert (as_json.code, told.code, looked.code) == (1, 1, 1)
    assert as_json.object["without_session"] == [first]
    assert [session["date"] for session in as_json.object["sessions"]] == [second]
    assert f"Left out, for the calendar has no session there: {first}." in told.out
    assert {day["date"] for day in looked.object["days"]} == {second}
    (fault,) = looked.object["faults"]
    assert f"bars on {first} under XNYS, which has no session on that day" in fault


def test_only_a_session_that_follows_another_has_a_transition(call: Call, store: Path) -> None:
    first, second = call("backtest", "--store", store, "--json").object["sessions"]

    assert first["transition_ms"] is None
    assert second["transition_ms"] > 0.0


@pytest.mark.parametrize(
    ("options", "dates"),
    [
        (("--last", "1"), ["2024-07-03"]),
        (("--start", "2024-07-03"), ["2024-07-03"]),
        (("--end", "2024-07-02"), ["2024-07-02"]),
        (("--calendar", "nyse", "--pace", "free"), ["2024-07-02", "2024-07-03"]),
    ],
)
def test_it_plays_the_sessions_asked_for(call: Call, store: Path, options: tuple[str, ...], dates: list[str]) -> None:
    result = call("backtest", "--store", store, "--json", *options).object

    assert [session["date"] for session in result["sessions"]] == dates


def test_it_plays_the_symbols_asked_for_in_whatever_case(call: Call, store: Path) -> None:
    wanted = MARKET.symbols[1]

    result = call("backtest", "--store", store, "--json", "--symbols", f" {wanted.lower()},,{wanted}").object

    assert [of["symbol"] for of in result["sessions"][0]["symbols"]] == [wanted]


def test_it_prints_a_row_a_session_and_a_row_a_symbol_in_exchange_time(call: Call, store: Path) -> None:
    answer = call("backtest", "--store", store)

    assert answer.code == 0
    assert "America/New_York" in answer.out
    assert "2024-07-02  09:30-16:00" in answer.out
    assert "2024-07-03  09:30-13:00" in answer.out
    assert "2 sessions" in answer.out
    assert all(f"\n{symbol} " in answer.out for symbol in MARKET.symbols)
    assert "\x1b" not in answer.out + answer.err


def test_extended_hours_are_played_and_said_where_they_have_bars(call: Call, tmp_path: Path) -> None:
    rows = ["2024-07-02 09:29:00,1,1,1,1,10", "2024-07-02 09:30:00,2,2,2,2,20"]
    (tmp_path / "abc.csv").write_text("\n".join(["time,open,high,low,close,volume", *rows]), encoding="utf-8")
    store = tmp_path / "store"
    zone = ("--tz", "America/New_York", "--calendar", "XNYS")
    assert call("import", tmp_path / "abc.csv", "--store", store, *zone).code == 0

    without, within = call("backtest", "--store", store), call("backtest", "--store", store, "--extended-hours")

    assert "bars were played" not in without.out
    assert "2 bars were played" in within.out
    assert call("backtest", "--store", store, "--extended-hours", "--json").object["bars"] == 2


def test_many_symbols_are_not_shown_one_by_one(call: Call, tmp_path: Path) -> None:
    rows = [f"2024-07-02T14:30:00Z,S{i},1,1,1,1,10" for i in range(13)]
    (tmp_path / "many.csv").write_text("\n".join(["time,symbol,open,high,low,close,volume", *rows]), encoding="utf-8")
    call("import", tmp_path / "many.csv", "--store", tmp_path / "store", "--calendar", "XNYS")

    answer = call("backtest", "--store", tmp_path / "store")

    assert "1 session " in answer.out
    assert "S7" not in answer.out


def test_a_run_that_fails_midway_reports_no_session(call: Call, store: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(store, tmp_path / "broken")
    (broken / "calendar=XNYS" / "date=2024-07-03" / "bars.parquet").write_bytes(b"no Parquet at all")

    answer = call("backtest", "--store", broken, "--json")

    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("error: session 2024-07-03 could not be loaded: ")
    assert answer.err.count("\n") == 1


def test_an_unknown_symbol_is_named_with_the_nearest(call: Call, store: Path) -> None:
    known = MARKET.symbols[0]

    answer = call("backtest", "--store", store, "--symbols", f"{known}X")

    assert (answer.code, answer.out) == (1, "")
    assert answer.err == f"error: unknown symbol '{known}X'; nearest: {known}\n"


def test_a_terminal_sees_a_progress_bar_on_stderr(call: Call, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    answer = call("backtest", "--store", store, "--json")

    assert answer.object["bars"] > 0
    assert "2/2 sessions" in answer.err


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """The store of a live day on which one bar was late and one corrected."""
    memory, root = stored(CAME), tmp_path / "recorded"
    day, prints = memory.read("XNYS", DAY.date), memory.prints("XNYS", DAY.date)
    assert day is not None
    assert prints is not None
    with closing(ParquetStore(root)) as store:
        store.merge("XNYS", DAY.date, day)
        store.keep_prints("XNYS", DAY.date, prints)
    return root


def test_it_says_how_many_bars_it_showed_earlier_than_anybody_had_them(call: Call, recorded: Path) -> None:
    told = call("backtest", "--store", recorded, "--json").object

    assert (told["shown_early"], told["sessions"][0]["shown_early"], told["sessions"][0]["seen"]) == (2, 2, "as-known")
    assert "2 bars were shown earlier than anybody had them" in call("backtest", "--store", recorded).out


def test_as_it_was_lived_nothing_is_early(call: Call, recorded: Path) -> None:
    told = call("backtest", "--store", recorded, "--seen", "as-lived", "--json").object

    assert (told["bars"], told["shown_early"], told["sessions"][0]["seen"]) == (5, 0, "as-lived")
    assert "earlier" not in call("backtest", "--store", recorded, "--seen", "as-lived").out


def test_a_config_can_say_so(call: Call, recorded: Path, tmp_path: Path) -> None:
    config = tmp_path / "barkeeper.toml"
    config.write_text(f'store = "{recorded}"\nseen = "as-lived"\n', encoding="utf-8")

    assert call("backtest", "--config", config, "--json").object["sessions"][0]["seen"] == "as-lived"


def test_of_days_that_nobody_wrote_down_so_it_says_that_they_have_no_record(call: Call, store: Path) -> None:
    said = call("backtest", "--store", store, "--seen", "as-lived")

    assert (said.code, said.err) == (0, "")
    assert "The store has no record of how 2 days, the first 2024-07-02, came: played as known." in said.out
