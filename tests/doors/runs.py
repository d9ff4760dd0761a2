"""A live run in this process, and somebody else who looks on."""

import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import pytest

from actors.doors.commands import status
from actors.doors.remote.live_look import LiveLook
from messages.errors import NotReady
from tests.patience import PATIENCE_S

HALF_DAY = ("--feed", "simulated", "--symbols", "3", "--start", "2024-07-03")


@pytest.fixture
def sockets(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A runtime directory with a short name, as sockets need it."""
    with tempfile.TemporaryDirectory(prefix="bk") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder)


class Onlooker:
    """Asks the run in this process how it is until it is as expected; then does something, in a thread."""

    def __init__(self, is_so: Callable[[LiveLook], bool], do: Callable[[], object]) -> None:
        self.look: LiveLook | None = None
        self._is_so = is_so
        self._do = do
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(PATIENCE_S)

    def _run(self) -> None:
        while not self._over.wait(0.02):
            try:
                look = status.ask(os.getpid())
            except NotReady:
                continue
            if self._is_so(look):
                self.look = look
                self._do()
                return


def interrupt() -> None:
    """Press Ctrl-C."""
    os.kill(os.getpid(), signal.SIGINT)
