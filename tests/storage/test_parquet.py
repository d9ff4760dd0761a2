"""What the Parquet store promises beyond the contract: its folders, its lock, and what a crash leaves."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from actors.storage import atomic
from actors.storage.dayfile import read_day
from actors.storage.parquet import ParquetStore
from messages.errors import DataError, SettingsError, StoreLocked
from messages.values import Gap
from tests.storage.days import DATE, MINUTE, START, all_regular, bar, day, file_of


def test_a_day_is_one_file_by_calendar_and_date(store: ParquetStore):
    store.merge("24/7", DATE, day(bar("BTC", 0)))
    store.close()

    files = {path.relative_to(store.root).as_posix() for path in store.root.rglob("*") if path.is_file()}

    assert files == {".lock", f"calendar=24%2F7/date={DATE}/bars.parquet"}


def test_a_merge_that_changes_nothing_leaves_the_file_alone(store: ParquetStore):
    store.merge("XNYS", DATE, day(bar("A", 0)))
    before = file_of(store).stat().st_ino, file_of(store).stat().st_mtime_ns

    store.merge("XNYS", DATE, day(bar("A", 0)))

    assert (file_of(store).stat().st_ino, file_of(store).stat().st_mtime_ns) == before


def test_stretches_that_change_nothing_leave_the_file_alone_and_nothing_behind(store: ParquetStore):
    store.merge("XNYS", DATE, day(bar("A", 0), bar("A", 1)))
    before = file_of(store).stat()

    store.merge_stretches("XNYS", DATE, ("A",), (day(bar("A", minute)) for minute in range(2)))

    after = file_of(store).stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)
    assert list(file_of(store).parent.iterdir()) == [file_of(store)]


@pytest.mark.parametrize("second", [0, 1])
def test_stretches_in_disorder_change_nothing(store: ParquetStore, second: int):
    with pytest.raises(DataError, match="must follow each other in time"):
        store.merge_stretches("XNYS", DATE, ("A",), [day(bar("A", 1)), day(bar("A", second))])

    assert store.read("XNYS", DATE) is None
    assert list(file_of(store).parent.iterdir()) == []


def test_each_stretch_is_a_group_of_rows(store: ParquetStore):
    store.merge_stretches("XNYS", DATE, ("A", "B"), (day(bar("AB"[minute], minute)) for minute in range(2)))

    assert pq.read_metadata(file_of(store)).num_row_groups == 2
    assert store.symbols("XNYS", DATE) == ("A", "B")
    assert pd.read_parquet(file_of(store))["symbol"].tolist() == ["A", "B"]


def test_a_day_that_loses_a_bar_is_one_file_in_the_place_of_the_old_one(store: ParquetStore):
    store.merge_stretches("XNYS", DATE, ("A", "B"), (day(bar("AB"[minute], minute)) for minute in range(2)))
    before = file_of(store).stat().st_mtime_ns, file_of(store).stat().st_ino
    gap = Gap(symbols=("A",), start_ns=START, end_ns=START + MINUTE)

    store.withdraw("XNYS", DATE, [gap])
    after = file_of(store).stat().st_mtime_ns, file_of(store).stat().st_ino
    again = store.withdraw("XNYS", DATE, [gap])

    assert (again, after == before) == (0, False)
    assert (file_of(store).stat().st_mtime_ns, file_of(store).stat().st_ino) == after
    assert pq.read_metadata(file_of(store)).num_row_groups == 1
    assert list(file_of(store).parent.iterdir()) == [file_of(store)]


def test_a_day_whose_last_bar_goes_while_it_is_opened_is_not_there(
    store: ParquetStore, monkeypatch: pytest.MonkeyPatch
):
    store.merge("XNYS", DATE, day(bar("A", 0)))

    def too_late(path: Path, *given: object) -> object:
        path.unlink()
        return read_day(path, *given)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr("actors.storage.shelves.read_day", too_late)

    assert store.read("XNYS", DATE) is None


def test_a_damaged_day_is_not_merged_over(store: ParquetStore):
    store.merge("XNYS", DATE, day(bar("A", 0)))
    file_of(store).write_bytes(b"PAR1 and nothing more")

    with pytest.raises(DataError, match="cannot be read"):
        store.merge("XNYS", DATE, day(bar("A", 1)))

    assert file_of(store).read_bytes() == b"PAR1 and nothing more"
    assert store.dates("XNYS") == (DATE,)


CRASH = """
import os, sys
from pathlib import Path
from actors.storage.parquet import ParquetStore
from tests.storage.days import DATE, all_regular, bar, day

