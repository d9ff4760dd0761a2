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

Handler = Callable[[int, FrameType | None], Any]


def is_exposed() -> bool:
    """Return whether signals have handlers of the program's own, which may raise anything anywhere.

    Ctrl-C as Python has it is not meant: it raises ``KeyboardInterrupt``, which can be told from an error of ours.
    """
    for number in _NUMBERS:
        handler = getsignal(number)
        if handler is not default_int_handler and callable(handler):
            return True
    return False


class Shelter:
    """A context in which no signal's handler is called; those that came are called when it is left.

    Python calls handlers in its main thread, between any two steps of whatever runs there, and what they raise (Ctrl-C
    raises ``KeyboardInterrupt``) leaves that as it stands. In other threads there is nothing to be done.
    """

    __slots__ = ("_before", "came")

    def __init__(self) -> None:
        self._before: dict[int, Handler] = {}
        self.came: list[tuple[int, FrameType | None]] = []
        """The signals that came: if there are any, it should be left soon."""

    def __enter__(self) -> Self:
        if get_ident() == main_thread().ident:
            before, hold = self._before, self._hold
            try:
                for number in _NUMBERS:
                    if callable(handler := getsignal(number)):
                        before[number] = handler
                        install(number, hold)
            except BaseException:  # one that was still to be held
                _restore(list(before.items()))
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        before = self._before
        if len(before) == 1:
            for number, handler in before.items():
                install(number, handler)
        elif before:
            _restore(list(before.items()))
        for number, frame in self.came:
            before[number](number, frame)

    def _hold(self, number: int, frame: FrameType | None) -> None:
        self.came.append((number, frame))


def _restore(handlers: list[tuple[int, Handler]]) -> None:
    if handlers:
        number, handler = handlers.pop()
        try:
            install(number, handler)
        finally:  # one that is back may raise at once
            _restore(handlers)
