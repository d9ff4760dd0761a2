"""A service of systemd: it says when it is ready, how it is, that it lives, and that it stops; and its unit file."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from actors.doors.remote.systemd import Notifier, status_line, unit
from messages import Health, SessionPhase
from tests.builders import DAY
from tests.doors.conftest import Call
from tests.house.source import ROOT
from tests.patience import PATIENCE_S

LIVE = ("live", "--feed", "simulated", "--symbols", "3")


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """The socket at which systemd listens."""
    path = f"{tmp_path}/n"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(path)
        heard.settimeout(PATIENCE_S)
        yield heard


def told(manager: socket.socket) -> list[str]:
    return manager.recv(4096).decode().split("\n")


def look(beats: int, *reasons: str, is_open: bool = True) -> Any:
    health = Health.DEGRADED if reasons else Health.HEALTHY
    return SimpleNamespace(
        system=SimpleNamespace(beats=beats, reasons=reasons, health=health),
        live=SimpleNamespace(session=DAY if is_open else None, phase=SessionPhase.ACTIVE),
        bars=12,
    )


def test_it_is_told_what_happens_and_that_it_lives_only_if_it_does(manager: socket.socket) -> None:
    now_s = [100.0]
    environ = {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "8000000"}
    notifier = Notifier(environ, lambda: now_s[0])
    notifier.ready()
    heard = [told(manager)]
    for beats in (1, 2, 2):
        notifier.look(look(beats))
        notifier.look(look(beats + 10))  # too early
        heard.append(told(manager))
        now_s[0] += 2.0
    notifier.stopping()
    heard.append(told(manager))

    status = f"STATUS=session {DAY.date} active, 12 bars; healthy"
    assert heard == [
        ["READY=1"],
        [status, "WATCHDOG=1"],
        [status, "WATCHDOG=1"],
        [status],
        ["STOPPING=1", "STATUS=writing down what has come"],
    ]


def test_without_a_service_manager_nobody_is_told() -> None:
    notifier = Notifier({})
    notifier.ready()
    notifier.look(look(1))


def test_a_manager_that_has_gone_ends_nothing(tmp_path: Path) -> None:
    Notifier({"NOTIFY_SOCKET": f"{tmp_path}/gone"}).ready()


def test_a_watchdog_of_another_process_is_none_of_ours(manager: socket.socket) -> None:
    environ = {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "4", "WATCHDOG_PID": "1"}

    assert Notifier(environ)._every_s == 5.0


@pytest.mark.parametrize(
    ("seen", "line"),
    [
        (look(1, "the disk\nis full", "more"), f"session {DAY.date} active, 12 bars; degraded: the disk is full"),
        (look(1, is_open=False), "no session yet; healthy"),
    ],
)
def test_how_it_is_is_one_line(seen: Any, line: str) -> None:
    assert status_line(seen) == line


def test_the_unit_runs_just_what_was_asked_for(call: Call) -> None:
    text = unit(["live", "--feed", "simulated", "--store", "my store", "--x", "50%$"], Path("run.py"))
    (start,) = [line for line in text.splitlines() if line.startswith("ExecStart=")]

    program, _, words = start.partition(" live ")
    assert program == f"ExecStart={sys.executable} {Path.cwd()}/run.py"
    assert words == '--feed simulated --store "my store" --x "50%%$$"'
    assert "Type=notify" in text
    assert "Type=notify" in call("live", "--feed", "simulated", "--print-unit").out


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze here")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    path = tmp_path / "barkeeper.service"
    path.write_text(unit(["live", "--feed", "simulated", "--store", "my store"], ROOT / "run.py"))
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(path)], capture_output=True, text=True, check=False, timeout=60
    )

    assert not [line for line in checked.stderr.splitlines() if "barkeeper.service" in line]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_service_is_ready_and_ends_well_when_it_is_told_to(
    manager: socket.socket, tmp_path: Path, number: signal.Signals
) -> None:
    environ = {**os.environ, "NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "2000000"}
    command = [sys.executable, "run.py", *LIVE, "--store", str(tmp_path / "s")]
    with subprocess.Popen(
        command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        heard = told(manager)
        while "WATCHDOG=1" not in heard:
            heard += told(manager)
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE_S)
    while "STOPPING=1" not in heard:
        heard += told(manager)

    assert heard[0] == "READY=1"
    assert process.returncode == 0, err
    assert "interrupted." in out


@pytest.mark.slow
@pytest.mark.parametrize(
    "step",
    [
        "from actors.system import System as place; name = 'start'",
        "import actors.doors.commands.live as place; name = 'plan'",
        "import builtins as place; name = '__import__'",
    ],
)
def test_who_is_told_to_end_while_it_starts_ends_well(tmp_path: Path, step: str) -> None:
    program = (
        f"import os, signal, sys\n{step}\n"
        "step = getattr(place, name)\n"
        "def told(*given, **more):\n"
        "    if name != '__import__' or 'actors.doors.commands' in given:\n"
        "        setattr(place, name, step)\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "    return step(*given, **more)\n"
        "setattr(place, name, told)\n"
        "from actors.doors.cli.app import main\n"
        "sys.exit(main())\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, *LIVE, "--store", str(tmp_path / "s")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )

    assert ended.returncode == 0
    assert not ended.stderr or ended.stderr.endswith("ended before a session was open\n")


@pytest.mark.slow
def test_a_closed_terminal_ends_a_run_with_what_has_come_written_down(manager: socket.socket, tmp_path: Path) -> None:
    import pty

    store = tmp_path / "s"
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.environ["NOTIFY_SOCKET"] = manager.getsockname()
        command = [sys.executable, "run.py", *LIVE, "--store", str(store)]
        os.execv(sys.executable, command)  # a process of our own program, with a terminal of its own
    heard = told(manager)
    os.close(terminal)
    _, ended = os.waitpid(pid, 0)

    assert heard == ["READY=1"]
    assert os.waitstatus_to_exitcode(ended) == 0
