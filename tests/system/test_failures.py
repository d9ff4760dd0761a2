"""Bugs and rooms that do not come up: a backtest ends as an error, and everybody is told the same reason."""

import contextlib
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from actors.data_upkeep.core import DataUpkeepCore
from actors.session_data.answer.reader import Reader
from actors.session_data.core import SessionDataCore
from actors.storage.memory import MemoryStore
from actors.storage.parquet import ParquetStore
from actors.stream_coordinator.core import StreamCoordinatorCore
from actors.system_manager.core import SystemManagerCore
from messages import (
    Bar,
    BarArrived,
    BarsArrived,
    GetLatestBar,
    GetRunSummary,
    GetStatus,
    IllegalTransition,
    MinuteSettled,
    NotReady,
    PublishBar,
    QueryFailed,
    Room,
    SessionBoundary,
    StepSystem,
    SystemFailed,
    SystemState,
    TimeAdvanced,
)
from messages.values import MINUTE_NS
from tests.switchboard import Switchboard
from tests.system.worlds import QUARTER, break_on, fill, memory, short


class Mute(MemoryStore):
    """A store that does not answer one question before it is let go."""

    def __init__(self, question: str) -> None:
        super().__init__()
        fill(self, 1)
        self.released = threading.Event()
        asked = getattr(self, question)
        setattr(self, question, lambda *given: (self.released.wait(), asked(*given))[1])


@pytest.mark.parametrize("question", ["calendars", "base_interval"])
def test_a_store_that_does_not_answer_is_not_waited_for(question: str) -> None:
    mute = Mute(question)
    with pytest.raises(NotReady, match=r"the store gave no answer for 0\.1 s"):
        short(mute, symbols=(), start_timeout_s=0.1)
    mute.released.set()


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    return memory(3)


@pytest.mark.parametrize(
    ("core", "kind", "nth", "room"),
    [
        (SessionDataCore, BarsArrived, 3, "session_data"),
        (SessionDataCore, SessionBoundary, 2, "session_data"),
        (DataUpkeepCore, SessionBoundary, 2, "data_upkeep"),
        (StreamCoordinatorCore, MinuteSettled, 4, "stream_coordinator"),
    ],
)
def test_a_bug_in_a_room_ends_a_backtest_as_an_error_for_everybody(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch, core: type[Any], kind: type[Any], nth: int, room: str
) -> None:
    break_on(monkeypatch, core, kind, nth=nth)
    failure = f"a bug in {room} on {kind.__name__}: RuntimeError: a bug put in by a test"

    with short(store) as system:
        with pytest.raises(SystemFailed, match=failure):
            list(system.subscribe())
        with pytest.raises(SystemFailed, match=failure):
            system.run(timeout=20)
        status = system.status().get(timeout=5)

    assert (status.state, status.failure) == (SystemState.ERROR, failure)


@pytest.mark.parametrize(
    ("core", "kind", "ask"),
    [
        (Reader, GetLatestBar, lambda system: system.latest_bar("ANY")),
        (StreamCoordinatorCore, GetRunSummary, lambda system: system.summary()),
        (SystemManagerCore, GetStatus, lambda system: system.status()),
    ],
)
def test_a_bug_on_a_question_fails_the_question_and_nothing_else(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch, core: type[Any], kind: type[Any], ask: Any
) -> None:
    with short(store) as system:
        undisturbed = list(system.minutes())
    with monkeypatch.context() as patched:
        break_on(patched, core, kind)
        with short(store) as system:
            with pytest.raises(QueryFailed, match=rf"a bug in \w+ on {kind.__name__}: RuntimeError"):
                ask(system).get(timeout=5)
            seen = list(system.minutes())

    assert seen == undisturbed


def test_a_bug_in_the_manager_itself_is_an_error_too(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    break_on(monkeypatch, SystemManagerCore, StepSystem)

    with short(store) as system:
        system.pause().get(timeout=5)
        with pytest.raises(SystemFailed, match="a bug in system_manager on StepSystem"):
            system.step().get(timeout=5)
        with pytest.raises(SystemFailed, match="StepSystem"):
            system.run(timeout=20)


def test_a_bug_before_the_first_session_fails_the_start(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    break_on(monkeypatch, SessionDataCore, SessionBoundary)

    with pytest.raises(SystemFailed, match="a bug in session_data on SessionBoundary"):
        short(store).start(timeout=10)


def test_a_coordinator_that_cannot_do_anything_does_not_start_a_quarrel(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = Switchboard(store, closed=QUARTER).up()
    monkeypatch.setattr(board.shells[Room.STREAM_COORDINATOR]._core, "handle", lambda _message: 1 / 0)

    board.stream_coordinator.tell(TimeAdvanced(now_ns=0))
    board.settle()

    assert board.state is SystemState.ERROR


def test_an_error_can_be_cleared_and_leaves_the_system_stopped(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_on(monkeypatch, SessionDataCore, BarsArrived)
    with short(store) as system:
        with pytest.raises(SystemFailed):
            system.run(timeout=20)
        with pytest.raises(IllegalTransition, match="the system is error"):
            system.pause().get(timeout=5)
        cleared = system.clear_error().get(timeout=5)
        system._house.milestones.stopped.get(timeout=5)
        status = system.status().get(timeout=5)

    assert (cleared.state, status.state, status.failure) == (SystemState.STOPPED, SystemState.STOPPED, None)


def test_a_room_that_cannot_be_made_fails_the_start_and_stops_the_others(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unmade(*_: object, **__: object) -> None:
        raise TypeError("no such argument")

    monkeypatch.setattr(DataUpkeepCore, "__init__", unmade)

    with pytest.raises(SystemFailed, match="no such argument"):
        short(store).start(timeout=10)


def test_a_store_that_cannot_be_listed_fails_the_start(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    system = short(store, calendar="XNYS")

    def gone() -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(system._house.store, "calendars", gone)

    with pytest.raises(SystemFailed, match="stores did not start: the disk is gone"):
        system.start(timeout=10)
    monkeypatch.undo()


def test_a_second_system_that_writes_to_a_store_is_refused_before_it_begins(tmp_path: Path) -> None:
    root = tmp_path / "store"
    with contextlib.closing(ParquetStore(root)) as files:
        fill(files, 2)
    with short(str(root), certify=True) as first:
        second = short(str(root), certify=True)
        with pytest.raises(SystemFailed, match=f"is being written to by process {os.getpid()} on"):
            second.start(timeout=10)
        second.close()
        with short(str(root)) as reader:
            assert reader.run(timeout=20).is_finished
        assert first.run(timeout=20).is_finished
    with short(str(root), certify=True) as third:
        assert third.run(timeout=20).is_finished


@pytest.mark.parametrize(("core", "kind"), [(SessionDataCore, BarArrived), (StreamCoordinatorCore, PublishBar)])
def test_what_was_published_into_a_bug_fails_its_future_at_once(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch, core: type[Any], kind: type[Any]
) -> None:
    break_on(monkeypatch, core, kind)

    with short(store) as system:
        start_ns = system.progress().get(timeout=5).now_ns - MINUTE_NS
        bar = Bar(symbol="A", start_ns=start_ns, open=1, high=1, low=1, close=1, volume=1)
        with pytest.raises(SystemFailed, match=f"a bug in .* on {kind.__name__}"):
            system.publish(bar).get(timeout=10)
