"""Minutes that a reader is taking, in the book as soon as he has them: for questions about closed minutes alone."""

from collections.abc import Sequence

from actors.session_data.hold.book import Book
from actors.session_data.hold.grid import Lifted
from messages.values import Nanos


class Preview:
    """The minutes of a promise, laid into the book together; how many of them are closed there moves with the reader.

    So a question costs the move of a few numbers, and not the laying of a minute. Until it is hidden again the grid
    holds what lies ahead: nobody may look beyond the closed minutes, and nothing may be done. Whoever breaks it off at
    any step (Ctrl-C, in the thread of who asks) leaves it to be begun again.

    Args:
        book: as it stands before the first of them.
        lifted: what they hold.
        rows: where in that.
        symbols: how many have bars in each.
        ends_ns: when each row ends.
    """

    def __init__(self, book: Book, lifted: Lifted, rows: slice, symbols: int, ends_ns: Sequence[Nanos]) -> None:
        self._book = book
        self._closed, self._revision, self._latest = book.closed, book.revision, book.derived.latest
        self._lifted = lifted
        self._rows = rows
        self._slots = slice(book.closed, book.closed + rows.stop - rows.start)
        self._symbols = symbols
        self._ends_ns = ends_ns[rows]
        self._is_laid = False
        self._shown = 0
        self._now_ns = book.end_of(book.closed - 1)

    def show(self, count: int) -> Nanos:
        """Have so many of them closed. Return when it is."""
        if count == self._shown:
            return self._now_ns
        book, closed, now_ns = self._book, self._closed + count, self._ends_ns[count - 1]
        if not self._is_laid:
            book.grid.lay(self._slots, self._lifted, self._rows)
            self._is_laid = True
        book.derived.latest, book.closed, book.revision = closed - 1, closed, self._revision + count
        self._shown, self._now_ns = count, now_ns
        return now_ns

    def stamp(self) -> None:
        """Have the book know when its symbols changed, as it stands."""
        if self._shown:
            for end_ns in (self._ends_ns[0], self._now_ns):  # the first may be the first that anybody has
                self._book.updates.stamp_all(self._symbols, end_ns)

    def hide(self) -> None:
        """Take all of them out of the book again."""
        self._is_laid, self._shown = False, 0
        book = self._book
        book.grid.empty(self._slots)
        book.closed, book.revision, book.derived.latest = self._closed, self._revision, self._latest
