"""The session that each bar belongs to, against a slow look through the sessions."""

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from actors.market.calendar import Calendar, ExtendedHours
from messages.values import MINUTE_NS, SegmentKind, TradingSession
from tests.builders import instant
from tests.depth import examples

HONG_KONG_HOURS = ExtendedHours(start="09:00", end="16:10", end_after_early_close="12:10")
NEW_YORK, CHICAGO = "America/New_York", "America/Chicago"


@cache
def calendar(name: str, *closed: str, extended: bool = False, hours: ExtendedHours | None = None) -> Calendar:
    return Calendar(name, extended=extended, extended_hours=hours, closed=closed)


def test_bars_far_outside_the_known_years_belong_nowhere_and_the_calendar_says_so():
    new_york = Calendar("XNYS")

    found = new_york.assign(np.array([np.iinfo(np.int64).min, -1, np.iinfo(np.int64).max]))

    assert (found.dates, found.date_index.tolist()) == ((), [-1, -1, -1])
    assert new_york.clipped is not None


def test_no_bars_are_assigned_to_no_sessions():
    found = calendar("XNYS").assign(np.empty(0, dtype=np.int64))

    assert (found.dates, len(found.date_index), len(found.segment)) == ((), 0, 0)


def test_bars_of_a_new_york_day_are_marked_even_if_extended_hours_were_not_asked_for():
    clocks = ["03:59", "04:00", "09:29", "09:30", "15:59", "16:00", "19:59", "20:00"]
    starts = np.array([instant("2024-07-02", clock, NEW_YORK) for clock in clocks])

    found = calendar("XNYS").assign(starts)

    assert found.dates == ("2024-07-02",)
    assert found.date_index.tolist() == [0] * 8
    assert found.segment.tolist() == [3, 0, 0, 1, 1, 2, 2, 3]


@pytest.mark.parametrize("name", ["XNYS", "XHKG", "us_futures", "24/7"])
@given(
    st.lists(st.integers(0, 20 * 1_440) | st.sampled_from([-150_000_000, 120_000_000]), max_size=12),
    st.lists(st.integers(-2_000, 2_000), min_size=1, max_size=4),
)
def test_bars_that_are_later_are_counted_as_they_are_assigned(name: str, minutes: list[int], later: list[int]):
    starts = instant("2023-12-20", "00:00", NEW_YORK) + np.array(minutes, dtype=np.int64) * MINUTE_NS
    shifts = [shift * MINUTE_NS for shift in later]

    found = calendar(name).counts_when_later(starts, shifts)

    segments = [calendar(name).assign(starts + shift).segment for shift in shifts]
    assert found.tolist() == [np.bincount(kinds, minlength=len(SegmentKind)).tolist() for kinds in segments]


def test_bars_at_the_ends_of_time_may_be_later_as_well():
    ends = np.array([np.iinfo(np.int64).min, np.iinfo(np.int64).max])

    assert calendar("XNYS").counts_when_later(ends, [-MINUTE_NS, MINUTE_NS])[:, SegmentKind.OUTSIDE].tolist() == [2, 2]


@pytest.mark.parametrize("name", ["XNYS", "XHKG", "us_futures", "24/7"])
@pytest.mark.parametrize("step_minutes", [7, 601])
def test_many_in_order_are_assigned_as_they_are_in_any_order(name: str, step_minutes: int):
    starts = instant("2023-12-27", "00:00", NEW_YORK) + np.repeat(np.arange(1_500), 2) * step_minutes * MINUTE_NS
    order = np.random.default_rng(1).permutation(len(starts))

    found, shuffled = calendar(name).assign(starts), calendar(name).assign(starts[order])

    assert found.dates == shuffled.dates
    assert found.date_index[order].tolist() == shuffled.date_index.tolist()
    assert found.segment[order].tolist() == shuffled.segment.tolist()


@pytest.mark.parametrize("first", ["1990-01-02", "1990-01-06", "2024-03-09"])
def test_long_spans_from_the_first_known_session_on_are_assigned_day_by_day(first: str):
    new_york = calendar("XNYS")
    starts = np.arange(instant(first, "12:00", NEW_YORK), instant("2024-07-06", "12:00", NEW_YORK), 86_400 * 10**9)

    found = new_york.assign(starts)

    sessions = [session.date for session in new_york.sessions(first, "2024-07-05")]
    assert list(found.dates) == sessions
    assert sorted({*found.date_index.tolist()} - {-1}) == list(range(len(sessions)))
    assert [found.dates[place] for place in found.date_index.tolist() if place >= 0] == sessions


