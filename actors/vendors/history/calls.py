"""Calls of strangers' code that may never come back: each has a deadline, and is left to itself when all is closed."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from actors.vendors.history.pages import NoAnswer
from messages.errors import NotReady

R = TypeVar("R")

MOST_LEFT = 8
"""Calls that were given up and have not come back yet; with as many, no other is made."""


class Calls:
    """Makes calls in threads of their own, and waits for each no longer than its time.

    Args:
        name: of the threads.
        deadline_s: within which a call must come back.
    """

    def __init__(self, name: str, deadline_s: float) -> None:
        self._name = name
        self._deadline_s = deadline_s
        self._changed = threading.Condition()
        self._left = 0
        self._is_open = True

    @property
    def is_open(self) -> bool:
        """Whether calls are still made."""
        return self._is_open

    def anew(self) -> "Calls":
        """Return others of the same kind, which are closed for themselves."""
        return Calls(self._name, self._deadline_s)

    def make(self, call: Callable[[], R]) -> R:
        """Return what a call returns, or raise what it raises.

        Raises:
            NoAnswer: it did not come back in time, or ended with what is no ``Exception``.
            NotReady: all was closed.
        """
        came: list[tuple[R | None, Exception | None]] = []
        is_left = False

        def run() -> None:
            outcome: tuple[Any, Exception | None]
            try:
                outcome = call(), None
            except Exception as error:  # noqa: BLE001  # whatever it is, it is raised where somebody waits
                outcome = None, error
            except BaseException as error:  # noqa: BLE001  # who waits has neither exited nor been cancelled
                outcome = None, NoAnswer(f"the request ended with {error!r}")
            with self._changed:
                came.append(outcome)
                self._left -= is_left
                self._changed.notify_all()

        with self._changed:
            if not self._is_open:
                raise NotReady(f"{self._name} is closed")
            if self._left >= MOST_LEFT:
                raise NoAnswer(f"{MOST_LEFT} requests are still without an answer")
            threading.Thread(target=run, name=f"barkeeper-{self._name}", daemon=True).start()
            self._changed.wait_for(lambda: came or not self._is_open, self._deadline_s)
            if not came:
                is_left = True
                self._left += 1
                if not self._is_open:
                    raise NotReady(f"{self._name} was closed while a request was out")
                raise NoAnswer(f"no answer within {self._deadline_s:g} s")
        value, error = came[0]
        if error is not None:
            raise error
        return value  # type: ignore[return-value]  # without an error it is what the call returned

    def close(self) -> None:
        """Let nobody wait any longer; may be called twice."""
        with self._changed:
            self._is_open = False
            self._changed.notify_all()
