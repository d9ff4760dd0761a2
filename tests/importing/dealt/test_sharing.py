"""An import that processes share says and does what it would alone."""

import gzip
import os
import signal
import sys
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from actors.importing.dealt.sharing import days_of, import_shared
from actors.importing.into_store import Found, ImportOptions, ImportReport, import_paths
from actors.importing.report import ImportProgress
from actors.storage.own_hours import Calendars
from actors.storage.parquet import ParquetStore
from actors.verifying import verify_store
from messages.errors import DataError
from tests.children import children

HEADER = "ticker,volume,open,close,high,low,window_start,transactions"
OPENS = {"2024-03-07": 1709821800, "2024-03-08": 1709908200, "2024-03-11": 1710163800}


def flat(folder: Path, date: str, *more: str, minutes: int = 30) -> Path:
    """A day of two tickers, the second with a hole."""
    rows = [
        f"{name},10,5,5.5,6,4,{(OPENS[date] + 60 * minute) * 10**9},3"
        for name in ("AAA", "BBB")
        for minute in range(minutes)
        if name == "AAA" or minute != 7
    ]
    path = folder / f"{date}.csv.gz"
    path.write_bytes(gzip.compress("\n".join([HEADER, *rows, *more]).encode(), mtime=0))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = tmp_path / "files"
    files.mkdir()
    for date in OPENS:
        flat(files, date, *(["AAA,10,5,5.5,3,4,1709908200000000000,3"] if date == "2024-03-08" else []))
    (files / "2024-03-09.csv.gz").write_bytes(b"no such thing")
    return files


def shared(files: Path, root: Path, options: ImportOptions | None = None, **more: int) -> ImportReport:
    with closing(ParquetStore(root)) as store:
        given = {"workers": 2, "least_bytes": 1, **more}
        return import_shared([files], store, options or ImportOptions(complete=True), Calendars.of(store), **given)


def alone(files: Path, root: Path, options: ImportOptions | None = None) -> ImportReport:
    with closing(ParquetStore(root)) as store:
        return import_paths([files], store, options or ImportOptions(complete=True))


def days(root: Path) -> dict[str, bytes]:
    """The bars and certificates of a store."""
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_several_processes_write_and_say_what_one_does(folder: Path, tmp_path: Path) -> None:
    one = alone(folder, tmp_path / "one")
    two = shared(folder, tmp_path / "two")
    again = shared(folder, tmp_path / "two")

    assert msgspec.to_builtins(two) == msgspec.to_builtins(one)
    assert (two.certified, two.totals.failed_files + two.totals.skipped_files) == (3, 1)
    assert days(tmp_path / "two") == days(tmp_path / "one")
    assert again.totals.kept == 0
    with closing(ParquetStore(tmp_path / "two", read_only=True)) as store:
        assert not verify_store(store).faults


@pytest.mark.slow
def test_two_files_that_reach_into_one_day_are_merged_one_after_the_other(tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    flat(files, "2024-03-07", f"CCC,10,5,5.5,6,4,{OPENS['2024-03-08'] * 10**9},3")
    flat(files, "2024-03-08")

    one, two = alone(files, tmp_path / "one"), shared(files, tmp_path / "two")

    assert two.totals == one.totals
    with closing(ParquetStore(tmp_path / "two", read_only=True)) as store:
        assert store.symbols("XNYS", "2024-03-08") == ("AAA", "BBB", "CCC")


@pytest.mark.slow
def test_files_that_need_each_other_are_imported_by_one_process(tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    for date in ("2024-03-07", "2024-03-08"):
        (files / f"AAPL_{date}.csv").write_text(f"time,open,high,low,close,volume\n{date} 09:31,1,2,1,2,10\n")
    options = ImportOptions(calendar="XNYS", tz="America/New_York")

    one, two = alone(files, tmp_path / "one", options), shared(files, tmp_path / "two", options)

    assert msgspec.to_builtins(two) == msgspec.to_builtins(one)
    assert two.totals.kept == 2


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_a_killed_process_is_replaced(folder: Path, tmp_path: Path) -> None:
    killed: list[int] = []

    def kill(progress: ImportProgress) -> None:
        if not killed:
            killed.append(max(children(os.getpid()) - before))
            os.kill(killed[0], signal.SIGKILL)

    one = alone(folder, tmp_path / "one")
    before = children(os.getpid())
    with closing(ParquetStore(tmp_path / "two")) as store:
        two = import_shared(
            [folder], store, ImportOptions(complete=True), Calendars.of(store),
            workers=2, least_bytes=1, on_progress=kill,
        )  # fmt: skip

    assert killed
    assert [file.path for file in two.files] == [file.path for file in one.files]
    assert two.totals.failed_files == one.totals.failed_files
    assert days(tmp_path / "two").keys() == days(tmp_path / "one").keys()


def test_strict_imports_are_not_shared_and_write_nothing(folder: Path, tmp_path: Path) -> None:
    report = shared(folder, tmp_path / "two", ImportOptions(strict=True))

    assert report.error is not None
    assert report.error.startswith("strict: 1 rows were rejected")
    assert not days(tmp_path / "two")


def test_files_are_dealt_out_by_the_day_in_their_names(tmp_path: Path) -> None:
    names = ["b-20240308_trade.csv", "a_2024-03-08.csv", "2024.03.07.csv"]
    found = [Found(tmp_path / name, tmp_path) for name in names]
    for one in found:
        one.file.write_text("x" * 10)

    assert [[one.file.name for one in day] for day in days_of(found, 5)] == [names[2:], names[:2]]
    assert days_of(found, 100) == []


@pytest.mark.parametrize("name", ["AAPL.csv", "2024-03-07_2024-03-08.csv", "120240308.csv"])
def test_files_without_one_day_in_their_names_are_not(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("x")

    assert days_of([Found(tmp_path / name, tmp_path)], 1) == []


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file or folder"):
        shared(tmp_path / "nowhere", tmp_path / "store")
