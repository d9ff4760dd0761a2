"""The answer that is still to come."""

import asyncio
import math
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pandas as pd
import pykka
import pytest

from actors.kernel.future import Answered, Future
from actors.kernel.outcome import Refusal
from messages import NotReady, SettingsError, UnknownSymbol


def test_an_answer_that_is_there_is_given_at_once_and_again() -> None:
    future: Future[int] = Future()
    future.set(7)

    assert (future.get(), future.get(timeout=0)) == (7, 7)
    assert future.is_done()


def test_many_threads_may_wait_for_one_answer() -> None:
    future: Future[int] = Future()
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(future.get, timeout=10) for _ in range(4)]
        future.set(7)

        assert [one.result() for one in waiting] == [7, 7, 7, 7]


@pytest.mark.parametrize("timeout", [0, 0.001, -1])
def test_no_answer_in_time_is_a_timeout_that_says_how_long_it_was(timeout: float) -> None:
    future: Future[int] = Future()

    with pytest.raises(pykka.Timeout, match=f"no answer within {timeout} seconds"):
        future.get(timeout=timeout)
    assert not future.is_done()


@pytest.mark.parametrize("timeout", [math.inf, 1e300, 10**30])
def test_no_time_is_too_long_to_wait(timeout: float) -> None:
    future: Future[int] = Future()
    later = threading.Timer(0.01, future.set, (7,))
    later.start()

    assert future.get(timeout=timeout) == 7
    later.join()


@pytest.mark.parametrize("timeout", ["5", math.nan, [1], True, pd.NaT])
def test_what_is_no_time_to_wait_is_refused_by_its_name(timeout: Any) -> None:
    with pytest.raises(SettingsError, match="timeout is"):
        Future[int]().get(timeout=timeout)


def test_who_takes_the_future_for_its_answer_is_told_how_to_get_at_it() -> None:
    made = Future[int]()

    with pytest.raises(AttributeError, match=r"a reader returns a future, which has no 'close': call .get\(\) first"):
        _ = made.close  # type: ignore[attr-defined]
    assert not hasattr(made, "_repr_html_")


@pytest.mark.parametrize("take", [len, list, iter, lambda one: one[-1], lambda one: 5 in one])
def test_nobody_goes_through_a_future_for_its_answer(take: Callable[[Any], object]) -> None:
    waiting, answered = Future[Any](), Answered[Any]([1, 2])

    for future in (waiting, answered):
        with pytest.raises(TypeError, match=r"call .get\(\) first, or await it"):
            take(future)
        assert future


def test_the_first_answer_stands() -> None:
    future: Future[int] = Future()
    future.set(1)
    future.set(2)
    future.set_exception(NotReady("too late"))

    assert future.get() == 1


def test_a_refusal_fails_the_future() -> None:
    future: Future[int] = Future()
    future.set(Refusal(UnknownSymbol("unknown symbol 'A'")))

    with pytest.raises(UnknownSymbol, match="unknown symbol 'A'"):
        future.get()


def test_a_dead_room_is_one_that_is_closed() -> None:
    future: Future[int] = Future()
    future.set_exception(pykka.ActorDeadError("urn:uuid not found"))

    with pytest.raises(NotReady, match="the system is closed"):
        future.get()


def test_the_exception_at_hand_is_the_one_that_fails() -> None:
    future: Future[int] = Future()
    try:
        dict[str, int]()["here"]
    except KeyError:
        future.set_exception()

    with pytest.raises(KeyError, match="here"):
        future.get()


def test_an_exception_may_come_with_its_traceback() -> None:
    future: Future[int] = Future()
    error = KeyError("there")
    future.set_exception((KeyError, error, None))

    with pytest.raises(KeyError, match="there"):
        future.get()


