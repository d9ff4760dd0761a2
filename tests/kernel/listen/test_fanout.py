"""From one room to many subscribers: bounded queues, policies, and the ticket that travels through them."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from actors.kernel.ask.milestones import Milestones
from actors.kernel.future import Future
from actors.kernel.listen.fanout import Fanout
from actors.kernel.listen.seat import Filter, Seat
from actors.kernel.listen.stretch import Stretch
from actors.kernel.listen.subscription import Subscription
from actors.kernel.listen.told import Told, Wanted
from actors.kernel.outcome import Refusal
from messages import (
    BarBatch,
    BarsUpdated,
    BarsWithdrawn,
    Event,
    Interval,
    ListenFrom,
    MinuteClosed,
    MinuteSettled,
    NotReady,
    Policy,
    RunFailed,
    RunFinished,
    SessionBoundary,
    StateChanged,
    SubscriberLate,
    SubscribersChanged,
    SystemFailed,
    SystemState,
    WarmUpReported,
)
from messages.values import MINUTE_NS, ONE_MINUTE
from tests.builders import DAY, minute_of, opened
from tests.doubles import Outbox

FIVE = Interval.parse("5m")
ALL = Filter()


def closed(minute: int) -> MinuteClosed:
    start_ns = minute * MINUTE_NS
    return MinuteClosed(start_ns=start_ns, end_ns=start_ns + MINUTE_NS, present=0, expected=0)


def updated(*symbols: str, interval: Interval = ONE_MINUTE, counts: tuple[int, ...] | None = None) -> BarsUpdated:
    batch = BarBatch.of(minute_of(symbols, "09:30"))
    return BarsUpdated(interval=interval, batch=batch, revision=1, base_counts=counts)


def withdrawn(*symbols: str) -> BarsWithdrawn:
    return BarsWithdrawn(interval=ONE_MINUTE, symbols=symbols, start_ns=MINUTE_NS, revision=2)


class Switch:
    """A fanout, where its tickets come home, and who oversees it."""

    def __init__(self) -> None:
        self.home, self.boss = Outbox(), Outbox()
        self.fanout = Fanout(self.home, (self.boss,))
        self.readers: list[Subscription] = []
        """One that is let go leaves."""

    def subscribe(
        self, wanted: Filter = ALL, policy: Policy = Policy.BLOCK, bound: int = 2, name: str = "reader"
    ) -> Subscription:
        subscription = self.fanout.subscribe(name, wanted, policy, bound)
        self.fanout.tell(ListenFrom(ticket=1))
        self.readers.append(subscription)
        return subscription

    def minute(self, ticket: int, *events: Event) -> None:
        for event in events:
            self.fanout.tell(event)
        self.fanout.tell(MinuteSettled(ticket=ticket))

    def tickets(self) -> list[int]:
        return [settled.ticket for settled in self.home.of(MinuteSettled)]


@pytest.fixture
def switch() -> Switch:
    return Switch()


def drain(subscription: Subscription) -> list[Event]:
    """Take what is there; ends when the run has ended."""
    return list(subscription)


# --- who listens


def test_the_coordinator_is_told_how_many_listen(switch: Switch) -> None:
    first = switch.subscribe()
    second = switch.subscribe()
    first.close()
    first.close()
    switch.fanout.finish(None)
    second.close()

    assert [told.count for told in switch.home.of(SubscribersChanged)] == [1, 2, 1]


def test_the_coordinator_is_told_how_many_want_only_how_sessions_begin_and_end(switch: Switch) -> None:
    switch.subscribe(Filter(events=frozenset({SessionBoundary, WarmUpReported})))
    switch.subscribe(Filter(events=frozenset({SessionBoundary, MinuteClosed})))

    assert [(told.count, told.of_sessions) for told in switch.home.of(SubscribersChanged)] == [(1, 1), (2, 1)]


def test_where_all_want_only_how_sessions_begin_and_end_nobody_hears_of_minutes(switch: Switch) -> None:
    sessions = Filter(events=frozenset({SessionBoundary}))
    first = switch.subscribe(sessions)
    second = switch.subscribe(Filter(events=frozenset({MinuteClosed})))
    second.close()
    first.close()  # who comes next may want anything

    assert [told.hears_minutes for told in switch.home.of(SubscribersChanged)] == [False, True, False, True]


def test_who_wants_everything_hears_bars_and_where_nobody_listens_it_is_as_it_was(switch: Switch) -> None:
    minutes = switch.subscribe(Filter(events=frozenset({MinuteClosed})))
    everything = switch.subscribe()
    everything.close()
    minutes.close()

    assert [told.hears_bars for told in switch.home.of(SubscribersChanged)] == [False, True, False, False]


# --- minutes that are promised


class Promising(Outbox):
    """Promises three minutes at a time; something may be told just before."""

    def __init__(self) -> None:
        super().__init__()
        self.fanout: Fanout | None = None
        self.promised: list[Stretch] = []
        self.next = 2
        self.before: list[Event] = []
        self.is_shut = False
        self.refusal: Refusal | None = None
        self.told: Callable[[int], Told] = closed

    def promise(self, seat: Wanted) -> Stretch | Refusal | None:  # type: ignore[override]
        assert self.fanout is not None
        if self.is_shut or self.refusal:
            return self.refusal
        for event in self.before:
            self.fanout.tell(event)
        if self.promised:  # as the door does, which goes on with those that were not taken
            self.promised[-1].recall()
            self.next = self.promised[-1].ticket + 1
        tickets = range(self.next, self.next + 3)
        told: list[Told] = [self.told(ticket) for ticket in tickets]
        picked = seat.pick_each(told)
        if not picked[0]:
            return None
        self.promised.append(Stretch(told, tickets, picked))
        return self.promised[-1]


@pytest.fixture
def promising(switch: Switch) -> Promising:
    home = switch.home = Promising()
    home.fanout = switch.fanout = Fanout(home, (switch.boss,), late_after_s=10.0)
    return home


MINUTES = Filter(events=frozenset({MinuteClosed, WarmUpReported}))
REPORT = WarmUpReported(session_date=DAY.date, needs=(), summary="warm")


def begun(switch: Switch, wanted: Filter = MINUTES) -> Subscription:
    """A reader who has the first minute."""
    reader = switch.subscribe(wanted)
    switch.minute(1, closed(1))
    assert next(reader) == closed(1)
    return reader


def test_who_is_alone_takes_promised_minutes_one_after_the_other_and_each_once(
    switch: Switch, promising: Promising
) -> None:
    reader = begun(switch)

    assert [next(reader) for _ in range(9)] == [closed(ticket) for ticket in range(2, 11)]
    assert (switch.tickets(), reader.taken, len(promising.promised)) == ([], 10, 3)
    promising.is_shut = True
    switch.minute(11, closed(11))
    assert next(reader) == closed(11)
    assert switch.tickets() == [10]


def test_a_reader_who_is_called_back_from_his_promise_is_told_again(switch: Switch, promising: Promising) -> None:
    reader = begun(switch)
    taken = [next(reader), next(reader)]
    promising.promised[-1].recall()
    promising.is_shut = True
    waits = reader._take()
    switch.minute(4, closed(4))

    assert isinstance(waits, Future)
    assert (taken, switch.tickets(), next(reader)) == ([closed(2), closed(3)], [3], closed(4))


def test_what_was_told_before_promised_minutes_comes_before_them(switch: Switch, promising: Promising) -> None:
    reader = begun(switch)
    promising.before = [updated("AAPL"), REPORT]

    assert [next(reader) for _ in range(4)] == [REPORT, closed(2), REPORT, closed(3)]
    assert not any(stretch.left for stretch in promising.promised)


def test_what_is_told_as_a_promise_is_made_ends_it(
    switch: Switch, promising: Promising, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, given = begun(switch), switch.fanout._given
    promise = given.promise

    def promised(seat: Seat, stretch: Stretch) -> None:
        switch.fanout._held.append(REPORT)  # by another thread, which has not heard of the promise
        promise(seat, stretch)

    monkeypatch.setattr(given, "promise", promised)
    taken = next(reader)
    promising.is_shut = True
    waits = reader._take()
    switch.minute(3, closed(3))

    assert isinstance(waits, Future)
    assert (taken, switch.tickets(), [next(reader), next(reader)]) == (closed(2), [2], [REPORT, closed(3)])


def test_a_promised_minute_that_is_put_back_is_taken_again(switch: Switch, promising: Promising) -> None:
    reader = begun(switch)
    next(reader)
    next(reader)
    reader.put_back(2)

    assert reader.taken == 2
    assert ([next(reader) for _ in range(3)], reader.taken) == ([closed(3), closed(4), closed(5)], 5)


def test_who_wants_nothing_that_minutes_tell_is_promised_none(switch: Switch, promising: Promising) -> None:
    reader = switch.subscribe(Filter(events=frozenset({WarmUpReported})))
    switch.minute(1, REPORT)
    next(reader)
    reader._take()

    assert (switch.tickets(), promising.promised) == ([1], [])


def with_bars(ticket: int) -> list[Event]:
    """What a minute tells where bars are heard of; each second one completes a longer bar."""
    longer = [updated("AAPL", "MSFT", interval=FIVE)] if ticket % 2 else []
    return [updated("AAPL", "MSFT"), *longer, closed(ticket)]


BARS = Filter(events=frozenset({BarsUpdated}))
FIVES = Filter(events=frozenset({BarsUpdated}), intervals=frozenset({FIVE}))
ONE_OF_TWO = Filter(events=frozenset({BarsUpdated, MinuteClosed}), symbols=frozenset({"MSFT"}))


@pytest.mark.parametrize(
    "wanted", [ALL, BARS, FIVES, ONE_OF_TWO, MINUTES], ids=["all", "bars", "5m", "MSFT", "minutes"]
)
def test_what_is_promised_is_what_would_be_told(switch: Switch, promising: Promising, wanted: Filter) -> None:
    promising.told = with_bars
    reader = switch.subscribe(wanted)
    switch.minute(1, *with_bars(1))
    told = [kept for ticket in range(1, 40) for event in with_bars(ticket) if (kept := wanted.pick(event)) is not None]

    assert [next(reader) for _ in range(20)] == told[:20]
    assert (switch.tickets(), reader.taken, reader.given) == ([], 20, 20)
    assert len(promising.promised) > 2


def test_where_minutes_tell_of_nothing_that_is_wanted_none_are_promised(switch: Switch, promising: Promising) -> None:
    promising.told = with_bars
    reader = switch.subscribe(Filter(events=frozenset({BarsUpdated}), symbols=frozenset({"IBM"})))
    switch.minute(1, updated("IBM"))
    next(reader)
    reader._take()

    assert (switch.tickets(), promising.promised) == ([1], [])


def test_a_promise_that_ends_in_the_middle_of_a_minute_leaves_the_rest_of_it(
    switch: Switch, promising: Promising
) -> None:
    promising.told = with_bars
    reader = begun(switch, ALL)
    for _ in range(3):  # two of the second minute, one of the third
        next(reader)
    switch.fanout.tell(REPORT)
    promising.is_shut = True
    rest = [next(reader), next(reader)]
    waits = reader._take()
    switch.minute(4, *with_bars(4))

    assert rest == with_bars(3)[1:]
    assert isinstance(waits, Future)
    assert (switch.tickets(), [next(reader) for _ in range(3)]) == ([3], [REPORT, *with_bars(4)])


def test_who_is_closed_by_another_thread_as_he_takes_the_rest_of_a_minute_hears_no_more(
    switch: Switch, promising: Promising
) -> None:
    class Closing(deque[Event]):
        """Another thread comes in between two steps."""

        def __bool__(self) -> bool:
            is_some = len(self) > 0
            reader.close()
            return is_some

    promising.told = with_bars
    reader = begun(switch, ALL)
    next(reader)
    reader._rest = Closing(reader._rest)

    assert list(reader) == []


@pytest.mark.parametrize("given", range(1, 7))
def test_what_of_a_promise_nobody_has_seen_is_put_back_and_taken_again(
    switch: Switch, promising: Promising, given: int
) -> None:
    """An interrupt may strike at any step: of a minute nothing, some or all may have been given."""
    promising.told = with_bars
    reader = begun(switch, ALL)
    told = [closed(1), *with_bars(2), *with_bars(3), *with_bars(4), *with_bars(5)]
    for _ in range(6):
        next(reader)
    reader.put_back(given)

    assert reader.taken == given
    assert [next(reader) for _ in range(10 - given)] == told[given:10]
    assert (reader.taken, reader.given) == (10, 10)


@pytest.fixture
def standing() -> Promising:
    """Home of a tape that stands still when the last reader leaves; its minutes tell of bars."""
    home = Promising()
    home.fanout, home.told = Fanout(home, (Outbox(),), is_lockstep=True), with_bars
    return home


def told_with_bars(fanout: Fanout, ticket: int) -> None:
    for event in with_bars(ticket):
        fanout.tell(event)
    fanout.tell(MinuteSettled(ticket=ticket))


def reader_of_bars(home: Promising) -> Subscription:
    """One who has both bars of the first minute."""
    assert home.fanout is not None
    reader = home.fanout.subscribe("reader", BARS, Policy.BLOCK, 2)
    home.fanout.tell(ListenFrom(ticket=1))
    told_with_bars(home.fanout, 1)
    assert [next(reader), next(reader)] == with_bars(1)[:2]
    return reader


@pytest.mark.parametrize(("put_back", "home", "kept"), [(0, [3], []), (1, [3], []), (2, [], with_bars(3))])
def test_who_leaves_with_all_of_a_minute_put_back_has_it_kept_for_who_comes_next(
    standing: Promising, put_back: int, home: list[int], kept: list[Event]
) -> None:
    fanout, reader = standing.fanout, reader_of_bars(standing)
    assert fanout is not None
    for _ in range(3):  # the second minute's, and both of the third
        next(reader)
    reader.put_back(5 - put_back)
    reader.close()
    other = fanout.subscribe("other", ALL, Policy.BLOCK, 2)

    assert [settled.ticket for settled in standing.of(MinuteSettled)] == home
    assert [event for event, _ in other.seat._queue] == kept


def test_a_minute_told_after_promised_ones_is_kept_too_if_nobody_has_seen_any_of_it(standing: Promising) -> None:
    fanout, reader = standing.fanout, reader_of_bars(standing)
    assert fanout is not None
    next(reader)
    standing.promised[-1].recall()
    standing.is_shut = True
    reader._take()
    told_with_bars(fanout, 3)
    reader.close()
    other = fanout.subscribe("other", ALL, Policy.BLOCK, 2)

    assert [settled.ticket for settled in standing.of(MinuteSettled)] == [2]
    assert [event for event, _ in other.seat._queue] == with_bars(3)


def test_what_lies_before_a_reader_is_told_before_anything_is_promised(switch: Switch, promising: Promising) -> None:
    reader = begun(switch)
    reader.seat.push([REPORT], 0)

    assert (next(reader), promising.promised) == (REPORT, [])


def test_who_wants_bars_is_promised_no_minutes_without_them(switch: Switch, promising: Promising) -> None:
    reader = switch.subscribe(BARS)
    switch.minute(1, updated("AAPL"))
    next(reader)
    reader._take()

    assert (switch.tickets(), promising.promised) == ([1], [])


def test_while_somebody_else_listens_nothing_is_promised(switch: Switch, promising: Promising) -> None:
    reader, other = switch.subscribe(MINUTES), switch.subscribe(MINUTES)
    switch.minute(1, closed(1))
    next(reader)
    next(other)
    reader._take()
    other._take()

    assert (switch.tickets(), promising.promised) == ([1], [])


def test_while_somebody_waits_for_the_run_nothing_is_promised(switch: Switch, promising: Promising) -> None:
    reader = begun(switch)
    with switch.fanout.running():
        reader._take()

    assert (switch.tickets(), promising.promised) == ([1], [])


def test_who_comes_to_wait_for_the_run_ends_a_promise(switch: Switch, promising: Promising) -> None:
    reader = begun(switch)
    next(reader)
    with switch.fanout.running():
        reader._take()

    assert (switch.tickets(), list(promising.promised[-1].left)) == ([2], [])


def test_whoever_comes_ends_a_promise_and_both_hear_of_the_next_minute(switch: Switch, promising: Promising) -> None:
    reader = begun(switch)
    next(reader)
    other = switch.subscribe(MINUTES)
    promising.is_shut = True
    waits = reader._take()
    switch.minute(3, closed(3))

    assert isinstance(waits, Future)
    assert (switch.tickets(), next(reader), next(other)) == ([2], closed(3), closed(3))


def test_who_leaves_in_the_middle_of_a_promise_gives_back_what_he_has_taken(
    switch: Switch, promising: Promising
) -> None:
    reader = begun(switch)
    next(reader)
    next(reader)
    reader.close()

    assert (switch.tickets(), list(promising.promised[-1].left)) == ([3], [])


def test_a_promise_ends_with_the_run(switch: Switch, promising: Promising) -> None:
    reader = begun(switch)
    next(reader)
    switch.fanout.tell(RunFailed(reason="a bug"))

    with pytest.raises(SystemFailed):
        next(reader)


def test_who_reads_a_promise_on_is_not_late(switch: Switch, promising: Promising) -> None:
    reader = begun(switch)
    waited = []
    for _ in range(3):
        next(reader)
        switch.fanout.watch(6.0)
        waited += [late.seconds for late in switch.boss.take()]
    for _ in range(2):
        switch.fanout.watch(6.0)

    assert waited == [0.0, 0.0, 0.0]
    assert [late.seconds for late in switch.boss.take()] == [6.0, 12.0]
    assert len(promising.promised) == 1


def test_where_the_room_failed_nothing_is_promised_and_nothing_told(switch: Switch, promising: Promising) -> None:
    reader = begun(switch)
    promising.refusal = Refusal(SystemFailed("a bug"))
    waits = reader._take()
    switch.fanout.tell(RunFailed(reason="a bug"))

    assert isinstance(waits, Future)
    assert switch.tickets() == []
    with pytest.raises(SystemFailed):
        next(reader)


# --- tickets


def test_with_nobody_listening_a_ticket_goes_straight_home(switch: Switch) -> None:
    switch.minute(1, closed(1))

    assert switch.tickets() == [1]


def test_a_ticket_stays_until_every_blocking_subscriber_has_asked_for_more(switch: Switch) -> None:
    first, second = switch.subscribe(), switch.subscribe()
    switch.minute(1, closed(1))
    switch.minute(2, closed(2))
    next(first), next(first)
    assert switch.tickets() == []

    next(second), next(second)

    assert switch.tickets() == [1]


def test_a_ticket_travels_with_the_last_event_of_its_minute(switch: Switch) -> None:
    reader = switch.subscribe()
    switch.minute(1, closed(1), closed(2))
    switch.minute(2, closed(3))
    seen = []
    for _ in range(3):
        next(reader)
        seen.append(switch.tickets())

    assert seen == [[], [], [1]]


def test_a_subscriber_that_wants_nothing_of_a_minute_does_not_hold_it_up(switch: Switch) -> None:
    switch.subscribe(Filter(events=frozenset({BarsUpdated})))
    switch.minute(1, closed(1))

    assert switch.tickets() == [1]


@pytest.mark.parametrize("policy", [Policy.DROP_OLDEST, Policy.DISCONNECT])
def test_only_blocking_subscribers_hold_a_ticket(switch: Switch, policy: Policy) -> None:
    reader = switch.subscribe(policy=policy)
    switch.minute(1, closed(1))
    assert switch.tickets() == [1]

    next(reader)
    switch.minute(2, closed(2))
    next(reader)

    assert switch.tickets() == [1, 2]


def test_nobody_sees_a_minute_half_done(switch: Switch) -> None:
    reader = switch.subscribe()
    switch.fanout.tell(closed(1))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(next, reader)
        switch.fanout.tell(closed(2))
        assert not waiting.done()
        switch.fanout.tell(MinuteSettled(ticket=1))

        assert waiting.result(10) == closed(1)


def test_who_leaves_gives_back_all_that_it_held(switch: Switch) -> None:
    reader, other = switch.subscribe(), switch.subscribe()
    switch.minute(1, closed(1))
    switch.minute(2, closed(2))
    other.close()
    assert switch.tickets() == []

    reader.close()
    reader.close()

    assert switch.tickets() == [1, 2]
    assert drain(reader) == []


def test_who_has_left_is_given_nothing_more(switch: Switch) -> None:
    reader = switch.subscribe()
    reader.seat.push([], 0)
    reader.close()
    reader.seat.push([closed(1)], 1)
    switch.minute(1, closed(1))

    assert switch.tickets() == [1]
    assert drain(reader) == []


def test_a_late_return_of_a_ticket_that_is_home_changes_nothing(switch: Switch) -> None:
    reader = switch.subscribe()
    switch.minute(1, closed(1))
    next(reader)
    switch.fanout.finish(None)

    assert drain(reader) == []
    assert switch.tickets() == []


# --- the end


def test_at_the_end_of_the_run_what_is_queued_is_still_given(switch: Switch) -> None:
    reader = switch.subscribe()
    switch.minute(1, closed(1), closed(2))
    switch.fanout.tell(RunFinished(sessions=1))

    assert drain(reader) == [closed(1), closed(2)]


def test_a_run_that_failed_raises_after_what_is_queued(switch: Switch) -> None:
    reader = switch.subscribe()
    switch.minute(1, closed(1))
    switch.fanout.tell(RunFailed(reason="the disk is full"))

    assert next(reader) == closed(1)
    with pytest.raises(SystemFailed, match="the disk is full"):
        next(reader)


def test_who_comes_after_the_end_is_told_the_same(switch: Switch) -> None:
    switch.fanout.finish(NotReady("the system is closed"))

    with pytest.raises(NotReady, match="the system is closed"):
        next(switch.subscribe())


def test_who_waits_is_woken_at_the_end(switch: Switch) -> None:
    reader = switch.subscribe()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(drain, reader)
        switch.fanout.finish(None)

        assert waiting.result(10) == []


def test_leaving_the_block_closes_the_subscription(switch: Switch) -> None:
    with switch.subscribe() as reader:
        switch.minute(1, closed(1))
        assert next(reader) == closed(1)

    assert switch.tickets() == [1]


def test_the_first_wait_says_so_once(switch: Switch) -> None:
    reader, firsts = switch.subscribe(), list[str]()
    reader.on_first = lambda: firsts.append("play")
    switch.minute(1, closed(1), closed(2))
    next(reader)
    next(reader)

    assert firsts == ["play"]


# --- policies


def test_who_drops_the_oldest_counts_them(switch: Switch) -> None:
    reader = switch.subscribe(policy=Policy.DROP_OLDEST, bound=2)
    for minute in range(5):
        switch.minute(minute + 1, closed(minute))
    switch.fanout.finish(None)

    assert reader.dropped == 3
    assert drain(reader) == [closed(3), closed(4)]


def test_who_falls_behind_and_would_be_disconnected_is(switch: Switch) -> None:
    reader = switch.subscribe(policy=Policy.DISCONNECT, bound=2, name="slow")
    for minute in range(3):
        switch.minute(minute + 1, closed(minute))

    with pytest.raises(NotReady, match="subscriber 'slow' fell 2 events behind and was disconnected"):
        next(reader)


def test_who_blocks_may_be_given_more_than_its_bound_within_a_minute(switch: Switch) -> None:
    reader = switch.subscribe(bound=2)
    switch.minute(1, *map(closed, range(5)))
    switch.fanout.finish(None)

    assert drain(reader) == list(map(closed, range(5)))


# --- what is wanted


@pytest.mark.parametrize(
    ("wanted", "event", "picked"),
    [
        (Filter(events=frozenset({MinuteClosed})), closed(1), closed(1)),
        (Filter(events=frozenset({MinuteClosed})), updated("A"), None),
        (Filter(symbols=frozenset({"A"})), closed(1), closed(1)),
        (Filter(intervals=frozenset({FIVE})), updated("A"), None),
        (Filter(intervals=frozenset({FIVE})), updated("A", interval=FIVE), updated("A", interval=FIVE)),
        (Filter(symbols=frozenset({"A", "B"})), updated("A"), updated("A")),
        (Filter(symbols=frozenset({"C"})), updated("A", "B"), None),
        (Filter(symbols=frozenset({"A", "C"})), withdrawn("A", "B"), withdrawn("A")),
        (Filter(symbols=frozenset({"C"})), withdrawn("A", "B"), None),
        (Filter(intervals=frozenset({FIVE})), withdrawn("A"), None),
    ],
)
def test_a_filter_picks_by_class_interval_and_symbol(wanted: Filter, event: Event, picked: Event | None) -> None:
    assert wanted.pick(event) == picked


@pytest.mark.parametrize(("counts", "kept"), [((3, 4, 5), (3, 5)), (None, None)])
def test_bars_are_cut_to_the_wanted_symbols_with_their_counts(
    counts: tuple[int, ...] | None, kept: tuple[int, ...] | None
) -> None:
    cut = Filter(symbols=frozenset({"A", "C"})).pick(updated("A", "B", "C", interval=FIVE, counts=counts))

    assert isinstance(cut, BarsUpdated)
    assert (cut.batch.names(), cut.base_counts) == (["A", "C"], kept)


# --- waiting


def test_an_event_loop_goes_through_a_run_while_a_thread_feeds_it(switch: Switch) -> None:
    async def read(subscription: Subscription) -> Sequence[Event]:
        return [event async for event in subscription]

    async def feed_and_read() -> Sequence[Event]:
        reading = asyncio.create_task(read(switch.subscribe()))
        await asyncio.sleep(0)
        for minute in range(3):
            await asyncio.to_thread(switch.minute, minute + 1, closed(minute))
        await asyncio.to_thread(switch.fanout.finish, None)
        return await reading

    assert asyncio.run(feed_and_read()) == [closed(0), closed(1), closed(2)]


def test_asking_for_the_next_while_nothing_is_there_settles_the_one_before(switch: Switch) -> None:
    reader = switch.subscribe()
    switch.minute(1, closed(1))
    next(reader)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(next, reader)
        switch.minute(2, closed(2))

        assert waiting.result(10) == closed(2)
    assert switch.tickets() == [1]


# --- the watch


def watched(switch: Switch, times: int) -> list[tuple[tuple[str, ...], float]]:
    """What the overseer hears when somebody looks so many times, each a second after the other."""
    switch.boss.take()
    for _ in range(times):
        switch.fanout.watch(1.0)
    return [(late.names, late.seconds) for late in switch.boss.of(SubscriberLate)]


def test_the_watch_names_who_has_held_the_oldest_ticket_for_too_long(switch: Switch) -> None:
    switch.subscribe(name="slow")
    quick = switch.subscribe(name="quick")
    switch.minute(1, closed(1))
    quick.close()

    assert watched(switch, 4) == [((), 0.0), (("slow",), 1.0), (("slow",), 2.0), (("slow",), 3.0)]


def test_the_watch_starts_again_when_the_ticket_has_moved(switch: Switch) -> None:
    slow = switch.subscribe(name="slow")
    switch.minute(1, closed(1))
    switch.minute(2, closed(2))
    assert watched(switch, 3)[-1] == (("slow",), 2.0)

    next(slow)
    next(slow)

    assert watched(switch, 1) == [((), 0.0)]


def test_the_watch_names_nobody_when_nobody_holds_anything(switch: Switch) -> None:
    assert watched(switch, 3) == [((), 0.0)] * 3


# --- newcomers


def test_a_newcomer_hears_nothing_of_what_was_under_way_when_it_came(switch: Switch) -> None:
    newcomer = switch.fanout.subscribe("new", ALL, Policy.BLOCK, 2)
    switch.minute(6, closed(6))
    switch.fanout.tell(ListenFrom(ticket=8))
    switch.minute(7, closed(7))
    switch.minute(8, closed(8))

    switch.fanout.finish(None)

    assert drain(newcomer) == [closed(8)]
    assert switch.tickets() == [6, 7]


def test_a_newcomer_is_told_which_session_is_open(switch: Switch) -> None:
    opening = opened(DAY, ["A"])
    switch.minute(1, opening)
    switch.minute(2, closed(2))

    newcomer = switch.subscribe()
    switch.fanout.finish(None)

    assert drain(newcomer) == [opening]


def test_a_newcomer_is_told_how_warm_the_open_session_is(switch: Switch) -> None:
    opening, report = opened(DAY, ["A"]), WarmUpReported(session_date=DAY.date, needs=(), summary="warm")
    switch.minute(1, opening, report)
    switch.minute(2, closed(2))

    newcomer = switch.subscribe()
    switch.fanout.finish(None)

    assert drain(newcomer) == [opening, report]


def test_after_an_error_that_was_cleared_one_may_subscribe_again(switch: Switch) -> None:
    before = switch.subscribe(name="before")
    switch.fanout.tell(RunFailed(reason="the disk is gone"))
    between = switch.subscribe(name="between")
    switch.fanout.tell(StateChanged(state=SystemState.RUNNING))
    after = switch.subscribe(name="after")
    switch.minute(1, closed(0))

    for ended in (before, between):
        with pytest.raises(SystemFailed, match="the disk is gone"):
            next(ended)
    assert next(after) == closed(0)


def test_who_waits_for_the_end_of_a_run_that_failed_and_goes_on_waits_for_its_next_end() -> None:
    milestones = Milestones()
    milestones.tell(StateChanged(state=SystemState.RUNNING))
    first = milestones.finished
    milestones.tell(RunFailed(reason="the disk is gone"))
    milestones.tell(StateChanged(state=SystemState.RUNNING))
    second = milestones.finished
    milestones.tell(RunFinished(sessions=1))

    with pytest.raises(SystemFailed, match="the disk is gone"):
        first.get(timeout=0)
    assert second.get(timeout=0) is None
