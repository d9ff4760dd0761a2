"""What one file of the Parquet store looks like to others, and what becomes of one that is damaged."""

import gc
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.storage import barfile, dayrows
from actors.storage.dayfile import read_day, write_day
from actors.storage.parquet import ParquetStore
from messages.errors import DataError
from messages.tables.columns import BarBatch
from tests.depth import examples
from tests.house.source import ROOT
from tests.storage.days import DATE, MINUTE, START, all_regular, bar, day, file_of

FULL = Path("/dev/full")


def rewritten(path: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    """Write a file anew with other columns or metadata, as somebody else's program might."""
    pq.write_table(change(pq.ParquetFile(path).read()), path)


def test_anybody_can_read_the_file_with_pandas(tmp_path: Path):
    store = ParquetStore(tmp_path)
    store.merge("XNYS", DATE, day(bar("MSFT", 0, 11.0), bar("AAPL", 0), bar("AAPL", -1)))
    store.close()

    frame = pd.read_parquet(file_of(store))

    assert list(frame) == [
        "symbol", "start", "open", "high", "low", "close", "volume", "vwap", "trades", "verdict", "segment",
    ]  # fmt: skip
    assert frame["symbol"].tolist() == ["AAPL", "AAPL", "MSFT"]
    assert frame["start"].tolist() == [pd.Timestamp("2024-03-08 14:29Z"), *[pd.Timestamp("2024-03-08 14:30Z")] * 2]
    assert frame["close"].tolist() == [10.0, 10.0, 11.0]
    assert frame["verdict"].tolist() == ["streamed"] * 3
    assert frame["segment"].tolist() == ["pre_market", "regular", "regular"]


def test_the_metadata_says_what_the_file_is(store: ParquetStore):
    store.merge("XNYS", DATE, day(bar("MSFT", 1), bar("AAPL", 0, vwap=10.0)))

    metadata = pq.read_schema(file_of(store)).metadata

    found = {key.decode(): text.decode() for key, text in metadata.items() if key.startswith(b"barkeeper.")}
    assert found == {
        "barkeeper.version": "1",
        "barkeeper.calendar": "XNYS",
        "barkeeper.date": DATE,
        "barkeeper.tz": "America/New_York",
        "barkeeper.interval": "1m",
        "barkeeper.symbols": '["AAPL","MSFT"]',
        "barkeeper.fields": "7",
    }
    assert {"vwap", "trades"} < set(pq.read_schema(file_of(store)).names)


@pytest.mark.parametrize("small", [0, 7])
def test_a_day_of_many_row_groups_is_read_whole_and_in_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small: int
):
    monkeypatch.setattr(barfile, "ROW_GROUP", 7)
    monkeypatch.setattr(dayrows, "_SMALL_GROUP", small)
    store = ParquetStore(tmp_path, segment_of=all_regular)
    given_day = day(*(bar(s, m, 1.0 + m) for s in "ABCDE" for m in range(10)), bar("Z", 9))
    store.merge("XNYS", DATE, given_day)
    store.close()

    everything, some = store.read("XNYS", DATE), store.read("XNYS", DATE, ["B", "Z"])

    assert pq.read_metadata(file_of(store)).num_row_groups == 8
    assert everything is not None
    assert everything.bars == given_day.bars
    assert some is not None
    assert some.bars == BarBatch.of([*(bar("B", m, 1.0 + m) for m in range(10)), bar("Z", 9)])
    only_last = store.read("XNYS", DATE, ["Z"])
    assert only_last is not None
    assert list(only_last.bars.bars()) == [bar("Z", 9)]


@pytest.mark.parametrize("statistics", [True, False])
def test_a_span_is_found_with_and_without_statistics(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, statistics: bool
):
    monkeypatch.setattr(barfile, "ROW_GROUP", 3)
    monkeypatch.setattr(barfile, "_SEARCHED", ["start"] if statistics else [])
    store = ParquetStore(tmp_path, segment_of=all_regular)
    store.merge("XNYS", DATE, day(*(bar(symbol, minute) for symbol in "AB" for minute in range(10))))
    store.close()

    found = store.read("XNYS", DATE, span=(START + 4 * MINUTE, START + 6 * MINUTE))

    assert found is not None
    assert list(found.bars.bars()) == [bar("A", 4), bar("B", 4), bar("A", 5), bar("B", 5)]


def test_names_in_another_order_are_read_all_the_same(store: ParquetStore):
    given_day = day(bar("A", 0), bar("B", 0, 11.0), bar("A", 1))
    store.merge("XNYS", DATE, given_day)
    backwards = pa.DictionaryArray.from_arrays(pa.array([1, 0, 1]), ["B", "A"])

    rewritten(file_of(store), lambda table: table.set_column(0, "symbol", backwards))

    stored = store.read("XNYS", DATE)
    assert stored is not None
    assert stored.bars == given_day.bars


