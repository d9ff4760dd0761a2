"""What a message would have done that is in quarantine is made good: asked for again, said again, and only once."""

from typing import Any

import pytest

from messages import (
    CertificateIssued,
    FetchBars,
    GapDetected,
    MakeGood,
    Prefetch,
    ReadSession,
    Room,
    SessionPrefetched,
    SessionSettled,
    SessionStands,
    SymbolsLoaded,
)
from messages.events import SessionRead
from messages.joining import LoadSymbols, SymbolsJoined
from tests.builders import DAY, HALF_DAY, at, closed
from tests.certificates import certificate
from tests.data_upkeep.desk import Desk, gap, only, requests
from tests.stream_coordinator.backtest.playing import shape, tape

LOST_HERE = MakeGood(room=Room.DATA_UPKEEP)


def stands(*, is_closed: bool = False, is_settled: bool = False, now: str = "09:35") -> SessionStands:
    return SessionStands(session=DAY, is_closed=is_closed, is_settled=is_settled, now_ns=at(now))


def again(symbols: str, start: str, end: str | None = None) -> GapDetected:
    """What SessionData says is missing, whoever has heard of it."""
    return GapDetected(session_date=DAY.date, gap=gap(symbols, start, end), is_catch_up=True)


def test_a_request_whose_answer_is_lost_is_made_again_and_the_late_answer_is_nobodys() -> None:
    desk = Desk().lacks("A", "09:30")
    (first,) = requests(desk.now("09:31", 30))
    (second,) = requests(desk.tell(LOST_HERE))

    assert (second.missing, second.fetch > first.fetch) == (first.missing, True)
    assert desk.serve(first) == []
    assert shape(desk.serve(second))[0] == "BarsFilled"


def test_a_probe_whose_answer_is_lost_does_not_rest_its_source_for_ever() -> None:
    desk = Desk(rest_after=1, attempts=9).lacks("A", "09:30")
    (first,) = requests(desk.now("09:31", 30))
    desk.fail(first)
    (probe,) = requests(desk.now("09:40"))

    assert len(requests(desk.tell(LOST_HERE))) == 1
    assert probe.fetch > first.fetch


@pytest.mark.parametrize("room", [Room.SESSION_DATA, Room.STREAM_COORDINATOR, None])
def test_who_has_lost_nothing_asks_for_nothing_again(room: Room | None) -> None:
    desk = Desk().lacks("A", "09:30")
    desk.now("09:31", 30)

    assert desk.tell(MakeGood(room=room)) == []


def test_gaps_that_are_told_twice_are_asked_for_once() -> None:
    desk = Desk().lacks("AB", "09:30", "09:32")
    desk.tell(again("AB", "09:30", "09:32"))
    (request,) = requests(desk.now("09:32", 30))
    desk.tell(again("AB", "09:30", "09:32"))

    assert len(request.missing.start_ns) == 4
    assert requests(desk.now("09:40")) == []


def test_a_gap_that_was_never_heard_of_is_asked_for_when_it_is_told_again() -> None:
    desk = Desk().lacks("A", "09:30")
    desk.tell(again("AB", "09:30"))

    assert only(desk.now("09:31", 30), FetchBars).symbols == ("A", "B")


def test_a_close_that_was_not_heard_is_heard_and_the_session_settles() -> None:
    desk = Desk()
    desk.now("16:00")

    assert [type(said) for said in desk.tell(stands(is_closed=True, now="16:00"))] == [SessionSettled]


def test_an_opening_that_was_not_heard_is_heard() -> None:
    desk = Desk()
    desk.repairs.close(DAY.date)
    desk.tell(stands()).clear()

    assert requests(desk.lacks("A", "09:30").now("09:31", 30))


def test_a_session_that_has_settled_and_has_no_certificate_is_settled_again_until_one_is_being_made() -> None:
    desk = Desk()
    settled = stands(is_closed=True, is_settled=True, now="16:00")
    before = desk.tell(settled)
    desk.tell(CertificateIssued(certificate=certificate(), is_kept=True))

    assert before == [SessionSettled(session_date=DAY.date)]
    assert desk.tell(settled) == []


def test_nothing_stands_before_the_first_session() -> None:
    assert Desk().tell(SessionStands(session=None, is_closed=False, is_settled=False, now_ns=0)) == []


@pytest.mark.parametrize(("room", "is_told"), [(Room.STREAM_COORDINATOR, True), (Room.SESSION_DATA, False)])
def test_the_last_certificate_is_told_again_to_who_may_have_lost_it(room: Room, is_told: bool) -> None:
    desk = Desk()
    issued = CertificateIssued(certificate=certificate(), is_kept=True)
    desk.tell(closed(DAY), issued)

    assert (issued in desk.tell(MakeGood(room=room))) == is_told


# --- what is read


def read(desk: Desk, *messages: Any) -> list[ReadSession]:
    return [said for said in desk.tell(*messages) if isinstance(said, ReadSession)]


def test_a_session_that_is_asked_for_twice_is_read_once() -> None:
    desk = Desk()

    assert [len(read(desk, Prefetch(session=HALF_DAY))) for _ in range(2)] == [1, 0]


def test_a_session_is_read_again_with_all_its_history_if_what_was_read_is_lost() -> None:
    desk = Desk()
    (first,) = read(desk, Prefetch(session=HALF_DAY))
    desk.tell(LOST_HERE)
    (second,) = read(desk, Prefetch(session=HALF_DAY))
    desk.tell(SessionRead(tape=tape(HALF_DAY, "A")))
    (third,) = read(desk, Prefetch(session=HALF_DAY))

    assert first == second == third
    assert [type(said) for said in desk.tell(SessionRead(tape=tape(HALF_DAY, "A")))] == [SessionPrefetched]


def test_a_load_that_is_lost_keeps_no_gap_from_being_asked_for() -> None:
    desk = Desk(holds_tickets=False).lacks("A", "09:30")
    desk.tell(LoadSymbols(session=DAY, symbols=("B",)))
    before = requests(desk.now("09:31", 30))
    after = requests(desk.tell(LOST_HERE))

    assert (before, len(after)) == ([], 1)
    assert [type(said) for said in desk.tell(SessionRead(tape=tape(DAY, "B"), joining=("B",)))] == [SymbolsLoaded]


@pytest.mark.parametrize("room", [Room.DATA_UPKEEP, Room.SESSION_DATA])
def test_a_load_that_is_asked_for_once_more_is_waited_for_once(room: Room) -> None:
    load, joined = LoadSymbols(session=DAY, symbols=("B",)), SymbolsJoined(session_date=DAY.date, symbols=("B",))
    desk = Desk(holds_tickets=False).lacks("A", "09:30")
    desk.tell(load, MakeGood(room=room), load, joined)
    desk.tell(*([joined] if room is Room.DATA_UPKEEP else []))  # the first was read all the same

    assert len(requests(desk.now("09:31", 30))) == 1
