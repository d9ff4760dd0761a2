"""What a live day owes is said again after a bug somewhere, and what it waits for is told: it stands still nowhere."""

import pytest

from messages import (
    AbandonGaps,
    BoundaryKind,
    MakeGood,
    MinuteSettled,
    PlanLiveSessions,
    Prefetch,
    Room,
    RunFinished,
    RunReady,
    SessionBoundary,
    SessionPrefetched,
    SessionSettled,
    SessionStands,
    TradingSession,
    WaitChanged,
)
from messages.commands import ListenFrom, SetTimer
from messages.listeners import SubscribersChanged
from messages.values import SECOND_NS
from tests.builders import DAY, HALF_DAY, at, session_xnys
from tests.stream_coordinator.backtest.playing import prefetched
from tests.stream_coordinator.live_day.watch import Watch, lived, of

LATER = (session_xnys("2024-07-05"), session_xnys("2024-07-08"))
ANYWHERE = MakeGood(room=Room.SESSION_DATA)


def stands(session: TradingSession | None = DAY, *, is_closed: bool = False, is_settled: bool = False) -> SessionStands:
    return SessionStands(session=session, is_closed=is_closed, is_settled=is_settled, now_ns=0)


def waits(watch: Watch) -> list[str]:
    """Everything that it has said to wait for."""
    return [told.what for told in of(watch.said, WaitChanged)]


def test_the_timer_is_set_whatever_was_lost() -> None:
    watch = Watch(DAY, HALF_DAY, *LATER)

    assert SetTimer(due_ns=0) in watch.tell(ANYWHERE)
    assert SetTimer(due_ns=0) in watch.up().tell(ANYWHERE)


def test_who_began_to_listen_and_was_not_heard_of_is_let_in() -> None:
    watch = Watch(DAY, HALF_DAY, *LATER).up()
    (usual,) = of(watch.tell(SubscribersChanged(count=1)), ListenFrom)

    (again,) = of(watch.tell(ANYWHERE), ListenFrom)

    assert again == usual


def test_a_session_that_was_asked_for_and_did_not_come_is_asked_for_again() -> None:
    watch = Watch(DAY, HALF_DAY, *LATER, silent=(Prefetch,)).up()
    before = len(of(watch.said, Prefetch))
    watch.fire()
    still = len(of(watch.said, Prefetch))
    watch.silent = ()
    watch.tell(ANYWHERE)
    watch.fire()

    assert (before, still) == (1, 1)
    assert len(of(watch.said, RunReady)) == 1


def test_an_opening_that_sessiondata_has_not_heard_of_is_told_again() -> None:
    watch = Watch(DAY, HALF_DAY, *LATER, silent=(SessionBoundary,)).up()
    (first,) = of(watch.said, SessionBoundary)

    assert of(watch.tell(stands(None)), SessionBoundary) == [first]
    assert [type(said) for said in watch.tell(stands(DAY))] == [RunReady]
    assert watch.tell(stands(DAY)) == []


def test_a_ticket_that_was_on_its_way_already_says_nothing_of_an_opening() -> None:
    watch = Watch(DAY, HALF_DAY, *LATER, silent=(SessionBoundary,)).up()
    (opening,) = of(watch.said, SessionBoundary)

    assert watch.tell(MinuteSettled(ticket=opening.ticket + 1)) == []
    assert of(watch.tell(stands(None)), SessionBoundary) == [opening]
    assert [type(said) for said in watch.tell(MinuteSettled(ticket=opening.ticket))] == [RunReady]


def test_that_the_first_session_is_open_is_told_again() -> None:
    watch = Watch(DAY, HALF_DAY, *LATER).up()

    assert len(of(watch.tell(ANYWHERE), RunReady)) == 1


def test_a_close_that_sessiondata_has_not_heard_of_is_told_again() -> None:
    watch = Watch(DAY, HALF_DAY, *LATER, silent=(SessionBoundary, AbandonGaps)).up()
    watch.tell(MinuteSettled(ticket=1))
    lived(watch, at("15:58"), at("15:59"))
    for seconds in (5, 6):
        watch.at(at("16:00") + seconds * SECOND_NS)
    again = of(watch.tell(stands()), SessionBoundary)

    assert [(told.session.date, told.kind) for told in again] == [(DAY.date, BoundaryKind.CLOSED)]
    assert of(watch.tell(stands(is_closed=True)), SessionBoundary) == []


