"""The calendar as people and programs ask it."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from actors.market.calendar import Calendar
from actors.market.opening_hours import OpeningTimes
from messages.errors import SettingsError
from messages.values import MINUTE_NS, SegmentKind
from tests.builders import instant

NEW_YORK = "America/New_York"
XNYS = OpeningTimes(Calendar("XNYS"))
XHKG = OpeningTimes(Calendar("XHKG"))
FX = OpeningTimes(Calendar("FX"))


def at(day: str, clock: str, zone: str = NEW_YORK) -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZoneInfo(zone))


def test_the_hours_of_a_day_are_in_exchange_time_and_say_what_is_unusual():
    found = XNYS.hours("2024-07-03")

    assert (found.date, found.minutes, found.is_early_close, found.is_late_open) == ("2024-07-03", 210, True, False)
    assert (found.open, found.close) == (at("2024-07-03", "09:30"), at("2024-07-03", "13:00"))
    assert str(found.open) == "2024-07-03 09:30:00-04:00"
    assert [(part.kind, f"{part.start:%H:%M}-{part.end:%H:%M}") for part in found.segments] == [
        ("pre_market", "04:00-09:30"),
        ("regular", "09:30-13:00"),
        ("post_market", "13:00-17:00"),
    ]
    assert XNYS.hours("2024-07-04") is None


def test_a_break_is_no_minute_of_the_hours():
    assert XHKG.hours("2024-07-03").minutes == 330


@pytest.mark.parametrize(
    "day", ["2024-07-03", date(2024, 7, 3), pd.Timestamp("2024-07-03"), np.datetime64("2024-07-03")]
)
def test_a_date_may_be_written_in_any_way(day):
    assert XNYS.is_session(day)
    assert XNYS.session(day).date == XNYS.hours(day).date == "2024-07-03"


def test_early_closes_and_late_opens_of_a_range():
    assert XNYS.early_closes("2024-01-01", "2024-12-31") == ("2024-07-03", "2024-11-29", "2024-12-24")
    assert XNYS.late_opens("2024-01-01", "2024-12-31") == ()
    assert OpeningTimes(Calendar("CMES")).early_closes("2023-04-03", "2023-04-14") == ("2023-04-07",)
    assert XHKG.late_opens("2023-10-01", "2023-10-31") == ("2023-10-09",)
    assert XNYS.early_closes("2024-07-06", "2024-07-07") == ()


def test_sessions_of_a_range_include_both_ends():
    assert [one.date for one in XNYS.sessions("2024-07-03", "2024-07-08")] == ["2024-07-03", "2024-07-05", "2024-07-08"]
    assert [one.date for one in XNYS.hours_between("2024-07-03", "2024-07-08")] == [
        "2024-07-03",
        "2024-07-05",
        "2024-07-08",
    ]


@pytest.mark.parametrize(
    ("given", "previous", "following"),
    [
        ("2024-07-03", "2024-07-02", "2024-07-05"),
        ("2024-07-04", "2024-07-03", "2024-07-05"),
        (at("2024-07-03", "09:29"), "2024-07-02", "2024-07-03"),
        (at("2024-07-03", "09:30"), "2024-07-02", "2024-07-05"),
        (at("2024-07-03", "12:59"), "2024-07-02", "2024-07-05"),
        (at("2024-07-03", "13:00"), "2024-07-03", "2024-07-05"),
        (datetime(2024, 7, 4, 3, tzinfo=UTC), "2024-07-03", "2024-07-05"),
        (instant("2024-07-06", "12:00", NEW_YORK), "2024-07-05", "2024-07-08"),
    ],
)
def test_next_and_previous_are_of_a_date_or_of_a_moment(given, previous, following):
    assert (XNYS.previous_session(given).date, XNYS.next_session(given).date) == (previous, following)


def test_the_next_session_of_currencies_begins_on_sunday_evening():
    friday_evening = at("2024-07-05", "17:30")

    assert FX.next_session(friday_evening).date == "2024-07-08"
    assert FX.next_session(at("2024-07-07", "17:30")).date == "2024-07-09"
    assert FX.previous_session(friday_evening).date == "2024-07-05"


def test_it_is_open_exactly_in_the_minutes_of_its_sessions():
    monday = instant("2024-12-23", "00:00")
    segments = [part for one in XHKG.sessions("2024-12-20", "2025-01-02") for part in one.segments]

    for minute in range(0, 7 * 1440, 7):
        now_ns = monday + minute * MINUTE_NS
        inside = any(part.start_ns <= now_ns < part.end_ns for part in segments)
        assert XHKG.is_open(now_ns) is inside


def test_extended_hours_count_when_they_are_asked_for():
    before = at("2024-07-03", "09:00")

    assert (XNYS.is_open(before), XNYS.is_open(before, extended=True)) == (False, True)
    assert XNYS.session_at(before, extended=True).date == "2024-07-03"
    assert XNYS.session_at(before) is None
    assert XNYS.session_at(at("2024-07-03", "10:00")).regular[0].kind is SegmentKind.REGULAR


def test_special_sessions_of_ones_own_count():
    from actors.market.hours.own import OwnHours

    own = OwnHours(special_sessions={"XNYS": {"2024-07-06": "10:00-12:00", "2024-07-05": "11:00-15:00"}})
    times = OpeningTimes(Calendar("XNYS", own=own))

    assert times.next_session("2024-07-05").date == "2024-07-06"
    assert (times.hours("2024-07-05").is_late_open, times.hours("2024-07-05").is_early_close) == (True, True)
    assert times.is_open(at("2024-07-06", "11:00"))


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: XNYS.hours("2024-02-30"), "'2024-02-30' is no date"),
        (lambda: XNYS.sessions("2024-07-05", "2024-07-01"), "the range ends on 2024-07-01, before it starts"),
        (lambda: XNYS.is_open("10:30"), "'10:30' is no instant"),
        (lambda: XNYS.is_open(None), "no moment"),
        (lambda: XNYS.is_open(datetime(2024, 7, 3, 10, 30)), "has no time zone"),
        (lambda: XNYS.next_session("10:30"), "'10:30' is no date"),
        (lambda: XNYS.next_session("2300-01-01"), "XNYS knows no session after 2300-01-01"),
        (lambda: XNYS.previous_session("1900-01-01"), "XNYS knows no session before 1900-01-01"),
        (lambda: XNYS.early_closes("2024-01-01", 5), "is no date"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(ask, said):
    with pytest.raises(SettingsError, match=said):
        ask()


def test_two_weeks_of_hours_are_those_of_the_sessions():
    first = date(2024, 12, 20)
    for step in range(14):
        day = first + timedelta(days=step)
        found, session = XNYS.hours(day), Calendar("XNYS").session(day.isoformat())
        assert (found is None) == (session is None)
        if found is not None:
            assert found.open.timestamp() * 1e9 == session.open_ns
            assert found.close.timestamp() * 1e9 == session.close_ns


def test_it_says_of_itself_whose_hours_they_are():
    assert repr(XNYS) == "<OpeningTimes XNYS, America/New_York>"
