"""The feeds of a house, behind one address."""

from collections.abc import Iterable
from typing import Self

from actors.feeds.hours import ExpectedHours
from actors.feeds.port import Feed
from actors.feeds.runner import FeedRunner
from actors.kernel.address import Address
from actors.kernel.clock import Clock, SystemClock
from actors.market.calendar import Calendar
from actors.settings import Settings
from messages.events import RunReady, SymbolsChanged
from messages.feeds import EVERYTHING, FeedEvent, FeedSettled, SubscribeSymbols, UnsubscribeSymbols
from messages.supervision import MakeGood


class FeedDesk:
    """Starts the feeds when the first session is open, and hands on what concerns them."""

    def __init__(self, runners: Iterable[FeedRunner], clock: Clock | None = None) -> None:
        self._runners = {runner.name: runner for runner in runners}
        self._clock = clock

    @classmethod
    def of(
        cls, feeds: Iterable[Feed], address: Address[FeedEvent], clock: Clock, settings: Settings, calendar: Calendar
    ) -> Self:
        """Give every feed its runner.

        Args:
            feeds: what is driven.
            address: who is told what comes.
            clock: what silence and back-off go by.
            settings: the symbols that are subscribed, and how patient the runners are.
            calendar: when something is expected to come.
        """
        symbols, hours = settings.symbols or (EVERYTHING,), ExpectedHours(calendar)
        return cls(
            (FeedRunner(feed, address, clock, settings.feed, symbols=symbols, expects_data=hours) for feed in feeds),
            clock,
        )

    def __len__(self) -> int:
        return len(self._runners)

    @property
    def own_clock(self) -> SystemClock | None:
        """The clock, where it may be held: all feeds go by it, as replays and simulated markets do."""
        is_replay = bool(self._runners) and all(runner.is_replay for runner in self._runners.values())
        return self._clock if is_replay and isinstance(self._clock, SystemClock) else None

    def tell(self, message: RunReady | FeedSettled | SymbolsChanged | MakeGood) -> None:
        """Start, return a ticket, change what is subscribed, or say again what may be lost."""
        if isinstance(message, RunReady):
            for runner in self._runners.values():
                runner.start()
        elif isinstance(message, FeedSettled):
            self._runners[message.feed].tell(message)
        elif isinstance(message, MakeGood):
            for runner in self._runners.values():
                runner.make_good()
        else:
            self._subscribe(message)

    def _subscribe(self, message: SymbolsChanged) -> None:
        for name, runner in self._runners.items():
            if message.added:
                runner.tell(SubscribeSymbols(feed=name, symbols=message.added))
            if message.removed:
                runner.tell(UnsubscribeSymbols(feed=name, symbols=message.removed))

    def close(self) -> None:
        """End every feed's thread; may be called twice."""
        for runner in self._runners.values():
            runner.close()
