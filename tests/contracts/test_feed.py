"""What every feed promises; the same suite runs over each of them."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.feeds.port import POLL_S
from actors.feeds.runner import FeedRunner
from messages import FeedBars, FeedConnected, FeedSettled, SubscribeSymbols, SymbolsRefused, UnsubscribeSymbols
from messages.feeds import EVERYTHING
from tests.feeds.listening import Listener, Reader
from tests.feeds.world import World
from tests.feeds.worlds import WORLDS
from tests.patience import SOON_S


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with request.param(tmp_path) as made:
        yield made
        made.feed.close()


def connected(world: World, *symbols: str) -> Reader:
    reader = Reader(world.feed)
    world.feed.subscribe(symbols)
    reader.connect()
    world.subscribed(*symbols)
    return reader


def test_bars_come_when_their_minute_is_over(world: World) -> None:
    reader = connected(world, *world.symbols)

    for number in range(3):
        expected = world.minute(number)
        assert reader.next_bars(2) == expected


def test_every_event_says_whose_it_is(world: World) -> None:
    reader = connected(world, *world.symbols)
    world.minute(0)

    (event, *_) = reader.next_of(FeedBars)

    assert world.feed.name
    assert event.feed == world.feed.name


def test_only_symbols_that_are_wanted_come(world: World) -> None:
    reader = connected(world, world.symbols[1])
    _, wanted = world.minute(0)

    assert reader.next_bars(1) == [wanted]


def test_everything_can_be_wanted_or_is_refused_in_words(world: World) -> None:
    world.feed.subscribe([EVERYTHING])
    reader = Reader(world.feed)
    reader.connect()

    if world.has_everything:
        world.subscribed(EVERYTHING)
        world.minute(0)
        assert sorted(bar.symbol for bar in reader.next_bars(2)) == sorted(world.symbols)
    else:
        (refused,) = reader.next_of(SymbolsRefused)
        assert refused.symbols == (EVERYTHING,)
        assert "name" in refused.reason


def test_symbols_come_and_go_while_it_runs(world: World) -> None:
    reader = connected(world, world.symbols[0])
    first, _ = world.minute(0)
    assert reader.next_bars(1) == [first]

    world.feed.subscribe(world.symbols[1:])
    world.subscribed(*world.symbols)
    both = world.minute(1)
    assert reader.next_bars(2) == both
    world.feed.unsubscribe(world.symbols[:1])
    world.subscribed(world.symbols[1])
    _, last = world.minute(2)
    assert reader.next_bars(1) == [last]


def test_a_read_returns_soon_though_nothing_happens(world: World) -> None:
    reader = connected(world, world.symbols[0])
    reader.read()

    began = time.monotonic()
    reader.read()

    assert time.monotonic() - began < POLL_S + SOON_S


def test_it_may_be_closed_at_any_time_and_twice(world: World) -> None:
    world.feed.close()
    reader = connected(world, world.symbols[0])
    world.feed.close()
    world.feed.close()

    assert reader.feed is world.feed


def test_it_can_be_connected_again(world: World) -> None:
    reader = connected(world, world.symbols[0])
    first, _ = world.minute(0)
    assert reader.next_bars(1) == [first]
    world.feed.close()

    world.left()
    reader.connect()
    world.subscribed(world.symbols[0])
    second, _ = world.minute(1)

    assert reader.next_bars(1) == [second]


def test_a_runner_tells_its_bars_on_credit_and_stops_within_a_second(world: World) -> None:
    listener = Listener()
    runner = FeedRunner(world.feed, listener, world.clock, symbols=world.symbols)
    runner.start()
    listener.wait_for(FeedConnected)
    world.subscribed(*world.symbols)
    expected = world.minute(0)
    listener.wait_until(lambda: len(listener.bars()) == 2)
    runner.tell(FeedSettled(feed=runner.name, ticket=1))

    began = time.monotonic()
    runner.close()

    assert time.monotonic() - began < SOON_S
    assert listener.bars() == expected
    assert [event.ticket for event in listener.of(FeedBars)] == [*range(1, len(listener.of(FeedBars)) + 1)]
    assert {event.arrived_ns for event in listener.of(FeedBars)} == {world.clock.now_ns()}
    assert runner.health().is_over


def test_a_runner_changes_subscriptions_in_the_feeds_own_thread(world: World) -> None:
    listener = Listener()
    runner = FeedRunner(world.feed, listener, world.clock, symbols=world.symbols[:1])
    runner.tell(SubscribeSymbols(feed=runner.name, symbols=world.symbols[1:]))
    runner.tell(UnsubscribeSymbols(feed=runner.name, symbols=world.symbols[:1]))
    runner.start()
    listener.wait_for(FeedConnected)
    world.subscribed(world.symbols[1])
    _, wanted = world.minute(0)
    listener.wait_until(lambda: len(listener.bars()) > 0)
    runner.close()

    assert listener.bars() == [wanted]
