"""Ctrl-C on a live run: the first asks it to end, one that comes later ends the process at once."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

_INTERRUPTED = 130
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


class Interrupts:
    """Listens for Ctrl-C, and for being told to terminate, while the block runs; elsewhere than in the main thread not.

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

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._heard) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _heard(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  # what Python calls it with
        now_s = self._clock()
        if not self.is_asked:
            self.is_asked, self._asked_s = True, now_s
        elif now_s - self._asked_s >= _TOGETHER_S:
            self._leave(self._last_words())
