"""``special_sessions.toml``: where it lies, how it is read, and what is said of one that makes no sense."""

from pathlib import Path

import pytest

from actors.market.calendar import Calendar
from actors.market.hours.own import OwnCalendar, SpecialHours
from actors.storage.memory import MemoryStore
from actors.storage.own_hours import Calendars, read_own_hours
from actors.storage.parquet import ParquetStore
from messages.errors import SettingsError

WRITTEN = """
[XKRX]
2024-11-14 = "10:00-16:30"
2024-11-15 = "closed"
2024-11-16 = ["09:00-10:00", "11:00-12:00"]
[XKRX.2024-11-18]
open = "10:00"
close = "16:30"
breaks = ["12:00-13:00"]
[calendars.MINE]
tz = "Asia/Shanghai"
days = "XSHG"
segments = ["09:00-10:15"]
"""


def test_days_and_calendars_are_read_as_they_are_written(tmp_path: Path):
    (tmp_path / "special_sessions.toml").write_text(WRITTEN)

    found = read_own_hours(tmp_path / "store")

    assert found.special_sessions == {
        "XKRX": {
            "2024-11-14": "10:00-16:30",
            "2024-11-15": "closed",
            "2024-11-16": ("09:00-10:00", "11:00-12:00"),
            "2024-11-18": SpecialHours(open="10:00", close="16:30", breaks=("12:00-13:00",)),
        }
    }
    assert found.calendars == {"MINE": OwnCalendar(tz="Asia/Shanghai", days="XSHG", segments=("09:00-10:15",))}


def test_what_lies_in_the_store_goes_before_what_lies_beside_it_day_by_day(tmp_path: Path):
    (tmp_path / "store").mkdir()
    (tmp_path / "special_sessions.toml").write_text('[XLON]\n2024-01-02 = "closed"\n2024-01-03 = "closed"\n')
    (tmp_path / "store" / "_special_sessions.toml").write_text('[XLON]\n2024-01-02 = "09:00-10:00"\n')

    assert read_own_hours(tmp_path / "store").special_sessions == {
        "XLON": {"2024-01-02": "09:00-10:00", "2024-01-03": "closed"}
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[XKRX", "special_sessions.toml: "),
        ('2024-11-14 = "10:00-16:30"', "2024-11-14 stands alone: a day stands under the calendar .* as .XKRX."),
        ('[XKRX]\n2024-11-14 = "10-16"', "special session of XKRX on 2024-11-14: '10-16' is no range"),
        ("[XKRX]\n2024-11-14 = 10", 'XKRX on 2024-11-14: Expected .* got `int`; expected "10:00-16:30", "closed"'),
        ("[XKRX]\n2024-11-14 = 10:00:00", "XKRX on 2024-11-14: Expected .* got `time`"),
        ('[XKRX.2024-11-14]\nopens = "10:00"', "XKRX on 2024-11-14: .*unknown field `opens`"),
        ('[XKRX]\n2024-11-14 = ["09:30-12:00", "11:00-13:00"]', "XKRX on 2024-11-14: of the hours .* lie within"),
        (
            '[calendars.MINE]\ntz = "UTC"',
            "calendar MINE: .*missing required field `segments`; expected tz and segments",
        ),
        ('[calendars.MINE]\ntz = "UTC"\nsegments = []', "calendar MINE: hours are missing"),
        ("special_sessions = 3", "special_sessions stands alone"),
        ("calendars = 3", "calendars: expected a table, got 3"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_with_its_name_and_what_is_wrong(tmp_path: Path, text: str, said: str):
    (tmp_path / "special_sessions.toml").write_text(text)

    with pytest.raises(SettingsError, match=rf"special_sessions\.toml: .*{said}|{said}"):
        read_own_hours(tmp_path / "store")


def test_it_may_begin_with_a_mark_be_nested_as_in_settings_and_have_one_text_for_a_list(tmp_path: Path):
    text = '[special_sessions.XKRX]\r\n2024-11-15 = "closed"\r\n[calendars.MINE]\r\ntz = "UTC"\r\n'
    (tmp_path / "special_sessions.toml").write_bytes(
        f'\ufeff{text}days = "Mo-Thur"\r\nsegments = "9:00-10:00"'.encode()
    )

    found = read_own_hours(tmp_path)

    assert found.special_sessions == {"XKRX": {"2024-11-15": "closed"}}
    assert found.calendars["MINE"].segments == ("9:00-10:00",)
    assert [Calendar("MINE", own=found).session(f"2024-07-0{day}") is None for day in range(1, 6)] == [False] * 4 + [
        True
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[XNYSE]\n2024-11-14 = "closed"', "special sessions: unknown calendar 'XNYSE'"),
        ('[calendars.MINE]\ntz = "UTC"\nsegments = "9:00-10:00"\ndays = "Mon+Tue"', "MINE: days are weekdays, such as"),
    ],
)
def test_a_name_that_nobody_knows_is_said_with_its_place(tmp_path: Path, text: str, said: str):
    (tmp_path / "special_sessions.toml").write_text(text)

    with pytest.raises(SettingsError, match=said):
        Calendar("MINE" if "MINE" in text else "XNYS", own=read_own_hours(tmp_path)).session("2024-07-02")


def test_a_stores_calendars_have_its_hours_whatever_kind_of_store_it_is(tmp_path: Path):
    (tmp_path / "special_sessions.toml").write_text('[FX]\n2024-01-06 = "10:00-12:00"\n')
    on_disk = ParquetStore(tmp_path / "store")
    in_memory = MemoryStore(own=read_own_hours(tmp_path / "store"))

    for store in (on_disk, in_memory):
        assert Calendars.of(store)("forex").session("2024-01-06").expected_minutes == 120
    assert Calendars.of(object())("FX").session("2024-01-06") is None
