"""What an import says of files that look odd: no zone, the wrong zone, stamp or calendar, bars of another length."""

from pathlib import Path

import pandas as pd
import pytest

from actors.reading.format import Stamp
from actors.storage.memory import MemoryStore
from tests.importing.imports import NEW_YORK, minutes, new_york, one, run
from tests.vendors.files import row


def test_naive_stamps_are_refused_with_the_first_the_last_and_the_flag_that_fits(tmp_path: Path) -> None:
    path = new_york(tmp_path, minutes("09:30", 60))

    with_calendar, without = (one(run(path, calendar=name)).error or "" for name in ("XNYS", None))

    assert "the first is 2024-03-08 09:30:00, the last 2024-03-08 10:29:00" in without
    assert without.endswith("as in --tz America/New_York")
    assert "--tz America/New_York fits: with it 100% of them lie inside the sessions of XNYS" in with_calendar


def test_round_the_clock_stamps_are_most_likely_utc(tmp_path: Path) -> None:
    path = new_york(tmp_path, "".join(minutes(f"{hour:02}:00", 2) for hour in range(24)))

    assert (one(run(path)).error or "").endswith("as in --tz UTC")
    assert (one(run(path, calendar="24/7")).error or "").endswith("as in --tz UTC")


def london(tmp_path: Path, first: str = "08:00", count: int = 510) -> Path:
    return new_york(tmp_path, minutes(first, count), "VUSA.L.csv")


def test_bars_outside_all_segments_are_said_with_the_zone_as_the_likely_cause(tmp_path: Path) -> None:
    file = one(run(london(tmp_path), calendar="XLON", tz="Asia/Tokyo"))

    (warning,) = file.warnings
    assert warning == (
        "100% of the bars lie outside every segment of XLON: 100% would lie inside if they were 9 h later, "
        "so the zone is the likely cause (--tz)"
    )


def test_bars_round_the_clock_point_to_the_calendar(tmp_path: Path) -> None:
    path = new_york(tmp_path, "".join(minutes(f"{hour:02}:00", 60) for hour in range(24)), "BTC.csv")
    (warning,) = one(run(path, calendar="XLON", tz="Europe/London")).warnings

    assert "65% of the bars lie outside every segment of XLON: they go round the clock, so the calendar" in warning


def test_bars_that_no_shift_explains_point_to_the_calendar(tmp_path: Path) -> None:
    (warning,) = one(run(london(tmp_path, "05:00", 960), calendar="XLON", tz="Europe/London")).warnings

    assert "neither another zone nor another stamp explains it" in warning


def test_sessions_that_show_the_close_and_not_the_open_may_be_stamped_at_the_end(tmp_path: Path) -> None:
    path = new_york(tmp_path, minutes("09:31", 390))

    assumed, said = one(run(path, **NEW_YORK)), one(run(path, stamp=Stamp.END, **NEW_YORK))

    assert "import again with --stamp end" in assumed.warnings[0]
    assert said.warnings == []


def test_days_before_the_calendar_begins_are_said(tmp_path: Path) -> None:
    text = minutes("09:30", 1, "1965-01-05") + minutes("09:30", 5)
    file = one(run(new_york(tmp_path, text), **NEW_YORK))

    assert file.warnings[0].startswith("calendar XNYS is known from 1970-01-02 to ")
    assert (file.kept, file.rejected) == (5, {"not_a_session_day": 1})


def test_clocks_that_changed_are_said(tmp_path: Path) -> None:
    text = minutes("02:10", 2, "2024-03-10") + minutes("01:10", 3, "2024-11-03")
    file = one(run(new_york(tmp_path, text), calendar="24/7", tz="America/New_York"))

    assert [warning.split(" because")[0].split(":")[0] for warning in file.warnings] == [
        "3 stamps occur twice",
        "2 stamps do not exist",
    ]


def test_stamps_that_are_mostly_off_the_minute_are_no_minute_bars(tmp_path: Path) -> None:
    text = "".join(row(f"2024-03-08 09:30:{second:02}") for second in range(0, 50, 5))

    assert "9 of 10 stamps are not on the minute" in (one(run(new_york(tmp_path, text), **NEW_YORK)).error or "")


@pytest.mark.parametrize("written", ["2024-03-%d", "03/%d/2024", "202403%d"])
def test_dates_without_a_time_are_told_to_be_those_of_longer_bars(tmp_path: Path, written: str) -> None:
    path = new_york(tmp_path, "".join(row(written.replace("%d", f"{day:02}")) for day in range(4, 16)))
    (example, *_) = one(run(path, **NEW_YORK)).examples

    assert example.expected == "a time beside the date; bars of a day or longer are not imported, only one-minute bars"


@pytest.mark.parametrize(("apart", "spelled"), [("%d 09:30", "day"), ("08 %H:30", "hour")])
def test_bars_of_another_length_are_refused_with_the_length_seen(tmp_path: Path, apart: str, spelled: str) -> None:
    stamps = [apart.replace("%d", f"{number:02}").replace("%H", f"{number:02}") for number in range(1, 24)]
    path = new_york(tmp_path, "".join(row(f"2024-03-{stamp}") for stamp in stamps))

    assert f"bars every {spelled};" in (one(run(path, **NEW_YORK)).error or "")


