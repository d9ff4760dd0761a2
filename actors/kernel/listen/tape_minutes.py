"""Minutes of a tape that are cut out of it one by one, when somebody looks at them."""

from collections.abc import Sequence
from typing import overload

from msgspec.structs import replace

from messages.events import BarsArrived, MinutesStaged, TimeAdvanced
from messages.tables.columns import BarBatch
from messages.values import Nanos


class TapeMinutes(Sequence[BarsArrived | TimeAdvanced]):
    """What is told of minutes that follow each other: their bars, or that they went by without any.

    Most are passed by without a look, and cutting one costs more than all else that is done for it.

    Args:
        tape: all bars of the session.
        rows: where each minute begins in it; and last, where the last one ends.
        ends_ns: when each is over.
        tickets: that of each.
    """

    @classmethod
    def of(cls, staged: MinutesStaged) -> "TapeMinutes":
        """Return those that are staged."""
        first = staged.first_ticket
        return cls(staged.tape, staged.rows, staged.ends_ns, range(first, first + len(staged.ends_ns)))

    def __init__(self, tape: BarBatch, rows: tuple[int, ...], ends_ns: tuple[Nanos, ...], tickets: range) -> None:
        self.tickets = tickets
        self._tape = tape
        self._rows = rows
        self._ends_ns = ends_ns

    def __len__(self) -> int:
        return len(self._ends_ns)

    @overload
    def __getitem__(self, place: int) -> BarsArrived | TimeAdvanced: ...

    @overload
    def __getitem__(self, place: slice) -> "TapeMinutes": ...

    def __getitem__(self, place: int | slice) -> "BarsArrived | TimeAdvanced | TapeMinutes":
        if isinstance(place, slice):
            first, stop, step = place.indices(len(self))
            assert step == 1, "minutes follow each other"
            rows = self._rows[first : max(first, stop) + 1]
            return TapeMinutes(self._tape, rows, self._ends_ns[first:stop], self.tickets[first:stop])
        now_ns, ticket = self._ends_ns[place], self.tickets[place]
        row, end = self._rows[place - (place < 0)], self._rows[place + (place >= 0)]
        if row == end:
            return TimeAdvanced(now_ns=now_ns, ticket=ticket)
        tape = self._tape
        index, starts_ns, values = tape.symbol_index[row:end], tape.start_ns[row:end], tape.values[:, row:end]
        batch = replace(tape, symbol_index=index, start_ns=starts_ns, values=values)  # a third of making one
        return BarsArrived(batch=batch, now_ns=now_ns, is_whole=True, ticket=ticket, first_row=row)

    def are(self, rows: Sequence[int], ends_ns: Sequence[Nanos]) -> bool:
        """Return whether minutes that begin so in the tape, and are over then, are the first of these."""
        return self._ends_ns[: len(ends_ns)] == tuple(ends_ns) and self._rows[: len(rows)] == tuple(rows)
