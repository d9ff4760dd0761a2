"""A bounded queue that nobody waits at who fills it."""

from typing import Any

import pytest

from actors.flight.ear import Ear, Portion
from messages.errors import NotReady
from messages.values import Policy


def of(*events: Any) -> list[Portion]:
    """One portion; what is sent of it are its events."""
    return [Portion(events, list)]


def test_the_oldest_go_when_too_many_wait_and_are_counted() -> None:
    ear = Ear("slow", Policy.DROP_OLDEST, bound=3)

    ear.push(of(1, 2))
    ear.push(of(3, 4, 5))
    assert (ear.take(0), ear.take(0), ear.dropped) == (([3, 4, 5],), (), 2)

    ear.push([*of(6, 7), *of(8), *of(9, 10)], lost=7)
    assert (ear.take(0), ear.take(0), ear.dropped) == (([8],), ([9, 10],), 11)

    ear.push(of(1, 2, 3, 4))
    assert (ear.take(0), ear.dropped) == (([2, 3, 4],), 12)


@pytest.mark.parametrize("lost", [0, 1])
def test_who_is_to_hear_all_or_nothing_is_disconnected(lost: int) -> None:
    ear = Ear("strict", Policy.DISCONNECT, bound=2)

    ear.push(of(*[1, 2, 3][: 3 - lost]), lost)
    ear.push(of(4))

    with pytest.raises(NotReady, match="'strict' fell 2 events behind and was disconnected"):
        ear.take(0)


def test_what_waits_comes_before_the_end() -> None:
    ear, failing = Ear("ends", Policy.DROP_OLDEST, 9), Ear("fails", Policy.DROP_OLDEST, 9)
    ear.push(of(1))
    ear.finish(None)
    failing.push(of(1))
    failing.finish(NotReady("over"))
    failing.finish(None)

    assert [ear.take(0), ear.take(0)] == [([1],), None]
    assert failing.take(0) == ([1],)
    with pytest.raises(NotReady, match="over"):
        failing.take(0)


def test_nothing_is_what_there_is_when_nothing_comes() -> None:
    assert Ear("idle", Policy.DROP_OLDEST, 9).take(0.001) == ()


def test_what_is_sent_is_made_once_for_all_who_hear_all_of_it() -> None:
    made = []
    portion = Portion((1, 2, 3), lambda events: made.append(events) or len(events))  # type: ignore[arg-type,func-returns-value]
    ears = [Ear(name, Policy.DROP_OLDEST, bound) for name, bound in (("a", 9), ("b", 9), ("c", 2))]
    for ear in ears:
        ear.push([portion])

    assert [ear.take(0) for ear in ears] == [(3,), (3,), (2,)]
    assert made == [(1, 2, 3), (2, 3)]
