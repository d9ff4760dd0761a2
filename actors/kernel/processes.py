"""Processes of this computer that work for this one, each with a Python of its own."""

import contextlib
import os
import subprocess
import sys
import threading
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any, NamedTuple

from actors.kernel.spawned import receive, send

_START = "from actors.kernel.spawned import main; main()"
_PATIENCE_S = 5.0
_HOME = Path(__file__).resolve().parents[2]


class Heard(NamedTuple):
    """What a process has sent; or that it has ended."""

    number: int
    """Of the process."""
    message: Any
    has_ended: bool


class Process:
    """One of them. Ctrl-C is not for it, but for who started it; it ends when that one is gone.

    Args:
        work: ``module:function``, a ``spawned.Work``.
        heard: takes what it sends.
    """

    def __init__(self, work: str, heard: "SimpleQueue[Heard]") -> None:
        path = [str(_HOME), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
        apart: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        self._process = subprocess.Popen(  # noqa: S603  # this Python, with words of ours
            [sys.executable, "-c", _START],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path), "OPENBLAS_NUM_THREADS": "1"},
            **apart,
        )
        self.number = self._process.pid
        assert self._process.stdin is not None, "asked for"
        assert self._process.stdout is not None, "asked for"
        self._sink = self._process.stdin
        threading.Thread(
            target=_hear, args=(self.number, self._process.stdout, heard), name="barkeeper-process", daemon=True
        ).start()
        self.give([os.path.abspath(place) if place == "" else place for place in sys.path])
        self.give(work)

    def give(self, message: object) -> None:
        """Send a message; to one that has ended in vain, which is heard in a moment."""
        with contextlib.suppress(OSError, ValueError):  # its end is closed, or ours is
            send(self._sink, message)

    def death(self) -> str:
        """Return how it ended; waits for that."""
        self.dismiss()
        code = self._process.wait()
        return f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"

    def dismiss(self) -> None:
        """Let it go: it ends when nobody can send anything any more."""
        with contextlib.suppress(OSError):
            self._sink.close()

    def end(self) -> None:
        """Dismiss it, and wait for its end."""
        self.dismiss()
        try:
            self._process.wait(timeout=_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _hear(number: int, source: IO[bytes], heard: "SimpleQueue[Heard]") -> None:
    with source, contextlib.suppress(EOFError, OSError):
        while True:
            heard.put(Heard(number, receive(source), has_ended=False))
    heard.put(Heard(number, None, has_ended=True))
