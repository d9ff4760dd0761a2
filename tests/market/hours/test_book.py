"""Whose word goes: the user's before the house's, and that before exchange_calendars'."""

from functools import cache
from itertools import pairwise

import pytest

from actors.market.calendar import Calendar, ExtendedHours, known_calendars
from actors.market.hours.book import goes_before
from actors.market.hours.own import Era, OwnCalendar, OwnHours, SpecialHours
from actors.market.hours.shipped_calendars import ALIASES, CALENDARS
from actors.market.hours.shipped_days import SPECIAL_SESSIONS
from messages.errors import SettingsError
from messages.values import moment

SLOW_TO_BUILD = ("XBOM", "XKRX", "XMOS")


@cache
def shipped(name: str) -> Calendar:
    return Calendar(name)


def hours(calendar: Calendar, date: str, *, extended: bool = False) -> list[str]:
    """Each segment with its weekday, in exchange time; nothing on a day without a session."""
    found = calendar.extended_session(date) if extended else calendar.session(date)
    spans = found.segments if found else ()
    return [f"{moment(s.start_ns, calendar.tz):%a %H:%M}-{moment(s.end_ns, calendar.tz):%a %H:%M}" for s in spans]


def named(cases: list) -> list:
    """The cases, each a name or beginning with one; those of calendars that take seconds to build are slow."""
    first = [case if isinstance(case, str) else case[0] for case in cases]
    return [
        pytest.param(*([case] if isinstance(case, str) else case), marks=[pytest.mark.slow] * (name in SLOW_TO_BUILD))
        for name, case in zip(first, cases, strict=True)
    ]


def ours(name: str, days: dict, **calendars: OwnCalendar) -> Calendar:
    return Calendar(name, own=OwnHours(special_sessions={name: days}, calendars=calendars))


def test_a_special_session_goes_before_the_exchanges_own_hours():
    seoul = ours(
        "XLON", {"2024-11-14": "10:00-16:30", "2024-11-15": "closed", "2024-11-16": ("09:00-10:00", "11:00-12:00")}
    )

    assert hours(seoul, "2024-11-13") == ["Wed 08:00-Wed 16:30"]
    assert hours(seoul, "2024-11-14") == ["Thu 10:00-Thu 16:30"]
    assert hours(seoul, "2024-11-15") == []
    assert hours(seoul, "2024-11-16") == ["Sat 09:00-Sat 10:00", "Sat 11:00-Sat 12:00"]
    assert hours(seoul, "2024-11-18") == ["Mon 08:00-Mon 16:30"]


def test_a_special_session_may_be_spelled_out():
    days = {
        "2024-11-14": SpecialHours(open="10:00", close="16:30", breaks=("12:00-13:00", "14:00-14:15")),
        "2024-11-15": SpecialHours(closed=True),
    }

    assert hours(ours("XLON", days), "2024-11-14") == [
        "Thu 10:00-Thu 12:00",
        "Thu 13:00-Thu 14:00",
        "Thu 14:15-Thu 16:30",
    ]
    assert hours(ours("XLON", days), "2024-11-15") == []


def test_special_sessions_are_found_under_any_name_of_their_calendar():
    assert hours(
        Calendar("XLON", own=OwnHours(special_sessions={"lse": {"2024-07-06": "09:15-12:00"}})), "2024-07-06"
    ) == ["Sat 09:15-Sat 12:00"]


def test_a_users_word_goes_before_that_of_the_house():
    assert hours(shipped("CMES"), "2023-04-07") == ["Thu 17:00-Fri 08:15"]
    assert hours(ours("CMES", {"2023-04-07": "17:00-10:15"}), "2023-04-07") == ["Thu 17:00-Fri 10:15"]


@pytest.mark.parametrize("name", named(list(SPECIAL_SESSIONS)))
def test_the_special_sessions_that_the_house_brings_are_in_its_calendars(name):
    days = SPECIAL_SESSIONS[name]
    open_days = sorted(day for day, spelled in days.items() if spelled != "closed")

    assert [day for day in sorted(days) if shipped(name).session(day)] == open_days


