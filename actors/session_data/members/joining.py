"""Symbols that were asked for in the middle: what is loaded for them, and what waits until it is there."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from messages.events import (
    BarArrived,
    BarsArrived,
    QuoteArrived,
    QuotesArrived,
    SessionBoundary,
    TickArrived,
    TicksArrived,
    TimeAdvanced,
)
from messages.inboxes import SessionDataInbox
from messages.joining import LoadSymbols, SymbolsLoaded
from messages.tables.columns import BarBatch
from messages.values import Nanos, TradingSession

_ARRIVALS = BarsArrived | TimeAdvanced | BarArrived | QuoteArrived | TickArrived | QuotesArrived | TicksArrived
_NOTHING = BarBatch.of(())


class FromStore(NamedTuple):
    """Whose bars they are that were loaded."""

    source: str
    is_correction: bool = False


class Joining:
    """Who was asked for, what is being loaded, and the rest of their day where it is played from here.

    Args:
        holds_arrivals: whether arrivals wait while symbols are being loaded: a backtest has the time, and so every
            run of it is the same; a live day goes on.
    """

    def __init__(self, *, holds_arrivals: bool) -> None:
        self._holds_arrivals = holds_arrivals
        self._asked: dict[str, None] = {}
        self._loading: set[str] = set()
        self._held: list[SessionDataInbox] = []
        self._loaded: list[SymbolsLoaded] = []
        self._is_open = False
        self._ticket = 0
        self._rest = _NOTHING
        self._played = frozenset[str]()

    def begin(self, played: Sequence[str]) -> list[str]:
        """Another session opens, whose tape has these symbols; return who was asked for and is not among them."""
        self._rest, self._played, self._is_open = _NOTHING, frozenset(played), True
        return [symbol for symbol in self._asked if symbol not in self._played]

    def want(self, session: TradingSession, symbols: Iterable[str]) -> LoadSymbols:
        """Symbols join, and stay until they leave; have what the store has of them loaded."""
        wanted = tuple(symbols)
        self._asked |= dict.fromkeys(wanted)
        self._loading |= set(wanted)
        return LoadSymbols(session=session, symbols=wanted)

    def awaited(self, session: TradingSession) -> list[LoadSymbols]:
        """Have those loaded once more who are not there yet."""
        loading = tuple(symbol for symbol in self._asked if symbol in self._loading)
        return [LoadSymbols(session=session, symbols=loading)] if loading else []

    def leave(self, symbols: Iterable[str]) -> None:
        """Symbols leave; the rest of their day is of no interest."""
        for symbol in symbols:
            self._asked.pop(symbol, None)
        gone = frozenset(symbols)
        if not gone.isdisjoint(self._rest.symbols):
            self._rest = self._rest.only(frozenset(self._rest.symbols) - gone)

    @property
    def asked(self) -> frozenset[str]:
        """Who joined, and stays for the sessions to come."""
        return frozenset(self._asked)

    @property
    def is_idle(self) -> bool:
        """Whether nobody is being loaded, nothing waits, and nothing is played from here."""
        return not (self._loading or self._loaded or self._held or self._ticket or len(self._rest))

    # --- what waits

    def holds(self, message: SessionDataInbox) -> bool:
        """Put a message aside; return whether it was.

        Arrivals wait until all symbols are loaded. What was loaded waits for the next arrival, for it came when the
        disk pleased: readers see it with that minute, the same in every run.
        """
        if not self._loading or not self._holds_arrivals:
            return False
        if isinstance(message, SymbolsLoaded):
            is_early = self._is_open and not self._held and not self._ticket
            self._loaded += [message] if is_early else []
            return is_early
        if not isinstance(message, _ARRIVALS | SessionBoundary):
            return False
        self._held.append(message)
        return True

    def ready_for(self, message: SessionDataInbox) -> list[SymbolsLoaded]:
        """Return what was loaded and goes before a message."""
        if isinstance(message, SessionBoundary):
            self._is_open = False  # there is no next minute
        elif not self._loaded or not isinstance(message, _ARRIVALS):
            return []
        loaded, self._loaded = self._loaded, []
        return loaded

    def holds_ticket(self, ticket: int) -> bool:
        """Put the ticket of an opening aside until all symbols are loaded; return whether it was."""
        if not self._loading or not self._holds_arrivals:
            return False
        self._ticket = ticket
        return True

    def loaded(self, symbols: Iterable[str]) -> tuple[int, list[SessionDataInbox]]:
        """These were loaded; return the ticket (0: none) and the arrivals that have waited for them."""
        self._loading -= set(symbols)
        if self._loading:
            return 0, []
        ticket, self._ticket = self._ticket, 0
        held, self._held = self._held, []
        return ticket, held

    # --- the rest of the day

    def split(self, batch: BarBatch, session: TradingSession, now_ns: Nanos, *, is_played: bool) -> BarBatch:
        """Return the bars of a day that have ended; keep the others, if they are to be played from here.

        What the session's own tape has is played from there.
        """
        over = _ended(batch, session, now_ns)
        rest = batch.rows(over, len(batch))
        if is_played and len(rest):
            self._rest = joined(self._rest, rest.only(frozenset(batch.symbols) - self._played))
        return batch.rows(0, over)

    def due(self, session: TradingSession, now_ns: Nanos) -> BarBatch:
        """Return the bars that have ended by now and were not told, and count them as told."""
        over = _ended(self._rest, session, now_ns)
        due, self._rest = self._rest.rows(0, over), self._rest.rows(over, len(self._rest))
        return due

    @property
    def is_playing(self) -> bool:
        """Whether there is anything left to play from here."""
        return len(self._rest) > 0


def _ended(batch: BarBatch, session: TradingSession, now_ns: Nanos) -> int:
    return int(np.searchsorted(batch.start_ns, now_ns - session.base_interval.span_ns, side="right"))


def joined(left: BarBatch, right: BarBatch) -> BarBatch:
    """Return the bars of two batches in order, which have none in common; a field that one lacks is not known."""
    if not len(left) or not len(right):
        return right if len(right) else left
    symbols = tuple(sorted({*left.symbols, *right.symbols}))
    place = {symbol: number for number, symbol in enumerate(symbols)}
    numbers = [np.array([place[s] for s in one.symbols], np.int32)[one.symbol_index] for one in (left, right)]
    fields = max(len(left.values), len(right.values))
    values = np.full((fields, len(left) + len(right)), np.nan)
    values[: len(left.values), : len(left)] = left.values
    values[: len(right.values), len(left) :] = right.values
    starts = np.concatenate([left.start_ns, right.start_ns])
    made = BarBatch.build(symbols, np.concatenate(numbers), starts, values, left.interval)
    return msgspec.structs.replace(made, is_sane=left.is_sane and right.is_sane)
