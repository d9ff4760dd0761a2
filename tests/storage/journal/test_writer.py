"""Messages on their way to a journal: in order, together, and acknowledged once they are safe."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.storage.journal import told as told_module
from actors.storage.journal import writer
from actors.storage.journal.acknowledged import Acknowledged
from actors.storage.journal.file import JournalFile, folder_beside, journals, path_of
from actors.storage.journal.writer import Journal
from messages import CertificateIssued, Message, NotRecorded, TradingSession
from messages.errors import DataError, StoreLocked
from tests.builders import DAY, arrived, bar, day_grid, opened, time
from tests.certificates import certificate
from tests.doubles import Outbox
from tests.patience import PATIENCE_S
from tests.system.live import session_of

OPENING = opened(DAY, ["A", "B"])


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path / "store.journals")
    yield made
    made.close()


def held(folder: Path) -> list[Message]:
    file = JournalFile(path_of(folder, DAY.calendar, DAY.date), read_only=True)
    try:
        return [message for _, message in file.messages()]
    finally:
        file.close()


def test_journals_lie_beside_the_store_and_not_in_it() -> None:
    assert folder_beside(Path("data/store")) == Path("data/store.journals")


def test_one_at_a_time_writes_into_a_folder_of_journals(journal: Journal) -> None:
    """A store elsewhere has no lock: two live runs would go on with the same file."""
    other = Journal(journal.folder)
    journal.claim()
    with pytest.raises(StoreLocked, match=r"the folder of journals at .* is being written to by process \d+"):
        other.claim()
    journal.close()
    other.claim()
    other.close()


def test_what_was_taken_is_there_when_it_is_safe(journal: Journal, tmp_path: Path) -> None:
    assert journal.open(DAY) is None
    taken = [OPENING, *(arrived(bar("A", f"09:{minute}")) for minute in range(30, 50))]
    for message in taken:
        journal.append(message)
    safe = threading.Event()
    journal.when_safe(safe.set)

    assert safe.wait(5)
    assert held(tmp_path / "store.journals") == taken


def test_a_session_that_is_opened_again_gives_back_what_it_had(tmp_path: Path) -> None:
    first = Journal(tmp_path)
    first.open(DAY)
    for message in (OPENING, arrived(bar("A"))):
        first.append(message)
    first.close()
    second = Journal(tmp_path)

    told = second.open(DAY)
    assert told is not None
    assert (told.opening, len(told), list(told)) == (OPENING, 1, [arrived(bar("A"))])
    second.append(time("09:31"))
    second.close()
    assert held(tmp_path) == [OPENING, arrived(bar("A")), time("09:31")]


def test_what_a_session_was_told_is_read_only_as_far_as_it_is_gone_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(told_module, "_AHEAD_BYTES", 1)
    first = Journal(tmp_path)
    first.open(DAY)
    for message in (OPENING, arrived(bar("A")), time("09:31"), time("09:32")):
        first.append(message)
        assert first.flush(PATIENCE_S)
    first.close()
    with closing(sqlite3.connect(path_of(tmp_path, DAY.calendar, DAY.date))) as file:
        file.execute("update messages set body = x'c1' where seq = 3")
        file.commit()
    second = Journal(tmp_path)
    told = second.open(DAY)
    assert told is not None
    found = iter(told)

    assert next(found) == arrived(bar("A"))
    with pytest.raises(DataError, match="message 3 cannot be read"):
        next(found)
    second.close()


def test_what_an_opening_knows_of_other_days_is_not_written(journal: Journal, tmp_path: Path) -> None:
    journal.open(DAY)
    journal.append(opened(DAY, ["A", "B"], history=[day_grid(DAY, [bar("A")])]))
    journal.flush()

    assert held(tmp_path / "store.journals") == [OPENING]


def test_who_sent_something_is_told_when_it_is_safe_and_not_before(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.open(DAY)
    publisher, gate = Outbox(), threading.Event()
    append = JournalFile.append
    monkeypatch.setattr(JournalFile, "append", lambda *given: (gate.wait(5), append(*given)))
    journal.append(OPENING)
    Acknowledged(journal, publisher).tell("taken")
    before = list(publisher.messages)
    gate.set()
    journal.flush()
    done = threading.Event()
    journal.when_safe(done.set)

    assert (before, done.wait(5)) == ([], True)
    journal.close()  # its thread has told all
    assert publisher.messages == ["taken"]


def test_a_disk_that_refuses_is_told_of_and_tried_again_and_nothing_is_lost(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "_AGAIN_S", 0.001)
    journal.open(DAY)
    append, refusals, refused = JournalFile.append, [1, 2, 3], threading.Event()

    def refuse(*given: Any) -> None:
        if refusals:
            refusals.pop()
            refused.set()
            raise OSError("no space left on the disk")
        append(*given)

    monkeypatch.setattr(JournalFile, "append", refuse)
    taken = [OPENING, *(arrived(bar("A", f"09:{minute}")) for minute in range(30, 50))]
    for message in taken[:10]:
        journal.append(message)
    assert refused.wait(5)
    for message in taken[10:]:
        journal.append(message)

    assert journal.flush()
    assert held(tmp_path / "store.journals") == taken
    assert journal.trouble == ""


def test_while_a_disk_refuses_the_journal_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Outbox()
    journal = Journal(tmp_path, reply_to=told)

    def refuse(*_: Any) -> None:
        raise OSError("no space left on the disk")

    monkeypatch.setattr(JournalFile, "append", refuse)
    journal.open(DAY)
    journal.append(OPENING)

    assert not journal.flush(timeout=0.2)
    assert journal.trouble == "no space left on the disk"
    assert told.messages == [NotRecorded(session_date=DAY.date, reason="its journal: no space left on the disk")]
    journal.close(timeout=0.1)


def kept(session: TradingSession, *, is_kept: bool = True) -> CertificateIssued:
    return CertificateIssued(certificate=certificate(session=session), is_kept=is_kept, reason="")


@pytest.mark.parametrize("is_kept", [True, False])
def test_the_journal_of_a_day_that_is_in_the_store_is_finished(journal: Journal, tmp_path: Path, is_kept: bool) -> None:
    journal.open(DAY)
    journal.append(OPENING)
    journal.tell(kept(DAY, is_kept=is_kept))
    journal.close()
    file = JournalFile(path_of(tmp_path / "store.journals", DAY.calendar, DAY.date), read_only=True)

    assert file.is_finished is is_kept
    file.close()


@pytest.mark.parametrize(("kept_days", "left"), [(0.0, []), (7.0, [f"XNYS_{DAY.date}.journal"])])
def test_finished_journals_are_deleted_after_their_time(tmp_path: Path, kept_days: float, left: list[str]) -> None:
    old = Journal(tmp_path)
    old.open(DAY)
    old.append(OPENING)
    old.tell(kept(DAY))
    old.close()
    new = Journal(tmp_path, kept_days=kept_days)
    new.tell(kept(session_of("2024-07-03", ())))
    new.close()

    assert [path.name for path in journals(tmp_path)] == left


def test_the_journal_of_a_day_that_is_not_in_the_store_stays(tmp_path: Path) -> None:
    old = Journal(tmp_path)
    old.open(DAY)
    old.append(OPENING)
    old.close()
    new = Journal(tmp_path, kept_days=0.0)
    new.tell(kept(session_of("2024-07-03", ())))
    new.close()

    assert [path.name for path in journals(tmp_path)] == [f"XNYS_{DAY.date}.journal"]


def test_a_journal_that_cannot_be_read_is_put_aside_and_told_of(tmp_path: Path) -> None:
    path, told = path_of(tmp_path, DAY.calendar, DAY.date), Outbox()
    path.write_bytes(b"nothing that anybody could read" * 50)
    journal = Journal(tmp_path, reply_to=told)

    assert journal.open(DAY) is None
    journal.append(OPENING)
    journal.close()
    assert held(tmp_path) == [OPENING]
    assert path.with_name(f"{path.name}.damaged").read_bytes().startswith(b"nothing")
    assert f"{path.name}.damaged" in told.of(NotRecorded)[0].reason


def test_what_the_disk_refused_of_one_session_does_not_go_into_the_journal_of_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "_AGAIN_S", 0.001)
    append, refused, is_full = JournalFile.append, threading.Event(), [True]

    def refuse(*given: Any) -> None:
        if is_full:
            refused.set()
            raise OSError("no space left on the disk")
        append(*given)

    monkeypatch.setattr(JournalFile, "append", refuse)
    journal, later = Journal(tmp_path), session_of("2024-07-03", ())
    journal.open(DAY)
    journal.append(OPENING)
    assert refused.wait(5)
    journal.open(later)
    journal.append(opened(later, ["C"]))
    is_full.clear()
    journal.close()

    assert held(tmp_path) == [OPENING]
    second = JournalFile(path_of(tmp_path, later.calendar, later.date), read_only=True)
    assert [message for _, message in second.messages()] == [opened(later, ["C"])]
    second.close()


def test_a_days_end_that_comes_after_the_next_has_opened_finishes_its_own_journal(tmp_path: Path) -> None:
    journal, later = Journal(tmp_path), session_of("2024-07-03", ())
    journal.open(DAY)
    for message in (OPENING, *(arrived(bar("A", f"09:{minute}")) for minute in range(30, 50))):
        journal.append(message)
    journal.open(later)
    journal.tell(kept(DAY))
    journal.close()
    files = [JournalFile(path, read_only=True) for path in journals(tmp_path)]

    assert [file.is_finished for file in files] == [True, False]
    for file in files:
        file.close()


def test_a_message_that_cannot_be_encoded_costs_nobody_else_his_place(tmp_path: Path) -> None:
    journal, publisher = Journal(tmp_path), Outbox()
    plain = [arrived(bar("A", f"09:{minute}")) for minute in range(30, 36)]
    odd: Any = msgspec.structs.replace(plain[0], source=object())
    journal.open(DAY)
    for message in (OPENING, *plain[:2], odd, *plain[2:]):
        journal.append(message)
    Acknowledged(journal, publisher).tell("all")
    journal.close()
    with closing(JournalFile(path_of(tmp_path, DAY.calendar, DAY.date), read_only=True)) as file:
        numbered = list(file.numbered())

    assert numbered == [(1, OPENING), (2, plain[0]), (3, plain[1]), *enumerate(plain[2:], 5)]
    assert publisher.messages == ["all"]


def test_what_came_while_the_disk_was_busy_goes_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append, busy, gate = JournalFile.append, threading.Event(), threading.Event()
    commits: list[int] = []

    def wait(file: JournalFile, rows: Any) -> None:
        busy.set()
        gate.wait(5)
        append(file, rows)
        commits.append(len(rows))

    monkeypatch.setattr(JournalFile, "append", wait)
    journal, later = Journal(tmp_path), [time(f"{9 + of // 60:02}:{of % 60:02}") for of in range(31, 600)]
    journal.open(DAY)
    journal.append(OPENING)
    assert busy.wait(5)
    for message in later:
        journal.append(message)
    gate.set()
    journal.close()

    assert len(later) > writer._TOGETHER
    assert commits == [1, 1]
    assert held(tmp_path) == [OPENING, *later]


def test_what_was_never_written_is_never_acknowledged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise OSError("no space left on the disk")

    monkeypatch.setattr(JournalFile, "append", refuse)
    journal, publisher = Journal(tmp_path), Outbox()
    journal.open(DAY)
    journal.append(OPENING)
    Acknowledged(journal, publisher).tell("taken")
    journal.close(timeout=0.1)

    assert publisher.messages == []


def test_a_disk_that_goes_on_refusing_is_told_of_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told, seen, enough = Outbox(), [0], threading.Event()

    def refuse(*_: Any) -> None:
        seen[0] += 1
        if seen[0] > 7:
            enough.set()
        raise OSError("no space left on the disk")

    monkeypatch.setattr(writer, "_AGAIN_S", 0.001)
    monkeypatch.setattr(writer, "_TOLD_AFTER", 3)
    monkeypatch.setattr(JournalFile, "append", refuse)
    journal = Journal(tmp_path, reply_to=told)
    journal.open(DAY)
    journal.append(OPENING)

    assert enough.wait(5)
    assert len(told.of(NotRecorded)) >= 3
    journal.close(timeout=0.1)
