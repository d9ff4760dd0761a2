"""Ctrl-C on a live run: the first asks it to end, one that comes later ends the process at once."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self

_INTERRUPTED = 130
_HANGUP: int = getattr(signal, "SIGHUP", 0)
_ASKED: tuple[int, ...] = (signal.SIGTERM, *((_HANGUP,) if _HANGUP else ()))
"""What asks a program to end besides Ctrl-C."""
_LOOK_S = 0.1
_TOGETHER_S = 0.5
"""Signals so near to each other are one: ``timeout`` of GNU, like a terminal, signals a process and its group."""


def leave_at_once(last_words: str) -> None:
    """End the process without waiting for any thread."""
    sys.stderr.write(f"{last_words}\n")
    sys.stderr.flush()
    os._exit(_INTERRUPTED)


def until_interrupted(words: str) -> None:
    """Say something on stderr, and wait until somebody wants the program to end."""
    with Interrupts(lambda: "ended") as interrupts:  # before it is said: who reads it may be quick to answer
        sys.stderr.write(f"{words}\n")
        sys.stderr.flush()
        while not interrupts.is_asked:
            time.sleep(_LOOK_S)


class EndedEarly(BaseException):
    """Somebody wants the program to end that has not begun."""


@contextmanager
def ends_early() -> Iterator[None]:
    """Raise ``EndedEarly`` in the block when the program is told to terminate, or its terminal is closed.

    As Ctrl-C raises ``KeyboardInterrupt``; in the main thread only.
    """
    terminals = _terminals()

    def heard(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  # what Python calls it with
        _let_go_of(terminals, number)
        raise EndedEarly

    is_main = threading.current_thread() is threading.main_thread()
    before = {number: signal.signal(number, heard) for number in _ASKED if is_main}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _terminals() -> list[int]:
    """Return which of the two ways out lead to a terminal; it cannot be told any more when that is gone."""
    return [stream for stream in (1, 2) if os.isatty(stream)]


def _let_go_of(terminals: list[int], number: int) -> None:
    """Let what is printed go nowhere if it was a closed terminal that signalled: there is nobody who could read it."""
    if number == _HANGUP:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in terminals:
            os.dup2(nowhere, stream)
        os.close(nowhere)


class Interrupts:
    """Listens for Ctrl-C, for being told to terminate and for a closed terminal, while the block runs.

    Elsewhere than in the main thread it does not.

    Args:
        last_words: what is said when the second one comes.
        leave: how the process then ends.
        clock: seconds, by which it is told whether two signals are one.
    """

    def __init__(
        self,
        last_words: Callable[[], str],
        leave: Callable[[str], None] = leave_at_once,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        # No threading.Event: a handler runs in the main thread, which may hold the event's lock itself.
        self.is_asked = False
        """Whether the run should end."""
        self._last_words = last_words
        self._leave = leave
        self._clock = clock
        self._asked_s = 0.0
        self._before: dict[int, Any] = {}
        self._terminals = _terminals()

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._heard) for number in (signal.SIGINT, *_ASKED)}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _heard(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  # what Python calls it with
        _let_go_of(self._terminals, number)
        now_s = self._clock()
        if not self.is_asked:
            self.is_asked, self._asked_s = True, now_s
        elif number != _HANGUP and now_s - self._asked_s >= _TOGETHER_S:
            self._leave(self._last_words())
