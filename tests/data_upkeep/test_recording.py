"""A live day on its way to the store while it lasts: every bar is new there, and no certificate speaks of it yet."""

import pytest

from actors.data_upkeep.keeper import Keeper
from actors.kernel.ports import BarStore, MergeCounts, StoredDay
from actors.storage.memory import MemoryStore
from messages import DayGrid, IssueCertificate, NotRecorded, Verdict
from messages.errors import StoreLocked
from messages.repairs import SessionSealed
from tests.builders import DAY, bars
from tests.data_upkeep.test_keeper import played, store_of
from tests.doubles import Outbox


class Locked(MemoryStore):
    def merge(self, calendar: str, date: str, day: StoredDay) -> MergeCounts:
        raise StoreLocked("somebody else is writing")


class Full(MemoryStore):
    def merge(self, calendar: str, date: str, day: StoredDay) -> MergeCounts:
        raise OSError("no space left on device")


def recorded(store: BarStore | None, day: DayGrid) -> list[object]:
    """What is said when a day is recorded."""
    told = Outbox()
    sealed = SessionSealed(
        day=day, runs=(), intervals=(), corrections=0, rejected={}, issued_by="recording", now_ns=DAY.end_ns
    )
    Keeper(store, told, records=True).issue(IssueCertificate(sealed=sealed, gaps=()))
    return told.messages


@pytest.mark.parametrize("verdict", [Verdict.STREAMED, Verdict.LATE, Verdict.FILLED, Verdict.CORRECTED])
def test_every_bar_is_written_down_whatever_its_verdict_and_nothing_is_certified(verdict: Verdict) -> None:
    store, given = store_of(), bars("A", "09:30", 1, 2)

    assert recorded(store, played(given, verdict, "09:31")) == []
    day = store.read("XNYS", DAY.date)
    assert day is not None
    assert (list(day.bars.bars()), day.verdicts.tolist()) == (given, [Verdict.STREAMED, verdict])
    assert store.certificate("XNYS", DAY.date) is None


def test_a_day_is_written_down_again_as_it_goes_on() -> None:
    store = store_of()
    for minutes in (1, 2, 2, 3):
        recorded(store, played(bars("A", "09:30", *range(1, minutes + 1))))
    day = store.read("XNYS", DAY.date)

    assert day is not None
    assert day.bars.close.tolist() == [1, 2, 3]


def test_without_a_store_or_without_a_bar_there_is_nothing_to_write() -> None:
    store = store_of()

    assert recorded(None, played(bars("A", "09:30", 1))) == recorded(store, played([])) == []
    assert store.dates("XNYS") == ()


@pytest.mark.parametrize(("kind", "reason"), [(Locked, "somebody else is writing"), (Full, "no space left on device")])
def test_what_cannot_be_written_down_is_said_and_no_crash(kind: type[MemoryStore], reason: str) -> None:
    assert recorded(kind(), played(bars("A", "09:30", 1))) == [NotRecorded(session_date=DAY.date, reason=reason)]