@pytest.mark.parametrize(
    ("name", "date", "expected"),
    named(
        [
            ("XBOM", "2023-11-12", ["Sun 18:15-Sun 19:15"]),
            ("XBOM", "2024-03-02", ["Sat 09:15-Sat 10:00", "Sat 11:30-Sat 12:30"]),
            ("XBOM", "2026-02-01", ["Sun 09:15-Sun 15:30"]),
            ("XKRX", "2026-06-03", []),
            ("CMES", "2023-04-07", ["Thu 17:00-Fri 08:15"]),
            ("CMES", "2025-01-09", ["Wed 17:00-Thu 08:30"]),
            ("XHKG", "2023-09-08", []),
            ("XHKG", "2023-10-09", ["Mon 14:00-Mon 16:00"]),
        ]
    ),
)
def test_days_that_the_package_lacks_are_as_the_exchange_announced_them(name, date, expected):
    assert hours(shipped(name), date) == expected


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2024-01-08", ["Sun 17:00-Mon 17:00"]),
        ("2024-01-12", ["Thu 17:00-Fri 17:00"]),
        ("2024-01-13", []),
        ("2024-03-11", ["Sun 17:00-Mon 17:00"]),
        ("2011-12-26", ["Sun 17:00-Mon 17:00"]),
        ("2012-01-02", ["Sun 17:00-Mon 17:00"]),
        ("2023-12-25", []),
        ("2025-01-01", []),
    ],
)
def test_currencies_trade_from_sunday_to_friday_and_their_days_are_cut_at_five_in_new_york(date, expected):
    assert hours(shipped("FX"), date) == expected


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2024-07-01", ["Sun 20:00-Mon 04:00"]),
        ("2024-07-03", ["Tue 20:00-Wed 04:00"]),
        ("2024-07-04", []),
        ("2024-07-05", ["Thu 20:00-Fri 04:00"]),
        ("2024-11-28", []),
    ],
)
def test_a_night_of_us_stocks_comes_before_each_of_new_yorks_days(date, expected):
    assert hours(shipped("BOATS"), date) == expected


DAY = ["09:00-{0} 10:15", "10:30-{0} 11:30", "13:30-{0} 15:00"]


def of_day(weekday: str) -> list[str]:
    return [f"{weekday} {span.format(weekday)}" for span in DAY]


@pytest.mark.parametrize(
    ("name", "date", "expected"),
    [
        ("DCE", "2024-07-02", ["Mon 21:00-Mon 23:00", *of_day("Tue")]),
        ("DCE", "2024-07-01", ["Fri 21:00-Fri 23:00", *of_day("Mon")]),
        ("SHFE_0100", "2024-07-01", ["Fri 21:00-Sat 01:00", *of_day("Mon")]),
        ("INE_0230", "2024-07-02", ["Mon 21:00-Tue 02:30", *of_day("Tue")]),
        ("CN_FUTURES_DAY", "2024-07-02", of_day("Tue")),
        ("CZCE", "2024-10-08", of_day("Tue")),
        ("CZCE", "2019-01-02", of_day("Wed")),
        ("CZCE", "2019-01-03", ["Wed 21:00-Wed 23:00", *of_day("Thu")]),
        ("DCE", "2020-03-03", of_day("Tue")),
        ("DCE", "2020-05-07", ["Wed 21:00-Wed 23:00", *of_day("Thu")]),
        ("SHFE_0100", "2013-12-20", of_day("Fri")),
        ("SHFE_0100", "2013-12-23", ["Fri 21:00-Sat 01:00", *of_day("Mon")]),
    ],
)
def test_a_chinese_night_belongs_to_the_next_trading_day_and_falls_out_before_a_holiday(name, date, expected):
    assert hours(shipped(name), date) == expected


@pytest.mark.slow
def test_moscow_has_its_morning_and_its_evening():
    assert hours(shipped("MOEX"), "2025-02-03", extended=True) == [
        "Mon 06:50-Mon 10:00",
        "Mon 10:00-Mon 18:45",
        "Mon 18:45-Mon 18:50",
        "Mon 19:00-Mon 23:50",
    ]
    assert hours(shipped("MOEX"), "2025-01-24", extended=True) == ["Fri 10:00-Fri 18:45"]
    assert hours(shipped("XMOS_ALL"), "2025-02-03") == ["Mon 06:50-Mon 18:50", "Mon 19:00-Mon 23:50"]


def test_sydneys_auctions_are_extended_hours_and_the_minutes_before_the_closing_one_are_none():
    assert hours(shipped("XASX"), "2024-12-23", extended=True) == [
        "Mon 09:59-Mon 10:00",
        "Mon 10:00-Mon 16:00",
        "Mon 16:10-Mon 16:12",
    ]
    assert hours(shipped("XASX"), "2024-12-24", extended=True) == ["Tue 09:59-Tue 10:00", "Tue 10:00-Tue 14:10"]


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("NSE", "XBOM"),
        ("xnse", "XBOM"),
        ("KRX", "XKRX"),
        ("XSHE", "XSHG"),
        ("MOEX", "XMOS"),
        ("FOREX", "FX"),
        ("fx", "FX"),
        ("DCE", "CN_FUTURES_2300"),
        ("crypto", "24/7"),
        ("Xetra", "XETR"),
        ("GFEX", "CN_FUTURES_DAY"),
    ],
)
def test_names_that_people_use_lead_to_a_calendar(asked, name):
    assert Calendar(asked).name == name


