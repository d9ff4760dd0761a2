"""Files that are declared complete: their absent minutes are NO_TRADE, and their days are certified."""

from pathlib import Path

import msgspec
import pytest

from actors.importing.into_store import ImportOptions, import_paths
from actors.kernel.ports import BarStore
from actors.storage.memory import MemoryStore
from actors.system import System
from actors.vendors.plain.csv_file import CSV
from messages import SegmentKind, SessionCertificate, SymbolVerdicts, VerdictRun
from tests.builders import instant
from tests.importing.imports import NEW_YORK, minutes, new_york, one, run
from tests.vendors.files import row, written

DATE = "2024-03-08"
COMPLETE = {**NEW_YORK, "complete": True}


@pytest.fixture
def store() -> BarStore:
    return MemoryStore()


def issued(store: BarStore, date: str = DATE) -> SessionCertificate:
    found = store.certificate("XNYS", date)
    assert found is not None
    return found


def told(certificate: SessionCertificate, symbol: str = "AAPL") -> list[tuple[str, str]]:
    """The NO_TRADE minutes of a symbol, as clock times of the exchange."""
    midnight = instant(certificate.date, "00:00", certificate.tz)
    clock = [
        tuple(f"{(ns - midnight) // 3_600_000_000_000:02}:{(ns - midnight) // 60_000_000_000 % 60:02}" for ns in edges)
        for edges in ((one.start_ns, one.end_ns) for one in certificate.runs if one.symbol == symbol)
    ]
    return [(start, end) for start, end in clock]


def test_absent_minutes_of_a_complete_file_were_not_traded(tmp_path: Path, store: BarStore) -> None:
    report = run(new_york(tmp_path, minutes("09:31", 2) + minutes("12:00", 1)), store, **COMPLETE)

    found = issued(store)
    assert report.certified == 1
    assert told(found) == [("09:30", "09:31"), ("09:33", "12:00"), ("12:01", "16:00")]
    assert {one.source for one in found.runs} == {"import: csv"}
    assert found.symbols == (SymbolVerdicts(symbol="AAPL", streamed=3, no_trade=387),)
    assert (found.bar_quality, found.issued_by, found.replaces) == (100.0, "import", None)
    assert found.settled_ns == found.session.close_ns


def test_a_file_of_which_nothing_is_said_certifies_nothing(tmp_path: Path, store: BarStore) -> None:
    report = run(new_york(tmp_path, minutes("09:31", 2)), store, **NEW_YORK)

    assert (report.certified, store.certified("XNYS")) == (0, ())


