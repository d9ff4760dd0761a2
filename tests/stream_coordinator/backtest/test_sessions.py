"""From session to session: prefetched, opened, drained, closed, and the next one."""

import pytest
from msgspec.structs import replace

from messages import (
    AbortRun,
    BarsArrived,
    GetProgress,
    GetRunSummary,
    Message,
    MinuteSettled,
    Mode,
    PlanSessions,
    Prefetch,
    PrefetchFailed,
    PrepareRun,
    RunFailed,
    RunFinished,
    RunReady,
    SessionBoundary,
    SessionReported,
    SessionsPlanned,
    SetSpeed,
    StopwatchRead,
    SubscriberLate,
    TimeAdvanced,
)
from tests.builders import day_grid, session_tiny
from tests.stream_coordinator.backtest.playing import (
    FREE,
    LOCKSTEP,
    MONDAY,
    TUESDAY,
    Hand,
    prefetched,
    report_of,
    shape,
)

WEDNESDAY = session_tiny(2, day="2024-07-03")


def two_days() -> Hand:
    return Hand(FREE, MONDAY, TUESDAY)


def at_the_close_of_monday(hand: Hand, *, is_prefetched: bool = True) -> Hand:
    """Monday is played and its close is told, but not acknowledged."""
    hand.opened()
    if is_prefetched:
        hand.tell(prefetched(TUESDAY))
    hand.play()
    hand.home()
    return hand


def test_a_run_begins_with_a_plan() -> None:
    assert Hand().tell(PrepareRun()) == [PlanSessions()]


def test_live_mode_is_refused_while_there_is_no_feed() -> None:
    said = Hand().tell(PrepareRun(mode=Mode.LIVE))

    assert said == [RunFailed(reason="live mode needs a feed, and none is configured")]


def test_the_first_session_of_the_plan_is_fetched_first() -> None:
    assert two_days().tell(SessionsPlanned(sessions=(MONDAY, TUESDAY))) == [Prefetch(session=MONDAY)]


def test_an_empty_plan_fails_the_run() -> None:
    hand = Hand()

    said = hand.tell(SessionsPlanned(sessions=()))

    assert shape(said) == ["RunFailed"]
    assert hand.ask(GetProgress()).is_finished


def test_a_session_opens_with_its_symbols_and_history_and_the_next_is_sent_for_at_once() -> None:
    history = (day_grid(session_tiny(2, day="2024-06-28"), []),)
    hand = two_days()
    hand.tell(PrepareRun(), SessionsPlanned(sessions=(MONDAY, TUESDAY)))

    opened, ahead = hand.tell(prefetched(MONDAY, history))

    assert isinstance(opened, SessionBoundary)
    assert (opened.session, opened.symbols, opened.history) == (MONDAY, ("A", "B"), history)
    assert (opened.now_ns, opened.ticket > 0) == (MONDAY.start_ns, True)
    assert ahead == Prefetch(session=TUESDAY)


def test_the_run_is_ready_when_the_opening_is_acknowledged() -> None:
    hand = two_days()
    hand.tell(PrepareRun(), SessionsPlanned(sessions=(MONDAY, TUESDAY)), prefetched(MONDAY))
    before = hand.of(RunReady)

    assert (before, hand.home()) == ([], [RunReady(session=MONDAY)])


def test_no_minute_is_told_before_the_opening_is_acknowledged() -> None:
    hand = two_days()
    hand.tell(PrepareRun(), SessionsPlanned(sessions=(MONDAY, TUESDAY)), prefetched(MONDAY))

    assert hand.play() == []
    assert shape(hand.home()) == ["RunReady", "BarsArrived"]


def test_a_session_is_drained_before_it_closes() -> None:
    hand = Hand(replace(LOCKSTEP, minutes_per_ticket=1), MONDAY).opened()
    hand.play()

    said = [shape(hand.home()) for _ in range(3)]

    assert said == [[], [], ["StartStopwatch", "closed"]]


