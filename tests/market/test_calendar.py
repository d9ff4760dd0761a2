"""Sessions against the exchanges' own history, and against the rules for what the exchanges do not say."""

import csv
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

import exchange_calendars
import pytest
from exchange_calendars.always_open import AlwaysOpenCalendar

from actors.market.calendar import Calendar, ExtendedHours, known_calendars
from actors.market.hours.shipped_days import SPECIAL_SESSIONS
from messages.errors import SettingsError
from messages.values import DAY_NS, MINUTE_NS, SECOND_NS, SegmentKind, TradingSession, moment
from tests.builders import instant
from tests.depth import also_slow
from tests.real_data import DATA, needs_data

HONG_KONG_HOURS = ExtendedHours(start="09:00", end="16:10", end_after_early_close="12:10")
NEW_YORK, CHICAGO = "America/New_York", "America/Chicago"


class EveryDay(AlwaysOpenCalendar):
    """New York's clock, from midnight to midnight of every day."""

    name = "EVERYDAY"
    tz = ZoneInfo(NEW_YORK)


class Unbuildable(EveryDay):
    """A calendar that the installed pandas cannot compute, as some of the real ones."""

    @property
    def regular_holidays(self):
        raise NotImplementedError("implemented by subclasses")


@cache
def calendar(name: str, *closed: str, extended: bool = False, hours: ExtendedHours | None = None) -> Calendar:
    return Calendar(name, extended=extended, extended_hours=hours, closed=closed)


def session(which: Calendar, date: str) -> TradingSession:
    found = which.session(date)
    assert found is not None
    return found


def shown(found: TradingSession) -> list[str]:
    """Each segment as people say it, in exchange time: ``regular 2 09:30-16:00`` with the day of the month."""
    return [
        f"{s.kind.name.lower()} {moment(s.start_ns, found.tz):%d %H:%M}-{moment(s.end_ns, found.tz):%d %H:%M}"
        for s in found.segments
    ]


def history(name: str) -> dict[str, list[tuple[int, int]]]:
    with (DATA / "calendars" / f"{name}.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {row[""][:10]: spans(*(row[c] for c in ("open", "break_start", "break_end", "close"))) for row in rows}


def spans(*edges: str) -> list[tuple[int, int]]:
    known = [int(datetime.fromisoformat(edge).timestamp()) * SECOND_NS for edge in edges if edge]
    return list(zip(known[::2], known[1::2], strict=True))


@needs_data
@pytest.mark.parametrize("name", also_slow(["xhkg"], ["xnys", "xlon", "xtks"]))
def test_every_session_of_the_exchanges_history_has_its_minutes(name):
    special = SPECIAL_SESSIONS.get(name.upper(), {})
    expected = {date: hours for date, hours in history(name).items() if date not in special}

    found = [s for s in calendar(name).sessions(min(expected), max(expected)) if s.date not in special]

    assert {s.date: [(part.start_ns, part.end_ns) for part in s.segments] for s in found} == expected
    assert all(part.kind is SegmentKind.REGULAR for s in found for part in s.segments)


def test_a_half_day_closes_early_and_a_holiday_is_no_session():
    assert shown(session(calendar("XNYS"), "2024-11-29")) == ["regular 29 09:30-29 13:00"]
    assert calendar("XNYS").session("2024-11-28") is None
    assert calendar("XNYS").session("2024-11-30") is None


def test_a_session_says_whose_it_is():
    found = session(calendar("NYSE"), "2024-07-02")

    assert (found.calendar, found.date, found.tz) == ("XNYS", "2024-07-02", NEW_YORK)
    assert calendar("NYSE").tz == NEW_YORK


def test_a_session_is_the_same_object_each_time():
    assert calendar("XNYS").session("2024-07-02") is calendar("XNYS").sessions("2024-07-01", "2024-07-03")[1]


@pytest.mark.parametrize(
    ("friday", "monday"), [("2024-03-08", "2024-03-11"), ("2024-11-01", "2024-11-04")], ids=["spring", "autumn"]
)
def test_clocks_change_over_the_weekend_and_the_open_stays_at_half_past_nine(friday, monday):
    before, after = session(calendar("XNYS", extended=True), friday), session(calendar("XNYS", extended=True), monday)

    assert [s.open_ns for s in (before, after)] == [instant(day, "09:30", NEW_YORK) for day in (friday, monday)]
    assert [s.start_ns for s in (before, after)] == [instant(day, "04:00", NEW_YORK) for day in (friday, monday)]
    assert abs(after.open_ns - before.open_ns - 3 * DAY_NS) == 60 * MINUTE_NS


def test_a_lunch_break_makes_two_regular_segments_and_a_half_day_only_one():
    assert shown(session(calendar("XHKG"), "2024-12-23")) == ["regular 23 09:30-23 12:00", "regular 23 13:00-23 16:00"]
    assert shown(session(calendar("XHKG"), "2024-12-24")) == ["regular 24 09:30-24 12:00"]
    assert session(calendar("XHKG"), "2024-12-23").expected_minutes == 330


def test_round_the_clock_a_session_is_the_utc_day_and_the_next_begins_where_it_ends():
    first, second = calendar("24/7").sessions("2024-02-29", "2024-03-01")

    assert shown(first) == ["regular 29 00:00-01 00:00"]
    assert (first.expected_minutes, first.tz) == (1440, "UTC")
    assert second.start_ns == first.end_ns


def test_a_futures_session_begins_on_the_evening_before_its_date():
    assert shown(session(calendar("CMES"), "2024-07-02")) == ["regular 01 17:00-02 17:00"]


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2024-07-02", ["regular 01 17:00-02 16:00"]),
        ("2024-11-29", ["regular 28 17:00-29 12:00"]),
        ("2024-03-11", ["regular 10 17:00-11 16:00"]),
    ],
    ids=["plain", "early close", "after the clocks changed"],
)
def test_the_maintenance_hour_is_cut_out_of_the_futures_session(date, expected):
    assert shown(session(calendar("CMES", "16:00-17:00"), date)) == expected


