"""Who belongs to the session, as methods: joining it, leaving it, and being kept in it; answers are futures."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager

from actors.kernel.address import RoomAddress
from actors.kernel.ask import arguments as take
from actors.kernel.future import Future
from messages.commands import AddSymbols, RemoveSymbols
from messages.joining import LockSymbols, UnlockSymbols


class Membership:
    """The commands; from any thread. Symbols are passed one by one, ``"A", "B"``, or several at once, ``["A", "B"]``.

    Args:
        session: who is asked.
        strangers: returns those of some symbols that cannot join, for nobody could have a bar of them.
    """

    def __init__(self, session: RoomAddress, strangers: Callable[[tuple[str, ...]], tuple[str, ...]]) -> None:
        self._members = session
        self._strangers = strangers

    def add_symbols(self, *symbols: str | Iterable[str]) -> Future[tuple[str, ...]]:
        """Let symbols join the session, or come back, and stay for those to come; answered with all active symbols.

        Their history and what the store has of today follow (``SymbolsJoined`` says so; in a backtest with the next
        minute); minutes that are missing then are asked for upstream. A backtest fails with ``UnknownSymbol``, and
        nobody joins, if the store never had one of them and nobody published a bar of it.
        """
        named = take.each_symbol(symbols)
        return self._members.ask(AddSymbols(symbols=named, strangers=self._strangers(named)))

    def remove_symbols(self, *symbols: str | Iterable[str]) -> Future[tuple[str, ...]]:
        """Let symbols leave the session; answered with all active symbols.

        Fails with ``SymbolLocked``, and nobody leaves, if one of them is locked.
        """
        return self._members.ask(RemoveSymbols(symbols=take.each_symbol(symbols)))

    def lock(self, *symbols: str | Iterable[str], name: str) -> Future[tuple[str, ...]]:
        """Keep symbols from being removed, in this session and those that follow.

        Args:
            symbols: of the session; what is locked by this name already stays so.
            name: who needs them: the refusal to remove them names it.

        Returns:
            All that this name holds.
        """
        return self._members.ask(LockSymbols(symbols=take.each_symbol(symbols), name=take.text(name, "name")))

    def unlock(self, *symbols: str | Iterable[str], name: str) -> Future[tuple[str, ...]]:
        """Need symbols no more, none named: all that this name holds; answered with what it holds still."""
        named = take.each_symbol(symbols)
        if symbols and not named:  # an empty list is not the same as none named
            return self.lock(name=name)
        return self._members.ask(UnlockSymbols(symbols=named, name=take.text(name, "name")))

    def locked(
        self, *symbols: str | Iterable[str], name: str, timeout: float | None = 5.0
    ) -> AbstractContextManager[None]:
        """Keep symbols from being removed while a block of code runs; waits for the lock, not for its end.

        Raises:
            UnknownSymbol: the session does not have one of them.
        """
        return self._locked(take.each_symbol(symbols), take.text(name, "name"), take.seconds(timeout))

    @contextmanager
    def _locked(self, symbols: tuple[str, ...], name: str, timeout: float | None) -> Iterator[None]:
        self.lock(symbols, name=name).get(timeout=timeout)
        try:
            yield
        finally:
            self.unlock(symbols, name=name)
