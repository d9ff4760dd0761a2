"""Files that are damaged anywhere: each is refused with one sentence of ours, and none in the words of a library."""

import gzip
import io
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import feather

from actors.reading import arrow_file
from actors.reading.peek import Head
from actors.reading.stamps import UNREADABLE, from_milliseconds
from actors.storage.memory import MemoryStore
from messages.errors import BarkeeperError, DataError
from tests import damage
from tests.depth import examples
from tests.importing.imports import run

SUFFIXES = (".csv", ".csv.gz", ".csv.zst", ".csv.zip", ".feather", ".parquet")
ROWS = 120


@cache
def whole(suffix: str) -> bytes:
    """A sound file of a few minutes."""
    moments = pd.date_range("2024-03-08 14:30", periods=ROWS, freq="1min", tz="UTC")
    frame = pd.DataFrame(
        {"timestamp": moments, "open": 1.0, "high": 2.0, "low": 0.5, "close": np.linspace(1, 2, ROWS), "volume": 10.0}
    )
    text, packed = frame.to_csv(index=False).encode(), io.BytesIO()
    if suffix == ".csv.gz":
        return gzip.compress(text)
    if suffix == ".csv.zst":
        return bytes(pa.compress(text, "zstd", asbytes=True))
    if suffix == ".csv.zip":
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.csv", text)
    elif suffix == ".feather":
        feather.write_feather(frame, packed)
    elif suffix == ".parquet":
        frame.to_parquet(packed)
    else:
        return text
    return packed.getvalue()


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """A file that was cut, or of which some bytes are others, or gone."""
    suffix = draw(st.sampled_from(SUFFIXES))
    return suffix, draw(damage.damaged(whole(suffix)))


def imported(suffix: str, raw: bytes) -> None:
    """Import a file; what is said of it is a sentence of ours, and what is taken adds up."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"AAPL{suffix}"
        path.write_bytes(raw)
        try:
            report = run(path, MemoryStore(), tz="UTC", calendar="24/7")
        except BarkeeperError:
            return
    for file in report.files:
        assert "it cannot be read (" not in str(file.error), file.error


@examples(30)
@given(file=damaged())
def test_a_damaged_file_is_refused_in_our_words(file: tuple[str, bytes]) -> None:
    imported(*file)


@pytest.mark.slow
@settings(max_examples=damage.MANY, deadline=None, derandomize=True)
@given(file=damaged())
def test_many_damaged_files_are_refused_in_our_words(file: tuple[str, bytes]) -> None:
    imported(*file)


@pytest.mark.parametrize("suffix", [".csv.gz", ".csv.zip"])
def test_a_stream_that_is_damaged_in_its_middle_cannot_be_unpacked(tmp_path: Path, suffix: str) -> None:
    raw = bytearray(whole(suffix))
    raw[len(raw) // 3 : len(raw) // 3 + 40] = bytes(40)
    path = tmp_path / f"AAPL{suffix}"
    path.write_bytes(bytes(raw))

    with pytest.raises(DataError, match=r"cannot be (opened or )?unpacked"):
        Head(path)


@pytest.mark.parametrize("first", [b"[", b'{"a":', b'[{"a":'])
def test_a_file_that_is_nested_without_end_is_refused_in_our_words(tmp_path: Path, first: bytes) -> None:
    path = tmp_path / "AAPL.json"
    path.write_bytes(first * 20_000)
    (file,) = run(path, MemoryStore(), tz="UTC", calendar="24/7").files

    assert "JSON" in str(file.error)


def _far(unit: str) -> Callable[[], pa.Array]:
    return lambda: pa.array([0, 2**63 - 2, None, -(2**63) + 2], type=pa.timestamp(unit, tz="UTC"))


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_a_stamp_that_lies_outside_of_what_nanoseconds_hold_is_unreadable(unit: str) -> None:
    found, _ = arrow_file.stamps_of(_far(unit)())

    assert found.tolist() == [0, UNREADABLE, UNREADABLE, UNREADABLE]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_a_stamp_of_any_unit_is_what_it_was(unit: str) -> None:
    moments = np.array(["2024-03-08T14:30:00"], dtype=f"datetime64[{unit}]")
    found, _ = arrow_file.stamps_of(pa.array(moments))

    assert found.tolist() == [1_709_908_200 * 10**9]


def test_what_is_no_number_is_no_time_of_day() -> None:
    assert from_milliseconds(np.array([1.5, np.nan, np.inf, 1e300])).tolist() == [1_500_000, *[UNREADABLE] * 3]


def test_a_schema_whose_names_are_no_text_is_refused(tmp_path: Path) -> None:
    raw = whole(".feather").replace(b"close", b"cl\xff\xfe\xff")
    path = tmp_path / "AAPL.feather"
    path.write_bytes(raw)

    with pytest.raises(DataError, match="no sound Parquet or Feather file"):
        list(arrow_file.column_names(path))


def test_the_first_row_may_hold_a_moment_that_python_knows_no_date_of(tmp_path: Path) -> None:
    path = tmp_path / "AAPL.feather"
    feather.write_feather(pa.table({"times": pa.array([2**62], type=pa.timestamp("s", tz="UTC")), "x": [7]}), path)

    assert arrow_file.first_row(path) == ["", "7"]
