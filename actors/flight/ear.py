"""A listener from another process as this one has it: a bounded queue, filled by one thread and emptied by another."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from messages.base import Event
from messages.errors import NotReady
from messages.events import BarsUpdated
from messages.values import Policy

Form = Callable[[Sequence[Event]], Any]
"""What is sent of events that were told one after the other."""


class Portion:
    """Events that were told one after the other, and what is sent of them: made once, by the first who sends it.

    Args:
        events: at least one.
        form: makes what is sent.
    """

    def __init__(self, events: Sequence[Event], form: Form) -> None:
        self.events = events
        self.rows = sum(len(event.batch) for event in events if isinstance(event, BarsUpdated))
        """Bars in them."""
        self._form = form
        self._lock = threading.Lock()
        self._whole: tuple[Any] | None = None

    def after(self, skipped: int) -> Any:
        """Return what is sent of it without the first so many events."""
        if skipped:
            return self._form(self.events[skipped:])
        with self._lock:
            if self._whole is None:  # what all have dropped is never made
                self._whole = (self._form(self.events),)
            return self._whole[0]


class Ear:
    """What waits to be sent to one listener. Whoever fills it never waits for whoever empties it.

    Args:
        name: how errors call it.
        policy: ``drop_oldest`` or ``disconnect``, when ``bound`` events wait.
        bound: how many may wait.
    """

    def __init__(self, name: str, policy: Policy, bound: int) -> None:
        self.name = name
        self.policy = policy
        self.dropped = 0
        """Events that it lost so far."""
        self._bound = bound
        self._ready = threading.Condition()
        self._queue: deque[tuple[Portion, int]] = deque()
        """Each with how many of its events were dropped."""
        self._waiting = 0
        self._is_over = False
        self._error: BaseException | None = None

    def push(self, portions: Sequence[Portion], lost: int = 0) -> None:
        """Add events; of those before them, ``lost`` never came here."""
        with self._ready:
            if self._is_over:
                return
            self.dropped += lost
            for portion in portions:
                self._queue.append((portion, 0))
                self._waiting += len(portion.events)
            excess = self._waiting - self._bound
            if (excess > 0 or lost) and self.policy is Policy.DISCONNECT:
                self._queue.clear()
                behind = f"subscriber {self.name!r} fell {self._bound} events behind and was disconnected"
                self._is_over, self._error = True, NotReady(behind)
            elif excess > 0:
                self._drop(excess)
            self._ready.notify()

    def finish(self, error: BaseException | None) -> None:
        """No more will come: after what waits there is the end, or this error."""
        with self._ready:
            if not self._is_over:
                self._is_over, self._error = True, error
            self._ready.notify()

    def take(self, patience_s: float) -> tuple[Any] | tuple[()] | None:
        """Return what is sent next, alone in a tuple; an empty one if nothing comes in time; ``None`` at the end.

        Raises:
            BarkeeperError: it ended with an error.
        """
        with self._ready:
            if not self._queue and not self._is_over:
                self._ready.wait(patience_s)
            if self._queue:
                portion, skipped = self._queue.popleft()
                self._waiting -= len(portion.events) - skipped
            elif not self._is_over:
                return ()
            elif self._error is not None:
                raise self._error
            else:
                return None
        return (portion.after(skipped),)

    def _drop(self, count: int) -> None:
        self.dropped += count
        self._waiting -= count
        while count:
            portion, skipped = self._queue.popleft()
            left = len(portion.events) - skipped
            if left > count:
                self._queue.appendleft((portion, skipped + count))
            count = max(0, count - left)
