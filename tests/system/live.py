"""Short live days at many times the speed of life: clocks, markets, and feeds that break."""

import threading
from collections.abc import Iterable, Iterator
from random import Random
from typing import Any

from actors.feeds.port import Feed
from actors.feeds.simulated.feed import SimulatedStream, simulated_feed
from actors.feeds.simulated.market import SimulatedMarket
from actors.feeds.simulated.prints import PrintRates
from actors.kernel.clock import SystemClock
from actors.kernel.ports import BarSource, BarStore
from actors.settings import LiveRules, SessionRules, UpkeepRules
from actors.storage.memory import MemoryStore
from actors.storage.source import StoreSource
from actors.system import System
from messages import Event, TradingSession
from messages.errors import ConnectionLost
from messages.feeds import FeedItem
from messages.values import SECOND_NS, Interval
from tests.system.worlds import xnys

DATE = "2024-07-02"
EIGHT = ("09:38-16:00",)
"""Hours to close so that a session is eight minutes."""
EARLY_NS = 60 * SECOND_NS
"""The clock is started so long before the open."""
RULES = SessionRules(grace_ns=30 * SECOND_NS, intervals=(Interval.parse("5m"), Interval.parse("1d")))
"""A grace of half a minute: at these speeds a machine that is busy for an instant is seconds late."""
QUIET = SimulatedStream(rates=PrintRates(ticks=0, quotes=0))


GIVEN: list[SystemClock] = []
"""Clocks that systems were given, which leave them to whoever made them: closed after each test."""


def session_of(date: str = DATE, closed: tuple[str, ...] = EIGHT) -> TradingSession:
    session = xnys(closed).session(date)
    assert session is not None
    return session


def clock_before(session: TradingSession, speed: float, early_ns: int = EARLY_NS) -> SystemClock:
    clock = SystemClock(speed, session.start_ns - early_ns)
    GIVEN.append(clock)
    return clock


def live(
    store: "BarStore | str",
    feeds: Iterable[Feed],
    clock: SystemClock,
    *,
    symbols: Iterable[str] = (),
    closed: tuple[str, ...] = EIGHT,
    sources: Iterable[BarSource] = (),
    calendar: str = "XNYS",
    **more: Any,
) -> System:
    """A live system of sessions of eight minutes; it ends with the first one's certificate."""
    given = {"live": LiveRules(auto_roll=False), "rules": RULES, **more}
    return System.live(
        store, tuple(feeds), symbols, calendar=calendar, clock=clock, closed=closed, sources=tuple(sources), **given
    )


def upstream_of(market: SimulatedMarket, *sessions: TradingSession) -> StoreSource:
    """Another store that has the whole days."""
    store = MemoryStore()
    for session in sessions:
        store.merge("XNYS", session.date, market.day(session))
    return StoreSource(store, "upstream")


def lived(system: System, *events: str) -> list[Event]:
    """Everything that is told until the day is over."""
    return list(system.subscribe(events, policy="drop_oldest", bound=1_000_000))


def market_feed(market: SimulatedMarket, session: TradingSession, clock: SystemClock) -> Feed:
    return simulated_feed(market, [session], clock, QUIET)


class Mortal:
    """Another feed whose connection breaks at random times, so many times in all."""

    def __init__(self, feed: Feed, deaths: int, seed: int = 1, most_reads: int = 4) -> None:
        self.name = feed.name
        self.has_bars = feed.has_bars
        self.is_remote = feed.is_remote
        self.deaths = deaths
        """How often it will still break."""
        self._feed = feed
        self._chance = Random(seed)
        self._most_reads = most_reads

    def connect(self, stopping: threading.Event) -> None:
        self._feed.connect(stopping)

    def subscribe(self, symbols: Iterable[str]) -> None:
        self._feed.subscribe(symbols)

    def unsubscribe(self, symbols: Iterable[str]) -> None:
        self._feed.unsubscribe(symbols)

    def reads(self) -> Iterator[tuple[FeedItem, ...]]:
        left = self._chance.randint(1, self._most_reads) if self.deaths else -1
        for items in self._feed.reads():
            if left == 0:
                self.deaths -= 1
                raise ConnectionLost("died")  # what was read is lost with it
            left -= 1
            yield items

    def close(self) -> None:
        self._feed.close()


FAST_UPKEEP = UpkeepRules(coalesce_s=5.0, backoff_s=10.0)