def test_that_a_session_has_settled_need_not_have_been_heard() -> None:
    watch = Watch(DAY, HALF_DAY, *LATER, silent=(AbandonGaps, SessionSettled)).up()
    lived(watch, at("15:58"), at("15:59"))
    watch.at(at("16:00") + 6 * SECOND_NS)
    watch.tell(stands(is_closed=True, is_settled=True))
    for when in (HALF_DAY.start_ns - SECOND_NS, HALF_DAY.start_ns):
        watch.at(when)

    opened = [told.session.date for told in of(watch.said, SessionBoundary) if told.kind is BoundaryKind.OPENED]
    assert opened == [DAY.date, HALF_DAY.date]


def test_that_gaps_are_given_up_is_said_again() -> None:
    watch = Watch(DAY, HALF_DAY, *LATER, silent=(AbandonGaps, SessionBoundary)).up()
    watch.tell(MinuteSettled(ticket=1))
    lived(watch, at("15:58"), at("15:59"))
    watch.at(at("16:00") + 6 * SECOND_NS)
    said = []
    for message in (None, None, ANYWHERE, None):
        said.append(len(of(watch.at(HALF_DAY.start_ns) if message is None else watch.tell(message), AbandonGaps)))
        watch.at(HALF_DAY.start_ns)

    assert len(of(watch.said, AbandonGaps)) == 2


def test_a_run_that_is_over_says_so_again() -> None:
    watch = Watch(DAY, HALF_DAY, *LATER, auto_roll=False).up()
    lived(watch, at("15:58"), at("15:59"))
    for seconds in (5, 6, 7):
        watch.at(at("16:00") + seconds * SECOND_NS)

    assert watch.tell(ANYWHERE) == [RunFinished(sessions=1)]


def test_a_session_that_comes_twice_is_opened_once() -> None:
    watch = Watch(DAY, HALF_DAY, *LATER).up()

    assert watch.tell(prefetched(DAY)) == []
    assert isinstance(prefetched(DAY), SessionPrefetched)
    assert watch.status.session == DAY


def test_sessions_to_come_are_asked_for_when_they_run_short() -> None:
    watch = Watch(DAY).up()

    assert of(watch.tell(ANYWHERE), PlanLiveSessions)
    assert not of(watch.tell(MakeGood(room=Room.SYSTEM_MANAGER)), PlanLiveSessions)


@pytest.mark.parametrize(
    ("silent", "what"),
    [
        (PlanLiveSessions, "no session is known yet"),
        (Prefetch, "the next session is not in memory yet"),
        (SessionBoundary, f"session {DAY.date} was to open, and SessionData has not said that it is open"),
    ],
)
def test_what_a_day_waits_for_that_does_not_get_under_way_is_told(silent: type, what: str) -> None:
    watch = Watch(DAY, HALF_DAY, *LATER, silent=(silent,)).up()
    watch.fire()

    assert waits(watch)[-1] == what


def test_a_day_that_is_under_way_waits_for_nothing() -> None:
    watch = Watch(DAY, HALF_DAY, *LATER).up()
    lived(watch, at("09:30"), at("09:32"))

    assert waits(watch)[-1] == ""


def test_a_night_waits_for_nothing_until_the_next_session_is_near() -> None:
    watch = Watch(DAY, HALF_DAY, *LATER).up()
    lived(watch, at("15:58"), at("15:59"))
    watch.at(at("16:00") + 6 * SECOND_NS)
    for when in ("21:00", "22:00"):
        watch.at(at(when))
    night = waits(watch)[-1]
    watch.silent = (Prefetch,)
    watch.at(HALF_DAY.start_ns - 60 * SECOND_NS)
    watch.fire()

    assert night == ""
    assert waits(watch)[-1] == "the next session is not in memory yet"


def test_a_day_that_is_closing_says_what_it_waits_for() -> None:
    watch = Watch(DAY, HALF_DAY, *LATER, silent=(SessionBoundary,), auto_roll=False).up()
    watch.tell(MinuteSettled(ticket=1))
    lived(watch, at("15:58"), at("15:59"))
    for seconds in (5, 6):
        watch.at(at("16:00") + seconds * SECOND_NS)
    before = waits(watch)[-1]
    watch.tell(SessionSettled(session_date=DAY.date))
    watch.at(at("16:00") + 7 * SECOND_NS)

    assert before == f"session {DAY.date} has closed, and not settled yet"
    assert waits(watch)[-1] == f"session {DAY.date} has settled, and has no certificate yet"
