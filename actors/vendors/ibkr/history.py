"""Interactive Brokers' history of bars through ``ib_async``, one contract and a stretch of time a page.

Its client answers a refusal for the pace, and a request that it gave up waiting for, with an empty list, and takes a
request that TWS finds invalid (321) for one that is still on its way. So what TWS says of a request is heard here, and
code 162 is read: "query returned no data" is an answer, all else that it says is none. A minute without a trade is
printed, with volume 0. Imported only when a history is opened: it is an extra.
"""

import asyncio
import math
import threading
import time
from collections import deque
from collections.abc import Coroutine
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TypeVar

import ib_async
import numpy as np

from actors.vendors.history.clock import VendorClock
from actors.vendors.history.pages import AskedTooMuch, NoAnswer, Page, PageRequest, SymbolsRefused
from actors.vendors.ibkr.link import TwsLink, contract_with
from actors.vendors.ibkr.notices import Broken, Notice, is_news
from actors.vendors.ibkr.symbols import contract_of
from messages.errors import ConnectionLost, DataError
from messages.tables.columns import BarBatch
from messages.values import SECOND_NS, Interval, Nanos

R = TypeVar("R")

SIZES = {5: ("5 secs", 3600), 10: ("10 secs", 14_400), 15: ("15 secs", 14_400), 30: ("30 secs", 28_800),
         60: ("1 min", 86_400)}  # fmt: skip
"""By the seconds of a bar what it is called, and how many seconds of such bars a request may be for:
https://interactivebrokers.github.io/tws-api/historical_limitations.html"""
FIRST_CLIENT = 81
"""The first number under which a history connects; the feed's are others."""
_CLIENTS = 8
_TIME_S = 2.0
_SMALL_S, _MOST_SMALL, _WITHIN_S = 30, 60, 600.0
"""Of bars of so many seconds or less: so many requests in so many seconds."""
_IDENTICAL_S = 15.0
"""Within so long a request must not be made again just as it was."""
_HISTORY_SAYS = 162
_NO_DATA, _PACING = "no data", "pacing violation"
_OF_THE_SYMBOL = {200, 321, 354, 10089, 10090, 10168, 10186, 10187, 10190}
"""No such contract, a request that makes no sense for it, no right to its data."""


