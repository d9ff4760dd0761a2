"""Which symbols are wanted of a source that sends what it likes."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

from messages.feeds import EVERYTHING
from messages.tables.columns import BarBatch


class OfSymbol(Protocol):
    """Anything of one symbol."""

    @property
    def symbol(self) -> str:
        """Whose it is."""
        ...


S = TypeVar("S", bound=OfSymbol)


class WantedSymbols:
    """Grows and shrinks while the feed runs; at first nothing is wanted."""

    def __init__(self) -> None:
        self._is_everything = False
        self._named: set[str] = set()
        self._dropped: set[str] = set()

    def add(self, symbols: Iterable[str]) -> None:
        """Want these too; ``EVERYTHING`` wants those as well that nobody has named."""
        for symbol in symbols:
            if symbol == EVERYTHING:
                self._is_everything = True
                self._dropped.clear()
            self._named.add(symbol)
            self._dropped.discard(symbol)

    def drop(self, symbols: Iterable[str]) -> None:
        """Want these no more; ``EVERYTHING`` leaves nothing."""
        for symbol in symbols:
            if symbol == EVERYTHING:
                self._is_everything = False
                self._named.clear()
            self._named.discard(symbol)
            self._dropped.add(symbol)

    def __contains__(self, symbol: str) -> bool:
        return symbol in self._named or (self._is_everything and symbol not in self._dropped)

    def those(self, items: list[S]) -> list[S]:
        """Return the items whose symbols are wanted."""
        named = self._named
        if not self._is_everything:
            return [item for item in items if item.symbol in named]
        dropped = self._dropped - named
        return [item for item in items if item.symbol not in dropped] if dropped else items

    def of(self, batch: BarBatch) -> BarBatch:
        """Return the bars of a batch that are wanted; the batch itself where all are."""
        wanted = frozenset(symbol for symbol in batch.symbols if symbol in self)
        return batch if len(wanted) == len(batch.symbols) else batch.only(wanted)
