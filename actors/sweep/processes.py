"""A crew of processes on this computer, each with a Python of its own; one that dies is replaced."""

import contextlib
import os
import subprocess
import sys
import threading
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Any

from actors.sweep.crew import Equipment, Report
from actors.sweep.pieces import Outcome, Piece
from actors.sweep.worker import READY, receive, send

_START = "from actors.sweep.worker import main; main()"
_LOOK_S = 0.2
"""Windows hears Ctrl-C only between two waits."""
_PATIENCE_S = 5.0
_HOME = Path(__file__).resolve().parents[2]


class Processes:
    """Local workers, started when the first piece comes.

    Args:
        equipment: what each gets before its first piece.
        seats: how many.
    """

    def __init__(self, equipment: Equipment, seats: int) -> None:
        self.seats = seats
        self._equipment = equipment
        self._heard: SimpleQueue[tuple[int, int, Any]] = SimpleQueue()
        self._workers: dict[int, _Worker] = {}

    def give(self, seat: int, piece: Piece) -> None:
        """Have a piece played."""
        if seat not in self._workers:
            self._workers[seat] = _Worker(seat, self._equipment, self._heard)
        self._workers[seat].give(piece)

    def wait(self) -> Report:
        """Return the next report, dead workers' among them."""
        while True:
            with contextlib.suppress(Empty):
                seat, process, message = self._heard.get(timeout=_LOOK_S)
                report = self._told(seat, process, message)
                if report is not None:
                    return report

    def close(self) -> None:
        """End the workers, whatever they are playing."""
        for worker in self._workers.values():
            worker.dismiss()
        for worker in self._workers.values():
            worker.end()
        self._workers = {}

    def _told(self, seat: int, process: int, message: Any) -> Report | None:
        worker = self._workers.get(seat)
        if worker is None or worker.number != process:
            return None  # of one that has been replaced
        if isinstance(message, Outcome):
            return Report(seat=seat, outcome=message)
        if message is None:
            del self._workers[seat]
            return Report(seat=seat, death=worker.death())
        return None if message == READY else Report(seat=seat, refusal=message)


class _Worker:
    """One process, and the thread that hears what it says."""

    def __init__(self, seat: int, equipment: Equipment, heard: "SimpleQueue[tuple[int, int, Any]]") -> None:
        path = [str(_HOME), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
        # A session of its own: Ctrl-C is for who started it, who keeps what is done.
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
            target=_hear, args=(seat, self.number, self._process.stdout, heard), name="barkeeper-worker", daemon=True
        ).start()
        self._send(equipment)

    def give(self, piece: Piece) -> None:
        self._send(piece)

    def death(self) -> str:
        """Return how it ended."""
        self.dismiss()
        code = self._process.wait()
        return f"its worker was killed by signal {-code}" if code < 0 else f"its worker ended with exit code {code}"

    def dismiss(self) -> None:
        """Let it go: it ends when nobody can send anything any more."""
        with contextlib.suppress(OSError):
            self._sink.close()

    def end(self) -> None:
        try:
            self._process.wait(timeout=_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _send(self, message: object) -> None:
        with contextlib.suppress(OSError):  # it is dead, which is heard in a moment
            send(self._sink, message)


def _hear(seat: int, process: int, source: IO[bytes], heard: "SimpleQueue[tuple[int, int, Any]]") -> None:
    with source, contextlib.suppress(EOFError, OSError):
        while True:
            heard.put((seat, process, receive(source)))
    heard.put((seat, process, None))
