"""What can go wrong, named; every error of ours is a ``BarkeeperError``."""

from collections.abc import Collection, Iterable
from difflib import get_close_matches

import msgspec

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What is raised where bytes are no message, their text is none, or they are nested deeper than anybody goes."""

_MOST_SHOWN = 80
_MOST_SAID = 500


def shown(value: object) -> str:
    """Return how a value is named in the text of an error: short, and whatever it is."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # noqa: BLE001  # a stranger's repr may do anything, and so may that of a number of 5000 digits
        return f"something of type {type(value).__name__}"
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."


def in_line(text: object) -> str:
    """Return what somebody else says as a part of one line of ours."""
    line = " ".join(str(text).split())
    return line if len(line) <= _MOST_SAID else f"{line[:_MOST_SAID]}..."


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the end of a sentence about an unknown word: the nearest known one, or all of them."""
    words = list(known)
    near = get_close_matches(word, words, n=1, cutoff=0.5)
    return f"; nearest: {near[0]}" if near else f"; there are {', '.join(words)}"


class BarkeeperError(Exception):
    """The root of every error that Barkeeper raises on purpose; its text is one clear sentence."""


class SettingsError(BarkeeperError):
    """A setting that cannot be used, or two that contradict each other."""


class DataError(BarkeeperError):
    """Data at rest that cannot be read or understood as asked."""


class StoreLocked(BarkeeperError):
    """Another process is writing to the store."""


class NotReady(BarkeeperError):
    """Asked before there is anything to answer from, or after it was closed."""


class Unreachable(BarkeeperError):
    """A session in another process that cannot be reached, or the connection to it broke; it may be asked again."""


class SystemFailed(BarkeeperError):
    """The system is in its error state; the text says which room failed and on what."""


class QueryFailed(BarkeeperError):
    """A question that was not answered because of a bug; nothing has changed, and the run goes on."""


class StrategyFailed(BarkeeperError):
    """A strategy raised, or returned what is no result; the text names the error and the line of the strategy."""


class Deadlock(BarkeeperError):
    """A thread or task would wait for ever, for what it holds up itself; names both, and the ways out."""


class IllegalTransition(BarkeeperError):
    """A command that the system's present state does not allow; names both states."""


class SymbolLocked(BarkeeperError):
    """A symbol that cannot be removed, for somebody needs it; names who."""


class FeedError(BarkeeperError):
    """A feed cannot deliver; which of the two it is says whether trying again can help."""


class ConnectionLost(FeedError):
    """A feed could not be reached, or its connection broke; it is tried again."""


class FeedRefused(FeedError):
    """A feed will not have us: wrong keys, or no such subscription. Trying again cannot help."""


def _joined(text: str, known: Collection[str]) -> list[str]:
    """Return the symbols that a text names at once, as two that lack a comma between them do."""
    there = frozenset(known)
    halves = ([text[:at], text[at:]] for at in range(2, len(text) - 1))
    ways = (text.replace(",", " ").split(), *halves)
    return next((parts for parts in ways if len(set(parts)) > 1 and there.issuperset(parts)), [])


class UnknownSymbol(BarkeeperError):
    """The session does not know this symbol; names the nearest that it does know."""

    @classmethod
    def among(cls, symbol: object, known: Iterable[str]) -> "UnknownSymbol":
        """Make the error for ``symbol``, with the nearest of the ``known`` ones."""
        names = list(known)
        if not isinstance(symbol, str):
            return cls(f"unknown symbol {shown(symbol)}; a symbol is a text, such as {names[0] if names else 'AAPL'!r}")
        if parts := _joined(symbol, names):
            return cls(f"unknown symbol {symbol!r}; if {' and '.join(parts)} are meant, name each by itself")
        near = get_close_matches(symbol.upper(), names, n=3, cutoff=0.5)
        known_ones = "1 symbol is known" if len(names) == 1 else f"{len(names)} symbols are known"
        hint = f"; nearest: {', '.join(near)}" if near else f"; {known_ones}"
        return cls(f"unknown symbol {symbol!r}{hint}")
