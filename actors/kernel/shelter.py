"""Signals wait while a thread of the application does a room's work, which must not be left half done."""

import signal
from collections.abc import Callable
from threading import get_ident, main_thread
from types import FrameType, TracebackType
from typing import Any, Self

# The functions behind those of ``signal``, which turn numbers into enums and back at ten times the cost.
from _signal import default_int_handler, getsignal, signal as install  # type: ignore[import-not-found]  # isort: skip

_NUMBERS = tuple(
    int(getattr(signal, name)) for name in ("SIGINT", "SIGTERM", "SIGALRM", "SIGHUP") if hasattr(signal, name)
)
"""Those whose handlers are made to raise."""
_INTERRUPT, _TERMINATE, _ALARM, _HANG_UP = (*_NUMBERS, *_NUMBERS)[:4]
"""The same; on Windows there are two, and each is there twice."""
_FAILURES = ("PanicException", "CancelledError")
"""By name: the one is made anew by each library, and the other would load asyncio."""

Handler = Callable[[int, FrameType | None], Any]


def is_exposed() -> bool:
    """Return whether signals have handlers of the program's own, which may raise anything anywhere.

    Ctrl-C as Python has it is not meant: it raises ``KeyboardInterrupt``, which can be told from an error of ours.
    """
    if getsignal(_INTERRUPT) is default_int_handler and not (
        getsignal(_TERMINATE) or getsignal(_ALARM) or getsignal(_HANG_UP)
    ):  # as nearly every program has them, at a third of the cost of a loop
        return False
    for number in _NUMBERS:
        handler = getsignal(number)
        if handler is not default_int_handler and callable(handler):
            return True
    return False


def is_failure(error: BaseException) -> bool:
    """Return whether what strangers' code raised is its own failure, and no wish that it should end.

    Not every failure is an ``Exception``: libraries exit, are cancelled, or panic (one built with PyO3 raises a
    ``PanicException``). Ctrl-C, what a handler of the program's own raises, and the end of a generator are no failures.
    """
    if isinstance(error, Exception) or type(error).__name__ in _FAILURES:
        return True
    if isinstance(error, GeneratorExit):
        return False
    return get_ident() != main_thread().ident or not (isinstance(error, KeyboardInterrupt) or is_exposed())


class Shelter:
    """A context in which no signal's handler is called; those that came are called when it is left.

    Python calls handlers in its main thread, between any two steps of whatever runs there, and what they raise (Ctrl-C
    raises ``KeyboardInterrupt``) leaves that as it stands. In other threads there is nothing to be done. It may be
    entered again once it was left.
    """

    __slots__ = ("_before", "_handlers", "_main", "came")

    def __init__(self) -> None:
        self._main = main_thread().ident
        self._handlers: tuple[object, ...] = ()
        self._before: list[tuple[int, Handler]] = []
        """Of those handlers the ones that are held, each with its number."""
        self.came: list[tuple[int, FrameType | None]] = []
        """The signals that came: if there are any, it should be left soon."""

    def __enter__(self) -> Self:
        if get_ident() == self._main:
            handlers = (*map(getsignal, _NUMBERS),)
            if handlers != self._handlers:  # as they were when it was entered last, nearly always
                self._before = [pair for pair in zip(_NUMBERS, handlers, strict=True) if callable(pair[1])]
                self._handlers = handlers  # last, for one of them may strike here
            try:
                for number, _ in self._before:
                    install(number, self._hold)
            except BaseException:  # one that was still to be held
                _restore(self._before.copy())
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if get_ident() != self._main:
            return
        before = self._before
        if len(before) == 1:
            install(*before[0])
        else:
            _restore(before.copy())
        if self.came:
            came, self.came = self.came, []
            for number, frame in came:
                dict(before)[number](number, frame)

    def _hold(self, number: int, frame: FrameType | None) -> None:
        self.came.append((number, frame))


def _restore(handlers: list[tuple[int, Handler]]) -> None:
    if handlers:
        number, handler = handlers.pop()
        try:
            install(number, handler)
        finally:  # one that is back may raise at once
            _restore(handlers)
