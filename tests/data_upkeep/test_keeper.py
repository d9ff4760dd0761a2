"""Certificates on their way to the store: fills go along, and a certificate never speaks of bars that are not there."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from actors.data_upkeep.keeper import Keeper
from actors.kernel.ports import BarStore, StoredDay
from actors.market.axis import SessionAxis
from actors.market.digest import digest
from actors.storage.memory import MemoryStore
from actors.storage.parquet import ParquetStore
from actors.verifying import Standing, verify_store
from messages import Bar, BarBatch, CertificateIssued, DayGrid, GapOutcome, GapStory, IssueCertificate, Verdict
from messages.errors import StoreLocked
from messages.repairs import SessionSealed
from messages.values import Interval, VerdictRun
from tests.builders import DAY, at, bar, bars, day_grid
from tests.certificates import run
from tests.doubles import Outbox

FIVE = Interval.parse("5m")
STORY = GapStory(
    symbols=("A",),
    start_ns=at("09:31"),
    end_ns=at("09:32"),
    detected_ns=at("09:32"),
    settled_ns=at("09:33"),
    attempts=2,
    source="upstream",
    outcome=GapOutcome.CLOSED,
)


def played(given: Iterable[Bar], verdict: Verdict = Verdict.STREAMED, *starts: str, symbols: str = "AB") -> DayGrid:
    """The day as it was played; some minutes of A with another verdict."""
    grid = day_grid(DAY, given, list(symbols))
    verdicts = grid.verdicts.copy()
    for start in starts:
        verdicts[SessionAxis(DAY).slot_of(at(start)), 0] = verdict
    return replace(grid, verdicts=verdicts)


def store_of(*given: Bar) -> MemoryStore:
    store = MemoryStore()
    if given:
        store.merge("XNYS", DAY.date, stored(given))
    return store


def stored(given: Iterable[Bar]) -> StoredDay:
    batch = BarBatch.of(given)
    return StoredDay(bars=batch, verdicts=np.full(len(batch), Verdict.STREAMED, dtype=np.uint8))


def issue(
    store: BarStore | None,
    day: DayGrid,
    runs: tuple[VerdictRun, ...] = (),
    *,
    issued_by: str = "session",
    **more: Any,
) -> CertificateIssued:
    told = Outbox()
    sealed = SessionSealed(
        day=day,
        runs=runs,
        intervals=(FIVE,),
        corrections=4,
        rejected={"not_finite": 2},
        issued_by=issued_by,
        now_ns=99,
    )
    Keeper(store, told).issue(
        IssueCertificate(sealed=sealed, gaps=(STORY,), is_prefetched=True, transition_ms=0.5, **more)
    )
    (message,) = told.messages
    assert isinstance(message, CertificateIssued)
    return message


def test_a_certificate_says_all_that_it_was_told() -> None:
    day = played(bars("A", "09:30", 1, 2), Verdict.FILLED, "09:31", symbols="A")
    told = issue(None, day, (run("A", "09:32", "16:00", Verdict.ABANDONED),)).certificate
    (counts,) = told.symbols

    assert (counts.streamed, counts.filled, counts.abandoned, counts.missing) == (1, 1, 388, 0)
    assert (told.gaps, told.corrections, told.rejected) == ((STORY,), 4, {"not_finite": 2})
    assert (told.is_prefetched, told.transition_ms, told.settled_ns, told.issued_by) == (True, 0.5, 99, "session")
    assert told.digest == digest(DAY.date, ["A"], day.values, day.verdicts >= 3, SessionAxis(DAY), [FIVE])


def test_where_nothing_is_kept_it_is_said_why() -> None:
    told = issue(None, played(bars("A", "09:30", 1)))

    assert (told.is_kept, told.reason) == (False, "certificates are not kept in this run")


def test_a_day_that_is_stored_as_it_was_played_gets_its_certificate() -> None:
    given = bars("A", "09:30", 1, 2)
    store = store_of(*given)
    told = issue(store, played(given))

    assert (told.is_kept, told.reason) == (True, "")
    assert store.certificate("XNYS", DAY.date) == told.certificate


def test_bars_that_were_filled_are_kept_with_their_verdict() -> None:
    given = bars("A", "09:30", 1, 2, 3)
    store = store_of(given[0], given[2])
    told = issue(store, played(given, Verdict.FILLED, "09:31"))
    day = store.read("XNYS", DAY.date)

    assert told.is_kept
    assert day is not None
    assert list(day.bars.bars()) == given
    assert day.verdicts.tolist() == [Verdict.STREAMED, Verdict.FILLED, Verdict.STREAMED]
    assert [one.standing for one in verify_store(store).days] == [Standing.MATCH]


def test_a_bar_that_the_feed_lost_and_the_store_has_is_not_written_again() -> None:
    given = bars("A", "09:30", 1, 2)
    store = store_of(*given)
    before = store.read("XNYS", DAY.date)

    assert issue(store, played(given, Verdict.FILLED, "09:31")).is_kept
    assert store.read("XNYS", DAY.date) is before


def test_what_is_not_known_of_a_bar_is_no_difference_from_the_store() -> None:
    given = [bar("A", "09:30", 1.0, volume=float("nan")), bar("A", "09:31", 2.0)]

    assert issue(store_of(*given), played(given)).is_kept
    assert not issue(store_of(bar("A", "09:30", 1.0), given[1]), played(given)).is_kept


def test_corrections_are_kept() -> None:
    store = store_of(*bars("A", "09:30", 1, 2))
    told = issue(store, played(bars("A", "09:30", 1, 5), Verdict.CORRECTED, "09:31"))
    day = store.read("XNYS", DAY.date)

    assert told.is_kept
    assert day is not None
    assert day.bars.close.tolist() == [1, 5]


def test_a_whole_day_that_was_filled_is_kept_where_the_store_has_nothing_of_it() -> None:
    store = store_of()
    given = bars("A", "09:30", 1, 2)

    assert issue(store, played(given, Verdict.FILLED, "09:30", "09:31")).is_kept
    assert store.symbols("XNYS", DAY.date) == ("A",)


def test_a_day_without_a_bar_is_certified_too() -> None:
    told = issue(store_of(), played([], symbols="A"), (run("A", "09:30", "16:00"),))

    assert told.is_kept
    assert (told.certificate.completeness, told.certificate.bar_quality) == (0.0, 100.0)


def test_bars_of_other_symbols_and_other_hours_in_the_store_are_no_concern() -> None:
    given = bars("A", "09:30", 1, 2)
    store = store_of(*given, bar("Z", "09:30"), bar("A", "08:00"))

    assert issue(store, played(given, symbols="A")).is_kept


@pytest.mark.parametrize(
    "held", [bars("A", "09:30", 1, 3), bars("A", "09:30", 1, 2, 3), [bar("A", "09:30", 1), bar("B", "09:30")]]
)
def test_a_day_that_differs_from_the_store_s_is_not_certified(held: list[Bar]) -> None:
    store = store_of(*held)
    told = issue(store, played(bars("A", "09:30", 1, 2), Verdict.FILLED, "09:31"))

    assert not told.is_kept
    assert "not those of the store's day" in told.reason
    assert store.certificate("XNYS", DAY.date) is None


def test_a_store_that_is_open_for_reading_only_is_a_reason_and_not_a_crash(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path / "store")
    store.merge("XNYS", DAY.date, stored(bars("A", "09:30", 1, 2)))
    store.close()
    told = issue(ParquetStore(tmp_path / "store", read_only=True), played(bars("A", "09:30", 1, 2)))

    assert (told.is_kept, "reading only" in told.reason) == (False, True)
    assert told.certificate.digest


class Locked(MemoryStore):
    def certify(self, *given: object) -> None:
        raise StoreLocked("somebody else is writing")


class Full(MemoryStore):
    def certify(self, *given: object) -> None:
        raise OSError("no space left on device")


@pytest.mark.parametrize("kind", [Locked, Full])
def test_a_store_that_cannot_be_written_is_a_reason_and_not_a_crash(kind: type[MemoryStore]) -> None:
    store = kind()
    store.merge("XNYS", DAY.date, stored(bars("A", "09:30", 1)))
    told = issue(store, played(bars("A", "09:30", 1)))

    assert not told.is_kept
    assert told.reason in ("somebody else is writing", "no space left on device")


def test_extra_fields_go_along_to_the_store() -> None:
    given = [bar("A", "09:30", 1.0, vwap=1.0, trades=7.0), bar("A", "09:31", 2.0, vwap=2.0, trades=8.0)]
    store, grid = store_of(given[0]), played(given, Verdict.FILLED, "09:31")
    values = np.full((390, 7, 2), np.nan)
    values[:, :5] = grid.values
    values[:2, 5:, 0] = [[1.0, 7.0], [2.0, 8.0]]
    issue(store, replace(grid, values=values))
    day = store.read("XNYS", DAY.date)

    assert day is not None
    assert list(day.bars.bars()) == given


@pytest.mark.parametrize("verdict", [Verdict.FILLED, Verdict.CORRECTED])
def test_a_day_that_is_refused_leaves_the_store_as_it_was(verdict: Verdict) -> None:
    held, lived = bars("A", "09:30", 1, None, 3), bars("A", "09:30", 1, 2, 3, 4)
    store = store_of(*held)
    first, before = issue(store, played(held)), store.read("XNYS", DAY.date)
    told = issue(store, played(lived, verdict, "09:31"))

    assert (first.is_kept, told.is_kept) == (True, False)
    assert store.read("XNYS", DAY.date) is before
    assert store.certificate("XNYS", DAY.date) == first.certificate
    assert verify_store(store).faults == []
