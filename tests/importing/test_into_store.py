"""Files into a store and what it then holds: counting, refusing, warning, walking folders."""

import threading
from pathlib import Path

import msgspec
import numpy as np
import pytest

from actors.importing.into_store import ImportOptions, ImportProgress, import_paths
from actors.inspecting import inspect_store
from actors.kernel.ports import StoredDay
from actors.storage.memory import MemoryStore
from actors.storage.parquet import ParquetStore
from messages.errors import DataError, SettingsError
from messages.tables.columns import BarBatch
from tests.importing.imports import NEW_YORK, SESSIONS, minutes, new_york, one, run
from tests.vendors.files import HEADER, written, zipped

NO_BARS = StoredDay(bars=BarBatch.of(()), verdicts=np.empty(0, dtype=np.uint8))


def test_an_import_says_what_the_documented_json_says(tmp_path: Path) -> None:
    report = run(new_york(tmp_path, minutes("09:30", 3)), **NEW_YORK)

    assert msgspec.to_builtins(report.files[0]) == {
        "path": str(tmp_path / "AAPL.csv"), "format": "csv", "symbols": ["AAPL"], "rows": 3, "kept": 3,
        "duplicates": 0, "corrected": 0, "contradictions": 0, "rejected": {}, "examples": [],
        "sessions": ["2024-03-08"], "calendar": "XNYS", "tz": "America/New_York", "stamp": "start",
        "blank_rows": 0, "warnings": [], "error": None,
    }  # fmt: skip
    assert (report.totals.files, report.totals.kept, report.written, report.failed) == (1, 3, True, False)


def test_inspect_says_what_the_documented_json_says(tmp_path: Path) -> None:
    store = MemoryStore()
    run(new_york(tmp_path, minutes("09:28", 2) + minutes("09:30", 378)), store, **NEW_YORK)

    (day,) = inspect_store(store, calendars=SESSIONS.__getitem__).days

    assert msgspec.to_builtins(day) == {
        "date": "2024-03-08", "calendar": "XNYS", "symbol": "AAPL", "base_interval": "1m",
        "expected_minutes": 390, "bars": 378, "missing_minutes": 12,
        "missing": [f"2024-03-08T20:{minute}:00Z" for minute in (48, 49, 50, 51, 52, 55, 56, 57, 58, 59)],
        "extended_bars": 2, "first": "2024-03-08T14:30:00Z", "last": "2024-03-08T20:47:00Z",
        "high": 11.0, "low": 9.0, "volume": 37_800.0, "adjusted_as_of": None,
    }  # fmt: skip


def test_inspect_may_be_asked_for_some_symbols_and_one_calendar(tmp_path: Path) -> None:
    store = MemoryStore()
    run([new_york(tmp_path, minutes("08:00", 1), f"{name}.csv") for name in ("AAPL", "MSFT")], store, **NEW_YORK)

    (day,) = inspect_store(store, ["msft"], "XNYS", SESSIONS.__getitem__).days

    assert (day.symbol, day.bars, day.first, day.high, day.volume, day.extended_bars) == ("MSFT", 0, None, None, 0, 1)
    assert inspect_store(store, calendar="24/7", calendars=SESSIONS.__getitem__).days == []


def test_a_day_without_a_session_in_a_store_is_a_fault_and_the_others_are_shown(tmp_path: Path) -> None:
    store = MemoryStore()
    run(
        new_york(tmp_path, minutes("09:30", 1, "2024-03-08") + minutes("09:30", 1, "2024-03-09")),
        store,
        calendar="24/7",
        tz="UTC",
    )

    report = inspect_store(store, calendars=lambda _: SESSIONS["XNYS"])

    assert [day.date for day in report.days] == ["2024-03-08"]
    assert report.faults == ["the store has 1 bar on 2024-03-09 under 24/7, which has no session on that day"]


def test_the_same_file_twice_changes_nothing(tmp_path: Path) -> None:
    path, store = new_york(tmp_path, minutes("09:30", 5)), ParquetStore(tmp_path / "store")
    first, second = run(path, store, **NEW_YORK), run(path, store, **NEW_YORK)
    store.close()

    assert (one(first).kept, one(second).kept, one(second).duplicates) == (5, 0, 5)