def test_the_next_session_opens_when_the_close_is_acknowledged() -> None:
    hand = at_the_close_of_monday(two_days())

    assert shape(hand.home()) == ["opened"]
    assert shape(hand.home())[0] == "ReadStopwatch"


def test_a_miss_waits_and_never_runs_without_data() -> None:
    hand = at_the_close_of_monday(two_days(), is_prefetched=False)

    waiting = hand.home()
    opened = hand.tell(prefetched(TUESDAY))

    assert (waiting, shape(opened)) == ([], ["opened"])


@pytest.mark.parametrize("is_prefetched", [True, False])
def test_a_report_says_how_long_the_transition_took_and_whether_it_was_a_hit(is_prefetched: bool) -> None:
    hand = at_the_close_of_monday(two_days(), is_prefetched=is_prefetched)
    hand.tell(SessionReported(report=report_of(MONDAY)))
    hand.home()
    if not is_prefetched:
        hand.tell(prefetched(TUESDAY))
    hand.home()
    hand.tell(StopwatchRead(elapsed_ns=2_500_000), SessionReported(report=report_of(TUESDAY)))

    monday, tuesday = hand.ask(GetRunSummary()).sessions
    assert (monday.session, monday.transition_ms, monday.is_prefetched) == (MONDAY, None, False)
    assert (tuesday.session, tuesday.transition_ms, tuesday.is_prefetched) == (TUESDAY, 2.5, is_prefetched)


def test_after_the_last_session_the_run_is_finished() -> None:
    hand = at_the_close_of_monday(Hand(FREE, MONDAY))

    assert hand.home() == [RunFinished(sessions=1)]
    assert hand.ask(GetRunSummary()).is_finished
    assert hand.ask(GetProgress()).bars == 6


def test_nothing_is_sent_for_beyond_the_plan() -> None:
    hand = at_the_close_of_monday(two_days())
    hand.home()

    assert [message.session for message in hand.of(Prefetch)] == [MONDAY, TUESDAY]


def test_at_most_one_session_is_sent_for_ahead() -> None:
    hand = Hand(FREE, MONDAY, TUESDAY, WEDNESDAY)
    at_the_close_of_monday(hand)
    before = [message.session for message in hand.of(Prefetch)]
    hand.home()

    after = [message.session for message in hand.of(Prefetch)]
    assert (before, after) == ([MONDAY, TUESDAY], [MONDAY, TUESDAY, WEDNESDAY])


def test_time_never_goes_back_from_one_session_to_the_next() -> None:
    overlapping = session_tiny(3, day="2024-07-01")
    hand = Hand(FREE, MONDAY, overlapping)
    hand.opened()
    hand.tell(prefetched(overlapping))
    hand.play()
    hand.home()
    hand.home()

    times = [message.now_ns for message in hand.of(SessionBoundary, BarsArrived, TimeAdvanced)]
    assert max(times) == MONDAY.end_ns
    assert hand.of(SessionBoundary)[-1].now_ns == MONDAY.end_ns


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (RunFailed(reason="no such symbol"), "no such symbol"),
        (AbortRun(reason="a bug elsewhere"), "a bug elsewhere"),
        (SubscriberLate(names=("slow", "tired"), seconds=600.0), "subscriber slow, tired held up the run for 600 s"),
    ],
)
def test_trouble_ends_the_run_with_its_reason(trouble: Message, reason: str) -> None:
    hand = two_days().opened()

    (failed,) = hand.tell(trouble)

    assert isinstance(failed, RunFailed)
    assert failed.reason.startswith(reason)
    assert hand.ask(GetRunSummary()).failure == failed.reason


TORN = PrefetchFailed(session=TUESDAY, reason="x.parquet is torn")


def test_a_session_that_cannot_be_loaded_fails_the_run_when_its_turn_comes_and_not_before() -> None:
    hand = at_the_close_of_monday(two_days(), is_prefetched=False)
    early = hand.tell(TORN)

    assert early == []
    assert hand.home() == [RunFailed(reason="session 2024-07-02 could not be loaded: x.parquet is torn")]


