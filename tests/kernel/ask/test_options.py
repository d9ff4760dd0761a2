"""Settings by keyword: each option is read as its field wants it, and a near miss is named."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from actors.kernel.ask.options import check_names, section
from actors.settings import SessionRules, Settings, UpkeepRules
from messages import Interval, Mode, SettingsError


def read(**options: Any) -> Settings:
    return section(Settings, {"store": "bars", **options}, days=("start", "end"))


class Source:
    """Somebody who can be asked for bars."""

    def fetch(self) -> None: ...


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        ({"symbols": "AAPL"}, {"symbols": ("AAPL",)}),
        ({"symbols": ["A", "B"], "fill_from": "archive"}, {"symbols": ("A", "B"), "fill_from": ("archive",)}),
        ({"fill_from": Path("a") / "b"}, {"fill_from": (str(Path("a") / "b"),)}),
        ({"fill_from": [Path("a"), "b"]}, {"fill_from": ("a", "b")}),
        ({"start": date(2024, 7, 1), "end": pd.Timestamp("2024-07-02")}, {"start": "2024-07-01", "end": "2024-07-02"}),
        ({"last": np.int64(3), "speed": np.float32(2)}, {"last": 3, "speed": 2.0}),
        ({"mode": "live"}, {"mode": Mode.LIVE}),
        ({"upkeep": {"attempts": 3}}, {"upkeep": UpkeepRules(attempts=3)}),
        ({"upkeep": UpkeepRules(attempts=3)}, {"upkeep": UpkeepRules(attempts=3)}),
        (
            {"rules": {"intervals": ["5m", timedelta(hours=1)], "base_interval": "1s"}},
            {
                "rules": SessionRules(
                    intervals=(Interval(seconds=300), Interval(seconds=3600)), base_interval=Interval(seconds=1)
                )
            },
        ),
        ({"lockstep_timeout_s": None}, {"lockstep_timeout_s": None}),
        (
            {"calendar": "XNYS", "special_sessions": {date(2024, 7, 5): "closed"}},
            {"calendar": "XNYS", "special_sessions": {"XNYS": {"2024-07-05": "closed"}}},
        ),
        (
            {"special_sessions": {"FX": {date(2024, 7, 5): ["10:00-11:00"]}}},
            {"special_sessions": {"FX": {"2024-07-05": ("10:00-11:00",)}}},
        ),
    ],
)
def test_an_option_is_taken_as_it_is_meant(options: dict[str, Any], settings: dict[str, Any]) -> None:
    assert read(**options) == Settings(store="bars", **settings)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"xyzzy": 5}, "there is no option xyzzy; there are store, calendar, "),
        ({"symbol": "A"}, "there is no option symbol; nearest: symbols"),
        ({"upkeep": {"attempt": 3}}, "there is no option upkeep.attempt; nearest: attempts"),
        ({"upkeep": 3}, r"upkeep is UpkeepRules\(...\) or a mapping of its fields, not 3"),
        ({"rules": {"trailing_sessions": "5"}}, "rules.trailing_sessions is a whole number, not '5'"),
        ({"rules": SessionRules(grace_ns="5")}, "rules.grace_ns is a whole number, not '5'"),  # type: ignore[arg-type]
        ({"special_sessions": 3}, "special_sessions is a mapping, not 3"),
        ({"special_sessions": {"FX": 3}}, "special_sessions FX: expected a table, got 3"),
        ({"special_sessions": {"FX": {3: "closed"}}}, "special session of FX on 3: 3 is no date"),
        ({"last": "3"}, "last is a whole number, not '3'"),
        ({"speed": "fast"}, "speed is a number, not 'fast'"),
        ({"mode": "replay"}, "mode is 'backtest' or 'live', not 'replay'"),
        ({"start": 20240701}, "start: 20240701 is no date"),
        ({"extended": "yes"}, "extended is True or False, not 'yes'"),
        ({"symbols": 5}, "symbols is a symbol or several"),
        ({"fill_from": [Source()]}, r"fill_from names .*; an object goes into sources=\[...\]"),
        ({"calendar": 5}, "calendar is a text that is not empty, not 5"),
    ],
)
def test_an_option_that_cannot_be_meant_is_refused_by_its_name(options: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        read(**options)


def played(symbols: str = "", trailing_sessions: int = 5, **more: Any) -> None:
    """A method that takes settings besides what it names itself."""


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("trailing_session", "nearest: trailing_sessions"),
        ("symbol", "nearest: symbols"),
        ("fillfrom", "nearest: fill_from"),
        ("grace_n", "nearest: rules={'grace_ns': ...}"),
        ("attempts", "nearest: upkeep={'attempts': ...}"),
        ("zzz", "there are symbols, trailing_sessions, store, calendar"),
    ],
)
def test_an_unknown_keyword_is_refused_with_the_nearest_wherever_it_belongs(name: str, nearest: str) -> None:
    with pytest.raises(SettingsError, match=f"there is no option {name}; ") as refused:
        check_names([name], played, Settings)

    assert nearest in str(refused.value)


def test_what_a_method_passes_on_is_known() -> None:
    check_names(["fill_from", "upkeep", "start"], played, Settings)
