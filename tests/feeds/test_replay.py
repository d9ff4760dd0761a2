"""A stored day as if it were live."""

import numpy as np
import pytest

from actors.feeds.paced import PacedFeed
from actors.feeds.replay import replay_feed
from actors.feeds.runner import FeedRunner
from actors.kernel.clock import ManualClock, SystemClock
from actors.kernel.ports import BarStore, StoredDay
from actors.storage.memory import MemoryStore
from messages import Bar, FeedBars, FeedEnded, FeedHeartbeat, FeedLost, TradingSession, Verdict
from messages.errors import DataError
from messages.feeds import EVERYTHING
from messages.tables.columns import BarBatch
from messages.values import MINUTE_NS
from tests.builders import DAY, HALF_DAY, bar, bars
from tests.doubles import FailingStore
from tests.feeds.listening import Listener, Reader, bars_of

GIVEN = [*bars("A", "09:30", 1, 2, None, 4), *bars("B", "09:30", 5, None, 7)]
NEXT_DAY = [bar("A", HALF_DAY.start_ns, 9)]


def store_of(*given: Bar) -> MemoryStore:
    store = MemoryStore()
    for session in (DAY, HALF_DAY):
        ours = [one for one in given if session.start_ns <= one.start_ns < session.end_ns]
        if ours:
            verdicts = np.full(len(ours), Verdict.STREAMED, dtype=np.uint8)
            store.merge("XNYS", session.date, StoredDay(bars=BarBatch.of(ours), verdicts=verdicts))
    return store


def connected(store: BarStore, clock: ManualClock, *sessions: TradingSession) -> Reader:
    feed = replay_feed(store, sessions or (DAY,), clock)
    feed.subscribe([EVERYTHING])
    reader = Reader(feed)
    reader.connect()
    return reader


def test_each_bar_comes_when_the_clock_shows_its_end_and_not_before() -> None:
    clock = ManualClock(DAY.start_ns)
    reader = connected(store_of(*GIVEN), clock)

    clock.advance(MINUTE_NS - 1)
    assert reader.read() == (FeedHeartbeat(feed="replay"),)
    clock.advance(1)

    assert [one.close for one in bars_of([*reader.read()])] == [1.0, 5.0]


def test_what_is_due_comes_in_one_batch_however_late_the_reader_is() -> None:
    clock = ManualClock(DAY.start_ns)
    reader = connected(store_of(*GIVEN), clock)

    clock.advance(4 * MINUTE_NS)
    (event,) = reader.read()

    assert bars_of([event]) == sorted(GIVEN, key=lambda one: (one.start_ns, one.symbol))


def test_what_happened_before_it_connected_is_past() -> None:
    reader = connected(store_of(*GIVEN), clock := ManualClock(DAY.start_ns + 2 * MINUTE_NS))

    clock.advance(MINUTE_NS)

    assert [one.close for one in bars_of([*reader.read()])] == [7.0]


def test_days_follow_each_other_and_those_that_are_not_stored_are_passed_over() -> None:
    clock = ManualClock(DAY.start_ns)
    reader = connected(store_of(*NEXT_DAY), clock, DAY, HALF_DAY)

    clock.advance(HALF_DAY.start_ns + MINUTE_NS - DAY.start_ns)

    assert bars_of([*reader.read()]) == NEXT_DAY
    with pytest.raises(StopIteration):
        reader.read()


def test_a_symbol_that_is_not_wanted_leaves_no_empty_batch() -> None:
    clock = ManualClock(DAY.start_ns)
    reader = connected(store_of(*GIVEN), clock)
    reader.feed.unsubscribe([EVERYTHING])

    clock.advance(MINUTE_NS)

    assert reader.read() == (FeedHeartbeat(feed="replay"),)


def test_a_day_that_cannot_be_read_ends_it_for_good() -> None:
    store = FailingStore(store_of(*GIVEN), DAY.date, DataError("the file is torn"))
    listener = Listener()
    runner = FeedRunner(replay_feed(store, [DAY], ManualClock(DAY.start_ns)), listener, ManualClock())
    runner.start()

    (lost,) = listener.wait_for(FeedLost)
    runner.close()

    assert (lost.reason, lost.retry_ns) == ("the file is torn", None)


def test_a_day_runs_at_the_clocks_speed() -> None:
    clock, listener = SystemClock(2000.0, DAY.start_ns), Listener()
    runner = FeedRunner(replay_feed(store_of(*GIVEN), [DAY], clock), listener, clock)
    runner.start()
    listener.wait_for(FeedEnded)
    runner.close()
    clock.close()

    assert listener.bars() == sorted(GIVEN, key=lambda one: (one.start_ns, one.symbol))
    assert all(lag < 20 * MINUTE_NS for lag in lags(listener))


def lags(listener: Listener) -> list[int]:
    return [event.arrived_ns - int(event.batch.start_ns[-1]) - MINUTE_NS for event in listener.of(FeedBars)]


def test_a_feed_of_no_days_ends_at_once() -> None:
    feed: PacedFeed = replay_feed(MemoryStore(), [], ManualClock())

    assert list(feed.reads()) == []
