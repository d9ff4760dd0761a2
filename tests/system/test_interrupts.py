"""Whoever interrupts a loop, at whatever step of it: the run stands, and the next loop goes on with the next minute."""

import random
import signal
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest

from actors.kernel.listen.subscription import Subscription
from actors.session_data.core import SessionDataCore
from actors.storage.memory import MemoryStore
from actors.system import System
from messages import Event, MinuteClosed, NotReady, SystemState
from tests.depth import also_slow
from tests.system.futures import plain
from tests.system.worlds import memory, names_of, short

pytestmark = pytest.mark.filterwarnings(
    # What a handler raises while Python deletes something is dropped by Python; pytest warns of it.
    "ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning"
)


DELETING = ("__del__", "unraisable_hook")


class Alarm(Exception):
    """What a program's own handler raises."""


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    return memory(3, 3, quiet=0.0)


@pytest.fixture(params=[KeyboardInterrupt, SystemExit, Alarm], ids=lambda kind: kind.__name__)
def kind(request: pytest.FixtureRequest) -> Iterator[type[BaseException]]:
    def strike(_number: int, _frame: object) -> None:
        raise request.param

    before = signal.signal(signal.SIGALRM, strike)
    yield request.param
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def in_spite_of(
    kind: type[BaseException], system: System, work: Callable[[MinuteClosed], object]
) -> list[MinuteClosed]:
    """Loop until the run is over, however often a loop is interrupted."""
    minutes: list[MinuteClosed] = []
    while True:
        try:
            for minute in system.minutes():
                minutes.append(minute)
                work(minute)
            signal.setitimer(signal.ITIMER_REAL, 0)
        except kind:
            continue
        except NotReady:  # interrupted when it was over
            pass
        return minutes


def test_a_signal_while_a_minute_is_handled_here_leaves_no_minute_half_done(
    store: MemoryStore, kind: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    with short(store) as system:
        whole, digest = list(system.minutes()), system.digest().get(timeout=5)
    struck: list[int] = []

    def striking(take: Callable[..., Any]) -> Callable[..., Any]:
        def strike_and_take(core: SessionDataCore, *given: Any) -> Any:
            struck.append(1)
            if len(struck) % 3 == 0:
                signal.raise_signal(signal.SIGALRM)
            return take(core, *given)

        return strike_and_take

    for way in ("handle", "plain"):
        monkeypatch.setattr(SessionDataCore, way, striking(getattr(SessionDataCore, way)))
    with short(store) as system:
        minutes = in_spite_of(kind, system, lambda _: None)
        monkeypatch.undo()

        assert minutes == whole
        assert system.digest().get(timeout=5) == digest
        assert system.status().get(timeout=5).state is SystemState.RUNNING


def test_a_signal_at_any_step_of_a_loop_that_asks_loses_no_minute(
    store: MemoryStore, kind: type[BaseException]
) -> None:
    names = names_of(store)
    with short(store) as system:
        whole = list(system.minutes())
    with short(store) as system:
        strikes = iter(range(50))

        def ask(_: MinuteClosed) -> None:
            for name in names:
                system.last_bars(name, 5, "5m").get(timeout=5)
                system.metrics(name).get(timeout=5)
            if next(strikes, None) is not None:
                signal.setitimer(signal.ITIMER_REAL, 0.0005)

        minutes = in_spite_of(kind, system, ask)

        assert minutes == whole
        assert system.status().get(timeout=5).state is SystemState.RUNNING


@pytest.mark.parametrize("rounds", also_slow([20], [200]))
def test_a_signal_at_any_step_of_a_subscription_loses_no_event_and_repeats_none(
    store: MemoryStore, rounds: int
) -> None:
    """Of a minute that was promised some may have been given. No second signal comes while the first is dealt with."""
    dice, step, putting = random.Random(3), Subscription.__next__.__code__, Subscription.put_back.__code__
    with short(store) as system:
        whole = list(map(plain, system.subscribe(events=("bars", "minutes"))))

    def strike(_number: int, frame: FrameType | None) -> None:
        if not is_on:  # it was under way when the timer was stopped
            return
        signal.setitimer(signal.ITIMER_REAL, dice.uniform(5e-5, 5e-4))
        codes = []
        while frame is not None:
            codes.append(frame.f_code)
            frame = frame.f_back
        # What is raised while Python deletes something is dropped by Python, at whatever step of the hook for that.
        if step in codes and putting not in codes and not any(code.co_name in DELETING for code in codes):
            struck.append(1)
            raise Alarm

    def read(events: Subscription) -> list[Event]:
        heard = list[Event]()
        while True:
            try:
                heard.extend(events)  # nothing is between what is given and what is kept
            except Alarm:
                continue
            return heard

    struck, is_on = list[int](), list[bool]()
    before = signal.signal(signal.SIGALRM, strike)
    try:
        for _ in range(rounds):
            with short(store) as system:
                events = system.subscribe(events=("bars", "minutes"))
                is_on.append(True)
                signal.setitimer(signal.ITIMER_REAL, 1e-4)
                heard = read(events)
                is_on.clear()

                assert list(map(plain, heard)) == whole
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

    assert len(struck) > rounds


@pytest.mark.parametrize("rounds", also_slow([60], [400]))
def test_ctrl_c_at_any_step_of_a_question_leaves_no_minute_half_done(rounds: int) -> None:
    store, dice = memory(1, 1, quiet=0.0), random.Random(7)
    (name,) = names_of(store)

    def read(system: System) -> list[object]:
        asked = (system.latest_bar(name), system.last_bars(name, 3), system.metrics(name), system.snapshot())
        return [one.get(timeout=5) for one in asked]

    def play(strikes: bool) -> tuple[dict[int, list[object]], str]:
        seen: dict[int, list[object]] = {}
        with short(store) as system:

            def work(minute: MinuteClosed) -> None:
                if strikes and len(seen) == 12:  # once so many have passed undisturbed, minutes are made ready
                    signal.setitimer(signal.ITIMER_REAL, dice.uniform(5e-6, 1e-4))
                while (found := _unless_struck(lambda: read(system))) is None:
                    pass
                seen[minute.start_ns] = found

            in_spite_of(KeyboardInterrupt, system, work)
            return seen, system.digest().get(timeout=5)

    before = signal.signal(signal.SIGALRM, signal.default_int_handler)  # as Ctrl-C has it
    try:
        whole = play(strikes=False)
        for _ in range(rounds):
            seen, digest = play(strikes=True)

            assert digest == whole[1]
            assert seen.items() <= whole[0].items()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _unless_struck(read: Callable[[], list[object]]) -> list[object] | None:
    try:
        return read()
    except KeyboardInterrupt:
        return None