def test_a_format_may_declare_its_files_complete(
    tmp_path: Path, store: BarStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = msgspec.structs.replace(CSV, is_complete=True)
    monkeypatch.setattr("actors.importing.into_store.format_named", lambda _: declared)

    run(new_york(tmp_path, minutes("09:30", 1)), store, format="csv", **NEW_YORK)

    assert told(issued(store)) == [("09:31", "16:00")]


def test_only_sessions_that_a_file_has_a_bar_of_are_covered(tmp_path: Path, store: BarStore) -> None:
    text = minutes("09:30", 390) + minutes("09:30", 1, "2024-03-12")

    run(new_york(tmp_path, text), store, **COMPLETE)

    assert store.certified("XNYS") == (DATE, "2024-03-12")
    assert issued(store).runs == ()


def test_only_symbols_that_a_file_has_a_bar_of_are_covered(tmp_path: Path, store: BarStore) -> None:
    run(new_york(tmp_path, minutes("09:30", 2), "MSFT.csv"), store, **NEW_YORK)

    run(new_york(tmp_path, minutes("09:30", 1)), store, **COMPLETE)

    assert issued(store).names == ("AAPL",)


def test_extended_minutes_are_covered_where_the_file_has_extended_hours(tmp_path: Path, store: BarStore) -> None:
    run(new_york(tmp_path, minutes("09:28", 1) + minutes("09:31", 1)), store, **COMPLETE)

    found = issued(store)
    assert told(found) == [("04:00", "09:28"), ("09:29", "09:31"), ("09:32", "20:00")]
    assert found.extended == (SymbolVerdicts(symbol="AAPL", streamed=1, no_trade=569),)
    assert [segment.kind for segment in found.segments] == [
        SegmentKind.PRE_MARKET,
        SegmentKind.REGULAR,
        SegmentKind.POST_MARKET,
    ]


def test_the_closing_auction_alone_shows_no_extended_hours(tmp_path: Path, store: BarStore) -> None:
    text = "".join(minutes("09:30", 1, date) + minutes("16:00", 1, date) for date in (DATE, "2024-03-11"))

    run(new_york(tmp_path, text), store, **COMPLETE)

    assert issued(store).extended == ()
    assert told(issued(store)) == [("09:31", "16:00")]


def test_a_post_market_shows_extended_hours(tmp_path: Path, store: BarStore) -> None:
    run(new_york(tmp_path, minutes("09:30", 390) + minutes("16:00", 2)), store, **COMPLETE)

    assert told(issued(store)) == [("04:00", "09:30"), ("16:02", "20:00")]


def test_files_of_one_day_each_speak_for_their_own_symbols(tmp_path: Path, store: BarStore) -> None:
    early = new_york(tmp_path, minutes("09:29", 1) + minutes("09:30", 390), "AAPL.csv")
    regular = new_york(tmp_path, minutes("09:30", 389), "MSFT.csv")

    run([early, regular], store, **COMPLETE)

    found = issued(store)
    assert told(found, "AAPL") == [("04:00", "09:29"), ("16:00", "20:00")]
    assert told(found, "MSFT") == [("15:59", "16:00")]
    assert [one.missing for one in found.extended] == [0, 570]


def test_a_minute_whose_row_was_rejected_may_have_been_traded(tmp_path: Path, store: BarStore) -> None:
    bad = f"{DATE} 09:31:00,10,5,9,10,100\n"
    text = minutes("09:30", 1) + bad + minutes("09:30", 1, "2024-03-11")

    report = run(new_york(tmp_path, text), store, **COMPLETE)

    assert (store.certified("XNYS"), told(issued(store, "2024-03-11"))) == (("2024-03-11",), [("09:31", "16:00")])
    assert one(report).warnings[0] == (
        "declared complete, but some rows were rejected: "
        "absent minutes of their symbols on 1 day are not taken as NO_TRADE"
    )


def test_a_row_that_cannot_be_read_may_be_of_any_minute(tmp_path: Path, store: BarStore) -> None:
    text = minutes("09:30", 1) + "nonsense,10,11,9,10,100\n" + minutes("09:30", 1, "2024-03-11")

    report = run(new_york(tmp_path, text), store, **COMPLETE)

    assert store.certified("XNYS") == ()
    assert any("absent minutes in it are not taken as NO_TRADE" in told for told in one(report).warnings)


def test_a_row_on_a_day_without_a_session_takes_nothing_back(tmp_path: Path, store: BarStore) -> None:
    run(new_york(tmp_path, minutes("09:30", 1) + minutes("09:30", 1, "2024-03-09")), store, **COMPLETE)

    assert store.certified("XNYS") == (DATE,)


def test_a_row_without_prices_says_that_nothing_was_traded(tmp_path: Path, store: BarStore) -> None:
    run(new_york(tmp_path, minutes("09:30", 1) + f"{DATE} 09:31:00,,,,,0\n"), store, **COMPLETE)

    assert told(issued(store)) == [("09:31", "16:00")]


def test_a_file_that_breaks_further_on_claims_nothing(tmp_path: Path, store: BarStore) -> None:
    seconds = "".join(row(f"{DATE} 09:30:{second:02}", 10.0) for second in range(0, 60, 5))
    good = new_york(tmp_path, minutes("09:30", 1), "MSFT.csv")

    run([new_york(tmp_path, seconds), good], store, **COMPLETE)

    assert issued(store).names == ("MSFT",)


def test_nothing_is_certified_where_nothing_is_written(tmp_path: Path, store: BarStore) -> None:
    text = minutes("09:30", 1) + minutes("09:30", 1, "2024-03-09")

    report = run(new_york(tmp_path, text), store, strict=True, **COMPLETE)

    assert (report.written, report.certified, store.certified("XNYS")) == (False, 0, ())


def test_the_same_complete_file_twice_changes_nothing(tmp_path: Path, store: BarStore) -> None:
    path = new_york(tmp_path, minutes("09:30", 3))
    run(path, store, **COMPLETE)
    before = issued(store)

    assert run(path, store, **COMPLETE).certified == 0
    assert issued(store) == before


def test_runs_shrink_where_a_later_file_has_bars(tmp_path: Path, store: BarStore) -> None:
    run(new_york(tmp_path, minutes("09:30", 1)), store, **COMPLETE)
    before = issued(store)

    report = run(new_york(tmp_path, minutes("09:33", 1), "later/AAPL.csv"), store, **NEW_YORK)

    after = issued(store)
    assert report.certified == 1
    assert told(after) == [("09:31", "09:33"), ("09:34", "16:00")]
    assert after.replaces == before.digest != after.digest
    assert after.symbols == (SymbolVerdicts(symbol="AAPL", streamed=2, no_trade=388),)


def test_a_correction_of_a_certified_day_is_certified_anew(tmp_path: Path, store: BarStore) -> None:
    run(new_york(tmp_path, minutes("09:30", 1)), store, **COMPLETE)

    run(new_york(tmp_path, minutes("09:30", 1, price=20.0), "later/AAPL.csv"), store, **NEW_YORK)

    assert issued(store).symbols == (SymbolVerdicts(symbol="AAPL", corrected=1, no_trade=389),)
    assert issued(store).replaces is not None


def test_a_symbol_that_is_imported_into_a_certified_day_is_covered_from_then_on(
    tmp_path: Path, store: BarStore
) -> None:
    run(new_york(tmp_path, minutes("09:30", 1)), store, **COMPLETE)

    run(new_york(tmp_path, minutes("09:30", 390), "MSFT.csv"), store, **NEW_YORK)

    assert issued(store).names == ("AAPL", "MSFT")
    assert told(issued(store), "AAPL") == [("09:31", "16:00")]


def test_what_a_session_told_of_its_day_is_kept(tmp_path: Path, store: BarStore) -> None:
    run(new_york(tmp_path, minutes("09:30", 1)), store, **COMPLETE)
    by_session = msgspec.structs.replace(
        issued(store),
        issued_by="session",
        rejected={"high_too_low": 2},
        intervals=("7m",),
        settled_ns=5,
        digest="other",
    )
    store.certify("XNYS", DATE, by_session)

    run(new_york(tmp_path, minutes("09:31", 1), "later/AAPL.csv"), store, **COMPLETE)

    after = issued(store)
    assert (after.rejected, after.intervals, after.settled_ns) == ({"high_too_low": 2}, ("7m",), 5)
    assert (after.issued_by, after.replaces) == ("import", "other")


def test_the_hours_of_a_session_that_had_its_own_extended_ones_stay(tmp_path: Path, store: BarStore) -> None:
    run(new_york(tmp_path, minutes("09:28", 390)), store, **COMPLETE)
    found = issued(store)
    shorter = tuple(
        msgspec.structs.replace(segment, start_ns=segment.end_ns - 3_600_000_000_000)
        if segment.kind is SegmentKind.PRE_MARKET
        else segment
        for segment in found.segments
    )
    store.certify("XNYS", DATE, msgspec.structs.replace(found, segments=shorter, digest="other"))

    run(new_york(tmp_path, minutes("09:28", 390)), store, **COMPLETE)

    assert issued(store).segments == shorter


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_complete_files_the_one_with_extended_hours_speaks_for_them(
    tmp_path: Path, store: BarStore, order: int
) -> None:
    files = [new_york(tmp_path, minutes(at, 1), f"{n}/AAPL.csv") for n, at in ((1, "09:30"), (2, "08:00"))]

    run(files[::order], store, **COMPLETE)

    assert told(issued(store)) == [("04:00", "08:00"), ("08:01", "09:30"), ("09:31", "20:00")]


def test_a_complete_file_speaks_of_the_minutes_around_the_clock(tmp_path: Path, store: BarStore) -> None:
    path = written(tmp_path / "BTC.csv", f"timestamp,open,high,low,close,volume\n{DATE}T00:00:00Z,1,1,1,1,1\n")

    run(path, store, calendar="24/7", complete=True)

    found = store.certificate("24/7", DATE)
    assert found is not None
    midnight = instant(DATE, "00:00")
    expected = VerdictRun(
        symbol="BTC",
        verdict=found.runs[0].verdict,
        start_ns=midnight + 60_000_000_000,
        end_ns=midnight + 86_400_000_000_000,
        source="import: csv",
    )
    assert found.runs == (expected,)


def test_a_replayed_day_has_the_digest_that_the_import_certified(tmp_path: Path, store: BarStore) -> None:
    files = [new_york(tmp_path, minutes("09:31", 380, price=p), f"{n}.csv") for n, p in (("AAPL", 10.0), ("B", 7.0))]
    run(files, store, **COMPLETE)

    with System.backtest(store, calendar="XNYS") as system:
        for _ in system.minutes():
            pass
        digest = system.digest().get(timeout=5)

    assert digest == issued(store).digest


def test_a_calendar_may_be_named_by_any_of_its_names(tmp_path: Path, store: BarStore) -> None:
    path = new_york(tmp_path, minutes("09:30", 390))
    report = import_paths([path], store, ImportOptions(calendar="nyse", tz="America/New_York", complete=True))

    assert (one(report).error, one(report).calendar, report.certified) == (None, "XNYS", 1)
