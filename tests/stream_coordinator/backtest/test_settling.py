"""Between the close of a session and the opening of the next: what is due is visited, and nobody waits in vain."""

import pytest
from msgspec.structs import replace

from messages import (
    AbandonGaps,
    AbortRun,
    CertificateIssued,
    GetProgress,
    GetRunSummary,
    Message,
    RunFinished,
    SessionBoundary,
    SessionReported,
    SessionSettled,
    TimeAdvanced,
    TradingSession,
    WakeAt,
)
from messages.values import MINUTE_NS, SECOND_NS, Nanos
from tests.builders import session_tiny
from tests.certificates import certificate
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

TIGHT = session_tiny(2, day="2024-07-01")
"""Begins as MONDAY does."""


def after(session: TradingSession) -> TradingSession:
    """A session that opens at the end of another one."""
    (part,) = session.segments
    length = part.end_ns - part.start_ns
    segment = replace(part, start_ns=part.end_ns, end_ns=part.end_ns + length)
    return replace(session, date="2024-07-02", segments=(segment,))


def wake(due_ns: Nanos) -> WakeAt:
    return WakeAt(due_ns=due_ns, key="upkeep")


def settled(session: TradingSession = MONDAY) -> SessionSettled:
    return SessionSettled(session_date=session.date)


def issued(session: TradingSession) -> CertificateIssued:
    return CertificateIssued(certificate=certificate("A", session=session), is_kept=True)


def at_the_close(*sessions: TradingSession) -> Hand:
    """The first session is played, and its close is on its way."""
    hand = Hand(replace(FREE, credit=1, minutes_per_ticket=64), *sessions, has_upkeep=True).opened()
    if len(sessions) > 1:
        hand.tell(prefetched(sessions[1]))
    hand.play()
    while "closed" not in shape(hand.said):
        hand.home()
    return hand


def times(said: list[Message]) -> list[Nanos]:
    return [message.now_ns for message in said if isinstance(message, TimeAdvanced)]


# --- between minutes


def test_what_is_due_between_two_minutes_is_visited_with_a_ticket_of_its_own() -> None:
    hand = Hand(replace(LOCKSTEP, credit=1), MONDAY, has_upkeep=True).opened().lockstep()
    due = MONDAY.start_ns + 90 * SECOND_NS
    hand.play()
    hand.tell(wake(due))
    (visit,) = hand.home()
    (minute,) = hand.home()

    assert isinstance(visit, TimeAdvanced)
    assert (visit.now_ns, visit.ticket > 0) == (due, True)
    assert minute.now_ns == MONDAY.start_ns + 2 * MINUTE_NS  # type: ignore[attr-defined]


def test_several_due_times_are_visited_in_their_order_and_each_once() -> None:
    hand = Hand(replace(LOCKSTEP, credit=1), MONDAY, has_upkeep=True).opened().lockstep()
    dues = [MONDAY.start_ns + seconds * SECOND_NS for seconds in (110, 70, 90, 70)]
    hand.play()
    hand.tell(*map(wake, dues))
    visits = [hand.home() for _ in range(4)]

    assert [times(said) for said in visits[:3]] == [[due] for due in sorted(set(dues))]
    assert times(visits[3]) in ([], [MONDAY.start_ns + 2 * MINUTE_NS])


def test_a_due_time_at_the_end_of_a_minute_needs_no_visit() -> None:
    hand = Hand(replace(LOCKSTEP, credit=1), MONDAY, has_upkeep=True).opened().lockstep()
    hand.play()
    hand.tell(wake(MONDAY.start_ns + 2 * MINUTE_NS))

    assert len(hand.home()) == 1
    assert len([m for m in hand.said if isinstance(m, TimeAdvanced)]) == 0


def test_minutes_at_once_do_not_run_past_what_is_due() -> None:
    hand = Hand(replace(FREE, credit=1, minutes_per_ticket=64), MONDAY, has_upkeep=True).opened()
    hand.tell(wake(MONDAY.start_ns + 90 * SECOND_NS))
    first = hand.play()
    then = hand.home()

    assert [m.now_ns for m in first] == [MONDAY.start_ns + MINUTE_NS]  # type: ignore[attr-defined]
    assert times(then) == [MONDAY.start_ns + 90 * SECOND_NS]


# --- between sessions


def test_the_next_session_waits_until_the_one_before_has_settled() -> None:
    hand = at_the_close(MONDAY, TUESDAY)
    closing = hand.home()
    said = hand.tell(settled())

    assert "opened" not in shape(closing)
    assert shape(said) == ["StartStopwatch", "opened"]


def test_a_session_that_has_settled_before_its_close_came_home_is_waited_for_no_longer() -> None:
    hand = at_the_close(MONDAY, TUESDAY)
    early = hand.tell(settled())
    said = hand.home()

    assert early == []
    assert shape(said)[-2:] == ["StartStopwatch", "opened"]


