"""A store's folder, opened by other people's readers as one data set."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from actors.storage.parquet import ParquetStore
from tests.builders import session_xnys
from tests.certificates import certificate
from tests.documents import block_with
from tests.storage.days import DATE, all_regular, bar, day, made_narrow
from tests.storage.journal.test_prints import lived

NEXT = "2024-03-11"
COLUMNS = ["symbol", "start", "open", "high", "low", "close", "volume", "vwap", "trades", "verdict", "segment"]
BITCOIN = [("24/7", DATE, "BTC", 3.0)]
ALL = sorted([*BITCOIN, ("XNYS", DATE, "A", 1.0), ("XNYS", NEXT, "A", 2.0), ("XNYS", NEXT, "B", 2.5)])


@pytest.fixture(params=["a file a day", "narrow"])
def root(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A store of two calendars, one of a hard name; some bars know their vwap; with all that may lie beside bars.

    It is open for writing.
    """
    if request.param == "narrow":
        made_narrow(tmp_path / "store")
    with closing(ParquetStore(tmp_path / "store", segment_of=all_regular)) as store:
        store.merge("XNYS", DATE, day(bar("A", 0, 1.0)))
        store.merge("XNYS", NEXT, day(bar("A", 0, 2.0, vwap=2.0, trades=3.0), bar("B", 0, 2.5)))
        store.merge("24/7", DATE, day(bar("BTC", 0, 3.0)))
        store.certify("XNYS", DATE, certificate("A", session=session_xnys(DATE)))
        store.note_adjusted("XNYS", {"A": (DATE, NEXT)}, NEXT)
        (store.root / "_adjustments.pq").write_bytes(b"no bars")
        store.keep_prints("XNYS", DATE, lived())
        yield store.root


def rows(frame: pd.DataFrame) -> list[tuple[str, str, str, float]]:
    assert [name for name in frame.columns if name not in ("calendar", "date")] == COLUMNS
    dates = [str(date)[:10] for date in frame["date"]]
    return sorted(zip(frame["calendar"], dates, frame["symbol"], frame["close"], strict=True))


def by_pandas(root: Path) -> pd.DataFrame:
    return pd.read_parquet(root)


def by_dataset(root: Path) -> pd.DataFrame:
    return ds.dataset(root, partitioning="hive").to_table().to_pandas()


def by_arrow(root: Path) -> pd.DataFrame:
    return pq.read_table(root).to_pandas()


def by_polars(root: Path) -> pd.DataFrame:
    pl = pytest.importorskip("polars")
    return pl.scan_parquet(root, hidden_file_prefix=["_", "."]).collect().to_pandas()


def by_polars_pattern(root: Path) -> pd.DataFrame:
    pl = pytest.importorskip("polars")
    return pl.read_parquet(root / "**/*.parquet", hive_partitioning=True).to_pandas()


def by_duckdb(root: Path) -> pd.DataFrame:
    return pytest.importorskip("duckdb").sql(f"from read_parquet('{root}/**/*.parquet', hive_partitioning = true)").df()


@pytest.mark.parametrize(
    "read", [by_pandas, by_dataset, by_arrow, by_polars, by_polars_pattern, by_duckdb], ids=lambda read: read.__name__
)
def test_every_bar_is_read_with_its_calendar_and_date(root: Path, read: Callable[[Path], pd.DataFrame]) -> None:
    assert rows(read(root)) == ALL


def test_what_nobody_knows_is_empty(root: Path) -> None:
    frame = pd.read_parquet(root)
    (known,) = [path for path in root.glob("*XNYS/**/*.parquet") if len(pq.ParquetFile(path).read()) > 1]

    assert frame["vwap"].notna().sum() == frame["trades"].notna().sum() == 1
    assert pq.ParquetFile(known).read()["vwap"].null_count == len(pq.ParquetFile(known).read()) - 1


def test_only_the_days_that_are_asked_for_are_read(root: Path) -> None:
    frame = pd.read_parquet(root, filters=[("calendar", "==", "24/7"), ("date", "==", DATE)])

    assert rows(frame) == BITCOIN


