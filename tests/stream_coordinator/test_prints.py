"""Trades and quotes on their way from a feed to SessionData."""

from typing import Any

import pytest

from messages import (
    FeedConnected,
    FeedLost,
    FeedQuotes,
    FeedSettled,
    FeedTicks,
    Quote,
    QuotesArrived,
    Tick,
    TicksArrived,
)
from messages.values import SECOND_NS, Nanos
from tests.builders import DAY, at
from tests.stream_coordinator.live_day.watch import FEED, Watch, of

NOW = at("09:40")


def trading(**rules: Any) -> Watch:
    """An open session at 9:40."""
    watch = Watch(DAY, **rules).up()
    watch.at("09:40")
    return watch


def tick(ahead_ns: Nanos, price: float = 1.0) -> Tick:
    return Tick(symbol="A", at_ns=NOW + ahead_ns, price=price, size=1.0)


def quote(ahead_ns: Nanos) -> Quote:
    return Quote(symbol="A", at_ns=NOW + ahead_ns, bid=1.0, ask=2.0)


def ticks(*given: Tick, **more: object) -> FeedTicks:
    return FeedTicks(feed=FEED, ticks=given, arrived_ns=NOW, **more)  # type: ignore[arg-type]  # ids, ticket


def connected(*, has_bars: bool) -> FeedConnected:
    return FeedConnected(feed=FEED, attempt=1, has_bars=has_bars, arrived_ns=NOW)


def test_the_trades_of_one_read_go_on_in_one_message_with_their_ids() -> None:
    given = tick(-2), tick(-1)

    assert of(trading().tell(ticks(*given, ids=("x", "y"))), TicksArrived) == [
        TicksArrived(ticks=given, ids=("x", "y"), now_ns=NOW, source=FEED)
    ]


def test_of_a_feed_that_is_late_less_had_come_when_it_last_showed_life() -> None:
    lost = FeedLost(feed=FEED, reason="gone", heard_until_ns=NOW, arrived_ns=NOW + SECOND_NS)
    watch = trading()
    assert of(watch.tell(lost), FeedLost) == [lost]

    watch.tell(ticks(tick(-3 * SECOND_NS), tick(-2 * SECOND_NS)), ticks(tick(-SECOND_NS)))
    (said,) = of(watch.tell(lost), FeedLost)
    assert said.heard_until_ns == NOW - 2 * SECOND_NS


@pytest.mark.parametrize("has_bars", [True, False])
def test_bars_are_folded_from_the_trades_of_a_feed_that_sends_none(has_bars: bool) -> None:
    watch = trading()
    watch.tell(connected(has_bars=has_bars))
    (arrived,) = of(watch.tell(ticks(tick(-1))), TicksArrived)

    assert arrived.is_folded is not has_bars


def test_a_read_without_trades_or_quotes_tells_nothing_of_them() -> None:
    watch = trading()

    assert not of(watch.tell(ticks()), TicksArrived)
    assert not of(watch.tell(FeedQuotes(feed=FEED, quotes=(), arrived_ns=NOW)), QuotesArrived)


def test_trades_that_are_a_little_ahead_of_the_clock_wait_until_it_has_come_to_them() -> None:
    watch = trading(max_clock_skew_s=2.0)
    at_once = of(watch.tell(ticks(tick(5), tick(-1), tick(2 * SECOND_NS), ids=("x", "y", "z"))), TicksArrived)
    waiting = watch.status.early
    later = of(watch.at(NOW + 2 * SECOND_NS), TicksArrived)

    assert [(one.ticks, one.ids) for one in at_once] == [((tick(-1),), ("y",))]
    assert (waiting, watch.status.early, watch.status.skewed) == (2, 0, 0)
    assert [(one.ticks, one.ids, one.now_ns) for one in later] == [
        ((tick(5), tick(2 * SECOND_NS)), ("x", "z"), NOW + 2 * SECOND_NS)
    ]


def test_trades_that_are_further_ahead_are_counted_and_left_to_session_data_to_refuse() -> None:
    watch = trading(max_clock_skew_s=2.0)
    (arrived,) = of(watch.tell(ticks(tick(2 * SECOND_NS + 1))), TicksArrived)

    assert arrived.ticks == (tick(2 * SECOND_NS + 1),)
    assert (watch.status.early, watch.status.skewed) == (0, 1)


def test_quotes_wait_as_trades_do() -> None:
    watch = trading(max_clock_skew_s=2.0)
    given = FeedQuotes(feed=FEED, quotes=(quote(-1), quote(7), quote(3 * SECOND_NS)), arrived_ns=NOW, ticket=4)
    said = watch.tell(given)
    waiting = watch.status.early
    later = of(watch.at(NOW + SECOND_NS), QuotesArrived)

    assert [one.quotes for one in of(said, QuotesArrived)] == [(quote(-1),), (quote(3 * SECOND_NS),)]
    assert of(said, FeedSettled) == [FeedSettled(feed=FEED, ticket=4)]
    assert (waiting, watch.status.skewed) == (1, 1)
    assert [one.quotes for one in later] == [(quote(7),)]
