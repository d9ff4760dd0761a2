"""Large days in groups of rows of a few symbols each: who asks for one symbol need not read all."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.dataset as pa_dataset
import pyarrow.fs as pa_fs
import pyarrow.parquet as pq
import pytest
from fsspec.implementations.local import LocalFileSystem

from actors.feeds.simulated.market import SimulatedMarket
from actors.kernel.ports import StoredDay
from actors.market.calendar import Calendar
from actors.storage import barfile, dayfile
from actors.storage.migration import migrate_store
from actors.storage.parquet import ParquetStore
from actors.storage.places import Places
from messages.errors import DataError
from messages.tables.columns import BarBatch
from messages.values import Verdict
from tests.storage.days import DATE, MINUTE, START, all_regular, bar, day, file_of

SYMBOLS = tuple(f"S{number:03}" for number in range(500))
DATES = (DATE, "2024-03-11", "2024-03-12")


def market(date: str, symbols: tuple[str, ...] = SYMBOLS, minutes: int = 390) -> StoredDay:
    """Bars of all symbols, a few of them missing."""
    chance = np.random.default_rng(int(date[-2:]))
    there = chance.random((minutes, len(symbols))) > 0.05
    minute, index = np.nonzero(there)
    prices = np.round(50 + np.cumsum(chance.normal(0, 0.02, (4, len(minute))), axis=1), 2)
    bars = BarBatch(
        symbols=symbols,
        symbol_index=index.astype(np.int32),
        start_ns=START + minute * MINUTE,
        values=np.vstack([prices, chance.integers(1, 9999, len(minute))]).astype(np.float64),
    )
    verdicts = chance.choice([Verdict.STREAMED, Verdict.FILLED], len(minute)).astype(np.uint8)
    return StoredDay(bars=bars, verdicts=verdicts, tz="America/New_York")


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ParquetStore:
    """A store in which a day is large that has forty bars."""
    monkeypatch.setattr(dayfile, "_LEAST_ROWS", 10)
    Places(tmp_path / "store").make_by_symbols(by_symbols=True)
    return ParquetStore(tmp_path / "store", segment_of=lambda _, starts: (starts // MINUTE % 4).astype(np.uint8))


def told(store: ParquetStore, *symbols: str, span: Any = None) -> tuple[Any, ...]:
    stored = store.read("XNYS", DATE, symbols, span)
    assert stored is not None
    return stored.bars, stored.verdicts.tolist(), stored.tz


@pytest.mark.parametrize("span", [None, (START + 3 * MINUTE, START + 8 * MINUTE)])
@pytest.mark.parametrize("symbols", [(), ("S003",), ("S000", "S019", "X"), ("A",), ("S005", "S0055", "S006")])
def test_what_is_read_is_what_was_written(small: ParquetStore, tmp_path: Path, symbols: Any, span: Any) -> None:
    plain = ParquetStore(tmp_path / "plain", segment_of=all_regular)
    for store in (small, plain):
        store.merge("XNYS", DATE, market(DATE, SYMBOLS[:20], 12))
        store.merge("XNYS", DATE, day(bar("S007", 2, 99.0), bar("A", 3)))

    assert pq.read_metadata(file_of(small)).num_row_groups > 4
    assert pq.read_metadata(file_of(plain)).num_row_groups == 1
    assert told(small, *symbols, span=span) == told(plain, *symbols, span=span)


def test_a_small_day_is_one_group_in_the_order_of_time(small: ParquetStore) -> None:
    small.merge("XNYS", DATE, market(DATE, SYMBOLS[:3], 10))

    assert pq.read_metadata(file_of(small)).num_row_groups == 1


def test_polars_reads_days_that_came_in_any_way(small: ParquetStore) -> None:
    small.merge("XNYS", DATE, market(DATE, SYMBOLS[:20], 12))
    small.merge("XNYS", DATES[1], day(bar("A", 0)))
    small.merge_stretches("XNYS", DATES[2], ("A",), [day(bar("A", 0))])

    found = pl.scan_parquet(f"{small.root}/**/*.parquet", hive_partitioning=True)
    assert found.filter(pl.col("symbol") == "A").collect().height == 2


def test_groups_that_are_not_in_the_order_of_their_symbols_are_refused(small: ParquetStore) -> None:
    small.merge("XNYS", DATE, market(DATE, SYMBOLS[:20], 12))
    table = pq.read_table(file_of(small))
    with pq.ParquetWriter(file_of(small), table.schema) as writer:
        for group in (table.slice(100), table.slice(0, 100)):
            writer.write_table(group)

    with pytest.raises(DataError, match="sorted by start and symbol"):
        small.read("XNYS", DATE)


def test_groups_that_say_nothing_of_themselves_are_read_too(small: ParquetStore) -> None:
    small.merge("XNYS", DATE, market(DATE, SYMBOLS[:20], 12))
    before = told(small), told(small, "S003", "S017")
    with pq.ParquetFile(file_of(small)) as file:
        groups = [file.read_row_group(number) for number in range(file.num_row_groups)]
        schema = file.schema_arrow
    with pq.ParquetWriter(file_of(small), schema, write_statistics=False) as writer:
        for group in groups:
            writer.write_table(group)

    assert (told(small), told(small, "S003", "S017")) == before


def test_days_are_arranged_by_symbols_and_back_and_say_the_same(small: ParquetStore) -> None:
    small.merge("XNYS", DATE, market(DATE, SYMBOLS[:20], 12))
    small.merge("XNYS", DATES[1], day(bar("A", 0)))
    small.close()
    before, rows = told(small), segments(small)

    back = migrate_store(small.root, narrow=False, by_symbols=False)
    in_time, groups = told(small), pq.read_metadata(file_of(small)).num_row_groups
    in_time_rows = segments(small)
    again = migrate_store(small.root, narrow=False, by_symbols=True)
    nothing = migrate_store(small.root)

    assert ([one.date for one in back.days], back.in_place, groups) == ([DATE, DATES[1]], 0, 1)
    assert ([one.date for one in again.days], again.faults, nothing.days) == ([DATE, DATES[1]], [], [])
    assert before == in_time == told(small)
    assert rows == in_time_rows == segments(small)
    assert not list(small.root.rglob("*.tmp"))


def segments(store: ParquetStore) -> list[tuple[Any, ...]]:
    table = pq.read_table(file_of(store), columns=["symbol", "start", "segment"])
    return sorted(zip(*(column.to_pylist() for column in table.columns), strict=True))


def test_a_day_that_cannot_be_read_is_left_and_told(small: ParquetStore) -> None:
    small.merge("XNYS", DATE, market(DATE, SYMBOLS[:20], 12))
    small.close()
    file_of(small).write_bytes(b"PAR1")

    report = migrate_store(small.root, narrow=False, by_symbols=False)

    assert [one.date for one in report.days] == [DATE]
    assert "cannot be read" in report.faults[0]


def days_of_a_market() -> Iterator[tuple[str, StoredDay]]:
    """Yield six days of 500 symbols."""
    made_up = SimulatedMarket.of_size(500, quiet=0.02)
    for session in Calendar("XNYS").sessions("2024-03-04", "2024-03-11"):
        yield session.date, made_up.day(session)


class Counting(LocalFileSystem):
    """The files of this computer, and how much of them is read."""

    protocol = "counting"
    so_far = 0

    def _open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        file = super()._open(path.removeprefix("counting://"), mode, **options)
        read = file.read

        def counted(size: int = -1) -> bytes:
            raw: bytes = read(size)
            self.so_far += len(raw)
            return raw

        file.read = counted
        return file


def of_duckdb(store: Path, symbol: str, counting: Counting) -> int:
    with duckdb.connect() as database:
        database.register_filesystem(counting)
        files = f"read_parquet('counting://{store}/**/*.parquet', hive_partitioning = true)"
        return len(database.sql(f"select * exclude (start) from {files} where symbol = '{symbol}'").fetchall())


def of_pyarrow(store: Path, symbol: str, counting: Counting) -> int:
    files = pa_fs.PyFileSystem(pa_fs.FSSpecHandler(counting))
    found = pa_dataset.dataset(str(store), filesystem=files, partitioning="hive")
    return int(found.to_table(filter=pa_dataset.field("symbol") == symbol).num_rows)


def of_ours(store: Path, symbol: str, counting: Counting) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(barfile, "source_of", lambda path: pa.PythonFile(counting.open(str(path)), "r"))
        opened = ParquetStore(store, read_only=True)
        days = [opened.read("XNYS", date, (symbol,)) for date in opened.dates("XNYS")]
        return sum(len(one.bars) for one in days if one is not None)


@pytest.mark.slow
def test_who_asks_for_one_symbol_of_five_hundred_reads_less_than_a_twentieth(tmp_path: Path) -> None:
    Places(tmp_path / "store").make_by_symbols(by_symbols=True)
    with closing(ParquetStore(tmp_path / "store", segment_of=all_regular)) as store:
        for date, given in days_of_a_market():
            store.merge("XNYS", date, given)
            symbol = given.bars.symbols[int(np.argmax(np.bincount(given.bars.symbol_index)))]
    whole = sum(path.stat().st_size for path in tmp_path.rglob("*.parquet"))

    for asked in (of_duckdb, of_pyarrow, of_ours):
        counting = Counting(skip_instance_cache=True)
        assert asked(tmp_path / "store", symbol, counting) > 2000
        assert 0 < counting.so_far < 0.05 * whole, asked.__name__
