"""When symbols were written to first and last, whoever of them at once."""

import numpy as np

from actors.session_data.hold.updates import Updates


def columns(*numbers: int) -> "np.typing.NDArray[np.int32]":
    return np.array(numbers, dtype=np.int32)


def test_all_at_once_are_as_one_by_one() -> None:
    together, apart = Updates(4), Updates(4)
    for now_ns in (10, 20, 30):
        together.stamp_all(3, now_ns)
        apart.stamp(columns(0, 1, 2), 3, now_ns)

    assert together.first_ns.tolist() == apart.first_ns.tolist() == [10, 10, 10, 0]
    assert together.last_ns.tolist() == apart.last_ns.tolist() == [30, 30, 30, 0]


def test_some_after_all_are_later_than_the_others() -> None:
    updates = Updates(3)
    updates.stamp_all(3, 10)
    updates.stamp_all(3, 20)
    updates.stamp(columns(1), 3, 30)

    assert updates.last_ns.tolist() == [20, 30, 20]


def test_who_joins_has_not_changed_yet() -> None:
    updates = Updates(2)
    updates.stamp_all(2, 10)
    updates.stamp_all(2, 20)
    updates.widen(4)

    assert (updates.first_ns.tolist(), updates.last_ns.tolist()) == ([10, 10, 0, 0], [20, 20, 0, 0])
    updates.stamp_all(3, 30)
    assert (updates.first_ns.tolist(), updates.last_ns.tolist()) == ([10, 10, 30, 0], [30, 30, 30, 0])


def test_of_many_minutes_the_first_and_the_last_stay() -> None:
    updates = Updates(2)
    updates.stamp_many(columns(0, 1, 0), np.array([10, 10, 20]), 2)

    assert (updates.first_ns.tolist(), updates.last_ns.tolist()) == ([10, 10], [20, 10])


def test_where_all_have_a_bar_at_the_end_what_was_before_does_not_matter() -> None:
    updates = Updates(3)
    updates.stamp_all(3, 10)
    updates.stamp_many(columns(1, 0, 0, 1, 2), np.array([20, 30, 40, 40, 50]), 3)

    assert (updates.first_ns.tolist(), updates.last_ns.tolist()) == ([10, 10, 10], [40, 40, 50])


def test_where_all_have_a_bar_at_the_beginning_what_comes_after_is_not_first() -> None:
    updates = Updates(4)
    updates.stamp(columns(1), 3, 5)
    updates.stamp_many(columns(0, 1, 2, 2, 0), np.array([10, 10, 20, 30, 40]), 3)

    assert (updates.first_ns.tolist(), updates.last_ns.tolist()) == ([10, 5, 20, 0], [40, 10, 30, 0])
