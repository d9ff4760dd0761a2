"""A journal's file: what was written comes back as it was, and what is damaged says so."""

import sqlite3
from pathlib import Path

import pytest

from actors.storage.journal.file import JournalFile, Row
from messages import DataError, Message, SessionBoundary
from messages.codec import encode
from tests.builders import DAY, arrived, bar, minute_of, opened, time
from tests.session_data.stories import whole

OPENING = opened(DAY, ["A", "B"])
TAKEN: list[Message] = [OPENING, arrived(bar("A")), whole(minute_of("AB", "09:31")), time("09:32"), time("09:33")]


def written(path: Path, taken: list[Message]) -> JournalFile:
    file = JournalFile(path)
    file.append(Row(seq, getattr(one, "now_ns", 0), encode(one)) for seq, one in enumerate(taken, file.last + 1))
    return file


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "XNYS_2024-07-01.journal"


def test_messages_come_back_as_they_were_in_the_same_order(path: Path) -> None:
    written(path, TAKEN[:2]).close()
    written(path, TAKEN[2:]).close()
    file = JournalFile(path, read_only=True)

    assert [message for _, message in file.messages()] == TAKEN
    assert [now_ns for now_ns, _ in file.messages()] == [one.now_ns for one in TAKEN]  # type: ignore[attr-defined]
    assert file.opening() == OPENING
    file.close()


def test_what_was_known_at_a_moment_are_the_messages_until_then(path: Path) -> None:
    file = written(path, TAKEN)
    known = [message for _, message in file.messages(until_ns=TAKEN[3].now_ns)]  # type: ignore[attr-defined]

    assert known == TAKEN[:4]
    file.close()


def test_a_batch_is_written_whole_or_not_at_all(path: Path) -> None:
    file = written(path, TAKEN[:1])
    rows = [Row(2, 0, encode(TAKEN[1])), Row(1, 0, encode(TAKEN[1]))]

    with pytest.raises(OSError, match="UNIQUE"):
        file.append(rows)

    assert file.last == 1
    file.append(rows[:1])
    assert file.last == 2
    file.close()


def test_that_a_day_is_finished_is_remembered(path: Path) -> None:
    file = written(path, TAKEN)
    before = file.is_finished
    file.finish()
    file.close()
    again = JournalFile(path, read_only=True)

    assert (before, again.is_finished) == (False, True)
    again.close()


def test_a_journal_that_is_not_there_is_not_made_by_who_reads(path: Path) -> None:
    with pytest.raises(DataError, match="there is no journal"):
        JournalFile(path, read_only=True)

    assert not path.exists()


def test_what_is_no_journal_is_refused(path: Path) -> None:
    path.write_bytes(b"open,high,low,close\n" * 100)

    with pytest.raises(DataError, match="cannot be read: file is not a database"):
        JournalFile(path)


def test_a_journal_of_a_later_version_is_refused(path: Path) -> None:
    written(path, TAKEN).close()
    with sqlite3.connect(path) as file:
        file.execute("pragma user_version = 7")
    file.close()

    with pytest.raises(DataError, match="version 1, not 7"):
        JournalFile(path)


def test_a_message_that_cannot_be_read_is_named(path: Path) -> None:
    file = written(path, TAKEN[:2])
    file.append([Row(3, 0, b"\x81\xa4type\xa5Grape")])

    with pytest.raises(DataError, match="message 3 cannot be read"):
        list(file.messages())
    file.close()


def test_a_journal_that_does_not_begin_with_an_opening_is_refused(path: Path) -> None:
    file = written(path, TAKEN[1:2])

    with pytest.raises(DataError, match="expected a session's opening first, not BarArrived"):
        file.opening()
    file.close()


def test_an_empty_journal_has_no_opening(path: Path) -> None:
    file = JournalFile(path)

    assert (file.opening(), file.last, isinstance(OPENING, SessionBoundary)) == (None, 0, True)
    file.close()


def test_a_journal_that_was_closed_is_one_file_and_stays_so_when_it_is_read(path: Path) -> None:
    written(path, TAKEN).close()
    reader = JournalFile(path, read_only=True)
    found = list(reader.messages())
    reader.close()

    assert len(found) == len(TAKEN)
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_journal_that_somebody_reads_is_closed_all_the_same(path: Path) -> None:
    writer = written(path, TAKEN)
    reader = JournalFile(path, read_only=True)
    first = next(reader.messages())
    writer.close()

    assert first[1] == OPENING
    assert len(list(reader.messages())) == len(TAKEN)
    reader.close()
