"""A vendor's pace, kept by all who ask it for one account: nobody is refused for asking too fast."""

import heapq
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from functools import cache
from math import inf
from typing import Protocol

from actors.vendors.history.entry import Pace
from messages.errors import NotReady

_SPARE_S = 0.01
"""Two clocks never run alike."""
_LONG_S = 3600.0


class Rank(IntEnum):
    """Who goes first where several wait for their turn."""

    LIVE = 0
    """Minutes that a session at hand lacks."""
    LONG = 1
    """What has time: ``fetch`` and ``heal``."""


class Timepiece(Protocol):
    """Seconds that go by, and waiting for them."""

    def now_s(self) -> float:
        """Return a number of seconds that never goes back."""
        ...

    def wait(self, changed: threading.Condition, seconds: float) -> None:
        """Wait so long, or until the condition is notified; it is held."""
        ...


class RealTime:
    """The computer's monotonic clock."""

    def now_s(self) -> float:
        """Return ``time.monotonic``."""
        return time.monotonic()

    def wait(self, changed: threading.Condition, seconds: float) -> None:
        """Wait on the condition."""
        changed.wait(seconds)


class Pacer:
    """Gives turns, never more than allowed in any stretch of time, the most urgent first.

    A turn counts until so long after the request came back: by then the vendor has counted it, however long it took to
    get there. So whether a vendor counts by the clock or by the request, and however busy either side is, it never
    sees more than it allows.

    Args:
        pace: what is allowed; all of it holds. Nothing: as fast as one likes.
        timepiece: in place of the computer's clock.
    """

    def __init__(self, pace: tuple[Pace, ...], timepiece: Timepiece | None = None) -> None:
        self._pace = pace
        self._time = timepiece or RealTime()
        self._ended: tuple[deque[float], ...] = tuple(deque(maxlen=one.requests) for one in pace)
        """When the last requests came back."""
        self._out = 0
        """Requests that are out."""
        self._not_before = 0.0
        self._waiting: list[tuple[int, int]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()

    def now_s(self) -> float:
        """Return the seconds that it goes by."""
        return self._time.now_s()

    @contextmanager
    def turn(self, rank: Rank, is_wanted: Callable[[], bool]) -> Iterator[None]:
        """Wait for a turn; the block makes one request.

        Raises:
            NotReady: it is no longer wanted.
        """
        self._await_turn(rank, is_wanted)
        try:
            yield
        finally:
            with self._changed:
                self._out -= 1
                for ended in self._ended:
                    ended.append(self._time.now_s())
                self._changed.notify_all()

    def _await_turn(self, rank: Rank, is_wanted: Callable[[], bool]) -> None:
        with self._changed:
            mine = int(rank), next(self._order)
            heapq.heappush(self._waiting, mine)
            try:
                while True:
                    if not is_wanted():
                        raise NotReady("closed while waiting for a turn")
                    wait_s = self._due_s() - self._time.now_s()
                    if wait_s <= 0 and self._waiting[0] == mine:
                        break
                    # Who is not first, or waits for a request to come back, is told.
                    self._time.wait(self._changed, wait_s if 0 < wait_s < _LONG_S else _LONG_S)
            finally:
                self._waiting.remove(mine)
                heapq.heapify(self._waiting)
                self._changed.notify_all()
            self._out += 1

    def hold(self, seconds: float) -> None:
        """Give no turn for so long: the vendor said so."""
        with self._changed:
            self._not_before = max(self._not_before, self._time.now_s() + seconds)

    def pause(self, seconds: float, is_wanted: Callable[[], bool]) -> None:
        """Wait so long without asking for a turn, or until it is no longer wanted.

        Raises:
            NotReady: it is no longer wanted.
        """
        with self._changed:
            until_s = self._time.now_s() + seconds
            while (left_s := until_s - self._time.now_s()) > 0 and is_wanted():
                self._time.wait(self._changed, left_s)
        if not is_wanted():
            raise NotReady("closed while waiting to ask again")

    def wake(self) -> None:
        """Let all who wait look whether they still want to."""
        with self._changed:
            self._changed.notify_all()

    def _due_s(self) -> float:
        """Return when the next turn may be given; ``inf``: when a request has come back."""
        return max([self._not_before, *(self._free_s(*one) for one in zip(self._pace, self._ended, strict=True))])

    def _free_s(self, pace: Pace, ended: deque[float]) -> float:
        """Return when one limit has room for another request."""
        free = pace.requests - self._out
        if free > len(ended):
            return 0.0
        return ended[-free] + pace.seconds + _SPARE_S if free > 0 else inf


@cache
def pacer_of(vendor: str, account: str, pace: tuple[Pace, ...]) -> Pacer:  # noqa: ARG001  # they tell accounts apart
    """Return the pacer of an account: one for the whole process, as the vendor counts all that comes from it."""
    return Pacer(pace)
