"""What is wrong on a live day is told when it has changed, with the feeds that are away."""

import pytest

from actors.settings import LiveRules
from actors.stream_coordinator.live_day.hearing import Hearing
from actors.stream_coordinator.live_day.troubles import Troubles
from messages import FeedHealth, FeedReported, TroublesChanged


class Part:
    """Has the troubles that a test gives it."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def troubles(self) -> list[str]:
        return self.lines


def test_troubles_are_told_once_until_they_change() -> None:
    part = Part()
    troubles = Troubles((part, Part()), Hearing(LiveRules()))
    told = [troubles.news()]
    part.lines = ["the sky falls"]
    told += [troubles.news(), troubles.news()]
    part.lines = []
    told += [troubles.news(), troubles.news()]

    assert told == [[], [TroublesChanged(troubles=("the sky falls",))], [], [TroublesChanged(troubles=())], []]


@pytest.mark.parametrize(
    ("health", "said"),
    [
        (FeedHealth(feed="f"), None),
        (FeedHealth(feed="f", is_connected=True, losses=3, last_error="gone"), None),
        (FeedHealth(feed="f", is_over=True), None),
        (FeedHealth(feed="f", losses=1, last_error="gone"), "feed f is not connected: gone"),
        (FeedHealth(feed="f", losses=1), "feed f is not connected: it is tried again"),
        (FeedHealth(feed="f", is_over=True, last_error="wrong keys"), "feed f will not connect again: wrong keys"),
    ],
)
def test_a_feed_that_was_lost_is_a_trouble_and_one_at_its_end_is_none(health: FeedHealth, said: str | None) -> None:
    hearing = Hearing(LiveRules())
    hearing.note(FeedReported(health=health))
    troubles = Troubles((), hearing)

    assert troubles.news() == ([] if said is None else [TroublesChanged(troubles=(said,))])
    assert troubles.now() == ()
