from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from actors.reading.format import ZoneMissing
from messages.errors import DataError
from tests.vendors.files import blocks, names, only, times, written


def parquet(path: Path, frame: pd.DataFrame) -> Path:
    frame.to_parquet(path)
    return path


def frame(stamps: object, **others: object) -> pd.DataFrame:
    return pd.DataFrame({"time": stamps, "open": 10.0, "high": 11.0, "low": 9.0, "close": 10.5, "volume": 7} | others)


STAMPS = pd.to_datetime(["2024-03-08 14:30", "2024-03-08 14:31"])
EXPECTED = ["2024-03-08 14:30", "2024-03-08 14:31"]


@pytest.mark.parametrize(
    "stamps",
    [
        STAMPS.tz_localize("UTC").tz_convert("America/New_York"),
        STAMPS.tz_localize("UTC").as_unit("us"),
        [1_709_908_200, 1_709_908_260],
        [1_709_908_200_000, 1_709_908_260_000],
        ["2024-03-08T14:30:00Z", "2024-03-08T14:31:00Z"],
    ],
)
def test_parquet_stamps_may_be_of_any_type(tmp_path: Path, stamps: object) -> None:
    raw = only(parquet(tmp_path / "AAPL.parquet", frame(stamps)))

    assert (times(raw), raw.symbols, raw.rows.tolist()) == (EXPECTED, ("AAPL",), [1, 2])


NIGHT = pd.Timestamp("2024-03-08")
CLOCKS = pd.to_timedelta(["14:30:00", "14:31:00"])


@pytest.mark.parametrize(
    "columns",
    [
        {"time": [202403081430, 202403081431]},
        {"time": [20240308143000, 20240308143100]},
        {"date": [NIGHT, NIGHT], "time": ["14:30:00", "14:31:00"]},
        {"date": [NIGHT.date(), NIGHT.date()], "time": CLOCKS},
        {"date": [20240308, 20240308], "time": CLOCKS},
    ],
)
def test_parquet_may_have_dates_and_clocks_of_any_type(tmp_path: Path, columns: dict[str, object]) -> None:
    path = parquet(tmp_path / "AAPL.parquet", frame([0, 0]).drop(columns="time").assign(**columns))

    assert times(only(path, tz="UTC")) == EXPECTED


def test_feather_is_read_as_parquet_is(tmp_path: Path) -> None:
    data = frame(STAMPS.tz_localize("UTC"), symbol=["A", "B"])
    data.to_feather(tmp_path / "day.feather")

    raw = only(tmp_path / "day.feather")

    assert (times(raw), names(raw), raw.rows.tolist()) == (EXPECTED, ["A", "B"], [1, 2])


def test_a_frames_index_may_be_the_time_and_needs_a_zone_if_it_is_naive(tmp_path: Path) -> None:
    path = parquet(tmp_path / "AAPL.parquet", frame(STAMPS).set_index("time"))

    with pytest.raises(ZoneMissing):
        blocks(path)
    assert times(only(path, tz="UTC")) == EXPECTED


def test_parquet_holds_many_symbols_and_its_own_types(tmp_path: Path) -> None:
    symbols = pd.Categorical(["MSFT", "AAPL"])
    raw = only(
        parquet(tmp_path / "day.parquet", frame(STAMPS, symbol=symbols, vwap=np.float32(10.25)).drop(columns="volume")),
        tz="UTC",
    )

    assert names(raw) == ["MSFT", "AAPL"]
    assert [column.tolist() for column in list(raw.values)[4:6]] == [[0, 0], [10.25, 10.25]]
    assert len(raw.remarks) == 1


def test_a_date_and_a_time_column_in_parquet(tmp_path: Path) -> None:
    data = frame(STAMPS).drop(columns="time").assign(date=["20240308"] * 2, time=["14:30:00", "14:31:00"])

    assert times(only(parquet(tmp_path / "A.parquet", data), tz="UTC")) == EXPECTED


def test_parquet_rows_without_time_or_symbol_are_broken(tmp_path: Path) -> None:
    stamps = [STAMPS[0].tz_localize("UTC"), None, STAMPS[1].tz_localize("UTC")]
    raw = only(parquet(tmp_path / "A.parquet", frame(pd.to_datetime(stamps), symbol=["A", "A", None])))

    assert raw.rows.tolist() == [1]
    assert [(broken.row, broken.field) for broken in raw.broken.rows] == [(2, "time"), (3, "symbol")]


def test_parquet_numbers_that_are_missing_in_whole_number_stamps_break_their_row(tmp_path: Path) -> None:
    table = pa.table({"t": pa.array([None, 1_709_908_200]), **{name: [1.0, 2.0] for name in "ohlc"}})
    pq.write_table(table, tmp_path / "A.parquet")

    assert only(tmp_path / "A.parquet").rows.tolist() == [2]


def test_parquet_prices_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"column open is .*string; wanted numbers"):
        blocks(parquet(tmp_path / "A.parquet", frame(STAMPS.tz_localize("UTC"), open=["x", "y"])))


def test_empty_and_damaged_parquet_are_refused(tmp_path: Path) -> None:
    whole = parquet(tmp_path / "A.parquet", frame(STAMPS.tz_localize("UTC")))

    with pytest.raises(DataError, match="no rows"):
        blocks(parquet(tmp_path / "B.parquet", frame(STAMPS.tz_localize("UTC")).iloc[:0]))
    with pytest.raises(DataError, match="Parquet"):
        blocks(written(tmp_path / "C.parquet", whole.read_bytes()[:200]))


def test_parquet_that_is_damaged_in_the_middle_is_refused(tmp_path: Path) -> None:
    path = parquet(tmp_path / "A.parquet", frame(STAMPS.tz_localize("UTC")))
    content = path.read_bytes()

    with pytest.raises(DataError, match="no sound Parquet or Feather file"):
        blocks(written(path, content[:4] + bytes(200) + content[204:]))
