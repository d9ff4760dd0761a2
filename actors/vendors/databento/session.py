"""One session with Databento's live gateway, driven read by read: sign-in, subscriptions, records.

``databento.Live`` runs a loop in a thread that all its users share, connects under a lock that nothing interrupts (for
half a minute, where a gateway hangs up before it has answered), and asks for nothing that was missed when it connects
again. So the protocol beneath it is driven here, and ``runner`` does the rest. Imported only when a connection is made:
Databento's library is an extra.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from databento.common.error import BentoError
from databento.live.protocol import DatabentoLiveProtocol
from databento_dbn import DBNError

from messages.errors import ConnectionLost, FeedRefused
from messages.values import Nanos

_BEAT_S = 10
"""How often the gateway shows that it is there while nothing is traded; 5 is the least that may be asked for."""
_PASSING = ("limit", "internal", "timeout", "timed out", "unavailable", "try again")
"""What a refused sign-in says where it is not the key's fault."""


class _Protocol(DatabentoLiveProtocol):
    """Keeps what comes until somebody takes it."""

    def __init__(self, key: str, dataset: str) -> None:
        super().__init__(api_key=key, dataset=dataset, heartbeat_interval_s=_BEAT_S)
        self.held: list[Any] = []
        self.came = asyncio.Event()
        self.fault: Exception | None = None
        """What broke the connection, if anything did: the library's own word is the first error of the session."""

    def received_record(self, record: Any) -> None:
        self.held.append(record)
        self.came.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.fault = exc
        super().connection_lost(exc)
        self.came.set()


class GatewaySession:
    """One connection. Everything is awaited in one event loop, which runs only while something is.

    Args:
        key: never shown.
        dataset: what is sent, such as ``GLBX.MDP3``.
        host: the gateway.
        port: its port.
    """

    def __init__(self, key: str, dataset: str, host: str, port: int) -> None:
        self.unreadable = DBNError
        """What is raised by a record whose text is none."""
        self._key = key
        self._dataset = dataset
        self._place = (host, port)
        self._protocol: _Protocol | None = None
        self._is_started = False

    async def open(self) -> None:
        """Connect and sign in.

        Raises:
            ConnectionLost: it did not work this time.
            FeedRefused: the key is wrong, or gives no right to this dataset.
        """
        host, port = self._place
        loop = asyncio.get_running_loop()
        try:
            _, self._protocol = await loop.create_connection(lambda: _Protocol(self._key, self._dataset), host, port)
        except OSError as error:
            raise ConnectionLost(f"Databento's gateway {host}:{port} cannot be reached: {error}") from error
        is_in: asyncio.Future[Any] = self._protocol.authenticated
        await asyncio.wait({is_in, self._protocol.disconnected}, return_when=asyncio.FIRST_COMPLETED)
        if not is_in.done():
            raise ConnectionLost(f"Databento hung up before it had answered the sign-in{self._why()}")
        refusal = is_in.exception()
        if refusal is not None:
            is_passing = any(word in str(refusal).lower() for word in _PASSING)
            raise (ConnectionLost if is_passing else FeedRefused)(f"Databento: {refusal}")

    async def subscribe(self, schema: str, symbols: Iterable[str], stype: str, start_ns: Nanos | None) -> None:
        """Ask for symbols, and for what was sent since ``start_ns``, which nobody can once the session has started.

        Raises:
            FeedRefused: the library will not send this.
        """
        assert self._protocol is not None
        start = None if self._is_started else start_ns
        try:
            self._protocol.subscribe(schema=schema, symbols=list(symbols), stype_in=stype, start=start)
        except (ValueError, BentoError) as error:
            raise FeedRefused(f"Databento: {error}") from error

    async def start(self) -> None:
        """Let records come; the first time only."""
        assert self._protocol is not None
        if not self._is_started:
            self._is_started = True
            self._protocol.start()

    async def records(self, timeout_s: float) -> list[Any]:
        """Return the records that are there, or the first that come in that time.

        Raises:
            ConnectionLost: the connection broke, or what came was no DBN.
        """
        assert self._protocol is not None
        held = await _next(self._protocol, timeout_s)
        if held is None:
            raise ConnectionLost(f"Databento closed the connection{self._why()}")
        return held

    async def leave(self) -> None:
        """Break the connection off."""
        protocol, self._protocol = self._protocol, None
        if protocol is None:
            return
        protocol.transport.abort()
        await asyncio.wait({protocol.disconnected}, timeout=1.0)
        for future in (protocol.authenticated, protocol.disconnected):
            if future.done() and not future.cancelled():
                future.exception()  # so that nobody complains that it was not looked at

    def _why(self) -> str:
        assert self._protocol is not None
        fault = self._protocol.fault
        return "" if fault is None else f": {(str(fault) or type(fault).__name__).splitlines()[0]}"


async def _next(protocol: _Protocol, timeout_s: float) -> list[Any] | None:
    """Return what has come, or the first that comes in that time; ``None``: nothing will.

    Who raises that it is over holds no protocol: with an error of asyncio's it would lie about until the next great
    collection, and 64 kB with it.
    """
    if not protocol.held and not protocol.disconnected.done():
        protocol.came.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(protocol.came.wait(), timeout_s)
    held, protocol.held = protocol.held, []
    return None if not held and protocol.disconnected.done() else held
