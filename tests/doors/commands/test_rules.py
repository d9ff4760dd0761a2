"""A rule holds at every door: a price may be below zero everywhere or nowhere, and what was left out is told."""

from pathlib import Path

import pytest

from tests.doors.conftest import Call

ROWS = [
    "time,open,high,low,close,volume",
    "2024-07-02T09:30:00-04:00,1,1,1,1,10",
    "2024-07-02T09:31:00-04:00,0,0,-1,-1,20",
    "2024-07-02T09:32:00-04:00,-2,-1,-3,-2,30",
]
NEW_YORK = ("--calendar", "XNYS")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "SPREAD.csv"
    path.write_text("\n".join(ROWS) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def spread(call: Call, file: Path, tmp_path: Path) -> Path:
    """A store with two bars below zero of New York's stocks."""
    assert call("import", file, "--store", tmp_path / "store", *NEW_YORK, "--allow-negative").code == 0
    return tmp_path / "store"


@pytest.fixture
def config(spread: Path, tmp_path: Path) -> Path:
    path = tmp_path / "barkeeper.toml"
    path.write_text(f'store = "{spread.as_posix()}"\n[rules]\nallow_negative = true\n', encoding="utf-8")
    return path


def bars(result: object) -> list[int]:
    return [symbol["bars"] for session in result["sessions"] for symbol in session["symbols"]]  # type: ignore[index]


def test_stocks_are_not_below_zero_unless_somebody_says_so(call: Call, file: Path, tmp_path: Path) -> None:
    (told,) = call("import", file, "--store", tmp_path / "a", *NEW_YORK, "--json").object["files"]
    (asked,) = call("import", file, "--store", tmp_path / "b", *NEW_YORK, "--allow-negative", "--json").object["files"]

    assert (told["kept"], told["rejected"]) == (1, {"price_not_positive": 2})
    assert (asked["kept"], asked["rejected"]) == (3, {})
    assert "2 bars have prices at or below zero, as may be on XNYS" in asked["warnings"]


def test_futures_are_unless_somebody_says_otherwise(call: Call, file: Path, tmp_path: Path) -> None:
    futures = ("--calendar", "us_futures", "--json")
    (told,) = call("import", file, "--store", tmp_path / "a", *futures).object["files"]
    (asked,) = call("import", file, "--store", tmp_path / "b", *futures, "--no-negative").object["files"]

    assert (told["kept"], asked["kept"]) == (3, 1)


def test_an_import_goes_by_the_settings_too(call: Call, file: Path, config: Path, tmp_path: Path) -> None:
    config.write_text(config.read_text(encoding="utf-8").replace("/store", "/other"), encoding="utf-8")
    (told,) = call("import", file, "--config", config, *NEW_YORK, "--json").object["files"]
    (asked,) = call("import", file, "--config", config, *NEW_YORK, "--no-negative", "--json").object["files"]

    assert (told["kept"], asked["rejected"]) == (3, {"price_not_positive": 2})
    assert (tmp_path / "other").is_dir()


def test_an_import_goes_by_the_hours_of_the_settings_too(call: Call, file: Path, config: Path, tmp_path: Path) -> None:
    text = config.read_text(encoding="utf-8").replace("/store", "/other")
    config.write_text('calendar = "XNYS"\nclosed = ["09:31-09:32", "09:40-16:00"]\n' + text, encoding="utf-8")
    assert call("import", file, "--config", config, "--complete").code == 0

    (certificate,) = call("inspect", "--store", tmp_path / "other", "--json").object["certificates"]

    (symbol,) = certificate["symbols"]
    assert (symbol["streamed"] + symbol["filled"], symbol["no_trade"]) == (2, 7)


def test_what_a_backtest_leaves_out_is_in_its_tables_its_json_and_its_exit_code(call: Call, spread: Path) -> None:
    strict = ("backtest", "--store", spread, "--no-negative")
    answer, words = call(*strict, "--json"), call(*strict)

    assert (answer.code, bars(answer.object)) == (1, [1])
    assert (answer.object["bars"], answer.object["sessions"][0]["left_out"]) == (1, {"price_not_positive": 2})
    assert "2024-07-02: left out, for they cannot be true: 2 price_not_positive." in words.out
    assert "2 bars of the store were left out, on 2024-07-02: 2 price_not_positive" in words.err


def test_what_was_let_into_a_store_is_played_unless_somebody_says_otherwise(call: Call, spread: Path) -> None:
    answer = call("backtest", "--store", spread, "--json")

    assert (answer.code, bars(answer.object), answer.object["sessions"][0]["left_out"]) == (0, [3], {})


def test_a_backtest_goes_by_the_settings_and_its_options_before_them(call: Call, spread: Path, config: Path) -> None:
    asked = call("backtest", "--store", spread, "--allow-negative", "--json")
    told = call("backtest", "--config", config, "--json")
    refused = call("backtest", "--config", config, "--no-negative", "--json")

    assert [(one.code, bars(one.object)) for one in (asked, told, refused)] == [(0, [3]), (0, [3]), (1, [1])]


def test_settings_of_a_backtest_are_those_of_a_live_day(call: Call, config: Path) -> None:
    more = 'symbols = ["SPREAD"]\ncalendar = "XNYS"\n'
    text = config.read_text(encoding="utf-8").replace("[rules]\n", '[rules]\nintervals = ["2m"]\n')
    config.write_text(more + text, encoding="utf-8")

    (session,) = call("backtest", "--config", config, "--json").object["sessions"]

    assert session["symbols"][0]["derived"] == {"2m": 2}


def test_the_environment_names_the_store_for_every_command(
    call: Call, spread: Path, config: Path, monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    monkeypatch.setenv("BARKEEPER_STORE", str(spread))

    assert call("backtest", "--allow-negative").code == 0
    assert call("inspect", "--json").object["days"][0]["bars"] == 3
    assert call("verify").code == 0
    assert call("import", file, *NEW_YORK, "--allow-negative", "--json").object["totals"]["duplicates"] == 3
    config.write_text('store = "nowhere"\n[rules]\nallow_negative = true\n', encoding="utf-8")
    assert call("backtest", "--config", config).code == 0


def test_what_is_missing_is_filled_by_the_same_rules(call: Call, spread: Path, file: Path) -> None:
    outage = ("--outage", "09:30-09:33", "--fill-from", file, "--allow-negative", "--json")
    (session,) = call("backtest", "--store", spread, *outage).object["sessions"]

    assert session["repairs"]["filled"] == 3


def test_without_a_store_the_call_is_wrong(call: Call, file: Path) -> None:
    for wrong in (("backtest",), ("import", file)):
        answer = call(*wrong)

        assert answer.code == 2
        assert "--store" in answer.err
