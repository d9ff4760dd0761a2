"""Whether prices were adjusted before they came is kept with the days of an import; a mix of both is said."""

from pathlib import Path

from actors.inspecting import inspect_store
from actors.storage.memory import MemoryStore
from tests.importing.imports import NEW_YORK, SESSIONS, minutes, new_york, one, run
from tests.vendors.files import row, written


def firstrate(folder: Path, kind: str, *dates: str, symbol: str = "AAPL") -> Path:
    lines = "".join(row(f"{date} 09:30:00") for date in dates)
    return written(folder / f"{symbol}_full_1min_{kind}.txt", lines)


def spans(store: MemoryStore) -> list[tuple[str, str, str]]:
    return [(run.symbol, run.first, run.last) for run in store.adjusted("XNYS")]


def test_it_is_kept_by_symbol_and_day_and_inspected(tmp_path: Path) -> None:
    store = MemoryStore()
    adjusted = firstrate(tmp_path, "adjsplitdiv", "2024-03-07", "2024-03-08")
    other = firstrate(tmp_path, "UNADJUSTED", "2024-03-08", symbol="MSFT")
    report = run([adjusted, other], store)
    days = inspect_store(store, calendars=SESSIONS.__getitem__).days

    assert not [file.warnings for file in report.files if any("adjusted" in said for said in file.warnings)]
    assert spans(store) == [("AAPL", "2024-03-07", "2024-03-08")]
    as_of = store.adjusted("XNYS")[0].as_of
    assert [(day.symbol, day.adjusted_as_of) for day in days] == [("AAPL", as_of), ("AAPL", as_of), ("MSFT", None)]


def test_a_format_that_always_adjusts_is_known(tmp_path: Path) -> None:
    store = MemoryStore()
    run(written(tmp_path / "AAPL.txt", "03/08/2024,09:30,1,2,1,2,10\n"), store, format="kibot")

    assert spans(store) == [("AAPL", "2024-03-08", "2024-03-08")]


def test_a_mix_is_said_whichever_comes_later(tmp_path: Path) -> None:
    adjusted = firstrate(tmp_path, "adjsplit", "2024-03-07", "2024-03-08")
    later = {
        "raw": firstrate(tmp_path, "UNADJUSTED", "2024-03-11"),
        "unknown": new_york(tmp_path, minutes("09:30", 3, "2024-03-11")),
    }
    for path in later.values():
        for first, second in ((adjusted, path), (path, adjusted)):
            store = MemoryStore()
            run(first, store, **NEW_YORK)
            (told,) = [said for said in one(run(second, store, **NEW_YORK)).warnings if "adjusted" in said]

            assert told.startswith("AAPL: the prices of 2024-03-07 to 2024-03-08 were adjusted before they came (as of")
            assert "and those of 2024-03-11 are not known to be: give them stores of their own, or" in told


def test_a_mix_within_one_import_is_said_of_both_files(tmp_path: Path) -> None:
    paths = [firstrate(tmp_path, "adjsplit", "2024-03-07"), firstrate(tmp_path, "UNADJUSTED", "2024-03-08")]
    report = run(paths)

    assert [sum("adjusted" in said for said in file.warnings) for file in report.files] == [1, 1]


def test_who_imports_all_of_it_anew_as_it_was_paid_has_no_mix(tmp_path: Path) -> None:
    store = MemoryStore()
    run(firstrate(tmp_path, "adjsplit", "2024-03-07", "2024-03-08"), store)
    again = one(run(firstrate(tmp_path, "UNADJUSTED", "2024-03-07", "2024-03-08"), store))

    assert not [said for said in again.warnings if "adjusted" in said]
    assert spans(store) == []


def test_what_is_not_written_is_not_kept(tmp_path: Path) -> None:
    store = MemoryStore()
    broken = written(tmp_path / "MSFT_full_1min_adjsplit.txt", row("2024-03-08 09:30:00") + "2024-03-08 09:31:00,1,2\n")
    report = run([firstrate(tmp_path, "adjsplit", "2024-03-07"), broken], store, strict=True)

    assert (report.written, spans(store)) == (False, [])
