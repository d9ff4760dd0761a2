"""A live day on its way to the store while it lasts: every bar is new there, and no certificate speaks of it yet."""

from collections.abc import Sequence

import pytest

from actors.data_upkeep.keeper import Keeper
from actors.kernel.ports import BarStore, MergeCounts, StoredDay
from actors.storage.memory import MemoryStore
from actors.verifying import Standing, verify_store
from messages import Bar, CertificateIssued, DayGrid, Gap, IssueCertificate, NotRecorded, Verdict
from messages.errors import StoreLocked
from messages.repairs import SessionSealed
from tests.builders import DAY, bar, bars
from tests.data_upkeep.test_keeper import played, store_of
from tests.doubles import Outbox


class Locked(MemoryStore):
    def merge(self, calendar: str, date: str, day: StoredDay) -> MergeCounts:
        raise StoreLocked("somebody else is writing")


class Full(MemoryStore):
    def merge(self, calendar: str, date: str, day: StoredDay) -> MergeCounts:
        raise OSError("no space left on device")


class Untouchable(MemoryStore):
    """A store from which nothing can be taken."""

    def withdraw(self, calendar: str, date: str, gaps: Sequence[Gap]) -> int:
        raise OSError("the disk is write-protected")


def recorded(store: BarStore | None, day: DayGrid) -> list[object]:
    """What is said when a day is recorded."""
    return kept(store, day, "recording")


def kept(store: BarStore | None, day: DayGrid, issued_by: str = "session", *, records: bool = True) -> list[object]:
    told = Outbox()
    sealed = SessionSealed(
        day=day, runs=(), intervals=(), corrections=0, rejected={}, issued_by=issued_by, now_ns=DAY.end_ns
    )
    Keeper(store, told, records=records).issue(IssueCertificate(sealed=sealed, gaps=()))
    return told.messages


def emptied(*starts: str, given: Sequence[Bar] = ()) -> DayGrid:
    """A day in which these minutes of A were not traded after all."""
    return played(given, Verdict.NO_TRADE, *starts)


def left(store: BarStore) -> list[Bar]:
    day = store.read("XNYS", DAY.date)
    return [] if day is None else list(day.bars.bars())


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


# --- bars that were withdrawn since


def test_a_bar_that_was_withdrawn_since_it_was_recorded_leaves_the_store() -> None:
    store, first, last = store_of(), *bars("A", "09:30", 1, None, 3)
    recorded(store, played(bars("A", "09:30", 1, 2)))

    assert recorded(store, emptied("09:31", given=[first, last])) == []
    assert left(store) == [first, last]


def test_a_day_whose_only_bar_was_withdrawn_is_not_in_the_store() -> None:
    store = store_of(*bars("A", "09:30", 1))

    assert recorded(store, emptied("09:30")) == []
    assert store.dates("XNYS") == ()


def test_bars_of_other_symbols_and_other_hours_stay_when_one_is_withdrawn() -> None:
    others = [bar("A", "08:00"), bar("B", "09:31"), bar("Z", "09:31")]
    store = store_of(bar("A", "09:31"), *others)
    recorded(store, emptied("09:31"))

    assert left(store) == others


def test_minutes_that_were_never_traded_leave_the_store_as_it_is() -> None:
    store = store_of(*bars("A", "09:30", 1))
    before = store.read("XNYS", DAY.date)

    assert recorded(store, emptied("09:31", "09:32", given=bars("A", "09:30", 1))) == []
    assert store.read("XNYS", DAY.date) is before


def test_a_day_is_certified_without_the_bars_that_were_withdrawn_since_it_was_recorded() -> None:
    store = store_of(*bars("A", "09:30", 1, 2))
    (told,) = kept(store, emptied("09:31", given=bars("A", "09:30", 1)))

    assert isinstance(told, CertificateIssued)
    assert (told.is_kept, left(store)) == (True, bars("A", "09:30", 1))
    assert [one.standing for one in verify_store(store).days] == [Standing.MATCH]


def test_a_certified_day_is_certified_again_without_a_bar_that_is_withdrawn() -> None:
    store = store_of()
    (first,) = kept(store, played(bars("A", "09:30", 1, 2)))
    (again,) = kept(store, emptied("09:31", given=bars("A", "09:30", 1)), "fill")
    certificate = store.certificate("XNYS", DAY.date)

    assert isinstance(first, CertificateIssued)
    assert isinstance(again, CertificateIssued)
    assert (first.is_kept, again.is_kept) == (True, True)
    assert certificate is not None
    assert (certificate.digest, certificate.replaces) == (again.certificate.digest, first.certificate.digest)
    assert verify_store(store).faults == []


def test_a_day_that_differs_from_the_store_s_loses_no_bar() -> None:
    held = [*bars("A", "09:30", 1, 2), bar("B", "09:30")]
    store = store_of(*held)
    (told,) = kept(store, emptied("09:31", given=bars("A", "09:30", 1)))

    assert isinstance(told, CertificateIssued)
    assert (told.is_kept, left(store)) == (False, sorted(held, key=lambda one: (one.start_ns, one.symbol)))


def test_a_backtest_takes_nothing_out_of_the_store() -> None:
    held = bars("A", "09:30", 1, 2)
    store = store_of(*held)
    (told,) = kept(store, emptied("09:31", given=held[:1]), records=False)

    assert isinstance(told, CertificateIssued)
    assert (told.is_kept, left(store)) == (False, held)


def test_a_bar_that_cannot_be_taken_out_is_said_and_no_crash() -> None:
    store = Untouchable()
    recorded(store, played(bars("A", "09:30", 1)))

    assert recorded(store, emptied("09:30")) == [
        NotRecorded(session_date=DAY.date, reason="the disk is write-protected")
    ]
