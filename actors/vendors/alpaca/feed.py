"""Alpaca's market-data stream: bars, corrected bars, trades, quotes, halts, and what amends trades."""

import asyncio
import threading
from collections import deque
from collections.abc import Coroutine, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from actors.feeds.gathered import Gathering
from actors.feeds.port import POLL_S
from actors.vendors.alpaca.frames import Answer, Failure, FrameReader, Subscribed, Success, gather
from actors.vendors.alpaca.keys import AlpacaKeys
from messages.errors import ConnectionLost, FeedError, FeedRefused, SettingsError
from messages.feeds import FeedItem, SymbolsRefused

if TYPE_CHECKING:
    from actors.vendors.alpaca.stream import AlpacaStream

R = TypeVar("R")

CHANNELS = ("bars", "updatedBars", "dailyBars", "trades", "quotes", "statuses")
"""All that can be asked for; what amends trades comes along with them."""

_CONNECTING_S = 15.0
_REFUSED_REQUEST = {400, 405, 409, 410}
"""Invalid syntax, symbol limit, no right to this, no such channel here: the connection stands."""
_WRONG_KEYS = 402
_ALREADY_IN = 403


class AlpacaFeed:
    """One connection to one of Alpaca's streams, through ``alpaca-py`` (the extra ``alpaca``).

    What Alpaca refuses is told as ``SymbolsRefused`` and not asked for again. A sign of life is data: answers to
    requests, and the pings below, come from connections too that give nothing any more.

    Args:
        keys: see ``AlpacaKeys.find``.
        stream: ``iex``, ``sip`` or ``delayed_sip``, as the account allows.
        url: another endpoint in its place.
        channels: what is asked for of each symbol; without ``bars``, they are folded from trades.
        name: who it is.

    Raises:
        SettingsError: a channel is unknown, or none is named.
    """

    is_remote = True

    def __init__(
        self,
        keys: AlpacaKeys,
        *,
        stream: str = "iex",
        url: str | None = None,
        channels: tuple[str, ...] = CHANNELS,
        name: str = "alpaca",
    ) -> None:
        if not channels or not set(channels) <= set(CHANNELS):
            raise SettingsError(f"Alpaca's channels are {', '.join(CHANNELS)}, not {', '.join(channels) or 'none'}")
        self.name = name
        self.has_bars = "bars" in channels
        self._keys = keys
        self._url = url or f"wss://stream.data.alpaca.markets/v2/{stream}"
        self._channels = channels
        self._wanted: dict[str, None] = {}
        self._asked: deque[tuple[str, ...]] = deque()
        """The symbols of each request that is not answered yet."""
        self._reader = FrameReader()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stream: AlpacaStream | None = None
        self._failure: FeedError | None = None

    def connect(self, stopping: threading.Event) -> None:
        """Connect, sign in, and ask for the symbols that are wanted."""
        self._stream = _stream(self._keys, self._url)
        self._loop = asyncio.new_event_loop()
        self._reader, self._failure = FrameReader(), None
        self._asked.clear()
        self._run(_unless_stopped(self._stream.open(), stopping))
        self._ask("subscribe", tuple(self._wanted))

    def subscribe(self, symbols: Iterable[str]) -> None:
        """Ask for these too."""
        new = tuple(symbol for symbol in symbols if symbol not in self._wanted)
        self._wanted.update(dict.fromkeys(new))
        self._ask("subscribe", new)

    def unsubscribe(self, symbols: Iterable[str]) -> None:
        """Ask for these no more."""
        gone = tuple(symbol for symbol in symbols if symbol in self._wanted)
        for symbol in gone:
            del self._wanted[symbol]
        self._ask("unsubscribe", gone)

    def reads(self) -> Iterator[tuple[FeedItem, ...]]:
        """Yield what the frames held that have come since the last read."""
        while self._failure is None:
            assert self._stream is not None
            gathering = Gathering(self.name)
            for frame in self._run(self._stream.frames(POLL_S)):
                self._take(frame, gathering)
            yield gathering.items()
        raise self._failure

    def close(self) -> None:
        """Close the connection."""
        loop, stream = self._loop, self._stream
        self._loop = self._stream = None
        if loop is not None and stream is not None:
            loop.run_until_complete(stream.leave())
            loop.run_until_complete(_end_the_rest())
            loop.close()

    def _run(self, work: Coroutine[Any, Any, R]) -> R:
        assert self._loop is not None
        return self._loop.run_until_complete(work)

    def _ask(self, action: str, symbols: tuple[str, ...]) -> None:
        if self._stream is not None and symbols:
            self._asked.append(symbols if action == "subscribe" else ())
            self._run(self._stream.ask_for(action, self._channels, list(symbols)))

    def _take(self, frame: bytes | str, gathering: Gathering) -> None:
        for message in self._reader.messages(frame, gathering):
            if isinstance(message, Subscribed | Failure | Success):
                self._hear(message, gathering)
                continue
            try:
                gather(message, self.name, gathering)
            except ValueError as error:
                self._reader.reject(message, error, gathering)

    def _hear(self, answer: Answer, gathering: Gathering) -> None:
        if isinstance(answer, Subscribed):
            self._confirmed(answer, gathering)
        elif isinstance(answer, Failure):
            self._failed(answer, gathering)

    def _confirmed(self, answer: Subscribed, gathering: Gathering) -> None:
        asked = set(self._next_asked())
        for channel in self._channels:
            lacking = asked - set(getattr(answer, channel) or ())
            self._refuse(lacking, f"Alpaca did not confirm {channel}", gathering)
            asked -= lacking

    def _failed(self, answer: Failure, gathering: Gathering) -> None:
        reason = f"Alpaca: {answer.msg} ({answer.code})"
        if answer.code in _REFUSED_REQUEST:
            self._refuse(self._next_asked(), reason, gathering)
        elif answer.code == _WRONG_KEYS:
            self._failure = FeedRefused(reason)
        elif answer.code != _ALREADY_IN:
            self._failure = ConnectionLost(reason)

    def _next_asked(self) -> tuple[str, ...]:
        return self._asked.popleft() if self._asked else ()

    def _refuse(self, symbols: Iterable[str], reason: str, gathering: Gathering) -> None:
        refused = tuple(sorted(symbols))
        for symbol in refused:
            self._wanted.pop(symbol, None)
        if refused:
            gathering.rare(SymbolsRefused(feed=self.name, symbols=refused, reason=reason))


def _stream(keys: AlpacaKeys, url: str) -> "AlpacaStream":
    try:
        from actors.vendors.alpaca.stream import AlpacaStream
    except ImportError as error:
        raise FeedRefused(f"Alpaca's feed needs alpaca-py: pip install 'barkeeper[alpaca]' ({error})") from error
    return AlpacaStream(keys, url)


async def _unless_stopped(work: Coroutine[Any, Any, None], stopping: threading.Event) -> None:
    """Do the work, unless somebody wants to stop or it takes too long."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _CONNECTING_S
    while not task.done() and not stopping.is_set() and loop.time() < deadline:
        await asyncio.wait({task}, timeout=POLL_S)
    if not task.done():
        task.cancel()
        await asyncio.wait({task})
        raise ConnectionLost("Alpaca did not let us in: " + ("stopped" if stopping.is_set() else "it took too long"))
    task.result()


async def _end_the_rest() -> None:
    """Cancel whatever still runs in this loop, and wait for its end."""
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
