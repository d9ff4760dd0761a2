"""Many small days: a store that is new keeps them together, and each of its files is written once."""

import datetime as dt
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.importing.into_store import ImportOptions, import_paths
from actors.importing.report import ImportProgress, ImportReport
from actors.kernel.ports import BarStore
from actors.kernel.readings import dates_left
from actors.storage.memory import MemoryStore
from actors.storage.narrow import periods
from actors.storage.parquet import ParquetStore
from tests.depth import examples
from tests.importing.imports import SESSIONS
from tests.storage.days import all_regular, made_narrow

FIRST = dt.date(2023, 12, 20)
Line = tuple[str, int, int, int]
"""A symbol, a day after the first, a minute, a price."""


def text_of(lines: list[Line]) -> str:
    rows = [
        f"{symbol},{FIRST + dt.timedelta(day)}T10:{minute:02}:00Z,{price},{price},{price},{price},5\n"
        for symbol, day, minute, price in lines
    ]
    return "symbol,timestamp,open,high,low,close,volume\n" + "".join(rows)


def file_of(folder: Path, lines: list[Line], name: str = "bars.csv") -> Path:
    folder.mkdir(exist_ok=True, parents=True)
    (folder / name).write_text(text_of(lines))
    return folder / name


def imported(store: BarStore, *paths: Path, **options: object) -> ImportReport:
    given_options = ImportOptions(calendar="24/7", **options)  # type: ignore[arg-type]  # passed on
    return import_paths(paths, store, given_options, calendars=SESSIONS.__getitem__)


def content(store: BarStore) -> dict[str, list[tuple[str, int, float, int]]]:
    found = {date: store.read("24/7", date) for date in store.dates("24/7")}
    return {
        date: [(b.symbol, b.start_ns, b.close, v) for b, v in zip(d.bars.bars(), d.verdicts.tolist(), strict=True)]
        for date, d in found.items()
        if d is not None
    }


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ParquetStore]:
    with closing(ParquetStore(tmp_path / "store", segment_of=all_regular)) as opened:
        yield opened


MONTH = [("A", day, minute, 1 + day) for day in range(40) for minute in range(3)]


def files(store: ParquetStore) -> list[str]:
    return sorted(path.relative_to(store.root).as_posix() for path in store.root.rglob("*.parquet"))


def test_a_new_store_of_many_small_days_keeps_them_together_and_says_so(tmp_path: Path, store: ParquetStore) -> None:
    report = imported(store, file_of(tmp_path, MONTH))

    assert files(store) == ["calendar=24%2F7/2023.parquet", "calendar=24%2F7/2024.parquet"]
    assert (report.layout, report.totals.kept, len(store.dates("24/7"))) == ("narrow", 120, 40)


def test_a_store_of_few_days_has_a_file_for_each(tmp_path: Path, store: ParquetStore) -> None:
    few = imported(store, file_of(tmp_path, MONTH[:9]))
    more = imported(store, file_of(tmp_path, MONTH))

    assert (few.layout, more.layout) == ("days", "days")
    assert len(files(store)) == 40


def test_what_is_only_looked_at_decides_nothing(tmp_path: Path, store: ParquetStore) -> None:
    broken = file_of(tmp_path, [*MONTH, ("A", 1, 4, -1)])

    report = imported(store, broken, strict=True)

    assert (report.layout, report.written, store.root.exists()) == (None, False, False)


def counted_writes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    written, write = [], periods.write_period

    def counting(path: Path, *given_days: object) -> None:
        written.append(path.stem)
        write(path, *given_days)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(periods, "write_period", counting)
    return written