def test_a_newer_file_corrects(tmp_path: Path) -> None:
    store = MemoryStore()
    run(new_york(tmp_path, minutes("09:30", 2)), store, **NEW_YORK)
    newer = one(run(new_york(tmp_path, minutes("09:31", 2, price=20)), store, **NEW_YORK))

    assert (newer.kept, newer.corrected) == (1, 1)


def test_of_the_same_minute_twice_the_last_row_wins_and_both_are_counted(tmp_path: Path) -> None:
    store = MemoryStore()
    text = minutes("09:30", 1) + minutes("09:30", 1, price=20) + minutes("09:30", 1, price=20)
    file = one(run(new_york(tmp_path, text), store, **NEW_YORK))

    assert (file.kept, file.corrected, file.duplicates) == (1, 1, 1)
    assert file.warnings == ["1 row gives the minute of an earlier row other values; the last row was taken"]
    assert inspect_store(store, calendars=SESSIONS.__getitem__).days[0].high == 21


def test_of_two_files_of_one_import_the_later_one_wins(tmp_path: Path) -> None:
    early = new_york(tmp_path, minutes("09:30", 4), "a/AAPL.csv")
    late = new_york(tmp_path, minutes("09:30", 2) + minutes("09:32", 2, price=8), "b/AAPL.csv")
    report = run(tmp_path, store := MemoryStore(), **NEW_YORK)

    assert [file.path for file in report.files] == [str(early), str(late)]
    assert [(file.kept, file.duplicates, file.corrected) for file in report.files] == [(4, 0, 0), (0, 2, 2)]
    assert inspect_store(store, calendars=SESSIONS.__getitem__).days[0].low == 7


def test_files_are_grouped_by_day_before_anything_is_written(tmp_path: Path) -> None:
    class Counting(MemoryStore):
        merges = 0

        def merge(self, calendar: str, date: str, day: object) -> object:  # type: ignore[override]  # passed on
            Counting.merges += 1
            return super().merge(calendar, date, day)  # type: ignore[arg-type]  # as above

    days = minutes("09:30", 2, "2024-03-07") + minutes("09:30", 2)
    run([new_york(tmp_path, days, f"S{number}.csv") for number in range(5)], Counting(), **NEW_YORK)

    assert Counting.merges == 2


REJECTS = [
    ("2024-03-08 09:30:00,10,9.5,9,10,5\n", "high_too_low", "high", "9.5", "at least 10, the higher of open and close"),
    ("2024-03-08 09:30:00,10,11,10.5,10.6,5\n", "low_too_high", "low", "10.5", "at most 10, the lower of"),
    ("2024-03-08 09:30:00,0,11,0,10,5\n", "price_not_positive", "open", "0", "above 0"),
    ("2024-03-08 09:30:00,10,11,9,10,-5\n", "volume_negative", "volume", "-5", "0 or more"),
    ("2024-03-08 09:30:30,10,11,9,10,5\n", "off_the_minute", "time", "2024-03-08 09:30:30 EST", "on the minute"),
    ("2024-03-08 09:30:00,10,inf,9,10,5\n", "not_finite", "high", "inf", "a finite number"),
    ("2024-03-09 09:30:00,10,11,9,10,5\n", "not_a_session_day", "time", "2024-03-09 09:30:00 EST", "XNYS has"),
    ("2024-03-08 09:30:00,,11,9,10,5\n", "empty_price", "open", "an empty cell", "a price"),
    ("2024-03-08 09:30:00,x,11,9,10,5\n", "unparsable", "open", "x", "a number"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "reason", "field", "seen", "expected"), REJECTS)
def test_a_rejected_row_is_counted_and_explained(
    tmp_path: Path, line: str, reason: str, field: str, seen: str, expected: str
) -> None:
    file = one(run(new_york(tmp_path, minutes("09:31", 3) + line), **NEW_YORK))

    assert (file.kept, file.rejected) == (3, {reason: 1})
    (example,) = file.examples
    assert (example.row, example.reason, example.field, example.seen) == (5, reason, field, seen)
    assert expected in example.expected


def test_at_most_five_examples_are_shown_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = "".join(line for line, *_ in REJECTS) * 2
    file = one(run(new_york(tmp_path, minutes("09:31", 3) + text), **NEW_YORK))

    assert [example.row for example in file.examples] == [5, 6, 7, 8, 9]
    assert sum(file.rejected.values()) == 18