def test_a_name_that_no_bar_has_may_be_unknown(store: ParquetStore):
    given_day = day(bar("A", 0), bar("B", 0, 11.0))
    store.merge("XNYS", DATE, given_day)
    with_another = pa.DictionaryArray.from_arrays(pa.array([0, 1]), ["A", "B", "C"])

    rewritten(file_of(store), lambda table: table.set_column(0, "symbol", with_another))

    stored = store.read("XNYS", DATE)
    assert stored is not None
    assert stored.bars == given_day.bars


def test_no_cell_may_be_empty_and_a_file_where_any_may_is_read_all_the_same(store: ParquetStore):
    given_day = day(bar("A", 0), bar("B", 0, 11.0))
    store.merge("XNYS", DATE, given_day)
    schema = pq.read_schema(file_of(store))

    rewritten(file_of(store), lambda t: t.cast(pa.schema([f.with_nullable(True) for f in schema], schema.metadata)))

    stored = store.read("XNYS", DATE)
    assert [field.name for field in schema if field.nullable] == ["vwap", "trades"]
    assert all(field.nullable for field in pq.read_schema(file_of(store)))
    assert stored is not None
    assert stored.bars == given_day.bars


def test_an_empty_cell_of_a_value_is_read_as_unknown(store: ParquetStore):
    store.merge("XNYS", DATE, day(bar("A", 0, vwap=1.0), bar("A", 1, vwap=2.0)))

    rewritten(file_of(store), lambda t: t.set_column(7, "vwap", pa.array([1.0, None])))

    stored = store.read("XNYS", DATE)
    assert stored is not None
    assert [b.vwap for b in stored.bars.bars()] == [1.0, None]


@pytest.mark.skipif(not FULL.exists(), reason="there is no device here that is full")
def test_a_full_disk_is_an_error_of_ours_and_arrow_says_nothing_more(capfd: pytest.CaptureFixture[str]) -> None:
    assert refused(pa.table({"start": pa.array(range(9), pa.int64())})) == "No space left on device"
    gc.collect()

    assert capfd.readouterr() == ("", "")


FILLS_UP = """
import gc
import pyarrow as pa
from actors.storage.barfile import writing

class Disk:
    def __init__(self, room):
        self.room, self.taken = room, 0

    def write(self, data):
        if self.taken + len(data) > self.room:
            raise OSError(28, "No space left on device")
        self.taken += len(data)
        return len(data)

    def tell(self):
        return self.taken

    def flush(self):
        pass

table = pa.table({"start": range(9), **{f"close {number}": range(9) for number in range(2_000)}})  # much to end with

def write(disk):
    try:
        with writing(disk, table.schema) as write_table:
            write_table(table)
    except OSError:
        return False
    return True

whole = Disk(1 << 30)
assert write(whole)
for room in range(0, whole.taken, whole.taken // 40):
    assert not write(Disk(room))
    gc.collect()
print("goes on")
"""


def test_wherever_the_disk_is_full_the_process_goes_on() -> None:
    done = subprocess.run([sys.executable, "-c", FILLS_UP], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, "goes on\n", "")


def refused(table: pa.Table) -> str | None:
    """Return why a table cannot be written; nothing of what was tried is left."""
    try:
        with FULL.open("wb", buffering=0) as file, barfile.writing(file, table.schema) as put:
            put(table)
    except OSError as error:
        return error.strerror
    return None


def test_a_file_without_rows_is_an_empty_day(store: ParquetStore):
    store.merge("XNYS", DATE, day(bar("A", 0)))

    rewritten(file_of(store), lambda table: table.slice(0, 0))

    stored = store.read("XNYS", DATE)
    assert stored is not None
    assert len(stored.bars) == 0


def saying(key: str, text: str | None) -> Callable[[pa.Table], pa.Table]:
    """Return the change that sets or removes one key of the metadata."""

    def change(table: pa.Table) -> pa.Table:
        kept = {name: found for name, found in table.schema.metadata.items() if name != b"barkeeper." + key.encode()}
        return table.replace_schema_metadata(kept if text is None else {**kept, "barkeeper." + key: text})

    return change


def holding(place: int, name: str, column: Callable[[pa.Table], pa.Array]) -> Callable[[pa.Table], pa.Table]:
    """Return the change that puts another column in a place."""
    return lambda table: table.set_column(place, name, column(table))


