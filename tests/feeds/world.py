"""One market, as a feed lets it happen: minute by minute, at a word of the test."""

from collections.abc import Callable

import msgspec

from actors.feeds.port import Feed
from actors.feeds.simulated.market import SimulatedMarket
from actors.kernel.clock import ManualClock
from messages import Bar
from messages.values import MINUTE_NS
from tests.builders import DAY

MARKET = SimulatedMarket(symbols=("A", "B"))
BARS = MARKET.day(DAY).bars


class World:
    """A feed, and what makes a minute happen at its far side.

    Args:
        feed: what is tried.
        clock: what it goes by, as far as it does.
        happen: sends these bars.
        symbols: what the two symbols of the market are called there.
    """

    has_everything = True
    """Whether all that there is can be wanted without being named."""

    def __init__(
        self,
        feed: Feed,
        clock: ManualClock,
        happen: Callable[[list[Bar]], None] | None = None,
        symbols: tuple[str, str] = ("A", "B"),
    ) -> None:
        self.feed = feed
        self.clock = clock
        self.symbols = symbols
        self._happen = happen
        self.subscribed: Callable[..., None] = lambda *_symbols: None
        """Waits until the far side knows of these subscriptions."""
        self.left: Callable[[], None] = lambda: None
        """Lets the far side know that the feed is gone, or waits until it does."""

    def minute(self, number: int) -> list[Bar]:
        """Let the n-th minute of the day be over; return its bars, sorted by symbol."""
        bars = [
            msgspec.structs.replace(bar, symbol=symbol)
            for bar, symbol in zip(BARS.rows(2 * number, 2 * number + 2).bars(), self.symbols, strict=True)
        ]
        end_ns = bars[0].start_ns + MINUTE_NS
        if self.clock.now_ns() < end_ns:
            self.clock.advance(end_ns - self.clock.now_ns())
        if self._happen is not None:
            self._happen(bars)
        return bars


def day_clock() -> ManualClock:
    """Return a clock that stands at the day's open."""
    return ManualClock(DAY.start_ns)
