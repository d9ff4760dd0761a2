"""A feed whose whole future is known, given away only as a clock comes to it."""

import threading
import time
from collections.abc import Iterable, Iterator
from typing import Protocol

from actors.feeds.alarm_clock import AlarmClock
from actors.feeds.port import POLL_S
from actors.feeds.wanted import WantedSymbols
from actors.kernel.clock import Clock
from messages.feeds import FeedHeartbeat, FeedItem
from messages.values import Nanos


class Schedule(Protocol):
    """What will happen, in order of time."""

    def due_ns(self) -> Nanos | None:
        """Return when something more happens; ``None``: never."""
        ...

    def take(self, now_ns: Nanos, wanted: WantedSymbols) -> tuple[FeedItem, ...]:
        """Return what has happened until ``now_ns`` and was not taken before, as far as it is wanted."""
        ...


class PacedFeed:
    """Gives what the schedule says when the clock says so; while nothing is due, it gives heartbeats.

    The clock must show the schedule's own time: its speed is the feed's. What happened while nobody was connected
    is not given later, as with any live feed. After a pause of the reader all that is due comes in one read.

    Args:
        name: who it is.
        schedule: what will happen.
        clock: what it happens by.
        has_bars: whether there are bars in it.
        beat_s: real seconds from one read that gave something to the next: what happens close together comes together.
    """

    is_remote = True

    def __init__(
        self, name: str, schedule: Schedule, clock: Clock, *, has_bars: bool = True, beat_s: float = 0.0
    ) -> None:
        self.name = name
        self.has_bars = has_bars
        self._schedule = schedule
        self._clock = clock
        self._beat_s = beat_s
        self._alarm = AlarmClock(clock)
        self._wanted = WantedSymbols()

    def connect(self, stopping: threading.Event) -> None:  # noqa: ARG002  # it never takes long
        """Let what has happened before be past."""
        self._schedule.take(self._clock.now_ns(), WantedSymbols())

    def subscribe(self, symbols: Iterable[str]) -> None:
        """Want these too."""
        self._wanted.add(symbols)

    def unsubscribe(self, symbols: Iterable[str]) -> None:
        """Want these no more."""
        self._wanted.drop(symbols)

    def reads(self) -> Iterator[tuple[FeedItem, ...]]:
        """Yield what is due; ends when the schedule does."""
        while (due_ns := self._schedule.due_ns()) is not None:
            self._wait_for(due_ns)
            items = self._schedule.take(self._clock.now_ns(), self._wanted)
            yield items or (FeedHeartbeat(feed=self.name),)
            if items and self._beat_s:
                time.sleep(self._beat_s)

    def close(self) -> None:
        """Do nothing: there is nothing to release."""

    def _wait_for(self, due_ns: Nanos) -> None:
        if self._clock.now_ns() < due_ns:
            self._alarm.set_for(due_ns)
            self._alarm.wait(POLL_S)