def test_every_alias_leads_to_a_calendar_and_every_name_is_known():
    assert {*ALIASES, *ALIASES.values(), *CALENDARS} <= set(known_calendars())


def test_an_exchange_whose_products_differ_asks_which():
    with pytest.raises(SettingsError, match=r"'shfe' is no single calendar: .*SHFE_2300: rb.*SHFE_0230: au ag"):
        Calendar("shfe")
    with pytest.raises(SettingsError, match="'TSE' is no single calendar: Tokyo's is XTKS, Toronto's XTSE"):
        Calendar("TSE")


def test_a_calendar_of_ones_own_has_its_days_hours_and_holidays():
    mine = OwnCalendar(
        tz="Asia/Kolkata",
        days="Mon-Fri, Sun",
        segments=("09:00-12:00",),
        holidays=("2024-07-03", "07-05"),
        eras=(Era(since="2024-07-08", segments=("22:00-01:00", "10:00-11:00")),),
    )
    calendar = ours("mine", {"2024-07-06": "10:00-10:30"}, MINE=mine)

    assert calendar.name == "MINE"
    assert [hours(calendar, f"2024-07-0{day}") for day in range(1, 9)] == [
        ["Mon 09:00-Mon 12:00"],
        ["Tue 09:00-Tue 12:00"],
        [],
        ["Thu 09:00-Thu 12:00"],
        [],
        ["Sat 10:00-Sat 10:30"],
        ["Sun 09:00-Sun 12:00"],
        ["Sun 22:00-Mon 01:00", "Mon 10:00-Mon 11:00"],
    ]
    assert "MINE" in known_calendars(OwnHours(calendars={"MINE": mine}))


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ({"2024-13-01": "10:00-16:30"}, "special session of XLON on 2024-13-01: '2024-13-01' is no date"),
        ({"2024-11-14": "10-16"}, "special session of XLON on 2024-11-14: '10-16' is no range"),
        ({"2024-11-14": SpecialHours(open="10:00")}, "open and close are missing"),
        ({"2024-11-14": SpecialHours(closed=True, open="10:00")}, "a day that is closed has no open"),
        (
            {"2024-11-14": SpecialHours(open="10:00", close="16:00", breaks=("09:00-11:00",))},
            "the breaks do not lie in order between 10:00 and 16:00",
        ),
    ],
)
def test_a_special_session_that_makes_no_sense_is_refused_with_its_calendar_and_date(days, said):
    with pytest.raises(SettingsError, match=said):
        ours("XLON", days)


def test_hours_that_overlap_those_of_the_next_session_are_refused_with_both_dates():
    with pytest.raises(SettingsError, match="calendar XLON: the hours of 2024-11-14 and 2024-11-15 overlap"):
        ours("XLON", {"2024-11-14": "2024-11-14 10:00 - 2024-11-15 09:00"}).session("2024-11-14")


def test_special_sessions_of_a_calendar_that_nobody_knows_are_refused():
    with pytest.raises(SettingsError, match=r"unknown calendar 'XLOM'; nearest: .*XLON"):
        Calendar("XLON", own=OwnHours(special_sessions={"XLOM": {"2024-11-14": "closed"}})).session("2024-11-14")


def test_a_calendar_whose_zone_or_days_are_none_is_refused():
    def of(**changes: str) -> Calendar:
        return ours("X1", {}, X1=OwnCalendar(**{"tz": "UTC", "segments": ("09:00-10:00",), **changes}))

    with pytest.raises(SettingsError, match="calendar X1: 'Mars' is no zone"):
        of(tz="Mars").session("2024-11-14")
    with pytest.raises(SettingsError, match="the days of calendar X1 are those of itself"):
        of(days="X1").session("2024-11-14")
    with pytest.raises(SettingsError, match="unknown calendar 'Someday'"):
        of(days="Someday").session("2024-11-14")


@pytest.mark.slow
def test_every_calendar_can_be_built_and_no_session_meets_another():
    names = sorted({Calendar(name).name for name in known_calendars()})

    for name in names:
        found = shipped(name).sessions("2005-01-01", "2025-12-31")
        assert len(found) > 1000
        assert all(one.end_ns <= other.start_ns for one, other in pairwise(found))


