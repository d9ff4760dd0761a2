"""Ctrl-C on a live run: the first asks it to end, the second ends the process at once."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

_INTERRUPTED = 130


def leave_at_once(last_words: str) -> None:
    """End the process without waiting for any thread."""
    sys.stderr.write(f"{last_words}\n")
    sys.stderr.flush()
    os._exit(_INTERRUPTED)


class Interrupts:
    """Listens for Ctrl-C, and for being told to terminate, while the block runs; elsewhere than in the main thread not.

    Args:
        last_words: what is said when the second one comes.
        leave: how the process then ends.
    """

    def __init__(self, last_words: Callable[[], str], leave: Callable[[str], None] = leave_at_once) -> None:
        # No threading.Event: a handler runs in the main thread, which may hold the event's lock itself.
        self.is_asked = False
        """Whether the run should end."""
        self._last_words = last_words
        self._leave = leave
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
        if self.is_asked:
            self._leave(self._last_words())
        self.is_asked = True
