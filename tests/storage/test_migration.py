"""Stores of the old layout: read and written as they are, and moved."""

from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from actors.storage import migration
from actors.storage.lock import StoreLock
from actors.storage.migration import migrate_store
from actors.storage.parquet import ParquetStore
from actors.storage.places import BARS, Places
from messages.errors import DataError, StoreLocked
from messages.values import Verdict
from tests.builders import session_xnys
from tests.certificates import certificate
from tests.depth import also_slow
from tests.storage.days import DATE, all_regular, bar, day
from tests.storage.dying import killed_after
from tests.storage.old_layout import aged

DAYS = (DATE, "2024-03-11", "2024-03-12")


def opened(root: Path) -> ParquetStore:
    return ParquetStore(root, segment_of=all_regular)


def files(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()} - {".lock"}


def content(root: Path) -> dict[str, object]:
    """Return all that a store says."""
    with closing(ParquetStore(root, read_only=True)) as store:
        told: dict[str, object] = {"adjustments": store.adjustments()}
        for calendar in store.calendars():
            for date in store.dates(calendar):
                held = store.read(calendar, date)
                assert held is not None
                told[f"{calendar} {date}"] = held.bars, held.verdicts.tolist(), held.tz
            for date in store.certified(calendar):
                told[f"{calendar} {date} certificate"] = store.certificate(calendar, date)
        return told


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """An old store: days of five fields and of seven, of two calendars, a certificate beside a day and one alone."""
    with closing(opened(tmp_path / "store")) as store:
        store.merge("XNYS", DAYS[0], day(bar("A", 0, 1.0), verdict=Verdict.LATE))
        store.merge("XNYS", DAYS[1], day(bar("A", 0, 2.0, vwap=2.0, trades=3.0), bar("B", 1, 2.5)))
        store.merge("24/7", DAYS[0], day(bar("BTC", 0, 3.0)))
        for date in (DAYS[0], DAYS[2]):
            store.certify("XNYS", date, certificate("A", session=session_xnys(date), is_live=False))
    aged(store.root)
    return store.root


def test_an_old_store_is_read_as_before(old: Path) -> None:
    assert f"XNYS/2024/{DATE}.parquet" in files(old)
    assert [key for key in content(old) if key != "adjustments"] == [
        f"24/7 {DAYS[0]}",
        f"XNYS {DAYS[0]}",
        f"XNYS {DAYS[1]}",
        f"XNYS {DAYS[0]} certificate",
        f"XNYS {DAYS[2]} certificate",
    ]


def test_a_day_of_it_is_written_where_it_lies(old: Path) -> None:
    before = files(old)

    with closing(opened(old)) as store:
        store.merge("XNYS", DATE, day(bar("A", 1, 1.5)))
        store.certify("XNYS", DATE, certificate("A", session=session_xnys(DATE), is_live=False, digest="d2"))

        held, held_by = store.read("XNYS", DATE), store.certificate("XNYS", DATE)
    assert (files(old), len(held.bars if held else ()), held_by.digest if held_by else "") == (before, 2, "d2")


def test_a_moved_store_says_the_same_and_is_one_table(old: Path) -> None:
    before = content(old)

    report = migrate_store(old)

    assert (report.faults, report.in_place, report.left) == ([], 0, [])
    assert [(day.calendar, day.date, day.digest is None) for day in report.days] == [
        ("24/7", DAYS[0], False), ("XNYS", DAYS[0], False), ("XNYS", DAYS[1], False), ("XNYS", DAYS[2], True),
    ]  # fmt: skip
    assert content(old) == before
    assert files(old) == {
        f"calendar=24%2F7/date={DAYS[0]}/bars.parquet",
        f"calendar=XNYS/date={DAYS[0]}/bars.parquet",
        f"calendar=XNYS/date={DAYS[0]}/_certificate.json",
        f"calendar=XNYS/date={DAYS[1]}/bars.parquet",
        f"calendar=XNYS/date={DAYS[2]}/_certificate.json",
        "_seals.json",
    }
    assert not list(old.glob("XNYS"))
    assert len(pd.read_parquet(old)) == 4


