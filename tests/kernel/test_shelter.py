"""What must not be left half done is not: signals wait for it."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator

import pytest

from actors.kernel.shelter import Shelter, is_exposed, is_failure
from tests.strangers import PanicException


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


def test_one_whose_first_entry_was_broken_off_holds_signals_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    one, done = Shelter(), []

    def work() -> None:
        with one as shelter:
            signal.raise_signal(signal.SIGALRM)
            done.append(bool(shelter.came))

    monkeypatch.setattr("actors.kernel.shelter.callable", lambda _: strike(signal.SIGALRM, None), raising=False)
    assert raised_by(work) is not None
    monkeypatch.undo()

    assert raised_by(work) is not None
    assert done == [True]


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


def test_one_that_is_entered_again_holds_the_handlers_of_then() -> None:
    shelter, heard = Shelter(), list[str]()
    with shelter:
        pass
    signal.signal(signal.SIGALRM, lambda *_: heard.append("another"))
    before = handlers()
    with shelter:
        signal.raise_signal(signal.SIGALRM)
        assert heard == []
    with shelter:
        assert not shelter.came

    assert heard == ["another"]
    assert handlers() == before


def test_other_threads_that_use_one_leave_alone_what_it_holds() -> None:
    before, shelter = handlers(), Shelter()

    def work() -> None:
        with shelter:
            pass

    with shelter:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join(5)
        assert handlers() != before

    assert handlers() == before


@pytest.mark.parametrize(
    ("handler", "exposes"),
    [(signal.default_int_handler, False), (signal.SIG_DFL, False), (signal.SIG_IGN, False), (strike, True)],
)
def test_only_handlers_of_the_program_expose_it(handler: signal.Handlers, exposes: bool) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, handler)

    assert is_exposed() is exposes


# --- what strangers' code may end with


def judged(error: BaseException, *, in_thread: bool = False) -> bool:
    found: list[bool] = []
    if not in_thread:
        return is_failure(error)
    thread = threading.Thread(target=lambda: found.append(is_failure(error)))
    thread.start()
    thread.join()
    return found[0]


@pytest.mark.parametrize(
    ("kind", "at_home", "with_handlers", "in_thread"),
    [
        (ValueError, True, True, True),
        (PanicException, True, True, True),
        (asyncio.CancelledError, True, True, True),
        (SystemExit, True, False, True),
        (KeyboardInterrupt, False, False, True),
        (GeneratorExit, False, False, False),
    ],
)
def test_a_failure_is_what_nobody_has_wished(
    kind: type[BaseException], at_home: bool, with_handlers: bool, in_thread: bool
) -> None:
    assert judged(kind()) is with_handlers
    assert judged(kind(), in_thread=True) is in_thread

    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    assert judged(kind()) is at_home
