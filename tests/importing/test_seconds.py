"""One-second bars that are imported as they are: ``--base 1s``."""

from pathlib import Path

import pytest

from actors.importing.into_store import ImportOptions, import_paths
from actors.reading.format import Stamp
from actors.storage.memory import MemoryStore
from actors.storage.parquet import ParquetStore
from actors.verifying import Standing, verify_store
from messages import DataError, Interval
from messages.values import SECOND_NS
from tests.importing.imports import NEW_YORK, run
from tests.vendors.files import HEADER, written, zipped

ONE_SECOND = Interval.parse("1s")
DATE = "2024-03-08"


def text(*stamps: str) -> str:
    return HEADER + "".join(f"{DATE} {stamp},{n},{n + 1},{n},{n},10\n" for n, stamp in enumerate(stamps, 1))


def seconds(root: Path, *stamps: str) -> Path:
    return written(root / "AAPL.csv", text(*stamps))


STAMPS = ("09:30:00", "09:30:01", "09:30:07", "09:31:00", "15:59:59")


def test_seconds_are_kept_as_they_are(tmp_path: Path) -> None:
    store = MemoryStore()
    report = run(seconds(tmp_path, *STAMPS), store, base=ONE_SECOND, **NEW_YORK)

    day = store.read("XNYS", DATE)
    assert (report.error, report.totals.kept, store.base_interval()) == (None, 5, ONE_SECOND)
    assert day is not None
    assert [int(start) % (60 * SECOND_NS) // SECOND_NS for start in day.bars.start_ns] == [0, 1, 7, 0, 59]
    assert day.bars.close.tolist() == [1, 2, 3, 4, 5]


def test_the_same_file_twice_changes_nothing_and_a_newer_one_corrects(tmp_path: Path) -> None:
    store, path = MemoryStore(), seconds(tmp_path, *STAMPS)
    run(path, store, base=ONE_SECOND, **NEW_YORK)
    again = run(path, store, base=ONE_SECOND, **NEW_YORK)
    path.write_text(text(*STAMPS).replace("09:30:01,2,3,2,2", "09:30:01,2,4,2,2"))
    newer = run(path, store, base=ONE_SECOND, **NEW_YORK)

    assert (again.totals.duplicates, again.totals.corrected) == (5, 0)
    assert (newer.totals.duplicates, newer.totals.corrected) == (4, 1)


def test_stamps_of_the_end_are_a_second_later(tmp_path: Path) -> None:
    store = MemoryStore()
    run(seconds(tmp_path, "09:30:01", "09:30:02"), store, base=ONE_SECOND, stamp=Stamp.END, **NEW_YORK)

    day = store.read("XNYS", DATE)
    assert day is not None
    assert [int(start) % (60 * SECOND_NS) // SECOND_NS for start in day.bars.start_ns] == [0, 1]


def test_a_complete_file_certifies_seconds(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path / "store")
    run(seconds(tmp_path, *STAMPS), store, base=ONE_SECOND, complete=True, **NEW_YORK)

    certificate = store.certificate("XNYS", DATE)
    assert certificate is not None
    (counts,) = certificate.symbols
    assert (certificate.base_interval, counts.streamed, counts.no_trade) == ("1s", 5, 23_395)
    assert [day.standing for day in verify_store(store).days] == [Standing.MATCH]


def test_minutes_are_no_seconds(tmp_path: Path) -> None:
    report = run(seconds(tmp_path, *(f"09:{m}:00" for m in range(30, 59))), base=ONE_SECOND, **NEW_YORK)

    assert "bars every minute; only bars of 1s are imported" in str(report.error)


def test_without_it_seconds_are_refused(tmp_path: Path) -> None:
    report = run(seconds(tmp_path, "09:30:01", "09:30:02", "09:30:03"), **NEW_YORK)

    assert (
        "3 of 3 stamps are not on the minute; only one-minute bars are imported, and bars of seconds with --base 1s"
        in str(report.error)
    )


def test_what_is_between_two_seconds_is_rejected(tmp_path: Path) -> None:
    report = run(seconds(tmp_path, "09:30:01", "09:30:02", "09:30:02.500"), base=ONE_SECOND, **NEW_YORK)

    (file,) = report.files
    assert (file.kept, sum(file.rejected.values()), file.examples[0].expected) == (2, 1, "a stamp on a whole 1s")


@pytest.mark.parametrize(("base", "kept"), [("1s", 3), ("5s", 2), ("1m", 1)])
def test_a_vendor_s_seconds_are_as_long_as_is_asked_for(tmp_path: Path, base: str, kept: int) -> None:
    rows = "".join(f"{34_200_000 + ms},10000,10000,10000,10000,5\n" for ms in (0, 1000, 6000))
    path = zipped(tmp_path / "equity/usa/second/aapl/20240308_trade.zip", {"20240308_aapl_second_trade.csv": rows})
    store = MemoryStore()

    report = import_paths([path], store, ImportOptions(base=Interval.parse(base)))

    assert (report.error, report.totals.kept) == (None, kept)
    assert store.base_interval() == Interval.parse(base)
    assert any("make" in remark for remark in report.files[0].warnings) is (base != "1s")


@pytest.mark.parametrize(("base", "opens"), [("1s", [1.0, 2.0, 3.0]), ("1m", [1.0, 3.0])])
def test_trades_are_folded_to_what_is_asked_for(tmp_path: Path, base: str, opens: list[float]) -> None:
    at = 1_709_908_200
    path = written(tmp_path / "XBTUSD.csv", "".join(f"{at + s},{p},1\n" for s, p in ((0, 1), (7, 2), (61, 3))))
    store = MemoryStore()

    import_paths([path], store, ImportOptions(format="trade-csv", base=Interval.parse(base)))

    day = store.read("24/7", DATE)
    assert day is not None
    assert day.bars.open.tolist() == opens


def test_bars_of_another_length_need_a_store_of_their_own(tmp_path: Path) -> None:
    store, path = MemoryStore(), seconds(tmp_path, *STAMPS)
    run(path, store, base=ONE_SECOND, **NEW_YORK)

    with pytest.raises(
        DataError, match=r"the store holds bars of 1s; what is imported are bars of 1m: .* say --base 1s"
    ):
        run(path, store, **NEW_YORK)
    with pytest.raises(DataError, match="a minute is no whole multiple of 7s"):
        run(path, base=Interval.parse("7s"), **NEW_YORK)
