"""What must not be left half done is not: signals wait for it."""

import signal
import threading
from collections.abc import Callable, Iterator

import pytest

from actors.kernel.shelter import Shelter


class Struck(Exception):
    """What the handler of these tests raises."""


def strike(number: int, _frame: object) -> None:
    raise Struck(number)


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    numbers = (signal.SIGTERM, signal.SIGALRM, signal.SIGINT)  # the last is ignored in jobs in the background
    before = [signal.signal(number, strike) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def handlers() -> list[object]:
    return [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)]


def raised_by(act: Callable[[], object]) -> BaseException | None:
    try:
        act()
    except Struck as error:
        return error
    return None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGALRM])
def test_a_signal_waits_until_the_shelter_is_left(number: signal.Signals) -> None:
    before, done = handlers(), []

    def work() -> None:
        with Shelter() as shelter:
            signal.raise_signal(number)
            done.append(bool(shelter.came))

    assert raised_by(work) is not None
    assert done == [True]
    assert handlers() == before


def test_one_in_another_waits_for_the_outer_one() -> None:
    before, done = handlers(), []

    def work() -> None:
        with Shelter():
            with Shelter():
                signal.raise_signal(signal.SIGALRM)
            done.append("inner")

    assert isinstance(raised_by(work), Struck)
    assert done == ["inner"]
    assert handlers() == before


def test_after_two_signals_one_is_raised_and_all_handlers_are_back() -> None:
    before = handlers()

    def work() -> None:
        with Shelter():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGTERM)

    assert raised_by(work) is not None
    assert handlers() == before


def test_what_is_raised_inside_goes_through() -> None:
    before = handlers()
    with pytest.raises(ZeroDivisionError), Shelter():
        raise ZeroDivisionError

    assert handlers() == before


def test_in_other_threads_there_is_nothing_to_wait_for() -> None:
    seen: list[bool] = []

    def work() -> None:
        with Shelter() as shelter:
            seen.append(bool(shelter.came))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(5)

    assert seen == [False]
