"""Whether everything is ready: told some time before the open, and whenever somebody asks."""

from typing import Any

import pytest
from msgspec.structs import replace

from actors.stream_coordinator.live_day.readiness import ENOUGH_BYTES, hours_of
from messages import (
    CheckStore,
    FeedHealth,
    GetReadiness,
    Hours,
    ReadinessReport,
    ReadinessReported,
    Requirement,
    SessionsPlanned,
    SourceReported,
    SourceStatus,
    StoreChecked,
    SymbolsCatchingUp,
    SymbolsCaughtUp,
    SymbolsChanged,
    TradingSession,
    WarmUp,
    WarmUpReported,
)
from messages.feeds import FeedReported
from messages.values import MINUTE_NS, SECOND_NS
from tests.builders import BREAK_DAY, DAY, HALF_DAY, ROUND_THE_CLOCK, at, bar, session_tiny
from tests.stream_coordinator.live_day.watch import FEED, Watch, answered, of

GOOD = StoreChecked(is_writable=True, free_bytes=2 * ENOUGH_BYTES)
REFUSED = FeedReported(health=FeedHealth(feed=FEED, is_connected=False, last_error="wrong key"))
CONNECTED = FeedReported(health=FeedHealth(feed=FEED, is_connected=True))
WARM, SHORT = (
    WarmUp(requirement=Requirement.of(symbol, "1m", 10), there=there) for symbol, there in (("A", 10), ("B", 3))
)


def report(watch: Watch) -> ReadinessReport:
    made = answered(watch.core, GetReadiness())
    assert isinstance(made, ReadinessReport)
    return made


def ready(**more: Any) -> Watch:
    """Two hours before the open, nothing is wrong."""
    watch = Watch(DAY, HALF_DAY, now=at("07:30"), **more).up()
    watch.tell(CONNECTED, SessionsPlanned(sessions=(), usual_hours=hours_of(DAY)))
    watch.fire()
    watch.tell(GOOD)
    return watch


def test_before_anything_was_tried_that_is_what_is_wrong() -> None:
    made = report(Watch(DAY))

    assert made.problems == (
        "no session is known yet",
        "no feed has been heard of yet",
        "the store has not been tried yet",
    )
    assert (made.session, made.hours, made.store, made.is_ready) == (None, Hours.UNKNOWN, None, False)


def test_when_nothing_is_wrong_everything_is_ready() -> None:
    made = report(ready())

    assert (made.session, made.hours, made.now_ns) == (DAY, Hours.USUAL, at("07:30"))
    assert (made.store, [feed.health.feed for feed in made.feeds]) == (GOOD, [FEED])
    assert (made.problems, made.is_ready) == ((), True)


def test_the_store_is_tried_at_the_opening_and_again_an_hour_before_the_open_and_then_it_is_told() -> None:
    watch = ready()
    tried = len(of(watch.said, CheckStore))
    quiet = watch.at("08:29")
    due = watch.at("08:30")
    told = watch.tell(GOOD)

    assert (tried, of(quiet, CheckStore), of(due, CheckStore)) == (1, [], [CheckStore()])
    assert of(told, ReadinessReported) == [ReadinessReported(report=replace(report(watch)))]
    assert not of([*watch.at("08:31"), *watch.tell(GOOD)], CheckStore, ReadinessReported)


def test_who_starts_in_the_middle_of_a_day_is_told_at_once() -> None:
    watch = Watch(DAY, now=at("11:00")).up()
    watch.fire()

    assert of(watch.tell(GOOD), ReadinessReported)


@pytest.mark.parametrize(("hears", "waits"), [([], True), ([REFUSED], True), ([CONNECTED], False)])
def test_who_starts_shortly_before_the_open_gives_the_feeds_a_moment_to_connect(hears: Any, waits: bool) -> None:
    watch = Watch(DAY, now=at("09:00")).up()
    watch.tell(*hears)
    watch.fire()
    soon = of(watch.tell(GOOD), ReadinessReported)
    watch.at(at("09:00") + 11 * SECOND_NS)
    later = of(watch.tell(GOOD), ReadinessReported)

    assert ([bool(soon), bool(later)], len(soon + later)) == ([not waits, waits], 1)


def test_when_feeds_that_were_away_are_there_it_is_told_anew_and_once() -> None:
    watch = Watch(DAY, now=at("09:00")).up()
    watch.tell(REFUSED)
    watch.fire()
    watch.tell(GOOD)
    told = []
    for second, said in ((11, []), (12, []), (13, [CONNECTED]), (14, []), (15, [REFUSED]), (16, [CONNECTED])):
        watch.tell(*said)
        watch.at(at("09:00") + second * SECOND_NS)
        told += [(second, one.report.is_ready) for one in of(watch.tell(GOOD), ReadinessReported)]

    assert told == [(11, False), (13, True)]


def test_whoever_asks_has_the_store_tried_again_once_a_minute() -> None:
    watch = ready()
    before = watch.core.handle(GetReadiness()).out
    watch.at("07:31")

    assert before == ()
    assert [watch.core.handle(GetReadiness()).out for _ in range(2)] == [(CheckStore(),), ()]