def test_the_second_time_there_is_nothing_to_move(old: Path) -> None:
    migrate_store(old)

    report = migrate_store(old)

    assert (report.days, report.in_place) == ([], 3)


@pytest.mark.parametrize("survived", also_slow([3, 18], [step for step in range(0, 40, 3) if step not in (3, 18)]))
def test_a_store_whose_migration_was_killed_says_the_same_and_can_be_moved_on(
    old: Path, survived: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(old)

    with killed_after(survived):
        migrate_store(old)
    between = content(old)
    report = migrate_store(old)

    assert between == before
    assert (content(old), report.faults) == (before, [])
    assert not list(old.glob("XNYS"))


def test_between_two_halves_a_day_can_be_written(old: Path) -> None:
    places = Places(old)
    migration.copy_day(places.old("XNYS", DATE, BARS), places.new("XNYS", DATE, BARS), "XNYS", DATE)

    with closing(opened(old)) as store:
        store.merge("XNYS", DATE, day(bar("A", 1, 1.5)))
    report = migrate_store(old)

    assert report.faults == []
    assert len(pd.read_parquet(old, filters=[("calendar", "==", "XNYS"), ("date", "==", DATE)])) == 2


def test_two_different_files_of_one_day_both_stay(old: Path) -> None:
    places, other = Places(old), old.parent / "other"
    with closing(opened(other)) as store:
        store.merge("XNYS", DATE, day(bar("A", 0, 9.0)))
    places.new("XNYS", DATE, BARS).parent.mkdir(parents=True)
    Places(other).new("XNYS", DATE, BARS).rename(places.new("XNYS", DATE, BARS))

    report = migrate_store(old)

    assert len(report.faults) == 1
    assert f"hold different bars of XNYS on {DATE}: remove one of them" in report.faults[0]
    assert places.old("XNYS", DATE, BARS).exists()
    assert places.new("XNYS", DATE, BARS).exists()


def test_a_day_that_cannot_be_read_is_named_and_stays(old: Path) -> None:
    torn = old / "XNYS/2024" / f"{DATE}.parquet"
    torn.write_bytes(b"PAR1")

    report = migrate_store(old)

    assert [str(torn) in fault for fault in report.faults] == [True]
    assert torn.exists()
    assert f"calendar=XNYS/date={DAYS[1]}/bars.parquet" in files(old)


def test_what_is_not_the_store_s_is_named(old: Path) -> None:
    (old / "XNYS/2024/summary.csv").write_text("mine")

    assert migrate_store(old).left == ["XNYS/2024/summary.csv"]


def test_side_files_get_names_that_readers_skip(old: Path) -> None:
    (old / "adjustments.parquet").write_bytes(b"splits")
    (old / "special_sessions.toml").write_text("[XNYS]\n")

    report = migrate_store(old)

    assert report.left == []
    assert (old / "_adjustments.pq").read_bytes() == b"splits"
    assert (old / "_special_sessions.toml").read_text() == "[XNYS]\n"


def test_a_store_that_is_written_to_is_not_moved(old: Path) -> None:
    lock = StoreLock(old)

    with pytest.raises(StoreLocked):
        migrate_store(old)

    lock.release()


def test_what_is_no_store_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        migrate_store(tmp_path / "none")


def test_unknown_fields_stay_unknown(old: Path) -> None:
    migrate_store(old)

    with closing(opened(old)) as store:
        five, seven = (store.read("XNYS", date) for date in DAYS[:2])
    assert five is not None
    assert seven is not None
    assert [len(held.bars.values) for held in (five, seven)] == [5, 7]  # no frame
    assert list(seven.bars.bars()) == [bar("A", 0, 2.0, vwap=2.0, trades=3.0), bar("B", 1, 2.5)]
