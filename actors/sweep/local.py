"""A crew of processes on this computer; one that dies is replaced."""

import contextlib
from queue import Empty, SimpleQueue

from actors.kernel.processes import Heard, Process
from actors.sweep.crew import Equipment, Report
from actors.sweep.pieces import Outcome, Piece
from actors.sweep.worker import READY

_WORK = "actors.sweep.worker:work"
_LOOK_S = 0.2
"""Windows hears Ctrl-C only between two waits."""


class Processes:
    """Local workers, each started when its first piece comes.

    Args:
        equipment: what each gets before its first piece.
        seats: how many.
    """

    def __init__(self, equipment: Equipment, seats: int) -> None:
        self.seats = seats
        self._equipment = equipment
        self._heard: SimpleQueue[Heard] = SimpleQueue()
        self._workers: dict[int, Process] = {}

    def give(self, seat: int, piece: Piece) -> None:
        """Have a piece played."""
        if seat not in self._workers:
            self._workers[seat] = Process(_WORK, self._heard)
            self._workers[seat].give(self._equipment)
        self._workers[seat].give(piece)

    def wait(self) -> Report | None:
        """Return the next report, dead workers' among them."""
        with contextlib.suppress(Empty):
            return self._told(self._heard.get(timeout=_LOOK_S))
        return None

    def close(self) -> None:
        """End the workers, whatever they are playing."""
        for worker in self._workers.values():
            worker.dismiss()
        for worker in self._workers.values():
            worker.end()
        self._workers = {}

    def _told(self, heard: Heard) -> Report | None:
        seats = {worker.number: seat for seat, worker in self._workers.items()}
        seat = seats.get(heard.number)
        if seat is None:
            return None  # of one that has been replaced
        if heard.has_ended:
            return Report(seat=seat, death=f"its worker {self._workers.pop(seat).death()}")
        if isinstance(heard.message, Outcome):
            return Report(seat=seat, outcome=heard.message)
        return None if heard.message == READY else Report(seat=seat, refusal=heard.message)
