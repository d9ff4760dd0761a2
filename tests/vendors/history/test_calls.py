"""Calls that may never come back."""

import threading

import pytest

from actors.vendors.history.calls import MOST_LEFT, Calls
from actors.vendors.history.pages import NoAnswer
from messages.errors import NotReady
from tests.strangers import ENDS


def test_a_call_returns_what_it_returns_and_raises_what_it_raises() -> None:
    calls = Calls("vendor", 10.0)

    def fails() -> None:
        raise KeyError("x")

    assert calls.make(lambda: 5) == 5
    with pytest.raises(KeyError):
        calls.make(fails)


@pytest.mark.parametrize("kind", ENDS)
def test_a_call_whose_library_exits_panics_or_is_cancelled_has_no_answer(kind: type[BaseException]) -> None:
    calls = Calls("vendor", 10.0)

    def ends() -> None:
        raise kind("oops")

    with pytest.raises(NoAnswer, match=rf"the request ended with {kind.__name__}\('oops'\)"):
        calls.make(ends)
    assert calls.make(lambda: 5) == 5


def test_with_too_many_that_never_came_back_no_other_is_made_until_one_does() -> None:
    calls, over = Calls("vendor", 0.005), threading.Event()
    for _ in range(MOST_LEFT):
        with pytest.raises(NoAnswer, match=r"within 0\.005 s"):
            calls.make(over.wait)
    with pytest.raises(NoAnswer, match="8 requests are still without an answer"):
        calls.make(lambda: 5)
    over.set()
    while calls._left:
        over.wait(0.001)

    assert Calls.make(calls, lambda: 5) == 5


def test_nothing_is_called_once_it_is_closed() -> None:
    calls = Calls("vendor", 10.0)
    calls.close()
    calls.close()
    with pytest.raises(NotReady):
        calls.make(lambda: 5)

    assert not calls.is_open
