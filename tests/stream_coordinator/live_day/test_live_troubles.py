"""A live run that must last for weeks: what fails is tried again, shown while it is wrong, and cleared by hand."""

import msgspec
import numpy as np
import pytest

from actors.stream_coordinator.leavers import Leavers
from actors.stream_coordinator.live_day.coming import Coming
from messages import (
    AbortRun,
    BarsArrived,
    BoundaryKind,
    CertificateIssued,
    DayVolumeReported,
    FeedHealth,
    FeedHeartbeat,
    FeedReported,
    NotRecorded,
    Pause,
    PhaseChanged,
    Prefetch,
    PrefetchFailed,
    RecordSession,
    Recover,
    Resume,
    RunFailed,
    SessionBoundary,
    SessionPhase,
    SessionPrefetched,
    SessionReported,
    SymbolsRefused,
    Tape,
    TimeAdvanced,
    VolumesDiffer,
)
from messages.tables.columns import BarBatch
from messages.values import MINUTE_NS, SECOND_NS
from tests.builders import DAY, HALF_DAY, at, bar, instant, session_24_7, session_xnys
from tests.certificates import certificate
from tests.stream_coordinator.backtest.playing import report_of
from tests.stream_coordinator.live_day.watch import FEED, Watch, lived, of

LATER = (session_xnys("2024-07-05"), session_xnys("2024-07-08"))
GONE = PrefetchFailed(session=HALF_DAY, reason="the disk is gone")
TROUBLE = "session 2024-07-03 could not be loaded: the disk is gone"


SENT_NS = HALF_DAY.open_ns - 180 * MINUTE_NS


def closed_day() -> Watch:
    """Tuesday has closed, and the half-day after it has been sent for."""
    watch = Watch(DAY, HALF_DAY, *LATER, prefetch_window_min=180.0).up()
    lived(watch, at("15:58"), at("16:31"))
    watch.silent = (Prefetch,)
    watch.at(SENT_NS)
    return watch


def loaded(watch: Watch) -> None:
    watch.tell(SessionPrefetched(tape=Tape(session=HALF_DAY, batch=BarBatch.of(()))))


# --- the next session


def test_a_next_session_that_cannot_be_loaded_is_tried_again_with_longer_and_longer_waits() -> None:
    watch = closed_day()
    tries = []
    watch.tell(GONE)
    for minute in range(1, 150):
        if of(watch.at(SENT_NS + minute * MINUTE_NS), Prefetch):
            tries.append(minute)
            watch.tell(GONE)

    assert tries == [1, 3, 7, 15, 31, 61, 91, 121]
    assert watch.status.troubles == (TROUBLE,)
    assert not of(watch.said, RunFailed)


def test_when_it_is_loaded_at_last_nothing_is_wrong_any_more_and_it_opens() -> None:
    watch = closed_day()
    watch.tell(GONE)
    loaded(watch)
    after = watch.status.troubles
    watch.fire()

    assert after == ()
    assert of(watch.said, SessionBoundary)[-1].session == HALF_DAY


def test_the_last_try_is_at_its_start_and_then_the_run_fails() -> None:
    watch = closed_day()
    watch.tell(GONE)
    watch.now_ns = HALF_DAY.start_ns - 1
    watch.fire()
    early = watch.tell(GONE)
    watch.now_ns = HALF_DAY.start_ns
    last = of(watch.fire(), Prefetch)
    late = watch.tell(GONE)

    assert early == []
    assert last == [Prefetch(session=HALF_DAY)]
    assert of(late, RunFailed) == [RunFailed(reason=TROUBLE)]
    assert watch.moves[-2:] == [SessionPhase.NOT_STARTED, SessionPhase.ERROR]


def test_an_error_that_is_cleared_tries_again_and_the_session_opens_late() -> None:
    watch = closed_day()
    watch.tell(GONE)
    watch.now_ns = HALF_DAY.start_ns + MINUTE_NS
    watch.fire()
    watch.tell(GONE)
    standing = [*watch.fire(), *watch.fire()]
    cleared = of(watch.tell(Recover()), PhaseChanged)
    is_active = watch.status.is_session_active
    again = of(watch.fire(), Prefetch)
    loaded(watch)
    opening = watch.fire()

    assert not of(standing, Prefetch, TimeAdvanced, SessionBoundary)
    assert [(move.before, move.after) for move in cleared] == [(SessionPhase.ERROR, SessionPhase.ACTIVE)]
    assert not is_active
    assert again == [Prefetch(session=HALF_DAY)]
    assert [told.kind for told in of(opening, SessionBoundary)] == [BoundaryKind.OPENED]
    assert watch.status.phase is SessionPhase.ACTIVE
    assert watch.status.is_session_active


