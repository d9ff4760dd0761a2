"""The clocks: the computer's, a fast one, and one that stands still until it is told."""

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.kernel.clock import ManualClock, SystemClock
from actors.kernel.future import Future
from actors.kernel.timing import ClockKeeper, Timer
from messages import Pause, Resume
from messages.values import MINUTE_NS, SECOND_NS

HOUR_NS = 3600 * SECOND_NS


def test_what_is_due_in_the_past_is_called_at_once_from_the_clocks_own_thread() -> None:
    clock, called = SystemClock(), Future[str]()
    clock.call_at(0, lambda _: called.set(threading.current_thread().name))

    assert called.get(timeout=10) == "barkeeper-clock"
    clock.close()


def test_a_clock_calls_in_the_order_of_what_is_due_and_not_before() -> None:
    clock, heard = SystemClock(scale=4e4), list[str]()
    last = Future[None]()
    start = clock.now_ns()

    def finish(now_ns: int) -> None:
        heard.append("in two hours" if now_ns >= start + 2 * HOUR_NS else "too early")
        last.set()

    clock.call_at(start + 2 * HOUR_NS, finish)
    clock.call_at(start + HOUR_NS, lambda now: heard.append("in an hour" if now >= start + HOUR_NS else "too early"))
    last.get(timeout=10)
    clock.close()

    assert heard == ["in an hour", "in two hours"]


def test_the_computers_clock_shows_its_time_and_never_goes_back() -> None:
    clock = SystemClock()
    shown = [clock.now_ns() for _ in range(100)]

    assert shown == sorted(shown)
    assert abs(shown[0] - time.time_ns()) < 60 * SECOND_NS


def set_clock(monkeypatch: pytest.MonkeyPatch, *, ahead_ns: int, later_ns: int) -> None:
    """Let the computer's time step while what counts in between goes on as ever, as after a suspend."""
    wall_ns, counted_ns = time.time_ns, time.monotonic_ns
    monkeypatch.setattr(time, "time_ns", lambda: wall_ns() + ahead_ns + later_ns)
    monkeypatch.setattr(time, "monotonic_ns", lambda: counted_ns() + later_ns)