def test_after_the_close_the_next_session_is_what_matters() -> None:
    watch = ready(post_market_delay_min=60.0)
    watch.at("16:01")
    made = report(watch)

    assert (made.session, made.hours) == (HALF_DAY, Hours.EARLY_CLOSE)


def test_what_is_short_is_named() -> None:
    watch = ready()
    watch.tell(WarmUpReported(session_date=DAY.date, needs=(WARM, SHORT), summary=""))
    made = report(watch)

    assert (made.warm, made.short, made.problems) == ((WARM,), (SHORT,), (f"short: {SHORT}",))


def test_what_another_session_lacks_is_not_said_of_this_one() -> None:
    watch = ready()
    watch.tell(WarmUpReported(session_date="2024-07-01", needs=(SHORT,), summary=""))

    assert report(watch).short == ()


@pytest.mark.parametrize(
    ("store", "problem"),
    [
        (StoreChecked(is_writable=False, reason="read-only"), "the store cannot be written to: read-only"),
        (StoreChecked(is_writable=True, free_bytes=5_000_000), "only 5 MB of disk space are left"),
    ],
)
def test_a_store_that_will_not_do_is_a_problem(store: StoreChecked, problem: str) -> None:
    watch = ready()
    watch.tell(store)

    assert report(watch).problems == (problem,)


def test_a_feed_that_is_away_is_a_problem_and_so_is_a_clock_that_is_wrong() -> None:
    watch = ready()
    watch.tell(FeedReported(health=FeedHealth(feed=FEED, last_error="wrong keys")))
    watch.bars(bar("A", "09:30"), at=at("09:30"))

    assert report(watch).problems == (
        f"feed {FEED} is not connected: wrong keys",
        f"feed {FEED} sends bars whose minute is not over: they are refused, unless they say that they are final",
        f"feed {FEED}: 1 bars, trades or quotes came too early and were refused",
    )


def test_a_source_that_fails_is_a_problem_and_a_trouble_until_it_answers_again() -> None:
    watch = ready()
    failing = SourceStatus(source="archive", asked=1, failed=1, last_error="gave no answer for 30 s", is_failing=True)
    passed_on = watch.tell(SourceReported(status=failing))
    before = report(watch).problems, watch.status.troubles
    watch.tell(SourceReported(status=replace(failing, is_failing=False)))

    assert passed_on == [SourceReported(status=failing)]
    assert before == (("source archive fails: gave no answer for 30 s",),) * 2
    assert (report(watch).problems, watch.status.troubles) == ((), ())


LATE = replace(DAY, segments=(replace(DAY.segments[0], start_ns=at("10:30")),))
LATE_AND_EARLY = replace(DAY, segments=(replace(DAY.segments[0], start_ns=at("10:30"), end_ns=at("13:00")),))


@pytest.mark.parametrize(
    ("session", "hours"),
    [
        (DAY, Hours.USUAL),
        (HALF_DAY, Hours.EARLY_CLOSE),
        (LATE, Hours.LATE_OPEN),
        (LATE_AND_EARLY, Hours.LATE_OPEN_AND_EARLY_CLOSE),
    ],
)
def test_hours_are_compared_with_those_of_most_sessions(session: TradingSession, hours: Hours) -> None:
    watch = Watch(session).up()
    watch.tell(SessionsPlanned(sessions=(), usual_hours=("09:30:00", "16:00:00")))

    assert report(watch).hours == hours


def test_hours_are_those_of_the_clock_on_the_wall_and_midnight_is_24() -> None:
    assert hours_of(DAY) == ("09:30:00", "16:00:00")
    assert hours_of(BREAK_DAY) == ("09:30:00", "16:00:00")
    assert hours_of(ROUND_THE_CLOCK) == ("00:00:00", "24:00:00")


# --- catching up, and who left


def test_a_session_is_not_active_while_a_symbol_that_is_needed_is_catching_up() -> None:
    watch = Watch(DAY, now=at("11:00")).up()
    told = {"session_date": DAY.date, "symbols": ("A",)}
    seen = [watch.status.is_session_active]
    for message in (
        SymbolsCatchingUp(is_required=False, **told),
        SymbolsCatchingUp(is_required=True, **told),
        SymbolsCaughtUp(is_required=True, **told),
        SymbolsCaughtUp(is_required=False, **told),
    ):
        watch.tell(message)
        seen.append(watch.status.is_session_active)

    assert seen == [True, True, False, False, True]


def test_what_another_session_waits_for_does_not_matter() -> None:
    watch = Watch(DAY, now=at("11:00")).up()
    watch.tell(SymbolsCatchingUp(session_date="2024-07-01", symbols=("A",), is_required=True))

    assert watch.status.is_session_active


def test_the_window_is_as_long_as_the_settings_say() -> None:
    session = session_tiny(4)
    watch = Watch(session, now=session.start_ns - 2 * MINUTE_NS, prefetch_window_min=1.0).up()
    watch.fire()

    assert not of(watch.tell(GOOD), ReadinessReported)
    watch.now_ns = session.start_ns - 30 * SECOND_NS
    watch.fire()
    assert of(watch.tell(GOOD), ReadinessReported)


def test_who_left_is_noted_and_nothing_is_said() -> None:
    assert Watch(DAY).tell(SymbolsChanged(removed=("A",))) == []
