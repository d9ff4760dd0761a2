"""Symbols that join: what is read for them first, and what is asked for then, at once."""

from msgspec.structs import replace

from actors.data_upkeep.core import DataUpkeepCore
from actors.data_upkeep.prefetch import Prefetching
from actors.data_upkeep.repairs import Repairs
from actors.settings import UpkeepRules
from messages import (
    CheckStore,
    FetchBars,
    Gap,
    GapAbandoned,
    GapDetected,
    LoadSymbols,
    MinuteApplied,
    PassTicket,
    Prefetch,
    PrefetchFailed,
    ReadFailed,
    ReadSession,
    SessionRead,
    StoreChecked,
    SymbolsChanged,
    SymbolsJoined,
    SymbolsLoaded,
    Tape,
)
from tests.builders import DAY, BarBatch, at, bar, session_tiny
from tests.data_upkeep.desk import Desk, gap, only, passed, requests, shown
from tests.data_upkeep.test_prefetch import days, prefetching, read

LOAD = LoadSymbols(session=DAY, symbols=("C",))
TAPE = Tape(session=DAY, batch=BarBatch.of([bar("C")]))
READ = SessionRead(tape=TAPE, joining=("C",))
JOINED = SymbolsJoined(session_date=DAY.date, symbols=("C",))


def catch_up(symbols: str, start: str, end: str) -> GapDetected:
    return GapDetected(session_date=DAY.date, gap=gap(symbols, start, end), is_catch_up=True)


def test_minutes_from_before_somebody_joined_are_asked_for_at_once_and_in_one_request() -> None:
    desk = Desk()
    desk.now("11:00")
    desk.tell(*(catch_up("AB", f"{hour}:{minute:02}", end) for hour, minute, end in SPANS))
    (request,) = requests(desk.now("11:00"))

    assert shown(Gap(symbols=request.symbols, start_ns=request.start_ns, end_ns=request.end_ns)) == ("AB", 0, 90)


SPANS = [("09", 30, "10:00"), ("10", 0, "10:30"), ("10", 30, "11:00")]


def test_what_waits_for_its_delay_goes_along() -> None:
    desk = Desk().lacks("A", "10:59")
    desk.tell(catch_up("C", "10:58", "11:00"))
    (request,) = requests(desk.now("11:00"))

    assert request.symbols == ("A", "C")


def test_a_gap_that_comes_while_others_are_caught_up_with_waits_as_ever() -> None:
    desk = Desk()
    desk.tell(catch_up("C", "10:58", "10:59"))
    desk.serve(requests(desk.now("10:59"))[0])
    desk.lacks("A", "10:59")

    assert requests(desk.now("11:00")) == []
    assert len(requests(desk.now("11:00", 30))) == 1


def test_where_nobody_can_be_asked_they_are_given_up_at_once() -> None:
    desk = Desk((), holds_tickets=False)
    desk.tell(catch_up("C", "10:58", "11:00"))
    said = only(desk.now("11:00"), GapAbandoned)

    assert (said.source, [shown(one) for one in said.gaps]) == ("", [("C", 88, 90)])
    assert [story.attempts for story in desk.repairs.close(DAY.date)] == [0]
    assert Desk((), holds_tickets=False).lacks("A", "10:59").now("11:30") == [PassTicket(ticket=1)]


def test_in_a_backtest_that_nobody_can_be_asked_in_they_stay_missing() -> None:
    desk = Desk(())
    desk.tell(catch_up("C", "10:58", "11:00"))

    assert desk.now("11:00") == [PassTicket(ticket=1)]


# --- the own store comes first


def test_what_the_store_has_is_read_and_handed_over_whether_or_not_the_rest_is_played_from_it() -> None:
    backtest, live = Desk(), Desk(holds_tickets=False)

    assert backtest.tell(LOAD) == [ReadSession(session=DAY, symbols=("C",), joining=("C",))]
    assert [desk.tell(READ) for desk in (backtest, live)] == [
        [SymbolsLoaded(session_date=DAY.date, symbols=("C",), tape=TAPE, is_played=is_played)]
        for is_played in (True, False)
    ]


