"""The HTTP server: listens where it is told, and answers from a thread of its own while the block runs."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from messages.errors import SettingsError

if TYPE_CHECKING:
    from starlette.types import ASGIApp

_ENDING_S = 5.0


class HttpServer:
    """Serves one application at one port or several; all of them are taken before anything else begins.

    Args:
        host: the address to listen at.
        ports: 0 takes any that is free.

    Raises:
        SettingsError: a port is taken, or there is no such address.
    """

    def __init__(self, host: str, ports: Sequence[int]) -> None:
        self._lines: list[socket.socket] = []
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_up = threading.Event()
        try:
            for port in ports:
                self._lines.append(_listening(host, port))
        except BaseException:
            self._close_lines()
            raise
        self.ports = tuple(line.getsockname()[1] for line in self._lines)
        """Those that are listened at, in the order asked for."""

    def serve(self, app: "ASGIApp", on_end: Callable[[], None] | None = None) -> None:
        """Answer from now on.

        Args:
            app: what answers.
            on_end: called in the event loop when the block ends, to let those go who wait for news.
        """
        import uvicorn

        config = uvicorn.Config(
            app,
            log_config=None,
            log_level="critical",
            access_log=False,
            lifespan="on",
            ws="none",
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._on_end = on_end
        self._thread = threading.Thread(target=self._run, name="barkeeper-http", daemon=True)
        self._thread.start()
        self._is_up.wait()

    def _run(self) -> None:
        async def serving() -> None:
            self._loop = asyncio.get_running_loop()
            self._is_up.set()
            await self._server.serve(sockets=self._lines)

        asyncio.run(serving())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread is not None and self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                self._loop.call_soon_threadsafe(self._end)
            self._thread.join(_ENDING_S)
        self._close_lines()

    def _end(self) -> None:
        self._server.should_exit = True
        if self._on_end is not None:
            self._on_end()

    def _close_lines(self) -> None:
        for line in self._lines:
            line.close()


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        line = socket.socket(family, kind, protocol)
    except OSError as error:
        raise SettingsError(f"cannot listen at {host}: {error.strerror or error}") from error
    try:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        line.bind(address)
        line.listen()
    except OSError as error:
        line.close()
        raise SettingsError(
            f"cannot listen at {host}, port {port}: {error.strerror or error}; name another port, or 0 for a free one"
        ) from error
    return line
