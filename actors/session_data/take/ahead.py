"""Minutes of the tape that are made ready before they are over, many at once, where nobody can see them."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from actors.kernel.listen.tape_minutes import TapeMinutes
from actors.kernel.listen.told import Told
from actors.kernel.outcome import NOTHING, Outcome, tell
from actors.session_data.hold.book import Book
from actors.session_data.hold.grid import Claim
from actors.session_data.hold.senders import Senders
from actors.session_data.members.roster import Members
from actors.session_data.take.preview import Preview
from actors.session_data.take.trades_and_quotes import Trading
from actors.session_data.take.whole_minutes import Minutes, bars_of_latest
from messages.base import Event
from messages.events import BarsArrived, MinuteSettled, TimeAdvanced
from messages.listeners import HearingChanged
from messages.tables.columns import BarBatch
from messages.values import Nanos

_AT_ONCE = 512
"""So many minutes are made ready together."""

_BARS_AT_ONCE = 16_384

_CALM = 8
"""After so many undisturbed minutes it is worth the trouble again."""


class Promise(Protocol):
    """Minutes that a reader takes one after the other, without a word."""

    def __len__(self) -> int:
        """How many there are."""
        ...

    @property
    def passed(self) -> int:
        """How many are over, one at least."""
        ...

    def recall(self) -> int:
        """Let him have no more; return how many are over."""
        ...


class _Ready:
    """Minutes with all that follows from them, lifted out of the book again."""

    def __init__(self, book: Book, minutes: Minutes, claim: Claim, first_row: int) -> None:
        latest = book.derived.latest
        minutes.write(book, claim)
        self._minutes = minutes
        self._ends_ns: list[int] = book.axis.ends_ns[minutes.slots].tolist()
        self._rows = [first_row + row for row in minutes.edges] if first_row else minutes.edges
        """With which row of the tape each begins; and last, where the last one ends."""
        self._grid = book.grid.lift(minutes.slots)
        self._published = book.derived.lift(minutes.slots, latest)
        self._symbols = len(book.grid.symbols)
        self.taken = 0
        """How many of them are over."""
        self.is_of_all = book.symbols == minutes.batch.symbols == book.grid.table
        """Whether the tables of what is told are those of just who is there."""

    @property
    def is_over(self) -> bool:
        """Whether all of them have been taken."""
        return self.taken == len(self._ends_ns)

    @property
    def now_ns(self) -> Nanos:
        """When the last ended that has been taken."""
        return self._ends_ns[self.taken - 1]

    def is_next(self, message: BarsArrived | TimeAdvanced, after: int = 0) -> bool:
        """Whether the next of these minutes is what has come; or the one so many after it."""
        place = self.taken + after
        if message.now_ns != self._ends_ns[place]:
            return False
        first, count = self._rows[place], self._rows[place + 1] - self._rows[place]
        if type(message) is not BarsArrived:
            return not count
        return bool(count) and message.first_row == first and len(message.batch.start_ns) == count

    def plain(self, messages: Sequence[BarsArrived | TimeAdvanced], book: Book) -> Sequence[Told]:
        """Return what is told of the next minutes, which are about to come, as long as nobody's bar is missing."""
        closed, taken = book.closed, self.taken
        count = self._minutes.whole(closed, min(len(self._ends_ns) - taken, len(messages)))
        rows, ends_ns = self._rows[taken : taken + count + 1], self._ends_ns[taken : taken + count]
        if not (isinstance(messages, TapeMinutes) and messages.are(rows, ends_ns)):
            count = next((after for after in range(count) if not self.is_next(messages[after], after)), count)
        return self._minutes.told(closed, count)

    def preview(self, book: Book, until: int) -> Preview:
        """Return a preview of the next minutes, until so many of all are taken."""
        rows = slice(self.taken, min(until, len(self._ends_ns)))
        return Preview(book, self._grid, rows, self._symbols, self._ends_ns)

    def lay_plain(self, count: int, book: Book) -> None:
        """Put so many of them back into the book; whoever breaks it off leaves it to be begun again."""
        row, until, first = self.taken, self.taken + count, self._minutes.slots.start
        slots = slice(first + row, first + until)
        book.grid.lay(slots, self._grid, slice(row, until))
        book.derived.lay(slots, self._published)
        if count > 1:  # the first of them may be the first that anybody has
            book.updates.stamp_all(self._symbols, self._ends_ns[row])
        book.updates.stamp_all(self._symbols, self._ends_ns[until - 1])
        self._minutes.close_plain(book, slots)
        self.taken = until

    def lay(self, message: BarsArrived | TimeAdvanced, book: Book) -> list[Event]:
        """Put the next minute, which has come, back into the book; return what follows from it."""
        row, batch = self.taken, message.batch if type(message) is BarsArrived else None
        end_ns, count = self._ends_ns[row], self._rows[row + 1] - self._rows[row]
        self.taken = row + 1
        minutes, slots = self._minutes, slice(book.closed, book.closed + 1)
        book.grid.lay(slots, self._grid, slice(row, row + 1))
        book.derived.lay(slots, self._published)
        if count == self._symbols:
            book.updates.stamp_all(count, end_ns)
        elif count:
            book.stamp(minutes.columns[minutes.edges[row] :][:count], end_ns)
        return minutes.close(book, slots.start, batch)


