"""A session's tape being played: which minute comes next, and what is in it."""

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np

from actors.market.axis import axis_of
from actors.market.faults import Faults, damage
from messages.events import BarsArrived, MinutesStaged, TimeAdvanced
from messages.tables.columns import BarBatch, Tape
from messages.values import Nanos

_BARS_A_MINUTE = 256
"""A run of so many minutes may hold so many bars for each, or a reader would wait for them too long."""


class Playback:
    """Cuts a tape into minutes, or runs of them. Bars are told when their minute is over."""

    def __init__(self, tape: Tape, faults: Faults) -> None:
        self.session = tape.session
        self._damaged = None if faults.is_none else damage(tape, faults)
        self._batch = tape.batch
        axis = axis_of(tape.session)
        self._ends_ns = axis.plain_ends_ns
        self._rows: list[int] = [*np.searchsorted(tape.batch.start_ns, axis.starts_ns).tolist(), len(tape.batch)]
        self._told = [0]  # by slot: how many bars have been told before it
        self.data_end_ns: Nanos = self._end_of_data()
        """When the last minute ends that the tape has a bar of."""
        self.position = 0
        """Slots played so far."""

    def _end_of_data(self) -> Nanos:
        starts_ns = self._batch.start_ns
        return int(starts_ns[-1]) + self._batch.interval.span_ns if len(starts_ns) else self.session.start_ns

    @property
    def slots(self) -> int:
        """Slots of the session."""
        return len(self._ends_ns)

    @property
    def minutes(self) -> int:
        """Minutes of the session."""
        return self.slots

    @property
    def ends_minute(self) -> bool:
        """Whether a minute closes with the next slot."""
        return True

    def minutes_ended(self, now_ns: Nanos) -> int:
        """Return how many of the minutes that were played have ended by an instant."""
        return self.slots_ended(now_ns)

    @property
    def is_over(self) -> bool:
        """Whether every slot has been played."""
        return self.position == len(self._ends_ns)

    @property
    def due_ns(self) -> Nanos:
        """When the next slot ends, in session time."""
        return self._ends_ns[self.position]

    def slots_until(self, instant_ns: Nanos | None, most: int) -> int:
        """Return how many of the next slots may be told at once: ``most`` at most, none past an instant but the first.

        Less where they hold many bars.
        """
        first = self.position
        end = bisect_right(self._rows, self._rows[first] + most * _BARS_A_MINUTE, first, len(self._rows)) - 1
        if instant_ns is not None:
            end = min(end, bisect_right(self._ends_ns, instant_ns, first))
        slots = max(min(end, first + most, self.slots) - first, 1)
        return slots if self._damaged is None else min(slots, self._damaged.run(first))

    def play(self, slots: int, ticket: int) -> list[BarsArrived | TimeAdvanced]:
        """Return the messages of the next slots: their bars, or that they went by without any. The ticket goes last."""
        first = self.position
        self.position += slots
        now_ns = self._ends_ns[self.position - 1]
        batches = self._batches(first, slots)
        self._told += [self._told[-1]] * (slots - 1) + [self._told[-1] + sum(map(len, batches))]
        if not batches:
            return [TimeAdvanced(now_ns=now_ns, ticket=ticket)]
        if len(batches) == 1:
            first_row = self._rows[first] if self._damaged is None else -1
            return [BarsArrived(batch=batches[0], now_ns=now_ns, is_whole=True, ticket=ticket, first_row=first_row)]
        # What comes late or again comes when its minute is over.
        return [
            BarsArrived(batch=batches[0], now_ns=now_ns, is_whole=True),
            *(BarsArrived(batch=batch, now_ns=now_ns) for batch in batches[1:]),
            TimeAdvanced(now_ns=now_ns, ticket=ticket),
        ]

    def stage(self, tickets: range) -> MinutesStaged:
        """Return the messages of the next slots, each by itself, with these tickets; of a tape that is not damaged."""
        first = self.position
        self.position += len(tickets)
        rows, ends_ns = self._rows[first : self.position + 1], self._ends_ns[first : self.position]
        before = self._told[-1] - rows[0]
        self._told += [before + row for row in rows[1:]]
        return MinutesStaged(tape=self._batch, rows=tuple(rows), ends_ns=tuple(ends_ns), first_ticket=tickets.start)

    def rewind(self, slots: int) -> None:
        """Go back by so many slots, each of which was played by itself."""
        self.position -= slots
        del self._told[self.position + 1 :]

    def _batches(self, first: int, slots: int) -> Sequence[BarBatch]:
        if self._damaged is not None:
            return self._damaged.deliveries(first, slots)
        batch = self._batch.rows(self._rows[first], self._rows[first + slots])
        return (batch,) if len(batch) else ()

    def bars_before(self, slot: int) -> int:
        """Return how many bars were told with the slots before this one, which has been played or is the next."""
        return self._told[slot]

    def slots_ended(self, now_ns: Nanos) -> int:
        """Return how many of the slots that were played have ended by an instant."""
        return min(bisect_right(self._ends_ns, now_ns), self.position)

    def has_expired(self, now_ns: Nanos, timeout_ns: Nanos) -> bool:
        """Return whether the tape stopped before the close, and its patience is over: what is left is missing."""
        expires_ns = self.data_end_ns + timeout_ns
        return expires_ns < self.session.close_ns and expires_ns <= now_ns

    def is_silent(self, now_ns: Nanos, timeout_ns: Nanos) -> bool:
        """Return whether, before the close, nothing has come for so long; what comes later is not known yet."""
        starts_ns = self._batch.start_ns
        come = int(np.searchsorted(starts_ns, now_ns - self._batch.interval.span_ns, side="right"))
        since_ns = int(starts_ns[come - 1]) + self._batch.interval.span_ns if come else self.session.start_ns
        return since_ns + timeout_ns <= now_ns and since_ns + timeout_ns < self.session.close_ns

    def end_of(self, slots: int) -> Nanos:
        """Return when the first so many slots are over."""
        return self._ends_ns[slots - 1] if slots else self.session.start_ns
