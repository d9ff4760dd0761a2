"""Days of many files against a plain dictionary: what is stored, and what every file is told of its rows."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.importing.day_merge import settle
from actors.importing.file_check import FileBars
from actors.importing.held.pile import Pile
from actors.importing.report import FileReport
from actors.market.calendar import Assignment
from actors.storage.memory import MemoryStore
from messages.values import MINUTE_NS

DATES = ("2024-03-07", "2024-03-08")

rows = st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(0, 4), st.integers(1, 2))
imports = st.lists(st.lists(st.lists(rows, min_size=1, max_size=8), min_size=1, max_size=3), min_size=1, max_size=3)


def file_of(lines: list[tuple[int, int, int, int]], spread: int, fields: int) -> FileBars:
    symbol, date, minute, price = np.array(lines).T
    values = np.full((fields, len(lines)), 5.0)
    values[:4] = price
    return FileBars(
        symbols=("C", "A", "B"),
        symbol_index=symbol.astype(np.int32),
        start_ns=(date * 1440 + minute * spread) * MINUTE_NS,
        values=values,
        rows=np.arange(len(lines)),
        assignment=Assignment(dates=DATES, date_index=date.astype(np.int32), segment=np.ones(len(lines), np.uint8)),
    )


def run(store: MemoryStore, files: list[FileBars], *, write: bool = True) -> list[FileReport]:
    reports, pile = [FileReport(path=str(number)) for number in range(len(files))], Pile()
    stored = set(store.dates("24/7"))
    for number, bars in enumerate(files):
        pile.add(number, "24/7", bars)
    for day in pile.take():
        settle(day, store, tz="UTC", is_stored=stored.__contains__, write=write).add_to(reports)
    return reports


def counts(report: FileReport) -> tuple[int, int, int]:
    return report.kept, report.duplicates, report.corrected


def held(store: MemoryStore) -> dict[tuple[str, int], float]:
    days = [day for date in store.dates("24/7") if (day := store.read("24/7", date))]
    return {(bar.symbol, bar.start_ns): bar.close for day in days for bar in day.bars.bars()}


@given(imports, st.sampled_from([1, 200]), st.sampled_from([5, 7]))
@settings(deadline=None)
def test_the_last_row_wins_and_every_row_is_counted_where_it_stands(
    imported: list[list[list[tuple[int, int, int, int]]]], spread: int, fields: int
) -> None:
    store, plain = MemoryStore(), {}
    for files in imported:
        expected = []
        for lines in files:
            kept = duplicates = corrected = 0
            for symbol, date, minute, price in lines:
                cell = "CAB"[symbol], (date * 1440 + minute * spread) * MINUTE_NS
                kept += cell not in plain
                duplicates += plain.get(cell) == price
                corrected += cell in plain and plain[cell] != price
                plain[cell] = price
            expected.append((kept, duplicates, corrected))

        dry = run(store, [file_of(lines, spread, fields) for lines in files], write=False)
        wet = run(store, [file_of(lines, spread, fields) for lines in files])

        assert [counts(report) for report in wet] == expected
        assert [counts(report) for report in dry] == expected
    assert held(store) == plain


def test_an_unknown_vwap_says_nothing_new() -> None:
    store = MemoryStore()
    with_vwap, without = file_of([(0, 0, 0, 1)], 1, 7), file_of([(0, 0, 0, 1)], 1, 5)

    first, second, third = (counts(run(store, [bars])[0]) for bars in (with_vwap, without, with_vwap))

    assert (first, second, third) == ((1, 0, 0), (0, 1, 0), (0, 1, 0))


def test_a_newly_known_vwap_corrects() -> None:
    store = MemoryStore()
    run(store, [file_of([(0, 0, 0, 1)], 1, 5)])

    assert counts(run(store, [file_of([(0, 0, 0, 1)], 1, 7)])[0]) == (0, 0, 1)


def test_files_with_and_without_vwap_meet_in_one_day() -> None:
    store = MemoryStore()
    reports = run(store, [file_of([(0, 0, 0, 1)], 1, 5), file_of([(1, 0, 0, 1)], 1, 7)])

    assert [report.kept for report in reports] == [1, 1]
