"""The latest quotes and trades of each symbol, and a bounded window of them."""

from collections import deque
from typing import Generic, Protocol, TypeVar

from messages.values import Nanos


class Print(Protocol):
    """Anything with a symbol and an instant."""

    @property
    def symbol(self) -> str:
        """Whose."""
        ...

    @property
    def at_ns(self) -> Nanos:
        """When."""
        ...


P = TypeVar("P", bound=Print)


class Prints(Generic[P]):
    """Prints in order of time, at most ``length`` of each symbol."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._kept: dict[str, deque[P]] = {}

    def add(self, item: P) -> None:
        """Keep one; one that comes late goes to its place."""
        kept = self._kept.setdefault(item.symbol, deque(maxlen=self._length))
        if not kept or kept[-1].at_ns <= item.at_ns:
            kept.append(item)
        elif len(kept) < self._length or kept[0].at_ns <= item.at_ns:
            place = next(i for i in range(len(kept), -1, -1) if i == 0 or kept[i - 1].at_ns <= item.at_ns)
            ordered = [*list(kept)[:place], item, *list(kept)[place:]]
            self._kept[item.symbol] = deque(ordered, maxlen=self._length)

    def latest(self, symbol: str) -> P | None:
        """Return the latest, or ``None``."""
        kept = self._kept.get(symbol)
        return kept[-1] if kept else None

    def last(self, symbol: str, count: int) -> tuple[P, ...]:
        """Return the last ``count`` that are kept, oldest first."""
        kept = self._kept.get(symbol, ())
        return tuple(kept)[-count:] if count > 0 else ()

    def symbols(self) -> set[str]:
        """Return the symbols that have any."""
        return set(self._kept)

    def clear(self) -> None:
        """Forget all: a new session begins."""
        self._kept.clear()