def test_what_is_due_after_the_close_is_visited_one_after_the_other() -> None:
    hand = at_the_close(MONDAY, TUESDAY)
    first, second = MONDAY.end_ns + 30 * SECOND_NS, MONDAY.end_ns + 90 * SECOND_NS
    hand.tell(wake(second), wake(first))
    one = hand.home()
    two = hand.home()

    assert (times(one), times(two)) == ([first], [second])
    assert times(hand.home()) == []


def test_a_due_time_that_is_asked_for_while_the_session_settles_is_visited() -> None:
    hand = at_the_close(MONDAY, TUESDAY)
    hand.home()

    assert times(hand.tell(wake(MONDAY.end_ns + MINUTE_NS))) == [MONDAY.end_ns + MINUTE_NS]


def test_while_a_visit_is_out_there_is_no_other() -> None:
    hand = at_the_close(MONDAY, TUESDAY)
    hand.tell(wake(MONDAY.end_ns + MINUTE_NS))
    hand.home()

    assert hand.tell(wake(MONDAY.end_ns + 2 * MINUTE_NS)) == []


@pytest.mark.parametrize("late_s", [0, 1, 3600])
def test_if_the_next_session_is_due_first_the_rest_is_given_up(late_s: int) -> None:
    hand = at_the_close(TIGHT, after(TIGHT))
    hand.tell(wake(TIGHT.end_ns + late_s * SECOND_NS + (1 if late_s == 0 else 0)))
    said = hand.home()

    assert said[-1:] == [AbandonGaps(session_date=TIGHT.date)]
    assert times(said) == []


def test_it_is_given_up_once_and_the_next_session_opens_when_it_has_settled() -> None:
    hand = at_the_close(TIGHT, after(TIGHT))
    hand.tell(wake(TIGHT.end_ns + MINUTE_NS))
    hand.home()
    again = hand.tell(wake(TIGHT.end_ns + 2 * MINUTE_NS))
    said = hand.tell(settled(TIGHT))
    (opening,) = [m for m in said if isinstance(m, SessionBoundary)]

    assert again == []
    assert opening.now_ns == after(TIGHT).start_ns


def test_what_is_due_before_the_next_session_is_visited_and_then_the_rest_is_given_up() -> None:
    hand = at_the_close(MONDAY, TUESDAY)
    hand.tell(wake(MONDAY.end_ns + MINUTE_NS), wake(TUESDAY.start_ns))
    visit = hand.home()
    said = hand.home()

    assert times(visit) == [MONDAY.end_ns + MINUTE_NS]
    assert said == [AbandonGaps(session_date=MONDAY.date)]


def test_after_the_last_session_everything_that_is_due_is_visited() -> None:
    hand = at_the_close(MONDAY)
    far = MONDAY.end_ns + 40 * 24 * 60 * MINUTE_NS
    hand.tell(wake(far))

    assert times(hand.home()) == [far]


# --- the end


def test_the_run_is_over_when_the_last_certificate_is_there() -> None:
    hand = at_the_close(MONDAY)
    hand.home()
    after_settling = hand.tell(settled())
    said = hand.tell(issued(MONDAY))

    assert not [m for m in after_settling if isinstance(m, RunFinished)]
    assert said == [RunFinished(sessions=1)]
    assert hand.ask(GetProgress()).is_finished


def test_the_certificate_of_another_day_ends_nothing() -> None:
    hand = at_the_close(MONDAY, TUESDAY)
    hand.home()
    hand.tell(settled())

    assert hand.tell(issued(MONDAY)) == []


def test_a_certificate_that_is_issued_again_after_the_end_ends_nothing_twice() -> None:
    hand = at_the_close(MONDAY)
    hand.home()
    hand.tell(settled(), issued(MONDAY))

    assert hand.tell(issued(MONDAY)) == []


def test_without_upkeep_nothing_settles() -> None:
    hand = Hand(FREE, MONDAY).opened()
    hand.play()
    said = [shape(hand.home()) for _ in range(2)]

    assert "RunFinished" in said[-1]


def test_the_report_of_a_settled_session_says_how_it_was_opened() -> None:
    hand = at_the_close(MONDAY, TUESDAY)
    hand.home()
    hand.tell(SessionReported(report=report_of(MONDAY)), settled())
    (report,) = hand.ask(GetRunSummary()).sessions

    assert report.is_prefetched is False


# --- a run that failed


def failed_at_the_close() -> Hand:
    hand = at_the_close(MONDAY, TUESDAY)
    hand.home()
    hand.tell(AbortRun(reason="somebody pulled the plug"))
    return hand


@pytest.mark.parametrize("message", [settled(), wake(MONDAY.end_ns + MINUTE_NS), issued(TUESDAY)])
def test_a_run_that_failed_while_it_settled_opens_nothing_and_visits_nothing(message: Message) -> None:
    hand = failed_at_the_close()

    assert hand.tell(message) == []
    assert hand.ask(GetRunSummary()).failure == "somebody pulled the plug"
