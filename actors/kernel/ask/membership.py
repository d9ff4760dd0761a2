"""Who belongs to the session, as methods: joining it, leaving it, and being kept in it; answers are futures."""

from collections.abc import Iterator
from contextlib import contextmanager

from actors.kernel.address import RoomAddress
from actors.kernel.future import Future
from messages.commands import AddSymbols, RemoveSymbols
from messages.joining import LockSymbols, UnlockSymbols


class Membership:
    """The commands; from any thread."""

    def __init__(self, session: RoomAddress) -> None:
        self._members = session

    def add_symbols(self, *symbols: str) -> Future[tuple[str, ...]]:
        """Let symbols join the session, or come back, and stay for those to come; answered with all active symbols.

        Their history and what the store has of today follow (``SymbolsJoined`` says so; in a backtest before the next
        minute); minutes that are missing then are asked for upstream.
        """
        return self._members.ask(AddSymbols(symbols=symbols))

    def remove_symbols(self, *symbols: str) -> Future[tuple[str, ...]]:
        """Let symbols leave the session; answered with all active symbols.

        Fails with ``SymbolLocked``, and nobody leaves, if one of them is locked.
        """
        return self._members.ask(RemoveSymbols(symbols=symbols))

    def lock(self, *symbols: str, name: str) -> Future[tuple[str, ...]]:
        """Keep symbols from being removed, in this session and those that follow.

        Args:
            symbols: of the session; what is locked by this name already stays so.
            name: who needs them: the refusal to remove them names it.

        Returns:
            All that this name holds.
        """
        return self._members.ask(LockSymbols(symbols=symbols, name=name))

    def unlock(self, *symbols: str, name: str) -> Future[tuple[str, ...]]:
        """Need symbols no more, none named: all that this name holds; answered with what it holds still."""
        return self._members.ask(UnlockSymbols(symbols=symbols, name=name))

    @contextmanager
    def locked(self, *symbols: str, name: str, timeout: float | None = 5.0) -> Iterator[None]:
        """Keep symbols from being removed while a block of code runs; waits for the lock, not for its end.

        Raises:
            UnknownSymbol: the session does not have one of them.
        """
        self.lock(*symbols, name=name).get(timeout=timeout)
        try:
            yield
        finally:
            self.unlock(*symbols, name=name)
