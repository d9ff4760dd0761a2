"""Where a session is served, who is let in, and how it ends whatever its clients do."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from pyarrow import flight

from actors.flight.client import connect
from actors.flight.place import TOKEN, Place
from actors.system import System
from messages.errors import NotReady, SettingsError, Unreachable
from tests.house.source import ROOT
from tests.patience import PATIENCE_S
from tests.system.worlds import memory, short

HANGING = """
import sys, threading
from pyarrow import flight
client = flight.connect(sys.argv[1])
stream = client.do_get(flight.Ticket(b'{"type":"Subscribe","events":["bars","minutes"]}'))
stream.read_chunk()
line, _ = client.do_exchange(flight.FlightDescriptor.for_command(b"ask"))
line.write_metadata(b"?")
print("there", flush=True)
sys.stdin.read()
"""


def test_port_0_takes_a_free_one_and_two_are_served_in_one_process(system: System) -> None:
    with short(memory(1)) as other:
        services = [
            system.serve(),
            system.serve("localhost:0"),
            other.serve("[::1]:0") if _has_ipv6() else other.serve(),
        ]
        with connect(services[0].address) as a, connect(services[1].address) as b, connect(services[2].address) as c:
            assert (
                a.digest().get(timeout=PATIENCE_S)
                == b.digest().get(timeout=PATIENCE_S)
                == system.digest().get(timeout=PATIENCE_S)
            )
            assert c.digest().get(timeout=PATIENCE_S) == other.digest().get(timeout=PATIENCE_S)
            services[0].close()
            with pytest.raises(Unreachable):
                a.digest().get(timeout=PATIENCE_S)
            assert len(c.active_symbols().get(timeout=PATIENCE_S)) == 3
        assert repr(services[0]).endswith("closed>")


def _has_ipv6() -> bool:
    with socket.socket(socket.AF_INET6) as line:
        try:
            line.bind(("::1", 0))
        except OSError:
            return False
    return True


def test_a_port_that_is_taken_is_refused_in_one_sentence(system: System) -> None:
    address = system.serve().address

    with pytest.raises(SettingsError, match=f"cannot serve at {address}: name another port, 0 for a free one"):
        system.serve(address)


def test_a_closed_system_serves_no_more(system: System) -> None:
    service = system.serve()
    system.close()

    with pytest.raises(NotReady, match="the system is closed"):
        system.serve()
    with pytest.raises(Unreachable):
        connect(service.address)
    service.close()


@pytest.mark.parametrize("given", ["", 3])
def test_a_token_is_a_text(system: System, given: object) -> None:
    with pytest.raises(SettingsError, match="token is a text that is not empty"):
        system.serve(token=given)  # type: ignore[arg-type]


def test_beyond_this_computer_there_is_a_token_and_nothing_is_said_without_it(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(TOKEN, raising=False)
    service = system.serve("0.0.0.0:0")
    port = Place.parse(service.address).port

    assert len(service.token) > 20
    with connect(port, token=service.token) as session:
        assert session.digest().get(timeout=PATIENCE_S) == system.digest().get(timeout=PATIENCE_S)
        assert next(session.subscribe()).kind == "opened"  # type: ignore[attr-defined]
    for wrong in ("", "guess", service.token + "x"):
        with pytest.raises(SettingsError, match=f"the session at grpc://127.0.0.1:{port} wants its token"):
            connect(port, token=wrong)
    with flight.connect(f"grpc://127.0.0.1:{port}") as stranger, pytest.raises(flight.FlightUnauthenticatedError):
        stranger.do_get(flight.Ticket(b'{"type":"GetDigest"}')).read_all()


def test_a_token_may_be_chosen_and_comes_from_the_environment(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, "swordfish")
    service = system.serve()

    assert service.token == "swordfish"
    with connect(service.address) as session:
        assert session.digest().get(timeout=PATIENCE_S)
    assert system.serve(token="other").token == "other"


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="nothing can be stopped here")
@pytest.mark.slow
def test_a_client_that_stands_still_holds_up_neither_the_run_nor_the_end(system: System) -> None:
    service = system.serve()
    client = subprocess.Popen(
        [sys.executable, "-c", HANGING, service.address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    try:
        assert client.stdout is not None
        assert client.stdout.readline() == b"there\n"
        client.send_signal(signal.SIGSTOP)

        assert sum(1 for _ in system.minutes()) == 30
        began = time.monotonic()
        service.close()
        system.close()
        assert time.monotonic() - began < 5
        assert not [thread for thread in threading.enumerate() if thread.name == "barkeeper-unserving"]
    finally:
        client.kill()
        client.communicate()


@pytest.mark.slow
def test_a_program_that_forgets_its_clients_and_services_still_ends(tmp_path: Path) -> None:
    program = (
        "import actors.doors.barkeeper as barkeeper\n"
        "from tests.system.worlds import memory, short\n"
        "system = short(memory(1)).start()\n"
        "session = barkeeper.connect(system.serve().address)\n"
        "events = session.subscribe()\n"
        "print(type(next(events)).__name__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip

    assert (done.returncode, done.stdout, done.stderr) == (0, "SessionBoundary\n", "")
