"""DataUpkeep between SessionData and the coordinator: tickets, wakes, and how a session comes to its certificate."""

from typing import Any

import pytest

from actors.data_upkeep.core import DataUpkeepCore
from actors.data_upkeep.prefetch import Prefetching
from messages import (
    AbandonGaps,
    BarsFilled,
    CertificateIssued,
    FetchBars,
    GapAbandoned,
    GetCertificate,
    IssueCertificate,
    Message,
    MinuteApplied,
    PassTicket,
    Prefetch,
    RequireHistory,
    Requirement,
    SessionCertificate,
    SessionSealed,
    SessionSettled,
    TradingSession,
    TransitionMeasured,
    WakeAt,
)
from messages.values import MINUTE_NS, ONE_DAY, SECOND_NS
from tests.builders import DAY, HALF_DAY, closed, day_grid, opened, session_tiny
from tests.certificates import certificate
from tests.data_upkeep.desk import Desk, only, passed, repairs, requests, shown, wakes
from tests.stream_coordinator.playing import shape


def sealed(session: TradingSession = DAY, issued_by: str = "session") -> SessionSealed:
    return SessionSealed(
        day=day_grid(session, []),
        runs=(),
        intervals=(),
        corrections=0,
        rejected={},
        issued_by=issued_by,
        now_ns=session.end_ns,
    )


def issued(session: TradingSession = DAY, **fields: Any) -> CertificateIssued:
    return CertificateIssued(certificate=certificate("A", session=session, **fields), is_kept=False)


def jobs(said: list[Message]) -> list[str]:
    return [message.sealed.day.session.date for message in said if isinstance(message, IssueCertificate)]


def asked_for(desk: Desk, date: str | None = None) -> SessionCertificate | None:
    return desk.core.handle(GetCertificate(date=date)).answer  # type: ignore[no-any-return]


# --- tickets


def test_a_ticket_goes_on_at_once_when_nothing_is_fetched() -> None:
    assert passed(Desk().now("09:31")) == [1]


def test_a_minute_without_a_ticket_lets_none_go() -> None:
    assert Desk().tell(MinuteApplied(now_ns=DAY.start_ns, ticket=0)) == []


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
    desk.close()
    heard = desk.tell(AbandonGaps(session_date=DAY.date))
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


# --- certificates


def test_the_last_session_is_certified_when_it_is_sealed_with_the_story_of_its_gaps() -> None:
    desk = Desk().lacks("A", "15:59")
    desk.tell(Prefetch(session=DAY))
    desk.close()
    (request,) = requests(desk.now(DAY.end_ns, 30))
    desk.serve(request)
    (job,) = desk.tell(sealed())

    assert isinstance(job, IssueCertificate)
    assert [(story.symbols, story.attempts) for story in job.gaps] == [(("A",), 1)]


def test_what_the_coordinator_measured_is_in_the_certificate() -> None:
    desk = Desk()
    desk.close()
    desk.tell(TransitionMeasured(session_date=DAY.date, is_prefetched=True, transition_ms=1.5))
    (job,) = desk.tell(sealed())

    assert isinstance(job, IssueCertificate)
    assert (job.is_prefetched, job.transition_ms) == (True, 1.5)


def test_a_certificate_is_not_made_while_the_next_session_opens_but_in_its_first_minutes() -> None:
    desk = Desk()
    desk.tell(Prefetch(session=HALF_DAY))
    desk.close()
    at_once = desk.tell(sealed())
    opening = desk.tell(opened(HALF_DAY)) + desk.now(HALF_DAY.start_ns)
    first = desk.now(HALF_DAY.start_ns + MINUTE_NS)

    assert (jobs(at_once), jobs(opening), jobs(first)) == ([], [], [DAY.date])


def test_the_certificates_of_a_run_are_told_and_kept_for_readers() -> None:
    desk = Desk()
    messages = [issued(DAY), issued(HALF_DAY)]

    assert asked_for(desk) is None
    assert desk.tell(*messages) == messages
    assert asked_for(desk) == messages[1].certificate
    assert asked_for(desk, DAY.date) == messages[0].certificate
    assert asked_for(desk, "1999-01-04") is None


def test_the_latest_certificate_is_the_one_that_was_issued_last() -> None:
    desk = Desk()
    desk.tell(issued(DAY), issued(HALF_DAY), issued(DAY, digest="new"))
    latest = asked_for(desk)

    assert latest is not None
    assert (latest.date, latest.digest) == (DAY.date, "new")


def test_a_long_run_keeps_the_certificates_of_some_hundred_sessions() -> None:
    desk = Desk()
    dates = [f"{1500 + number // 300}-{number % 300 // 25 + 1:02}-{number % 25 + 1:02}" for number in range(450)]
    for date in dates:
        desk.tell(issued(session_tiny(2, day=date)))

    assert asked_for(desk, dates[0]) is None
    assert asked_for(desk, dates[-400]) is not None


def test_what_is_required_of_history_is_read_with_the_next_session() -> None:
    core = DataUpkeepCore(Prefetching(("2024-06-28", "2024-07-01"), None, 0), repairs())
    core.handle(RequireHistory(requirement=Requirement(symbol="A", interval=ONE_DAY, bars=2)))
    (job,) = core.handle(Prefetch(session=DAY)).out

    assert job.daily == ("2024-06-28", "2024-07-01")  # type: ignore[attr-defined]


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