class IbkrHistory:
    """Bars of trades, outside of regular hours too, as TWS has them.

    Asked from several threads; all that is awaited is in one loop, in a thread of its own. It connects when it is asked
    for the first time, and again when the connection broke.

    Args:
        host: the computer on which TWS or IB Gateway runs.
        port: its port.
        deadline_s: after so long a request has failed.
        pacing_s: how long TWS is left alone after it has refused a request for the pace; it does not say so itself.
    """

    def __init__(self, host: str, port: int, *, deadline_s: float = 60.0, pacing_s: float = 60.0) -> None:
        self.clock = VendorClock()
        self._place = (host, port)
        self._deadline_s = deadline_s
        self._pacing_s = pacing_s
        self._client = FIRST_CLIENT
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="barkeeper-ibkr-history", daemon=True)
        self._starting = threading.Lock()
        self._connecting = asyncio.Lock()
        self._link: _Link | None = None
        self._asked_s: dict[tuple[Any, ...], float] = {}
        self._small_s: deque[float] = deque(maxlen=_MOST_SMALL)

    def page(self, request: PageRequest) -> Page:
        """Return the bars of one contract, and of as much time as may be asked for at once; see ``VendorHistory``."""
        if request.token is None:
            _check(request.symbols)
        symbol, start_ns = _place_of(request)
        size, most_s = SIZES[request.interval.seconds]
        end_ns = min(request.end_ns, start_ns + most_s * SECOND_NS)
        self._keep_pace(request.interval)
        rows = self._run(self._ask(symbol, start_ns, end_ns, size))
        bars, unread = _batch(symbol, rows, request.interval)
        return Page(bars=bars, unread=unread, next_token=_next(request, symbol, end_ns))

    def close(self) -> None:
        """Break the connection off, and end the loop; what waits for an answer fails."""
        with self._starting:
            if self._loop.is_closed():
                return
            if self._thread.is_alive():
                asyncio.run_coroutine_threadsafe(self._end(), self._loop)
                self._thread.join(1.0)
            if not self._thread.is_alive():
                self._loop.close()

    def _run(self, work: Coroutine[Any, Any, R]) -> R:
        with self._starting:
            if self._thread.ident is None:
                self._thread.start()
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _keep_pace(self, interval: Interval) -> None:
        """Raise where TWS would refuse the request."""
        if interval.seconds > _SMALL_S:
            return
        now_s = time.monotonic()
        if len(self._small_s) == _MOST_SMALL and now_s - self._small_s[0] <= _WITHIN_S:
            after_s = _WITHIN_S - (now_s - self._small_s[0]) + 0.1
            raise AskedTooMuch("Interactive Brokers takes 60 requests for bars of seconds in ten minutes", after_s)
        self._small_s.append(now_s)

    # --- in the loop

    async def _ask(self, symbol: str, start_ns: Nanos, end_ns: Nanos, size: str) -> list[Any]:
        link = await self._linked()
        try:
            return await link.rows(
                symbol, end_ns, self._seconds(symbol, start_ns, end_ns, size), size, self._deadline_s
            )
        except _Refusal as refusal:
            notice = refusal.notice
            said, text = f"Interactive Brokers: {notice.text} ({notice.code})", notice.text.lower()
            if notice.code == _HISTORY_SAYS and _NO_DATA in text:
                return []
            if _PACING in text:
                raise AskedTooMuch(said, self._pacing_s) from None
            if notice.code in _OF_THE_SYMBOL:
                raise SymbolsRefused(said, (symbol,)) from None
            raise NoAnswer(said) from None

    def _seconds(self, symbol: str, start_ns: Nanos, end_ns: Nanos, size: str) -> int:
        """Return for how long a time to ask, a little more each time that the same is asked for again at once."""
        seconds, now_s = (end_ns - start_ns) // SECOND_NS, time.monotonic()
        self._asked_s = {key: at_s for key, at_s in self._asked_s.items() if now_s - at_s <= _IDENTICAL_S}
        while (symbol, end_ns, seconds, size) in self._asked_s:
            seconds += 60
        self._asked_s[symbol, end_ns, seconds, size] = now_s
        return int(seconds)

    async def _linked(self) -> "_Link":
        async with self._connecting:
            if self._link is None or not self._link.is_up:
                if self._link is not None:
                    await self._link.leave()
                link = self._link = _Link(*self._place, self._client, self.clock)
                try:
                    await link.open()
                except ConnectionLost as error:
                    if link.is_number_taken:
                        self._client = FIRST_CLIENT + (self._client + 1 - FIRST_CLIENT) % _CLIENTS
                    raise NoAnswer(str(error)) from error
            return self._link

    async def _end(self) -> None:
        if self._link is not None:
            await self._link.leave()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        self._loop.stop()


class _Refusal(Exception):
    """TWS said something of a request that is no answer."""

    def __init__(self, notice: Notice) -> None:
        super().__init__(notice.text)
        self.notice = notice


