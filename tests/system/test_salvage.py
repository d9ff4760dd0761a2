"""Days of which only a journal is left are written down by the next live system that uses their store."""

import time as wall
from pathlib import Path
from typing import Any

import pytest

from actors.recording import lived, salvage
from actors.session_data.core import SessionDataCore
from actors.settings import SessionRules
from actors.storage.journal.file import JournalFile, Row, path_of
from actors.storage.memory import MemoryStore
from actors.storage.parquet import ParquetStore
from messages import BarBatch, BoundaryKind, GetBars, Message, SessionBoundary, SessionSettled, Verdict
from messages.codec import encode
from messages.values import MINUTE_NS
from tests.builders import DAY, arrived, at, minute_of, opened, time
from tests.feeds.worlds import MARKET
from tests.patience import PATIENCE_S
from tests.session_data.streams import ask
from tests.system.live import clock_before, live, market_feed, session_of
from tests.upstreams import Upstream

RULES = SessionRules(grace_ns=0)
MINUTES: list[Message] = [
    opened(DAY, ["A", "B"]),
    arrived(*minute_of("AB", "09:30")),
    arrived(*minute_of("A", "09:31")),
    time("09:32"),
]


def journal_of(folder: Path, *messages: Message) -> Path:
    path = path_of(folder, DAY.calendar, DAY.date)
    folder.mkdir(exist_ok=True)
    file = JournalFile(path)
    file.append([Row(seq, getattr(one, "now_ns", 0), encode(one)) for seq, one in enumerate(messages, 1)])
    file.close()
    return path


def is_finished(path: Path) -> bool:
    file = JournalFile(path, read_only=True)
    try:
        return file.is_finished
    finally:
        file.close()


def test_a_day_that_was_cut_off_is_written_down_with_its_verdicts(tmp_path: Path) -> None:
    path, store, told = journal_of(tmp_path, *MINUTES), MemoryStore(), list[str]()
    lacks = salvage(tmp_path, store, DAY.end_ns, told.append)

    day = store.read(DAY.calendar, DAY.date)
    assert day is not None
    assert list(zip(day.bars.names(), day.bars.start_ns.tolist(), strict=True)) == [
        ("A", at("09:30")),
        ("B", at("09:30")),
        ("A", at("09:31")),
    ]
    assert set(day.verdicts.tolist()) == {Verdict.STREAMED}
    lacking = 2 * 390 - 3
    assert [one.symbols for one in lacks] == [("A", "B")]
    saved = f"saved from {path}, without {lacking} of its minutes, which heal asks for"
    assert told == [f"session {DAY.date} was cut off before it was in the store: {saved}"]
    assert is_finished(path)


def test_a_day_that_had_settled_but_was_not_kept_gets_its_certificate(tmp_path: Path) -> None:
    closed = SessionBoundary(kind=BoundaryKind.CLOSED, session=DAY, now_ns=DAY.end_ns)
    journal_of(tmp_path, *MINUTES, closed, SessionSettled(session_date=DAY.date))
    store = ParquetStore(tmp_path / "store")
    salvage(tmp_path, store, DAY.end_ns, lambda _: None)

    certificate = store.certificate(DAY.calendar, DAY.date)
    assert certificate is not None
    assert certificate.is_live


def test_a_session_that_is_not_over_is_left_to_go_on(tmp_path: Path) -> None:
    path, store, told = journal_of(tmp_path, *MINUTES), MemoryStore(), list[str]()
    salvage(tmp_path, store, at("12:00"), told.append)

    assert (store.calendars(), told, is_finished(path)) == ((), [], False)


def test_a_journal_that_cannot_be_read_is_told_of_and_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "XNYS_2024-07-01.journal").write_bytes(b"nothing that anybody could read" * 50)
    journal_of(tmp_path, *MINUTES)
    store, told = MemoryStore(), list[str]()
    salvage(tmp_path, store, DAY.end_ns, told.append)

    assert store.dates(DAY.calendar) == (DAY.date,)
    assert [sentence.partition(":")[0] for sentence in told] == [
        "a day that was cut off could not be saved",
        f"session {DAY.date} was cut off before it was in the store",
    ]


def test_a_message_that_met_a_bug_on_its_day_keeps_no_later_run_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal_of(tmp_path, *MINUTES)
    handle, store, told = SessionDataCore.handle, MemoryStore(), list[str]()

    def breaks(core: SessionDataCore, message: Any) -> Any:
        if message == MINUTES[1]:
            raise ValueError("a bug")
        return handle(core, message)

    monkeypatch.setattr(SessionDataCore, "handle", breaks)
    salvage(tmp_path, store, DAY.end_ns, told.append)

    day = store.read(DAY.calendar, DAY.date)
    assert day is not None
    assert day.bars.start_ns.tolist() == [at("09:31")]
    assert "saved from" in told[0]


def test_a_day_is_as_it_was_known_at_a_moment(tmp_path: Path) -> None:
    file = JournalFile(journal_of(tmp_path, *MINUTES), read_only=True)
    cores = [lived(file, until_ns)[0] for until_ns in (at("09:31"), None)]
    file.close()

    assert [len(ask(core, GetBars(symbol="A"))) for core in cores] == [1, 2]
    assert isinstance(cores[0], SessionDataCore)


@pytest.mark.slow
def test_a_live_system_begins_with_the_days_that_were_cut_off(tmp_path: Path) -> None:
    journal_of(tmp_path / "store.journals", *MINUTES)
    session = session_of("2024-07-03")
    clock = clock_before(session, 600)
    with live(str(tmp_path / "store"), [market_feed(MARKET, session, clock)], clock, symbols=MARKET.symbols):
        pass

    assert DAY.date in ParquetStore(tmp_path / "store", read_only=True).dates("XNYS")


@pytest.mark.slow
def test_what_they_lack_is_asked_for_while_another_day_is_lived(tmp_path: Path) -> None:
    journal_of(tmp_path / "store.journals", *MINUTES)
    session = session_of("2024-07-03")
    clock = clock_before(session, 60)
    bars = [one for start in range(DAY.start_ns, DAY.end_ns, MINUTE_NS) for one in minute_of("AB", start)]
    feed, archive = market_feed(MARKET, session, clock), Upstream(bars, "archive")
    with live(str(tmp_path / "store"), [feed], clock, symbols=MARKET.symbols, sources=[archive]) as system:
        journal = system._house.journal
        assert journal is not None
        until_s = wall.monotonic() + PATIENCE_S
        while len(journal.saved) < 2 and wall.monotonic() < until_s:
            wall.sleep(0.05)
    saved, healed = journal.saved

    assert "without 777 of its minutes, which are asked for now" in saved
    assert healed == (
        f"session {DAY.date} has got 777 of the minutes that it lacked from archive, and 0 were never traded"
    )
    store = ParquetStore(tmp_path / "store", read_only=True)
    certificate, day = store.certificate("XNYS", DAY.date), store.read("XNYS", DAY.date)
    assert certificate is not None
    assert certificate.bar_quality == 100.0
    assert day is not None
    assert day.bars == BarBatch.of(bars)
