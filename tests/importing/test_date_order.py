"""Day and month: told by all dates of a file, else by the sessions, else asked."""

from datetime import date
from itertools import islice
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.importing.date_order import order_by_sessions
from actors.reading.dates import DateOrder, DatesUnclear, days_of, way_of
from actors.storage.memory import MemoryStore
from messages.values import moment
from tests.importing.imports import SESSIONS, one, run
from tests.vendors.files import HEADER, row, written

LONDON = {"tz": "Europe/London", "calendar": "XLON"}


def _days(tmp_path: Path, *stamps: str, **options: object) -> list[str]:
    store = MemoryStore()
    report = run(written(tmp_path / "VOD.csv", HEADER + "".join(map(row, stamps))), store, **LONDON | options)
    assert one(report).error is None, one(report).error
    return list(store.dates(str(options.get("calendar", "XLON"))))


@pytest.mark.parametrize(
    ("stamps", "days"),
    [
        (["10/01/24 09:00", "15/01/24 09:00", "16/01/24 09:00"], ["2024-01-10", "2024-01-15", "2024-01-16"]),
        (["01-10-24 09:00", "01-15-24 09:00"], ["2024-01-10", "2024-01-15"]),
        (["240109 090000", "240110 090000"], ["2024-01-09", "2024-01-10"]),
        (["090124 090000", "100124 090000"], ["2024-01-09", "2024-01-10"]),
        (["011024 0900", "011524 0900"], ["2024-01-10", "2024-01-15"]),
        (["09.01.2024 09:00"], ["2024-01-09"]),
        (["09-Jan-24 09:00", "10-Jan-24 09:00"], ["2024-01-09", "2024-01-10"]),
        (["Jan 9 2024 9:00 AM"], ["2024-01-09"]),
        (["09012024 0900", "15012024 0900"], ["2024-01-09", "2024-01-15"]),
        (["2024/1/9 9:00"], ["2024-01-09"]),
        (["20240109 900"], ["2024-01-09"]),
    ],
)  # fmt: skip
def test_dates_are_read_as_all_of_them_are_written(tmp_path: Path, stamps: list[str], days: list[str]) -> None:
    assert _days(tmp_path, *stamps) == days


def test_days_in_a_row_are_told_from_firsts_of_months_and_it_is_said(tmp_path: Path) -> None:
    stamps = [f"{day:02}/01/2024 09:00" for day in (2, 3, 4, 5, 8, 9, 10, 11, 12)]
    report = run(written(tmp_path / "VOD.csv", HEADER + "".join(map(row, stamps))), **LONDON)

    assert one(report).sessions == [f"2024-01-{day:02}" for day in (2, 3, 4, 5, 8, 9, 10, 11, 12)]
    assert one(report).kept == 9
    assert any("day, month, year" in told and "--dates mdy" in told for told in one(report).warnings)


def test_the_american_order_is_told_in_the_same_way(tmp_path: Path) -> None:
    assert _days(tmp_path, "03/04/2024 09:00", "03/05/2024 09:00", "03/06/2024 09:00") == [
        "2024-03-04", "2024-03-05", "2024-03-06",
    ]  # fmt: skip


def test_of_a_single_day_the_order_counts_in_which_it_is_a_session(tmp_path: Path) -> None:
    assert _days(tmp_path, "08/03/2024 09:00", "08/03/2024 09:01") == ["2024-03-08"]  # 3 August is a Saturday


def test_a_day_that_may_be_either_is_asked_for(tmp_path: Path) -> None:
    path = written(tmp_path / "VOD.csv", HEADER + row("05/03/2024 09:00") + row("05/03/2024 09:01"))

    refused = run(path, **LONDON)

    assert one(refused).kept == 0
    assert refused.error is not None
    assert "'05/03/2024' is 2024-03-05 (dmy) or 2024-05-03 (mdy); say which with --dates" in refused.error
    assert _days(tmp_path, "05/03/2024 09:00", dates=DateOrder.DMY) == ["2024-03-05"]
    assert _days(tmp_path, "05/03/2024 09:00", dates=DateOrder.MDY) == ["2024-05-03"]


def day_files(folder: Path, *days: str, name: str = "VOD") -> Path:
    for number, day in enumerate(days):
        written(folder / f"{name}_{number}x.csv", HEADER + row(f"{day} 09:00") + row(f"{day} 09:01"))
    return folder


@pytest.mark.parametrize(
    ("days", "read"),
    [
        (["05/03/2024", "13/03/2024"], ["2024-03-05", "2024-03-13"]),
        (["05/03/2024", "03/13/2024"], ["2024-03-13", "2024-05-03"]),
        (["04/03/2024", "05/03/2024", "06/03/2024", "07/03/2024"], [f"2024-03-0{day}" for day in range(4, 8)]),
        (["03/04/2024", "03/05/2024", "03/06/2024", "03/07/2024"], [f"2024-03-0{day}" for day in range(4, 8)]),
    ],
)
def test_files_of_one_folder_tell_each_other_the_order_of_dates(
    tmp_path: Path, days: list[str], read: list[str]
) -> None:
    report = run(day_files(tmp_path, *days), store := MemoryStore(), **LONDON)

    assert (report.error, list(store.dates("XLON")), report.totals.kept) == (None, read, 2 * len(days))
    assert any("--dates" in told and "says otherwise" in told for file in report.files for told in file.warnings)


def test_files_that_contradict_each_other_or_lie_elsewhere_teach_nothing(tmp_path: Path) -> None:
    day_files(tmp_path / "a", "05/03/2024", "13/03/2024", "03/14/2024")
    day_files(tmp_path / "b", "05/03/2024", name="X")

    report = run(tmp_path, **LONDON)

    assert [file.kept for file in report.files] == [2, 2, 0, 0]
    assert all("say which with --dates" in str(file.error) for file in report.files[2:])