def test_of_sessions_back_to_back_the_next_is_sent_for_before_the_close() -> None:
    days = [session_24_7(f"2024-07-0{number}") for number in range(1, 4)]
    watch = Watch(*days).up()
    before = of(lived(watch, days[0].close_ns - 70 * MINUTE_NS, days[0].close_ns - 61 * MINUTE_NS), Prefetch)
    said = of(lived(watch, days[0].close_ns - 60 * MINUTE_NS, days[0].close_ns - MINUTE_NS), Prefetch)

    assert before == []
    assert said == [Prefetch(session=days[1])]


def test_what_the_calendar_says_twice_is_planned_once() -> None:
    coming = Coming(Leavers(is_named=False))
    coming.plan([DAY, HALF_DAY])
    coming.plan([DAY, HALF_DAY])

    assert len(coming) == 2
    assert coming.prefetch(0) == [Prefetch(session=DAY)]
    assert coming.prefetch(0) == []


# --- errors


@pytest.mark.parametrize(
    ("failed", "cleared", "after"),
    [
        ("09:31", "12:00", [SessionPhase.ACTIVE]),
        ("12:00", "16:30", [SessionPhase.ENDED]),
    ],
)
def test_a_run_goes_on_where_the_time_of_day_is(failed: str, cleared: str, after: list[SessionPhase]) -> None:
    watch = Watch(DAY, HALF_DAY, *LATER).up()
    watch.at(failed)
    watch.tell(AbortRun(reason="a bug somewhere"))
    watch.at(cleared)
    moves = watch.tell(Recover())
    later = watch.fire()

    assert [move.after for move in of(moves, PhaseChanged)] == after
    assert of(later, TimeAdvanced)
    assert bool(of(later, SessionBoundary)) == (after == [SessionPhase.ENDED])


def test_what_comes_while_there_is_an_error_is_taken_none_the_less() -> None:
    watch = Watch(DAY).up()
    watch.at("09:40")
    watch.tell(AbortRun(reason="a bug somewhere"))

    assert of(watch.bars(bar("A", "09:40")), BarsArrived, TimeAdvanced)
    assert not watch.status.is_session_active


def test_without_an_error_there_is_nothing_to_recover_from() -> None:
    watch = Watch(DAY).up()
    watch.at("09:31")

    assert watch.tell(Recover()) == []
    assert watch.status.is_session_active


# --- what could not be written


def test_a_day_that_could_not_be_written_is_told_and_shown_until_it_is_tried_again() -> None:
    watch = Watch(DAY, record_every_min=5.0).up()
    watch.at("09:40")
    news = NotRecorded(session_date=DAY.date, reason="no space left")
    said = watch.tell(news)
    shown = watch.status.troubles
    again = watch.at("09:45")

    assert said == [news]
    assert shown == ("session 2024-07-02 could not be written: no space left",)
    assert of(again, RecordSession)
    assert watch.status.troubles == ()


def test_a_certificate_that_could_not_be_kept_is_told_and_shown_too() -> None:
    watch = Watch(DAY).up()
    said = watch.tell(CertificateIssued(certificate=certificate("A", session=DAY), is_kept=False, reason="no space"))

    assert said == [NotRecorded(session_date=DAY.date, reason="no space")]
    assert watch.status.troubles == ("session 2024-07-02 could not be written: no space",)


# --- other troubles


def test_a_feed_whose_counts_do_not_add_up_is_named_until_they_do() -> None:
    watch = Watch(DAY).up()
    whole = FeedHealth(feed="wire", is_connected=True, bars=9, received=8, accepted=5, rejected=2, duplicates=1)
    watch.tell(FeedReported(health=msgspec.structs.replace(whole, received=9)))
    wrong = watch.status.troubles
    watch.tell(FeedReported(health=msgspec.structs.replace(whole, bars=7)))
    more = watch.status.troubles
    watch.tell(FeedReported(health=whole))

    said = "the counts of feed wire do not add up: 5 accepted + 2 rejected + 1 duplicates are not {} received"
    assert (wrong, more) == ((f"{said.format(9)} of what it gave",), (f"{said.format(8)} of what it gave",))
    assert watch.status.troubles == ()