def test_a_session_that_cannot_be_loaded_fails_a_run_that_waits_for_it() -> None:
    hand = at_the_close_of_monday(two_days(), is_prefetched=False)
    hand.home()

    assert shape(hand.tell(TORN)) == ["RunFailed"]


def test_a_run_fails_once() -> None:
    hand = two_days().opened()
    hand.tell(AbortRun(reason="first"))

    assert hand.tell(AbortRun(reason="second")) == []
    assert hand.ask(GetRunSummary()).failure == "first"


@pytest.mark.parametrize(
    ("names", "seconds", "limit"),
    [((), 0.0, 600.0), ((), 700.0, 600.0), (("slow",), 599.0, 600.0), (("slow",), 1e6, None)],
)
def test_a_subscriber_may_be_slow_within_its_limit(names: tuple[str, ...], seconds: float, limit: float | None) -> None:
    hand = Hand(replace(LOCKSTEP, lockstep_timeout_s=limit)).opened()

    assert hand.tell(SubscriberLate(names=names, seconds=seconds)) == []


@pytest.mark.parametrize("nudge", [SetSpeed(speed=0.0), MinuteSettled(ticket=2)])
def test_a_run_that_failed_closes_no_session(nudge: Message) -> None:
    hand = two_days().opened()
    hand.play()
    hand.tell(AbortRun(reason="a bug"))
    hand.home()

    assert hand.tell(nudge) == []


def test_a_run_that_failed_opens_no_session() -> None:
    hand = at_the_close_of_monday(two_days(), is_prefetched=False)
    hand.home()
    hand.tell(AbortRun(reason="a bug"))

    assert hand.tell(prefetched(TUESDAY)) == []


def test_a_run_that_failed_acknowledges_no_boundary() -> None:
    hand = at_the_close_of_monday(two_days())
    hand.tell(AbortRun(reason="a bug"))

    assert hand.home() == []


def test_a_tape_that_comes_early_waits_for_its_boundary() -> None:
    hand = two_days().opened()

    assert hand.tell(prefetched(TUESDAY)) == []


def test_the_whole_order_of_a_run_of_two_sessions() -> None:
    hand = at_the_close_of_monday(two_days())
    hand.home()  # the close
    hand.home()  # the opening
    hand.home()  # the minutes
    hand.home()  # the close

    assert shape(hand.said) == [
        *["PlanSessions", "Prefetch", "opened", "Prefetch", "RunReady"],
        "BarsArrived",
        *["StartStopwatch", "closed", "opened", "ReadStopwatch"],
        "BarsArrived",
        *["StartStopwatch", "closed", "RunFinished"],
    ]
    assert [message.now_ns for message in hand.of(BarsArrived)] == [MONDAY.end_ns, TUESDAY.end_ns]


def test_the_whole_order_of_a_run_of_two_sessions_in_lockstep() -> None:
    hand = Hand(LOCKSTEP, MONDAY, TUESDAY).opened().lockstep()
    hand.tell(prefetched(TUESDAY))
    hand.play()
    while hand.tickets:
        hand.home()

    assert shape(hand.said) == [
        *["PlanSessions", "Prefetch", "opened", "Prefetch", "RunReady", "ListenFrom"],
        *["BarsArrived"] * 3,
        *["StartStopwatch", "closed", "opened", "ReadStopwatch"],
        *["BarsArrived"] * 4,
        *["StartStopwatch", "closed", "RunFinished"],
    ]


def test_a_session_of_every_symbol_opens_with_every_symbol_of_its_tape() -> None:
    hand = Hand(FREE, MONDAY)
    hand.tell(PrepareRun(), SessionsPlanned(sessions=(MONDAY,)))

    opened = hand.tell(prefetched(MONDAY, symbols=("C", "A")))[0]

    assert isinstance(opened, SessionBoundary)
    assert opened.symbols == ("A", "C")


def test_the_core_is_not_sound_with_more_sessions_played_than_planned() -> None:
    hand = two_days()
    hand.core._played = 1

    with pytest.raises(AssertionError):
        hand.core.check()
