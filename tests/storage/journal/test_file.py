"""A journal's file: what was written comes back as it was, and what is damaged says so."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from actors.storage.journal.file import JournalFile, Row
from actors.storage.journal.packing import rows_of
from messages import AddSymbols, DataError, Message, SessionBoundary
from messages.codec import encode
from tests.builders import DAY, arrived, bar, minute_of, opened, time
from tests.session_data.stories import whole

Put = Callable[[Path, list[Message]], JournalFile]
OPENING = opened(DAY, ["A", "B"])
TAKEN: list[Message] = [OPENING, arrived(bar("A")), whole(minute_of("AB", "09:31")), time("09:32"), time("09:33")]


def written(path: Path, taken: list[Message]) -> JournalFile:
    file = JournalFile(path)
    file.append([Row(seq, getattr(one, "now_ns", 0), encode(one)) for seq, one in enumerate(taken, file.last + 1)])
    return file


def together(path: Path, taken: list[Message]) -> JournalFile:
    """As the journal of a live day does it: what is committed together is one row."""
    file = JournalFile(path)
    file.append(list(rows_of(file.last + 1, 0, taken)))  # type: ignore[arg-type]
    return file


def of_version_1(path: Path, taken: list[Message]) -> None:
    """As it was until messages went together."""
    with closing(sqlite3.connect(path)) as file:
        file.executescript("""
            pragma user_version = 1;
            create table messages (seq integer primary key, now_ns integer not null, body blob not null) strict;
            create table facts (name text primary key, value text not null) strict;
        """)
        rows = [(seq, one.now_ns, encode(one)) for seq, one in enumerate(taken, 1)]  # type: ignore[attr-defined]
        file.executemany("insert into messages values (?, ?, ?)", rows)
        file.commit()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "XNYS_2024-07-01.journal"


@pytest.mark.parametrize("put", [written, together])
def test_messages_come_back_as_they_were_in_the_same_order(path: Path, put: Put) -> None:
    put(path, TAKEN[:2]).close()
    put(path, TAKEN[2:]).close()
    file = JournalFile(path, read_only=True)

    assert [message for _, message in file.messages()] == TAKEN
    assert [now_ns for now_ns, _ in file.messages()] == [one.now_ns for one in TAKEN]  # type: ignore[attr-defined]
    assert list(file.numbered()) == list(enumerate(TAKEN, 1))
    assert (file.opening(), file.last) == (OPENING, len(TAKEN))
    file.close()


@pytest.mark.parametrize("put", [written, together])
@pytest.mark.parametrize(("left_out", "size"), [((), 1), ((), 1 << 20), ((2, 4), 1), ((1, 2, 3, 4, 5), 1)])
def test_runs_are_the_same_messages_and_each_is_as_long_as_was_asked_for(
    path: Path, put: Put, left_out: tuple[int, ...], size: int
) -> None:
    put(path, TAKEN[:2]).close()
    with closing(put(path, TAKEN[2:])) as file:
        file.leave_out(left_out)
        runs = list(file.runs(size))

        assert [one for run in runs for one in run] == [one for _, one in file.messages()]
        assert file.now_ns == time("09:33").now_ns
    of_rows = {written: len(TAKEN), together: 2}[put]
    assert len(runs) == (1 if size == 1 << 20 else of_rows + 1)


def test_a_journal_of_version_1_is_read_and_goes_on(path: Path) -> None:
    of_version_1(path, TAKEN[:3])
    with closing(JournalFile(path, read_only=True)) as reader:
        before = [message for _, message in reader.messages()]
    with closing(JournalFile(path)) as looked_at:
        looked_at.finish()
    with closing(sqlite3.connect(path)) as raw:
        (version,) = raw.execute("pragma user_version").fetchone()
    file = together(path, TAKEN[3:])

    assert (before, version) == (TAKEN[:3], 1)  # who only looks at it leaves it to programs that are older
    assert list(file.numbered()) == list(enumerate(TAKEN, 1))
    file.close()


@pytest.mark.parametrize("put", [written, together])
def test_what_was_known_at_a_moment_are_the_messages_until_then(path: Path, put: Put) -> None:
    file = put(path, TAKEN)
    known = [message for _, message in file.messages(until_ns=TAKEN[3].now_ns)]  # type: ignore[attr-defined]

    assert known == TAKEN[:4]
    file.close()


def test_the_time_of_a_message_that_tells_none_is_the_latest_before_it(path: Path) -> None:
    timeless = AddSymbols(symbols=("C",))
    file = together(path, [OPENING, time("09:33"), time("09:32"), timeless])
    opening, late, *after = file.messages()

    assert [now_ns for now_ns, _ in after] == [late[0]] * 2
    assert opening[0] < late[0]
    assert [message for _, message in file.messages(late[0] - 1)] == [OPENING]
    file.close()


def test_a_message_that_was_left_out_is_found_among_those_that_went_with_it(path: Path) -> None:
    file = together(path, TAKEN)
    before = file.number_of(encode(TAKEN[2]))
    file.leave_out({3})

    assert [message for _, message in file.messages()] == [*TAKEN[:2], *TAKEN[3:]]
    assert (before, file.number_of(encode(TAKEN[2])), file.number_of(encode(TAKEN[1]))) == (None, 3, None)
    assert file.number_of(b"nothing") is None
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

    with pytest.raises(DataError, match="version 2, not 7"):
        JournalFile(path)


def test_a_message_that_cannot_be_read_is_named(path: Path) -> None:
    file, grape = written(path, TAKEN[:2]), b"\x81\xa4type\xa5Grape"
    file.append([Row(5, 0, b"\x93" + encode(TAKEN[1]) + grape + encode(TAKEN[1]))])

    with pytest.raises(DataError, match="message 4 cannot be read"):
        list(file.messages())
    file.close()


@pytest.mark.parametrize("body", [b"", b"\x81\xa4type\xa5Grape", b"\x93\x01"])
def test_a_row_that_cannot_be_read_is_named_by_its_last_message(path: Path, body: bytes) -> None:
    file = written(path, TAKEN[:2])
    file.append([Row(5, 0, body)])

    with pytest.raises(DataError, match="message 5 cannot be read"):
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
