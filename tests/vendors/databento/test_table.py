"""Databento's minutes as Parquet: whole billionths or decimals, venues, instruments."""

import warnings
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from actors.reading.format import Unsupported
from actors.reading.peek import Head
from actors.vendors.formats import detect
from messages.errors import DataError
from tests.vendors.databento.made import NANO, UNDEFINED, bar, file_of
from tests.vendors.files import bars, blocks, names, only, same, times

AT = 1_719_878_400 * NANO


def table(path: Path, prices: list[float], **columns: list[object]) -> Path:
    count = len(prices)
    held: dict[str, list[object]] = {
        "ts_event": [AT + 60 * NANO * place for place in range(count)], "rtype": [33] * count,
        "publisher_id": [1] * count, "instrument_id": [5] * count,
        **{price: list(prices) for price in ("open", "high", "low", "close")}, "volume": [7] * count,
        "symbol": ["ESH4"] * count,
    }  # fmt: skip
    pq.write_table(pa.table({name: cells for name, cells in (held | columns).items() if cells}), path)
    return path


def test_whole_prices_are_billionths_and_the_highest_is_none(tmp_path: Path) -> None:
    path = table(tmp_path / "x.parquet", [4758 * NANO, UNDEFINED])

    raw = only(path)

    assert (detect(Head(path)).name, names(raw)[0], times(raw)[0]) == ("databento-parquet", "ESH4", "2024-07-02 00:00")
    assert same(raw.values[3], np.array([4758, np.nan]))


def test_decimals_are_taken_as_they_are(tmp_path: Path) -> None:
    assert bars(only(table(tmp_path / "x.parquet", [4758.25]))) == [[4758.25, 4758.25, 4758.25, 4758.25, 7]]


def test_what_is_no_minute_of_one_venue_and_one_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match="publishers 1, 2"):
        blocks(table(tmp_path / "a.parquet", [1.5, 1.5], publisher_id=[1, 2]))
    with pytest.raises(Unsupported, match="records of type 32 as Parquet"):
        blocks(table(tmp_path / "b.parquet", [1.5], rtype=[32]))
    with pytest.raises(DataError, match="instruments 5, 6, and nothing names"):
        blocks(table(tmp_path / "c.parquet", [1.5, 1.5], instrument_id=[5, 6], symbol=[]))


@pytest.mark.parametrize("price_type", ["fixed", "float"])
def test_what_the_library_writes_is_what_it_writes_as_dbn(dbn, tmp_path: Path, price_type: str) -> None:
    import databento

    path = file_of(dbn, tmp_path / "x.dbn", "ohlcv-1m", [bar(dbn, 0), bar(dbn, 1, 12_345_678_901)])
    text = tmp_path / "x.parquet"
    with warnings.catch_warnings(action="ignore"):
        databento.DBNStore.from_bytes(path.read_bytes()).to_parquet(text, price_type=price_type)

    assert [(times(raw), names(raw), bars(raw)) for raw in blocks(text)] == [
        (times(raw), names(raw), bars(raw)) for raw in blocks(path)
    ]
