"""What a store's certificates say, and whether its bars are still those that were certified."""

from pathlib import Path

import msgspec
import pytest

from actors.inspecting import InspectCertificate, inspect_store
from actors.market.certificate import stored_digest
from actors.storage.memory import MemoryStore
from actors.storage.parquet import ParquetStore
from actors.verifying import Standing, VerifiedDay, VerifyProgress, verify_store
from messages import BarBatch, GapOutcome, GapStory
from tests.certificates import certificate
from tests.importing.imports import NEW_YORK, SESSIONS, minutes, new_york, run
from tests.storage.days import bar, day

DATES = ("2024-03-08", "2024-03-11")


@pytest.fixture
def store(tmp_path: Path) -> MemoryStore:
    """Two certified days of AAPL and MSFT."""
    filled = MemoryStore()
    text = "".join(minutes("09:30", 5, date) for date in DATES)
    paths = [new_york(tmp_path, text, f"{symbol}.csv") for symbol in ("AAPL", "MSFT")]
    run(paths, filled, complete=True, **NEW_YORK)
    return filled


def more_of(store: MemoryStore, tmp_path: Path, date: str, name: str = "AAPL") -> None:
    """Add a bar behind the back of the certificate."""
    held = store.certificate("XNYS", date)
    run(new_york(tmp_path, minutes("10:00", 1, date), f"more/{name}.csv"), store, **NEW_YORK)
    if held is not None:
        store._certificates["XNYS", date] = held


def gap(outcome: GapOutcome) -> GapStory:
    return GapStory(
        symbols=("AAPL",), start_ns=1, end_ns=2, detected_ns=2, settled_ns=3, attempts=1, source="s", outcome=outcome
    )


def test_a_certificate_is_told_as_the_documented_json_says(store: MemoryStore) -> None:
    issued = store.certificate("XNYS", DATES[0])
    assert issued is not None
    gaps = tuple(map(gap, (GapOutcome.CLOSED, GapOutcome.ABANDONED, GapOutcome.CLOSED)))
    story = {"gaps": gaps, "corrections": 1, "rejected": {"high_too_low": 2}, "is_prefetched": True}
    store.certify("XNYS", DATES[0], msgspec.structs.replace(issued, digest="d2", transition_ms=1.5, **story))

    first = inspect_store(store, calendars=SESSIONS.__getitem__).certificates[0]

    counts = {"streamed": 5, "late": 0, "filled": 0, "corrected": 0, "in_part": 0}
    counts |= {"no_trade": 385, "abandoned": 0, "missing": 0}
    assert msgspec.to_builtins(first) == {
        "date": DATES[0], "calendar": "XNYS", "certified": True, "digest": "d2", "replaces": issued.digest,
        "issued_by": "import", "settled": "2024-03-08T21:00:00Z", "completeness": 100 * 10 / 780,
        "bar_quality": 100.0, "gaps": 3, "outcomes": {"abandoned": 1, "closed": 2}, "corrections": 1,
        "rejected": {"high_too_low": 2}, "prefetched": True, "transition_ms": 1.5,
        "symbols": [{"symbol": "AAPL", **counts}, {"symbol": "MSFT", **counts}], "extended": [],
    }  # fmt: skip


def test_a_day_without_a_certificate_says_so(tmp_path: Path) -> None:
    plain = MemoryStore()
    run(new_york(tmp_path, minutes("09:30", 1)), plain, **NEW_YORK)

    report = inspect_store(plain, calendars=SESSIONS.__getitem__)

    assert report.certificates == [InspectCertificate(date=DATES[0], calendar="XNYS", certified=False)]


def test_only_the_symbols_that_are_asked_for_are_told_of(store: MemoryStore) -> None:
    report = inspect_store(store, ["msft"], calendars=SESSIONS.__getitem__)

    assert [[counts.symbol for counts in day.symbols] for day in report.certificates] == [["MSFT"], ["MSFT"]]


def test_certified_days_match_until_their_bars_change(store: MemoryStore, tmp_path: Path) -> None:
    assert [day.standing for day in verify_store(store).days] == [Standing.MATCH] * 2

    more_of(store, tmp_path, DATES[1])

    first, second = verify_store(store).days
    issued = store.certificate("XNYS", DATES[1])
    assert issued is not None
    assert (first.standing, first.found) == (Standing.MATCH, first.certified)
    assert (second.standing, second.certified) == (Standing.MISMATCH, issued.digest)
    assert second.found not in (None, issued.digest)
    assert second.fault == (
        f"XNYS on 2024-03-11: the stored bars have the digest {second.found}, but {issued.digest} was certified"
    )


def test_bars_of_other_symbols_and_other_hours_do_not_matter(store: MemoryStore, tmp_path: Path) -> None:
    more_of(store, tmp_path, DATES[0], "TSLA")

    assert verify_store(store).faults == []


def test_a_day_without_a_certificate_is_no_fault(store: MemoryStore, tmp_path: Path) -> None:
    run(new_york(tmp_path, minutes("09:30", 1, "2024-03-12"), "later.csv"), store, **NEW_YORK)

    report = verify_store(store)

    assert report.days[2] == VerifiedDay(date="2024-03-12", calendar="XNYS", standing=Standing.UNCERTIFIED)
    assert [report.count(standing) for standing in Standing] == [2, 0, 1, 0]
    assert report.faults == []


def test_bars_that_are_gone_are_missed(store: MemoryStore) -> None:
    del store._days["XNYS", DATES[0]]

    first, second = verify_store(store).days

    assert (first.standing, second.standing) == (Standing.MISMATCH, Standing.MATCH)
    assert first.fault == f"XNYS on {DATES[0]}: the bars are gone that were certified as {first.certified}"


def test_a_session_in_which_nothing_came_matches_as_it_is() -> None:
    session = SESSIONS["XNYS"].session(DATES[0])
    assert session is not None
    nothing, store = BarBatch.of(()), MemoryStore()
    digest = stored_digest(certificate("AAPL", session=session), nothing)
    store.certify("XNYS", DATES[0], certificate("AAPL", session=session, digest=digest))
    store.merge("XNYS", DATES[1], day(bar("AAPL", 0)))

    assert [one.standing for one in verify_store(store).days] == [Standing.MATCH, Standing.UNCERTIFIED]


def test_what_cannot_be_read_is_named_and_does_not_stop_the_rest(tmp_path: Path) -> None:
    files = ParquetStore(tmp_path / "store")
    text = "".join(minutes("09:30", 2, date) for date in (*DATES, "2024-03-12"))
    run(new_york(tmp_path, text), files, complete=True, **NEW_YORK)
    files.close()
    days = tmp_path / "store/calendar=XNYS"
    (days / f"date={DATES[0]}" / "_certificate.json").write_text("{")
    (days / f"date={DATES[1]}" / "bars.parquet").write_text("PAR1")

    report = verify_store(files)

    assert [day.standing for day in report.days] == [Standing.UNREADABLE, Standing.UNREADABLE, Standing.MATCH]
    assert [DATES[i] in fault for i, fault in enumerate(report.faults)] == [True, True]


def test_one_calendar_may_be_asked_for(store: MemoryStore) -> None:
    assert len(verify_store(store, "XNYS").days) == 2
    assert verify_store(store, "XLON").days == []


def test_progress_is_told_day_by_day(store: MemoryStore) -> None:
    told: list[VerifyProgress] = []

    verify_store(store, on_progress=told.append)

    assert told == [VerifyProgress(done=i, total=2, at=date) for i, date in enumerate(DATES, 1)]
