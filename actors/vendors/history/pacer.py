"""A vendor's pace, kept by all who ask it for one account: nobody is refused for asking too fast."""

import heapq
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable
from enum import IntEnum
from functools import cache
from typing import Protocol

from actors.vendors.history.entry import Pace
from messages.errors import NotReady

_SPARE = 0.01
"""Of each stretch of time: what leaves here evenly arrives there now sooner, now later."""
_SPARE_S = 0.02


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

    Turns are counted when they are given. So a stretch begins where the first request of it left, and whether the
    vendor counts by the clock or by the request, it never sees more.

    Args:
        pace: what is allowed; all of it holds. Nothing: as fast as one likes.
        timepiece: in place of the computer's clock.
    """

    def __init__(self, pace: tuple[Pace, ...], timepiece: Timepiece | None = None) -> None:
        self._pace = pace
        self._time = timepiece or RealTime()
        self._given: tuple[deque[float], ...] = tuple(deque(maxlen=one.requests) for one in pace)
        self._not_before = 0.0
        self._waiting: list[tuple[int, int]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self.waited_s = 0.0
        """Spent waiting for turns by all that have had theirs."""

    def turn(self, rank: Rank, is_wanted: Callable[[], bool]) -> float:
        """Wait for a turn, and return for how many seconds that was.

        Raises:
            NotReady: it is no longer wanted.
        """
        with self._changed:
            mine = int(rank), next(self._order)
            heapq.heappush(self._waiting, mine)
            began_s = self._time.now_s()
            try:
                while True:
                    if not is_wanted():
                        raise NotReady("closed while waiting for a turn")
                    now_s = self._time.now_s()
                    wait_s = self._due_s() - now_s
                    if wait_s <= 0 and self._waiting[0] == mine:
                        break
                    # Who is not first waits for word of the one before.
                    self._time.wait(self._changed, wait_s if wait_s > 0 else 3600.0)
            finally:
                self._waiting.remove(mine)
                heapq.heapify(self._waiting)
                self._changed.notify_all()
            for given in self._given:
                given.append(now_s)
            self.waited_s += now_s - began_s
            return now_s - began_s

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
        """Return when the next turn may be given."""
        dues = [
            given[0] + one.seconds * (1 + _SPARE) + _SPARE_S
            for one, given in zip(self._pace, self._given, strict=True)
            if len(given) == one.requests
        ]
        return max([self._not_before, *dues])


@cache
def pacer_of(vendor: str, account: str, pace: tuple[Pace, ...]) -> Pacer:  # noqa: ARG001  # they tell accounts apart
    """Return the pacer of an account: one for the whole process, as the vendor counts all that comes from it."""
    return Pacer(pace)
