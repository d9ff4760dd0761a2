"""What a live day came to know, and when: every change of a cell, as long as the session is in memory."""

from collections.abc import Sequence

import msgspec
import numpy as np

from actors.market.planes import with_fields
from actors.session_data.hold.book import Book
from messages.base import Message
from messages.events import BarsUpdated, BarsWithdrawn, BoundaryKind, MinuteClosed, SessionBoundary
from messages.repairs import GapAbandoned, NoTradeConfirmed, SessionSealed
from messages.tables.columns import FIELDS, BarBatch, Floats, Indices, Prints, Stamps, Verdicts, freeze
from messages.values import FIRST_WITH_BAR, Gap, Nanos, Verdict

_AT_ONCE = 2048
"""So many notes are kept one by one before they become columns: objects take ten times their room."""

_Note = tuple[Nanos, int, int, int, Floats]
"""Of one cell: when, its slot, its column, what it became, and fields x 1."""
_Part = tuple[Stamps, Indices, Indices, Verdicts, Floats]
"""The same of many."""


class PrintLog:
    """Listens to what SessionData says of its session.

    Args:
        grace_ns: how long after its end a minute stays open.
    """

    def __init__(self, grace_ns: Nanos) -> None:
        self._grace_ns = grace_ns
        self._members: tuple[str, ...] = ()
        self._notes: list[_Note] = []
        self._parts: list[_Part] = []

    def told(self, out: tuple[Message, ...], book: Book | None, now_ns: Nanos) -> tuple[Message, ...]:
        """Note what has just been said, and return it: what a certificate is made of with all that was noted."""
        if book is None:
            return out
        has_sealed = False
        for said in out:
            if type(said) is BarsUpdated:
                if said.interval == book.axis.interval:
                    self._bars(said.batch, book, now_ns)
            elif isinstance(said, SessionSealed):
                has_sealed = True
            else:
                self._other(said, book, now_ns)
        return tuple(self._with_prints(said, book) for said in out) if has_sealed else out

    def _with_prints(self, said: Message, book: Book) -> Message:
        if isinstance(said, SessionSealed) and said.day.session == book.session:
            return msgspec.structs.replace(said, prints=self._prints(book))
        return said

    def _other(self, said: Message, book: Book, now_ns: Nanos) -> None:
        match said:
            case MinuteClosed():
                slot = book.axis.slot_of(said.start_ns)
                if slot is not None and said.missing:
                    self._without_bars(book, np.array([slot], dtype=np.int32), None, now_ns)
            case NoTradeConfirmed() | GapAbandoned() if said.session_date == book.session.date:
                for gap in said.gaps:
                    self._gap(gap, book, now_ns)
            case BarsWithdrawn() if said.interval == book.axis.interval:
                self._gap(Gap(symbols=said.symbols, start_ns=said.start_ns, end_ns=said.start_ns + 1), book, now_ns)
            case SessionBoundary() if said.kind is BoundaryKind.OPENED:
                self._members, self._notes, self._parts = said.symbols, [], []
            case _:
                pass

    def _bars(self, batch: BarBatch, book: Book, now_ns: Nanos) -> None:
        slot = book.axis.slot_of(int(batch.start_ns[0]))
        if slot is None:  # of a day of history
            return
        grid, columns = book.grid, batch.symbol_index
        if len(columns) == 1:  # as a feed tells them; a third of the cost
            column = grid.columns[batch.symbols[int(columns[0])]]
            self._notes.append((now_ns, slot, column, int(grid.verdicts[slot, column]), batch.values))
            if len(self._notes) >= _AT_ONCE:
                self._pack()
            return
        if batch.symbols is not grid.table:
            columns = np.array([grid.columns[symbol] for symbol in batch.names()], dtype=np.int32)
        slots = np.full(len(columns), slot, dtype=np.int32)
        self._add(now_ns, slots, columns, grid.verdicts[slot, columns], batch.values)

    def _gap(self, gap: Gap, book: Book, now_ns: Nanos) -> None:
        starts = book.axis.starts_ns
        slots = np.flatnonzero((starts >= gap.start_ns) & (starts < gap.end_ns)).astype(np.int32)
        columns = [column for symbol in gap.symbols if (column := book.grid.columns.get(symbol)) is not None]
        self._without_bars(book, slots, columns, now_ns)

    def _without_bars(self, book: Book, slots: Indices, columns: Sequence[int] | None, now_ns: Nanos) -> None:
        """Note which of these cells have no bar, and somebody's word on it; no columns: all."""
        wanted = np.arange(len(book.grid.symbols)) if columns is None else np.array(columns, dtype=np.intp)
        held = book.grid.verdicts[np.ix_(slots, wanted)]
        rows, places = np.nonzero((held != Verdict.MISSING) & (held < FIRST_WITH_BAR))
        if len(rows):
            nothing = np.full((len(FIELDS), len(rows)), np.nan)
            self._add(now_ns, slots[rows], wanted[places].astype(np.int32), held[rows, places], nothing)

    def _add(self, now_ns: Nanos, slots: Indices, columns: Indices, verdicts: Verdicts, values: Floats) -> None:
        self._pack()
        self._parts.append((np.full(len(slots), now_ns, dtype=np.int64), slots, columns, verdicts, values))

    def _pack(self) -> None:
        if not self._notes:
            return
        known, slots, columns, verdicts, values = zip(*self._notes, strict=True)
        fields = max(map(len, values))
        self._parts.append(
            (
                np.array(known, dtype=np.int64),
                np.array(slots, dtype=np.int32),
                np.array(columns, dtype=np.int32),
                np.array(verdicts, dtype=np.uint8),
                np.concatenate([with_fields(column, fields) for column in values], axis=1),
            )
        )
        self._notes = []

    def _prints(self, book: Book) -> Prints:
        self._pack()
        known, slots, columns, verdicts, values = joined = _joined(self._parts)
        self._parts = [joined]
        symbols = tuple(sorted(book.grid.symbols))
        place = {symbol: number for number, symbol in enumerate(symbols)}
        numbers = np.array([place[symbol] for symbol in book.grid.symbols], dtype=np.int32)
        return Prints(
            symbols=symbols,
            symbol_index=freeze(numbers[columns]),
            start_ns=freeze(book.axis.starts_ns[slots]),
            values=freeze(values),
            known_ns=freeze(known),
            verdicts=freeze(verdicts),
            members=self._members,
            grace_ns=self._grace_ns,
            interval=book.axis.interval,
        )


def _joined(parts: Sequence[_Part]) -> _Part:
    """Return parts as one; those that know no vwap or number of trades have NaN there."""
    fields = max((len(part[4]) for part in parts), default=len(FIELDS))
    return (
        np.concatenate([np.zeros(0, dtype=np.int64), *(part[0] for part in parts)]),
        np.concatenate([np.zeros(0, dtype=np.int32), *(part[1] for part in parts)]),
        np.concatenate([np.zeros(0, dtype=np.int32), *(part[2] for part in parts)]),
        np.concatenate([np.zeros(0, dtype=np.uint8), *(part[3] for part in parts)]),
        np.concatenate([np.zeros((fields, 0)), *(with_fields(part[4], fields) for part in parts)], axis=1),
    )
