"""Upstreams by their paths: stores, and files as they are imported."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from actors.kernel.ports import SourceAnswer
from actors.settings import SessionRules
from actors.storage.parquet import ParquetStore
from actors.storage.source import StoreSource
from actors.upstream import FileSource, sources_at
from messages.errors import DataError, SettingsError
from messages.values import SECOND_NS, Interval
from tests.builders import DAY, bars
from tests.storage.days import all_regular, day

ROWS = "symbol,timestamp,open,high,low,close,volume\nA,1719927000,1,1,1,1,10\n"


def store_at(folder: Path) -> Path:
    store = ParquetStore(folder, segment_of=all_regular)
    store.merge("XNYS", DAY.date, day(*bars("A", "09:30", 1, 2)))
    store.close()
    return folder


def test_a_folder_with_days_is_a_store_and_anything_else_is_files(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.csv").write_text(ROWS, encoding="utf-8")
    paths = [str(store_at(tmp_path / "store")), str(tmp_path / "files"), str(tmp_path / "files" / "a.csv")]
    found = sources_at(paths, "XNYS")

    assert [type(source) for source in found] == [StoreSource, FileSource, FileSource]
    assert [source.name for source in found] == paths
    assert [len(s.fetch(DAY, ("A",), DAY.start_ns, DAY.end_ns).bars) for s in found] == [2, 1, 1]


def test_a_path_where_nothing_is_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nothing: there is no store and no file to fill from"):
        sources_at([str(tmp_path / "nothing")])


def test_files_that_cannot_be_read_are_a_failure_each_time_they_are_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("what,is,this\n1,2,3\n", encoding="utf-8")
    source = FileSource(path, "XNYS")
    for _ in range(2):
        with pytest.raises(DataError):
            source.fetch(DAY, ("A",), DAY.start_ns, DAY.end_ns)
    path.write_text(ROWS, encoding="utf-8")

    assert len(source.fetch(DAY, ("A",), DAY.start_ns, DAY.end_ns).bars) == 1


def test_files_are_read_once(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(ROWS, encoding="utf-8")
    source = FileSource(path, "XNYS")
    source.fetch(DAY, ("A",), DAY.start_ns, DAY.end_ns)
    path.unlink()

    assert len(source.fetch(DAY, ("A",), DAY.start_ns, DAY.end_ns).bars) == 1


def test_the_rules_of_the_session_hold_for_files_too(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(ROWS + "A,1719927060,-1,-1,-1,-1,10\n", encoding="utf-8")
    rules = (None, SessionRules(allow_negative=True), SessionRules(allow_negative=False))
    calendars = ("XNYS", "us_futures")
    found = [
        [len(import_of(path, calendar, one).bars) for one in rules] for calendar in calendars
    ]  # by the calendar, yes, no

    assert found == [[1, 2, 1], [2, 2, 1]]


def import_of(path: Path, calendar: str, rules: SessionRules | None) -> SourceAnswer:
    (source,) = sources_at([str(path)], calendar, rules=rules)
    session = DAY if calendar == "XNYS" else msgspec.structs.replace(DAY, calendar=calendar)
    return source.fetch(session, ("A",), DAY.start_ns, DAY.end_ns)


def test_a_name_of_a_vendor_is_its_history_and_a_folder_of_that_name_is_named_by_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("alpaca")
    for name in ("APCA_API_KEY_ID", "APCA_API_SECRET_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.chdir(tmp_path)
    store_at(tmp_path / "alpaca")
    found = sources_at(["alpaca", "./alpaca", "alpaca:sip"], "XNYS", vendors={"alpaca": {"per_minute": 100}})

    assert [type(source).__name__ for source in found] == ["VendorSource", "StoreSource", "VendorSource"]
    assert [source.name for source in found] == ["alpaca:iex", "alpaca", "alpaca:sip"]


def test_what_is_set_for_a_vendor_is_checked_even_if_it_is_not_asked(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"vendors\.alpaca\.tape is one of"):
        sources_at([str(store_at(tmp_path / "store"))], "XNYS", vendors={"alpaca": {"tape": "x"}})


def test_files_of_seconds_fill_a_session_of_seconds(tmp_path: Path) -> None:
    path, second = tmp_path / "a.csv", Interval.parse("1s")
    path.write_text(ROWS + "A,1719927007,2,2,2,2,5\n", encoding="utf-8")
    session = msgspec.structs.replace(DAY, base_interval=second)
    (source,) = sources_at([str(path)], "XNYS", rules=SessionRules(base_interval=second))

    found = source.fetch(session, ("A",), session.start_ns, session.end_ns).bars

    assert found.interval == second
    assert (found.close.tolist(), np.diff(found.start_ns).tolist()) == ([1.0, 2.0], [7 * SECOND_NS])