class _Link(TwsLink):
    """A connection on which history is asked for."""

    def __init__(self, host: str, port: int, client: int, clock: VendorClock) -> None:
        super().__init__(host, port, client)
        self._heard: dict[int, asyncio.Future[Notice]] = {}
        self._clock = clock

    async def open(self) -> None:
        """Connect and be let in, and ask what time it is there; see ``TwsLink``."""
        await super().open()
        with suppress(OSError, TimeoutError):  # then the first request tells
            said = await asyncio.wait_for(self.ib.reqCurrentTimeAsync(), _TIME_S)
            self._clock.hear_ns(round(said.timestamp()) * SECOND_NS)

    async def rows(self, symbol: str, end_ns: Nanos, seconds: int, size: str, deadline_s: float) -> list[Any]:
        """Return a contract's bars before an instant.

        Raises:
            _Refusal: TWS will not give them.
            NoAnswer: it gave no answer.
        """
        ib, contract, rows = self.ib, contract_with(contract_of(symbol)), _new_list()
        end = datetime.fromtimestamp(end_ns // SECOND_NS, UTC).strftime("%Y%m%d %H:%M:%S UTC")
        number = -1
        try:
            number = ib.client.getReqId()
            answer = ib.wrapper.startReq(number, contract, container=rows)
            heard = self._heard[number] = asyncio.get_running_loop().create_future()
            ib.client.reqHistoricalData(number, contract, end, f"{seconds} S", size, "TRADES", False, 2, False, [])
            await asyncio.wait({answer, heard}, timeout=deadline_s, return_when=asyncio.FIRST_COMPLETED)
            if heard.done():  # then the list is empty, whatever was said
                raise _Refusal(heard.result())
            if not answer.done():
                ib.client.cancelHistoricalData(number)
                raise NoAnswer(f"{self.where} gave no answer within {deadline_s:g} s")
            return list(answer.result())
        except OSError as error:
            raise NoAnswer(f"{self.where} closed the connection: {self.end or error}") from error
        finally:
            self._heard.pop(number, None)

    def hear(self, notice: Notice) -> None:
        """Tell who waits for an answer to it."""
        waiting = self._heard.get(notice.number)
        if waiting is not None and not waiting.done() and not is_news(notice):
            waiting.set_result(notice)

    def hear_broken(self, broken: Broken) -> None:
        """Tell all who wait: nobody knows whose answer it was."""
        for number, waiting in self._heard.items():
            if not waiting.done():
                waiting.set_result(Notice(number=number, code=0, text=f"a message that makes no sense: {broken.why}"))


def _new_list() -> Any:
    made: Any = ib_async.BarDataList  # which has no types
    return made()


def _check(symbols: tuple[str, ...]) -> None:
    """Refuse symbols that cannot be, before any is asked for."""
    wrong = {}
    for symbol in symbols:
        try:
            contract_of(symbol)
        except DataError as error:
            wrong[symbol] = str(error)
    if wrong:
        raise SymbolsRefused(next(iter(wrong.values())), tuple(wrong))


def _place_of(request: PageRequest) -> tuple[str, Nanos]:
    """Return which symbol's turn it is, and from when on."""
    if request.token is None:
        return request.symbols[0], request.start_ns
    number, _, start = request.token.partition("|")
    return request.symbols[int(number)], int(start)


def _next(request: PageRequest, symbol: str, end_ns: Nanos) -> str | None:
    number = request.symbols.index(symbol)
    if end_ns < request.end_ns:
        return f"{number}|{end_ns}"
    return f"{number + 1}|{request.start_ns}" if number + 1 < len(request.symbols) else None


def _batch(symbol: str, rows: list[Any], interval: Interval) -> tuple[BarBatch, int]:
    """Return the rows as bars, and how many make no sense."""
    sound = [row for row in rows if isinstance(row.date, datetime) and row.volume >= 0 and math.isfinite(row.close)]
    columns = [
        [row.open for row in sound],
        [row.high for row in sound],
        [row.low for row in sound],
        [row.close for row in sound],
        [row.volume for row in sound],
        [row.average if row.volume and row.average > 0 else np.nan for row in sound],
        [row.barCount if row.barCount >= 0 else np.nan for row in sound],
    ]
    batch = BarBatch(
        symbols=(symbol,),
        symbol_index=np.zeros(len(sound), dtype=np.int32),
        start_ns=np.array([round(row.date.timestamp()) * SECOND_NS for row in sound], dtype=np.int64),
        values=np.array(columns, dtype=np.float64).reshape(7, len(sound)),
        interval=interval,
    )
    return batch, len(rows) - len(sound)