class Ahead:
    """The session's tape, and what of it has been made ready.

    A minute that is taken by itself costs several times what it does among others; in lockstep each has to be. So the
    next ones are written, reduced and judged together, and lifted out of the grid: between two messages the session
    holds nothing of what lies ahead, but for the preview of minutes that are promised to a reader. Whatever else comes
    makes that worthless: it is thrown away, and nothing is made ready before a few minutes have passed undisturbed.
    """

    def __init__(self, senders: Senders, members: Members, trading: Trading) -> None:
        self._senders = senders
        self._members = members
        self._trading = trading
        self._tape: BarBatch | None = None
        self._ready: _Ready | None = None
        self._is_heard = self._tells_bars = True
        self._calm = 0
        """How many minutes have come without anything between them."""
        self.promise: Promise | None = None
        """Of minutes to a reader, who takes them without a word."""
        self._from = 0
        """How many of the minutes that were made ready had been taken before them."""
        self._preview: Preview | None = None
        self._has_preview = True
        """Whether those that he takes may be shown before they are taken here."""

    def open(self, book: Book, tape: BarBatch | None) -> None:
        """A session opens with this tape; ``None``: its minutes are taken as they come."""
        self._tape, self._ready, self._calm = tape, None, _AT_ONCE
        self._make_heard(book)

    def hear(self, message: HearingChanged, book: Book | None) -> Outcome:
        """Know whether anybody hears of minutes, and of bars; minutes of which nobody does are not made ready."""
        self._is_heard, self._tells_bars = message.hears_minutes, message.hears_bars
        if book is not None:
            self._make_heard(book)
        if not message.again:
            return NOTHING
        return tell(*([] if book is None else bars_of_latest(book)), MinuteSettled(ticket=message.again))

    def _make_heard(self, book: Book) -> None:
        book.is_heard, book.tells_bars = self._is_heard, self._tells_bars

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
        if (ready := self._ready) is None:
            return None
        out = ready.lay(message, book) if ready.is_next(message) else None
        if out is None or ready.is_over:
            self._ready = None
        if ready.is_of_all or out is None or (tables := self._members.tables) is None:
            return out
        return list(tables.told(out, book))

    def plain(self, minutes: Sequence[BarsArrived | TimeAdvanced], book: Book | None) -> Sequence[Told]:
        """Return what is told of the next minutes, as long as nobody's bar is missing."""
        ready = self._ready
        if ready is None or book is None:
            return ()
        is_renamed = not ready.is_of_all and self._members.tables is not None
        return () if is_renamed and book.tells_bars else ready.plain(minutes, book)

    def promised(self, promise: Promise) -> None:
        """Let a reader take minutes of which that is told."""
        assert self._ready is not None, "what is promised was made ready"
        self.promise, self._from, self._has_preview = promise, self._ready.taken, True

    def glance(self, book: Book | None) -> Nanos:
        """Show the minutes that a reader has taken, to whom looks at closed ones only. Return when it is."""
        promise, preview = self.promise, self._preview
        if preview is None:
            ready = self._ready
            if promise is None or ready is None or book is None or not self._has_preview:
                return self.move_up(book, is_over=False)
            assert ready.taken == self._from, "what was taken is in the book, and is not shown"
            preview = self._preview = ready.preview(book, self._from + len(promise))
        assert promise is not None, "what is shown was promised"
        return preview.show(promise.passed)

    def stamp(self) -> None:
        """Have the book know, too, when symbols changed that have bars in minutes that are shown."""
        if self._preview is not None:
            self._preview.stamp()

    def settle(self, book: Book) -> Nanos:
        """Have the book hold just what is over, and all of it, for who looks further, while minutes are promised.

        Return when it is: the reader may have taken more since the last glance. 0: none are.
        """
        return self.move_up(book, is_over=False)

    def move_up(self, book: Book | None, *, is_over: bool) -> Nanos:
        """Take the minutes that a reader has taken; let him have no more, if that ``is_over``. Return when it is.

        Whoever breaks it off at any step (Ctrl-C, in the thread of who asks) leaves it to be begun again, by the next
        message or question.
        """
        promise, ready = self.promise, self._ready
        if promise is None:
            return 0
        assert ready is not None, "what was promised is gone"
        assert book is not None, "no session without a book"
        if self._preview is not None:
            self._preview.hide()
            self._preview, self._has_preview = None, False
        passed = promise.recall() if is_over else promise.passed
        if count := self._from + passed - ready.taken:
            ready.lay_plain(count, book)
            self._calm += count
        now_ns, left = ready.now_ns, None if ready.is_over else ready
        if is_over or left is None:
            self.promise, self._ready = None, left
        return now_ns

    def _make_ready(self, message: BarsArrived, tape: BarBatch, book: Book) -> None:
        """Make the minute that has come ready, and those after it, where nothing is in the way."""
        first, count = message.first_row, len(message.batch)
        is_next = book.closed < book.axis.slots and message.now_ns == book.end_of(book.closed)
        is_plain = tape.is_sane and book.is_heard and not (book.removed or book.has_grace)
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