def test_closed_minutes_may_wrap_midnight_and_overlap():
    found = session(calendar("24/7", "23:00-01:00", "00:30-02:00", "12:00-12:30"), "2024-07-02")

    assert shown(found) == ["regular 02 02:00-02 12:00", "regular 02 12:30-02 23:00"]


def test_closed_minutes_follow_the_exchanges_clock_when_it_changes():
    # Sunday 2024-03-10: 02:00 to 03:00 does not exist in Chicago; 2024-11-03: 01:00 to 02:00 comes twice.
    cut = calendar("CMES", "02:00-03:00", "16:00-17:00")

    assert shown(session(cut, "2024-03-08"))[0] == "regular 07 17:00-08 02:00"
    assert shown(session(cut, "2024-11-04")) == ["regular 03 17:00-04 02:00", "regular 04 03:00-04 16:00"]
    assert [s.open_ns for s in cut.sessions("2024-11-01", "2024-11-04")] == [
        instant(day, "17:00", CHICAGO) for day in ("2024-10-31", "2024-11-03")
    ]


def test_closed_minutes_that_the_clock_skips_cut_nothing():
    # New York's clocks go from 02:00 to 03:00 on Sunday 2024-03-10, within a synthetic session of every day.
    hours = [
        ("2024-03-09", ["regular 09 00:00-09 02:00", "regular 09 03:00-10 00:00"]),
        ("2024-03-10", ["regular 10 00:00-11 00:00"]),
    ]
    exchange_calendars.register_calendar_type("EVERYDAY", EveryDay)

    try:
        assert [(day, shown(session(Calendar("EVERYDAY", closed=("02:00-03:00",)), day))) for day, _ in hours] == hours
    finally:
        exchange_calendars.deregister_calendar("EVERYDAY")


def test_a_session_that_is_closed_all_day_is_none():
    assert calendar("XNYS", "09:00-16:30", extended=True).session("2024-07-02") is None
    assert calendar("XNYS", "00:00-24:00").sessions("2024-01-01", "2024-12-31") == ()
    assert calendar("XNYS", "12:00-16:00").session("2024-07-02") is not None


