"""Large files: cut into blocks and spilled to disk they leave the same report and the same store, in bounded memory."""

import gzip
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv

from actors.importing.into_store import ImportOptions, ImportProgress, ImportReport, import_paths
from actors.kernel.ports import StoredDay
from actors.reading import assemble, delimited
from actors.storage.memory import MemoryStore
from tests.depth import also_slow
from tests.importing.imports import NEW_YORK, SESSIONS, minutes, new_york, one, run
from tests.vendors.files import HEADER, row, written

DAMAGE = ("ten", "", "-5", "1e400", "\n", "x,y")


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 512)


def messy(seed: int) -> str:
    """Return three days of two symbols in any order, with repeats, contradictions and damage."""
    rng, lines = random.Random(seed), []
    for _ in range(400):
        stamp = f"2024-03-{rng.choice((7, 8, 9)):02} {rng.choice((8, 9, 10)):02}:{rng.randrange(60):02}:00"
        cells = [rng.choice(("AAPL", "msft")), *row(stamp, rng.choice((10, 20))).strip().split(",")]
        if rng.random() < 0.1:
            cells[rng.randrange(1, 6)] = rng.choice(DAMAGE)
        lines.append(",".join(cells) + "\n")
    return "symbol," + HEADER + "".join(lines)


def imported(paths: list[Path], store: MemoryStore, held_bytes: int, **options: object) -> ImportReport:
    return import_paths(paths, store, ImportOptions(**options), calendars=SESSIONS.__getitem__, held_bytes=held_bytes)


def days(store: MemoryStore) -> list[StoredDay]:
    return [day for date in store.dates("XNYS") if (day := store.read("XNYS", date))]


@pytest.mark.parametrize("seed", also_slow([0], range(1, 5)))
@pytest.mark.parametrize("strict", also_slow([False], [True]))
def test_neither_blocks_nor_the_disk_change_what_an_import_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, *, strict: bool
) -> None:
    files = [written(tmp_path / f"{number}.csv", messy(10 * seed + number)) for number in range(3)]
    whole, cut = MemoryStore(), MemoryStore()
    expected = imported(files, whole, 1 << 30, strict=strict, **NEW_YORK)
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 512)
    found = imported(files, cut, 2_000, strict=strict, **NEW_YORK)

    assert msgspec.json.encode(found) == msgspec.json.encode(expected)
    assert all(left.bars == right.bars for left, right in zip(days(cut), days(whole), strict=True))
    assert expected.totals.rejected
    assert (expected.totals.corrected > 0, expected.totals.held_back > 0) == (not strict, strict)
    assert expected.written is not strict


def test_a_day_in_stretches_is_certified_as_one_in_memory_is(tmp_path: Path) -> None:
    stores = whole, cut = MemoryStore(), MemoryStore()
    for price in (10, 20):  # the second import corrects, and there is a certificate already
        files = [
            new_york(tmp_path, minutes("09:30", 20, price=price) + minutes("15:30", 9, price=price), f"{symbol}.csv")
            for symbol in "AB"
        ]
        for store, held_bytes in zip(stores, (1 << 30, 1_000), strict=True):
            assert imported(files, store, held_bytes, complete=True, **NEW_YORK).certified == 1

        assert cut.certificate("XNYS", "2024-03-08") == whole.certificate("XNYS", "2024-03-08")


@pytest.mark.usefixtures("small_blocks")
def test_a_file_that_turns_out_to_be_broken_leaves_nothing_behind(tmp_path: Path) -> None:
    lines = "".join(minutes(f"{hour:02}:00", 60) for hour in range(10, 15))
    noise = "".join(random.Random(1).choices("abcdefgh", k=40_000))  # so that there is something behind the lines
    broken = written(tmp_path / "a.csv.gz", gzip.compress((HEADER + lines + noise).encode())[:-2_000])
    sound = new_york(tmp_path, minutes("10:00", 3, price=20), "b.csv")
    store = MemoryStore()
    report = imported([broken, sound], store, 1_000, **NEW_YORK)

    assert "a.csv.gz: cannot be unpacked" in (report.files[0].error or "")
    assert (report.totals.rows, report.totals.kept, report.totals.corrected) == (3, 3, 0)
    assert [day.bars.symbols for day in days(store)] == [("B",)]


@pytest.mark.usefixtures("small_blocks")
def test_bars_of_another_length_are_refused_however_many_blocks_they_take(tmp_path: Path) -> None:
    stamps = [f"2024-03-08 {minute // 60:02}:{minute % 60:02}:00" for minute in range(0, 1440, 5)]
    path = new_york(tmp_path, "".join(row(stamp) for stamp in stamps))

    for options in (NEW_YORK, {"tz": "UTC"}):  # with a calendar, and before anybody asks for one
        assert one(run(path, **options)).error == "AAPL.csv: bars every 5 minutes; only one-minute bars are imported"


