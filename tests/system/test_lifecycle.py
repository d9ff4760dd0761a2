"""Beginning and end of a system: in any state, from any thread, with people waiting, and when something breaks."""

import os
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actors.session_data.core import SessionDataCore
from actors.storage.memory import MemoryStore
from messages import (
    BarkeeperError,
    IllegalTransition,
    NotReady,
    Room,
    RoomStarted,
    StartSystem,
    StepSystem,
    StopSystem,
    SystemFailed,
    SystemState,
    TimeAdvanced,
)
from tests.doubles import FailingStore
from tests.switchboard import Switchboard
from tests.system.worlds import QUARTER, break_on, memory, short

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    return memory(3)


def outcome(ask: Callable[[], Any]) -> str:
    try:
        return f"answered {type(ask()).__name__}"
    except BarkeeperError as error:
        return type(error).__name__


# --- closing


def test_closing_twice_is_closing_once(store: MemoryStore) -> None:
    system = short(store).start()
    system.close()
    system.close()

    assert outcome(lambda: system.status().get(timeout=5)) == "NotReady"


def test_a_system_that_never_started_may_be_closed(store: MemoryStore) -> None:
    system = short(store)
    system.close()

    with pytest.raises(NotReady, match="started once"):
        system.start()


def test_a_system_starts_once(store: MemoryStore) -> None:
    with short(store) as system, pytest.raises(NotReady, match="started once"):
        system.start()


def test_another_thread_may_close(store: MemoryStore) -> None:
    system = short(store).start()
    closer = threading.Thread(target=system.close)
    closer.start()
    closer.join(10)

    assert not closer.is_alive()