DAYS = ("2024-03-07", "2024-03-08", "2024-03-11")  # a change of clocks between the last two


@pytest.mark.parametrize(
    ("stamps", "options"),
    [
        (DAYS, {"calendar": "24/7"}),
        ([f"{day} 00:00:00" for day in DAYS], NEW_YORK),
        ([f"{day} 00:00:00" for day in DAYS], NEW_YORK | {"stamp": Stamp.END}),
        ([f"{day} 00:00:00" for day in DAYS], {"calendar": "24/7", "tz": "America/New_York"}),
        (["2024-03-08 05:00:00+00:00", "2024-03-11 04:00:00+00:00"], {"calendar": "XNYS"}),
        ([f"{day}T00:00:00Z" for day in DAYS[:2]], {"calendar": "24/7"}),
        ([f"{day}T00:00:00Z" for day in DAYS[:2]], {"calendar": "XNYS"}),
    ],
)
def test_a_few_bars_at_midnight_are_days(tmp_path: Path, stamps: list[str], options: dict[str, object]) -> None:
    report = run(new_york(tmp_path, "".join(map(row, stamps))), store := MemoryStore(), **options)

    assert "bars of a day" in str(report.error)
    assert store.calendars() == ()


@pytest.mark.parametrize(("clocks", "is_refused"), [
    (("09:30", "10:30", "11:30", "12:30"), True), (("09:30", "09:45", "10:00", "10:15", "10:30", "10:45"), True),
    (("09:30", "10:30", "11:30"), False), (("09:30", "09:45", "10:00", "10:15", "10:31", "10:45"), False),
])  # fmt: skip
def test_a_few_bars_of_another_length_are_told_from_a_few_minutes(
    tmp_path: Path, clocks: tuple[str, ...], is_refused: bool
) -> None:
    report = run(new_york(tmp_path, "".join(row(f"2024-03-08 {clock}:00") for clock in clocks)), **NEW_YORK)

    assert ("bars every" in str(report.error)) is is_refused


def test_one_minute_a_day_may_be_asked_for(tmp_path: Path) -> None:
    report = run(new_york(tmp_path, "".join(row(f"{day} 16:00:00") for day in DAYS)), **NEW_YORK)

    assert report.totals.kept == 3


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("apart", [2, 5, 60])
def test_a_day_of_longer_bars_among_others_is_refused(tmp_path: Path, apart: int, *, is_first: bool) -> None:
    hours = 7 if apart == 60 else 6
    longer = "".join(minutes(f"{9 + at // 60:02}:{at % 60:02}", 1, DAYS[0]) for at in range(0, 60 * hours, apart))
    days = [longer, minutes("09:30", 390, DAYS[1])]
    report = run(new_york(tmp_path, "".join(days if is_first else reversed(days))), **NEW_YORK)

    assert f"on 1 of 2 days, {DAYS[0]} the first, bars are every" in str(report.error)


def test_a_thin_day_among_others_is_none_of_longer_bars(tmp_path: Path) -> None:
    thin = "".join(minutes(f"{hour:02}:{minute:02}", 1, DAYS[0]) for hour in range(10, 15) for minute in (0, 7, 30))
    assert run(new_york(tmp_path, thin + minutes("09:30", 390, DAYS[1])), **NEW_YORK).error is None


def week(tmp_path: Path, zone: str, weeks: int = 1, pause: int = 0) -> Path:
    """Write weeks of Sunday 17:00 to Friday 17:00 in New York, on the clocks of a zone; a pause is before 17:00."""
    first = pd.date_range("2024-01-14 17:00", periods=120 * 60, freq="min", tz="America/New_York")
    stamps = [at + pd.Timedelta(days=7 * week) for week in range(weeks) for at in first]
    kept = [at.tz_convert(zone) for at in stamps if not 17 * 60 - pause <= at.hour * 60 + at.minute < 17 * 60]
    return new_york(tmp_path, "".join(row(f"{at:%Y-%m-%d %H:%M:%S}") for at in kept), "EURUSD.csv")


@pytest.mark.parametrize(
    ("zone", "said", "hours"),
    [
        ("Europe/Athens", "UTC", "2 h later"),
        ("America/New_York", "UTC", "5 h earlier"),
        ("Asia/Tokyo", "America/New_York", "14 h later"),
        ("UTC", "UTC", ""),
        ("Asia/Tokyo", "Asia/Tokyo", ""),
    ],
)
def test_a_week_of_currencies_in_another_zone_is_said(tmp_path: Path, zone: str, said: str, hours: str) -> None:
    warnings = one(run(week(tmp_path, zone), calendar="FX", tz=said)).warnings

    told = f"weeks and days begin and end {hours} than those of FX: the zone is the likely cause (--tz)"
    assert warnings == ([told] if hours else [])


def test_a_daily_pause_that_is_an_hour_later_is_said(tmp_path: Path) -> None:
    path = week(tmp_path, "America/New_York", pause=60)

    # Read as Chicago's each day begins an hour after that of currencies, and lasts to its end.
    assert one(run(path, calendar="FX", tz="America/New_York")).warnings == []
    (warning,) = one(run(path, calendar="FX", tz="America/Chicago")).warnings
    assert "1 h later than those of FX" in warning