def test_a_json_file_and_a_table_show_their_order_too(tmp_path: Path) -> None:
    bar = dict(zip(("open", "high", "low", "close", "volume"), (10, 11, 9, 10, 5), strict=True))
    for number, day in enumerate(("05/03/2024", "13/03/2024")):
        frame = pd.DataFrame([{"time": f"{day} 09:00", **bar}])
        frame.to_json(tmp_path / f"J_{number}x.json", orient="records")
        frame.to_parquet(tmp_path / f"P_{number}x.parquet")

    run(tmp_path, store := MemoryStore(), **LONDON)

    assert list(store.dates("XLON")) == ["2024-03-05", "2024-03-13"]


def test_a_file_that_writes_dates_in_two_ways_is_refused_not_read_by_halves(tmp_path: Path) -> None:
    stamps = ["15/01/2024 09:00", "16/01/2024 09:00", "01/17/2024 09:00"]
    refused = run(written(tmp_path / "VOD.csv", HEADER + "".join(map(row, stamps))), **LONDON)

    assert refused.error is not None
    assert "not all written in one way: %d/%m/%Y reads 2 of 3 days, and not '01/17/2024'" in refused.error


def test_an_order_that_cannot_be_is_refused(tmp_path: Path) -> None:
    refused = run(written(tmp_path / "VOD.csv", HEADER + row("05/03/2024 09:00")), **LONDON, dates=DateOrder.YMD)

    assert refused.error is not None
    assert "--dates ymd does not fit dates like '05/03/2024'" in refused.error


@pytest.mark.parametrize(
    ("clocks", "read"),
    [
        (["30", "59", "100", "130", "200", "1000"], ["00:30", "00:59", "01:00", "01:30", "02:00", "10:00"]),
        (["0", "100", "5900", "10000", "95900", "100000"], ["00:00", "00:01", "00:59", "01:00", "09:59", "10:00"]),
        (["0", "1", "2359"], ["00:00", "00:01", "23:59"]),
        (["930.0", "931.0"], ["09:30", "09:31"]),
        (["93000000", "103100000"], ["09:30", "10:31"]),
        (["34200000", "34260000", "57600000"], ["09:30", "09:31", "16:00"]),
        (["34200", "34260", "57600"], ["09:30", "09:31", "16:00"]),
        (["570", "571", "960"], ["09:30", "09:31", "16:00"]),
        (["930", "931", "1000", "9999"], ["09:30", "09:31", "10:00"]),
        (["9:30", "10:31"], ["09:30", "10:31"]),
        (["9:30 AM", "12:00 AM", "12:01 PM"], ["00:00", "09:30", "12:01"]),
        (["14:30:00Z", "14:31:00Z"], ["14:30", "14:31"]),
    ],
)
def test_clock_times_without_their_zeros_are_read(tmp_path: Path, clocks: list[str], read: list[str]) -> None:
    rows = "".join(f"2024-01-03,{clock},100,101,99,100.5,10\n" for clock in clocks)
    store = MemoryStore()
    run(written(tmp_path / "X.csv", "Date,Time,Open,High,Low,Close,Volume\n" + rows), store, tz="UTC", calendar="24/7")

    stored = store.read("24/7", "2024-01-03")
    assert stored is not None
    assert [f"{moment(start, 'UTC'):%H:%M}" for start in stored.bars.start_ns.tolist()] == read


@pytest.mark.parametrize(
    ("stamp", "read"),
    [
        ("946900080000", "2000-01-03 11:48"),
        ("946900080000000", "2000-01-03 11:48"),
        ("946900080000000000", "2000-01-03 11:48"),
        ("946900080", "2000-01-03 11:48"),
        ("1704292200000.0", "2024-01-03 14:30"),
        ("1704292200000000.0", "2024-01-03 14:30"),
        ("200001031148", "2000-01-03 11:48"),
    ],
)
def test_numbers_since_1970_are_told_from_dates_without_marks(tmp_path: Path, stamp: str, read: str) -> None:
    store = MemoryStore()
    report = run(written(tmp_path / "X.csv", HEADER + row(stamp)), store, tz="UTC", calendar="24/7")

    assert one(report).kept == 1
    stored = store.read("24/7", store.dates("24/7")[0])
    assert stored is not None
    assert f"{moment(int(stored.bars.start_ns[0]), 'UTC'):%Y-%m-%d %H:%M}" == read


PATTERNS = (
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%y",
    "%m/%d/%y",
    "%y/%m/%d",
    "%Y%m%d",
    "%d%m%Y",
    "%y%m%d",
    "%d%m%y",
    "%d.%m.%y",
)


@given(
    first=st.dates(date(2015, 1, 1), date(2025, 12, 1)),
    count=st.integers(1, 12),
    pattern=st.sampled_from(PATTERNS),
    calendar=st.sampled_from(["XNYS", "XLON"]),
)
def test_sessions_in_a_row_are_read_right_or_asked_for_and_never_wrong(
    first: date, count: int, pattern: str, calendar: str
) -> None:
    following = SESSIONS[calendar].sessions(first.isoformat(), first.replace(year=first.year + 1).isoformat())
    days = [date.fromisoformat(session.date) for session in islice(following, count)]
    texts = [day.strftime(pattern) for day in days]
    try:
        how = way_of(texts, ["09:30"])
    except DatesUnclear as unclear:
        order = order_by_sessions(unclear, SESSIONS[calendar])
        how = None if order is None else way_of(texts, ["09:30"], order)

    if how is not None:
        assert [date.fromordinal(719_163 + day) for day in days_of(texts, how.date).tolist()] == days
