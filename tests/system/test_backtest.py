"""Whole runs over simulated days, held to what pandas computes from the same bars."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from actors.storage.memory import MemoryStore
from actors.storage.parquet import ParquetStore
from actors.storage.source import StoreSource
from actors.system import System
from messages import DataError, SessionReport, SettingsError, SymbolReport, SystemFailed, SystemState
from tests.doubles import CountingStore
from tests.system.worlds import DATES, FIELDS, fill, frame, memory, short, xnys

FULL: tuple[str, ...] = ()


@pytest.fixture(scope="module")
def three_days() -> MemoryStore:
    """Two full sessions and the half-day of 2024-07-03, with quiet symbols."""
    return memory(3, 5, quiet=0.3, closed=FULL)


def by_pandas(store: MemoryStore, date: str, intervals: dict[str, int]) -> list[dict[str, Any]]:
    session = xnys(FULL).session(date)
    assert session is not None
    bars = frame(store, date)
    minute = (bars.start - session.open_ns) // 60_000_000_000
    made = []
    for symbol, rows in bars.groupby("symbol"):
        blocks = {name: int((minute[rows.index] // size).nunique()) for name, size in intervals.items()}
        made.append(
            {
                "symbol": symbol,
                "bars": len(rows),
                "high": rows.high.max(),
                "low": rows.low.min(),
                "volume": rows.volume.sum(),
                "completeness": 100 * len(rows) / session.expected_minutes,
                "derived": blocks,
            }
        )
    return made


def spelled(report: SymbolReport) -> dict[str, Any]:
    return {name: getattr(report, name) for name in report.__struct_fields__}


def test_every_session_comes_to_what_pandas_says(three_days: MemoryStore) -> None:
    with System.backtest(three_days) as system:
        summary = system.run(timeout=30)

    sizes = {"5m": 5, "15m": 15, "30m": 30, "1h": 60, "1d": 24 * 60}
    assert [report.session.date for report in summary.sessions] == list(DATES[:3])
    assert [report.closed for report in summary.sessions] == [390, 390, 210]
    for report in summary.sessions:
        assert [spelled(one) for one in report.symbol_reports()] == by_pandas(three_days, report.session.date, sizes)


def test_the_book_after_a_run_is_the_day_in_the_store(three_days: MemoryStore) -> None:
    with System.backtest(three_days, end=DATES[0]) as system:
        system.run(timeout=30)
        bars = frame(three_days, DATES[0])

        for symbol, rows in bars.groupby("symbol"):
            window = system.bars(str(symbol)).get(timeout=5)
            np.testing.assert_array_equal(window.to_numpy(), rows[FIELDS].to_numpy())
            np.testing.assert_array_equal(window.start_ns, rows.start.to_numpy())


def test_history_across_sessions_is_the_bars_of_the_days_before(three_days: MemoryStore) -> None:
    with System.backtest(three_days, start=DATES[2]) as system:
        symbol = system.active_symbols().get(timeout=5)[0]
        window = system.history(symbol, 2).get(timeout=5)

    days = pd.concat([frame(three_days, date) for date in DATES[:2]])
    np.testing.assert_array_equal(window.to_numpy(), days[days.symbol == symbol][FIELDS].to_numpy())


@pytest.mark.parametrize(
    ("asked", "dates"),
    [
        ({}, DATES[:5]),
        ({"start": DATES[1], "end": DATES[2]}, DATES[1:3]),
        ({"last": 2}, DATES[3:5]),
        ({"start": "2024-07-04"}, DATES[3:5]),
    ],
)
def test_the_sessions_that_are_asked_for_are_played(asked: dict[str, Any], dates: tuple[str, ...]) -> None:
    with short(memory(5), **asked) as system:
        assert tuple(report.session.date for report in system.run(timeout=30).sessions) == dates


def test_only_the_symbols_that_are_asked_for_are_played() -> None:
    store = memory()
    name = store.symbols("XNYS", DATES[0])[1]

    with short(store, symbols=[name]) as system:
        summary = system.run(timeout=30)

    assert [report.symbols for report in summary.sessions] == [(name,), (name,)]


def test_extended_hours_are_in_the_grid_when_asked_for() -> None:
    with System.backtest(memory(1, closed=FULL), extended_hours=True) as system:
        (report,) = system.run(timeout=30).sessions
        quality = system.quality().get(timeout=5)

    assert (report.closed, quality.extended_quality.closed) == (390, 3 * (330 + 240))


def test_each_day_is_read_once_as_history_and_once_as_a_tape_and_in_a_thread_of_its_own() -> None:
    store = CountingStore()
    fill(store, 6)

    with short(store, start=DATES[3], trailing_sessions=2) as system:
        store.reads.clear()
        system.run(timeout=30)
        reads = sorted(date for date, _ in store.reads)

    assert set(reads) <= set(DATES[3:6])
    assert len(reads) == len(set(reads))
    assert store.threads >= {"barkeeper-loader"}


def test_days_of_history_are_read_once_in_a_whole_run() -> None:
    store = CountingStore()
    fill(store, 6)
    store.reads.clear()
    system = short(store, start=DATES[3], trailing_sessions=2)
    with system:
        system.run(timeout=30)

    loaded = [date for date, symbols in store.reads if symbols is None]
    assert sorted(loaded) == [*DATES[1:3], *DATES[3:6]]


def test_a_day_that_belongs_to_others_is_no_session_unless_there_is_somebody_to_ask() -> None:
    other = MemoryStore()
    name, stranger = memory(1).symbols("XNYS", DATES[0])[:2]
    for date, wanted in ((DATES[0], [name, stranger]), (DATES[1], [stranger]), (DATES[2], [name, stranger])):
        day = memory(3).read("XNYS", date, wanted)
        assert day is not None
        other.merge("XNYS", date, day)

    sessions = []
    for sources in ((), (StoreSource(memory(3), "archive"),)):
        with short(other, symbols=[name], sources=sources) as system:
            sessions.append([report.session.date for report in system.run(timeout=30).sessions])

    assert sessions == [[DATES[0], DATES[2]], list(DATES[:3])]


def test_the_first_session_has_no_transition_and_every_other_has_one() -> None:
    with short(memory(4)) as system:
        reports: tuple[SessionReport, ...] = system.run(timeout=30).sessions

    assert [report.transition_ms is None for report in reports] == [True, False, False, False]
    assert all(0 < report.transition_ms < 5000 for report in reports if report.transition_ms is not None)


def test_a_file_that_turns_out_torn_ends_the_run_and_is_named(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path)
    fill(store, 4)
    store.close()
    torn = tmp_path / "calendar=XNYS" / f"date={DATES[2]}" / "bars.parquet"
    torn.write_bytes(torn.read_bytes()[:100])

    with short(str(tmp_path)) as system:
        with pytest.raises(SystemFailed, match=torn.parent.name):
            system.run(timeout=30)
        status = system.status().get(timeout=5)
        with pytest.raises(SystemFailed, match=torn.parent.name):
            list(system.subscribe())
        done = system.summary().get(timeout=5)

    assert (status.state, torn.parent.name in str(status.failure)) == (SystemState.ERROR, True)
    assert [report.session.date for report in done.sessions] == list(DATES[:2])


def test_a_first_file_that_is_torn_fails_the_start_and_is_named(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path)
    fill(store, 2)
    store.close()
    torn = tmp_path / "calendar=XNYS" / f"date={DATES[0]}" / "bars.parquet"
    torn.write_bytes(b"nothing of value")

    with pytest.raises(SystemFailed, match=torn.parent.name):
        short(str(tmp_path)).start(timeout=10)


def test_an_unknown_symbol_fails_the_start_with_the_nearest() -> None:
    store = memory()
    name = store.symbols("XNYS", DATES[0])[0]

    with pytest.raises(SystemFailed, match=f"nearest: {name}"):
        short(store, symbols=[name + "X"]).start(timeout=10)


def test_an_empty_store_is_refused_before_anything_runs() -> None:
    with pytest.raises(DataError, match="import something first"):
        System.backtest(MemoryStore())


def test_a_store_of_several_calendars_needs_one_named() -> None:
    store = memory(1)
    day = store.read("XNYS", DATES[0])
    assert day is not None
    store.merge("XHKG", DATES[0], day)

    with pytest.raises(SettingsError, match="name one of them"):
        System.backtest(store)


def test_live_mode_fails_the_start_while_there_is_no_feed() -> None:
    with pytest.raises(SystemFailed, match="needs a feed"):
        short(memory(), mode="live").start(timeout=10)


def test_a_bug_in_the_reader_of_the_store_is_a_failure_with_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    store = memory()
    system = short(store)
    monkeypatch.setattr(store, "read", lambda *_: 1 / 0)
    monkeypatch.setattr(store, "symbols", lambda *_: system._settings.symbols)

    with pytest.raises(SystemFailed, match="a bug in the loader: ZeroDivisionError"):
        system.start(timeout=10)