def test_negative_prices_may_be_allowed(tmp_path: Path) -> None:
    file = one(run(new_york(tmp_path, minutes("09:30", 2, price=-37)), allow_negative=True, **NEW_YORK))

    assert file.kept == 2


def test_an_empty_volume_is_zero_and_said_and_blank_rows_are_counted(tmp_path: Path) -> None:
    file = one(run(new_york(tmp_path, minutes("09:30", 1) + "\n2024-03-08 09:31:00,10,11,9,10,\n\n"), **NEW_YORK))

    assert (file.rows, file.kept, file.blank_rows) == (2, 2, 2)
    assert file.warnings == ["1 rows have no volume; read as 0"]


def test_a_file_of_nothing_but_broken_rows_is_no_failure_of_the_others(tmp_path: Path) -> None:
    broken = new_york(tmp_path, "x,x,x,x,x,x\n", "BAD.csv")
    report = run([broken, new_york(tmp_path, minutes("09:30", 1))], **NEW_YORK)

    assert [file.kept for file in report.files] == [0, 1]
    assert report.files[0].rejected == {"unparsable": 1}


def test_a_broken_file_never_stops_the_others(tmp_path: Path) -> None:
    store = MemoryStore()
    report = run([written(tmp_path / "x.csv", "rubbish"), new_york(tmp_path, minutes("09:30", 1))], store, **NEW_YORK)

    assert report.files[0].error is not None
    assert "x.csv: fits no format: it begins with 'rubbish'" in report.files[0].error
    assert (report.totals.failed_files, report.totals.kept, report.error, report.failed) == (1, 1, None, True)
    assert store.dates("XNYS") == ("2024-03-08",)


def test_when_every_file_is_refused_the_import_has_failed(tmp_path: Path) -> None:
    files = [written(tmp_path / name, "rubbish") for name in ("x.csv", "y.csv")]

    assert run(files[:1]).error == run(files[:1]).files[0].error
    assert "all 2 files were refused (x.csv, y.csv): fits no format" in (run(files).error or "")


@pytest.mark.parametrize("text", [minutes("09:30", 3) + "x,x,x,x,x,x\n", "rubbish"])
def test_strict_writes_nothing_if_anything_is_wrong(tmp_path: Path, text: str) -> None:
    store = MemoryStore()
    good = new_york(tmp_path, minutes("09:30", 1), "MSFT.csv")
    bad = written(tmp_path / "AAPL.csv", text if text == "rubbish" else HEADER + text)
    report = run([good, bad], store, strict=True, **NEW_YORK)

    assert (report.failed, report.written, store.calendars()) == (True, False, ())
    assert report.error is not None
    assert report.error.startswith("strict: ")


def test_strict_is_content_with_sound_files(tmp_path: Path) -> None:
    report = run(new_york(tmp_path, minutes("09:30", 1)), strict=True, **NEW_YORK)

    assert (report.written, report.error) == (True, None)


def test_folders_are_walked_and_what_holds_no_bars_is_skipped_with_its_reason(tmp_path: Path) -> None:
    new_york(tmp_path, minutes("09:30", 1), "b/deep/AAPL.csv")
    new_york(tmp_path, minutes("09:30", 1), ".hidden/MSFT.csv")
    written(tmp_path / "README.md", "# hello")
    zipped(tmp_path / "equity/usa/minute/spy/20131007_quote.zip", {"x.csv": "1"})
    fifteen = "".join(
        minutes(f"{hour:02}:{minute}", 1) for hour in range(10, 16) for minute in ("00", "15", "30", "45")
    )
    new_york(tmp_path, fifteen, "AAPL_15min.csv")
    report = run(tmp_path, **NEW_YORK)

    assert [Path(file.path).name for file in report.files] == ["AAPL.csv"]
    assert {Path(file.path).name: file.reason.split(";")[0] for file in report.skipped} == {
        "README.md": "fits no format: it begins with '# hello', no column for time, open, high, low, close among "
        "'# hello'",
        "20131007_quote.zip": "LEAN minute quote data of equity usa, which has trades too",
        "AAPL_15min.csv": "bars every 15 minutes",
    }
    assert (report.totals.skipped_files, report.failed) == (3, False)


