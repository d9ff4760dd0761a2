"""The simulated market as it happens: trades and quotes within each minute, and the minute's bars at its end."""

from collections.abc import Iterable, Iterator

import msgspec
import numpy as np

from actors.feeds.paced import PacedFeed
from actors.feeds.simulated.market import SimulatedMarket
from actors.feeds.simulated.prints import MinutePrints, PrintRates, minute_prints
from actors.feeds.wanted import WantedSymbols
from actors.kernel.clock import Clock
from messages.feeds import FeedBars, FeedItem, FeedQuotes, FeedTicks
from messages.tables.columns import BarBatch
from messages.values import Nanos, Quote, Tick, TradingSession


class SimulatedStream(msgspec.Struct, frozen=True, kw_only=True):
    """What of the market is sent.

    Raises:
        SettingsError: there is nothing to send, or a minute has too few trades to hold its bar.
    """

    has_bars: bool = True
    rates: PrintRates = PrintRates()

    def __post_init__(self) -> None:
        self.rates.check(has_bars=self.has_bars)


def simulated_feed(
    market: SimulatedMarket,
    sessions: Iterable[TradingSession],
    clock: Clock,
    stream: SimulatedStream | None = None,
    *,
    name: str = "simulated",
    beat_s: float = 0.01,
) -> PacedFeed:
    """Make a feed of these sessions, which must be in order of time and may be without end.

    Bars are those of ``market.day(session)``, and equal the fold of their minute's trades to the last bit. The same
    market sends the same trades, quotes and bars whenever and however often it is asked. The clock must show
    session time; its speed is the market's. ``beat_s`` is as in ``PacedFeed``.
    """
    sent = stream or SimulatedStream()
    return PacedFeed(name, _Days(market, sessions, sent, name), clock, has_bars=sent.has_bars, beat_s=beat_s)


class _Days:
    """One minute after the other, through all sessions."""

    def __init__(
        self, market: SimulatedMarket, sessions: Iterable[TradingSession], stream: SimulatedStream, name: str
    ) -> None:
        self._stream = stream
        self._name = name
        self._minutes = _minutes(market, sessions, stream.rates)
        self._minute = next(self._minutes, None)

    def due_ns(self) -> Nanos | None:
        return None if self._minute is None else self._minute.due_ns()

    def take(self, now_ns: Nanos, wanted: WantedSymbols) -> tuple[FeedItem, ...]:
        taken: list[FeedItem] = []
        while self._minute is not None and self._minute.due_ns() <= now_ns:
            taken += self._of(self._minute, now_ns, wanted)
            if self._minute.end_ns <= now_ns:
                self._minute = next(self._minutes, None)
        return tuple(taken)

    def _of(self, minute: "_Minute", now_ns: Nanos, wanted: WantedSymbols) -> Iterator[FeedItem]:
        if ticks := minute.ticks(now_ns, wanted):
            yield FeedTicks(feed=self._name, ticks=ticks)
        if quotes := minute.quotes(now_ns, wanted):
            yield FeedQuotes(feed=self._name, quotes=quotes)
        if self._stream.has_bars and minute.end_ns <= now_ns and len(batch := wanted.of(minute.bars)):
            yield FeedBars(feed=self._name, batch=batch)


def _minutes(market: SimulatedMarket, sessions: Iterable[TradingSession], rates: PrintRates) -> "Iterator[_Minute]":
    for session in sessions:
        bars = market.day(session).bars
        starts, firsts = np.unique(bars.start_ns, return_index=True)
        edges = [*firsts.tolist(), len(bars)]
        for number, start_ns in enumerate(starts.tolist()):
            minute = bars.rows(edges[number], edges[number + 1])
            yield _Minute(minute, minute_prints(minute, (market.seed, start_ns), rates))


class _Minute:
    """A minute of the market, given away piece by piece."""

    def __init__(self, bars: BarBatch, prints: MinutePrints) -> None:
        self.bars = bars
        self.end_ns = int(bars.start_ns[0]) + bars.interval.span_ns
        self._prints = prints
        self._ticked = 0
        self._quoted = 0

    def due_ns(self) -> Nanos:
        """When its next trade or quote happens, or it ends."""
        due = self.end_ns
        if self._ticked < len(self._prints.tick_ns):
            due = min(due, int(self._prints.tick_ns[self._ticked]))
        if self._quoted < len(self._prints.quote_ns):
            due = min(due, int(self._prints.quote_ns[self._quoted]))
        return due

    def ticks(self, now_ns: Nanos, wanted: WantedSymbols) -> tuple[Tick, ...]:
        """Return the trades until now that were not given yet."""
        prints, first = self._prints, self._ticked
        self._ticked = last = int(np.searchsorted(prints.tick_ns, now_ns, side="right"))
        return tuple(
            Tick(symbol=symbol, at_ns=at_ns, price=price, size=size)
            for symbol, at_ns, price, size in zip(
                self._names(prints.tick_symbol[first:last]),
                prints.tick_ns[first:last].tolist(),
                prints.price[first:last].tolist(),
                prints.size[first:last].tolist(),
                strict=True,
            )
            if symbol in wanted
        )

    def quotes(self, now_ns: Nanos, wanted: WantedSymbols) -> tuple[Quote, ...]:
        """Return the quotes until now that were not given yet."""
        prints, first = self._prints, self._quoted
        self._quoted = last = int(np.searchsorted(prints.quote_ns, now_ns, side="right"))
        return tuple(
            Quote(symbol=symbol, at_ns=at_ns, bid=bid, ask=ask, bid_size=bid_size, ask_size=ask_size)
            for symbol, at_ns, bid, ask, bid_size, ask_size in zip(
                self._names(prints.quote_symbol[first:last]),
                prints.quote_ns[first:last].tolist(),
                *prints.quote[:, first:last].tolist(),
                strict=True,
            )
            if symbol in wanted
        )

    def _names(self, index: "np.typing.NDArray[np.int32]") -> list[str]:
        return [self.bars.symbols[place] for place in index.tolist()]
