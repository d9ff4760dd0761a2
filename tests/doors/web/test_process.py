"""The page from a process of its own, until Ctrl-C."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import barkeeper
import msgspec
import pytest

from actors.doors.web.serving import Served, serving_page
from tests.builders import DAY
from tests.doors.web.conftest import PATIENCE_S, Place, port_of
from tests.doors.web.test_run import heard
from tests.house.source import ROOT
from tests.system.test_lived_day import CAME, journal_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process alone"),
]


@contextlib.contextmanager
def started(*words: str | Path) -> "Iterator[subprocess.Popen[str]]":
    command = [sys.executable, "run.py", *map(str, words)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def line_of(process: "subprocess.Popen[str]", words: str) -> str:
    """The first line on stderr that has these words."""
    assert process.stderr is not None
    return next(line for line in process.stderr if words in line)


def test_a_store_is_shown_until_somebody_wants_it_to_end(days: Path) -> None:
    with started("dashboard", "--store", days, "--web", "0") as process:
        place = Place(port_of(line_of(process, "page at")))
        line_of(process, "until Ctrl-C")
        calendars = place.get("/store").object["calendars"]
        process.send_signal(signal.SIGINT)
        code = process.wait(PATIENCE_S)

    assert [calendar["name"] for calendar in calendars] == ["XNYS"]
    assert code == 0


def test_a_backtest_prints_what_it_came_to_and_its_page_stays(days: Path) -> None:
    with started("backtest", "--store", days, "--last", "1", "--web", "0", "--metrics", "0", "--json") as process:
        place = Place(port_of(line_of(process, "page at")))
        line_of(process, "The run is over")
        plane = place.get("/run/gaps")
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=PATIENCE_S)

    assert plane.object == {"gaps": []}
    assert msgspec.json.decode(out)["bars"] == 3 * 210
    assert process.returncode == 0


def test_a_backtest_is_asked_from_another_process_until_somebody_wants_it_to_end(days: Path) -> None:
    with started("backtest", "--store", days, "--last", "1", "--serve", "0", "--json") as process:
        address = line_of(process, "session at").split()[2]
        line_of(process, "The run is over")
        with barkeeper.connect(address) as session:
            latest = session.latest_bar("AAA").get(timeout=PATIENCE_S)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=PATIENCE_S)

    assert latest is not None
    assert f"{latest.start:%Y-%m-%d %H:%M}" == "2024-07-03 12:59"  # the last minute of an early close
    assert msgspec.json.decode(out)["bars"] == 3 * 210
    assert process.returncode == 0


def test_a_session_that_hangs_is_told_of_as_it_was(days: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.doors.web.hub._PATIENCE_S", 3.0)
    with started("backtest", "--store", days, "--last", "1", "--serve", "0", "--json") as process:
        address = line_of(process, "session at").split()[2]
        line_of(process, "The run is over")
        with (
            barkeeper.connect(address) as session,
            serving_page(session, None, Served(page=0)) as (line,),
            heard(port_of(line)) as news,
        ):
            before = next(told for kind, told in news if kind == "vitals" and told["answers"])
            process.send_signal(signal.SIGSTOP)
            after = next(told for kind, told in news if kind == "vitals" and not told["answers"])
            process.send_signal(signal.SIGCONT)
            again = next(told for kind, told in news if kind == "vitals" and told["answers"])

    assert after["troubles"] == ["the session does not answer: nothing within 3 s"]
    assert after["verdicts"] == before["verdicts"] == again["verdicts"]


def test_the_journal_of_a_live_day_is_played_on_a_page(tmp_path: Path) -> None:
    journal = journal_of(tmp_path / "store.journals", CAME)
    with started("replay", journal, "--web", "0", "--json") as process:
        place = Place(port_of(line_of(process, "page at")))
        line_of(process, "The run is over")
        gaps = place.get("/run/gaps")
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=PATIENCE_S)

    assert gaps.status == 200
    assert msgspec.json.decode(out)["date"] == DAY.date
    assert process.returncode == 0


def test_a_page_beyond_this_computer_needs_the_token_that_is_told(days: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BARKEEPER_TOKEN", "open-sesame")
    with started("dashboard", "--store", days, "--web", "0", "--host", "0.0.0.0") as process:
        line = line_of(process, "page at")
        place = Place(port_of(line))
        without, with_it = place.get("/store"), place.get("/store", k="open-sesame")
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE_S)

    assert line.strip().endswith("/?k=open-sesame")
    assert (without.status, with_it.status) == (401, 200)
