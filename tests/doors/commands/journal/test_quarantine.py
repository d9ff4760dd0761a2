"""Messages that met a bug are listed, shown and delivered again: to a live run, or into their day."""

import json
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from actors.doors.commands.journal import quarantine as command
from actors.kernel.address import RoomAddress
from actors.kernel.future import Future
from actors.recording import salvage
from actors.session_data.core import SessionDataCore
from actors.storage.journal.file import JournalFile
from actors.storage.journal.quarantine import Quarantine
from actors.storage.journal.redelivery import Redelivery
from actors.storage.parquet import ParquetStore
from messages import Message, Room
from messages.errors import SystemFailed
from tests.builders import DAY, arrived, at, minute_of, opened, time
from tests.doors.conftest import Call
from tests.system.test_salvage import journal_of

TRACE = "Traceback (most recent call last):\n  File x\nValueError: a bug\n"
BAD = arrived(*minute_of("AB", "09:31"))
MINUTES: list[Message] = [opened(DAY, ["A", "B"]), arrived(*minute_of("AB", "09:30")), BAD, time("09:32")]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store whose day was lived without one of its messages, which is in quarantine; and one that has no data."""
    folder = tmp_path / "store.journals"
    with closing(JournalFile(journal_of(folder, *MINUTES))) as file:
        file.leave_out({3})
    with closing(ParquetStore(tmp_path / "store")) as bars:
        salvage(folder, bars, DAY.end_ns, lambda _: None)
    quarantine = Quarantine(folder)
    quarantine.put(Room.SESSION_DATA, BAD, TRACE, ["TimeAdvanced(...)"])
    quarantine.put(Room.SESSION_DATA, time("09:33"), TRACE, [])
    return tmp_path / "store"


def starts(store: Path) -> list[int]:
    with closing(ParquetStore(store, read_only=True)) as bars:
        day = bars.read(DAY.calendar, DAY.date)
    assert day is not None
    starts: list[int] = day.bars.start_ns.tolist()
    return starts


def test_what_met_a_bug_is_listed_with_what_is_lost_with_it(store: Path, call: Call) -> None:
    said = call("quarantine", "--store", store)
    listed = json.loads(call("quarantine", "--store", store, "--json").out)

    assert [line.split()[-1] for line in said.out.splitlines() if "session_data" in line] == ["yes", "no"]
    assert [(entry["message"], entry["error"], entry["has_data"]) for entry in listed["messages"]] == [
        ("BarsArrived", "ValueError: a bug", True),
        ("TimeAdvanced", "ValueError: a bug", False),
    ]


def test_one_is_shown_with_its_traceback_and_its_story(store: Path, call: Call) -> None:
    said = call("quarantine", "--store", store, "--show", "1")

    assert TRACE.strip() in said.out
    assert "TimeAdvanced(...)" in said.out


def test_a_store_without_any_says_so(tmp_path: Path, call: Call) -> None:
    assert call("quarantine", "--store", tmp_path).out == f"Nothing is in quarantine beside {tmp_path}.\n"
    assert call("quarantine", "--store", tmp_path / "none").err.endswith("none: no such folder\n")


def test_a_message_is_delivered_in_its_place_of_a_day_that_is_over(store: Path, call: Call) -> None:
    before = starts(store)
    said = call("quarantine", "--store", store, "--retry", "all")

    assert said.code == 0
    assert (set(before), set(starts(store))) == ({at("09:30")}, {at("09:30"), at("09:31")})
    assert [entry.kind for entry in _kept(store)] == ["TimeAdvanced"]
    assert call("verify", "--store", store).code == 0


def _kept(store: Path) -> list[Any]:
    place = Quarantine(store.with_name("store.journals"))
    return [place.read(path) for path in place.files()]


def test_one_that_meets_a_bug_once_more_stays_and_changes_nothing(
    store: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = SessionDataCore.handle

    def breaks(core: SessionDataCore, message: Any) -> Any:
        if message == BAD:
            raise ValueError("a bug that is still there")
        return handle(core, message)

    monkeypatch.setattr(SessionDataCore, "handle", breaks)
    said = call("quarantine", "--store", store, "--retry", "1")

    assert said.code == 1
    assert "it meets a bug once more: ValueError: a bug that is still there" in said.err
    assert set(starts(store)) == {at("09:30")}
    assert len(_kept(store)) == 2


@pytest.mark.parametrize(
    ("retry", "words"),
    [
        ("3", "there is no message 3 in quarantine: they are numbered from 1 to 2"),
        ("two", "--retry takes the number of a message, or all, not 'two'"),
        ("2", "a TimeAdvanced is not delivered again: nothing is lost with it"),
    ],
)
def test_what_cannot_be_delivered_is_refused_with_the_reason(store: Path, call: Call, retry: str, words: str) -> None:
    said = call("quarantine", "--store", store, "--retry", retry)

    assert said.code == 1
    assert words in said.err


def test_what_only_a_live_run_takes_says_so(store: Path, call: Call) -> None:
    Quarantine(store.with_name("store.journals")).put(Room.SESSION_DATA, arrived(*minute_of("A", "09:40")), TRACE, [])

    assert "is delivered to a live run only" in call("quarantine", "--store", store, "--retry", "3").err


class Told(RoomAddress):
    """A room that takes what is delivered again, or does not."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self.told: list[Message] = []
        self._error = error

    def again(self, message: Message) -> Future[None]:
        self.told.append(message)
        future: Future[None] = Future()
        if self._error is None:
            future.set(None)
        else:
            future.set_exception(self._error)
        return future


@pytest.mark.parametrize("is_well", [True, False])
def test_a_live_run_delivers_what_is_asked_for(
    store: Path, call: Call, monkeypatch: pytest.MonkeyPatch, is_well: bool
) -> None:
    monkeypatch.setattr(command, "is_held", lambda _store: True)
    place = Quarantine(store.with_name("store.journals"))
    room = Told(None if is_well else SystemFailed("a bug"))
    live, over = Redelivery(place, {Room.SESSION_DATA: room}), threading.Event()

    def lives() -> None:
        while not over.wait(0.001):
            live.look()
            if not is_well and room.told and len(list(place.files())) == 2:
                place.put(Room.SESSION_DATA, BAD, TRACE, [])  # as the shell does

    thread = threading.Thread(target=lives)
    thread.start()
    try:
        said = call("quarantine", "--store", store, "--retry", "1")
    finally:
        over.set()
        thread.join()

    assert room.told == [BAD]
    assert (said.code == 0) == is_well


def test_of_a_store_elsewhere_it_lies_with_the_journals_where_its_live_run_was_started(
    store: Path, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = "postgresql://me:secret@host/market"
    monkeypatch.chdir(tmp_path)
    nothing = call("quarantine", "--store", place)
    store.with_name("store.journals").rename("market.journals")
    said = call("quarantine", "--store", place, "--json").object

    assert nothing.err.startswith("error: no journals of postgresql://me@host/market in ")
    assert (said["store"], len(said["messages"])) == ("postgresql://me@host/market", 2)


def test_what_cannot_be_read_is_told_to_nobody(tmp_path: Path) -> None:
    place, room = Quarantine(tmp_path), Told()
    place.put(Room.SESSION_DATA, time("09:33"), TRACE, [])
    (path,) = place.files()
    place.ask_for(path)
    Redelivery(place, {Room.SESSION_DATA: room}).look()

    assert room.told == []
    assert path.exists()
