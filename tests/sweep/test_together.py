"""Several strategies on one tape: each as if it were alone."""

from typing import Any

import pytest

from actors.strategy import Strategy
from actors.sweep.together import NeedsItsOwn, Pass
from actors.system import System
from messages.errors import StrategyFailed
from tests.system.worlds import memory, short

SETS: dict[int, dict[str, Any]] = {number: {"number": number} for number in range(3)}


def played(strategy: Any, sets: dict[int, dict[str, Any]] | None = None) -> dict[int, Any]:
    with short(memory(sessions=1)) as system:
        return Pass(system, Strategy(strategy)).play(sets or SETS)


def alone(strategy: Any, number: int) -> dict[str, Any]:
    with short(memory(sessions=1)) as system:
        return Strategy(strategy).play(system, {"number": number}).result


def starts_and_stops(system: System, number: int) -> dict[str, Any]:
    """Leave a loop, look around, and go on; twice."""
    heard = []
    for _ in range(2):
        for minute, _ in zip(system.minutes(), range(number + 1), strict=False):
            heard.append(minute.start_ns)
        heard.append(system.bar_count("BAB").get(timeout=30))
    heard += [minute.start_ns for minute in system.minutes()]
    return {"heard": heard}


def test_each_hears_what_it_hears_alone() -> None:
    found = played(starts_and_stops)

    assert found == {number: alone(starts_and_stops, number) for number in SETS}


def test_who_never_listens_holds_nobody_up() -> None:
    def some(system: System, number: int) -> dict[str, Any]:
        return {"minutes": sum(1 for _ in system.minutes()) if number else 0}

    assert played(some) == {0: {"minutes": 0}, 1: {"minutes": 15}, 2: {"minutes": 15}}


def test_who_fails_leaves_the_others_alone() -> None:
    def some(system: System, number: int) -> dict[str, Any]:
        for minutes, _ in enumerate(system.minutes(), 1):
            if number == 1 and minutes == 4:
                raise ValueError("enough")
        return {"minutes": minutes}

    found = played(some)

    assert (found[0], found[2]) == ({"minutes": 15}, {"minutes": 15})
    assert isinstance(found[1], StrategyFailed)


def test_a_loop_after_the_end_says_how_it_ended() -> None:
    def some(system: System, number: int) -> dict[str, Any]:
        for _ in system.minutes():
            pass
        return {"more": list(system.minutes())}

    assert all("it was played to its end" in str(error) for error in played(some).values())


@pytest.mark.parametrize("method", ["publish", "add_symbols", "pause", "close", "run", "play", "subscribe"])
def test_who_wants_more_than_to_read_needs_a_system_of_its_own(method: str) -> None:
    def some(system: System, number: int) -> dict[str, Any]:
        getattr(system, method)()
        return {}

    found = played(some)[0]

    assert isinstance(found, StrategyFailed)
    assert isinstance(found.__cause__, NeedsItsOwn)


def test_so_does_an_event_loop() -> None:
    def some(system: System, number: int) -> dict[str, Any]:
        aiter(system.minutes())
        return {}

    assert all(isinstance(error.__cause__, NeedsItsOwn) for error in played(some).values())


def test_what_a_system_does_not_have_it_does_not_have() -> None:
    def some(system: Any, number: int) -> dict[str, Any]:
        return {"there": hasattr(system, "no_such_reader")}

    assert played(some)[0] == {"there": False}