store = ParquetStore(Path(sys.argv[1]), segment_of=all_regular)
store.merge("XNYS", DATE, day(bar("A", 0)))
os.replace = lambda *_: os._exit(9)
store.merge("XNYS", DATE, day(bar("A", 0, 11.0), bar("A", 1)))
"""


@pytest.mark.slow
def test_a_process_that_dies_before_the_rename_leaves_the_old_day(tmp_path: Path):
    died = subprocess.run([sys.executable, "-c", CRASH, str(tmp_path)], check=False)
    assert died.returncode == 9
    assert len(list(tmp_path.rglob("*.tmp"))) == 1

    store = ParquetStore(tmp_path, segment_of=all_regular)
    stored = store.read("XNYS", DATE)
    assert stored is not None
    assert list(stored.bars.bars()) == [bar("A", 0)]
    assert store.dates("XNYS") == (DATE,)

    store.merge("XNYS", DATE, day(bar("A", 1)))
    assert list(tmp_path.rglob("*.tmp")) == []
    store.close()


def test_a_store_has_one_writer_and_any_number_of_readers(store: ParquetStore):
    store.merge("XNYS", DATE, day(bar("A", 0)))
    other = ParquetStore(store.root, segment_of=all_regular)

    with pytest.raises(StoreLocked, match=f"process {os.getpid()}"):
        other.merge("XNYS", DATE, day(bar("A", 1)))
    assert other.symbols("XNYS", DATE) == ("A",)

    store.close()
    assert other.merge("XNYS", DATE, day(bar("A", 1))).added == 1
    other.close()


def test_reading_takes_no_lock_and_writes_nothing(store: ParquetStore):
    store.merge("XNYS", DATE, day(bar("A", 0)))
    store.close()
    (store.root / ".lock").unlink()

    reader = ParquetStore(store.root, read_only=True)
    reader.read("XNYS", DATE)

    assert not (store.root / ".lock").exists()
    with pytest.raises(DataError, match="open for reading only"):
        reader.merge("XNYS", DATE, day(bar("A", 1)))
    reader.close()


def test_a_missing_store_is_made_by_the_first_merge_only(tmp_path: Path):
    store = ParquetStore(tmp_path / "deep" / "store", segment_of=all_regular)
    assert store.calendars() == ()
    assert not (tmp_path / "deep").exists()

    store.merge("XNYS", DATE, day(bar("A", 0)))

    assert store.calendars() == ("XNYS",)
    store.close()


def test_a_store_that_is_not_there_cannot_be_read(tmp_path: Path):
    (tmp_path / "file").write_text("")

    with pytest.raises(DataError, match=r"no store at .*nowhere: no such folder"):
        ParquetStore(tmp_path / "nowhere", read_only=True)
    with pytest.raises(DataError, match=r"no store at .*file: not a folder"):
        ParquetStore(tmp_path / "file")


def test_other_files_and_folders_are_overlooked(store: ParquetStore):
    store.merge("XNYS", DATE, day(bar("A", 0)))
    (store.root / "notes.txt").write_text("mine")
    (store.root / "empty" / "2024").mkdir(parents=True)
    file_of(store).with_name("summary.parquet").write_text("mine")

    assert store.calendars() == ("XNYS",)
    assert store.dates("XNYS") == (DATE,)


def test_a_disk_that_refuses_is_an_error_that_names_the_store(store: ParquetStore):
    store.merge("XNYS", DATE, day(bar("A", 0)))
    in_the_way = file_of(store).with_name(".bars.parquet.tmp")
    in_the_way.mkdir()

    with pytest.raises(DataError) as caught:
        store.merge("XNYS", DATE, day(bar("A", 1)))

    assert str(caught.value).startswith(f"cannot write to the store at {store.root}: ")


def test_a_file_that_is_being_read_is_replaced_a_moment_later(store: ParquetStore, monkeypatch: pytest.MonkeyPatch):
    """Only Windows refuses to replace such a file, so its refusal is played here."""
    replace, refusals = os.replace, [PermissionError(), PermissionError()]

    def refuse_twice(source: Path, target: Path) -> None:
        if refusals:
            raise refusals.pop()
        replace(source, target)

    monkeypatch.setattr(os, "replace", refuse_twice)
    monkeypatch.setattr(atomic, "_PAUSE_S", 0.0)
    store.merge("XNYS", DATE, day(bar("A", 0)))

    assert store.symbols("XNYS", DATE) == ("A",)


def test_a_file_that_can_never_be_replaced_is_an_error(store: ParquetStore, monkeypatch: pytest.MonkeyPatch):
    def refuse(source: Path, target: Path) -> None:
        raise PermissionError(13, "in use")

    monkeypatch.setattr(os, "replace", refuse)
    monkeypatch.setattr(atomic, "_PAUSE_S", 0.0)

    with pytest.raises(DataError, match=r"cannot write .* in use"):
        store.merge("XNYS", DATE, day(bar("A", 0)))
    assert store.read("XNYS", DATE) is None


def test_the_command_line_does_not_pay_for_pyarrow():
    code = "import sys, actors.storage.parquet; print('pyarrow' in sys.modules or 'pandas' in sys.modules)"

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "False"


def test_the_segment_of_each_bar_is_what_the_calendar_says(tmp_path: Path):
    store = ParquetStore(tmp_path)
    store.merge("XNYS", DATE, day(bar("A", -331), bar("A", -1), bar("A", 0), bar("A", 390)))
    store.merge("XNYS", DATE, day(bar("B", 389)))
    store.close()

    frame = pd.read_parquet(file_of(store))

    assert frame["segment"].tolist() == ["outside", "pre_market", "regular", "regular", "post_market"]


def test_a_calendar_that_nobody_knows_stores_nothing(tmp_path: Path):
    store = ParquetStore(tmp_path)

    with pytest.raises(SettingsError, match="XNYX"):
        store.merge("XNYX", DATE, day(bar("A", 0)))

    assert store.calendars() == ()
    store.close()
