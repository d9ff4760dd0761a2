"""A session's tape being played: which minute comes next, and what is in it."""

from collections.abc import Iterator

import numpy as np

from actors.market.axis import SessionAxis
from messages.columns import Tape
from messages.events import BarsArrived, TimeAdvanced
from messages.values import Nanos


class Playback:
    """Cuts a tape into minutes. A minute's bars are told at its end, then that it is over."""

    def __init__(self, tape: Tape) -> None:
        self.session = tape.session
        self._batch = tape.batch
        axis = SessionAxis(tape.session)
        starts = axis.starts_ns
        self._ends_ns: list[int] = (starts + axis.step_ns).tolist()
        self._rows: list[int] = [*np.searchsorted(tape.batch.start_ns, starts).tolist(), len(tape.batch)]
        self.position = 0
        """Slots played so far."""

    @property
    def slots(self) -> int:
        """Slots of the session."""
        return len(self._ends_ns)

    @property
    def is_over(self) -> bool:
        """Whether every slot has been played."""
        return self.position == len(self._ends_ns)

    @property
    def due_ns(self) -> Nanos:
        """When the next slot ends, in session time."""
        return self._ends_ns[self.position]

    def play(self, ticket: int) -> Iterator[BarsArrived | TimeAdvanced]:
        """Yield the next slot's messages; the ticket travels with the last."""
        slot = self.position
        self.position += 1
        first, last, now_ns = self._rows[slot], self._rows[slot + 1], self._ends_ns[slot]
        if last > first:
            yield BarsArrived(batch=self._batch.rows(first, last), now_ns=now_ns)
        yield TimeAdvanced(now_ns=now_ns, ticket=ticket)

    @property
    def bars_played(self) -> int:
        """Bars told so far."""
        return self._rows[self.position]
