"""Who belongs to the session: joining and leaving it, locks, catching up, and what is loaded for who joins."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar, cast

import msgspec
import numpy as np

from actors.kernel.outcome import Outcome, answer, refuse
from actors.session_data.hold.book import Book
from actors.session_data.members.catching_up import CatchingUp
from actors.session_data.members.joining import Joining, joined
from actors.session_data.members.locks import Locks
from messages.base import Event, Message
from messages.commands import AddSymbols, RemoveSymbols
from messages.errors import BarkeeperError, NotReady, UnknownSymbol
from messages.events import BarsUpdated, SessionBoundary, SymbolsChanged
from messages.inboxes import SessionDataInbox
from messages.joining import LoadSymbols, LockSymbols, SymbolsLoaded, UnlockSymbols
from messages.tables.columns import BarBatch, Indices, Tape, freeze
from messages.values import Nanos

M = TypeVar("M", bound=Message)


class Members:
    """The symbols of the open session, as far as anybody decides about them.

    Args:
        needed: symbols without which the session is not complete.
        fills: whether somebody looks after missing minutes; else nobody ever catches up.
        holds_arrivals: whether arrivals wait while symbols are being loaded.
        plays_all: whether what is played is all that the store has, day by day, for no symbols are named.
    """

    def __init__(self, needed: Iterable[str], *, fills: bool, holds_arrivals: bool, plays_all: bool = False) -> None:
        self._fills = fills
        self.tables = Tables() if plays_all else None
        """Of what is told of bars, where it is not known who will trade."""
        self._locks = Locks()
        self._catching = CatchingUp(needed)
        self._joining = Joining(holds_arrivals=holds_arrivals)

    def holds(self, message: SessionDataInbox) -> bool:
        """Put a message aside until symbols that join have been loaded; return whether it was."""
        return self._joining.holds(message)

    def ready_for(self, message: SessionDataInbox) -> list[SymbolsLoaded]:
        """Return what was loaded for symbols that join and goes before a message."""
        return self._joining.ready_for(message)

    def news(self, book: Book | None, now_ns: Nanos, required: frozenset[str]) -> list[Event]:
        """Return who has begun to catch up, and who has caught up, since this was asked last."""
        if book is None or not self._fills or not self._catching.is_active(book):
            return []
        return self._catching.news(book, now_ns, self._locks.symbols | required)

    # --- from session to session

    def open(self, book: Book, symbols: tuple[str, ...]) -> list[Message]:
        """A session opens whose tape has these symbols: who was asked for, or is locked, joins if not among them."""
        self._catching.begin()
        book.newcomers += book.symbols
        lacking = self._joining.begin(symbols)
        lacking += sorted(self._locks.symbols.difference(symbols, lacking))
        new = [symbol for symbol in lacking if book.column(symbol) is None]
        wanted = [self._joining.want(book.session, lacking)] if lacking else []
        return [*([book.welcome(new)] if new else []), *wanted]

    def known(self, opening: SessionBoundary, traded: Callable[[], frozenset[str]], needed: frozenset[str]) -> set[str]:
        """Return who is there when a session opens.

        Where everything is played, the tape's own symbols are nobody's knowledge at the open: who is there is who
        traded in the sessions before, or is named by anybody; the others come with their first bar. A day that is
        played as it was lived names who was there.

        Args:
            opening: of the session.
            traded: returns who traded before.
            needed: who is required.
        """
        if self.tables is None or opening.is_lived:
            return set(opening.symbols)
        return {*traded(), *(self._joining.asked | self._locks.symbols | needed).intersection(opening.symbols)}

    # --- joining and leaving

    def awaited(self, book: Book) -> list[LoadSymbols]:
        """Ask once more for what is being loaded."""
        return self._joining.awaited(book.session)

    def add(self, message: AddSymbols, book: Book | None) -> Outcome:
        """Let symbols join, or come back."""
        if book is None:
            return refuse(message, NotReady("no session has been opened yet"))
        unheard = [symbol for symbol in message.strangers if symbol not in book.grid.columns]
        if unheard:
            return refuse(message, UnknownSymbol.among(unheard[0], book.symbols))
        added = tuple(symbol for symbol in dict.fromkeys(message.symbols) if book.column(symbol) is None)
        if not added:
            return answer(message, book.symbols)
        changed, gaps = book.welcome(added), book.gaps_before(added)
        wanted = self._joining.want(book.session, added)
        return answer(message, book.symbols, changed, wanted, *book.derived_before(added), *gaps)

    def remove(self, message: RemoveSymbols, book: Book | None) -> Outcome:
        """Let symbols leave, unless somebody needs them."""
        try:
            _check_known(message.symbols, book)
            self._locks.check(message.symbols)
        except BarkeeperError as error:
            return refuse(message, error)
        assert book is not None, "known symbols of no session"
        book.dismiss(message.symbols)
        self._joining.leave(message.symbols)
        return answer(message, book.symbols, SymbolsChanged(removed=message.symbols))

    def lock(self, message: LockSymbols | UnlockSymbols, book: Book | None) -> Outcome:
        """Somebody needs symbols, or needs them no more."""
        if isinstance(message, UnlockSymbols):
            self._locks.unlock(message.name, message.symbols)
            return answer(message, self._locks.of(message.name))
        try:
            _check_known(message.symbols, book)
        except BarkeeperError as error:
            return refuse(message, error)
        self._locks.lock(message.name, message.symbols)
        return answer(message, self._locks.of(message.name))

    # --- what is loaded for who joins

    def so_far(self, message: SymbolsLoaded, tape: Tape, book: Book, now_ns: Nanos) -> BarBatch:
        """Return the bars of those who join that have ended; the others are kept until they have."""
        there = frozenset(symbol for symbol in message.symbols if book.column(symbol) is not None)
        batch = tape.batch if there.issuperset(tape.batch.symbols) else tape.batch.only(there)
        return self._joining.split(batch, book.session, now_ns, is_played=message.is_played)

    @property
    def is_idle(self) -> bool:
        """Whether nobody is on the way in, and nothing is kept of who has come."""
        return self._joining.is_idle

    @property
    def is_playing(self) -> bool:
        """Whether there are bars that are played from here."""
        return self._joining.is_playing

    def holds_ticket(self, ticket: int) -> bool:
        """Put the ticket of an opening aside, as ``holds`` does with arrivals."""
        return self._joining.holds_ticket(ticket)

    def loaded(self, message: SymbolsLoaded) -> tuple[int, list[SessionDataInbox]]:
        """Symbols have been loaded; return the ticket and the arrivals that have waited for them."""
        return self._joining.loaded(message.symbols)

    def with_due(self, batch: BarBatch, book: Book, now_ns: Nanos) -> BarBatch:
        """Return whole minutes with the bars that are played from here."""
        return joined(batch, self._joining.due(book.session, now_ns)) if self.is_playing else batch


class Tables:
    """Tells bars with a table of just those who are there: the tape's says who will trade, and who will not."""

    def __init__(self) -> None:
        self._symbols: tuple[str, ...] = ()
        self._numbers: dict[int, tuple[tuple[str, ...], Indices]] = {}
        """By the identity of a table: itself, and for each of its symbols the place among those that are there."""

    def told(self, out: Sequence[M], book: Book) -> tuple[M, ...]:
        """Return what is told, with such a table."""
        if book.symbols is not self._symbols:
            self._symbols, self._numbers = book.symbols, {}
        return tuple(cast("M", self._told(said)) if isinstance(said, BarsUpdated) else said for said in out)

    def _told(self, said: BarsUpdated) -> BarsUpdated:
        table, numbers = self._numbers.get(id(said.batch.symbols), ((), None))
        if numbers is None:
            table = said.batch.symbols
            place = {symbol: number for number, symbol in enumerate(self._symbols)}
            numbers = np.array([place.get(symbol, -1) for symbol in table], dtype=np.int32)
            self._numbers[id(table)] = table, numbers
        if table == self._symbols:
            return said
        index = numbers[said.batch.symbol_index]
        if index.min(initial=0) < 0:  # of who has left meanwhile
            return msgspec.structs.replace(said, batch=said.batch.narrowed())
        batch = msgspec.structs.replace(said.batch, symbols=self._symbols, symbol_index=freeze(index))
        return msgspec.structs.replace(said, batch=batch)


def _check_known(symbols: Iterable[str], book: Book | None) -> None:
    """Refuse symbols that are not in the session."""
    if book is None:
        raise NotReady("no session has been opened yet")
    for symbol in symbols:
        if book.column(symbol) is None:
            raise UnknownSymbol.among(symbol, book.symbols)