def test_symbols_that_are_refused_are_shown_with_the_reason() -> None:
    watch = Watch(DAY).up()
    many = tuple(f"S{number}" for number in range(8))
    watch.tell(SymbolsRefused(feed=FEED, symbols=many, reason="symbol limit exceeded"))
    watch.tell(SymbolsRefused(feed=FEED, symbols=("X",), reason="unknown"))
    watch.tell(SymbolsRefused(feed=FEED, symbols=("X", "Y"), reason="no right", channel="quotes"))

    assert watch.status.troubles == (
        "feed does not send S0, S1, S2, S3, S4 and 3 more: symbol limit exceeded",
        "feed does not send X: unknown",
        "feed does not send quotes of X, Y: no right",
    )


def test_while_the_system_is_paused_no_session_is_active() -> None:
    watch = Watch(DAY).up()
    watch.at("09:31")
    watch.tell(Pause())
    paused = watch.status.is_session_active
    watch.tell(Resume())

    assert (paused, watch.status.is_session_active) == (False, True)


def test_bars_that_are_held_are_let_through_by_whatever_comes_when_the_timer_is_late() -> None:
    watch = Watch(DAY).up()
    watch.at("09:40")
    watch.bars(bar("A", "09:40"), at=at("09:41") - SECOND_NS)
    said = watch.tell(FeedHeartbeat(feed=FEED, arrived_ns=at("09:45")))

    assert [told.now_ns for told in of(said, BarsArrived)] == [at("09:45")]
    assert watch.status.early == 0


def test_bars_that_are_held_while_a_session_opens_are_not_lost() -> None:
    watch = Watch(DAY, now=at("09:40"), silent=(SessionBoundary,)).up()
    watch.bars(bar("A", "09:40"), at=at("09:41") - SECOND_NS)

    assert of(watch.at("09:42"), BarsArrived)


def test_a_read_of_late_early_and_impossible_bars_is_parted() -> None:
    watch = Watch(DAY).up()
    watch.at("09:40")
    said = watch.bars(bar("A", "09:38"), bar("A", "09:40"), bar("A", "10:00"), at=at("09:41") - SECOND_NS)

    assert [[one.start_ns for one in told.batch.bars()] for told in of(said, BarsArrived)] == [
        [at("09:38")],
        [at("10:00")],
    ]
    assert (watch.status.early, watch.status.skewed) == (1, 1)


# --- the day's volume


def reported(**volumes: float) -> SessionReported:
    """What Tuesday came to."""
    count = len(volumes)
    report = msgspec.structs.replace(
        report_of(DAY),
        symbols=tuple(volumes),
        volume=np.array(list(volumes.values())),
        derived=np.zeros((0, count), dtype=np.int32),
    )
    return SessionReported(report=report)


def said_of(symbol: str, volume: float, day: str = DAY.date) -> DayVolumeReported:
    return DayVolumeReported(feed=FEED, symbol=symbol, start_ns=instant(day, "00:00", DAY.tz), volume=volume)


def test_a_volume_that_is_not_what_the_feed_counts_is_told_when_the_session_has_settled_and_shown() -> None:
    watch = Watch(DAY).up()
    watch.tell(said_of("A", 500.0), said_of("A", 1000.0), said_of("B", 1000.0), said_of("C", 1000.0))
    said = watch.tell(reported(A=900.0, B=960.0, C=1100.0, D=7.0))

    assert of(said, VolumesDiffer) == [
        VolumesDiffer(session_date=DAY.date, symbols=("A", "C"), reported=(1000.0, 1000.0), ours=(900.0, 1100.0))
    ]
    assert watch.status.troubles == ("session 2024-07-02: feeds count another volume of A, C",)


def test_what_was_said_of_another_day_or_not_at_all_is_compared_with_nothing() -> None:
    watch = Watch(DAY).up()
    watch.tell(said_of("A", 500.0, day="2024-07-01"))

    assert watch.tell(reported(A=900.0, B=1.0)) == []
    assert watch.status.troubles == ()


def test_what_differed_is_shown_until_the_next_session_has_settled() -> None:
    watch = Watch(DAY).up()
    watch.tell(said_of("A", 500.0))
    watch.tell(reported(A=900.0))
    watch.tell(reported(A=900.0))

    assert watch.status.troubles == ()
