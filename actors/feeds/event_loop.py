"""An event loop of a feed's own, for clients that await: it runs only while the feed's thread waits for something."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from actors.feeds.port import POLL_S
from messages.errors import ConnectionLost

R = TypeVar("R")


class OwnLoop:
    """One connection's event loop. Between two calls nothing runs in it; so its pings wait for the next read.

    Args:
        on_fault: is told of an error in a callback, which nobody waits for: what it would have gone on with is over.
            By default asyncio logs it, and what became of tasks that nobody waits for.
    """

    def __init__(self, on_fault: Callable[[str], None] | None = None) -> None:
        self._loop = asyncio.new_event_loop()
        if on_fault is not None:
            self._loop.set_exception_handler(lambda _loop, context: _tell(context, on_fault))

    @property
    def raw(self) -> asyncio.AbstractEventLoop:
        """The loop itself, for a client that wants to be given one."""
        return self._loop

    def run(self, work: Coroutine[Any, Any, R]) -> R:
        """Run until the work is done; return what it returns."""
        return self._loop.run_until_complete(work)

    def run_unless_stopped(
        self, work: Coroutine[Any, Any, None], stopping: threading.Event, *, whom: str, within_s: float
    ) -> None:
        """Do the work of connecting, unless somebody wants to stop or it takes too long.

        Raises:
            ConnectionLost: so it was.
        """
        self._loop.run_until_complete(_unless_stopped(work, stopping, whom, within_s))

    def close(self, farewell: Coroutine[Any, Any, None]) -> None:
        """Take leave of the far side, cancel whatever still runs, and end the loop."""
        try:
            self._loop.run_until_complete(farewell)
            self._loop.run_until_complete(_end_the_rest())
        finally:
            self._loop.close()


async def _unless_stopped(
    work: Coroutine[Any, Any, None], stopping: threading.Event, whom: str, within_s: float
) -> None:
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_s
    while not task.done() and not stopping.is_set() and loop.time() < deadline:
        await asyncio.wait({task}, timeout=POLL_S)
    if not task.done():
        task.cancel()
        await asyncio.wait({task})
        raise ConnectionLost(f"{whom} did not let us in: " + ("stopped" if stopping.is_set() else "it took too long"))
    task.result()


async def _end_the_rest() -> None:
    """Cancel whatever still runs in this loop, and wait for its end."""
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


def _tell(context: dict[str, Any], on_fault: Callable[[str], None]) -> None:
    error = context.get("exception")
    if error is not None and "handle" in context:
        on_fault(f"{type(error).__name__}: {error}")
