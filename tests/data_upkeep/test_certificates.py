"""How a settled session comes to its certificate, and who remembers it."""

from typing import Any, TypeGuard

import pytest

from actors.data_upkeep.core import DataUpkeepCore
from actors.data_upkeep.prefetch import Prefetching
from messages import (
    AbandonGaps,
    CertificateIssued,
    GapOutcome,
    GetCertificate,
    IssueCertificate,
    Message,
    NotRecorded,
    PassTicket,
    Prefetch,
    RequireHistory,
    Requirement,
    SessionCertificate,
    SessionSealed,
    TradingSession,
    TransitionMeasured,
)
from messages.values import MINUTE_NS, ONE_DAY
from tests.builders import DAY, HALF_DAY, at, closed, day_grid, opened, session_tiny
from tests.certificates import certificate
from tests.data_upkeep.desk import Desk, repairs, requests


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


def is_job(message: Message) -> TypeGuard[IssueCertificate]:
    return isinstance(message, IssueCertificate)


def asked_for(desk: Desk, date: str | None = None) -> SessionCertificate | None:
    return desk.core.handle(GetCertificate(date=date)).answer  # type: ignore[no-any-return]


def test_the_last_session_is_certified_when_it_is_sealed_with_the_story_of_its_gaps() -> None:
    desk = Desk().lacks("A", "15:59")
    desk.tell(Prefetch(session=DAY))
    desk.close()
    (request,) = requests(desk.now(DAY.end_ns, 30))
    desk.serve(request)
    (job,) = desk.tell(sealed())

    assert isinstance(job, IssueCertificate)
    assert [(story.symbols, story.attempts) for story in job.gaps] == [(("A",), 1)]


def test_what_turns_out_when_a_live_day_has_settled_is_asked_for_and_told_of_in_its_next_certificate() -> None:
    desk = Desk(holds_tickets=False)
    desk.close()
    assert [job.gaps for job in desk.tell(sealed()) if isinstance(job, IssueCertificate)] == [()]
    desk.tell(issued())

    (request,) = requests(desk.lacks("A", "15:59").now(DAY.end_ns, 60))
    desk.serve(request)
    (job,) = (one for one in desk.tell(sealed(issued_by="fill")) if isinstance(one, IssueCertificate))
    assert [(story.symbols, story.outcome) for story in job.gaps] == [(("A",), GapOutcome.CLOSED)]


def test_a_certificate_that_says_what_is_in_doubt_leaves_it_to_be_asked_for() -> None:
    desk = Desk(holds_tickets=False)
    desk.close()
    desk.tell(sealed(), issued())

    (doubted,) = (one for one in desk.lacks("A", "15:59").tell(sealed(issued_by="fill")) if is_job(one))
    (request,) = requests(desk.now(DAY.end_ns, 60))
    desk.serve(request)
    (filled,) = (one for one in desk.tell(sealed(issued_by="fill")) if is_job(one))

    assert [len(job.gaps) for job in (doubted, filled)] == [0, 1]
    assert not desk.repairs.is_open(DAY.date)


@pytest.mark.parametrize("is_settled", [True, False])
def test_what_turns_out_of_a_live_day_when_the_next_has_opened_is_asked_for_as_often_as_anything(
    is_settled: bool,
) -> None:
    desk = Desk(holds_tickets=False, attempts=3)
    desk.close()
    if is_settled:
        desk.tell(AbandonGaps(session_date=DAY.date), sealed(), issued())
    desk.tell(opened(HALF_DAY), opened(HALF_DAY))

    asked = requests(desk.lacks("A", "15:59").now(HALF_DAY.start_ns, 60))
    for minute in (10, 30):
        desk.answer(asked[-1])
        asked += requests(desk.now(HALF_DAY.start_ns, 60 * minute))

    assert len(asked) == 3


def test_what_turns_out_of_a_day_before_that_is_nobodys_any_more() -> None:
    desk = Desk(holds_tickets=False)
    desk.close()
    desk.tell(sealed(), issued(), opened(HALF_DAY), opened(session_tiny(4, day="2024-07-05")))

    assert requests(desk.lacks("A", "15:59").now(at("09:40", session_tiny(4, day="2024-07-05")))) == []


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


def test_a_live_session_has_its_certificate_when_it_settles_although_the_next_one_is_in_memory() -> None:
    desk = Desk(holds_tickets=False)
    desk.tell(Prefetch(session=HALF_DAY))
    desk.close()

    assert jobs(desk.tell(sealed())) == [DAY.date]


def test_the_certificates_of_a_run_are_told_and_kept_for_readers() -> None:
    desk = Desk()
    messages = [issued(DAY), issued(HALF_DAY)]

    assert asked_for(desk) is None
    assert desk.tell(*messages) == messages
    assert asked_for(desk) == messages[1].certificate
    assert asked_for(desk, DAY.date) == messages[0].certificate
    assert asked_for(desk, "1999-01-04") is None


def tickets(said: list[Message]) -> int:
    return sum(isinstance(message, PassTicket) for message in said)


@pytest.mark.parametrize("made_after_min", [0, 29, 30, 31, 40])
def test_a_backtest_shows_a_certificate_at_the_same_minute_however_long_it_takes_to_make(made_after_min: int) -> None:
    desk = Desk()
    desk.tell(Prefetch(session=HALF_DAY))
    desk.close()
    desk.tell(sealed(), opened(HALF_DAY))
    first = HALF_DAY.start_ns + MINUTE_NS
    seen, passed = [], []
    for number in range(41):
        passed.append(tickets(desk.now(first + number * MINUTE_NS)))
        if number == made_after_min:
            passed[-1] += tickets(desk.tell(issued(DAY)))
        if passed[-1]:  # somebody is at this minute
            seen.append((number, asked_for(desk, DAY.date) is not None))

    assert sum(passed) == 41
    assert all(is_there is (number >= 30) for number, is_there in seen)
    assert not any(passed[30:made_after_min])  # the clock waits for what is late


def test_a_certificate_is_there_before_the_next_session_is_over() -> None:
    desk = Desk()
    short = session_tiny(2, day="2024-07-08")
    desk.tell(Prefetch(session=short))
    desk.close()
    desk.tell(sealed(), opened(short))
    desk.now(short.start_ns + MINUTE_NS)
    desk.tell(issued(DAY))
    before = asked_for(desk)
    desk.tell(closed(short))
    desk.now(short.end_ns)

    assert (before, asked_for(desk)) == (None, certificate("A"))


def test_a_certificate_that_is_made_again_is_made_from_the_one_before() -> None:
    desk = Desk()
    first = desk.tell(sealed())
    desk.tell(issued(DAY))
    again = desk.tell(sealed(issued_by="fill"))

    assert [job.old for job in [*first, *again] if isinstance(job, IssueCertificate)] == [None, certificate("A")]


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


def test_a_session_that_is_being_recorded_is_written_down_at_once_and_without_its_story() -> None:
    desk = Desk().lacks("A", "09:30")
    desk.tell(Prefetch(session=HALF_DAY))
    (job,) = desk.tell(sealed(issued_by="recording"))

    assert isinstance(job, IssueCertificate)
    assert (job.gaps, job.old) == ((), None)
    assert desk.repairs.is_open(DAY.date)


def test_what_could_not_be_written_down_is_passed_on() -> None:
    trouble = NotRecorded(session_date=DAY.date, reason="no space left on device")

    assert Desk().tell(trouble) == [trouble]
