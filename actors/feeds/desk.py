"""The feeds of a house, behind one address."""

from collections.abc import Sequence

from actors.feeds.runner import FeedRunner
from messages.events import RunReady, SymbolsChanged
from messages.feeds import FeedSettled, SubscribeSymbols, UnsubscribeSymbols


class FeedDesk:
    """Starts the feeds when the first session is open, and hands on what concerns them."""

    def __init__(self, runners: Sequence[FeedRunner]) -> None:
        self._runners = {runner.name: runner for runner in runners}

    def __len__(self) -> int:
        return len(self._runners)

    def tell(self, message: RunReady | FeedSettled | SymbolsChanged) -> None:
        """Start, return a ticket, or change what is subscribed."""
        if isinstance(message, RunReady):
            for runner in self._runners.values():
                runner.start()
        elif isinstance(message, FeedSettled):
            self._runners[message.feed].tell(message)
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
