"""The command ``backtest`` on missing minutes: who is asked for them, what became of them, what is kept."""

import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actors.doors.commands.repairs import SessionRepairs
from actors.kernel.ports import StoredDay
from actors.market.calendar import Calendar
from actors.market.faults import Faults
from actors.storage.parquet import ParquetStore
from actors.system import System
from messages import Verdict
from tests.certificates import certificate, run
from tests.doors.conftest import DAYS, MARKET, Call
from tests.patience import PATIENCE_S

MINUTES = {"2024-07-02": 390, "2024-07-03": 210}
OUTAGE = ("--outage", "10:00-10:07")


@pytest.fixture(scope="module")
def archive(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same market, in a store that knows which minutes were never traded."""
    folder = shutil.copytree(store, tmp_path_factory.mktemp("archive") / "archive")
    with closing(ParquetStore(folder)) as files:
        for date in DAYS:
            certify(files, date)
    return folder


def certify(store: ParquetStore, date: str) -> None:
    session = Calendar("XNYS").session(date)
    assert session is not None
    runs = tuple(
        run(symbol, session.open_ns, session.close_ns, source="archive", session=session) for symbol in MARKET.symbols
    )
    store.certify("XNYS", date, certificate(*MARKET.symbols, session=session, runs=runs))


@pytest.fixture
def tape(store: Path, tmp_path: Path) -> Path:
    """A copy of the store that may be written to."""
    return shutil.copytree(store, tmp_path / "tape")


def bars_of(store: Path, date: str) -> int:
    day = ParquetStore(store, read_only=True).read("XNYS", date)
    assert day is not None
    return len(day.bars)


def repairs(answer: Any) -> dict[str, dict[str, Any]]:
    """What the JSON says of each session's missing minutes."""
    return {session["date"]: session["repairs"] for session in answer.object["sessions"]}


# --- what becomes of them


def test_an_archive_heals_a_faulty_feed(call: Call, store: Path, archive: Path) -> None:
    answer = call("backtest", "--store", store, "--drop", "0.05", *OUTAGE, "--fill-from", archive, "--json")

    assert (answer.code, answer.err) == (0, "")
    for date, of_session in repairs(answer).items():
        bars, minutes = bars_of(store, date), 3 * MINUTES[date]
        assert of_session["no_trade"] == minutes - bars
        assert of_session["filled"] > 15
        assert of_session["missing_at_first"] == of_session["filled"] + of_session["no_trade"]
        assert (of_session["late"], of_session["abandoned"], of_session["missing"]) == (0, 0, 0)
        assert of_session["completeness"] == pytest.approx(100.0 * bars / minutes)
        assert of_session["bar_quality"] == 100.0
        assert of_session["median_s"] == 30.0
        assert 0 < of_session["requests"] <= of_session["missing_at_first"]
        assert of_session["certified"] is False


@pytest.mark.slow
def test_the_healed_sessions_are_those_of_an_undisturbed_feed(call: Call, store: Path, archive: Path) -> None:
    faults = ("--drop", "0.05", "--delay", "0.05", "--duplicate", "0.1", "--corrupt", "0.05", *OUTAGE)

    plain = call("backtest", "--store", store, "--json").object
    healed = call("backtest", "--store", store, *faults, "--fill-from", archive, "--json").object

    assert [session["symbols"] for session in healed["sessions"]] == [
        session["symbols"] for session in plain["sessions"]
    ]


def test_the_json_has_the_documented_fields(call: Call, store: Path, archive: Path) -> None:
    answer = call("backtest", "--store", store, "--last", "1", "--fill-from", archive, "--json")

    documented = {"missing_at_first", "late", "filled", "no_trade", "abandoned", "missing", "requests", "median_s"}
    documented |= {"completeness", "bar_quality", "digest", "certified"}
    assert answer.out.count("\n") == 1
    assert all(set(of_session) == documented for of_session in repairs(answer).values())
    assert documented == set(SessionRepairs.__struct_fields__)


def test_a_faulty_feed_without_anybody_to_ask_is_told_as_it_is(call: Call, store: Path) -> None:
    json = call("backtest", "--store", store, "--drop", "0.05", "--delay", "0.05", "--json")
    answer = call("backtest", "--store", store, "--drop", "0.05", "--delay", "0.05")

    for of_session in repairs(json).values():
        assert of_session["late"] > 0
        assert of_session["missing_at_first"] == of_session["late"] + of_session["missing"]
        assert (of_session["filled"], of_session["requests"], of_session["median_s"]) == (0, 0, None)
        assert of_session["bar_quality"] == of_session["completeness"] < 95.0
    assert "Nobody was asked for what is missing: --fill-from names" in answer.out


@pytest.mark.slow
def test_the_tables_end_with_a_row_a_session_of_missing_minutes(call: Call, store: Path, archive: Path) -> None:
    answer = call("backtest", "--store", store, *OUTAGE, "--fill-from", archive)

    words = [line.split() for line in answer.out[answer.out.index("Minutes that were missing") :].splitlines()]
    quiet = 3 * 390 - bars_of(store, DAYS[0])
    first = next(row for row in words if row[:1] == [DAYS[0]])
    assert int(first[1]) == int(first[3]) + int(first[4])
    assert int(first[4]) == quiet
    assert (first[8:10], first[-2:]) == (["30", "s"], ["100.0", "%"])
    assert ["2", "sessions"] in [row[:2] for row in words]
    assert "bars were played" not in answer.out


def test_one_session_needs_no_sum(call: Call, store: Path, archive: Path) -> None:
    answer = call("backtest", "--store", store, "--last", "1", "--fill-from", archive)

    table = answer.out[answer.out.index("Minutes that were missing") :]
    assert f"\n{DAYS[1]} " in table
    assert "1 session" not in table


def test_what_no_source_has_is_abandoned(call: Call, store: Path, tape: Path) -> None:
    of_session = repairs(call("backtest", "--store", store, "--last", "1", *OUTAGE, "--fill-from", tape, "--json"))[
        DAYS[1]
    ]

    assert of_session["abandoned"] == 3 * 210 - bars_of(store, DAYS[1])
    assert of_session["filled"] > 0
    assert of_session["bar_quality"] == of_session["completeness"] < 100.0


@pytest.mark.slow
def test_a_folder_of_vendors_files_can_be_asked(call: Call, store: Path, tmp_path: Path) -> None:
    day = ParquetStore(store, read_only=True).read("XNYS", DAYS[1])
    assert day is not None
    (tmp_path / "files").mkdir()
    rows = (
        f"{bar.symbol},{bar.start.isoformat()},{bar.open},{bar.high},{bar.low},{bar.close},{bar.volume}"
        for bar in day.bars.bars()
    )
    text = "\n".join(["symbol,time,open,high,low,close,volume", *rows])
    (tmp_path / "files" / "all.csv").write_text(text, encoding="utf-8")

    asking = ("--fill-from", tmp_path / "files", "--calendar", "XNYS")
    of_session = repairs(call("backtest", "--store", store, "--last", "1", *OUTAGE, *asking, "--json"))[DAYS[1]]

    assert of_session["filled"] == of_session["missing_at_first"] - of_session["abandoned"] > 7


# --- who may be asked


def test_a_store_cannot_fill_its_own_holes(call: Call, store: Path) -> None:
    answer = call("backtest", "--store", store, "--fill-from", store / ".." / store.name)

    assert (answer.code, answer.out) == (1, "")
    assert answer.err.count("\n") == 1
    assert "is the store that is played, which cannot fill its own holes; name another one" in answer.err


@pytest.mark.slow
def test_a_store_can_give_back_what_its_feed_lost(call: Call, store: Path) -> None:
    filled = repairs(call("backtest", "--store", store, "--last", "1", *OUTAGE, "--fill-from", store, "--json"))

    assert all(of_session["filled"] > 0 for of_session in filled.values())


def test_a_source_that_is_not_there_is_named(call: Call, store: Path, tmp_path: Path) -> None:
    answer = call("backtest", "--store", store, "--fill-from", tmp_path / "none")

    assert (answer.code, answer.out) == (1, "")
    assert answer.err == f"error: {tmp_path / 'none'}: there is no store and no file to fill from\n"


def test_a_source_that_fails_is_told_with_its_reason(call: Call, store: Path, empty: Path) -> None:
    answer = call("backtest", "--store", store, "--last", "1", "--fill-from", empty)

    assert answer.code == 0
    assert f"requests to {empty} failed; the last: there is no file of bars among the paths\n" in answer.out


# --- what is kept


def test_nothing_is_written_unless_wanted(call: Call, tape: Path, archive: Path) -> None:
    def files() -> dict[Path, bytes]:
        return {file: file.read_bytes() for file in tape.rglob("*") if file.is_file()}

    before = files()

    assert call("backtest", "--store", tape, "--last", "1", *OUTAGE, "--fill-from", archive).code == 0
    assert files() == before


def test_what_was_filled_is_kept_and_certified_if_wanted(call: Call, tape: Path, archive: Path) -> None:
    answer = call("backtest", "--store", tape, *OUTAGE, "--fill-from", archive, "--certify")

    verified = call("verify", "--store", tape, "--json").object["days"]
    certificates = call("inspect", "--store", tape, "--json").object["certificates"]
    assert answer.code == 0
    assert answer.out.endswith("2 days were certified.\n")
    assert [day["standing"] for day in verified] == ["match", "match"]
    assert all(one["bar_quality"] == 100.0 and one["issued_by"] == "session" for one in certificates)


def test_holes_of_a_store_are_filled_on_disk(call: Call, tmp_path: Path, archive: Path) -> None:
    whole = ParquetStore(archive, read_only=True).read("XNYS", DAYS[1])
    assert whole is not None
    is_kept = np.arange(len(whole.bars)) % 50 != 7
    with closing(ParquetStore(tmp_path / "holes")) as files:
        files.merge("XNYS", DAYS[1], StoredDay(bars=whole.bars.where(is_kept), verdicts=whole.verdicts[is_kept]))

    answer = call("backtest", "--store", tmp_path / "holes", "--fill-from", archive, "--certify", "--json")

    filled = ParquetStore(tmp_path / "holes", read_only=True).read("XNYS", DAYS[1])
    assert filled is not None
    assert repairs(answer)[DAYS[1]]["filled"] == np.count_nonzero(~is_kept)
    assert filled.bars == whole.bars
    assert np.array_equal(filled.verdicts == Verdict.FILLED, ~is_kept)


@pytest.mark.slow
def test_one_day_is_certified(call: Call, tape: Path, archive: Path) -> None:
    asking = ("--last", "1", "--fill-from", archive, "--certify")

    assert call("backtest", "--store", tape, *asking).out.endswith("1 day was certified.\n")
    assert repairs(call("backtest", "--store", tape, *asking, "--json"))[DAYS[1]]["certified"] is True


@pytest.mark.slow
def test_a_run_of_one_symbol_leaves_the_certificate_of_the_others(call: Call, tape: Path, archive: Path) -> None:
    asking = ("--last", "1", "--fill-from", archive, "--certify")
    call("backtest", "--store", tape, *asking)

    answer = call("backtest", "--store", tape, "--symbols", MARKET.symbols[0], *asking)

    latest = call("inspect", "--store", tape, "--json").object["certificates"][-1]
    assert (answer.code, answer.out.endswith("1 day was certified.\n")) == (0, True)
    assert [counts["symbol"] for counts in latest["symbols"]] == list(MARKET.symbols)


@pytest.mark.slow
def test_a_run_of_regular_hours_leaves_the_certificate_of_extended_ones(call: Call, tape: Path, archive: Path) -> None:
    asking = ("--last", "1", "--fill-from", archive, "--certify")
    call("backtest", "--store", tape, *asking, "--extended-hours")

    answer = call("backtest", "--store", tape, *asking)

    latest = call("inspect", "--store", tape, "--json").object["certificates"][-1]
    assert (answer.code, answer.out.endswith("1 day was certified.\n")) == (0, True)
    assert latest["extended"]


@pytest.mark.slow
def test_a_run_that_lost_bars_does_not_pass_for_the_certificate_of_another(
    call: Call, tape: Path, archive: Path
) -> None:
    call("backtest", "--store", tape, "--last", "1", "--fill-from", archive, "--certify")

    one = ("--last", "1", "--symbols", MARKET.symbols[0], *OUTAGE, "--certify")
    several = ("--last", "1", *OUTAGE, "--certify")

    assert call("backtest", "--store", tape, *one).code == call("backtest", "--store", tape, *several).code == 1


def test_what_a_certificate_knows_is_not_missing_the_next_time(call: Call, tape: Path, archive: Path) -> None:
    asking = ("--last", "1", "--fill-from", archive)
    call("backtest", "--store", tape, *asking, "--certify")

    for of_session in repairs(call("backtest", "--store", tape, *asking, "--json")).values():
        assert (of_session["missing_at_first"], of_session["requests"], of_session["bar_quality"]) == (0, 0, 100.0)


def test_days_that_are_not_what_their_files_hold_are_not_certified(call: Call, tape: Path) -> None:
    answer = call("backtest", "--store", tape, *OUTAGE, "--certify", "--json")

    assert answer.code == 1
    assert answer.err.startswith(f"error: 2 of 2 days were not certified, the first {DAYS[0]}: ")
    assert answer.err.count("\n") == 1
    assert [of_session["certified"] for of_session in repairs(answer).values()] == [False, False]
    assert not list(tape.rglob("*certificate.json"))


def test_a_single_day_that_is_not_certified_is_named(call: Call, tape: Path) -> None:
    answer = call("backtest", "--store", tape, "--last", "1", *OUTAGE, "--certify")

    assert answer.err.startswith(f"error: 1 of 1 days was not certified, the first {DAYS[1]}: ")
    assert "certified." not in answer.out


# --- the reader


def test_a_program_reads_the_certificate_of_a_session(store: Path, archive: Path) -> None:
    with System.backtest(store, faults=Faults(drop=0.05), fill_from=(str(archive),)) as system:
        before = system.certificate().get(timeout=PATIENCE_S)
        system.run(timeout=60)
        first, latest = (
            system.certificate(DAYS[0]).get(timeout=PATIENCE_S),
            system.certificate().get(timeout=PATIENCE_S),
        )
        unknown = system.certificate("2024-07-04").get(timeout=PATIENCE_S)

    assert before is unknown is None
    assert first is not None
    assert latest is not None
    assert (first.date, latest.date) == DAYS
    assert first.bar_quality == latest.bar_quality == 100.0
    assert {gap.source for gap in first.gaps} == {str(archive)}
