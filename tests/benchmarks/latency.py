"""Somebody in between: passes on what clients and a server say to each other, requests as late as over a network."""

import asyncio
import threading
from types import TracebackType
from typing import Self

_VERBS = (b"GET ", b"PUT ", b"HEAD ", b"POST ", b"DELETE ")


class Between:
    """Listens on loopback while the block runs, and passes on to a server on loopback.

    Args:
        port: of the server.
        delay_s: how late each piece of a request is.
    """

    def __init__(self, port: int, delay_s: float = 0.0) -> None:
        self.port = 0
        """Where it listens."""
        self.requests = 0
        """That were passed on."""
        self.answered_bytes = 0
        self._server_port = port
        self._delay_s = delay_s
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over = asyncio.Event()
        self._open: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._listen()), daemon=True)
        self._is_ready = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        self._is_ready.wait(60)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(60)

    async def _listen(self) -> None:
        self._loop = asyncio.get_running_loop()
        listening = await asyncio.start_server(self._between, "127.0.0.1", 0)
        self.port = listening.sockets[0].getsockname()[1]
        self._is_ready.set()
        await self._over.wait()
        listening.close()
        for sink in list(self._open):
            sink.transport.abort()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)

    async def _between(self, asked: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        answered, asks = await asyncio.open_connection("127.0.0.1", self._server_port)
        self._open |= {asks, answers}
        there = asyncio.create_task(self._pass_on(asked, asks, is_request=True))
        back = asyncio.create_task(self._pass_on(answered, answers, is_request=False))
        await asyncio.gather(there, back, return_exceptions=True)
        await asyncio.gather(asks.wait_closed(), answers.wait_closed(), return_exceptions=True)

    async def _pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, is_request: bool) -> None:
        try:
            while piece := await source.read(1 << 16):
                if is_request:
                    self.requests += piece.startswith(_VERBS)
                    await asyncio.sleep(self._delay_s)
                else:
                    self.answered_bytes += len(piece)
                sink.write(piece)
                await sink.drain()
        finally:
            sink.close()
            self._open.discard(sink)