@pytest.mark.parametrize("name", ["XNYS", "NASDAQ"])
def test_us_equities_know_their_extended_hours(name):
    normal, early = (shown(session(Calendar(name, extended=True), day)) for day in ("2024-07-02", "2024-07-03"))

    assert normal == ["pre_market 02 04:00-02 09:30", "regular 02 09:30-02 16:00", "post_market 02 16:00-02 20:00"]
    assert early == ["pre_market 03 04:00-03 09:30", "regular 03 09:30-03 13:00", "post_market 03 13:00-03 17:00"]


def test_extended_hours_of_settings_serve_calendars_that_have_none():
    hong_kong = calendar("XHKG", extended=True, hours=HONG_KONG_HOURS)

    assert shown(session(hong_kong, "2024-12-23")) == [
        "pre_market 23 09:00-23 09:30",
        "regular 23 09:30-23 12:00",
        "regular 23 13:00-23 16:00",
        "post_market 23 16:00-23 16:10",
    ]
    assert shown(session(hong_kong, "2024-12-24"))[-1] == "post_market 24 12:00-24 12:10"


def test_an_early_close_is_measured_against_the_close_of_that_time():
    # Tokyo closed at 15:00 until 2024-11-04 and at 15:30 since; neither is an early close.
    tokyo = calendar(
        "XTKS", extended=True, hours=ExtendedHours(start="08:00", end="17:00", end_after_early_close="16:00")
    )

    assert shown(session(tokyo, "2024-11-01"))[-1] == "post_market 01 15:00-01 17:00"
    assert shown(session(tokyo, "2024-11-05"))[-1] == "post_market 05 15:30-05 17:00"


def test_without_a_time_of_their_own_early_closes_keep_the_usual_end():
    found = session(calendar("XNYS", extended=True, hours=ExtendedHours(start="08:00", end="18:00")), "2024-07-03")

    assert shown(found)[-1] == "post_market 03 13:00-03 18:00"


def test_extended_hours_may_pass_midnight_and_end_where_the_next_session_begins():
    # Monday's night session runs to 04:00, where Tuesday's pre-market takes over.
    found = calendar("XNYS", extended=True, hours=ExtendedHours(start="23:00", end="03:00")).sessions(
        "2024-07-01", "2024-07-02"
    )

    assert shown(found[0])[-1] == "post_market 01 16:00-02 03:00"
    assert shown(found[1])[0] == "pre_market 02 03:00-02 09:30"


def test_extended_hours_that_lie_inside_the_session_add_nothing():
    found = session(calendar("XNYS", extended=True, hours=ExtendedHours(start="10:00", end="15:00")), "2024-07-02")

    assert shown(found) == ["regular 02 09:30-02 16:00"]


@pytest.mark.parametrize("extended", [True, False])
def test_the_extended_hours_of_a_date_can_be_had_whether_they_are_asked_for_or_not(extended):
    which = calendar("XNYS", extended=extended)

    assert shown(which.extended_session("2024-07-03")) == [
        "pre_market 03 04:00-03 09:30",
        "regular 03 09:30-03 13:00",
        "post_market 03 13:00-03 17:00",
    ]
    assert which.extended_session("2024-07-04") is None


def test_where_nobody_knows_extended_hours_the_session_is_the_regular_one():
    assert calendar("XHKG").extended_session("2024-12-23") == session(calendar("XHKG"), "2024-12-23")


def test_round_the_clock_there_is_no_room_for_extended_hours():
    found = session(calendar("24/7", extended=True, hours=ExtendedHours(start="20:00", end="04:00")), "2024-07-02")

    assert shown(found) == ["regular 02 00:00-03 00:00"]


def test_extended_hours_that_nobody_knows_are_a_settings_error():
    with pytest.raises(SettingsError, match=r"XLON has no extended hours of its own; set extended_hours"):
        Calendar("LSE", extended=True)


@pytest.mark.parametrize(("name", "nearest"), [("XNYZ", "XNYS"), ("nasdak", "NASDAQ"), ("24-7", "24/7")])
def test_an_unknown_calendar_is_answered_with_the_nearest(name, nearest):
    with pytest.raises(SettingsError, match=f"unknown calendar '{name}'; nearest: .*{nearest}"):
        Calendar(name)


