"""A file that knows better than its calendar: the day is offered, and not blamed on the zone or on the stamps."""

from pathlib import Path

import numpy as np
import pytest

from actors.importing.into_store import ImportOptions, import_paths
from actors.importing.special_days import special_days
from actors.market.calendar import Calendar
from actors.storage.memory import MemoryStore
from actors.storage.parquet import ParquetStore
from messages.values import MINUTE_NS
from tests.builders import instant
from tests.importing.imports import NEW_YORK, minutes, new_york, one

XNYS = Calendar("XNYS")
ZONE = "America/New_York"


def told(tmp_path: Path, *days: str) -> list[str]:
    return one(import_paths([new_york(tmp_path, "".join(days))], MemoryStore(), ImportOptions(**NEW_YORK))).warnings


def days_of(*spans: tuple[str, str, int], calendar: Calendar = XNYS) -> list[tuple[str, str]]:
    starts = [instant(day, clock, calendar.tz) + at * MINUTE_NS for day, clock, count in spans for at in range(count)]
    found = special_days(np.array(sorted(starts), dtype=np.int64), calendar)
    return [(day.date, day.hours) for day in found.days]


def test_a_session_on_a_day_without_one_is_offered_as_a_line_to_write_down(tmp_path):
    (said,) = told(tmp_path, minutes("09:30", 390, "2024-03-08"), minutes("18:15", 60, "2024-03-10"))

    assert said == (
        "on 2024-03-10 XNYS has no session, and the file has one: if the exchange traded then, put this into "
        'special_sessions.toml beside the store and import again: XNYS.2024-03-10 = "18:15-19:15"'
    )


def test_a_file_of_nothing_but_such_a_day_is_not_blamed_on_the_zone(tmp_path):
    (said,) = told(tmp_path, minutes("09:15", 45, "2024-03-02"), minutes("11:30", 60, "2024-03-02"))

    assert 'XNYS.2024-03-02 = "09:15-10:00, 11:30-12:30"' in said
    assert "--tz" not in said
    assert "--calendar" not in said


def test_a_day_that_begins_and_ends_an_hour_late_is_offered_and_not_blamed_on_the_stamps(tmp_path):
    (said,) = told(tmp_path, minutes("10:30", 390, "2024-03-08"))

    assert said == (
        "on 2024-03-08 XNYS has other hours than the file, by the same time at both ends (or the zone is another: "
        "--tz): if the exchange traded then, put this into special_sessions.toml beside the store and import again: "
        'XNYS.2024-03-08 = "10:30-17:00"'
    )


def test_the_line_is_read_as_it_is_printed_and_then_nothing_is_odd(tmp_path):
    path = new_york(tmp_path, minutes("10:30", 390, "2024-03-08") + minutes("12:00", 45, "2024-03-09"))
    options = ImportOptions(**NEW_YORK)
    first = one(import_paths([path], ParquetStore(tmp_path / "store"), options))
    lines = [said.rsplit("again: ", 1)[1] for said in first.warnings]
    (tmp_path / "special_sessions.toml").write_text("\n".join(lines))

    again = one(import_paths([path], ParquetStore(tmp_path / "again"), options))

    assert len(lines) == 2
    assert (again.warnings, again.rejected, again.kept) == ([], {}, 435)


def test_where_every_day_is_shifted_it_is_the_zone_and_no_special_day():
    assert days_of(("2024-03-07", "10:30", 390), ("2024-03-08", "10:30", 390)) == []


def test_where_every_day_is_shifted_the_zone_is_named_and_not_the_stamps(tmp_path):
    days = [minutes("09:30", 510, f"2024-03-{day:02}") for day in (5, 6, 7)]
    path = new_york(tmp_path, "".join(days))
    london = ImportOptions(calendar="XLON", tz="Europe/Paris")  # it trades from 8:00 to 16:30

    (said,) = one(import_paths([path], MemoryStore(), london)).warnings

    assert said == (
        "3 of 3 sessions begin and end earlier or later than those of XLON, as a rule 0.5 h later: "
        "the zone is the likely cause (--tz)"
    )


def test_among_many_days_the_one_that_differs_is_special():
    usual = [(f"2024-03-{day:02}", "09:30", 390) for day in (4, 5, 6, 7)]

    assert days_of(*usual, ("2024-03-08", "10:30", 390)) == [("2024-03-08", "10:30-17:00")]


@pytest.mark.parametrize("count", [1, 29])
def test_some_stray_minutes_are_no_session(count):
    assert days_of(("2024-03-08", "09:30", 390), ("2024-03-09", "12:00", count)) == []


def test_where_many_days_have_no_session_the_calendar_is_wrong():
    weekend = [(f"2024-03-{day:02}", "00:00", 1440) for day in range(1, 31)]

    assert days_of(*weekend) == []


def test_a_session_to_the_end_of_the_day_ends_at_midnight():
    assert days_of(("2024-03-09", "23:00", 60)) == [("2024-03-09", "23:00-24:00")]
    assert days_of() == []


@pytest.mark.parametrize("calendar", ["us_futures", "24/5"])
def test_a_week_from_sunday_to_friday_is_that_of_currencies(tmp_path, calendar):
    week = (
        minutes("17:00", 420, "2024-03-03") + minutes("00:00", 1440, "2024-03-04") + minutes("00:00", 60, "2024-03-08")
    )
    options = ImportOptions(calendar=calendar, tz=ZONE)

    (said,) = one(import_paths([new_york(tmp_path, week, "EURUSD.csv")], MemoryStore(), options)).warnings

    assert said == f"the bars lie in the week of currencies, which is not that of {calendar}: --calendar FX"


def test_hours_of_futures_are_no_currencies(tmp_path):
    evening = minutes("18:00", 300, "2024-03-03")
    options = ImportOptions(calendar="us_futures", tz=ZONE)

    assert one(import_paths([new_york(tmp_path, evening)], MemoryStore(), options)).warnings == []
