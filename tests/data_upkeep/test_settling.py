"""DataUpkeep between SessionData and the coordinator: tickets, wakes, and how a session comes to its certificate."""

import pytest

from messages import (
    AbandonGaps,
    BarsFilled,
    FetchBars,
    GapAbandoned,
    MinuteApplied,
    PassTicket,
    SessionSettled,
    WakeAt,
)
from messages.values import MINUTE_NS, SECOND_NS
from tests.builders import DAY, at, closed
from tests.data_upkeep.desk import Desk, only, passed, requests, shown, wakes
from tests.stream_coordinator.backtest.playing import shape

# --- tickets


def test_a_ticket_goes_on_at_once_when_nothing_is_fetched() -> None:
    assert passed(Desk().now("09:31")) == [1]


def test_a_minute_without_a_ticket_lets_none_go() -> None:
    assert Desk().tell(MinuteApplied(now_ns=DAY.start_ns, ticket=0)) == []


def test_nothing_is_asked_for_until_the_whole_of_a_minute_has_been_told() -> None:
    desk = Desk(coalesce_s=0).lacks("A", "09:30")
    early = desk.tell(MinuteApplied(now_ns=at("09:31"), ticket=0))

    assert requests(early) == []
    assert len(requests(desk.now("09:31"))) == 1


def test_a_ticket_waits_for_what_was_due_by_its_minute_and_then_goes_after_it() -> None:
    desk = Desk().lacks("A", "09:30")
    held = desk.now("09:31", 30)
    (request,) = requests(held)
    said = desk.serve(request)

    assert passed(held) == []
    assert shape(said) == ["BarsFilled", "PassTicket"]


def test_a_ticket_waits_for_the_last_of_several_requests() -> None:
    desk = Desk(coalesce_s=0).lacks("A", "09:30").lacks("A", "15:00")
    first, second = requests(desk.now("15:01"))

    assert [passed(desk.serve(first)), passed(desk.serve(second))] == [[], [1]]


def test_a_ticket_waits_for_the_second_source_and_not_for_the_next_attempt() -> None:
    desk = Desk().lacks("A", "09:30")
    (request,) = requests(desk.now("09:31", 30))
    again = desk.fail(request)
    said = desk.fail(only(again, FetchBars))

    assert (passed(again), passed(said)) == ([], [1])


def test_several_tickets_go_on_in_their_order() -> None:
    desk = Desk().lacks("A", "09:30")
    (request,) = requests(desk.now("09:31", 30))
    held = [desk.now("09:32"), desk.now("09:33")]

    assert [passed(said) for said in held] == [[], []]
    assert passed(desk.serve(request)) == [1, 2, 3]


def test_live_no_ticket_waits_for_an_upstream() -> None:
    desk = Desk(holds_tickets=False).lacks("A", "09:30")

    assert passed(desk.now("09:31", 30)) == [1]


def test_time_never_goes_back() -> None:
    desk = Desk().lacks("A", "09:30")
    desk.now("09:35")

    assert requests(desk.now("09:31")) == []
    assert len(desk.of(FetchBars)) == 1


# --- wakes


def test_a_wake_is_asked_for_before_the_ticket_goes_home() -> None:
    desk = Desk().lacks("A", "09:30")

    assert shape(desk.now("09:31")) == ["WakeAt", "PassTicket"]


def test_a_due_time_is_asked_for_once() -> None:
    desk = Desk(coalesce_s=300).lacks("A", "09:30")
    desk.now("09:31")
    desk.lacks("A", "09:31")
    desk.now("09:32")

    assert wakes(desk.said) == [360]


def test_a_closed_session_whose_grace_is_not_over_asks_to_be_woken_then() -> None:
    desk = Desk(grace_ns=5 * SECOND_NS)
    early = desk.close()
    late = desk.now(DAY.end_ns + 5 * SECOND_NS)

    assert wakes(early, DAY.end_ns) == [5]
    assert [message.session_date for message in early + late if isinstance(message, SessionSettled)] == [DAY.date]
    assert isinstance(late[0], SessionSettled)


# --- settling


def test_a_session_without_gaps_settles_at_its_close() -> None:
    assert shape(Desk().close()) == ["SessionSettled", "PassTicket"]


