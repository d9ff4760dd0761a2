"""How a live session ends: the close, the next session, failure; and what may be asked of its coordinator."""

from datetime import date, timedelta
from typing import Any

import pytest

from actors.market.calendar import Calendar
from messages import (
    AbandonGaps,
    AbortRun,
    BarArrived,
    BarsArrived,
    BoundaryKind,
    FeedBars,
    FeedHealth,
    FeedHeartbeat,
    FeedReported,
    Message,
    PhaseChanged,
    PlanLiveSessions,
    Prefetch,
    Quote,
    QuoteArrived,
    RecordSession,
    Resume,
    RunFailed,
    RunFinished,
    SessionBoundary,
    SessionPhase,
    SessionReported,
    SessionSettled,
    StartRun,
    Step,
    TimeAdvanced,
)
from messages.commands import PublishBar, PublishQuote, SetSpeed
from messages.events import StopwatchRead
from messages.listeners import SubscriberLate
from messages.queries import GetProgress, GetRunSummary
from messages.tables.columns import BarBatch
from messages.values import MINUTE_NS, SECOND_NS
from tests.builders import BREAK_DAY, DAY, EXTENDED_DAY, HALF_DAY, at, bar, session_24_7, session_xnys
from tests.stream_coordinator.backtest.playing import report_of
from tests.stream_coordinator.live_day.watch import FEED, GRACE_NS, Watch, answered, lived, of

ACTIVE, TIMEOUT, ENDED = SessionPhase.ACTIVE, SessionPhase.TIMEOUT, SessionPhase.ENDED
POST_MARKET = SessionPhase.POST_MARKET
LATER = (session_xnys("2024-07-05"), session_xnys("2024-07-08"))


def boundaries(watch: Watch) -> list[tuple[str, BoundaryKind]]:
    return [(told.session.date, told.kind) for told in of(watch.said, SessionBoundary)]


def at_close(**more: Any) -> Watch:
    """Tuesday a minute before its close, a half-day to follow."""
    watch = Watch(DAY, HALF_DAY, *LATER, **more).up()
    lived(watch, at("15:58"), at("15:59"))
    return watch


# --- the close


def test_the_last_bars_may_come_within_the_grace_and_then_the_close_is_told_once() -> None:
    watch = at_close(auto_roll=False)
    lived(watch, at("16:00"), at("16:00"))
    said = watch.bars(bar("A", "15:59"), at=at("16:00") + SECOND_NS)
    before = boundaries(watch), watch.status.phase
    closing = [*watch.at(at("16:00") + GRACE_NS), *watch.at(at("16:00") + GRACE_NS + 1)]

    assert before == ([(DAY.date, BoundaryKind.OPENED)], POST_MARKET)
    assert of(said, BarsArrived)
    assert [type(one) for one in of(closing, TimeAdvanced, PhaseChanged, SessionBoundary, RecordSession)][:4] == [
        TimeAdvanced,  # which closes the last minute
        PhaseChanged,
        SessionBoundary,
        RecordSession,
    ]
    (closed,) = of(closing, SessionBoundary)
    assert (closed.kind, closed.now_ns, closed.timer_expired) == (BoundaryKind.CLOSED, at("16:00") + GRACE_NS, False)
    assert watch.status.phase is ENDED


def test_a_run_that_does_not_roll_is_over_when_the_day_has_its_certificate() -> None:
    watch = at_close(auto_roll=False)
    watch.at(at("16:00") + GRACE_NS)
    watch.at(at("16:00") + GRACE_NS + 1)
    said = watch.at(at("16:00") + GRACE_NS + 2)

    assert of(watch.said, RunFinished) == [RunFinished(sessions=1)]
    assert of(said, RunFinished)
    assert answered(watch.core, GetProgress()).is_finished
    assert not watch.status.is_session_active


def test_without_its_certificate_a_run_that_does_not_roll_goes_on() -> None:
    watch = at_close(auto_roll=False, silent=(SessionSettled, TimeAdvanced))
    watch.at("16:30")
    watch.at("17:00")

    assert not of(watch.said, RunFinished, AbandonGaps, Prefetch)[1:]
    assert not answered(watch.core, GetProgress()).is_finished