def test_a_clock_follows_the_computers_when_that_is_set_forward(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, called = SystemClock(), Future[int]()
    before_ns = clock.now_ns()
    clock.call_at(before_ns + HOUR_NS, called.set)
    set_clock(monkeypatch, ahead_ns=2 * HOUR_NS, later_ns=3 * SECOND_NS)
    after_ns = clock.now_ns()

    assert after_ns >= before_ns + 2 * HOUR_NS
    assert called.get(timeout=10) >= before_ns + 2 * HOUR_NS
    clock.close()


def test_a_step_forward_is_seen_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SystemClock()
    before_ns = clock.now_ns()
    set_clock(monkeypatch, ahead_ns=60 * SECOND_NS, later_ns=0)

    assert clock.now_ns() >= before_ns + 60 * SECOND_NS


def test_a_clock_goes_on_when_the_computers_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SystemClock()
    before_ns = clock.now_ns()
    set_clock(monkeypatch, ahead_ns=-2 * HOUR_NS, later_ns=3 * SECOND_NS)

    assert before_ns + 3 * SECOND_NS <= clock.now_ns() < before_ns + HOUR_NS


def test_a_clock_of_another_time_does_not_follow_the_computers(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SystemClock(start_ns=0)
    set_clock(monkeypatch, ahead_ns=2 * HOUR_NS, later_ns=3 * SECOND_NS)

    assert clock.now_ns() < HOUR_NS


def test_a_closed_clock_ends_its_thread_and_calls_nobody() -> None:
    clock, thread = SystemClock(), Future[threading.Thread]()
    heard: list[int] = []
    clock.call_at(0, lambda _: thread.set(threading.current_thread()))
    running = thread.get(timeout=10)
    clock.call_at(clock.now_ns() + HOUR_NS, heard.append)
    clock.close()
    clock.close()
    clock.call_at(0, heard.append)
    running.join(10)

    assert not running.is_alive()
    assert heard == []


@given(st.lists(st.integers(-5, 20), max_size=8), st.lists(st.integers(0, 8), max_size=5))
def test_a_manual_clock_visits_every_due_time_on_its_way_in_order(due: list[int], steps: list[int]) -> None:
    clock, seen = ManualClock(), list[int]()
    for instant in due:
        clock.call_at(instant, seen.append)
    for step in steps:
        clock.advance(step)

    assert clock.now_ns() == sum(steps)
    assert seen == sorted(max(instant, 0) for instant in due if steps and instant <= sum(steps))


def test_a_callback_may_ask_for_another_on_the_same_way() -> None:
    clock, seen = ManualClock(100), list[int]()
    clock.call_at(110, lambda now: clock.call_at(now + 10, seen.append))
    clock.advance(20)

    assert seen == [120]


def test_a_closed_manual_clock_calls_nobody() -> None:
    clock, seen = ManualClock(), list[int]()
    clock.call_at(1, seen.append)
    clock.close()
    clock.advance(5)

    assert seen == []


def test_a_clock_that_is_held_stands_still_calls_nobody_and_goes_on_from_there() -> None:
    clock, called = SystemClock(scale=1e6, start_ns=0), Future[int]()
    clock.hold()
    clock.hold()
    held = clock.now_ns()
    clock.call_at(held + HOUR_NS, called.set)
    still = clock.now_ns()
    is_called_early = called.is_done()
    clock.go_on()
    clock.go_on()
    called_ns = called.get(timeout=10)
    clock.close()

    assert still == held
    assert not is_called_early
    assert called_ns >= held + HOUR_NS


def test_a_clock_hops_over_what_lies_between_and_calls_what_has_become_due() -> None:
    clock, called = SystemClock(scale=60.0, start_ns=0), Future[int]()
    clock.call_at(HOUR_NS, called.set)
    clock.hop(2 * HOUR_NS)
    clock.hop(HOUR_NS)  # it never goes back
    called_ns, stands_ns = called.get(timeout=10), clock.now_ns()
    clock.close()

    assert called_ns == stands_ns == 2 * HOUR_NS


def test_a_clock_runs_at_another_speed_from_where_it_is_and_when_it_is_held_from_there() -> None:
    clock, called = SystemClock(start_ns=0), Future[int]()
    clock.hold()
    held_ns = clock.now_ns()
    clock.run_at(1e6)
    still_ns = clock.now_ns()
    clock.call_at(HOUR_NS, called.set)
    clock.go_on()
    called_ns = called.get(timeout=10)
    clock.run_at(1e-9)
    slow_ns = clock.now_ns()
    clock.close()

    assert still_ns == held_ns < 600 * SECOND_NS  # a minute here is a minute
    assert called_ns >= HOUR_NS
    assert slow_ns >= called_ns


def keeper_of(clock: SystemClock | None) -> tuple[ClockKeeper, list[object]]:
    told: list[object] = []
    timer = Timer(clock or SystemClock(), Told(told), is_only=True)
    return ClockKeeper(clock, timer, Told(told), (MINUTE_NS, 5 * SECOND_NS)), told


class Told:
    """An address that remembers."""

    def __init__(self, into: list[object]) -> None:
        self.tell = into.append


def test_only_a_clock_of_ones_own_is_held_while_the_system_is_paused() -> None:
    clock = SystemClock(scale=1e6, start_ns=0)
    keeper, nobody = keeper_of(clock)[0], keeper_of(None)[0]
    for one in (keeper, nobody):
        one.tell(Pause())
    held = clock.now_ns(), clock.now_ns()
    keeper.tell(Resume())
    first = clock.now_ns()
    while clock.now_ns() == first:
        pass
    clock.close()

    assert held[0] == held[1]
