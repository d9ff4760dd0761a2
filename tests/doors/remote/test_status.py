"""The command ``status``, and the socket that it asks at."""

import contextlib
import os
import socket
import stat
import sys
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from actors.doors.commands import status
from actors.doors.remote import status_socket
from actors.doors.remote.live_look import LiveLook
from actors.doors.remote.status_server import StatusDesk
from messages.errors import NotReady, SettingsError
from messages.lifecycle import LiveStatus, SessionPhase
from messages.replies import Progress, SystemStatus
from messages.values import Mode, SystemState
from tests.doors.conftest import Call
from tests.doors.metrics.test_readings import FEED, QUALITY
from tests.doors.runs import HALF_DAY, Onlooker, interrupt, sockets

__all__ = ["sockets"]

pytestmark = [
    pytest.mark.usefixtures("sockets"),
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such sockets in Python"),
]

EARLY = LiveLook(
    pid=os.getpid(),
    system=SystemStatus(state=SystemState.RUNNING, mode=Mode.LIVE, rooms=(), late_subscribers=("slow",), failure="bug"),
    live=LiveStatus(
        session=None,
        phase=SessionPhase.NOT_STARTED,
        is_session_active=False,
        timer_expired=False,
        now_ns=0,
        feeds=(),
        early=0,
        skewed=2,
    ),
    progress=Progress(
        session_date="",
        sessions_done=0,
        sessions_total=0,
        minutes_done=0,
        minutes_total=0,
        bars=0,
        now_ns=0,
        is_finished=False,
    ),
    quality=None,
    symbols=0,
    prices=(("BTC/USD", 67123.5), ("AAPL", 9.25)),
)


def test_without_a_run_it_says_so(call: Call) -> None:
    assert call("status") == (1, "", "error: no live run on this computer; start one with `live`\n")


def test_a_run_is_described_in_a_few_lines(call: Call) -> None:
    with StatusDesk(lambda: EARLY):
        answer = call("status")

    assert answer.code == 0
    assert f"system     running: bug; waits for slow (process {os.getpid()})" in answer.out
    assert "session    none yet" in answer.out
    assert "prices     BTC/USD 67,123.5  AAPL 9.25" in answer.out
    assert "2 bars came before their time" in answer.out


def test_what_was_received_is_said_with_what_became_of_it(call: Call) -> None:
    look = replace(EARLY, live=replace(EARLY.live, feeds=(FEED,)), quality=QUALITY)
    with StatusDesk(lambda: look):
        answer = call("status")

    assert "40 bars, 1 losses, 39 received = 35 accepted + 3 rejected + 1 duplicates" in answer.out
    assert "2 gaps, 22 received = 18 accepted + 3 rejected + 1 duplicates" in answer.out


def test_its_json_is_the_look_itself(call: Call) -> None:
    with StatusDesk(lambda: EARLY):
        answer = call("status", "--json", "--pid", str(os.getpid()))

    assert msgspec.convert(answer.object, LiveLook) == EARLY


@pytest.mark.slow
def test_a_real_run_answers_while_it_runs(call: Call, tmp_path: Path) -> None:
    with Onlooker(lambda look: look.bars > 0 and bool(look.live.feeds), interrupt) as onlooker:
        call("live", *HALF_DAY, "--store", tmp_path / "store", "--speed", "600", "--json")

    assert onlooker.look is not None
    assert onlooker.look.system.state is SystemState.RUNNING
    assert onlooker.look.live.session is not None
    assert onlooker.look.symbols == len(onlooker.look.prices) == 3
    assert onlooker.look.live.feeds[0].health.feed == "simulated"


def test_only_its_owner_can_reach_it_and_nothing_is_left_of_it(sockets: Path) -> None:
    path = sockets / "barkeeper" / f"{os.getpid()}.sock"

    with StatusDesk(lambda: EARLY):
        modes = stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)

    assert modes == (0o600, 0o700)
    assert not path.exists()


