"""Symbols that join a session lack what came before, and nobody asks for those that left."""

from messages import BarsFilled, FetchBars, GapDetected, GapNarrowed, SessionSettled, SymbolsChanged
from tests.builders import DAY, bar
from tests.data_upkeep.desk import Desk, gap, only, requests, shown


def left(symbols: str) -> SymbolsChanged:
    return SymbolsChanged(removed=tuple(symbols))


def test_the_minutes_before_a_symbol_joined_are_asked_for_at_once() -> None:
    desk = Desk()
    desk.now("09:40")
    desk.tell(GapDetected(session_date=DAY.date, gap=gap("C", "09:30", "09:40")))
    (request,) = requests(desk.now("09:40", 30))

    assert shown(gap("C", request.start_ns, request.end_ns)) == ("C", 0, 10)
    assert request.symbols == ("C",)


def test_a_symbol_that_left_is_not_asked_for() -> None:
    desk = Desk().lacks("AB", "09:30").lacks("A", "09:31")
    desk.tell(left("A"))
    (request,) = requests(desk.now("09:32"))

    assert (request.symbols, shown(gap("B", request.start_ns, request.end_ns))) == (("B",), ("B", 0, 1))


def test_if_all_that_lack_something_left_nobody_is_asked_and_the_session_settles() -> None:
    desk = Desk().lacks("AB", "15:59")
    desk.close()
    said = desk.tell(left("ABZ"))

    assert said == [SessionSettled(session_date=DAY.date)]
    assert desk.of(FetchBars) == []
    assert desk.repairs.close(DAY.date) == ()


def test_what_comes_for_a_symbol_that_left_meanwhile_is_not_told() -> None:
    desk = Desk().lacks("AB", "09:30")
    (request,) = requests(desk.now("09:31", 30))
    desk.tell(left("A"))
    said = desk.serve(request)
    (story,) = desk.repairs.close(DAY.date)

    assert only(said, BarsFilled).batch.names() == ["B"]
    assert story.symbols == ("B",)


def test_a_request_whose_symbols_have_all_left_ends_nothing_but_itself() -> None:
    desk = Desk().lacks("A", "15:59")
    desk.close()
    (request,) = requests(desk.now(DAY.end_ns, 30))
    desk.tell(left("A"))
    said = desk.serve(request)

    assert desk.of(BarsFilled) == []
    assert only(said, SessionSettled).session_date == DAY.date


def test_a_symbol_that_comes_back_lacks_what_it_lacked_and_is_asked_for_again() -> None:
    desk = Desk().lacks("A", "09:30")
    (first,) = requests(desk.now("09:31", 30))
    desk.tell(left("A"))
    desk.serve(first)
    desk.tell(SymbolsChanged(added=("A",)), GapDetected(session_date=DAY.date, gap=gap("A", "09:30")))
    (again,) = requests(desk.now("09:32"))
    fills = only(desk.answer(again, bar("A", "09:30")), BarsFilled)

    assert (again.start_ns, fills.batch.names()) == (first.start_ns, ["A"])


def test_a_symbol_that_joins_changes_nothing_of_what_is_asked_for() -> None:
    desk = Desk().lacks("A", "09:30")
    desk.tell(SymbolsChanged(added=("C",)))

    assert [request.symbols for request in requests(desk.now("09:31", 30))] == [("A",)]


def test_a_session_that_is_forgotten_takes_no_news() -> None:
    desk = Desk().lacks("A", "09:30")
    (request,) = requests(desk.now("09:31", 30))
    desk.serve(request)
    desk.repairs.close(DAY.date)
    desk.tell(GapNarrowed(session_date=DAY.date, gap=gap("A", "09:30"), source="desk"), left("A"))

    assert desk.repairs.close(DAY.date) == ()
    assert requests(desk.now("09:35")) == []
