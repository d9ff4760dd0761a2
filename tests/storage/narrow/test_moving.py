"""A store's days moved together, and apart again: it says the same before, between and after."""

from contextlib import closing
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from actors.storage.migration import migrate_store
from actors.storage.narrow import periods
from actors.storage.parquet import ParquetStore
from actors.storage.places import BARS, Places
from messages.errors import DataError
from messages.values import Verdict
from tests.builders import session_xnys
from tests.certificates import certificate
from tests.depth import also_slow
from tests.storage.days import all_regular, bar, day
from tests.storage.dying import killed_after
from tests.storage.old_layout import aged
from tests.storage.test_migration import content, files

DAYS = ("2023-12-29", "2024-03-08", "2024-03-11", "2024-04-02")


def opened(root: Path) -> ParquetStore:
    return ParquetStore(root, segment_of=all_regular)


def filled(root: Path) -> Path:
    """A store of two calendars; days of five fields and of seven, other verdicts, a certificate."""
    with closing(opened(root)) as store:
        store.merge("XNYS", DAYS[0], day(bar("A", 0, 1.0), verdict=Verdict.LATE))
        store.merge("XNYS", DAYS[1], day(bar("A", 0, 2.0, vwap=2.0, trades=3.0), bar("B", 1, 2.5)))
        store.merge("XNYS", DAYS[2], day(bar("C", 0, 3.0)))
        store.merge("XNYS", DAYS[3], day(bar("A", 0, 4.0)))
        store.merge("24/7", DAYS[1], day(bar("BTC", 0, 3.0)))
        store.certify("XNYS", DAYS[1], certificate("A", session=session_xnys(DAYS[1]), is_live=False))
    return root


@pytest.fixture
def apart(tmp_path: Path) -> Path:
    return filled(tmp_path / "store")


@pytest.fixture
def together(apart: Path) -> Path:
    assert not migrate_store(apart, narrow=True).faults
    return apart


def test_days_lie_together_and_say_the_same(apart: Path) -> None:
    before, segments = content(apart), [str(one) for one in pd.read_parquet(apart)["segment"]]

    report = migrate_store(apart, narrow=True)

    assert (report.faults, report.in_place, report.left, len(report.days)) == ([], 0, [], 5)
    assert all(moved.digest for moved in report.days)
    assert content(apart) == before
    assert [str(one) for one in pd.read_parquet(apart)["segment"]] == segments
    assert files(apart) - {"_seals.json"} == {
        "_narrow",
        "calendar=24%2F7/2024.parquet",
        "calendar=XNYS/2023.parquet",
        "calendar=XNYS/2024.parquet",
        f"calendar=XNYS/date={DAYS[1]}/_certificate.json",
    }


def test_and_apart_again(apart: Path) -> None:
    before, was = content(apart), files(apart)
    migrate_store(apart, narrow=True)

    report = migrate_store(apart, narrow=False)

    assert (report.faults, report.in_place, len(report.days)) == ([], 0, 5)
    assert (content(apart), files(apart)) == (before, was)


def test_a_store_stays_as_it_is_unless_another_layout_is_asked_for(apart: Path) -> None:
    assert migrate_store(apart).days == []
    migrate_store(apart, narrow=True)

    again = migrate_store(apart)

    assert (again.days, again.in_place) == ([], 5)


def test_a_store_of_the_old_layout_is_moved_all_the_way(apart: Path) -> None:
    before = content(apart)
    aged(apart)

    report = migrate_store(apart, narrow=True)

    assert (report.faults, len(report.days)) == ([], 5)
    assert content(apart) == before
    assert len(pd.read_parquet(apart)) == 6


def test_days_of_many_bars_get_files_of_their_own(apart: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(periods, "MOST_ROWS", 1)
    before = content(apart)

    report = migrate_store(apart, narrow=True)

    assert report.faults == []
    assert f"calendar=XNYS/{DAYS[1]}.parquet" in files(apart)
    assert content(apart) == before
    assert migrate_store(apart, narrow=False).faults == []
    assert content(apart) == before


@pytest.mark.parametrize("narrow", [True, False])
@pytest.mark.parametrize("survived", also_slow([4, 15], [step for step in range(0, 40, 2) if step not in (4, 15)]))
def test_a_store_that_was_killed_says_the_same_can_be_written_and_moved_on(
    tmp_path: Path, survived: int, monkeypatch: pytest.MonkeyPatch, *, narrow: bool
) -> None:
    root = filled(tmp_path / "store")
    if not narrow:
        migrate_store(root, narrow=True)
    before = content(root)

    with killed_after(survived):
        migrate_store(root, narrow=narrow)
    between = content(root)
    with closing(opened(root)) as store:
        for date in DAYS:
            store.merge("XNYS", date, day(bar("Z", 5)))
    written = content(root)
    report = migrate_store(root, narrow=narrow)

    assert between == before
    assert report.faults == []
    assert content(root) == written
    assert len(pd.read_parquet(root)) == 10
    assert sum(len(pq.ParquetFile(path).read()) for path in root.rglob("*.parquet")) == 10


def test_a_day_that_cannot_be_read_is_named_and_stays(apart: Path) -> None:
    torn = Places(apart).new("XNYS", DAYS[1], BARS)
    torn.write_bytes(b"PAR1")

    report = migrate_store(apart, narrow=True)

    assert [str(torn) in fault for fault in report.faults] == [True]
    assert torn.read_bytes() == b"PAR1"
    assert "calendar=XNYS/2024.parquet" in files(apart)


def test_a_day_that_is_there_twice_with_other_bars_stays_in_both_places(together: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    with closing(opened(other)) as store:
        store.merge("XNYS", DAYS[1], day(bar("A", 0, 9.0)))
    place = Places(together).new("XNYS", DAYS[1], BARS)
    Places(other).new("XNYS", DAYS[1], BARS).rename(place)

    for narrow in (True, False):
        report = migrate_store(together, narrow=narrow)

        assert [str(place) in fault for fault in report.faults] == [True]
        assert place.exists()
        assert (together / "calendar=XNYS/2024.parquet").exists()


def test_a_file_of_many_that_cannot_be_read_is_said(together: Path) -> None:
    torn = together / "calendar=XNYS/2024.parquet"
    torn.write_bytes(b"PAR1")

    with pytest.raises(DataError, match=r"calendar=XNYS/2024\.parquet cannot be read"):
        migrate_store(together, narrow=False)


def test_what_cannot_be_read_back_the_same_leaves_the_old_file(apart: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = periods.write_period

    def garbled(path: Path, calendar: str, period: str, days: periods.Together) -> None:
        write(path, calendar, period, days if period == "2023" else days.cut(0, 1))

    monkeypatch.setattr(periods, "write_period", garbled)
    before = content(apart)

    report = migrate_store(apart, narrow=True)

    assert len(report.faults) == 2
    assert all("could not be read back the same" in fault for fault in report.faults)
    assert content(apart) == before
