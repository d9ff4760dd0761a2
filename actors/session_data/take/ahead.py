"""Minutes of the tape that are made ready before they are over, many at once, where nobody can see them."""

import numpy as np

from actors.session_data.hold.book import Book
from actors.session_data.hold.grid import Claim
from actors.session_data.hold.senders import Senders
from actors.session_data.members.roster import Members
from actors.session_data.take.trades_and_quotes import Trading
from actors.session_data.take.whole_minutes import Minutes
from messages.base import Event
from messages.columns import BarBatch
from messages.events import BarsArrived, TimeAdvanced

_AT_ONCE = 64
"""So many minutes are made ready together."""

_BARS_AT_ONCE = 16_384

_CALM = 8
"""After so many undisturbed minutes it is worth the trouble again."""


class _Ready:
    """Minutes with all that follows from them, lifted out of the book again."""

    def __init__(self, book: Book, minutes: Minutes, claim: Claim, first_row: int) -> None:
        latest = book.derived.latest
        minutes.write(book, claim)
        self.first_row = first_row
        """The row of the tape that the first one begins with."""
        self._minutes = minutes
        self._grid = book.grid.lift(minutes.slots)
        self._published = book.derived.lift(minutes.slots, latest)

    def is_over(self, book: Book) -> bool:
        """Whether all of them have been taken."""
        return book.closed >= self._minutes.slots.stop

    def is_next(self, message: BarsArrived | TimeAdvanced, book: Book) -> bool:
        """Whether a message is the minute that comes next, as it was foreseen."""
        minutes, slot = self._minutes, book.closed
        if slot >= minutes.slots.stop or message.now_ns != book.end_of(slot):
            return False
        begin, end = minutes.edges[slot - minutes.slots.start], minutes.edges[slot - minutes.slots.start + 1]
        if isinstance(message, TimeAdvanced):
            return begin == end
        return message.first_row == self.first_row + begin and len(message.batch) == end - begin

    def take(self, book: Book, out: list[Event]) -> None:
        """Put the next minute back into the book, and put out what follows from it."""
        minutes, slot = self._minutes, book.closed
        row = slot - minutes.slots.start
        book.grid.lay(slot, self._grid, row)
        book.derived.lay(slot, self._published.get(slot, []))
        begin, end = minutes.edges[row], minutes.edges[row + 1]
        if end > begin:
            is_everybody = end - begin == len(book.grid.symbols)
            book.stamp(slice(0, end - begin) if is_everybody else minutes.columns[begin:end], book.end_of(slot))
        minutes.close(book, slot, out)


class Ahead:
    """The session's tape, and what of it has been made ready.

    A minute that is taken by itself costs several times what it does among others; in lockstep each has to be. So the
    next ones are written, reduced and judged together, and lifted out of the grid: between two messages the session
    holds nothing of what lies ahead. Whatever else comes makes that worthless: it is thrown away, and nothing is made
    ready before a few minutes have passed undisturbed.
    """

    def __init__(self, senders: Senders, members: Members, trading: Trading) -> None:
        self._senders = senders
        self._members = members
        self._trading = trading
        self._tape: BarBatch | None = None
        self._ready: _Ready | None = None
        self._calm = 0
        """How many minutes have come without anything between them."""

    def open(self, tape: BarBatch | None) -> None:
        """A session opens with this tape; ``None``: its minutes are taken as they come."""
        self._tape, self._ready, self._calm = tape, None, _AT_ONCE

    def disturb(self) -> None:
        """Something else came: what was made ready is no longer what follows."""
        self._ready, self._calm = None, 0

    def take(self, message: BarsArrived | TimeAdvanced, book: Book | None) -> list[Event] | None:
        """Take the next minute if it was made ready; return what follows from it, or ``None``: it was not."""
        if book is None:
            return None
        self._calm += 1
        if self._ready is None and self._calm > _CALM and isinstance(message, BarsArrived) and self._tape is not None:
            self._make_ready(message, self._tape, book)
        ready = self._ready
        if ready is None or not ready.is_next(message, book):
            self._ready = None
            return None
        out: list[Event] = []
        ready.take(book, out)
        if ready.is_over(book):
            self._ready = None
        return out

    def _make_ready(self, message: BarsArrived, tape: BarBatch, book: Book) -> None:
        """Make the minute that has come ready, and those after it, where nothing is in the way."""
        first, count = message.first_row, len(message.batch)
        is_next = book.closed < book.axis.slots and message.now_ns == book.end_of(book.closed)
        is_plain = tape.is_sane and not (book.removed or book.has_grace)
        if first < 0 or not is_next or not is_plain or not self._members.is_idle or self._trading.is_folding:
            return
        starts = tape.start_ns
        until_ns = message.now_ns + min(self._calm, _AT_ONCE) * book.axis.step_ns
        if first + _BARS_AT_ONCE < len(tape):
            until_ns = min(until_ns, int(starts[first + _BARS_AT_ONCE]))
        last = first + int(np.searchsorted(starts[first:], until_ns - book.axis.step_ns))
        minutes = Minutes.found(book, tape.rows(first, last)) if last > first + count else None
        if minutes is not None:
            claim = Claim(self._senders.number(message.source), self._senders.preference, False, message.source)
            self._ready = _Ready(book, minutes, claim, first)