@pytest.mark.usefixtures("small_blocks")
def test_a_minute_bar_file_without_a_calendar_is_refused_for_that(tmp_path: Path) -> None:
    assert "give one, as in --calendar XNYS" in (
        one(run(new_york(tmp_path, minutes("10:00", 60)), tz="UTC")).error or ""
    )


@pytest.mark.usefixtures("small_blocks")
def test_a_refusal_without_a_zone_tells_the_edges_of_the_whole_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assemble, "_LOCAL_ROWS", 10)
    path = new_york(tmp_path, minutes("10:00", 60) + minutes("09:30", 1) + minutes("15:00", 60))

    assert "the first is 2024-03-08 09:30:00, the last 2024-03-08 15:59:00" in (one(run(path)).error or "")


@pytest.mark.usefixtures("small_blocks")
def test_progress_moves_by_the_bytes_within_a_large_file(tmp_path: Path) -> None:
    large = new_york(tmp_path, "".join(minutes(f"{hour:02}:00", 60) for hour in range(10, 15)), "A.csv")
    small = new_york(tmp_path, minutes("10:00", 1), "B.csv")
    told: list[ImportProgress] = []
    import_paths([large, small], MemoryStore(), ImportOptions(**NEW_YORK), told.append, SESSIONS.__getitem__)
    reading = [step for step in told if step.phase == "reading"]

    assert len(reading) > 10
    assert [step.share for step in reading] == sorted(step.share for step in reading)
    assert {step.done for step in reading[:-2]} == {0}
    assert [(step.done, step.total) for step in reading[-2:]] == [(1, 2), (2, 2)]
    assert reading[-2].share == large.stat().st_size / (large.stat().st_size + small.stat().st_size)
    assert [step.share for step in told[-2:]] == [1.0, 1.0]


PEAK = """
import sys
from pathlib import Path
from actors.importing.into_store import ImportOptions, import_paths
from actors.storage.parquet import ParquetStore

store = ParquetStore(Path(sys.argv[2]))
report = import_paths([sys.argv[1]], store, ImportOptions(calendar="24/7"))
assert report.totals.kept == report.totals.rows > 0, report
print(next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")))
"""


def large_file(path: Path, megabytes: int) -> Path:
    """Write ten symbols' minutes around the clock, symbol after symbol."""
    count = megabytes * 1_000_000 // 520
    minute = 1_704_067_200_000 + 60_000 * np.tile(np.arange(count), 10)
    middle = np.round(100 + np.random.default_rng(7).normal(0, 1, 10 * count), 2)
    symbol = pa.array(np.repeat([f"COIN{number}" for number in range(10)], count))
    prices = {"open": middle, "high": middle + 3, "low": middle - 3, "close": np.round(middle + 0.01, 2)}
    csv.write_csv(
        pa.table({"symbol": symbol, "timestamp": minute, **prices, "volume": np.full(10 * count, 1234)}), path
    )
    return path


def whole_market(path: Path, megabytes: int) -> Path:
    """Write one day of thousands of symbols, symbol after symbol."""
    symbols, minute = megabytes * 1_000_000 // (390 * 54), np.arange(1_709_908_200_000, 1_709_931_600_000, 60_000)
    count = 390 * symbols
    middle = np.round(100 + np.random.default_rng(7).normal(0, 1, count), 2)
    symbol = pa.array(np.repeat([f"S{number:05}" for number in range(symbols)], 390))
    prices = {"open": middle, "high": middle + 3, "low": middle - 3, "close": np.round(middle + 0.01, 2)}
    csv.write_csv(
        pa.table({"symbol": symbol, "timestamp": np.tile(minute, symbols), **prices, "volume": np.full(count, 1234)}),
        path,
    )
    return path


def peak_megabytes(path: Path, store: Path) -> float:
    """Import a file in a process of its own and return the most memory that it held."""
    done = subprocess.run([sys.executable, "-c", PEAK, path, store], check=True, capture_output=True, text=True)
    return int(done.stdout) / 1_000


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux says what a process used at its peak")
@pytest.mark.parametrize("file_of", [large_file, whole_market])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, file_of: Callable[[Path, int], Path]) -> None:
    large, small = file_of(tmp_path / "large.csv", 200), file_of(tmp_path / "small.csv", 50)

    of_large, of_small = peak_megabytes(large, tmp_path / "a"), peak_megabytes(small, tmp_path / "b")

    assert large.stat().st_size > 190_000_000
    assert of_large < 400
    assert of_large - of_small < 100  # of 150 more; what lies between reader and writer depends on who is at turn