def test_many_of_one_instant_are_assigned_to_its_session():
    found = calendar("XNYS").assign(np.full(2_000, instant("2024-07-02", "09:30", NEW_YORK)))

    assert (found.dates, set(found.date_index.tolist()), set(found.segment.tolist())) == (("2024-07-02",), {0}, {1})


def test_a_bar_on_a_holiday_belongs_nowhere_and_the_index_names_only_sessions_that_occur():
    days = ["2024-07-05", "2024-07-04", "2024-07-02", "2024-07-05"]
    starts = np.array([instant(day, "12:00", NEW_YORK) for day in days])

    found = calendar("XNYS").assign(starts)

    assert found.dates == ("2024-07-02", "2024-07-05")
    assert found.date_index.tolist() == [1, -1, 0, 1]
    assert found.segment.tolist() == [
        SegmentKind.REGULAR,
        SegmentKind.OUTSIDE,
        SegmentKind.REGULAR,
        SegmentKind.REGULAR,
    ]


def test_evening_bars_of_futures_belong_to_the_next_trade_date():
    # Sunday 16:59 is no session's, 17:00 is Monday's; the maintenance hour is its own date's, outside.
    moments = [("2024-07-07", "16:59"), ("2024-07-07", "17:00"), ("2024-07-08", "16:30"), ("2024-07-08", "17:00")]
    starts = np.array([instant(day, clock, CHICAGO) for day, clock in moments])

    found = calendar("CMES", "16:00-17:00").assign(starts)

    assert found.dates == ("2024-07-08", "2024-07-09")
    assert found.date_index.tolist() == [-1, 0, 0, 1]
    assert found.segment.tolist() == [
        SegmentKind.OUTSIDE,
        SegmentKind.REGULAR,
        SegmentKind.OUTSIDE,
        SegmentKind.REGULAR,
    ]


def slow_assignment(sessions: tuple[TradingSession, ...], tz: str, start_ns: int) -> tuple[str | None, SegmentKind]:
    for one in sessions:
        for part in one.segments:
            if part.start_ns <= start_ns < part.end_ns:
                return one.date, part.kind
    local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=start_ns // 1000)).astimezone(ZoneInfo(tz))
    is_session = any(one.date == str(local.date()) for one in sessions)
    return (str(local.date()) if is_session else None), SegmentKind.OUTSIDE


FULL_CALENDARS = {
    "new york": lambda: calendar("XNYS", extended=True),
    "hong kong": lambda: calendar("XHKG", extended=True, hours=HONG_KONG_HOURS),
    "futures": lambda: calendar("CMES", "16:00-17:00"),
    "crypto": lambda: calendar("24/7", "12:00-12:05"),
}
WEEKS = ["2024-03-06", "2024-11-01", "2024-11-26", "2024-12-22", "2026-12-30"]
A_WEEK = st.lists(st.integers(0, 7 * 1440 * 2), min_size=1, max_size=30)


@pytest.mark.parametrize("which", FULL_CALENDARS)
@examples(50)
@given(monday=st.sampled_from(WEEKS), half_minutes=A_WEEK)
@example(monday=WEEKS[0], half_minutes=list(range(0, 7 * 2880, 30)))
def test_bars_in_any_order_are_assigned_as_a_slow_look_through_the_sessions_does(which, monday, half_minutes):
    exchange = FULL_CALENDARS[which]()
    starts = instant(monday, "00:00") + np.array(half_minutes) * (MINUTE_NS // 2)
    begin = datetime.fromisoformat(monday)
    nearby = exchange.sessions(str((begin - timedelta(days=4)).date()), str((begin + timedelta(days=12)).date()))

    found = exchange.assign(starts)

    dates = [None if index < 0 else found.dates[index] for index in found.date_index.tolist()]
    expected = [slow_assignment(nearby, exchange.tz, start) for start in starts.tolist()]
    assert list(zip(dates, found.segment.tolist(), strict=True)) == expected
    assert list(found.dates) == sorted({date for date in dates if date})


def test_a_bar_on_a_date_that_is_closed_all_day_belongs_nowhere():
    noon = np.array([instant("2024-07-02", "12:00", NEW_YORK)])

    found = calendar("XNYS", "00:00-24:00").assign(noon)

    assert (found.dates, found.date_index.tolist(), found.segment.tolist()) == ((), [-1], [SegmentKind.OUTSIDE])
