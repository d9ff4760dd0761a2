"""When feeds are expected to give something."""

import pytest

from actors.feeds.hours import ExpectedHours
from actors.feeds.runner import FeedRunner
from actors.kernel.clock import ManualClock
from actors.market.calendar import Calendar
from actors.settings import FeedRules
from messages import FeedConnected, FeedLost, FeedReported
from messages.values import SECOND_NS
from tests.builders import instant
from tests.feeds.listening import Listener
from tests.feeds.scripted import ScriptedFeed

XNYS = Calendar("XNYS")
NEW_YORK = XNYS.tz


@pytest.mark.parametrize(
    ("day", "clock", "is_expected"),
    [
        ("2024-07-02", "09:29", False),
        ("2024-07-02", "09:30", True),
        ("2024-07-02", "15:59", True),
        ("2024-07-02", "16:00", False),
        ("2024-07-03", "12:59", True),
        ("2024-07-03", "13:00", False),
        ("2024-07-04", "12:00", False),
        ("2024-07-06", "12:00", False),
    ],
    ids=["early", "open", "the last minute", "closed", "a short day", "its close", "a holiday", "a weekend"],
)
def test_minutes_of_sessions_are_expected_and_no_others(day: str, clock: str, is_expected: bool) -> None:
    assert ExpectedHours(XNYS)(instant(day, clock, NEW_YORK)) is is_expected


def test_one_knows_a_whole_week_in_any_order_of_asking() -> None:
    hours = ExpectedHours(XNYS)
    noons = [instant(f"2024-07-0{day}", "12:00", NEW_YORK) for day in range(1, 8)]

    assert [hours(noon) for noon in noons] == [True, True, True, False, True, False, False]
    assert [hours(noon) for noon in reversed(noons)] == [False, False, True, False, True, True, True]


def test_extended_hours_are_expected_where_they_are_played() -> None:
    early = instant("2024-07-02", "04:00", NEW_YORK)

    assert ExpectedHours(Calendar("XNYS", extended=True))(early)
    assert not ExpectedHours(XNYS)(early)


def test_nothing_is_expected_over_lunch_and_something_in_the_night_before_a_futures_day() -> None:
    hong_kong = Calendar("XHKG")

    assert not ExpectedHours(hong_kong)(instant("2024-07-02", "12:30", hong_kong.tz))
    assert ExpectedHours(Calendar("24/7"))(instant("2024-07-06", "03:00"))
    assert ExpectedHours(Calendar("CMES"))(instant("2024-07-01", "22:00", "America/Chicago"))


def test_a_feed_that_is_silent_all_night_keeps_its_connection_and_loses_it_in_the_morning() -> None:
    clock, listener = ManualClock(instant("2024-07-02", "20:00", NEW_YORK)), Listener()
    rules = FeedRules(stale_after_s=90.0, report_every_s=0.02)
    runner = FeedRunner(ScriptedFeed(), listener, clock, rules, expects_data=ExpectedHours(XNYS))
    runner.start()
    listener.wait_for(FeedConnected)
    open_ns = instant("2024-07-03", "09:30", NEW_YORK)
    for now_ns in (open_ns - SECOND_NS, open_ns, open_ns + 80 * SECOND_NS):
        clock.advance(now_ns - clock.now_ns())
        listener.wait_for(FeedReported, len(listener.of(FeedReported)) + 2)  # it has looked since
    lost_by_night = listener.of(FeedLost)
    clock.advance(20 * SECOND_NS)
    (lost,) = listener.wait_for(FeedLost)
    runner.close()

    assert lost_by_night == []
    assert lost.is_stale
