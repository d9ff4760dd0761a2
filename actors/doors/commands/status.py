"""The ``status`` command: asks a running ``live`` on this computer how it is."""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress

import msgspec
from rich.live import Live

from actors.doors.remote import status_socket
from actors.doors.remote.live_look import LiveLook
from actors.doors.remote.status_socket import Refused, StatusRequest
from actors.doors.show import paper
from actors.doors.show.live_panel import described, panel
from messages.errors import UNREADABLE, NotReady, SettingsError

_PATIENCE_S = 5.0
_BETWEEN_LOOKS_S = 1.0


def status(*, watch: bool, pid: int | None, as_json: bool) -> None:
    """Print how a run is; with ``watch`` again and again.

    Raises:
        SettingsError: this system has no such sockets, or it must be said which run is meant.
        NotReady: no run answers.
    """
    if not status_socket.is_possible():
        raise SettingsError("status needs Unix-domain sockets, which only Linux and macOS have")
    wanted = _chosen(status_socket.running()) if pid is None else pid
    if not watch:
        _show(ask(wanted), as_json=as_json)
    elif as_json or not paper.out().is_terminal:
        for look in _looks(wanted):
            _show(look, as_json=as_json)
    else:
        _watch(wanted)
    if watch and not as_json:
        paper.show(f"the run of process {wanted} has ended")


def ask(pid: int) -> LiveLook:
    """Return how the run of a process is.

    Raises:
        NotReady: it does not answer, or not in our words.
    """
    silent = f"process {pid} does not say how it is"
    try:
        with status_socket.connected(status_socket.socket_of(pid), _PATIENCE_S) as line:
            line.sendall(msgspec.json.encode(StatusRequest()))
            line.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: line.recv(1 << 16), b""))
        with suppress(*UNREADABLE):
            raise NotReady(f"{silent}: {msgspec.json.decode(answer, type=Refused).reason}")
        return msgspec.json.decode(answer, type=LiveLook)
    except FileNotFoundError as error:
        raise NotReady(f"process {pid} is no live run on this computer, or no longer{_others()}") from error
    except (OSError, *UNREADABLE) as error:
        raise NotReady(f"{silent}: {error}") from error


def _looks(pid: int) -> Iterator[LiveLook]:
    """Yield how a run is, once a second, until it has ended.

    Raises:
        NotReady: it never answered, or is there and does not answer.
    """
    yield ask(pid)
    while True:
        time.sleep(_BETWEEN_LOOKS_S)
        try:
            look = ask(pid)
        except NotReady:
            if pid in status_socket.running():
                raise
            return
        yield look


def _others() -> str:
    pids = status_socket.running()
    return f"; there is {' and '.join(map(str, pids))}" if pids else ""


def _chosen(pids: list[int]) -> int:
    if not pids:
        raise NotReady("no live run on this computer; start one with `live`")
    if len(pids) > 1:
        raise SettingsError(f"several live runs: say which, --pid {' or '.join(map(str, pids))}")
    return pids[0]


def _show(look: LiveLook, *, as_json: bool) -> None:
    if as_json:
        paper.show_json(look)
        return
    paper.show(*(f"{name:<10} {value}" for name, value in described(look)))


def _watch(pid: int) -> None:
    with Live(console=paper.out(), auto_refresh=False) as view:
        for look in _looks(pid):
            view.update(panel(look, "Barkeeper live", hint="Ctrl-C ends the watch, not the run"), refresh=True)
