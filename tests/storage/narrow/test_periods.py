"""A narrow store: which file a day lies in, how files grow finer, and what a crash leaves."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from actors.kernel.ports import Extent
from actors.kernel.readings import dates_left
from actors.storage.memory import MemoryStore
from actors.storage.narrow import periods
from actors.storage.narrow.periods import DAY, MONTH, YEAR, length_for
from actors.storage.parquet import ParquetStore
from messages.errors import DataError
from messages.tables.columns import BarBatch
from messages.values import ONE_MINUTE, Gap
from tests.builders import session_xnys
from tests.certificates import certificate
from tests.contracts.test_many_days import together
from tests.depth import also_slow
from tests.storage.days import DATE, MINUTE, START, all_regular, bar, day, made_narrow, year_of
from tests.storage.dying import killed_after

DATES = ("2023-12-29", "2024-03-08", "2024-03-11", "2024-04-02", "2024-04-03")


@pytest.fixture
def narrow(tmp_path: Path) -> Iterator[ParquetStore]:
    with closing(ParquetStore(made_narrow(tmp_path / "store"), segment_of=all_regular)) as store:
        yield store


def opened(root: Path) -> ParquetStore:
    return ParquetStore(root, segment_of=all_regular)


def files(store: ParquetStore) -> list[str]:
    """Return the files of bars."""
    return sorted(
        path.relative_to(store.root / "calendar=XNYS").as_posix() for path in store.root.glob("*XNYS/*.parquet")
    )


def content(store: ParquetStore) -> dict[str, tuple[BarBatch, list[int]]]:
    found = {date: store.read("XNYS", date) for date in store.dates("XNYS")}
    return {date: (held.bars, held.verdicts.tolist()) for date, held in found.items() if held is not None}


@pytest.mark.parametrize(
    ("bars", "length"), [(1, YEAR), (390, YEAR), (960, MONTH), (1440, MONTH), (5_000, MONTH), (9_000, DAY)]
)
def test_a_year_or_a_month_lies_together_where_it_is_not_too_much(bars: int, length: int) -> None:
    assert length_for(bars) == length


def test_the_days_of_a_year_are_one_file(narrow: ParquetStore) -> None:
    narrow.merge_days("XNYS", together({date: day(bar("A", 0)) for date in DATES}))
    narrow.merge("24/7", DATE, day(bar("BTC", 0)))

    assert files(narrow) == ["2023.parquet", "2024.parquet"]
    assert (narrow.root / "calendar=24%2F7/2024.parquet").exists()
    assert pq.ParquetFile(year_of(narrow)).metadata.num_row_groups == 1
    assert pd.read_parquet(year_of(narrow))["date"].tolist() == list(DATES[1:])


def test_a_certificate_lies_beside_a_day_as_in_any_store(narrow: ParquetStore) -> None:
    narrow.merge("XNYS", DATE, day(bar("A", 0)))
    narrow.certify("XNYS", DATE, certificate("A", session=session_xnys(DATE)))

    assert (narrow.root / f"calendar=XNYS/date={DATE}/_certificate.json").exists()
    assert (narrow.dates("XNYS"), narrow.certified("XNYS")) == ((DATE,), (DATE,))


def test_a_merge_that_changes_nothing_leaves_the_file_alone(narrow: ParquetStore) -> None:
    days = together({date: day(bar("A", 0)) for date in DATES})
    narrow.merge_days("XNYS", days)
    before = year_of(narrow).stat()

    narrow.merge_days("XNYS", days)
    narrow.merge("XNYS", DATE, day(bar("A", 0)))

    assert (year_of(narrow).stat().st_ino, year_of(narrow).stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_the_last_bar_of_a_file_takes_it_along(narrow: ParquetStore) -> None:
    narrow.merge("XNYS", DATE, day(bar("A", 0)))

    narrow.withdraw("XNYS", DATE, [Gap(symbols=("A",), start_ns=START, end_ns=START + MINUTE)])

    assert files(narrow) == []


@pytest.mark.parametrize("most", [1, 2, 3])
def test_a_file_that_grows_too_large_gives_way_to_finer_ones(
    narrow: ParquetStore, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(periods, "MOST_ROWS", most)
    expected = {}
    for date in DATES:
        given_day = day(*(bar(symbol, 0) for symbol in "AB"))
        narrow.merge("XNYS", date, given_day)
        expected[date] = (given_day.bars, given_day.verdicts.tolist())

    assert content(narrow) == expected
    assert (
        files(narrow)
        == {
            1: ["2023.parquet", *(f"{date}.parquet" for date in DATES[1:])],
            2: ["2023.parquet", "2024-03.parquet", "2024-04.parquet"],
            3: ["2023.parquet", "2024-03.parquet", "2024-04.parquet"],
        }[most]
    )
    assert len(pd.read_parquet(narrow.root)) == 10


def test_a_new_day_lies_as_its_neighbours_do(narrow: ParquetStore) -> None:
    narrow.expect({"XNYS": Extent(days=252, bars=252 * 1_000)})
    narrow.merge("XNYS", DATES[1], day(bar("A", 0)))
    with closing(opened(narrow.root)) as reader:
        assert reader.shelves("XNYS")("2025-01-02") == "2025-01"

    narrow.merge("XNYS", DATES[3], day(bar("A", 0)))
    narrow.expect({"XNYS": Extent(days=252, bars=252)})
    narrow.merge("XNYS", DATES[0], day(bar("A", 0)))

    assert files(narrow) == ["2023-12.parquet", "2024-03.parquet", "2024-04.parquet"]


def test_a_store_becomes_narrow_at_its_first_bars_where_days_are_many_and_small(tmp_path: Path) -> None:
    def narrow_after(name: str, **days: int) -> bool:
        with closing(opened(tmp_path / name)) as store:
            store.expect({"XNYS": Extent(**days)})
            return (tmp_path / name / "_narrow").exists()

    assert narrow_after("one symbol", days=252, bars=252 * 390)
    assert not narrow_after("a market", days=252, bars=252 * 200_000)
    assert not narrow_after("a week", days=5, bars=5 * 390)


def test_a_store_that_has_days_stays_as_it_is(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as store:
        store.merge("XNYS", DATE, day(bar("A", 0)))

        said = store.expect({"XNYS": Extent(days=252, bars=252 * 390)})

    assert said == "days"
    assert not (tmp_path / "_narrow").exists()


def test_a_narrow_store_without_its_mark_is_read_and_its_files_are_written_all_the_same(narrow: ParquetStore) -> None:
    narrow.merge("XNYS", DATE, day(bar("A", 0)))
    (narrow.root / "_narrow").unlink()

    narrow.merge("XNYS", DATE, day(bar("A", 1)))

    assert files(narrow) == ["2024.parquet"]
    assert [len(bars) for bars, _ in content(narrow).values()] == [2]


def test_what_another_process_writes_is_read_at_once(narrow: ParquetStore) -> None:
    narrow.merge("XNYS", DATE, day(bar("A", 0)))
    reader = ParquetStore(narrow.root, read_only=True)
    for minute in range(1, 6):
        narrow.merge("XNYS", DATE, day(bar("A", minute)))
        found = reader.read("XNYS", DATE)
        assert found is not None
        assert len(found.bars) == minute + 1
    narrow.merge("XNYS", DATES[0], day(bar("A", 0)))

    assert reader.dates("XNYS") == DATES[:2]


def test_a_file_that_has_rested_is_read_once(narrow: ParquetStore, monkeypatch: pytest.MonkeyPatch) -> None:
    narrow.merge_days("XNYS", together({date: day(bar("A", 0)) for date in DATES}))
    for path in narrow.root.rglob("*.parquet"):
        os.utime(path, (1, 1))
    reads, read = [], periods.read_period

    def counted(path: Path, *given: str) -> object:
        reads.append(path.name)
        return read(path, *given)

    monkeypatch.setattr(periods, "read_period", counted)

    assert len(content(narrow)) == len(DATES)
    assert reads == ["2023.parquet", "2024.parquet"]


def test_a_day_in_stretches_gets_a_file_of_its_own(narrow: ParquetStore) -> None:
    narrow.merge("XNYS", DATES[1], day(bar("A", 0)))
    narrow.merge("XNYS", DATES[2], day(bar("A", 0)))

    counts = narrow.merge_stretches("XNYS", DATES[1], ("A",), (day(bar("A", minute)) for minute in range(2)))

    assert (counts.added, counts.duplicates) == (1, 1)
    assert files(narrow) == [f"{DATES[1]}.parquet", "2024.parquet"]
    assert pd.read_parquet(narrow.root)["date"].tolist() == [DATES[1], DATES[1], DATES[2]]
    assert [len(bars) for bars, _ in content(narrow).values()] == [2, 1]


@pytest.mark.parametrize("survived", also_slow([3, 7], [step for step in range(16) if step not in (3, 7)]))
def test_a_process_that_dies_while_a_file_gives_way_to_finer_ones_loses_nothing_and_doubles_nothing(
    narrow: ParquetStore, monkeypatch: pytest.MonkeyPatch, survived: int
) -> None:
    narrow.merge_days("XNYS", together({date: day(bar("A", 0)) for date in DATES}))
    before = content(narrow)
    narrow.close()

    with monkeypatch.context() as crowded, killed_after(survived):
        crowded.setattr(periods, "MOST_ROWS", 1)
        narrow.merge("XNYS", DATES[4], day(bar("A", 1)))
    narrow.close()
    after = content(opened(narrow.root))

    assert [after[date] for date in DATES[:4]] == [before[date] for date in DATES[:4]]
    assert len(after[DATES[4]][0]) in (1, 2)
    with closing(opened(narrow.root)) as next_one:
        next_one.merge("XNYS", DATES[4], day(bar("A", 1)))
        assert len(next_one.read("XNYS", DATES[4]).bars) == 2  # type: ignore[union-attr]  # it has just been written
        assert len(pd.read_parquet(narrow.root)) == 6
    assert not list(narrow.root.rglob("*.tmp"))


def test_a_damaged_file_is_not_merged_over(narrow: ParquetStore) -> None:
    narrow.merge("XNYS", DATES[0], day(bar("A", 0)))
    narrow.merge("XNYS", DATES[1], day(bar("A", 0)))
    year_of(narrow).write_bytes(b"PAR1 and nothing more")

    with pytest.raises(DataError, match=r"2024\.parquet cannot be read: expected a Parquet file with the days"):
        narrow.merge("XNYS", DATES[2], day(bar("A", 1)))

    assert year_of(narrow).read_bytes() == b"PAR1 and nothing more"
    assert narrow.read("XNYS", DATES[0]) is not None


def test_of_a_damaged_file_alone_nobody_knows_the_days(narrow: ParquetStore) -> None:
    narrow.merge_days("XNYS", together({date: day(bar("A", 0)) for date in DATES}))
    year_of(narrow, "2023").write_bytes(b"PAR1 and nothing more")
    again = opened(narrow.root)
    dates, damaged = dates_left(again, "XNYS")

    assert dates == DATES[1:]
    assert list(damaged) == ["2023"]
    assert "2023.parquet cannot be read: expected a Parquet file with the days of XNYS in 2023" in damaged["2023"]
    assert again.base_interval() == ONE_MINUTE
    assert again.read("XNYS", DATES[1]) is not None
    with pytest.raises(DataError, match=r"2023\.parquet cannot be read"):
        again.dates("XNYS")


def test_where_nothing_is_damaged_all_dates_are_left(narrow: ParquetStore) -> None:
    narrow.merge_days("XNYS", together({date: day(bar("A", 0)) for date in DATES}))

    assert dates_left(narrow, "XNYS") == (DATES, {})
    assert dates_left(MemoryStore(), "XNYS") == ((), {})
