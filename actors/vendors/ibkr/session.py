"""One connection to TWS or IB Gateway through ``ib_async``, driven read by read: sign-in, five-second bars, errors.

``IB.connectAsync`` reads the account's positions whatever it is told, so its client is connected by itself: nothing of
the account is asked for, and nothing can be ordered. Its decoder logs a message that makes no sense and goes on; here
it is told. Imported only when a connection is made: ib_async is an extra.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ib_async import IB, Contract, RealTimeBarList
from ib_async.decoder import Decoder

from actors.vendors.ibkr.notices import Broken, Meaning, Notice, Shown, meaning_of
from messages.errors import ConnectionLost

_REAL_TIME_BAR = 50
_CONNECTING_S = 10.0
_LOGS = logging.getLogger("ib_async")


class _TellingDecoder(Decoder):
    """Tells of what it cannot make out, where the library's logs it."""

    def __init__(self, wrapper: Any, tell: Callable[[Broken], None]) -> None:
        super().__init__(wrapper, 0)
        self._told: Any = wrapper
        self._tell = tell
        self.handlers[_REAL_TIME_BAR] = self._bar

    def interpret(self, fields: list[str]) -> None:
        try:
            self.handlers[int(fields[0])](fields)
        except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, StopIteration) as error:
            self._tell(Broken(seen=",".join(fields), why=str(error) or type(error).__name__))

    def _bar(self, fields: list[str]) -> None:
        _, _, number, at_s, first, high, low, last, volume, mean, count = fields
        prices = map(float, (first, high, low, last, volume or 0, mean or 0))
        self._told.realtimeBar(int(number), int(at_s), *prices, int(count or 0))


class TwsSession:
    """One connection. Everything is awaited in one event loop, which runs only while something is.

    Args:
        host: the computer on which TWS or IB Gateway runs.
        port: 7496 and 7497 are TWS, 4001 and 4002 IB Gateway, the second of each for paper accounts.
        client: the number of this program among those that are connected to it.
    """

    def __init__(self, host: str, port: int, client: int) -> None:
        self._place = (host, port, client)
        self._ib: Any = None
        self._came = asyncio.Event()
        self._held: list[Shown | Notice | Broken] = []
        self._end: str | None = None
        self._bars: dict[str, RealTimeBarList] = {}
        self._symbols: dict[int, str] = {}
        if not _LOGS.handlers:  # else Python prints what the library thinks wrong
            _LOGS.addHandler(logging.NullHandler())

    async def open(self) -> None:
        """Connect and be let in.

        Raises:
            ConnectionLost: it did not work this time.
        """
        host, port, client = self._place
        ib = self._ib = IB()
        ib.client.decoder = _TellingDecoder(ib.wrapper, self._put)
        ib.errorEvent += self._note_error
        ib.barUpdateEvent += self._note_bar
        ib.client.apiError += self._note_end
        ib.client.apiEnd += self._note_end
        connecting: Any = ib.client.connectAsync  # which has no types
        work = asyncio.ensure_future(connecting(host, port, client, _CONNECTING_S))
        while not work.done() and self._end is None:
            self._came.clear()
            coming = asyncio.ensure_future(self._came.wait())
            await asyncio.wait({work, coming}, return_when=asyncio.FIRST_COMPLETED)
            coming.cancel()
        if not work.done():  # it would wait for the rest of its time, though nobody is there any more
            work.cancel()
            await asyncio.wait({work})
            raise ConnectionLost(f"{self._where} did not let us in: {self._said(self._end or '')}")
        try:
            work.result()
        except TimeoutError as error:
            raise ConnectionLost(f"{self._where} did not let us in: {self._said('it gave no answer')}") from error
        except OSError as error:
            hint = "it must run, and its API settings allow socket clients"
            raise ConnectionLost(f"{self._where} cannot be reached: {hint} ({error})") from error

    @property
    def is_number_taken(self) -> bool:
        """Whether another program is connected under the same number."""
        return any(isinstance(one, Notice) and meaning_of(one) is Meaning.TAKEN for one in self._held)

    async def subscribe(self, symbol: str, asked: dict[str, str]) -> None:
        """Ask for a contract's five-second bars of trades, outside of its regular hours too.

        Raises:
            ConnectionLost: the connection broke.
        """
        contract = Contract()
        for name, value in asked.items():
            setattr(contract, name, value)
        try:
            bars = self._ib.reqRealTimeBars(contract, 5, "TRADES", useRTH=False)
        except OSError as error:
            raise ConnectionLost(f"{self._where} closed the connection: {error}") from error
        self._bars[symbol] = bars
        self._symbols[bars.reqId] = symbol

    async def unsubscribe(self, symbol: str) -> None:
        """Ask for a contract's bars no more."""
        bars = self._bars.pop(symbol, None)
        if bars is not None:
            self._symbols.pop(bars.reqId, None)
            with suppress(OSError):  # the next read tells
                self._ib.cancelRealTimeBars(bars)

    def forget(self, number: int) -> None:
        """Note that a request was refused: there is nothing to take back."""
        symbol = self._symbols.pop(number, "")
        self._bars.pop(symbol, None)

    def symbol_of(self, number: int) -> str | None:
        """Return for which symbol a request was made; ``None``: for none, or it is taken back."""
        return self._symbols.get(number)

    async def read(self, timeout_s: float) -> list[Shown | Notice | Broken]:
        """Return what has come, or the first that comes in that time.

        Raises:
            ConnectionLost: the connection broke.
        """
        if not self._held and self._end is None:
            self._came.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._came.wait(), timeout_s)
        held, self._held = self._held, []
        if not held and self._end is not None:
            raise ConnectionLost(f"{self._where} closed the connection: {self._end}")
        return held

    async def leave(self) -> None:
        """Break the connection off."""
        ib, self._ib = self._ib, None
        if ib is None:
            return
        transport = ib.client.conn.transport
        ib.client.conn.disconnected.clear()  # or it is told as an error that we leave
        if transport is not None:
            transport.abort()
        ib.client.reset()
        await asyncio.sleep(0)

    @property
    def _where(self) -> str:
        return f"TWS at {self._place[0]}:{self._place[1]}"

    def _said(self, otherwise: str) -> str:
        """Return why, in the far side's own words if it said any."""
        told = [one.text for one in self._held if isinstance(one, Notice)]
        return "; ".join(told) or otherwise

    def _put(self, what: Shown | Notice | Broken) -> None:
        self._held.append(what)
        self._came.set()

    def _note_bar(self, bars: RealTimeBarList, _is_new: bool) -> None:  # the library's way
        symbol, shown = self._symbols.get(bars.reqId), bars[-1]
        bars.clear()  # it would keep a day of them
        if symbol is not None:
            self._put(Shown(symbol=symbol, bar=shown))

    def _note_error(self, number: int, code: int, text: str, _contract: Any) -> None:
        self._put(Notice(number=number, code=code, text=text))

    def _note_end(self, text: str = "it is over") -> None:
        self._end = self._end or text
        self._came.set()