def test_who_wants_to_know_is_called_once_before_or_after() -> None:
    future: Future[int] = Future()
    heard: list[str] = []
    future.when_done(lambda: heard.append("before"))
    future.set(1)
    future.set(2)
    future.when_done(lambda: heard.append("after"))

    assert heard == ["before", "after"]


def test_pykkas_own_combinators_work_on_it() -> None:
    first, second = Future[int](), Future[int]()
    doubled, both = first.map(lambda x: 2 * x), first.join(second)
    first.set(21)
    second.set(1)

    assert doubled.get(timeout=0) == 42
    assert list(both.get(timeout=0)) == [21, 1]


def test_awaiting_does_not_block_the_event_loop() -> None:
    future: Future[int] = Future()

    async def answer_later() -> None:
        await asyncio.sleep(0)
        future.set(7)

    async def both() -> int:
        value, _ = await asyncio.gather(wait_for(future), answer_later())
        return value

    assert asyncio.run(both()) == 7


async def wait_for(future: Future[int]) -> int:
    return await future


def test_an_answer_from_another_thread_wakes_the_coroutine() -> None:
    future: Future[int] = Future()

    async def ask() -> int:
        threading.Thread(target=future.set, args=(7,)).start()
        return await future

    assert asyncio.run(ask()) == 7


def test_what_is_made_of_an_answer_can_be_awaited_too() -> None:
    future: Future[int] = Future()

    async def ask() -> int:
        doubled = asyncio.create_task(wait_for(future.map(lambda x: 2 * x)))  # type: ignore[arg-type]  # Pykka's map is typed as Pykka's future
        await asyncio.sleep(0)
        future.set(21)
        return await asyncio.wait_for(doubled, 1)

    assert asyncio.run(ask()) == 42


def test_an_answer_that_is_there_is_awaited_without_a_loop_turning() -> None:
    future: Future[int] = Future()
    future.set(7)
    coroutine = wait_for(future)

    with pytest.raises(StopIteration, match="7"):
        coroutine.send(None)


def test_a_failure_is_raised_where_it_is_awaited() -> None:
    future: Future[int] = Future()
    future.set_exception(NotReady("closed"))

    with pytest.raises(NotReady, match="closed"):
        asyncio.run(wait_for(future))


def test_a_coroutine_that_gave_up_is_not_woken() -> None:
    future: Future[int] = Future()

    async def give_up() -> None:
        waiting = asyncio.create_task(wait_for(future))
        await asyncio.sleep(0)
        waiting.cancel()
        future.set(7)
        await asyncio.gather(waiting, return_exceptions=True)
        await asyncio.sleep(0)

    asyncio.run(give_up())

    assert future.get() == 7


def test_an_answer_after_the_loop_has_closed_disturbs_nobody() -> None:
    future: Future[int] = Future()

    async def leave() -> None:
        waiting = asyncio.create_task(wait_for(future))
        await asyncio.sleep(0)
        waiting.cancel()

    asyncio.run(leave())
    future.set(7)

    assert future.get() == 7


def test_a_future_is_shown_with_what_has_come_of_it() -> None:
    waiting, answered, failed = (Future[int]() for _ in range(3))
    answered.set(7)
    failed.set_exception(NotReady("the system is closed"))

    assert [repr(one) for one in (waiting, answered, failed)] == [
        "<Future: no answer yet>",
        "<Future: 7>",
        "<Future: failed, NotReady: the system is closed>",
    ]


def test_what_pykka_makes_of_an_answer_is_shown_asked_for_and_awaited_as_what_it_makes_of_a_question() -> None:
    asked = Future[int]()
    asked.set(21)
    for future in (asked, Answered[int](21)):
        doubled = future.map(lambda x: 2 * x)

        assert doubled.get(timeout=0) == doubled.get() == asyncio.run(_awaited(doubled)) == 42
        assert repr(doubled) == "<Future: made of another when it is wanted>"
        assert list(future.join(future).get(timeout=0)) == [21, 21]


async def _awaited(future: Any) -> Any:
    return await future