def test_after_the_end_no_timer_is_set_and_nothing_fails_any_more() -> None:
    watch = at_close(auto_roll=False)
    for seconds in (5, 6, 7):
        watch.at(at("16:00") + seconds * SECOND_NS)

    assert watch.at("17:00") == []
    assert watch.tell(AbortRun(reason="too late")) == []
    assert answered(watch.core, GetRunSummary()).failure is None


# --- the next session


def test_half_an_hour_after_the_close_it_is_the_turn_of_the_next_session() -> None:
    watch = at_close()
    lived(watch, at("16:00"), at("16:29"))
    before = watch.status.session
    turn = of(watch.at("16:30"), PhaseChanged)

    assert before == DAY
    assert [(move.session_date, move.before, move.after) for move in turn] == [
        (HALF_DAY.date, ENDED, SessionPhase.NOT_STARTED)
    ]
    assert watch.status.session == HALF_DAY
    assert boundaries(watch) == [(DAY.date, BoundaryKind.OPENED), (DAY.date, BoundaryKind.CLOSED)]


def test_the_next_session_is_read_and_opened_an_hour_before_its_open() -> None:
    watch = at_close()
    night = lived(watch, at("16:00"), HALF_DAY.open_ns - 61 * MINUTE_NS)
    before = boundaries(watch)
    morning = watch.at(HALF_DAY.open_ns - 60 * MINUTE_NS)
    morning += watch.at(HALF_DAY.open_ns - 59 * MINUTE_NS)

    assert not of(night, Prefetch, AbandonGaps)
    assert of(morning, Prefetch) == [Prefetch(session=HALF_DAY)]
    assert before[-1] == (DAY.date, BoundaryKind.CLOSED)
    assert boundaries(watch)[-1] == (HALF_DAY.date, BoundaryKind.OPENED)
    assert watch.status.phase is SessionPhase.PRE_MARKET


def test_with_extended_hours_the_session_closes_at_the_end_of_those() -> None:
    watch = Watch(EXTENDED_DAY, HALF_DAY).up()
    lived(watch, at("15:59"), at("19:59"))

    assert watch.status.phase is POST_MARKET
    assert (DAY.date, BoundaryKind.CLOSED) not in boundaries(watch)
    watch.at(at("20:00") + GRACE_NS)
    assert boundaries(watch)[-1] == (DAY.date, BoundaryKind.CLOSED)


def test_gaps_that_are_still_open_when_the_next_session_is_due_are_abandoned_once() -> None:
    watch = at_close(silent=(TimeAdvanced, AbandonGaps))
    said = lived(watch, at("16:00"), HALF_DAY.open_ns - 55 * MINUTE_NS)
    watch.tell(SessionSettled(session_date=DAY.date))
    opening = watch.at(HALF_DAY.open_ns - 54 * MINUTE_NS)

    assert of(said, AbandonGaps) == [AbandonGaps(session_date=DAY.date)]
    assert (HALF_DAY.date, BoundaryKind.OPENED) in [(b.session.date, b.kind) for b in of(opening, SessionBoundary)]


def test_a_session_that_could_not_be_read_yet_is_waited_for() -> None:
    watch = at_close(silent=(Prefetch,))
    watch.silent = (Prefetch,)
    lived(watch, at("16:00"), HALF_DAY.open_ns - 40 * MINUTE_NS)

    assert (HALF_DAY.date, BoundaryKind.OPENED) not in boundaries(watch)


