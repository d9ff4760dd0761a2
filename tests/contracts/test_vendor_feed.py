"""What every vendor's feed promises when its far side does not behave; ``test_feed`` has what all feeds promise."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.feeds.port import Feed
from actors.feeds.runner import FeedRunner
from actors.kernel.clock import ManualClock, SystemClock
from actors.settings import FeedRules
from messages import Bar, FeedBars, FeedConnected, FeedLost, MessagesRejected, SymbolsRefused
from messages.values import SECOND_NS
from tests.feeds.listening import Listener
from tests.feeds.vendor_worlds import VENDOR_WORLDS, VendorWorld, silence
from tests.patience import SOON_S

QUICK = FeedRules(backoff_s=0.01, longest_backoff_s=0.05, report_every_s=0.05)
LIVES = 5
Run = Callable[..., "tuple[FeedRunner, Listener]"]


@pytest.fixture(params=VENDOR_WORLDS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VendorWorld]:
    with request.param(tmp_path) as made:
        yield made


@pytest.fixture
def run() -> Iterator[Run]:
    runners: list[FeedRunner] = []
    wall = SystemClock()

    def start(feed: Feed, *symbols: str, clock: Any = wall, rules: FeedRules = QUICK) -> tuple[FeedRunner, Listener]:
        listener = Listener()
        runners.append(FeedRunner(feed, listener, clock, rules, symbols=symbols))
        runners[-1].start()
        return runners[-1], listener

    yield start
    for runner in runners:
        runner.close()
        assert not runner._thread.is_alive()
    wall.close()


def test_a_connection_that_dies_comes_back_each_time_and_goes_on(world: VendorWorld, run: Run) -> None:
    _, listener = run(world.feed, *world.symbols)
    sent: list[Bar] = []
    for life in range(LIVES):
        listener.wait_for(FeedConnected, life + 1)
        world.subscribed(*world.symbols)
        sent.extend(world.minute(life))
        listener.wait_until(lambda: len(listener.bars()) >= len(sent))
        world.server.drop()
        listener.wait_for(FeedLost, life + 1)

    assert listener.bars() == sent
    assert all(lost.retry_ns is not None and lost.reason for lost in listener.of(FeedLost))


def test_a_far_side_that_restarts_is_found_again_and_subscribed_anew(world: VendorWorld, run: Run) -> None:
    _, listener = run(world.feed, *world.symbols)
    listener.wait_for(FeedConnected)
    world.subscribed(*world.symbols)
    world.server.stop()
    assert all(lost.retry_ns is not None for lost in listener.wait_for(FeedLost, 2))

    world.server.start()
    listener.wait_for(FeedConnected, 2)
    world.subscribed(*world.symbols)
    expected = world.minute(0)

    listener.wait_until(lambda: len(listener.bars()) == 2)
    assert listener.bars() == expected
    assert listener.of(FeedConnected)[1].attempt >= 2


def test_a_symbol_that_there_is_not_takes_nothing_from_the_others(world: VendorWorld, run: Run) -> None:
    _, listener = run(world.feed, world.symbols[0], world.unknown, world.symbols[1])

    (refused,) = listener.wait_for(SymbolsRefused)
    world.subscribed(*world.symbols)
    expected = world.minute(0)
    listener.wait_until(lambda: len(listener.bars()) == 2)

    assert (refused.feed, refused.symbols) == (world.feed.name, (world.unknown,))
    assert refused.reason
    assert listener.bars() == expected
    assert listener.of(FeedLost) == []


def test_garbage_is_told_and_what_comes_after_it_is_heard(world: VendorWorld, run: Run) -> None:
    _, listener = run(world.feed, *world.symbols)
    listener.wait_for(FeedConnected)
    world.subscribed(*world.symbols)

    world.garble()
    listener.wait_until(lambda: bool(listener.of(MessagesRejected) or listener.of(FeedLost)))
    if lost := listener.of(FeedLost):  # of some clients nothing more comes once they have met such
        assert lost[0].retry_ns is not None
        listener.wait_for(FeedConnected, 2)
        world.subscribed(*world.symbols)
    expected = world.minute(0)

    listener.wait_until(lambda: len(listener.bars()) == 2)
    assert listener.bars() == expected


def test_wrong_keys_are_final_and_not_shown(world: VendorWorld, run: Run) -> None:
    if world.stranger is None:
        pytest.skip("it asks for no keys")
    feed, secret = world.stranger()
    runner, listener = run(feed, *world.symbols)

    (lost,) = listener.wait_for(FeedLost)
    runner._thread.join(5)

    assert lost.retry_ns is None
    assert secret not in repr(listener.messages)
    assert listener.of(FeedConnected) == []
    assert not runner._thread.is_alive()


def test_it_is_closed_within_a_second_while_a_far_side_keeps_it_waiting(world: VendorWorld, run: Run) -> None:
    with silence() as silent:
        runner, listener = run(world.elsewhere(silent.getsockname()[1]), *world.symbols)
        there, _ = silent.accept()
        began = time.monotonic()
        runner.close()
        there.close()

    assert time.monotonic() - began < SOON_S
    assert not runner._thread.is_alive()
    assert listener.of(FeedLost) == []


def test_it_is_closed_within_a_second_while_it_is_connected(world: VendorWorld, run: Run) -> None:
    runner, listener = run(world.feed, *world.symbols)
    listener.wait_for(FeedConnected)

    began = time.monotonic()
    runner.close()

    assert time.monotonic() - began < SOON_S
    assert not runner._thread.is_alive()


def test_a_far_side_that_is_mute_for_an_hour_is_asked_again(world: VendorWorld, run: Run) -> None:
    clock = ManualClock(world.clock.now_ns())
    _, listener = run(world.feed, *world.symbols, clock=clock, rules=FeedRules(jitter=0.0))
    listener.wait_for(FeedConnected)
    world.subscribed(*world.symbols)
    world.minute(0)
    listener.wait_until(lambda: len(listener.bars()) == 2)

    clock.advance(3600 * SECOND_NS)
    (lost,) = listener.wait_for(FeedLost)

    assert lost.is_stale
    assert listener.wait_for(FeedConnected, 2)
    assert {event.feed for event in listener.of(FeedBars)} == {world.feed.name}
