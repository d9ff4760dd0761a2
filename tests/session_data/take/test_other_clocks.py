"""Bars folded from trades of a feed whose clock is not ours: what was heard in part is not told as whole."""

import pytest

from messages import TicksArrived
from messages.feeds import FeedLost
from messages.values import SECOND_NS
from tests.session_data.trading import FEED, after, came, connected, rows, time, trade, trading

AHEAD_S = 25


def early(second: float, price: float = 100.0, ids: tuple[str, ...] = ()) -> TicksArrived:
    """A trade whose feed's clock is ahead of ours, at the time for which it waited."""
    return came(trade(second, price), ids=ids, ahead_ns=AHEAD_S * SECOND_NS)


def lost(second: float) -> FeedLost:
    return FeedLost(feed=FEED, reason="reset", arrived_ns=after(second))


def test_by_the_clock_of_a_feed_that_is_ahead_it_was_connected_later() -> None:
    """
    ours    -15       0                   35        60
            connected |                             |
    theirs  10        25                  60
    """
    core = trading(connected(-15), early(12), early(50), early(62, 101), early(119, 102), time(125))

    assert rows(core) == [(101, 102, 101, 102, 2)]


def test_what_it_did_not_send_while_it_was_away_is_counted_by_its_own_clock_too() -> None:
    """
    ours    38 lost       55 connected
    theirs  63            80            and what waits for its time comes when it is there again
    """
    core = trading(connected(-60), early(1), lost(38), connected(55), early(59), early(62), early(81), early(121, 106))
    core.handle(time(185))

    assert rows(core) == [(106, 106, 106, 106, 1)]


@pytest.mark.parametrize(("ids", "again", "expected"), [((), False, 0), (("x",), False, 0), (("x",), True, 2)])
def test_a_minute_of_which_a_trade_was_refused_for_being_early_has_no_bar_unless_it_comes_again(
    ids: tuple[str, ...], again: bool, expected: int
) -> None:
    refused = came(trade(20, 90), now=1, ids=ids)
    sent_again = [came(trade(20, 90), ids=ids)] if again else []
    core = trading(connected(), refused, *sent_again, came(trade(30, 101)), time(65))

    assert [row[-1] for row in rows(core)] == ([expected] if expected else [])


def test_a_trade_of_a_far_time_to_come_costs_no_minute_its_bar() -> None:
    core = trading(connected(), came(trade(400), now=1), came(trade(30)), came(trade(401)), time(405))

    assert len(rows(core)) == 1  # the session is four minutes long


@pytest.mark.parametrize(("late_s", "told_s"), [(0.5, 65), (3, 65), (20, 82), (40, 102)])
def test_a_minute_of_a_feed_that_is_always_late_is_told_when_that_is_over(late_s: float, told_s: float) -> None:
    ticks = [came(trade(second), now=second + late_s) for second in range(0, 60, 5)]
    core = trading(connected(), *[one for one in ticks if one.now_ns <= after(60)])
    for one in ticks:
        if one.now_ns > after(60):
            core.handle(time((one.now_ns - after(0)) / SECOND_NS))
            core.handle(one)
    core.handle(time(told_s - 0.25))
    before = rows(core)
    core.handle(time(told_s))

    assert before == []
    assert rows(core) == [(100, 100, 100, 100, 12)]


def test_who_repeats_what_is_long_ago_is_not_awaited_for_as_long() -> None:
    repeated = [came(trade(second / 100), now=62, ids=(f"{second}",)) for second in range(40)]
    core = trading(connected(), *repeated, time(65), time(119), time(127))

    assert [row[-1] for row in rows(core)] == [40.0]