def test_what_is_no_request_is_refused_with_a_reason_and_the_next_one_is_answered() -> None:
    with StatusDesk(lambda: EARLY):
        with status_socket.connected(status_socket.socket_of(os.getpid()), 5.0) as line:
            line.sendall(b'{"type":"stop"}')
            refused = msgspec.json.decode(line.recv(1 << 12), type=status_socket.Refused)

        assert "'stop'" in refused.reason
        assert status.ask(os.getpid()) == EARLY


def test_who_is_refused_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "StatusRequest", lambda: {"type": "of another version"})

    with StatusDesk(lambda: EARLY), pytest.raises(NotReady, match="does not say how it is: Invalid value 'of another"):
        status.ask(os.getpid())


def test_sockets_of_processes_that_were_killed_are_removed(call: Call, sockets: Path) -> None:
    stale = status_socket.folder() / "1.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(stale))

    assert call("status").code == 1
    assert not stale.exists()


def test_of_several_runs_one_must_be_named(call: Call) -> None:
    other = status_socket.folder() / "1.sock"
    with socket.socket(socket.AF_UNIX) as listening, StatusDesk(lambda: EARLY):
        listening.bind(str(other))
        listening.listen()
        answer = call("status")

    assert answer.err == f"error: several live runs: say which, --pid 1 or {os.getpid()}\n"


def test_a_process_that_is_no_run_is_named() -> None:
    with pytest.raises(NotReady, match="process 1 is no live run on this computer"):
        status.ask(1)


def test_a_path_that_no_socket_may_have_is_refused_and_the_run_goes_on_without(
    sockets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(sockets / ("long" * 25)))

    with pytest.raises(SettingsError, match="longer than the 103 bytes"):
        status_socket.socket_of(1)
    with StatusDesk(lambda: EARLY):
        assert status_socket.running() == []


def test_a_folder_that_others_can_enter_is_refused(sockets: Path) -> None:
    status_socket.folder().chmod(0o755)

    with pytest.raises(SettingsError, match="nobody else can enter"):
        status_socket.folder()


def test_without_a_runtime_directory_it_lies_in_the_temp_folder(monkeypatch: pytest.MonkeyPatch, sockets: Path) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.setattr("tempfile.tempdir", str(sockets))

    assert status_socket.folder() == sockets / f"barkeeper-{os.getuid()}"


def test_where_there_are_no_such_sockets_it_says_so(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "AF_UNIX")

    with StatusDesk(lambda: EARLY):
        answer = call("status")

    assert answer.err == "error: status needs Unix-domain sockets, which only Linux and macOS have\n"


@pytest.mark.parametrize("terminal", [False, True], ids=["lines", "panel"])
def test_watching_looks_again_until_it_is_interrupted(
    call: Call, monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    looks = []

    def look() -> LiveLook:
        looks.append(1)
        if len(looks) == 2:
            interrupt()
        return EARLY

    if terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr(status, "_BETWEEN_LOOKS_S", 0.01)
    with StatusDesk(look):
        answer = call("status", "--watch")

    assert answer.code == 130
    assert "running: bug" in answer.out


@pytest.mark.parametrize("terminal", [False, True], ids=["lines", "panel"])
def test_a_watch_ends_with_the_run(call: Call, monkeypatch: pytest.MonkeyPatch, terminal: bool) -> None:
    with contextlib.ExitStack() as run:
        run.enter_context(StatusDesk(lambda: EARLY))
        pauses: list[float] = []

        def pause(seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 2:
                run.close()

        if terminal:
            monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setattr("time.sleep", pause)
        answer = call("status", "--watch")

    assert (answer.code, answer.err) == (0, "")
    assert answer.out.endswith(f"the run of process {os.getpid()} has ended\n")
    assert len(pauses) == 2


def test_a_watch_in_json_is_json_to_its_end(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    with contextlib.ExitStack() as run:
        run.enter_context(StatusDesk(lambda: EARLY))
        monkeypatch.setattr("time.sleep", lambda _: run.close())
        answer = call("status", "--watch", "--json")

    assert msgspec.json.decode(answer.out, type=LiveLook) == EARLY
