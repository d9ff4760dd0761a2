"""A stored day played as if it were live: each bar comes when the clock shows the end of its minute."""

from collections.abc import Iterable

import numpy as np

from actors.feeds.paced import PacedFeed
from actors.feeds.wanted import WantedSymbols
from actors.kernel.clock import Clock
from actors.kernel.ports import BarStore
from messages.feeds import FeedBars, FeedItem
from messages.tables.columns import BarBatch
from messages.values import Nanos, TradingSession


def replay_feed(
    store: BarStore, sessions: Iterable[TradingSession], clock: Clock, *, name: str = "replay"
) -> PacedFeed:
    """Make a feed of the stored days of these sessions, which must be in order of time.

    A session that is not stored is passed over. The clock must show session time; its speed is the replay's.
    Each day is read when the one before is over; one that cannot be read ends the feed with its error.
    """
    return PacedFeed(name, _StoredDays(store, sessions, name), clock)


class _StoredDays:
    """The bars of one day after the other."""

    def __init__(self, store: BarStore, sessions: Iterable[TradingSession], name: str) -> None:
        self._store = store
        self._sessions = iter(sessions)
        self._name = name
        self._bars = BarBatch.of(())
        self._taken = 0

    def due_ns(self) -> Nanos | None:
        while self._taken == len(self._bars):
            session = next(self._sessions, None)
            if session is None:
                return None
            day = self._store.read(session.calendar, session.date)
            self._bars, self._taken = BarBatch.of(()) if day is None else day.bars, 0
        return int(self._bars.start_ns[self._taken]) + self._bars.interval.span_ns

    def take(self, now_ns: Nanos, wanted: WantedSymbols) -> tuple[FeedItem, ...]:
        taken = []
        while (due_ns := self.due_ns()) is not None and due_ns <= now_ns:
            last_start_ns = now_ns - self._bars.interval.span_ns
            end = int(np.searchsorted(self._bars.start_ns, last_start_ns, side="right"))
            batch = wanted.of(self._bars.rows(self._taken, end))
            self._taken = end
            if len(batch):
                taken.append(FeedBars(feed=self._name, batch=batch))
        return tuple(taken)
