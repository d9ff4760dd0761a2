"""How a run is, as the page is told."""

from msgspec.structs import replace

from actors.doors.metrics.vitals import Vitals
from actors.doors.web.vitals_told import VitalsTold, vitals_told
from tests.doors.metrics.test_readings import BACKTEST, FEED, LIVE, WHOLE


def told_of(vitals: Vitals) -> VitalsTold:
    return vitals_told(vitals, can_be_held=False)


def test_a_live_day_tells_its_phase_and_feeds_and_takes_no_command() -> None:
    told = told_of(WHOLE)
    (feed,) = told.feeds

    assert (told.phase, told.health, told.commands) == ("active", "degraded", [])
    assert (feed.name, feed.connected, feed.lag_ms, feed.heard_s) == ("wire", True, 20.0, 3.0)
    assert told.verdicts["streamed"] == 18
    assert told.rejected == {"negative_price": 3}
    assert told.accepted + sum(told.rejected.values()) + told.duplicates == told.received == 22
    assert (feed.accepted, feed.rejected, feed.duplicates, feed.received) == (35, 3, 1, 39)


def test_a_feed_that_was_never_heard_has_no_time() -> None:
    silent = replace(FEED, health=replace(FEED.health, last_life_ns=None))
    told = told_of(replace(WHOLE, live=replace(LIVE, feeds=(silent,))))

    assert told.feeds[0].heard_s is None


def test_what_is_wrong_is_said_once_whoever_says_it() -> None:
    live = replace(LIVE, troubles=("the day is not written", "source archive fails"))

    assert told_of(replace(WHOLE, live=live)).troubles == ["source archive fails", "the day is not written"]


def test_before_a_session_there_is_nothing_to_count() -> None:
    told = told_of(BACKTEST)

    assert (told.completeness, told.quality, told.verdicts, told.feeds, told.phase) == (None, None, {}, [], "")


def test_what_can_be_held_takes_commands_until_it_is_over() -> None:
    over = replace(WHOLE, progress=replace(WHOLE.progress, is_finished=True))

    assert vitals_told(WHOLE, can_be_held=True).commands == ["pause", "resume", "step", "speed"]
    assert vitals_told(over, can_be_held=True).commands == []
