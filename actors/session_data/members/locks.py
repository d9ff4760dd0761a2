"""Who needs which symbols, so that nobody removes them meanwhile."""

from collections.abc import Iterable

from messages.errors import SymbolLocked


class Locks:
    """Symbols by the name of who needs them; they outlast a session."""

    def __init__(self) -> None:
        self._held: dict[str, set[str]] = {}

    @property
    def symbols(self) -> frozenset[str]:
        """All that anybody needs."""
        return frozenset().union(*self._held.values())

    def of(self, name: str) -> tuple[str, ...]:
        """Return what one holds, sorted."""
        return tuple(sorted(self._held.get(name, ())))

    def lock(self, name: str, symbols: Iterable[str]) -> None:
        """Somebody needs these; twice is as good as once."""
        self._held.setdefault(name, set()).update(symbols)

    def unlock(self, name: str, symbols: Iterable[str]) -> None:
        """Somebody needs these no more; none named: it needs nothing any more."""
        left = self._held.pop(name, set()) - set(symbols) if symbols else set[str]()
        if left:
            self._held[name] = left
        else:
            self._held.pop(name, None)

    def check(self, symbols: Iterable[str]) -> None:
        """Refuse to let symbols go that somebody needs.

        Raises:
            SymbolLocked: names the first of them, and who needs it.
        """
        for symbol in symbols:
            holders = sorted(name for name, held in self._held.items() if symbol in held)
            if holders:
                raise SymbolLocked(f"{symbol} cannot be removed: it is locked by {', '.join(holders)}")