def test_a_session_with_grace_settles_before_it_is_over_when_the_next_one_opens() -> None:
    desk = Desk(grace_ns=5 * SECOND_NS)
    early = desk.close()
    said = desk.tell(AbandonGaps(session_date=DAY.date))

    assert [message for message in early if isinstance(message, SessionSettled)] == []
    assert said == [SessionSettled(session_date=DAY.date)]


def test_a_session_with_an_open_gap_settles_when_it_has_its_verdict() -> None:
    desk = Desk().lacks("A", "15:59")
    said = desk.close()
    (request,) = requests(desk.now(DAY.end_ns, 30))

    assert [message for message in said if isinstance(message, SessionSettled)] == []
    assert shape(desk.serve(request)) == ["BarsFilled", "SessionSettled", "PassTicket"]


def test_a_session_settles_once() -> None:
    desk = Desk()
    desk.close()
    desk.now(DAY.end_ns, 60)

    assert len(desk.of(SessionSettled)) == 1


def test_a_session_that_is_open_does_not_settle() -> None:
    desk = Desk()
    desk.now(DAY.end_ns)

    assert desk.of(SessionSettled) == []


def test_the_next_session_gives_every_gap_a_last_call() -> None:
    desk = Desk().lacks("AB", "15:59")
    desk.close()
    (request,) = requests(desk.tell(AbandonGaps(session_date=DAY.date)))
    (again,) = requests(desk.fail(request))
    said = desk.answer(again)

    assert [shown(one) for one in only(said, GapAbandoned).gaps] == [("AB", 389, 390)]
    assert only(said, SessionSettled).session_date == DAY.date


def test_a_last_call_can_be_answered() -> None:
    desk = Desk().lacks("A", "15:59")
    desk.close()
    (request,) = requests(desk.tell(AbandonGaps(session_date=DAY.date)))

    assert shape(desk.serve(request)) == ["BarsFilled", "SessionSettled"]


def test_a_last_call_comes_at_once_even_to_a_gap_that_waits_for_its_next_attempt() -> None:
    desk = Desk().lacks("A", "15:50")
    (request,) = requests(desk.now("15:51", 30))
    desk.answer(request)
    desk.tell(closed(DAY))
    said = desk.tell(AbandonGaps(session_date=DAY.date))

    assert [request.start_ns for request in requests(said)] == [DAY.end_ns - 10 * MINUTE_NS]


def test_a_session_without_gaps_has_nothing_to_abandon() -> None:
    desk = Desk()
    desk.close()

    assert desk.tell(AbandonGaps(session_date=DAY.date), AbandonGaps(session_date="1999-01-04")) == []


def test_with_all_sources_at_rest_a_session_still_comes_to_its_end() -> None:
    desk = Desk(rest_after=1).lacks("A", "15:58")
    (request,) = requests(desk.now("15:59", 30))
    desk.fail(request)
    desk.lacks("A", "15:59")
    heard = [*desk.close(), *desk.tell(AbandonGaps(session_date=DAY.date))]
    while found := requests(heard):
        heard = [said for one in found for said in desk.fail(one)]
    for minute in range(1, 60):
        heard = desk.now(DAY.end_ns + minute * MINUTE_NS)
        while found := requests(heard):
            heard = [said for one in found for said in desk.fail(one)]

    assert len(desk.of(SessionSettled)) == 1
    assert {shown(one) for message in desk.of(GapAbandoned) for one in message.gaps} in (
        {("A", 388, 389), ("A", 389, 390)},
        {("A", 388, 390)},
    )


@pytest.mark.parametrize("held", [True, False])
def test_nothing_is_told_twice(held: bool) -> None:
    desk = Desk(holds_tickets=held).lacks("A", "09:30")
    (request,) = requests(desk.now("09:31", 30))
    desk.serve(request)
    desk.now("09:32")
    desk.close()

    assert len(desk.of(BarsFilled)) == len(desk.of(SessionSettled)) == 1
    assert passed(desk.of(PassTicket)) == list(range(1, desk.tickets + 1))
    assert len(desk.of(WakeAt)) == len(set(wakes(desk.said)))
