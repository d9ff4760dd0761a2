"""What has become of gaps can be read at any time, before the session has its certificate and after."""

from messages import GapOutcome, GetGapStories
from messages.values import MINUTE_NS
from tests.builders import DAY
from tests.data_upkeep.desk import Desk, requests
from tests.data_upkeep.test_certificates import issued, sealed


def told(desk: Desk, date: str | None = None) -> list[tuple[str, GapOutcome, int, int]]:
    """The gaps that can be read: whose, how they stand, how often somebody was asked, how many minutes they took."""
    answered = desk.core.handle(GetGapStories(date=date)).answer
    return [("".join(one.symbols), one.outcome, one.attempts, one.took_ns // MINUTE_NS) for one in answered]


def test_gaps_can_be_read_while_they_are_open_and_when_they_are_closed() -> None:
    desk = Desk().lacks("A", "09:30")
    before = told(desk)
    (request,) = requests(desk.now("09:32"))
    desk.lacks("B", "09:32")
    meanwhile = told(desk)
    desk.serve(request)

    assert before == [("A", GapOutcome.OPEN, 0, 0)]
    assert meanwhile == [("A", GapOutcome.OPEN, 1, 1), ("B", GapOutcome.OPEN, 0, 0)]
    assert told(desk, DAY.date) == [("A", GapOutcome.CLOSED, 1, 1), ("B", GapOutcome.OPEN, 0, 0)]


def test_a_request_that_is_half_answered_is_two_stories() -> None:
    desk = Desk().lacks("AB", "09:30")
    (request,) = requests(desk.now("09:32"))
    (bar, _) = request.missing.symbols
    desk.came(bar, "09:30", source="late")

    assert told(desk) == [("A", GapOutcome.CLOSED, 1, 1), ("B", GapOutcome.OPEN, 1, 1)]


def test_the_gaps_of_a_settled_session_are_those_of_its_certificate() -> None:
    desk = Desk().lacks("A", "15:59")
    desk.close()
    (request,) = requests(desk.now(DAY.end_ns, 30))
    desk.serve(request)
    (job,) = desk.tell(sealed())
    desk.tell(issued(gaps=job.gaps))  # type: ignore[attr-defined]

    assert told(desk) == told(desk, DAY.date) == [("A", GapOutcome.CLOSED, 1, 0)]


def test_of_a_session_that_nobody_knows_there_is_nothing_to_read() -> None:
    assert told(Desk(), "1999-01-04") == []
