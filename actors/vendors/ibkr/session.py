"""Five-second bars of one connection to TWS, driven read by read. Imported only when a connection is made."""

import asyncio
from contextlib import suppress
from typing import Any

from ib_async import RealTimeBarList

from actors.vendors.ibkr.link import TwsLink, contract_with
from actors.vendors.ibkr.notices import Broken, Notice, Shown
from messages.errors import ConnectionLost


class TwsSession(TwsLink):
    """A connection whose loop runs only while something is awaited; see ``TwsLink``."""

    def __init__(self, host: str, port: int, client: int) -> None:
        super().__init__(host, port, client)
        self._came = asyncio.Event()
        self._held: list[Shown | Notice | Broken] = []
        self._bars: dict[str, RealTimeBarList] = {}
        self._symbols: dict[int, str] = {}

    async def open(self) -> None:
        """Connect and be let in; see ``TwsLink``."""
        await super().open()
        self.ib.barUpdateEvent += self._note_bar

    async def subscribe(self, symbol: str, asked: dict[str, str]) -> None:
        """Ask for a contract's five-second bars of trades, outside of its regular hours too.

        Raises:
            ConnectionLost: the connection broke.
        """
        try:
            bars = self.ib.reqRealTimeBars(contract_with(asked), 5, "TRADES", useRTH=False)
        except OSError as error:
            raise ConnectionLost(f"{self.where} closed the connection: {error}") from error
        self._bars[symbol] = bars
        self._symbols[bars.reqId] = symbol

    async def unsubscribe(self, symbol: str) -> None:
        """Ask for a contract's bars no more."""
        bars = self._bars.pop(symbol, None)
        if bars is not None:
            self._symbols.pop(bars.reqId, None)
            with suppress(OSError):  # the next read tells
                self.ib.cancelRealTimeBars(bars)

    def forget(self, number: int) -> None:
        """Note that a request was refused: there is nothing to take back."""
        self._bars.pop(self._symbols.pop(number, ""), None)

    def symbol_of(self, number: int) -> str | None:
        """Return for which symbol a request was made; ``None``: for none, or it is taken back."""
        return self._symbols.get(number)

    async def read(self, timeout_s: float) -> list[Shown | Notice | Broken]:
        """Return what has come, or the first that comes in that time.

        Raises:
            ConnectionLost: the connection broke.
        """
        if not self._held and self.end is None:
            self._came.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._came.wait(), timeout_s)
        held, self._held = self._held, []
        if not held and self.end is not None:
            raise ConnectionLost(f"{self.where} closed the connection: {self.end}")
        return held

    def hear(self, notice: Notice) -> None:
        """Keep it for the next read."""
        self._put(notice)

    def hear_broken(self, broken: Broken) -> None:
        """Keep it for the next read."""
        self._put(broken)

    def hear_end(self) -> None:
        """Let who reads go on."""
        self._came.set()

    def _put(self, what: Shown | Notice | Broken) -> None:
        self._held.append(what)
        self._came.set()

    def _note_bar(self, bars: RealTimeBarList, _is_new: Any) -> None:
        symbol, shown = self._symbols.get(bars.reqId), bars[-1]
        bars.clear()  # it would keep a day of them
        if symbol is not None:
            self._put(Shown(symbol=symbol, bar=shown))
