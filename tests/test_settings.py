"""Settings are checked when they are made, and say what is wrong with them in one sentence."""

import math
from pathlib import Path
from typing import Any

import pytest

from actors.market.faults import Faults
from actors.market.hours.own import OwnCalendar, SpecialHours
from actors.settings import DEFAULT_INTERVALS, SessionRules, Settings
from messages.errors import SettingsError
from messages.values import ONE_MINUTE, Interval, Mode, Pace


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "barkeeper.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_only_the_store_must_be_said() -> None:
    settings = Settings(store="bars")

    assert (settings.mode, settings.pace, settings.speed) == (Mode.BACKTEST, Pace.LOCKSTEP, 0.0)
    assert settings.rules.intervals == DEFAULT_INTERVALS


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"speed": -1.0}, "speed is 0"),
        ({"speed": float("nan")}, "speed is 0"),
        ({"speed": float("inf")}, "speed is 0"),
        ({"mode": "replay"}, "mode is one of backtest, live, not 'replay'"),
        ({"pace": "slow"}, "pace is one of lockstep, free, not 'slow'"),
        ({"last": 0}, "last is the number of sessions"),
        ({"credit": 0}, "credit and minutes_per_ticket"),
        ({"minutes_per_ticket": 0}, "credit and minutes_per_ticket"),
        ({"symbols": ("AAPL", "AAPL")}, "named twice"),
        ({"start": "2024/01/02"}, "'2024/01/02' is no date"),
        ({"end": "20240102"}, "'20240102' is no date"),
        ({"start": "2024-13-01"}, "is no date"),
        ({"start": "2024-01-03", "end": "2024-01-02"}, "ends on 2024-01-02, before it starts on 2024-01-03"),
        ({"start_timeout_s": 1e12}, "start_timeout_s is more than 0 and 1e9 at most, not 1000000000000.0"),
        ({"late_after_s": math.nan}, "late_after_s is more than 0, not nan"),
        ({"lockstep_timeout_s": 0.0}, "lockstep_timeout_s is more than 0, or None, not 0.0"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_with_a_reason(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        Settings(store="bars", **wrong)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"intervals": (Interval(seconds=90),)}, "interval 90s is no whole multiple of 1m"),
        ({"intervals": (Interval(seconds=60),)}, "interval 1m is no whole multiple of 1m, whose bars are told anyway"),
        ({"intervals": (Interval(seconds=0),)}, "no whole multiple"),
        ({"intervals": (Interval(seconds=300), Interval(seconds=300))}, "named twice"),
        ({"unknown_symbols": "maybe"}, "'add' or 'reject', not 'maybe'"),
        ({"trailing_sessions": -1}, "trailing_sessions and daily_sessions must be 0 or more"),
        ({"daily_sessions": -1}, "trailing_sessions and daily_sessions must be 0 or more"),
        ({"quote_window": 0}, "quote_window and trade_ids must be 1 or more"),
        ({"trade_ids": 0}, "quote_window and trade_ids must be 1 or more"),
        ({"base_interval": Interval(seconds=7)}, "a minute is no whole multiple of base_interval 7s"),
        ({"base_interval": Interval(seconds=120)}, "a minute is no whole multiple of base_interval 2m"),
        ({"base_interval": Interval(seconds=0)}, "a minute is no whole multiple of base_interval"),
        (
            {"base_interval": Interval(seconds=10), "intervals": (Interval(seconds=15),)},
            "interval 15s is no whole multiple of 10s, whose bars are told anyway",
        ),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused_with_a_reason(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        SessionRules(**wrong)


@pytest.mark.parametrize("seconds", [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30])
def test_minutes_are_published_beside_shorter_base_bars_unless_others_are_named(seconds: int) -> None:
    base = Interval(seconds=seconds)

    assert SessionRules(base_interval=base).intervals == (ONE_MINUTE, *DEFAULT_INTERVALS)
    assert SessionRules(base_interval=base, intervals=(ONE_MINUTE,)).intervals == (ONE_MINUTE,)
    assert SessionRules(base_interval=base, intervals=()).intervals == ()


def test_a_file_may_name_the_length_of_base_bars(tmp_path: Path) -> None:
    path = written(tmp_path, 'store = "bars"\n[rules]\nbase_interval = "1s"\nintervals = ["10s"]')

    assert Settings.load(path).rules == SessionRules(
        base_interval=Interval(seconds=1), intervals=(Interval(seconds=10),)
    )


def test_a_mode_or_a_pace_may_be_said_in_words() -> None:
    settings = Settings(store="bars", mode="live", pace="free")  # type: ignore[arg-type]  # as untyped callers do

    assert (settings.mode is Mode.LIVE, settings.pace is Pace.FREE) == (True, True)


def test_one_day_in_the_range_is_a_range() -> None:
    assert Settings(store="bars", start="2024-01-02", end="2024-01-02").start == "2024-01-02"


def test_a_file_says_the_same_as_arguments(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
        store = "bars"
        symbols = ["AAPL", "MSFT"]
        speed = 60
        pace = "free"
        closed = ["16:00-17:00"]

        [rules]
        intervals = ["5m", "1h", "1d"]
        trailing_sessions = 2

        [faults]
        drop = 0.02
        delay = 1
        outages = ["10:00-10:07"]
        """,
    )

    assert Settings.load(path) == Settings(
        store="bars",
        symbols=("AAPL", "MSFT"),
        speed=60.0,
        pace=Pace.FREE,
        closed=("16:00-17:00",),
        rules=SessionRules(intervals=tuple(map(Interval.parse, ("5m", "1h", "1d"))), trailing_sessions=2),
        faults=Faults(drop=0.02, delay=1.0, outages=("10:00-10:07",)),
    )


def test_an_interval_in_a_file_may_be_spelled_in_seconds(tmp_path: Path) -> None:
    path = written(tmp_path, 'store = "bars"\n[rules]\nintervals = [{seconds = 300}]')

    assert Settings.load(path).rules.intervals == (Interval(seconds=300),)


def test_where_a_file_names_one_of_several_it_needs_no_brackets(tmp_path: Path) -> None:
    file = tmp_path / "barkeeper.toml"
    file.write_text(
        'symbols = "AAPL"\nfill_from = "archive"\n[rules]\nintervals = "5m"\n[faults]\noutages = "10:00-10:07"\n'
    )
    read = Settings.load(str(file), store="store")

    assert (read.symbols, read.fill_from, read.faults.outages) == (("AAPL",), ("archive",), ("10:00-10:07",))
    assert read.rules.intervals == (Interval.parse("5m"),)


def test_the_environment_overrides_the_store_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BARKEEPER_STORE", "elsewhere")

    assert Settings.load(written(tmp_path, 'store = "bars"')).store == "elsewhere"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('store = "bars"\nspede = 60', "unknown field `spede`"),
        ('store = "bars"\n[rules]\ngrace = 5', "unknown field `grace`"),
        ('store = "bars"\n[faults]\nlose = 0.1', "unknown field `lose`"),
        ('store = "bars"\n[faults]\ndrop = 2', "drop is the probability for a bar, between 0 and 1, not 2"),
        ("speed = 60", "missing required field `store`"),
        ('store = "bars"\nspeed = "fast"', "Expected `float`"),
        ('store = "bars"\nspeed = -1', "speed is 0"),
        ('store = "bars"\n[rules]\nintervals = ["soon"]', "'soon' is no interval"),
        ('store = "bars"\n[rules]\nintervals = [5]', "Expected `object`"),
        ('store = "bars"\nrules = 5', "Expected `object`"),
        ("store = ", "Invalid"),
        (b"store = '\xff'", "it is no text in UTF-8"),
    ],
)
def test_a_file_that_is_not_understood_is_named_with_what_is_wrong(
    tmp_path: Path, text: str | bytes, says: str
) -> None:
    path = written(tmp_path, text)

    with pytest.raises(SettingsError, match=says) as refused:
        Settings.load(path)

    assert str(path) in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml"):
        Settings.load(tmp_path / "nowhere.toml")


def test_special_sessions_may_stand_under_the_calendar_of_the_settings(tmp_path: Path) -> None:
    text = 'store = "s"\ncalendar = "XKRX"\n[special_sessions]\n2024-11-14 = "10:00-16:30"\n[special_sessions.XNYS]\n'
    settings = Settings.load(
        written(
            tmp_path, text + '2024-11-15 = { closed = true }\n[calendars.M]\ntz = "UTC"\nsegments = ["09:00-10:00"]\n'
        )
    )

    assert settings.special_sessions["XKRX"] == {"2024-11-14": "10:00-16:30"}
    assert settings.special_sessions["XNYS"] == {"2024-11-15": SpecialHours(closed=True)}
    assert settings.own_hours.calendars["M"] == OwnCalendar(tz="UTC", segments=("09:00-10:00",))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"special_sessions": {"2024-11-14": "closed"}}, "say of which calendar"),
        ({"special_sessions": {"XKRX": {"2024-11-14": "10-16"}}}, "special session of XKRX on 2024-11-14: '10-16'"),
        ({"special_sessions": {"XKRX": {"14.11.2024": "closed"}}}, "'14.11.2024' is no date"),
    ],
)
def test_special_sessions_that_make_no_sense_are_refused(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        Settings(store="bars", **wrong)


@pytest.mark.parametrize(
    ("said", "calendar", "mode", "holds"),
    [
        (None, "XNYS", Mode.LIVE, False),
        (None, "us_futures", Mode.LIVE, True),
        (None, "CMES", Mode.LIVE, True),
        (None, "24/7", Mode.LIVE, False),
        (None, "XNYS", Mode.BACKTEST, True),  # what is stored was judged when it came in
        (False, "us_futures", Mode.LIVE, False),
        (False, "XNYS", Mode.BACKTEST, False),
        (True, "XNYS", Mode.LIVE, True),
    ],
)
def test_prices_may_be_below_zero_where_somebody_says_so_or_futures_are_traded(
    said: bool | None, calendar: str, mode: Mode, *, holds: bool
) -> None:
    assert SessionRules(allow_negative=said).on(calendar, mode).allow_negative is holds