def test_a_session_may_begin_days_before_its_date():
    weekend = ("2024-07-06 09:50 - 2024-07-06 19:00", "2024-07-07 09:50 - 2024-07-07 19:00", "06:50-18:50, 19:00-23:50")
    calendar = ours("MINE", {"2024-07-08": weekend}, MINE=OwnCalendar(tz="Europe/Moscow", segments=("10:00-18:45",)))

    assert hours(calendar, "2024-07-08") == [
        "Sat 09:50-Sat 19:00",
        "Sun 09:50-Sun 19:00",
        "Mon 06:50-Mon 18:50",
        "Mon 19:00-Mon 23:50",
    ]
    assert hours(calendar, "2024-07-05") == ["Fri 10:00-Fri 18:45"]


def test_extended_hours_may_begin_with_a_session():
    since = ExtendedHours(start="08:00", end="18:00", since="2024-07-02")
    calendar = Calendar("XNYS", extended=True, extended_hours=since)

    assert hours(calendar, "2024-07-01") == ["Mon 09:30-Mon 16:00"]
    assert hours(calendar, "2024-07-02") == ["Tue 08:00-Tue 09:30", "Tue 09:30-Tue 16:00", "Tue 16:00-Tue 18:00"]


def test_eras_out_of_order_and_tables_that_are_none_are_refused():
    eras = (Era(since="2024-02-01", segments=("09:00-10:00",)), Era(since="2024-01-01", segments=("09:00-10:00",)))

    with pytest.raises(SettingsError, match="each since a later date"):
        OwnCalendar(tz="UTC", segments=("09:00-11:00",), eras=eras)
    with pytest.raises(SettingsError, match="expected a table, got"):
        OwnHours.read("XNYS", {})


# --- one calendar under several names


def test_a_day_of_ones_own_leaves_the_days_that_the_house_knows() -> None:
    mine = ours("CMES", {"2025-06-05": "closed"})

    assert hours(mine, "2025-06-05") == []
    assert [hours(mine, day) for day in SPECIAL_SESSIONS["CMES"]] == [
        hours(shipped("CMES"), day) for day in SPECIAL_SESSIONS["CMES"]
    ]


def test_two_names_of_a_calendar_may_not_say_different_hours_of_a_day() -> None:
    own = OwnHours(special_sessions={"NYSE": {"2024-07-02": "closed"}, "XNYS": {"2024-07-02": "10:00-11:00"}})

    with pytest.raises(SettingsError, match="XNYS on 2024-07-02: another table of XNYS"):
        Calendar("XNYS", own=own).session("2024-07-05")


def test_two_names_of_a_calendar_may_say_different_days_or_the_same() -> None:
    days = {"NYSE": {"2024-07-02": "closed"}, "xnys": {"2024-07-02": "shut", "2024-07-05": "10:00-11:00"}}
    mine = Calendar("XNYS", own=OwnHours(special_sessions=days))

    assert (hours(mine, "2024-07-02"), hours(mine, "2024-07-05")) == ([], ["Fri 10:00-Fri 11:00"])


@pytest.mark.parametrize(("first", "second"), [("NYSE", "XNYS"), ("XNYS", "NYSE"), ("XNYS", "XNYS"), ("xnys", "Nyse")])
def test_who_goes_before_does_so_under_any_name(first: str, second: str) -> None:
    settings = OwnHours(special_sessions={first: {"2024-07-02": "10:00-11:00"}})
    store = OwnHours(special_sessions={second: {"2024-07-02": "closed", "2024-07-05": "closed"}})
    found = Calendar("XNYS", own=goes_before(settings, store))

    assert (hours(found, "2024-07-02"), hours(found, "2024-07-05")) == (["Tue 10:00-Tue 11:00"], [])


def test_days_of_a_calendar_that_only_the_store_has_go_before_those_of_the_store() -> None:
    rules = OwnCalendar(tz="UTC", segments=("09:00-10:00",))
    days = {"2024-07-02": "closed", "2024-07-03": "09:00-09:30"}
    store = OwnHours(calendars={"MINE": rules}, special_sessions={"MINE": days})
    settings = OwnHours(special_sessions={"MINE": {"2024-07-02": "09:15-09:45"}})
    mine = Calendar("MINE", own=goes_before(settings, store))

    assert hours(mine, "2024-07-02") == ["Tue 09:15-Tue 09:45"]
    assert hours(mine, "2024-07-03") == ["Wed 09:00-Wed 09:30"]