def test_a_name_that_is_near_to_nothing_is_answered_with_examples():
    with pytest.raises(SettingsError, match="known are XNYS"):
        Calendar("qqqqqqqq")


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("nyse", "XNYS"),
        (" XNAS ", "XNYS"),
        ("BATS", "XNYS"),
        ("arcx", "XNYS"),
        ("US_FUTURES", "us_futures"),
        ("24/7", "24/7"),
        ("cme", "CMES"),
    ],
)
def test_aliases_and_any_case_lead_to_one_name(asked, name):
    assert Calendar(asked).name == name
    assert name in known_calendars()


@pytest.mark.parametrize("text", ["16:00", "16-17", "16:00-16:00", "16:00-25:00", "24:01-02:00", "16:00-17:60", ""])
def test_a_closed_range_that_is_none_is_a_settings_error(text):
    with pytest.raises(SettingsError, match="write it as"):
        Calendar("CMES", closed=(text,))


def test_an_extended_hour_that_is_none_is_a_settings_error():
    with pytest.raises(SettingsError, match=r"'9\.30' is no clock time"):
        Calendar("XLON", extended_hours=ExtendedHours(start="9.30", end="17:00"))


def test_a_date_that_is_none_is_a_settings_error():
    with pytest.raises(SettingsError, match="'2024-02-30' is no date"):
        calendar("XNYS").session("2024-02-30")


def test_dates_that_the_calendar_does_not_know_are_left_out_and_it_says_so():
    tokyo = Calendar("XTKS")

    assert tokyo.sessions("2000-01-01", "2000-01-05")[0].date == "2000-01-04"
    assert tokyo.clipped is None
    assert tokyo.session("2300-01-03") is None
    assert tokyo.clipped is not None
    assert "XTKS is known from 1997-01-06 to" in tokyo.clipped
    assert tokyo.sessions("1900-01-01", "1997-01-07")[0].date == "1997-01-06"


def test_a_calendar_that_cannot_be_built_is_a_settings_error_with_the_cause():
    exchange_calendars.register_calendar_type("UNBUILDABLE", Unbuildable)

    try:
        with pytest.raises(SettingsError, match="cannot build the calendar UNBUILDABLE: implemented by subclasses"):
            Calendar("UNBUILDABLE").session("2024-07-02")
    finally:
        exchange_calendars.deregister_calendar("UNBUILDABLE")


def test_a_calendar_that_the_application_registered_is_taken_as_it_is():
    ours = type(exchange_calendars.get_calendar("XLON"))(start="2024-01-01", end="2024-12-31")
    exchange_calendars.register_calendar("OURS", ours)

    try:
        assert [s.date for s in Calendar("ours").sessions("2024-12-23", "2025-01-31")] == [
            "2024-12-23",
            "2024-12-24",
            "2024-12-27",
            "2024-12-30",
            "2024-12-31",
        ]
    finally:
        exchange_calendars.deregister_calendar("OURS")


@pytest.mark.parametrize("name", ["XNYS", "XHKG", "us_futures", "24/7"])
def test_the_regular_hours_of_many_sessions_are_those_of_each(name: str):
    sessions = Calendar(name).sessions("2024-06-24", "2024-07-12")

    opens, closes, minutes = Calendar(name).regular_hours([session.date for session in sessions[::2]])

    assert opens.tolist() == [session.open_ns for session in sessions[::2]]
    assert closes.tolist() == [session.close_ns for session in sessions[::2]]
    assert minutes.tolist() == [session.expected_minutes for session in sessions[::2]]


def test_a_calendar_that_nobody_changed_is_looked_up_once_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    (first,) = Calendar("XNYS").sessions("2024-07-02", "2024-07-02")

    def never(*_: object) -> None:
        raise AssertionError("it is known")

    monkeypatch.setattr("actors.market.hours.book.schedule", never)
    again = Calendar("XNYS")

    assert again.sessions("2024-07-02", "2024-07-02") == (first,)
    assert again.tz == first.tz
