"""Which days are exported, wherever to."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.csv
import pytest

from actors.exporting.export import ExportOptions, ExportReport, export
from actors.exporting.places import open_target
from actors.exporting.targets import Target
from actors.storage.parquet import ParquetStore
from actors.storage.postgres.store import PostgresStore
from messages.errors import DataError, SettingsError, UnknownSymbol
from messages.values import Verdict
from tests.contracts.test_prints import TOLD, prints
from tests.exporting.conftest import DATES, SPLIT, issued
from tests.postgres_server import address, connection, new_schema
from tests.storage.days import all_regular, bar, day


def to(store: ParquetStore, place: str, **options: Any) -> ExportReport:
    with closing(open_target(place, all_regular)) as target:
        return export(store, target, ExportOptions(**options))


SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("duckdb", "postgres")]


@pytest.fixture(params=["text", *SLOW])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "postgres":
        with new_schema() as schema:
            yield address(schema)
    else:
        yield f"duckdb:{tmp_path / 'bars.duckdb'}" if request.param == "duckdb" else str(tmp_path / "bars.csv")


def rows(place: str) -> list[tuple[Any, ...]]:
    """Return date, symbol, minute, close, vwap and verdict of the bars."""
    if place.startswith("duckdb:"):
        with duckdb.connect(place.removeprefix("duckdb:")) as file:
            asked = "select strftime(date, '%Y-%m-%d'), symbol, strftime(start, '%M'), close, vwap, verdict from bars"
            return sorted(file.execute(f"set timezone = 'UTC'; {asked}").fetchall(), key=str)
    if place.startswith("postgresql:"):
        with connection() as server:
            schema = place.partition("schema=")[2]
            asked = "select date::text, symbol, to_char(start, 'MI'), close, vwap, verdict from"
            return sorted(server.execute(f"{asked} {schema}.bars").fetchall(), key=str)  # type: ignore[arg-type]
    found = []
    for path in Path(place).glob("calendar=XNYS/date=*/bars.csv"):
        for row in pyarrow.csv.read_csv(path).to_pylist():
            values = (row["symbol"], f"{row['start'].minute:02}", float(row["close"]), row["vwap"], row["verdict"])
            found.append((path.parent.name.removeprefix("date="), *values))
    return sorted(found, key=str)


def expected(*dates: str, symbols: str = "AB") -> list[tuple[Any, ...]]:
    return [
        row
        for date in dates
        for row in (
            (date, "A", "32", 10.0 + DATES.index(date), 10.5, "filled"),
            (date, "B,b", "33", 10.0, None, "filled"),
        )
        if row[1][0] in symbols
    ]


def test_every_bar_is_there_with_its_verdict_and_a_second_export_has_nothing_to_do(
    store: ParquetStore, place: str
) -> None:
    first, second = to(store, place), to(store, place)

    assert rows(place) == expected(*DATES)
    assert (first.days, first.bars, first.there, first.left, first.error) == (3, 6, 0, 0, None)
    assert (second.days, second.there) == (0, 3)


def test_one_that_was_cut_short_goes_on_with_the_days_that_are_not_there(store: ParquetStore, place: str) -> None:
    written: list[str] = []
    with closing(open_target(place, all_regular)) as target:
        cut = export(store, target, ExportOptions(), lambda at: written.append(at.at), lambda: not written)

    rest = to(store, place)

    assert (cut.days, cut.left, cut.is_interrupted, written) == (1, 2, True, [DATES[0]])
    assert (rest.days, rest.there) == (2, 1)
    assert rows(place) == expected(*DATES)


def test_a_day_that_was_certified_anew_is_written_again(store: ParquetStore, place: str) -> None:
    to(store, place)
    store.merge("XNYS", DATES[0], day(bar("A", 2, 19.0), verdict=Verdict.FILLED))
    store.certify("XNYS", DATES[0], issued("d2"))

    again = to(store, place)

    assert (again.days, again.there) == (1, 2)
    assert (DATES[0], "A", "32", 19.0, None, "corrected") in rows(place)


def test_symbols_and_dates_may_be_named_and_none_that_is_there_is_lost(store: ParquetStore, place: str) -> None:
    to(store, place, symbols=("a",), start=DATES[1], end=DATES[1])
    only = rows(place)
    more = to(store, place, symbols=("B,b",), start=DATES[1])

    assert only == expected(DATES[1], symbols="A")
    assert rows(place) == expected(DATES[1]) + expected(DATES[2], symbols="B")
    assert (more.days, to(store, place, symbols=("A",), end=DATES[1]).days) == (2, 1)


def test_a_symbol_that_no_day_has_is_told(store: ParquetStore, place: str) -> None:
    with pytest.raises(UnknownSymbol, match="AA"):
        to(store, place, symbols=("AA",))


class Breaks:
    """A target whose disk is full from the second day on."""

    def __init__(self, target: Target) -> None:
        self.name, self.held, self.adjust = target.name, target.held, target.adjust
        self.change_adjusted = target.change_adjusted
        self._put = target.put

    def put(self, calendar: str, date: str, *more: Any) -> None:
        if date == DATES[1]:
            raise DataError("the disk is full")
        self._put(calendar, date, *more)

    def close(self) -> None:
        """Nothing is open."""


def test_what_a_target_refuses_ends_it_and_what_is_there_stays(store: ParquetStore, place: str) -> None:
    with closing(open_target(place, all_regular)) as target:
        report = export(store, Breaks(target), ExportOptions())

    assert (report.days, report.left, report.error, report.is_interrupted) == (1, 2, "the disk is full", False)
    assert rows(place) == expected(DATES[0])


def known(place: str) -> tuple[list[tuple[Any, ...]], list[str]]:
    """Return minute, nanosecond, close and verdict of the prints, and by symbol which days are adjusted."""
    prints = "select strftime(known, '%M'), nanos, close, verdict from prints order by place"
    runs = "select concat_ws(' ', symbol, first, last, as_of) from adjusted order by symbol, first"
    if place.startswith("duckdb:"):
        with duckdb.connect(place.removeprefix("duckdb:")) as file:
            file.execute("set timezone = 'UTC'")
            return file.execute(prints).fetchall(), [row[0] for row in file.execute(runs).fetchall()]
    if place.startswith("postgresql:"):
        with connection() as server:
            server.execute(f"set search_path to {place.partition('schema=')[2]}")  # type: ignore[arg-type]
            found = server.execute(prints.replace("strftime(known, '%M')", "to_char(known, 'MI')")).fetchall()
            return found, [row[0] for row in server.execute(runs)]
    (file,) = Path(place).glob("calendar=XNYS/date=*/_prints.csv")
    rows = [
        (f"{row['known'].minute:02}", row["nanos"], row["close"] and float(row["close"]), row["verdict"])
        for row in pyarrow.csv.read_csv(file).to_pylist()
    ]
    runs = "\n".join(path.read_text(encoding="utf-8") for path in Path(place).glob("calendar=XNYS/_adjusted.csv"))
    return rows, [line.replace('"', "").replace(",", " ") for line in runs.splitlines()[1:]]


def test_how_a_day_was_lived_and_that_prices_were_adjusted_goes_along(store: ParquetStore, place: str) -> None:
    to(store, place, start=DATES[1], end=DATES[1])
    store.keep_prints("XNYS", DATES[0], prints(TOLD))
    store.note_adjusted("XNYS", {"A": DATES}, "2026-11-29")

    first, second = to(store, place), to(store, place)
    once = known(place)
    store.note_adjusted("XNYS", {"A": DATES[1:2]}, None)
    to(store, place, start=DATES[1], end=DATES[1])

    assert (first.days, first.there, second.days, second.there) == (2, 1, 0, 3)
    assert once == (
        [
            ("31", 1, 10.0, "streamed"),
            ("31", 999, 10.5, "late"),
            ("33", 0, 11.0, "corrected"),
            ("33", 0, None, "no_trade"),
        ],
        [f"A {DATES[0]} {DATES[2]} 2026-11-29"],
    )
    assert known(place)[1] == [f"A {date} {date} 2026-11-29" for date in (DATES[0], DATES[2])]


def test_a_day_that_was_lived_on_is_written_again(store: ParquetStore, place: str) -> None:
    store.keep_prints("XNYS", DATES[0], prints(TOLD[:1]))
    to(store, place)
    store.keep_prints("XNYS", DATES[0], prints(TOLD))

    assert (to(store, place).days, len(known(place)[0])) == (1, 4)


@pytest.mark.slow
def test_what_comes_of_postgres_is_a_store(store: ParquetStore) -> None:
    store.keep_prints("XNYS", DATES[0], prints(TOLD))
    with new_schema() as schema:
        to(store, address(schema))

        made = PostgresStore(address(schema), read_only=True)
        with connection() as server:
            asked = "select symbol, verdict, to_char(first, 'HH24:MI'), to_char(until, 'HH24:MI') from"
            runs = server.execute(f"{asked} {schema}.runs").fetchall()  # type: ignore[arg-type]

        for here, there in ((made.read("XNYS", date), store.read("XNYS", date)) for date in DATES):
            assert here is not None
            assert there is not None
            assert (here.bars, here.verdicts.tolist(), here.tz) == (there.bars, there.verdicts.tolist(), there.tz)
        assert made.certificate("XNYS", DATES[0]) == store.certificate("XNYS", DATES[0])
        assert made.adjustments() == (SPLIT,)
        assert made.prints("XNYS", DATES[0]) == prints(TOLD)
    assert runs == [("A", "no_trade", "13:30", "13:32")]


def test_a_file_of_duckdb_has_minutes_without_a_bar_certificates_and_splits(
    store: ParquetStore, tmp_path: Path
) -> None:
    to(store, f"duckdb:{tmp_path / 'x.duckdb'}")

    with duckdb.connect(tmp_path / "x.duckdb") as file:
        runs = file.execute("select symbol, verdict, (epoch(until) - epoch(first)) / 60 from runs").fetchall()
        digests = file.execute("select digest, certificate ->> 'tz' from certificates").fetchall()
        splits = file.execute("select symbol, split_ratio from adjustments").fetchall()

    assert runs == [("A", "no_trade", 2.0)]
    assert digests == [("d1", "America/New_York")]
    assert splits == [("A", 2.0)]


def test_files_of_text_have_them_too(store: ParquetStore, tmp_path: Path) -> None:
    to(store, str(tmp_path / "x.csv"))

    folder = tmp_path / "x.csv" / "calendar=XNYS" / f"date={DATES[0]}"
    assert {path.name for path in folder.iterdir()} == {"bars.csv", "_runs.csv", "_certificate.json", "_day.json"}
    runs = pyarrow.csv.read_csv(folder / "_runs.csv").to_pylist()
    assert [(run["symbol"], run["verdict"], (run["until"] - run["first"]).seconds) for run in runs] == [
        ("A", "no_trade", 120)
    ]
    assert (tmp_path / "x.csv" / "_adjustments.csv").read_text(encoding="utf-8").count("\n") == 2


@pytest.mark.parametrize("place", ["bars", "mysql://me:secret@host/x", "duckdb:", "s3://x/y.csv", "x.parquet"])
def test_another_kind_of_target_is_refused(place: str) -> None:
    with pytest.raises(
        SettingsError, match="expected postgresql://USER@HOST/DATABASE, duckdb:FILE, or a folder"
    ) as told:
        open_target(place, all_regular)

    assert "secret" not in str(told.value)


def test_what_is_in_the_way_is_named_in_one_sentence(store: ParquetStore, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("mine")
    (tmp_path / "x.txt").write_text("mine")
    with duckdb.connect(tmp_path / "other.duckdb") as file:
        file.execute("create table bars (symbol varchar, close integer)")

    for place, words in [
        (tmp_path / "x.csv", "is to be a folder of files of text, but: File exists"),
        (f"duckdb:{tmp_path / 'x.txt'}", "x.txt is not written to: .*not a valid DuckDB database"),
        (f"duckdb:{tmp_path / 'other.duckdb'}", "the table bars is of another shape: expected a column 'calendar'"),
    ]:
        with pytest.raises(DataError, match=words):
            open_target(str(place), all_regular)


def test_a_broken_note_of_a_day_is_named(store: ParquetStore, tmp_path: Path) -> None:
    to(store, str(tmp_path / "x.csv"))
    note = tmp_path / "x.csv" / "calendar=XNYS" / f"date={DATES[1]}" / "_day.json"
    note.write_text("{")

    with pytest.raises(DataError, match=r"_day\.json cannot be read; take it away"):
        to(store, str(tmp_path / "x.csv"))
    note.unlink()
    assert to(store, str(tmp_path / "x.csv")).days == 1
