"""Symbols that join a session that runs: what is loaded for them, what they still lack, and who needs them to stay.

A symbol that joins after minutes of the session have ended is catching up until each of them has its verdict: a bar,
NO_TRADE or ABANDONED.
"""

from messages.base import Command, Control, Event
from messages.history import Background
from messages.tables.columns import DayGrid, Tape
from messages.values import TradingSession

# --- SessionData -> DataUpkeep, and back


class LoadSymbols(Command, frozen=True, kw_only=True):
    """Read what the store has of symbols that join: their history, and their day; comes back as ``SymbolsLoaded``."""

    session: TradingSession
    symbols: tuple[str, ...]


class SymbolsLoaded(Event, frozen=True, kw_only=True):
    """What the store has of symbols that join."""

    session_date: str
    symbols: tuple[str, ...]
    tape: Tape | None = None
    """Their day, minutes that have not ended included; ``None``: it could not be read."""
    history: tuple[DayGrid, ...] = ()
    """The trailing days, of these symbols alone."""
    background: Background | None = None
    """Of these symbols alone."""
    is_played: bool = False
    """Whether the rest of their day comes from here too, minute by minute, as in a backtest; else from the feeds."""
    reason: str = ""
    """Why nothing could be read."""


class SymbolsJoined(Event, frozen=True, kw_only=True):
    """What the store has of symbols that join can be read now; minutes that they lack still may be asked for."""

    session_date: str
    symbols: tuple[str, ...]
    reason: str = ""
    """Why nothing of the store could be read."""


# --- SessionData -> StreamCoordinator, subscribers


class SymbolsCatchingUp(Event, frozen=True, kw_only=True):
    """Symbols joined after minutes of the session had ended, and lack some of them."""

    session_date: str
    symbols: tuple[str, ...]
    is_required: bool
    """Whether any symbol that is catching up, these or others, is one that is needed: ``require``, settings or a lock
    name it; where nothing is named, every symbol is."""


class SymbolsCaughtUp(Event, frozen=True, kw_only=True):
    """Every minute that had ended before these symbols joined has its verdict."""

    session_date: str
    symbols: tuple[str, ...]
    is_required: bool
    """Whether a symbol that is needed is catching up still."""


# --- people and programs -> SessionData


class LockSymbols(Control[tuple[str, ...]], frozen=True, kw_only=True):
    """Keep symbols from being removed while somebody needs them; answered with all that this name holds."""

    symbols: tuple[str, ...]
    name: str
    """Who needs them."""


class UnlockSymbols(Control[tuple[str, ...]], frozen=True, kw_only=True):
    """Need symbols no more; answered with all that this name holds still."""

    symbols: tuple[str, ...] = ()
    """None named: all that this name holds."""
    name: str
