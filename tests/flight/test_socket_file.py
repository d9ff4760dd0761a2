"""A session at a path: of its user alone, beside no other, and gone when it is over."""

import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyarrow import flight

from actors.flight.client import connect
from actors.flight.place import TOKEN
from actors.flight.socket_file import SocketFile
from actors.system import System
from messages.errors import SettingsError, Unreachable
from tests.patience import PATIENCE_S

DIGEST = flight.Ticket(b'{"type":"GetDigest"}')


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A path that is short enough, wherever the tests lie."""
    monkeypatch.delenv(TOKEN, raising=False)
    with tempfile.TemporaryDirectory(prefix="bk") as folder:
        yield Path(folder) / "a day.sock"


def test_only_its_user_reaches_it_whatever_files_are_made_with(system: System, path: Path) -> None:
    umask = os.umask(0)
    try:
        service = system.serve(f"unix:{path}")
    finally:
        os.umask(umask)

    there = path.lstat()
    assert (stat.S_ISSOCK(there.st_mode), stat.S_IMODE(there.st_mode)) == (True, 0o600)
    assert os.listdir(path.parent) == [path.name]
    assert service.token == ""


def test_our_client_and_any_other_read_and_listen_there(system: System, path: Path) -> None:
    address = system.serve(f"unix:{path}").address

    with connect(address) as session, flight.connect(address) as stranger:
        assert session.digest().get(timeout=PATIENCE_S) == system.digest().get(timeout=PATIENCE_S)
        assert len(list(session.minutes(policy="block"))) == 30
        assert stranger.do_get(DIGEST).read_chunk().app_metadata is not None


def test_when_it_is_over_nothing_is_left_and_who_is_connected_is_told(system: System, path: Path) -> None:
    service = system.serve(f"unix:{path}")
    with connect(f"unix:{path}") as session:
        service.close()

        assert os.listdir(path.parent) == []
        with pytest.raises(Unreachable):
            session.digest().get(timeout=PATIENCE_S)


def test_where_somebody_serves_nobody_else_does_and_what_is_no_socket_stays(system: System, path: Path) -> None:
    service = system.serve(f"unix:{path}")
    note = path.with_name("note")
    note.write_text("mine")

    for taken in (path, note):
        with pytest.raises(SettingsError, match="somebody does already, or it is no socket"):
            system.serve(f"unix:{taken}")
    with connect(service.address) as session:
        assert session.digest().get(timeout=PATIENCE_S)
    assert note.read_text() == "mine"


def test_what_a_process_left_that_was_killed_is_replaced(system: System, path: Path) -> None:
    left = SocketFile(str(path))
    with socket.socket(socket.AF_UNIX) as line:
        line.bind(str(left.bound))
    left.publish()  # nobody listens there any more

    with connect(system.serve(f"unix:{path}").address) as session:
        assert session.digest().get(timeout=PATIENCE_S)


def test_who_has_taken_the_place_over_keeps_it(path: Path) -> None:
    first, second = SocketFile(str(path)), SocketFile(str(path))
    for file in (first, second):
        with socket.socket(socket.AF_UNIX) as line:
            line.bind(str(file.bound))
        file.publish()

    first.remove()
    assert path.exists()
    second.remove()
    assert not path.exists()


@pytest.mark.parametrize(
    ("name", "why"), [("no/folder", "No such file or directory"), ("x" * 100, "is too long for the path of a socket")]
)
def test_a_path_where_no_socket_can_be_is_refused_in_one_sentence(
    system: System, path: Path, name: str, why: str
) -> None:
    with pytest.raises(SettingsError, match=why):
        system.serve(f"unix:{path.parent / name}")
    assert os.listdir(path.parent) == []