DAMAGES = {
    "no metadata": (lambda t: t.replace_schema_metadata(None), "barkeeper.version, found None"),
    "metadata of others": (lambda t: t.replace_schema_metadata({b"\xff": b"\xff"}), "found None"),
    "other version": (saying("version", "2"), "expected version 1 .* found 2"),
    "no zone": (saying("tz", None), "field `tz`"),
    "an empty start": (
        holding(1, "start", lambda t: pa.array([None] * len(t), pa.timestamp("ns", "UTC"))),
        "'start' has empty cells",
    ),
    "other date": (saying("date", "2024-03-11"), "expected XNYS on 2024-03-08, found XNYS on 2024-03-11"),
    "odd interval": (saying("interval", "often"), "'often' is no interval"),
    "short table": (saying("symbols", '["A"]'), "'symbol' holds 'B', which"),
    "no table": (saying("symbols", "A, B"), "JSON is malformed"),
    "no close": (lambda t: t.drop_columns(["close"]), "'close' of double, found no such column"),
    "no symbol": (lambda t: t.drop_columns(["symbol"]), "'symbol' of string, found no such column"),
    "no segment": (lambda t: t.drop_columns(["segment"]), "'segment' of string, found no such column"),
    "half the extras": (lambda t: t.drop_columns(["trades"]), "'trades' of double, found no such"),
    "text": (holding(2, "open", lambda _: pa.array(["x", "y"])), "'open' of double, found string"),
    "microseconds": (
        holding(1, "start", lambda t: t.column("start").cast(pa.timestamp("us", "UTC"))),
        "'start' of timestamp",
    ),
    "no verdict": (
        holding(9, "verdict", lambda _: pa.array([None, None], pa.dictionary(pa.int8(), pa.string()))),
        "'verdict' has empty cells",
    ),
    "odd verdict": (
        holding(9, "verdict", lambda _: pa.array(["fine"] * 2).dictionary_encode()),
        "'verdict' holds 'fine'",
    ),
    "disorder": (lambda t: t.take([1, 0]), "sorted by start and symbol"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_does_not_fit_names_itself_and_what_is_wrong(store: ParquetStore, damage: str):
    store.merge("XNYS", DATE, day(bar("A", 0), bar("B", 0)))
    store.merge("XNYS", "2024-03-11", day(bar("A", 0)))
    change, message = DAMAGES[damage]

    rewritten(file_of(store), change)

    with pytest.raises(DataError, match=message) as caught:
        store.read("XNYS", DATE)
    assert str(file_of(store)) in str(caught.value)
    assert store.read("XNYS", "2024-03-11") is not None


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "day.parquet"
    given_day = day(*(bar(s, m, 10.0 + m) for s in ("A", "B") for m in range(50)))
    write_day(path, "XNYS", DATE, given_day, np.ones(100, dtype=np.uint8))
    return path


@examples(40)
@given(share=st.floats(0.0, 0.999))
def test_a_truncated_file_is_an_error_that_names_it(sound: Path, share: float):
    content = sound.read_bytes()
    truncated = sound.with_name("truncated.parquet")
    truncated.write_bytes(content[: int(share * len(content))])

    with pytest.raises(
        DataError, match=r"truncated\.parquet cannot be read: expected a Parquet file with the bars of XNYS on"
    ):
        read_day(truncated, "XNYS", DATE)


@examples(60)
@given(place=st.floats(0.0, 0.999), flipped=st.integers(1, 255))
def test_a_flipped_byte_among_the_bars_never_gives_other_bars(sound: Path, place: float, flipped: int):
    content = bytearray(sound.read_bytes())
    expected = read_day(sound, "XNYS", DATE)
    end_of_bars = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    content[int(place * end_of_bars)] ^= flipped
    changed = sound.with_name("flipped.parquet")
    changed.write_bytes(content)

    try:
        found = read_day(changed, "XNYS", DATE)
    except DataError:
        return

    assert found.bars == expected.bars
    assert found.verdicts.tolist() == expected.verdicts.tolist()


@pytest.mark.parametrize("column", [*range(7), 9])  # those between are empty
def test_no_flipped_bit_in_the_head_of_a_page_gives_other_bars(
    sound: Path, monkeypatch: pytest.MonkeyPatch, column: int
):
    content, expected = sound.read_bytes(), read_day(sound, "XNYS", DATE)
    chunk = pq.read_metadata(sound).row_group(0).column(column)
    changed = sound.with_name("headless.parquet")
    monkeypatch.setattr(dayrows, "_SMALL_GROUP", 0)  # else columns of different lengths are Arrow's to find
    for head in filter(None, (chunk.dictionary_page_offset, chunk.data_page_offset)):
        for place in range(head, head + 20):  # page heads have no checksum
            changed.write_bytes(content[:place] + bytes([content[place] ^ 1 << place % 8]) + content[place + 1 :])
            try:
                found = read_day(changed, "XNYS", DATE)
            except DataError:
                continue
            assert (found.bars, found.verdicts.tolist()) == (expected.bars, expected.verdicts.tolist()), place


def test_no_flipped_bit_in_the_first_head_of_a_page_gives_other_bars(sound: Path):
    content, expected = sound.read_bytes(), read_day(sound, "XNYS", DATE)
    changed = sound.with_name("headless.parquet")
    for place in range(4, 60):  # page heads have no checksum; behind the magic number comes the one of the symbols
        for bit in range(8):
            changed.write_bytes(content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :])
            try:
                found = read_day(changed, "XNYS", DATE)
            except DataError:
                continue
            assert found.bars == expected.bars, (place, bit)
