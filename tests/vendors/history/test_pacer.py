"""Turns: never more than allowed in any stretch of time, the most urgent first."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.vendors.history.entry import Pace
from actors.vendors.history.pacer import Pacer, Rank, pacer_of
from messages.errors import NotReady
from tests.depth import examples

TEN = Pace(requests=10, seconds=60.0)


class ByHand:
    """Time that goes by only while somebody waits."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now_s(self) -> float:
        return self.seconds

    def wait(self, changed: threading.Condition, seconds: float) -> None:
        self.seconds += seconds


def turns(pacer: Pacer, time: ByHand, count: int) -> list[float]:
    """When so many turns were given, one after the other."""
    given = []
    for _ in range(count):
        with pacer.turn(Rank.LIVE, lambda: True):
            given.append(time.seconds)
    return given


def test_as_many_as_are_allowed_go_at_once_and_the_next_when_the_first_is_forgotten() -> None:
    time = ByHand()
    given = turns(Pacer((TEN,), time), time, 21)

    assert given[:10] == [0.0] * 10
    assert given[10] == given[19] == pytest.approx(60.01)
    assert given[20] == pytest.approx(2 * 60.01)


def test_a_request_that_is_out_counts_until_long_after_it_came_back() -> None:
    time = ByHand()
    pacer = Pacer((Pace(requests=2, seconds=10.0),), time)
    with pacer.turn(Rank.LIVE, lambda: True):
        time.seconds += 100.0
        turns(pacer, time, 1)

    assert turns(pacer, time, 2) == pytest.approx([110.01, 110.01])


@given(
    pace=st.lists(
        st.tuples(st.integers(1, 5), st.floats(0.5, 20.0)).map(lambda one: Pace(requests=one[0], seconds=one[1])),
        min_size=1,
        max_size=3,
    ),
    between=st.lists(st.floats(0.0, 3.0), min_size=1, max_size=40),
    late=st.lists(st.floats(0.0, 2.0), min_size=40, max_size=40),
)
@examples(100)
def test_no_stretch_of_time_ever_sees_more_than_all_limits_allow(
    pace: list[Pace], between: list[float], late: list[float]
) -> None:
    time = ByHand()
    pacer = Pacer(tuple(pace), time)
    arrived = []
    for pause_s, late_s in zip(between, late, strict=False):
        time.seconds += pause_s
        with pacer.turn(Rank.LONG, lambda: True):
            arrived.append(time.seconds + late_s)
            time.seconds += 2 * late_s
    for one in pace:
        for first, later in zip(arrived, arrived[one.requests :], strict=False):
            assert later - first >= one.seconds


def test_nineteen_of_twenty_turns_that_are_allowed_are_used() -> None:
    time = ByHand()
    fast = Pace(requests=200, seconds=60.0)
    given = turns(Pacer((fast,), time), time, 2001)

    assert 2000 / given[-1] >= 0.95 * 200 / 60


def test_without_a_limit_nobody_waits() -> None:
    time = ByHand()

    assert turns(Pacer((), time), time, 1000)[-1] == 0.0


def test_while_the_vendor_wants_to_be_left_alone_there_is_no_turn() -> None:
    time = ByHand()
    pacer = Pacer((), time)
    pacer.hold(7.0)
    pacer.hold(3.0)

    assert turns(pacer, time, 1) == [7.0]


class Ordered(ByHand):
    """Lets others take their places before any time goes by."""

    def __init__(self, places: int) -> None:
        super().__init__()
        self._all_there = threading.Barrier(places)
        self._seen = threading.local()

    def wait(self, changed: threading.Condition, seconds: float) -> None:
        if not getattr(self._seen, "before", False):
            self._seen.before = True
            changed.release()
            self._all_there.wait(10)
            changed.acquire()
        elif seconds >= 3600.0:
            changed.wait(10)
        else:
            super().wait(changed, seconds)


def test_live_repairs_go_before_a_long_fetch() -> None:
    time = Ordered(4)
    pacer = Pacer((Pace(requests=1, seconds=10.0),), time)
    turns(pacer, time, 1)
    order: list[Rank] = []

    def ask(rank: Rank) -> None:
        with pacer.turn(rank, lambda: True):
            order.append(rank)

    threads = [threading.Thread(target=ask, args=(rank,)) for rank in (Rank.LONG, Rank.LONG, Rank.LIVE, Rank.LIVE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert order == [Rank.LIVE, Rank.LIVE, Rank.LONG, Rank.LONG]


def test_who_is_no_longer_wanted_gives_his_place_up() -> None:
    time = ByHand()
    pacer = Pacer((TEN,), time)
    turns(pacer, time, 10)
    with pytest.raises(NotReady), pacer.turn(Rank.LIVE, lambda: False):
        pass
    with pytest.raises(NotReady):
        pacer.pause(5.0, lambda: False)

    assert turns(pacer, time, 1) == [pytest.approx(60.01)]


def test_an_account_has_one_pacer_in_a_process_and_another_account_another() -> None:
    one = pacer_of("vendor", "a", (TEN,))

    assert one is pacer_of("vendor", "a", (TEN,))
    assert one is not pacer_of("vendor", "b", (TEN,))
    assert one is not pacer_of("another", "a", (TEN,))
