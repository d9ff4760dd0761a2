"""One symbol of five hundred in a bucket: how much a server is asked for, counted on the way to it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import obstore
import pyarrow as pa
import pyarrow.dataset as pa_dataset
import pyarrow.fs as pa_fs
import pyarrow.parquet as pq
import pytest
from obstore.store import from_url

from actors.storage.elsewhere import in_ranges
from actors.storage.elsewhere.groups import ranges_with
from actors.storage.elsewhere.objects import ObjectStore
from actors.storage.parquet import ParquetStore
from actors.storage.places import Places
from tests.benchmarks.latency import Between
from tests.object_server import KEYS, KINDS, new_bucket, port, reached
from tests.storage.days import all_regular
from tests.storage.test_by_symbols import days_of_a_market

SYMBOL = "CIP"
POLARS = """
import json, sys
import polars
place, options = json.loads(sys.argv[1])
found = polars.scan_parquet(place, storage_options=options, hidden_file_prefix=["_", "."])
print(found.filter(polars.col("symbol") == "SYMBOL").collect().height)
""".replace("SYMBOL", SYMBOL)


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with six days of 500 symbols, in groups of a few symbols."""
    root = tmp_path_factory.mktemp("by-symbols")
    Places(root).make_by_symbols(by_symbols=True)
    with closing(ParquetStore(root, segment_of=all_regular)) as store:
        for date, day in days_of_a_market():
            assert SYMBOL in day.bars.symbols
            store.merge("XNYS", date, day)
    return root


def copied(market: Path, place: str) -> int:
    """Copy a folder into a bucket; return how many bytes its days have."""
    target = from_url(place, client_options={"allow_http": True})
    paths = [path for path in market.rglob("*") if path.is_file() and path.name != ".lock"]
    for path in paths:
        obstore.put(target, path.relative_to(market).as_posix(), path.read_bytes())
    return sum(path.stat().st_size for path in paths)


@pytest.fixture(params=KINDS)
def counted(market: Path, request: pytest.FixtureRequest) -> Iterator[tuple[str, int, Between]]:
    """A bucket with the market, how large that is, and who counts what is asked for."""
    kind = request.param
    with new_bucket(kind) as place:
        whole = copied(market, place)
        with Between(port(kind)) as between, reached(kind, between.port):
            yield place, whole, between


def of_ours(place: str) -> int:
    with closing(ObjectStore(place, read_only=True, segment_of=all_regular)) as store:
        days = [store.read("XNYS", date, (SYMBOL,)) for date in store.dates("XNYS")]
    return sum(len(day.bars) for day in days if day is not None)


@pytest.mark.slow
def test_who_asks_for_one_symbol_is_sent_less_than_a_twentieth(counted: tuple[str, int, Between]) -> None:
    place, whole, between = counted

    assert of_ours(place) > 2000
    assert between.answered_bytes < 0.05 * whole
    assert (
        between.requests <= 1 + 2 * 6 + 1
    )  # the listing; of each day its end and a group; of the first also the marks


@pytest.mark.slow
@pytest.mark.parametrize("counted", ["s3"], indirect=True)
@pytest.mark.parametrize("symbols", [("BAB", "CIP", "ZZZ"), ("ZUZ",), ("no such",), ()])
def test_what_is_read_in_ranges_is_what_a_folder_has(
    counted: tuple[str, int, Between], market: Path, symbols: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    place, _, _ = counted
    folder = ParquetStore(market, read_only=True, segment_of=all_regular)
    with closing(ObjectStore(place, read_only=True, segment_of=all_regular)) as store:
        for names in (symbols, ("CIP",), symbols):
            for date in folder.dates("XNYS")[:3]:
                here, there = folder.read("XNYS", date, names), store.read("XNYS", date, names)
                assert here is not None
                assert there is not None
                assert there.bars == here.bars


@pytest.mark.slow
@pytest.mark.parametrize("counted", ["s3"], indirect=True)
def test_a_file_that_says_at_great_length_what_is_in_it_is_not_fetched_for_that(
    counted: tuple[str, int, Between], monkeypatch: pytest.MonkeyPatch
) -> None:
    place, whole, between = counted
    monkeypatch.setattr(in_ranges, "TAIL", 1000)

    assert of_ours(place) > 2000
    assert between.answered_bytes < 0.05 * whole


def by_pyarrow(place: str, server: int) -> int:
    files = pa_fs.S3FileSystem(
        access_key=KEYS["AWS_ACCESS_KEY_ID"],
        secret_key=KEYS["AWS_SECRET_ACCESS_KEY"],
        region=KEYS["AWS_REGION"],
        scheme="http",
        endpoint_override=f"127.0.0.1:{server}",
    )
    found = pa_dataset.dataset(place.removeprefix("s3://"), filesystem=files, partitioning="hive")
    return int(found.to_table(filter=pa_dataset.field("symbol") == SYMBOL).num_rows)


def by_polars(place: str, server: int) -> int:
    pytest.importorskip("polars")
    options = {f"{name.lower()}": value for name, value in KEYS.items()}
    options |= {"aws_endpoint_url": f"http://127.0.0.1:{server}", "aws_allow_http": "true"}
    told = {"POLARS_CLOUD_FOOTER_READ_SIZE": "65536", "POLARS_RESOLVE_METADATA_LEVEL": "none"}
    ran = subprocess.run(
        [sys.executable, "-c", POLARS, json.dumps([f"{place}/", options])],
        env={**os.environ, **told}, capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    return int(ran.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("counted", ["s3"], indirect=True)
@pytest.mark.parametrize("read", [by_pyarrow, by_polars])
def test_so_it_is_for_other_libraries(counted: tuple[str, int, Between], read: Callable[[str, int], int]) -> None:
    place, whole, between = counted

    assert read(place, between.port) > 2000
    assert between.answered_bytes < 0.05 * whole


def test_an_end_that_is_too_short_or_no_parquet_tells_nothing() -> None:
    assert ranges_with(("A",), b"PAR1") == []
    assert ranges_with(("A",), bytes(100)) == []


def test_groups_that_follow_each_other_are_one_range_and_those_without_statistics_may_have_anything() -> None:
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(
        sink, pa.schema({"symbol": pa.string(), "x": pa.int64()}), write_statistics=["symbol"]
    ) as file:
        for name in "ABCDE":
            file.write_table(pa.table({"symbol": [name] * 3, "x": [1, 2, 3]}))
    raw = sink.getvalue().to_pybytes()

    (b,), (d,) = ranges_with(("B",), raw), ranges_with(("D",), raw)
    assert ranges_with(("A", "B", "D"), raw) == [(4, b[1]), d]
    assert ranges_with(("Z",), raw) == []
    assert b[1] < d[0] < d[1] < len(raw)
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"symbol": ["A"]}), sink, write_statistics=False)
    assert len(ranges_with(("Z",), sink.getvalue().to_pybytes())) == 1
