"""Slow work done a few items at once: the order of the results, what is held meanwhile, and how it ends early."""

import threading
from collections.abc import Iterator

import pytest

from actors.reading.overlap import overlapped


def small(item: int) -> int:
    return 1


def test_results_come_in_the_order_of_the_items_however_long_each_takes() -> None:
    second_is_done = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert second_is_done.wait(10)
        elif item == 1:
            second_is_done.set()
        return item * item

    assert list(overlapped(work, range(50), small)) == [item * item for item in range(50)]


def test_without_items_there_are_no_results() -> None:
    assert list(overlapped(small, [], small)) == []


def test_items_are_taken_only_a_few_ahead_and_in_the_thread_of_the_caller() -> None:
    taken: list[threading.Thread] = []

    def items() -> Iterator[int]:
        for item in range(50):
            taken.append(threading.current_thread())
            yield item

    results = overlapped(small, items(), small)
    next(results)
    ahead = len(taken)
    results.close()

    assert 1 < ahead < 10
    assert set(taken) == {threading.current_thread()}


def test_large_items_are_worked_on_one_at_a_time() -> None:
    taken: list[int] = []

    results = overlapped(small, (taken.append(item) or item for item in range(9)), lambda _: 1 << 30)

    for number, _ in enumerate(results, 1):
        assert len(taken) == number


def test_a_large_item_is_worked_on_in_the_thread_of_the_caller_once_those_before_it_are_done() -> None:
    done: list[tuple[int, bool]] = []

    def work(item: int) -> int:
        done.append((item, threading.current_thread() is here))
        return item

    here, results = threading.current_thread(), overlapped(work, [1, 1, 1 << 30, 1], lambda size: size)

    assert [next(results) for _ in range(3)] == [1, 1, 1 << 30]
    assert done == [(1, False), (1, False), (1 << 30, True)]
    assert [*results] == [1]


def test_what_work_raises_comes_in_its_turn_and_nothing_is_begun_after_it() -> None:
    begun: list[int] = []

    def work(item: int) -> int:
        begun.append(item)
        if item == 3:
            raise ValueError("the third")
        return item

    results, seen = overlapped(work, range(1_000), small), []
    with pytest.raises(ValueError, match="the third"):
        seen.extend(iter(lambda: next(results), None))

    assert len(begun) < 20
    assert next(results, "over") == "over"


def test_a_closed_iterator_leaves_no_thread_behind() -> None:
    before = set(threading.enumerate())
    results = overlapped(small, range(1_000), small)
    next(results)

    results.close()

    assert set(threading.enumerate()) <= before
