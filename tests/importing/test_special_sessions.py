"""A day that its calendar has wrong: one line puts it right, for every door alike."""

from pathlib import Path

import pytest

from actors.importing.into_store import ImportOptions, import_paths
from actors.inspecting import inspect_store
from actors.settings import Settings
from actors.storage.parquet import ParquetStore
from actors.system import System
from actors.verifying import Standing, verify_store
from messages.replies import RunSummary
from tests.importing.imports import minutes, new_york, one

EXAM_DAY = {"calendar": "XNYS", "tz": "America/New_York"}
SHIFTED, SATURDAY = "2024-03-08", "2024-03-09"


@pytest.fixture
def store(tmp_path: Path) -> ParquetStore:
    """New York opened an hour late on a Friday, and on a Saturday; somebody wrote it down."""
    (tmp_path / "special_sessions.toml").write_text(
        f'[XNYS]\n{SHIFTED} = "10:30-17:00"\n{SATURDAY} = "10:00-11:00, 12:00-12:30"\n'
    )
    target = ParquetStore(tmp_path / "store")
    text = minutes("10:30", 390, SHIFTED) + minutes("10:00", 60, SATURDAY) + minutes("12:00", 30, SATURDAY)
    report = import_paths([new_york(tmp_path, text)], target, ImportOptions(complete=True, **EXAM_DAY))
    assert (one(report).kept, one(report).warnings) == (480, [])
    return target


def played(summary: RunSummary) -> list[tuple[str, int]]:
    return [(report.session.date, int(report.bars.sum())) for report in summary.sessions]


def test_a_certificate_says_nothing_of_minutes_in_which_nobody_could_trade(store):
    for date, expected in ((SHIFTED, 390), (SATURDAY, 90)):
        (counts,) = store.certificate("XNYS", date).symbols

        assert (counts.streamed, counts.no_trade, counts.missing) == (expected, 0, 0)


def test_inspect_and_verify_go_by_the_same_hours(store):
    assert [
        (day.date, day.expected_minutes, day.missing_minutes, day.extended_bars) for day in inspect_store(store).days
    ] == [
        (SHIFTED, 390, 0, 0),
        (SATURDAY, 90, 0, 0),
    ]
    assert {day.standing for day in verify_store(store).days} == {Standing.MATCH}


def test_a_backtest_plays_the_hours_and_the_day(store):
    with System.backtest(str(store.root), speed=0, trailing_sessions=0) as system:
        assert system.calendar.hours(SHIFTED).is_late_open
        assert system.calendar.next_session(SHIFTED).date == SATURDAY
        summary = system.run(timeout=30)

    assert played(summary) == [(SHIFTED, 390), (SATURDAY, 90)]


def test_settings_go_before_the_file(store, tmp_path: Path):
    text = f'store = "{store.root.as_posix()}"\ncalendar = "XNYS"\n[special_sessions]\n{SHIFTED} = "10:30-11:30"\n'
    (tmp_path / "settings.toml").write_text(text)

    with System(Settings.load(tmp_path / "settings.toml")) as system:
        summary = system.run(timeout=30)

    assert played(summary) == [(SHIFTED, 60), (SATURDAY, 90)]