def test_the_date_is_a_text_to_whoever_looks_for_it(root: Path) -> None:
    by_text = duckdb_rows(root, f"date >= '{NEXT}'")

    assert [row[0] for row in by_text] == ["A", "B"]
    assert ds.dataset(root, partitioning="hive").count_rows(filter=ds.field("date") >= NEXT) == 2


def duckdb_rows(root: Path, where: str) -> list[tuple[str]]:
    duckdb = pytest.importorskip("duckdb")
    from_store = f"from read_parquet('{root}/**/*.parquet', hive_partitioning = true)"
    found: list[tuple[str]] = duckdb.sql(f"select symbol {from_store} where {where} order by symbol").fetchall()
    return found


def test_files_of_years_months_and_days_are_one_table(tmp_path: Path) -> None:
    pl = pytest.importorskip("polars")
    with closing(ParquetStore(made_narrow(tmp_path), segment_of=all_regular)) as store:
        for date in ("2023-01-03", DATE, NEXT):
            store.merge("XNYS", date, day(bar("A", 0)))
        store.merge_stretches("XNYS", NEXT, ("A",), [day(bar("A", 1))])
    year = tmp_path / "calendar=XNYS/2024.parquet"
    assert year.exists()
    assert (tmp_path / f"calendar=XNYS/{NEXT}.parquet").exists()

    found = [str(date) for date in pl.read_parquet(tmp_path)["date"]]

    assert found == [str(date) for date in pd.read_parquet(tmp_path)["date"]] == ["2023-01-03", NEXT, NEXT, DATE]


FRAMES: dict[str, Callable[[Any], pd.DataFrame]] = {
    "pandas": lambda frame: frame,
    "pyarrow": lambda found: found.to_table().to_pandas(),
    "polars": lambda lazy: lazy.collect().to_pandas(),
    "duckdb": lambda relation: relation.df(),
}


def as_rows(found: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Every column of every bar, in order of calendar, date, symbol and start."""
    names = ["calendar", "date", "symbol", "start", *COLUMNS[2:]]
    told = found[names].assign(
        date=found["date"].astype(str).str[:10], start=pd.to_datetime(found["start"], utc=True).dt.as_unit("ns")
    )
    cells = told.astype(object).where(told.notna(), None)
    return sorted(map(tuple, cells.to_numpy().tolist()), key=lambda row: [str(cell) for cell in row])


def test_the_guides_line_of_each_library_gives_the_same_rows_of_a_certified_store(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root.parent)
    splits = pa.table({"symbol": ["A"], "ex_date": [NEXT], "split_ratio": [2.0]})
    pq.write_table(splits, root / "_adjustments.pq")
    names: dict[str, Any] = {}
    lines = [line for line in block_with("python", "pyarrow.dataset.dataset(").splitlines() if line]
    exec("\n".join(line for line in lines if line.startswith("import ")), names)
    queries = [line for line in lines if not line.startswith("import ")]
    everything = [re.sub(r", filters=\[.*\]", "", line) for line in queries]
    libraries = [line.partition(".")[0] for line in queries]
    found = [as_rows(FRAMES[name](eval(line, names))) for name, line in zip(libraries, everything, strict=True)]

    assert libraries == ["pandas", "pyarrow", "polars", "duckdb"]
    assert [(*row[:3], row[7]) for row in found[0]] == ALL
    assert found[1:] == found[:1] * 3
    beside = " ".join(path.name for path in root.rglob("*") if path.is_file() and not path.match("*.parquet"))
    assert all(name in beside for name in ("_adjustments.pq", "certificate", "prints", "@", ".lock"))


@pytest.mark.parametrize("narrow", [True, False])
def test_polars_takes_the_plain_folder_of_a_store_at_rest(tmp_path: Path, *, narrow: bool) -> None:
    pl = pytest.importorskip("polars")
    if narrow:
        made_narrow(tmp_path)
    with closing(ParquetStore(tmp_path, segment_of=all_regular)) as store:
        store.merge("XNYS", DATE, day(bar("A", 0, 1.0)))

    assert rows(pl.read_parquet(tmp_path).to_pandas()) == [("XNYS", DATE, "A", 1.0)]
