"""A store at an address is as good as one in a folder, at every door; and nobody hears its password."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from actors.market.calendar import Calendar
from actors.storage.elsewhere.opening import journals_of, open_store
from actors.store import Store
from actors.system import System
from tests.doors.conftest import DAYS, MARKET, Call
from tests.object_server import KINDS, new_bucket
from tests.postgres_server import PASSWORD, QUOTED, address, new_schema


@pytest.fixture
def place() -> Iterator[str]:
    """Where there is no store yet."""
    with new_schema() as schema:
        yield address(schema)


def filled(place: str) -> str:
    """Put what the folder of the doors' tests has into a store."""
    with closing(open_store(place)) as files:
        for session in Calendar("XNYS").sessions(*DAYS):
            files.merge("XNYS", session.date, MARKET.day(session))
    return place


def is_secret(text: str) -> bool:
    return PASSWORD not in text and QUOTED not in text


@pytest.mark.slow
def test_what_a_run_comes_to_does_not_depend_on_where_the_bars_are(call: Call, store: Path, place: str) -> None:
    ways = ("backtest", "--json", "--certify", "--drop", "0.02", "--fill-from")

    there = call(*ways, filled(place), "--store", place)
    here = call("backtest", "--json", "--drop", "0.02", "--fill-from", store, "--store", store)

    assert (there.code, here.code) == (0, 0), there.err
    came_to = [[(one["date"], one["symbols"]) for one in answer.object["sessions"]] for answer in (there, here)]
    assert came_to[0] == came_to[1]
    assert is_secret(there.out + there.err)
    assert call("verify", "--store", place).code == 0
    with closing(open_store(place, read_only=True)) as files:
        certificates = [files.certificate("XNYS", date) for date in DAYS]
    assert all(certificates)
    assert is_secret(msgspec.json.encode(certificates).decode())


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_nor_on_whether_that_is_a_bucket(call: Call, store: Path, kind: str) -> None:
    with new_bucket(kind) as place:
        there = call(
            "backtest", "--json", "--certify", "--drop", "0.02", "--fill-from", filled(place), "--store", place
        )
        verified = call("verify", "--store", place)
    here = call("backtest", "--json", "--drop", "0.02", "--fill-from", store, "--store", store)

    assert (there.code, here.code, verified.code) == (0, 0, 0), there.err + verified.err
    came_to = [[(one["date"], one["symbols"]) for one in answer.object["sessions"]] for answer in (there, here)]
    assert came_to[0] == came_to[1]


@pytest.mark.slow
def test_it_can_be_looked_into(call: Call, store: Path, place: str) -> None:
    filled(place)

    inspected, here = (call("inspect", "--json", "--store", one).object for one in (place, store))

    assert inspected == here
    with Store(place) as there, Store(store) as files:
        symbol = files.symbols()[0]
        assert there.bars(symbol, interval="30m").to_arrow() == files.bars(symbol, interval="30m").to_arrow()
        assert is_secret(repr(there))


@pytest.mark.slow
def test_files_are_imported_into_it(call: Call, place: str, tmp_path: Path) -> None:
    bars = "time,open,high,low,close,volume\n2024-07-02 09:30:00,1,2,1,2,5\n"
    (tmp_path / "AAPL.csv").write_text(bars, encoding="utf-8")
    ways = ("--tz", "America/New_York", "--calendar", "XNYS", "--store", place, "--complete", "--verbose")

    answer = call("import", tmp_path / "AAPL.csv", *ways)

    assert answer.code == 0, answer.err
    assert is_secret(answer.out + answer.err)
    assert Store(place).dates("AAPL") == ("2024-07-02",)
    assert Store(place).certificate("2024-07-02") is not None


@pytest.mark.slow
def test_a_live_day_is_written_to_it_with_its_journal_where_the_program_runs(
    call: Call, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ways = ("--feed", "simulated", "--symbols", "2", "--start", "2024-07-03", "--speed", "20000", "--until", "close")

    answer = call("live", *ways, "--store", place, "--json")

    assert answer.code == 0, answer.err
    assert [session["certified"] for session in answer.object["sessions"]] == [True]
    journal = next(journals_of(place).glob("*.journal"))
    assert journal.parent.parent == tmp_path
    assert is_secret(answer.out + answer.err + journal.read_bytes().decode(errors="replace"))


@pytest.mark.slow
def test_an_empty_one_and_one_that_is_not_there_are_told_apart_from_each_other(call: Call, place: str) -> None:
    nothing = call("backtest", "--store", place)
    with closing(open_store(place)) as files:
        files.claim()
    empty = call("backtest", "--store", place)

    assert (nothing.code, empty.code) == (1, 1)
    assert nothing.err.startswith("error: no store at postgresql://keeper@127.0.0.1:")
    assert empty.err.startswith("error: the store postgresql://keeper@127.0.0.1:")
    assert empty.err.endswith("is empty; import something first\n")


@pytest.mark.slow
def test_settings_may_name_it(call: Call, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BARKEEPER_STORE", raising=False)
    (tmp_path / "run.toml").write_text(f'store = "{filled(place)}"\n', encoding="utf-8")

    assert call("backtest", "--config", tmp_path / "run.toml").code == 0
    system = System.backtest(place)
    assert is_secret(repr(system))
    with system:
        assert [report.session.date for report in system.run().sessions] == list(DAYS)


def test_a_journal_of_a_store_elsewhere_is_named_by_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert journals_of("data/store") == Path("data/store.journals")
    assert journals_of("postgresql://me:secret@host/bars?schema=market") == tmp_path / "bars-market.journals"
    assert journals_of("postgresql://host") == tmp_path / "store.journals"
    assert os.listdir(tmp_path) == []