def test_a_year_is_written_once_however_many_days_come_or_change(
    tmp_path: Path, store: ParquetStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = counted_writes(monkeypatch)

    new = imported(store, file_of(tmp_path, MONTH))
    same = imported(store, file_of(tmp_path, MONTH))
    other = imported(store, file_of(tmp_path, [(symbol, day, minute, 90) for symbol, day, minute, _ in MONTH]))

    assert sorted(written) == ["2023", "2023", "2024", "2024"]
    assert [report.totals.kept for report in (new, same, other)] == [120, 0, 0]
    assert (same.totals.duplicates, other.totals.corrected) == (120, 120)


@pytest.mark.parametrize("damaged", ["2023", "2024"])
def test_a_damaged_file_of_the_store_is_named_and_left_as_it_is_and_the_others_are_written(
    tmp_path: Path, store: ParquetStore, damaged: str
) -> None:
    imported(store, file_of(tmp_path, MONTH))
    broken = store.root / "calendar=24%2F7" / f"{damaged}.parquet"
    broken.write_bytes(b"PAR1 and nothing more")
    store.close()

    with closing(ParquetStore(store.root, segment_of=all_regular)) as again:
        report = imported(again, file_of(tmp_path, [*MONTH, *(("B", day, 5, 7) for day in range(40))], "more.csv"))
        left = dates_left(again, "24/7")[0]

        assert broken.read_bytes() == b"PAR1 and nothing more"
        assert {date[:4] for date in left} == {"2023", "2024"} - {damaged}
        assert all("B" in again.symbols("24/7", date) for date in left)
        assert (report.totals.kept, report.totals.duplicates) == (len(left), 3 * len(left))
        assert report.totals.rejected == {"store_unreadable": 4 * (40 - len(left))}
        assert report.error is not None
        assert f"{damaged}.parquet cannot be read" in report.error
        assert report.error.endswith("put such a file right, or take it away, and import again")


def test_a_damaged_file_of_one_day_does_not_stop_the_other_days(tmp_path: Path, store: ParquetStore) -> None:
    imported(store, file_of(tmp_path, MONTH[:9]))
    broken = store.root / "calendar=24%2F7" / "date=2023-12-21" / "bars.parquet"
    broken.write_bytes(b"PAR1 and nothing more")
    store.close()

    with closing(ParquetStore(store.root, segment_of=all_regular)) as again:
        report = imported(again, file_of(tmp_path, [("B", day, 5, 7) for day in range(3)], "more.csv"))

        assert (report.totals.kept, report.totals.rejected) == (2, {"store_unreadable": 1})
        assert broken.read_bytes() == b"PAR1 and nothing more"


def test_a_damaged_certificate_is_named_and_left_and_the_import_goes_on(tmp_path: Path, store: ParquetStore) -> None:
    imported(store, file_of(tmp_path, MONTH[:9]), complete=True)
    broken = store.root / "calendar=24%2F7" / "date=2023-12-21" / "_certificate.json"
    broken.write_text("{", encoding="utf-8")

    report = imported(store, file_of(tmp_path, [("B", day, 5, 7) for day in range(3)], "more.csv"), complete=True)

    assert (report.totals.kept, report.certified, report.error) == (3, 2, None)
    assert len(report.remarks) == 1
    assert "date=2023-12-21/_certificate.json cannot be read" in report.remarks[0]
    assert report.remarks[0].endswith("it was left as it is")
    assert broken.read_text(encoding="utf-8") == "{"


def test_a_complete_file_certifies_each_day(tmp_path: Path, store: ParquetStore) -> None:
    report = imported(store, file_of(tmp_path, MONTH), complete=True)
    again = imported(store, file_of(tmp_path, [*MONTH, ("A", 3, 9, 7)]))

    assert (report.certified, len(store.certified("24/7")), report.layout) == (40, 40, "narrow")
    assert again.certified == 1


lines = st.tuples(st.sampled_from("AB"), st.sampled_from([0, 1, 5, 14]), st.integers(0, 4), st.integers(1, 2))


some_files = st.lists(st.lists(lines, min_size=1, max_size=12), min_size=1, max_size=2)


@examples(12)
@given(rounds=st.lists(some_files, min_size=1, max_size=3))
def test_whatever_the_layout_the_same_bars_are_stored_and_the_same_is_told(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[list[list[Line]]]
) -> None:
    folder = tmp_path_factory.mktemp("imports")
    narrow = ParquetStore(made_narrow(folder / "narrow"), segment_of=all_regular)
    with closing(narrow), closing(ParquetStore(folder / "days", segment_of=all_regular)) as days:
        memory = MemoryStore()
        for number, given_files in enumerate(rounds):
            paths = [file_of(folder / f"{number}", of_file, f"{at}.csv") for at, of_file in enumerate(given_files)]
            told = [msgspec.structs.replace(imported(s, *paths), layout=None) for s in (memory, days, narrow)]
            assert told[0] == told[1] == told[2]
            assert content(memory) == content(days) == content(narrow)


def test_an_interrupted_import_leaves_whole_days_and_may_be_repeated(tmp_path: Path, store: ParquetStore) -> None:
    path = file_of(tmp_path, MONTH)

    def interrupt(progress: ImportProgress) -> None:
        if progress.phase == "writing":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_paths([path], store, ImportOptions(calendar="24/7"), interrupt, calendars=SESSIONS.__getitem__)
    left = content(store)
    report = imported(store, path)

    assert left
    assert {len(bars) for bars in left.values()} == {3}
    assert report.totals.kept + report.totals.duplicates == 120
    assert len(content(store)) == 40


KILLED = """
import sys
from pathlib import Path
from actors.importing.into_store import ImportOptions, import_paths
from actors.storage.parquet import ParquetStore

def told(progress):
    if progress.phase == "writing":
        print(progress.done, flush=True)
        sys.stdin.readline()

import_paths([Path(sys.argv[1])], ParquetStore(Path(sys.argv[2])), ImportOptions(calendar="24/7"), told)
"""


@pytest.mark.slow
def test_a_killed_import_leaves_a_store_of_whole_days(tmp_path: Path) -> None:
    path = file_of(tmp_path, MONTH)
    command = [sys.executable, "-c", KILLED, str(path), str(tmp_path / "store")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert int(process.stdout.readline()) == 12
        process.send_signal(signal.SIGKILL)

    with closing(ParquetStore(tmp_path / "store", segment_of=all_regular)) as store:
        left = content(store)
        report = imported(store, path)
        assert {len(bars) for bars in left.values()} == {3}
        assert report.totals.duplicates == 3 * len(left)
        assert len(content(store)) == 40
