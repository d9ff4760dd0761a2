"""Whose bars a file's are: symbols are identifiers, and files that contradict each other are refused."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.importing.rivals import Repeats
from actors.storage.memory import MemoryStore
from messages.errors import DataError
from tests.depth import examples
from tests.importing.imports import NEW_YORK, minutes, run, stored
from tests.importing.test_day_merge import file_of
from tests.vendors.files import HEADER, row, written, zipped

CRYPTO = {"tz": "UTC", "calendar": "24/7"}


@pytest.mark.parametrize(
    "names",
    [
        ("sh.600000.csv", "sh.600004.csv"),
        ("sz.200002.csv", "sz.200011.csv"),
        ("NAS_100.csv", "NAS_500.csv"),
        ("SPX_4500.csv", "SPX_4600.csv"),
        ("BTC-240329.csv", "BTC-240628.csv"),
        ("RUSSELL_1000.csv", "RUSSELL_2000.csv"),
        ("ES_202403.csv", "ES_202406.csv"),
        ("BCPC.csv", "BCpC.csv"),
        ("SHOP.TO.csv", "SHOP.csv"),
    ],
)
def test_two_names_are_two_symbols(tmp_path: Path, names: tuple[str, str]) -> None:
    days = ("2024-01-30", "2024-01-31", "2024-02-01")
    paths = [
        written(tmp_path / name, HEADER + "".join(row(f"{day} 09:30:00", 10 * place) for day in days))
        for place, name in enumerate(names, 1)
    ]
    store = MemoryStore()

    report = run(paths, store, **CRYPTO)

    assert (report.totals.kept, report.totals.corrected, report.totals.symbols) == (6, 0, 2)


@pytest.mark.parametrize(
    ("one_name", "other"),
    [("EURUSD_201201.csv", "EURUSD_201202.csv"), ("X_2011.csv", "X_2012.csv"), ("X_20120131.csv", "X_20120201.csv"),
     ("SBER_120101_120131.csv", "SBER_120201_120229.csv"), ("X-2012-01.csv", "X-2012-02.csv"),
     ("X_M1_201201020000_201201312359.csv", "X_M1_201202010000_201202292359.csv")],
)  # fmt: skip
def test_parts_of_one_history_are_one_symbol(tmp_path: Path, one_name: str, other: str) -> None:
    days = ("2011-12-30", "2012-02-01") if one_name == "X_2011.csv" else ("2012-01-31", "2012-02-01")
    for name, day in zip((one_name, other), days, strict=True):
        written(tmp_path / name, HEADER + row(f"{day} 09:30:00"))

    report = run(tmp_path, **CRYPTO)

    assert (report.totals.kept, report.totals.symbols) == (2, 1)


@pytest.mark.parametrize("names", [("CL_202401", "CL_202402"), ("CL_202402", "CL_202401"), ("CL-2024-01", "CL-2024"),
                                   ("NQ_2024", "NQ_2025"), ("cl.2024", "cl.2023")])  # fmt: skip
def test_a_month_tells_files_of_the_same_days_apart_also_where_it_is_theirs(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    for place, name in enumerate(names, 1):
        written(tmp_path / f"{place}" / f"{name}.csv", HEADER + row("2024-01-15 09:30:00", 10 * place))
    store = MemoryStore()

    report = run(tmp_path, store, **CRYPTO)

    is_one = names == ("CL-2024-01", "CL-2024")
    symbols = {"CL"} if is_one else {name.upper() for name in names}
    assert {symbol for symbol, *_ in stored(store)} | {symbol for file in report.files for symbol in file.symbols} == (
        set() if is_one else symbols
    )
    assert report.failed is is_one  # a month and its year may be one history, so they are refused as rivals


def test_a_month_is_cut_off_where_it_is_that_of_each_files_bars(tmp_path: Path) -> None:
    for month in ("01", "02"):
        text = HEADER + row(f"2024-{month}-15 09:30:00") + "x,10,11,9,10,5\n"
        written(tmp_path / f"CL_2024{month}.csv", text)

    report = run(tmp_path, store := MemoryStore(), **CRYPTO)

    assert [symbol for symbol, *_ in stored(store)] == ["CL", "CL"]
    assert [file.symbols for file in report.files] == [["CL"], ["CL"]]


def test_two_files_that_would_overwrite_each_other_are_refused_whichever_comes_first(tmp_path: Path) -> None:
    written(tmp_path / "AAPL_data.csv", HEADER + minutes("09:30", 2))
    written(tmp_path / "AAPL_bars.csv", HEADER + minutes("09:30", 2, price=50))
    written(tmp_path / "MSFT.csv", HEADER + minutes("09:30", 2))
    store = MemoryStore()

    report = run(tmp_path, store, **NEW_YORK)

    assert {symbol for symbol, *_ in stored(store)} == {"MSFT"}
    assert report.failed
    assert [file.error is None for file in report.files] == [False, False, True]
    assert "are both read as AAPL, and have other bars for 2 of 2 common minutes" in str(report.files[0].error)


@pytest.mark.parametrize("first", ["AAPL.csv", "./AAPL.csv", "b/../AAPL.csv"])
def test_files_of_one_name_are_told_apart_however_they_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    (tmp_path / "b").mkdir()
    written(tmp_path / "AAPL.csv", HEADER + minutes("09:30", 2))
    written(tmp_path / "b/AAPL.csv", HEADER + minutes("09:30", 2, price=50))
    monkeypatch.chdir(tmp_path)

    said = {file.error for file in run([Path(first), tmp_path / "b/AAPL.csv"], **NEW_YORK).files}

    assert len(said) == 1
    assert "b/AAPL.csv are both read as AAPL" in str(said)
    assert "(row 2 of AAPL.csv)" in str(said)


def test_files_that_overlap_and_agree_are_one_history(tmp_path: Path) -> None:
    written(tmp_path / "AAPL_data.csv", HEADER + minutes("09:30", 5))
    written(tmp_path / "AAPL_bars.csv", HEADER + minutes("09:34", 1, price=50) + minutes("09:35", 5))

    report = run(tmp_path, **NEW_YORK)

    assert (report.totals.kept, report.totals.corrected, report.failed) == (10, 1, False)


def test_case_counts_in_a_column_of_symbols(tmp_path: Path) -> None:
    text = "ticker,volume,open,close,high,low,window_start,transactions\n"
    text += "BCPC,10,145,145.2,145.5,144.9,1704205800000000000,5\nBCpC,7,25,25.1,25.2,24.9,1704205800000000000,2\n"
    store = MemoryStore()

    run(written(tmp_path / "2024-01-02.csv", text), store)

    assert [(symbol, close) for symbol, _, close, _ in stored(store)] == [("BCPC", 145.2), ("BCpC", 25.1)]


@pytest.mark.parametrize("names", [("AAPL_1min.csv", "MSFT_1min.csv"), ("AAPL.csv", "x.csv")])
def test_a_symbol_for_files_of_several_is_refused_and_nothing_written(tmp_path: Path, names: tuple[str, str]) -> None:
    texts = (HEADER + minutes("09:30", 3), "symbol," + HEADER + "MSFT," + row("2024-03-08 09:30:00", 20))
    for name, text in zip(names, texts if names[1] == "x.csv" else texts[:1] * 2, strict=True):
        written(tmp_path / name, text)
    store = MemoryStore()

    report = run(tmp_path, store, symbol="AAPL", **NEW_YORK)

    assert report.failed
    assert report.error is not None
    assert "--symbol AAPL names one symbol, and these files are of several: AAPL, MSFT" in report.error
    assert (stored(store), report.written) == ([], False)


def test_a_symbol_for_parts_of_one_history_is_taken(tmp_path: Path) -> None:
    for month in ("01", "02"):
        written(tmp_path / f"export_2024-{month}.csv", HEADER + row(f"2024-{month}-05 09:30:00"))

    report = run(tmp_path, symbol="brk.b", **NEW_YORK)

    assert (report.error, report.totals.kept, report.files[0].symbols) == (None, 2, ["BRK.B"])


def test_members_of_a_zip_are_files_of_their_own(tmp_path: Path) -> None:
    fives = "".join(row(f"2024-03-08 09:{minute:02}:00") for minute in range(30, 50, 5))
    zipped(
        tmp_path / "sample.zip",
        {"AAPL_1min.csv": HEADER + minutes("09:30", 4), "AAPL_5min.csv": HEADER + fives, "readme.txt": "hello\n"},
    )
    zipped(tmp_path / "kraken.zip", {f"XBTUSD_{every}.csv": HEADER + row("2024-03-08 09:00:00") + row(
        f"2024-03-08 {9 + every // 60:02}:{every % 60:02}:00") for every in (15, 60)})  # fmt: skip
    store = MemoryStore()

    report = run([tmp_path / "sample.zip", tmp_path / "kraken.zip"], store, **NEW_YORK)

    assert {symbol for symbol, *_ in stored(store)} == {"AAPL"}
    assert report.totals.kept == 4
    assert sorted((Path(skipped.path).name, skipped.reason.split(";")[0][:21]) for skipped in report.skipped) == [
        ("AAPL_5min.csv", "bars every 5 minutes"),
        ("XBTUSD_15.csv", "bars every 15 minutes"),
        ("XBTUSD_60.csv", "bars every hour"),
        ("readme.txt", "fits no format: it be"),
    ]


KEYED = pd.DataFrame({
    "key": ["A", "A", "B", "B"], "time": pd.to_datetime(["2024-03-08 09:30", "2024-03-08 09:31"] * 2),
    **{name: [10.0, 11.0, 50.0, 51.0] for name in ("open", "high", "low", "close", "volume")},
})  # fmt: skip
WRITERS: dict[str, Callable[[pd.DataFrame, Path], object]] = {
    "x.parquet": lambda frame, path: frame.to_parquet(path),
    "x.feather": lambda frame, path: frame.to_feather(path),
    "x.csv": lambda frame, path: frame.to_csv(path, index=False),
    "x.json": lambda frame, path: frame.to_json(path, orient="records", date_format="iso"),
}


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [0, 2, 1, 3]])
@pytest.mark.parametrize("name", WRITERS)
def test_a_column_that_nobody_knows_and_that_tells_rows_apart_is_asked_for_before_anything_is_written(
    tmp_path: Path, name: str, order: list[int]
) -> None:
    WRITERS[name](KEYED.iloc[order].reset_index(drop=True), tmp_path / name)
    written(tmp_path / "MSFT.csv", HEADER + minutes("09:30", 2))

    report = run(tmp_path, store := MemoryStore(), **NEW_YORK)

    assert {symbol for symbol, *_ in stored(store)} == {"MSFT"}
    (refused,) = filter(None, (*(file.error for file in report.files), *(one.reason for one in report.skipped)))
    assert "apart" in refused or "several symbols, venues or lengths" in refused
    assert "'key'" in refused or name == "x.json"


def test_a_column_of_flags_in_a_table_tells_nothing_apart(tmp_path: Path) -> None:
    KEYED[:2].assign(key=["false", "true"]).to_parquet(tmp_path / "ABC.parquet")

    assert run(tmp_path, **NEW_YORK).totals.kept == 2


@given(st.integers(3, 60), st.integers(0, 60), st.integers(2, 9))
@examples(60)
def test_of_many_rows_a_sample_tells_whether_most_minutes_have_several(
    count: int, replaced: int, most_rows: int
) -> None:
    def judged(rows: int, count: int, replaced: int) -> bool:
        repeats = Repeats(rows)
        for minutes_of, price in ((range(count), 1), (range(min(count, replaced)), 2)):
            lines = [(0, 0, minute, price) for minute in minutes_of]
            if lines:
                repeats.note(file_of(lines, 1, 5))
        try:
            repeats.check()
        except DataError:
            return True
        return False

    assert judged(1000, count, replaced) is (min(count, replaced) > 1 and 2 * min(count, replaced) > count)
    assert judged(most_rows * 100, count * 100, count * 100)  # all of them: so is any sample
    assert not judged(most_rows, count, 0)