def test_what_is_skipped_in_a_folder_is_refused_when_it_is_named(tmp_path: Path) -> None:
    path = zipped(tmp_path / "equity/usa/minute/spy/20131007_quote.zip", {"x.csv": "1"})

    assert "imported only with --format lean-quote" in (run(path).error or "")


def test_a_folder_without_bars_and_a_path_that_is_not_there_are_errors(tmp_path: Path) -> None:
    assert run(tmp_path).error == "there is no file of bars among the paths"
    with pytest.raises(DataError, match=r"nowhere\.csv: there is no such file or folder"):
        run(tmp_path / "nowhere.csv")


def test_a_refused_file_within_a_folder_is_told_by_its_place_there(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        written(tmp_path / "in" / folder / "X.csv", HEADER + "2024-03-08 10:00:00,1,1,1,1,1\n")

    errors = [file.error or "" for file in run(tmp_path / "in", tz="UTC").files]

    assert [error.partition(": ")[0] for error in errors] == ["in/a/X.csv", "in/b/X.csv"]


def test_where_every_file_of_a_folder_was_skipped_the_error_says_why(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("hello")
    alone = run(tmp_path).error or ""
    for name in ("A-5m.json", "B-5m.json", "C-15m.json", "D-30m.json"):
        written(tmp_path / "in" / name, "[[1704067200000,1,1,1,1,1]]")
    several = run(tmp_path).error or ""
    for name in ("C-15m.json", "D-30m.json"):
        (tmp_path / "in" / name).unlink()

    minutes_only = "only one-minute bars are imported"
    assert alone.startswith("there is nothing to import: the only file was skipped: fits no format: it begins with")
    assert several == (
        "there is nothing to import: all 5 files were skipped: "
        f"freqtrade candles of 5m; {minutes_only} (2 of them); freqtrade candles of 15m; {minutes_only} (1 of them); "
        f"freqtrade candles of 30m; {minutes_only} (1 of them); and other reasons"
    )
    assert run(tmp_path / "in").error == (
        f"there is nothing to import: all 2 files were skipped: freqtrade candles of 5m; {minutes_only}"
    )


def test_options_that_name_something_unknown_are_errors(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no format 'x'"):
        run(tmp_path, format="x")
    with pytest.raises(DataError, match="'Nowhere' is no time zone"):
        run(tmp_path, tz="Nowhere")
    with pytest.raises(SettingsError):
        import_paths([tmp_path], MemoryStore(), ImportOptions(calendar="XXXX"))


def test_a_format_may_be_forced(tmp_path: Path) -> None:
    path = new_york(tmp_path, minutes("09:31", 2))
    forced = one(run(path, format="alphavantage"))

    assert (forced.format, forced.kept, forced.calendar) == ("alphavantage", 2, "XNYS")


def test_the_calendar_is_the_stores_only_one_where_nobody_says(tmp_path: Path) -> None:
    path, store = new_york(tmp_path, minutes("09:30", 1)), MemoryStore()
    refused = one(run(path, store, tz="UTC"))
    run(path, store, **NEW_YORK)

    assert "give one, as in --calendar XNYS" in (refused.error or "")
    assert one(run(path, store, tz="America/New_York")).calendar == "XNYS"


def test_one_name_from_two_markets_is_said(tmp_path: Path) -> None:
    for place in ("crypto/coinbase", "cryptofuture/binance"):
        zipped(tmp_path / place / "minute/btcusd/20221213_trade.zip", {"x.csv": "0,1,1,1,1,1\n60000,1,1,1,1,1\n"})
    report = run(tmp_path)

    assert report.files[0].warnings == []
    assert "BTCUSD comes from crypto/coinbase and from cryptofuture/binance" in report.files[1].warnings[0]


def test_many_symbols_share_their_minutes(tmp_path: Path) -> None:
    lines = [f"S{number}," + line for number in range(9) for line in minutes("09:30", 3).splitlines(keepends=True)]
    report = run(written(tmp_path / "day.csv", "symbol," + HEADER + "".join(lines)), store := MemoryStore(), **NEW_YORK)

    assert (report.totals.kept, report.totals.symbols) == (27, 9)
    assert [day.bars for day in inspect_store(store, calendars=SESSIONS.__getitem__).days] == [3] * 9


def test_a_day_of_nothing_but_rejected_rows_is_no_session_of_the_file(tmp_path: Path) -> None:
    text = minutes("09:30", 2, "2024-03-06") + minutes("09:30", 2, "2024-03-07", price=-5) + minutes("09:30", 2)

    assert one(run(new_york(tmp_path, text), **NEW_YORK)).sessions == ["2024-03-06", "2024-03-08"]


def test_an_answer_without_bars_is_refused(tmp_path: Path) -> None:
    assert one(run(written(tmp_path / "x.json", '{"bars": {}}'))).error == "x.json: there are no rows"


def test_progress_is_told_after_each_file_and_each_day(tmp_path: Path) -> None:
    days = minutes("09:30", 2, "2024-03-07") + minutes("09:30", 2)
    files = [new_york(tmp_path, days, f"S{number}.csv") for number in range(2)]
    told: list[ImportProgress] = []
    import_paths(files, MemoryStore(), ImportOptions(**NEW_YORK), told.append, SESSIONS.__getitem__)

    assert [(step.phase, step.done, step.total, step.rows) for step in told] == [
        ("reading", 1, 2, 4),
        ("reading", 2, 2, 8),
        ("writing", 1, 2, 8),
        ("writing", 2, 2, 8),
    ]
    assert [step.at for step in told[2:]] == ["2024-03-07", "2024-03-08"]


def march(tmp_path: Path) -> Path:
    """Write three minutes of each session of March 2024 up to the 28th, which are twenty."""
    holidays_aside = [
        f"2024-03-{number:02}" for number in range(1, 29) if SESSIONS["XNYS"].session(f"2024-03-{number:02}")
    ]
    return new_york(tmp_path, "".join(minutes("09:30", 3, date) for date in holidays_aside))


def test_many_days_are_written_at_once_and_told_in_order(tmp_path: Path) -> None:
    store, told = ParquetStore(tmp_path / "store"), []
    report = import_paths([march(tmp_path)], store, ImportOptions(**NEW_YORK), told.append, SESSIONS.__getitem__)
    store.close()
    writing = [step for step in told if step.phase == "writing"]

    assert [step.done for step in writing] == list(range(1, 21))
    assert [step.at for step in writing] == one(report).sessions == list(store.dates("XNYS"))
    assert (one(report).kept, one(report).rows) == (60, 60)
    assert list(tmp_path.rglob("*.tmp")) == []


def test_a_day_that_cannot_be_written_is_named_and_those_before_it_are_there(tmp_path: Path) -> None:
    store, told = ParquetStore(tmp_path / "store"), []
    in_the_way = store.root / "calendar=XNYS" / "date=2024-03-14" / ".bars.parquet.tmp"

    def block(step: ImportProgress) -> None:
        told.append(step)
        if step.phase == "reading":
            store.merge("XNYS", "2024-02-01", NO_BARS)  # takes the lock, which clears away what a crash left
            in_the_way.mkdir(parents=True)

    with pytest.raises(DataError, match=r"2024-03-14"):
        import_paths([march(tmp_path)], store, ImportOptions(**NEW_YORK), block, SESSIONS.__getitem__)
    store.close()

    assert [step.at for step in told][-1] == "2024-03-13"
    assert store.dates("XNYS")[:9] == tuple(step.at for step in told if step.phase == "writing")
    assert "2024-03-14" not in store.dates("XNYS")


def test_an_interrupted_import_leaves_whole_days_and_no_thread_and_may_be_repeated(tmp_path: Path) -> None:
    path, store, threads = march(tmp_path), ParquetStore(tmp_path / "store"), set(threading.enumerate())

    def interrupt(step: ImportProgress) -> None:
        if step.phase == "writing" and step.done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_paths([path], store, ImportOptions(**NEW_YORK), interrupt, SESSIONS.__getitem__)
    written_days = len(store.dates("XNYS"))
    again = one(run(path, store, **NEW_YORK))
    store.close()

    assert 5 <= written_days < 20
    assert set(threading.enumerate()) <= threads
    assert (again.kept, again.duplicates) == (60 - 3 * written_days, 3 * written_days)
