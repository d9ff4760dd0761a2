"""Messages that met a bug are kept, each in a file with its traceback, until they are delivered."""

from pathlib import Path

import pytest

from actors.storage.journal import quarantine as of_store
from actors.storage.journal.quarantine import Quarantine
from messages import Room
from messages.errors import DataError
from tests.builders import arrived, bar

TRACE = "Traceback (most recent call last):\n  File x\nValueError: a bug\n"
MESSAGE = arrived(bar("A", "09:30"))


def test_what_was_put_is_read_whole(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path)
    quarantine.put(Room.SESSION_DATA, MESSAGE, TRACE, ["before it"])
    (path,) = quarantine.files()
    kept = quarantine.read(path)

    assert (kept.room, kept.kind, kept.trace, kept.story) == (Room.SESSION_DATA, "BarArrived", TRACE, ("before it",))
    assert (kept.error, kept.message()) == ("ValueError: a bug", MESSAGE)
    assert path.parent == tmp_path / "quarantine"


def test_messages_are_listed_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path)
    messages = [arrived(bar("A", clock)) for clock in ("09:31", "09:32", "09:33")]
    for message in messages:
        quarantine.put(Room.SESSION_DATA, message, TRACE, [])

    assert [quarantine.read(path).message() for path in quarantine.files()] == messages


def test_what_is_no_message_is_kept_as_text_and_says_that_it_cannot_be_delivered(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path)
    quarantine.put(Room.SESSION_DATA, {"no": "message"}, TRACE, [])
    kept = quarantine.read(next(quarantine.files()))

    assert kept.text == "{'no': 'message'}"
    with pytest.raises(DataError, match="a dict is not delivered again"):
        kept.message()


def test_what_could_not_be_written_down_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(_message: object) -> bytes:
        raise NotImplementedError("no message holds this")

    monkeypatch.setattr(of_store, "encode", refuses)
    quarantine = Quarantine(tmp_path)
    quarantine.put(Room.SESSION_DATA, MESSAGE, TRACE, [])

    with pytest.raises(DataError, match="could not be written down"):
        quarantine.read(next(quarantine.files())).message()


def test_a_folder_that_cannot_be_made_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "quarantine").write_text("a file")
    Quarantine(tmp_path).put(Room.SESSION_DATA, MESSAGE, TRACE, [])

    assert (tmp_path / "quarantine").read_text() == "a file"


def test_a_file_that_is_damaged_is_refused_with_its_name(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path)
    quarantine.put(Room.SESSION_DATA, MESSAGE, TRACE, [])
    (path,) = quarantine.files()
    path.write_bytes(path.read_bytes()[:-40])

    with pytest.raises(DataError, match=path.name):
        quarantine.read(path)


def test_a_bug_that_comes_back_all_day_does_not_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_store, "_MOST_KEPT", 3)
    quarantine = Quarantine(tmp_path)
    for _ in range(5):
        quarantine.put(Room.SESSION_DATA, MESSAGE, TRACE, [])

    assert len(list(quarantine.files())) == 3


def test_what_somebody_wants_delivered_again_is_said_once_and_let_go_of_when_it_is(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path)
    assert list(quarantine.wanted()) == []
    for _ in range(2):
        quarantine.put(Room.SESSION_DATA, MESSAGE, TRACE, [])
    first, second = quarantine.files()
    quarantine.ask_for(second)
    wanted = [list(quarantine.wanted()), list(quarantine.wanted())]
    quarantine.release(second)

    assert wanted == [[second], []]
    assert list(quarantine.files()) == [first]
