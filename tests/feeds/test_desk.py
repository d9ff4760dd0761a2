"""What concerns the feeds of a house, as their desk hands it on."""

import threading

from actors.feeds.desk import FeedDesk
from actors.feeds.replay import replay_feed
from actors.feeds.runner import FeedRunner
from actors.kernel.clock import ManualClock, SystemClock
from actors.settings import FeedRules
from actors.storage.memory import MemoryStore
from messages import FeedSettled, RunReady, SymbolsChanged
from messages.feeds import SubscribeSymbols, UnsubscribeSymbols
from tests.builders import DAY
from tests.doubles import Outbox
from tests.feeds.scripted import ScriptedFeed


class Noted(FeedRunner):
    """A runner that only remembers."""

    def __init__(self, name: str) -> None:
        feed = ScriptedFeed()
        feed.name = name
        super().__init__(feed, Outbox(), ManualClock(), FeedRules())
        self.told: list[object] = []
        self.is_started = False

    def start(self) -> None:
        self.is_started = True

    def tell(self, message: object) -> None:
        self.told.append(message)


def test_feeds_are_started_when_the_first_session_is_open() -> None:
    runners = Noted("a"), Noted("b")
    FeedDesk(runners).tell(RunReady(session=DAY))

    assert [runner.is_started for runner in runners] == [True, True]


def test_a_ticket_goes_home_to_the_feed_that_it_came_from() -> None:
    first, second = Noted("a"), Noted("b")
    FeedDesk([first, second]).tell(FeedSettled(feed="b", ticket=7))

    assert (first.told, second.told) == ([], [FeedSettled(feed="b", ticket=7)])


def test_symbols_that_join_or_leave_are_subscribed_and_unsubscribed_at_every_feed() -> None:
    first, second = Noted("a"), Noted("b")
    desk = FeedDesk([first, second])
    desk.tell(SymbolsChanged(added=("X",)))
    desk.tell(SymbolsChanged(removed=("Y", "Z")))

    for runner in (first, second):
        assert runner.told == [
            SubscribeSymbols(feed=runner.name, symbols=("X",)),
            UnsubscribeSymbols(feed=runner.name, symbols=("Y", "Z")),
        ]


def test_a_desk_is_closed_twice_and_before_anything_has_started() -> None:
    desk = FeedDesk([FeedRunner(ScriptedFeed(), Outbox(), ManualClock())])
    desk.close()
    desk.close()

    assert not [thread for thread in threading.enumerate() if thread.name == "barkeeper-feed-scripted"]


def test_a_clock_may_be_held_when_there_are_feeds_and_all_of_them_go_by_it() -> None:
    clock, still = SystemClock(), ManualClock()
    replay = FeedRunner(replay_feed(MemoryStore(), [], clock), Outbox(), clock)

    assert FeedDesk([replay], clock).own_clock is clock
    assert FeedDesk([replay, Noted("a")], clock).own_clock is None
    assert FeedDesk([replay], still).own_clock is None
    assert FeedDesk([], clock).own_clock is None
