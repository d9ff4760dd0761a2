"""The answer that is still to come: wait for it from a thread, or await it without blocking an event loop."""

import asyncio
import sys
import threading
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, TypeVar

import pykka

from actors.kernel.ask import arguments as take
from actors.kernel.outcome import Refusal
from messages.errors import NotReady, shown

R = TypeVar("R")
S = TypeVar("S")

Timeout = pykka.Timeout
"""Raised by ``Future.get`` when there is no answer in time."""


class Future(pykka.Future[R]):
    """What every reader returns. ``get`` waits in a thread; ``await`` suspends a coroutine.

    Pykka's own future blocks the event loop when it is awaited and costs a condition variable a message.
    """

    def __init__(self) -> None:
        super().__init__()
        self._gate = threading.Lock()
        self._gate.acquire()
        self._state = threading.Lock()
        self._is_done = False
        self._value: Any = None
        self._error: BaseException | None = None
        self._callbacks: list[Callable[[], None]] = []

    def get(self, *, timeout: float | None = None) -> R:
        """Return the answer, waiting for it if need be.

        Args:
            timeout: seconds to wait, or a timedelta; ``None`` waits for ever.

        Raises:
            Timeout: no answer within ``timeout`` seconds.
            SettingsError: ``timeout`` is none of these.
            BarkeeperError: the room refused, and why.
        """
        if self._get_hook is not None:
            return super().get(timeout=timeout)
        if not self._is_done:
            if not self._gate.acquire(timeout=-1 if timeout is None else take.patience(timeout)):
                raise Timeout(f"no answer within {timeout} seconds")
            self._gate.release()
        if self._error is not None:
            raise self._error
        value: R = self._value
        return value

    def set(self, value: Any | None = None) -> None:
        """Resolve, or fail where the value is a ``Refusal``; a second time is ignored."""
        if isinstance(value, Refusal):
            self._settle(None, value.error)
        else:
            self._settle(value, None)

    def set_exception(self, exc_info: Any = None) -> None:
        """Fail with an exception (or an ``exc_info`` triple; by default the one being handled)."""
        error = exc_info[1] if isinstance(exc_info, tuple) else exc_info or sys.exc_info()[1]
        if isinstance(error, pykka.ActorDeadError):
            error = NotReady("the system is closed")
        self._settle(None, error)

    def __repr__(self) -> str:
        if self._get_hook is not None:
            return "<Future: made of another when it is wanted>"
        if not self._is_done:
            return "<Future: no answer yet>"
        if self._error is not None:
            return f"<Future: failed, {type(self._error).__name__}: {self._error}>"
        return f"<Future: {shown(self._value)}>"

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):  # of a protocol, which asks whether we take part in it
                raise AttributeError(name)
            raise AttributeError(f"a reader returns a future, which has no {name!r}: call .get() first, or await it")

        def _nothing_of_its_own(self, *_: object) -> Any:
            raise TypeError("a reader returns a future, which has nothing of its own: call .get() first, or await it")

        __len__ = __getitem__ = __contains__ = __iter__ = _nothing_of_its_own  # pykka's gives a loop ``None``, once

    def __bool__(self) -> bool:
        return True

    def is_done(self) -> bool:
        """Whether there is an answer or an error."""
        return self._is_done

    def when_done(self, callback: Callable[[], None]) -> None:
        """Call back once, from whichever thread resolves it; at once if it is done."""
        with self._state:
            if not self._is_done:
                self._callbacks.append(callback)
                return
        callback()

    def then(self, ask: Callable[[R], "Future[S]"]) -> "Future[S]":
        """Return the answer to a question that follows from this answer; who resolves this one asks it."""
        last: Future[S] = Future()

        def go_on() -> None:
            try:
                asked = ask(self.get(timeout=0))
            except BaseException as error:  # noqa: BLE001  # whatever it is, who waits is told
                last.set_exception(error)
                return
            asked.pass_on(last)

        self.when_done(go_on)
        return last

    def pass_on(self, to: "Future[R]") -> None:
        """Resolve another future as this one is resolved, or will be."""
        self.when_done(lambda: to.set(self._value) if self._error is None else to.set_exception(self._error))

    def __await__(self) -> Generator[Any, None, R]:
        if self._get_hook is not None:  # made by map, filter or join: has no moment of its own, so a thread waits
            made: R = yield from asyncio.get_running_loop().run_in_executor(None, self.get).__await__()
            return made
        if not self._is_done:
            loop = asyncio.get_running_loop()
            wake = loop.create_future()

            def rouse() -> None:
                if not wake.done():
                    wake.set_result(None)

            self.when_done(lambda: _call_soon(loop, rouse))
            yield from wake.__await__()
        return self.get(timeout=0)

    def _settle(self, value: Any, error: BaseException | None) -> None:
        with self._state:
            if self._is_done:
                return
            self._value, self._error, self._is_done = value, error, True
            callbacks, self._callbacks = self._callbacks, []
        self._gate.release()
        for callback in callbacks:
            callback()


class Answered(Future[R]):
    """A future that was answered before anybody could wait: without the locks of one that is still to come."""

    _get_hook = None
    # As one of Pykka's begins, which need not be asked every time.
    _get_hook_result = pykka.Future[Any]()._get_hook_result  # noqa: SLF001
    _is_done = True

    def __init__(self, value: Any = None, error: BaseException | None = None) -> None:
        self._value = value
        self._error = error

    def get(self, *, timeout: float | None = None) -> R:
        """Return the answer, or raise the error; nobody waits."""
        if self._error is None:
            value: R = self._value
            return value
        if self._get_hook is not None:
            return super().get(timeout=timeout)
        raise self._error

    def set_get_hook(self, func: Callable[[float | None], R]) -> None:
        """Have a function give the answer: Pykka makes another of this class, without one, for map, filter and join."""
        super().set_get_hook(func)
        self._error = NotReady("what is made of it is known when it is wanted: call .get()")

    def set(self, value: Any | None = None) -> None:
        """Do nothing: it has its answer."""

    def set_exception(self, exc_info: Any = None) -> None:
        """Do nothing: it has its answer."""

    def when_done(self, callback: Callable[[], None]) -> None:
        """Call back at once."""
        callback()


def _call_soon(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
    try:
        loop.call_soon_threadsafe(callback)
    except RuntimeError:
        return  # the loop is closed: nobody waits any more
