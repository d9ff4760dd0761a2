"""The command ``live``, from its feed to its store."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from actors.doors.commands.live_report import LiveResult
from actors.session_data.core import SessionDataCore
from actors.storage.journal.file import folder_beside
from actors.storage.parquet import ParquetStore
from messages import BarsArrived
from tests.doors.conftest import DAYS, MARKET, Call
from tests.doors.runs import HALF_DAY, Onlooker, interrupt, sockets
from tests.system.struck_day import Bug, Place
from tests.system.test_salvage import MINUTES, journal_of

__all__ = ["sockets"]

pytestmark = [pytest.mark.usefixtures("sockets"), pytest.mark.slow]
unix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process alone")


def test_a_simulated_day_is_written_and_certified_by_its_close(call: Call, tmp_path: Path) -> None:
    store = tmp_path / "store"
    journal_of(folder_beside(store), *MINUTES)  # of the day before, which was cut off

    answer = call("live", *HALF_DAY, "--store", store, "--until", "close", "--speed", "12000", "--json")

    result = msgspec.convert(answer.object, LiveResult)
    (session,) = result.sessions
    assert (answer.code, result.ended_by) == (0, "close")
    assert (session.date, session.symbols, session.certified) == ("2024-07-03", 3, True)
    assert session.recorded == session.bars == len(ParquetStore(store, read_only=True).read("XNYS", "2024-07-03").bars)
    assert session.bars + session.missing + session.abandoned + session.no_trade == 3 * 210
    assert result.feeds[0].feed == "simulated"
    (saved,) = answer.object["saved"]
    assert "session 2024-07-02 was cut off" in saved
    assert "without 777 of its minutes" in saved
    assert saved in answer.err
    assert "session 2024-07-03: settled" in answer.err  # a busy machine may sleep through all phases: a day takes 1 s


@pytest.mark.slow
def test_a_simulated_day_at_a_fair_speed_lacks_nothing(call: Call, tmp_path: Path) -> None:
    store = tmp_path / "store"

    answer = call("live", *HALF_DAY, "--store", store, "--until", "close", "--speed", "1200", "--json")

    (session,) = answer.object["sessions"]
    assert (session["bars"], session["bar_quality"], session["certified"]) == (630, 100.0, True)
    assert call("verify", "--store", store).code == 0


def test_a_day_of_trades_only_is_written_as_the_bars_that_they_make(call: Call, tmp_path: Path) -> None:
    store = tmp_path / "store"

    answer = call("live", *HALF_DAY, "--trades-only", "--store", store, "--until", "close", "--speed", "1200", "--json")

    (session,) = answer.object["sessions"]
    assert (session["bars"], session["recorded"], session["certified"]) == (630, 630, True)
    assert answer.object["feeds"][0]["bars"] == 0
    assert call("verify", "--store", store).code == 0


@unix_only
def test_an_interrupt_writes_down_what_has_come_and_exits_0(call: Call, tmp_path: Path) -> None:
    store = tmp_path / "store"

    with Onlooker(lambda look: look.bars > 0, interrupt):
        answer = call("live", *HALF_DAY, "--store", store, "--speed", "600")

    day = ParquetStore(store, read_only=True).read("XNYS", "2024-07-03")
    assert answer.code == 0
    assert "interrupted." in answer.out
    assert "2024-07-03" in answer.out
    assert "writing down what has come" in answer.err
    assert day is not None
    assert len(day.bars) > 0


@unix_only
def test_a_terminal_sees_a_panel(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")

    with Onlooker(lambda look: look.bars > 0, interrupt):
        answer = call("live", *HALF_DAY, "--store", tmp_path / "store", "--speed", "600", "--json")

    assert answer.object["ended_by"] == "interrupt"
    assert "XNYS live from simulated at 600 times the speed of time" in answer.err
    for row in ("system", "session", "clock", "feed", "quality", "worst"):
        assert row in answer.err


@pytest.mark.slow
def test_a_stored_day_is_replayed_as_if_it_were_live(call: Call, store: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    pace = ("--until", "close", "--speed", "12000", "--start", DAYS[1])

    answer = call("live", "--feed", "replay", "--from", store, "--store", new, *pace, "--fill-from", store, "--json")

    (session,) = answer.object["sessions"]
    assert answer.code == 0
    assert session["symbols"] == len(MARKET.symbols)
    assert 0 < session["bars"] == session["recorded"]
    assert session["certified"]


@pytest.mark.slow
def test_a_replay_without_an_end_is_over_when_its_last_day_is_certified(
    call: Call, store: Path, tmp_path: Path
) -> None:
    feed = ("--feed", "replay", "--from", store, "--start", DAYS[1])

    answer = call("live", *feed, "--store", tmp_path / "new", "--speed", "6000", "--json")

    assert answer.object["ended_by"] == "feed"
    assert answer.object["sessions"][0]["certified"]


def minute(symbol: str, ago: int) -> str:
    start = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=ago)
    line = {"type": "bar", "symbol": symbol, "start": start.isoformat(), "volume": 10}
    return msgspec.json.encode({**line, "open": 1.0, "high": 2.0, "low": 0.5, "close": 1.5}).decode()


@unix_only
def test_lines_of_another_program_are_taken_and_what_is_none_is_shown(call: Call, tmp_path: Path) -> None:
    lines = tmp_path / "lines.jsonl"
    lines.write_text("\n".join([minute("BTC", 2), minute("BTC", 1), ""]), encoding="utf-8")
    feed = ("--feed", "jsonlines", "--from", lines, "--calendar", "24/7")

    def add_rubbish() -> None:
        with lines.open("a", encoding="utf-8") as file:
            file.write("rubbish\n")

    has_rubbish = Onlooker(lambda look: any(feed.health.rejected for feed in look.live.feeds), interrupt)
    with Onlooker(lambda look: look.bars == 2, add_rubbish), has_rubbish:
        answer = call("live", *feed, "--store", tmp_path / "store", "--json")

    assert answer.code == 0
    (counts,) = answer.object["feeds"]
    assert (counts["bars"], counts["accepted"], counts["duplicates"]) == (2, 2, 0)
    assert counts["received"] == counts["accepted"] + counts["rejected"]
    assert "1 not understood, number 3: JSON is malformed" in answer.err


def test_a_feed_that_will_not_have_us_ends_the_run_with_its_reason(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APCA_API_KEY_ID", "key")
    monkeypatch.setenv("APCA_API_SECRET_KEY", "secret")
    monkeypatch.setitem(sys.modules, "actors.vendors.alpaca.stream", None)  # alpaca-py cannot be imported

    answer = call("live", "--feed", "alpaca", "--symbols", "AAPL", "--store", tmp_path / "store", "--json")

    assert answer.code == 1
    assert answer.object["ended_by"] == "failure"
    assert answer.err.splitlines()[-1].startswith("error: alpaca: Alpaca's feed needs alpaca-py")


def test_a_bug_that_a_day_survives_is_said_when_it_strikes_and_at_the_end(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bug = Bug(Place(SessionDataCore, BarsArrived, is_handled=False), nth=20)
    monkeypatch.setattr(SessionDataCore, "handle", bug.bound())

    answer = call("live", *HALF_DAY, "--store", tmp_path / "store", "--until", "close", "--speed", "1200")

    assert answer.code == 0
    assert "a bug in session_data on BarsArrived: " in answer.err
    assert "1 message that met a bug is in quarantine: python run.py quarantine --store " in answer.out


def test_a_day_that_meets_too_many_bugs_ends_with_its_reason_and_what_there_is_written(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "store"
    bug = Bug(Place(SessionDataCore, BarsArrived, is_handled=True), nth=20, once=False)
    monkeypatch.setattr(SessionDataCore, "handle", bug.bound())

    answer = call("live", *HALF_DAY, "--store", store, "--speed", "1200", "--json")

    day = ParquetStore(store, read_only=True).read("XNYS", "2024-07-03")
    assert answer.code == 1
    assert answer.object["ended_by"] == "failure"
    assert answer.object["quarantined"] >= 6
    assert "a bug put in by a test" in answer.err
    assert answer.err.splitlines()[-1].endswith("it is bug 6 within 60 s, too many to go on")
    assert day is not None
    assert answer.object["sessions"][0]["recorded"] == len(day.bars) > 0
