"""Who joined after minutes of the session had ended, and lacks some of them still."""

from collections.abc import Iterable

import numpy as np

from actors.session_data.hold.book import Book
from messages.base import Event
from messages.joining import SymbolsCatchingUp, SymbolsCaughtUp
from messages.values import Nanos


class CatchingUp:
    """Follows the symbols of the open session that are catching up, and says when they begin and when they are done.

    Args:
        needed: symbols without which the session is not complete, besides those that are required or locked.
    """

    def __init__(self, needed: Iterable[str] = ()) -> None:
        self._needed = frozenset(needed)
        self._is_required = False
        """As it was last told."""
        self._seen = (-1, -1)

    def begin(self) -> None:
        """Another session opens: nobody has been told anything of it."""
        self._is_required = False

    def is_active(self, book: Book) -> bool:
        """Return whether there may be something to tell."""
        return bool(book.newcomers or book.catching_up or self._is_required)

    def news(self, book: Book, now_ns: Nanos, needed: frozenset[str]) -> list[Event]:
        """Return what is new: who catches up, and who has caught up.

        Args:
            book: the open session.
            now_ns: session time.
            needed: symbols that are required or locked.
        """
        begun = self._joined(book, now_ns) if book.newcomers else frozenset[str]()
        if not book.catching_up and not self._is_required:
            return []
        over = self._over(book)
        for symbol in over:
            del book.catching_up[symbol]
        before, self._is_required = self._is_required, self._waits(book, self._needed | needed)
        begins, done = tuple(sorted(begun - over)), tuple(sorted(over - begun))
        if not begins and self._is_required > before:  # who was catching up already has just become required
            begins = tuple(sorted(book.catching_up))
        date, out = book.session.date, list[Event]()
        if begins:
            out.append(SymbolsCatchingUp(session_date=date, symbols=begins, is_required=self._is_required))
        if done or self._is_required < before:
            out.append(SymbolsCaughtUp(session_date=date, symbols=done, is_required=self._is_required))
        return out

    def _joined(self, book: Book, now_ns: Nanos) -> frozenset[str]:
        """Note since when those who have just joined are there; return those who may have missed something."""
        joined, book.newcomers = frozenset(book.newcomers), []
        slots = book.axis.slots_ended(now_ns)
        if not slots:
            return frozenset()
        book.catching_up.update(dict.fromkeys(joined, slots))
        book.catch_up_before = slots
        self._seen = (-1, -1)
        return joined

    @staticmethod
    def _waits(book: Book, needed: frozenset[str]) -> bool:
        return bool(book.catching_up.keys() & needed) if needed else bool(book.catching_up)

    def _over(self, book: Book) -> frozenset[str]:
        """Return who lacks nothing any more of what was over when it joined."""
        if self._seen == (book.revision, book.closed) or not book.catching_up:
            return frozenset()
        self._seen = (book.revision, book.closed)
        symbols, slots = list(book.catching_up), np.array([*book.catching_up.values()])
        cells = book.grid.verdicts[: slots.max(), [book.grid.columns[symbol] for symbol in symbols]]
        lacks = ((cells == 0) & (np.arange(len(cells))[:, None] < slots)).any(axis=0)
        return frozenset(symbol for symbol, some in zip(symbols, lacks.tolist(), strict=True) if not some)