def test_round_the_clock_the_next_session_opens_within_seconds_of_the_close() -> None:
    days = [session_24_7(f"2024-07-0{number}") for number in range(1, 6)]
    watch = Watch(*days).up()
    for day in days[:3]:
        lived(watch, day.open_ns + MINUTE_NS, day.close_ns)
        for quarter in range(60):
            watch.at(day.close_ns + quarter * SECOND_NS // 4)
    opened_ns = [told.now_ns for told in of(watch.said, SessionBoundary) if told.kind is BoundaryKind.OPENED]

    assert all(now_ns - day.open_ns <= 10 * SECOND_NS for now_ns, day in zip(opened_ns, days[:4], strict=True))
    assert TIMEOUT not in watch.moves


@pytest.mark.parametrize("first", ["2024-07-01", "2024-11-25", "2025-03-05"], ids=["fourth", "half-day", "DST"])
def test_weeks_with_holidays_half_days_and_a_change_of_clocks_follow_one_another_unattended(first: str) -> None:
    last = (date.fromisoformat(first) + timedelta(days=16)).isoformat()
    *days, _, _, _ = Calendar("XNYS").sessions(first, last)
    watch = Watch(*days, *Calendar("XNYS").sessions(first, last)[-3:]).up()
    for day in days[:-1]:
        lived(watch, day.open_ns - 60 * MINUTE_NS, day.close_ns + 31 * MINUTE_NS)
    lived(watch, days[-1].open_ns - 60 * MINUTE_NS, days[-1].open_ns)

    told = [(b.session.date, b.kind) for b in of(watch.said, SessionBoundary)]
    assert told[:-1] == [(day.date, kind) for day in days[:-1] for kind in BoundaryKind]
    assert told[-1] == (days[-1].date, BoundaryKind.OPENED)
    assert len(of(watch.said, PlanLiveSessions)) >= 2


# --- failure


def test_a_failure_is_told_with_its_reason_and_nothing_closes_any_more() -> None:
    watch = at_close()
    said = watch.tell(AbortRun(reason="a bug somewhere"))

    assert of(said, RunFailed) == [RunFailed(reason="a bug somewhere")]
    assert watch.status.phase is SessionPhase.ERROR
    assert not watch.status.is_session_active
    assert not of(watch.at("16:10"), SessionBoundary, PhaseChanged, TimeAdvanced)
    assert answered(watch.core, GetRunSummary()).failure == "a bug somewhere"
    assert answered(watch.core, GetProgress()).is_finished


# --- from applications


def test_what_an_application_publishes_goes_on_with_the_time_that_is_known() -> None:
    watch = at_close()
    one, quote = bar("A", "15:58"), Quote(symbol="A", at_ns=at("15:58"), bid=1.0, ask=2.0)

    assert watch.tell(PublishBar(bar=one, source="me", receipt=3)) == [
        BarArrived(bar=one, now_ns=at("15:59"), source="me", receipt=3)
    ]
    assert watch.tell(PublishQuote(quote=quote, receipt=0)) == [QuoteArrived(quote=quote, now_ns=at("15:59"))]


def test_progress_counts_the_minutes_and_bars_of_the_session() -> None:
    watch = Watch(BREAK_DAY).up()
    empty = answered(watch.core, GetProgress())
    second = BREAK_DAY.segments[1].start_ns
    watch.at(second + 10 * MINUTE_NS)
    batch = BarBatch.of([bar("A", second, session=BREAK_DAY), bar("B", second, session=BREAK_DAY)])
    watch.tell(FeedBars(feed=FEED, batch=batch, arrived_ns=watch.now_ns))
    progress = answered(watch.core, GetProgress())

    assert (empty.session_date, empty.minutes_done, empty.minutes_total) == (BREAK_DAY.date, 0, 330)
    assert (progress.minutes_done, progress.minutes_total, progress.bars) == (160, 330, 2)


def test_before_anything_is_open_there_is_a_status_too() -> None:
    watch = Watch(DAY)

    assert watch.status.session is None
    assert watch.status.phase is SessionPhase.NOT_STARTED
    assert answered(watch.core, GetProgress()).minutes_total == 0
    assert watch.tell(FeedHeartbeat(feed=FEED, arrived_ns=5)) == []
    assert watch.status.now_ns == 5


def test_how_a_feed_is_shows_in_the_status() -> None:
    watch = at_close()
    said = watch.tell(FeedReported(health=FeedHealth(feed=FEED, bars=3)))

    assert said == []
    assert [status.health.bars for status in watch.status.feeds] == [3]


def test_reports_of_sessions_make_the_summary() -> None:
    watch = at_close()
    watch.tell(SessionReported(report=report_of(DAY)))

    assert [told.session for told in answered(watch.core, GetRunSummary()).sessions] == [DAY]


@pytest.mark.parametrize(
    "message",
    [StartRun(), Resume(), Step(), StopwatchRead(elapsed_ns=1), SubscriberLate(names=("slow",), seconds=99.0)],
    ids=lambda message: type(message).__name__,
)  # fmt: skip
def test_what_makes_a_tape_go_or_stand_still_changes_nothing_on_a_live_day(message: Message) -> None:
    watch = at_close()
    before = watch.status

    assert watch.tell(message) == []
    assert watch.status == before


def test_it_is_the_clock_that_runs_at_a_speed() -> None:
    assert at_close().tell(SetSpeed(speed=2.0)) == [SetSpeed(speed=2.0)]