@pytest.mark.parametrize("state", ["ready", "running", "paused", "finished", "stopped", "error"])
def test_every_state_can_be_closed_and_leaves_no_question_open(
    store: MemoryStore, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if state == "error":
        break_on(monkeypatch, SessionDataCore, TimeAdvanced)
    system = short(store, speed=60.0 if state == "running" else 0.0).start()
    reach: dict[str, Callable[[], Any]] = {
        "ready": lambda: None,
        "running": system.play,
        "paused": lambda: system.pause().get(timeout=5),
        "finished": lambda: system.run(timeout=20),
        "stopped": lambda: system.stop().get(timeout=5),
        "error": lambda: outcome(lambda: system.run(timeout=20)),
    }
    reach[state]()
    asked = [system.latest_bars() for _ in range(20)]

    system.close()

    late = [system.latest_bars(), system.progress(), system.status()]
    assert {outcome(lambda f=future: f.get(timeout=5)) for future in asked} <= {"answered Rows", "NotReady"}
    assert {outcome(lambda f=future: f.get(timeout=5)) for future in late} == {"NotReady"}


def test_closing_wakes_a_subscriber_that_waits(store: MemoryStore) -> None:
    system = short(store, speed=1.0).start()
    heard: list[str] = []
    waiting = threading.Event()

    def listen() -> None:
        subscription = system.subscribe()
        subscription.on_first = waiting.set
        heard.append(outcome(lambda: list(subscription)))

    listener = threading.Thread(target=listen)
    listener.start()
    waiting.wait(5)
    system.close()
    listener.join(5)

    assert heard == ["NotReady"]


def test_closing_wakes_who_waits_for_the_end_of_the_run(store: MemoryStore) -> None:
    system = short(store, speed=1.0).start()
    heard: list[str] = []
    runner = threading.Thread(target=lambda: heard.append(outcome(system.run)))
    runner.start()
    system.close()
    runner.join(5)

    assert heard == ["SystemFailed"]


def test_closing_while_a_publisher_waits_fails_its_receipt() -> None:
    system = short(memory()).start()
    _, receipt = system._house.receipts.issue()

    system.close()

    with pytest.raises(NotReady, match="closed before this was applied"):
        receipt.get(timeout=5)
    with pytest.raises(NotReady, match="the system is closed"):
        system._house.receipts.issue()[1].get(timeout=5)


def test_leaving_the_block_by_an_error_closes_too(store: MemoryStore) -> None:
    system = short(store)

    def fail() -> None:
        with system:
            for _ in system.minutes():
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert outcome(lambda: system.status().get(timeout=5)) == "NotReady"


def test_a_subscription_to_a_closed_system_ends_at_once(store: MemoryStore) -> None:
    with short(store) as system:
        pass

    with pytest.raises(NotReady, match="the system is closed"):
        list(system.subscribe())


def test_closing_while_the_first_session_loads(store: MemoryStore) -> None:
    slow = FailingStore(store)
    slow.gate.clear()
    system = short(slow)
    heard: list[str] = []
    starter = threading.Thread(target=lambda: heard.append(outcome(system.start)))
    starter.start()
    assert slow.reading.wait(10)
    threading.Timer(0.05, slow.gate.set).start()
    system.close()
    starter.join(5)

    assert heard == ["SystemFailed"]
    assert slow.is_closed


def test_a_start_that_takes_too_long_is_given_up(store: MemoryStore) -> None:
    slow = FailingStore(store)
    slow.gate.clear()
    threading.Timer(0.3, slow.gate.set).start()

    with pytest.raises(SystemFailed, match="not loaded within 0 s"):
        short(slow).start(timeout=0.1)


# --- states, through the door


def test_the_status_follows_the_life_of_a_system(store: MemoryStore) -> None:
    with short(store) as system:
        states = [system.status().get(timeout=5).state]
        system.pause().get(timeout=5)
        states.append(system.status().get(timeout=5).state)
        system.resume().get(timeout=5)
        system.run(timeout=20)
        status = system.status().get(timeout=5)
        system.stop().get(timeout=5)
        system._house.milestones.stopped.get(timeout=5)
        states.append(system.status().get(timeout=5).state)

    assert states == [SystemState.RUNNING, SystemState.PAUSED, SystemState.STOPPED]
    assert (status.is_run_finished, status.failure, status.late_subscribers) == (True, None, ())
    assert {room.room for room in status.rooms} == set(Room) - {Room.STORES}


def test_the_mode_changes_only_when_stopped(store: MemoryStore) -> None:
    with short(store) as system:
        with pytest.raises(IllegalTransition, match="the system is running"):
            system.set_mode("live").get(timeout=5)
        system.stop().get(timeout=5)
        system._house.milestones.stopped.get(timeout=5)

        assert system.set_mode("live").get(timeout=5).mode == "live"


def test_after_a_stop_readers_are_told_that_nobody_is_there(store: MemoryStore) -> None:
    with short(store) as system:
        system.stop().get(timeout=5)
        system._house.milestones.stopped.get(timeout=5)

        assert outcome(lambda: system.latest_bars().get(timeout=5)) == "NotReady"


# --- start and stop, message by message, over the real routes


def test_rooms_come_up_in_order_and_go_down_in_reverse(store: MemoryStore) -> None:
    board = Switchboard(store, closed=QUARTER).up()
    up = [m.room for m in board.told(Room.SYSTEM_MANAGER, RoomStarted) if isinstance(m, RoomStarted)]
    before = list(board.shells)
    board.ask(StopSystem())

    order = [Room.STORES, Room.SESSION_DATA, Room.DATA_UPKEEP, Room.STREAM_COORDINATOR]
    assert up == [Room.SYSTEM_MANAGER, *order]
    assert before == [Room.SYSTEM_MANAGER, *order[1:]]
    assert list(board.shells) == [Room.SYSTEM_MANAGER]
    assert board.state is SystemState.STOPPED


def test_a_stopped_system_may_be_started_again_by_message(store: MemoryStore) -> None:
    board = Switchboard(store, closed=QUARTER).up()
    board.ask(StopSystem())
    board.ask(StartSystem())

    assert board.state is SystemState.RUNNING
    with pytest.raises(IllegalTransition):
        board.ask(StepSystem())


# --- programs


def test_two_systems_live_side_by_side() -> None:
    first, second = memory(2, 2), memory(3, 4)

    with short(first) as one, short(second, pace="free") as other:
        summaries = [one.run(timeout=20), other.run(timeout=20)]

    assert [len(summary.sessions) for summary in summaries] == [2, 3]
    assert [len(summary.sessions[0].symbols) for summary in summaries] == [2, 4]


FORGETFUL = """
import time
from tests.system.worlds import memory, short
system = short(memory(2)).start()
for number, minute in enumerate({iterable}):
    if number == 2:
        break
print(time.time(), flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("iterable", ["system.minutes()", "system.subscribe()"])
def test_a_program_that_forgets_to_close_exits_within_five_seconds(iterable: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORGETFUL.format(iterable=iterable)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert time.time() - float(done.stdout) < 5


def test_a_system_that_is_let_go_closes_itself(store: MemoryStore) -> None:
    system = short(store).start()
    question = system.latest_bars()
    room = system._house.session_data

    del system

    assert question.is_done()
    assert not room.is_alive


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_is_told_that_the_system_is_its_parent_s(store: MemoryStore) -> None:
    ours, theirs = os.pipe()
    with short(store) as system:
        started = system.latest_bars().get(timeout=5)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # a fork of a process with threads is the point
            child = os.fork()
        if child == 0:
            said = [_told(ask) for ask in (lambda: system.latest_bars().get(timeout=5), system.minutes)]
            system.close()
            os.write(theirs, "\n".join(said).encode())
            os._exit(0)
        os.waitpid(child, 0)
        again = system.latest_bars().get(timeout=5)
    said = os.read(ours, 10_000).decode().splitlines()
    os.close(ours)
    os.close(theirs)

    assert [line.startswith(f"NotReady: the system runs in process {os.getpid()}, of which") for line in said] == [
        True,
        True,
    ]
    assert again == started


def _told(ask: Callable[[], Any]) -> str:
    try:
        return str(ask())
    except BarkeeperError as error:
        return f"{type(error).__name__}: {error}"


def test_a_system_is_shown_with_its_state(store: MemoryStore) -> None:
    system = short(store)
    shown = [repr(system)]
    with system:
        shown.append(repr(system))
    shown.append(repr(system))

    assert shown == [f"<System backtest of MemoryStore: {state}>" for state in ("not started", "started", "closed")]