def test_nobody_is_asked_before_the_store_has_been_read() -> None:
    desk = Desk()
    desk.tell(LOAD, catch_up("C", "10:58", "11:00"))
    before = desk.now("11:00")
    desk.tell(READ)
    desk.came("C", "10:58")

    assert before == [PassTicket(ticket=1)]
    assert [
        shown(Gap(symbols=r.symbols, start_ns=r.start_ns, end_ns=r.end_ns)) for r in requests(desk.tell(JOINED))
    ] == [("C", 89, 90)]


def test_of_two_that_join_the_last_one_lets_the_requests_go() -> None:
    desk = Desk()
    desk.tell(LOAD, LoadSymbols(session=DAY, symbols=("D",)), catch_up("C", "10:58", "11:00"))
    desk.now("11:00")

    assert requests(desk.tell(JOINED)) == []
    assert len(requests(desk.tell(replace(JOINED, symbols=("D",))))) == 1


def test_who_leaves_while_it_is_read_keeps_nobody_waiting() -> None:
    desk = Desk()
    desk.tell(LOAD, catch_up("A", "10:58", "11:00"), SymbolsChanged(removed=("C",)))

    assert len(requests(desk.now("11:00"))) == 1


def test_tickets_wait_for_what_is_asked_for_then() -> None:
    desk = Desk()
    desk.tell(LOAD, catch_up("C", "10:58", "11:00"))
    desk.now("11:00")
    desk.tell(JOINED)
    held = desk.now("11:01")

    assert passed(held) == []
    assert passed(desk.serve(desk.of(FetchBars)[0])) == [2]


def test_a_store_that_cannot_be_read_is_said_and_the_upstream_is_asked() -> None:
    desk = Desk()
    desk.tell(LOAD)
    said = desk.tell(ReadFailed(session=DAY, reason="the disk is gone", joining=("C",)))

    assert said == [SymbolsLoaded(session_date=DAY.date, symbols=("C",), reason="the disk is gone")]


def test_a_session_that_cannot_be_read_is_another_matter() -> None:
    assert Desk().tell(ReadFailed(session=DAY, reason="gone")) == [PrefetchFailed(session=DAY, reason="gone")]


# --- what is read


def test_the_days_that_are_held_are_read_for_who_joins_though_they_are_in_memory() -> None:
    made = prefetching(trailing=2, symbols=["A"], daily=4)
    read(made, "2024-07-10")
    read(made, "2024-07-11")
    job = made.joining(LoadSymbols(session=session_tiny(2, day="2024-07-10"), symbols=("C",)))

    assert (job.symbols, job.joining, job.session.date) == (("C",), ("C",), "2024-07-10")
    assert (job.history, job.daily) == (days(8, 9), days(6, 7))
    assert job.plan is not None
    assert job.plan.oldest == "2024-07-06"


def test_a_session_that_is_read_again_does_not_push_the_open_one_out() -> None:
    made = prefetching(trailing=1)
    for date in ("2024-07-09", "2024-07-10", "2024-07-11", "2024-07-11"):
        read(made, date)

    assert made.joining(LoadSymbols(session=session_tiny(2, day="2024-07-10"), symbols=("C",))).history == days(9, 9)
    assert made.joining(LoadSymbols(session=session_tiny(2, day="2024-07-09"), symbols=("C",))).history == ()


def test_before_a_session_was_prefetched_only_its_day_is_read() -> None:
    core = DataUpkeepCore(Prefetching((), None, 0), Repairs(UpkeepRules(), (), is_ordered=True))
    said = core.handle(LOAD).out

    assert said == (ReadSession(session=DAY, symbols=("C",), joining=("C",)),)
    assert core.handle(MinuteApplied(now_ns=at("10:00"), ticket=1)).out == (PassTicket(ticket=1),)
    assert core.handle(Prefetch(session=DAY)).out


def test_the_store_is_tried_and_what_came_of_it_is_passed_on() -> None:
    desk, checked = Desk(), StoreChecked(is_writable=True)

    assert desk.tell(CheckStore(), checked) == [CheckStore(), checked]
