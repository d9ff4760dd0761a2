"""Symbols that leave while the next session is in memory already, or on its way."""

import msgspec
import numpy as np

from messages.events import SessionPrefetched, SymbolsChanged
from messages.tables.columns import freeze


class Leavers:
    """Keeps who left out of the sessions to come, where those that are played are named.

    Where everything is played, whoever left comes back with the next session.
    """

    def __init__(self, *, is_named: bool) -> None:
        self._is_named = is_named
        self._gone: set[str] = set()

    def note(self, message: SymbolsChanged) -> None:
        """Symbols left, or came back."""
        if self._is_named:
            self._gone = (self._gone | set(message.removed)) - set(message.added)

    def out_of(self, prefetched: SessionPrefetched) -> SessionPrefetched:
        """Return a session without those who left after it was read."""
        tape = prefetched.tape
        if self._gone.isdisjoint(tape.batch.symbols):
            return prefetched
        left = tape.batch.only(frozenset(tape.batch.symbols) - self._gone)
        place = [symbol not in self._gone for symbol in tape.batch.symbols]
        numbers = np.cumsum(place, dtype=np.int32) - 1
        batch = msgspec.structs.replace(
            left,
            symbols=tuple(symbol for symbol in tape.batch.symbols if symbol not in self._gone),
            symbol_index=freeze(numbers[left.symbol_index]),
        )
        prints = None if tape.prints is None else tape.prints.only(batch.symbols)
        return msgspec.structs.replace(prefetched, tape=msgspec.structs.replace(tape, batch=batch, prints=prints))
