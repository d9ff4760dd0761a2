"""A connection to TWS or IB Gateway through ``ib_async``: being let in, and hearing all that is said.

``IB.connectAsync`` reads the account's positions whatever it is told, so its client is connected by itself: nothing of
the account is asked for, and nothing can be ordered. Its decoder logs a message that makes no sense and goes on; here
it is told. Imported only when a connection is made: ib_async is an extra.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from ib_async import IB, Contract
from ib_async.decoder import Decoder

from actors.vendors.ibkr.notices import Broken, Meaning, Notice, meaning_of
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
        except Exception as error:  # noqa: BLE001  # what it raises ends the reading of all that came with this
            why = error.__context__ or error  # of a field that is none its library tells in vain, with another error
            self._tell(Broken(seen=",".join(fields), why=str(why) or type(why).__name__))

    def _bar(self, fields: list[str]) -> None:
        _, _, number, at_s, first, high, low, last, volume, mean, count = fields
        prices = map(float, (first, high, low, last, volume or 0, mean or 0))
        self._told.realtimeBar(int(number), int(at_s), *prices, int(count or 0))


class TwsLink:
    """One connection. Everything is awaited in one event loop.

    Args:
        host: the computer on which TWS or IB Gateway runs.
        port: 7496 and 7497 are TWS, 4001 and 4002 IB Gateway, the second of each for paper accounts.
        client: the number of this program among those that are connected to it.
    """

    def __init__(self, host: str, port: int, client: int) -> None:
        self._place = (host, port, client)
        self.ib: Any = None
        self.end: str | None = None
        """Why the connection is over, once it is."""
        self._changed = asyncio.Event()
        self._notices: list[Notice] = []
        self._is_open = False
        if not _LOGS.handlers:  # else Python prints what the library thinks wrong
            _LOGS.addHandler(logging.NullHandler())

    async def open(self) -> None:
        """Connect and be let in.

        Raises:
            ConnectionLost: it did not work this time.
        """
        host, port, client = self._place
        ib = self.ib = IB()
        ib.client.decoder = _TellingDecoder(ib.wrapper, self.hear_broken)
        ib.errorEvent += self._note_error
        ib.client.apiError += self._note_end
        ib.client.apiEnd += self._note_end
        ib.client.conn.disconnected += self._note_hung_up  # before it has said its version, nothing else tells of that
        connecting: Any = ib.client.connectAsync  # which has no types
        work = asyncio.ensure_future(connecting(host, port, client, _CONNECTING_S))
        while not work.done() and self.end is None:
            self._changed.clear()
            changing = asyncio.ensure_future(self._changed.wait())
            await asyncio.wait({work, changing}, return_when=asyncio.FIRST_COMPLETED)
            changing.cancel()
        if not work.done():  # it would wait for the rest of its time, though nobody is there any more
            work.cancel()
            await asyncio.wait({work})
            raise ConnectionLost(f"{self.where} did not let us in: {self._said(self.end or '')}")
        try:
            work.result()
        except TimeoutError as error:
            raise ConnectionLost(f"{self.where} did not let us in: {self._said('it gave no answer')}") from error
        except OSError as error:
            hint = "it must run, and its API settings allow socket clients"
            raise ConnectionLost(f"{self.where} cannot be reached: {hint} ({error})") from error
        self._is_open = True

    async def leave(self) -> None:
        """Break the connection off."""
        ib, self.ib = self.ib, None
        if ib is None:
            return
        transport = ib.client.conn.transport
        ib.client.conn.disconnected.clear()  # or it is told as an error that we leave
        if transport is not None:
            transport.abort()
        ib.client.reset()
        await asyncio.sleep(0)

    @property
    def is_up(self) -> bool:
        """Whether it was let in, and is not over."""
        return self._is_open and self.end is None

    @property
    def is_number_taken(self) -> bool:
        """Whether another program is connected under the same number."""
        return any(meaning_of(one) is Meaning.TAKEN for one in self._notices)

    @property
    def where(self) -> str:
        """Who is spoken to, for people."""
        return f"TWS at {self._place[0]}:{self._place[1]}"

    def hear(self, notice: Notice) -> None:
        """Take what TWS says; called in the loop."""

    def hear_broken(self, broken: Broken) -> None:
        """Take what cannot be made out; called in the loop."""

    def hear_end(self) -> None:
        """Note that the connection is over; called in the loop."""

    def _said(self, otherwise: str) -> str:
        """Return why, in the far side's own words if it said any."""
        return "; ".join(one.text for one in self._notices) or otherwise

    def _note_error(self, number: int, code: int, text: str, _contract: Any) -> None:
        notice = Notice(number=number, code=code, text=text)
        if not self._is_open:
            self._notices.append(notice)
        self.hear(notice)

    def _note_hung_up(self, text: str) -> None:
        self._note_end(text or "it hung up")

    def _note_end(self, text: str = "it is over") -> None:
        self.end = self.end or text
        self._changed.set()
        self.hear_end()


def contract_with(asked: dict[str, str]) -> Contract:
    """Return a contract with these fields."""
    contract = Contract()
    for name, value in asked.items():
        setattr(contract, name, value)
    return contract
