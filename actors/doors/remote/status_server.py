"""The end of the status line that a running ``live`` holds: one request a connection, one answer."""

import contextlib
import os
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

import msgspec

from actors.doors.remote import status_socket
from actors.doors.remote.live_look import LiveLook
from actors.doors.remote.status_socket import LONGEST_REQUEST, Refused, StatusRequest
from actors.kernel.telemetry import note
from messages.errors import UNREADABLE, SettingsError

_PATIENCE_S = 1.0


class StatusDesk:
    """Answers ``status`` while the block runs, from a thread of its own; on Windows nobody is answered.

    Where no socket can be had the run goes on without one.

    Args:
        look: the latest look at the run.
    """

    def __init__(self, look: Callable[[], LiveLook]) -> None:
        self._look = look
        self._decoder = msgspec.json.Decoder(StatusRequest)
        self._listening: socket.socket | None = None

    def __enter__(self) -> Self:
        if status_socket.is_possible():
            try:
                self._listening = _listening()
            except (SettingsError, OSError) as error:
                note("no_status", reason=str(error))
        if self._listening is not None:
            args = (self._listening,)
            threading.Thread(target=self._answer_all, args=args, name="barkeeper-status", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        listening, self._listening = self._listening, None
        if listening is not None:
            with contextlib.suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)  # wakes the thread; closing alone does not
            listening.close()
            status_socket.socket_of(os.getpid()).unlink(missing_ok=True)

    def _answer_all(self, listening: socket.socket) -> None:
        while self._listening is not None:
            try:
                line, _ = listening.accept()
            except OSError:
                return
            with line, contextlib.suppress(OSError):
                line.settimeout(_PATIENCE_S)
                line.sendall(msgspec.json.encode(self._answer(line.recv(LONGEST_REQUEST))))

    def _answer(self, request: bytes) -> LiveLook | Refused:
        try:
            self._decoder.decode(request)
        except UNREADABLE as error:
            return Refused(reason=str(error))
        return self._look()


def _listening() -> socket.socket:
    status_socket.running()  # removes what processes left that were killed
    path = status_socket.socket_of(os.getpid())
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listening.bind(str(path))
        path.chmod(0o600)
        listening.listen()
    except OSError:
        listening.close()
        raise
    return listening
