"""What is known of the feeds: their health, how late they are, which symbols they refuse."""

from collections.abc import Iterable, Sequence

from actors.settings import LiveRules
from actors.stream_coordinator.live_day.feed_clock import FeedClock
from actors.stream_coordinator.live_day.lag import LagMeter
from messages.feeds import FeedConnected, FeedEvent, FeedHealth, FeedReported, SymbolsRefused
from messages.lifecycle import FeedStatus, LagChanged, SymbolLag
from messages.values import MINUTE_NS, SECOND_NS, Nanos

_FEW = 5


class Hearing:
    """Keeps what feeds say of themselves, by their names."""

    def __init__(self, rules: LiveRules) -> None:
        self._most_ns = round(rules.max_lag_s * SECOND_NS)
        self._healths: dict[str, FeedHealth] = {}
        self._meters: dict[str, LagMeter] = {}
        self._last: dict[str, dict[str, tuple[Nanos, Nanos]]] = {}
        """By feed and symbol when what came last happened, and when it arrived."""
        self._refused: dict[str, dict[tuple[str, str], str]] = {}
        """By feed why it will not send a channel, empty for all of them, and a symbol."""
        self._barless: set[str] = set()
        self._most_ahead_ns = round(rules.max_clock_skew_s * SECOND_NS)
        self._clocks: dict[str, FeedClock] = {}

    def note(self, message: FeedEvent) -> None:
        """Remember what a feed says of itself."""
        if isinstance(message, FeedReported):
            self._healths[message.health.feed] = message.health
        elif isinstance(message, FeedConnected) and not message.has_bars:
            self._barless.add(message.feed)
        elif isinstance(message, SymbolsRefused):
            refused = self._refused.setdefault(message.feed, {})
            refused.update({(message.channel, symbol): message.reason for symbol in message.symbols})

    def sends_bars(self, feed: str) -> bool:
        """Return whether a feed sends bars; else they are folded from its trades."""
        return feed not in self._barless

    def lag(self, feed: str, event_ns: Nanos, arrived_ns: Nanos) -> list[LagChanged]:
        """Measure one arrival."""
        if feed not in self._meters:
            self._meters[feed] = LagMeter(feed, self._most_ns)
        return self._meters[feed].add(event_ns, arrived_ns)

    def longest_lag_ns(self, feed: str) -> Nanos:
        """Return how late its latest arrivals were at most."""
        return self._meters[feed].longest_ns if feed in self._meters else 0

    def be_more_patient(self, times: float) -> None:
        """Let a lag be so many times as long before it is told: what takes a moment is longer on a faster clock."""
        self._most_ns = round(self._most_ns * times)
        for meter in self._meters.values():
            meter.most_ns = self._most_ns

    def heard(self, feed: str, events: Iterable[tuple[str, Nanos]], arrived_ns: Nanos) -> None:
        """Remember what came last of symbols: each with the time that it tells of."""
        last = self._last.setdefault(feed, {})
        for symbol, event_ns in events:
            last[symbol] = (event_ns, arrived_ns)

    def clock(self, feed: str) -> FeedClock:
        """Return what is known of a feed's clock."""
        if feed not in self._clocks:
            self._clocks[feed] = FeedClock(self._most_ahead_ns, self._most_ns if self._most_ns >= MINUTE_NS else 0)
        return self._clocks[feed]

    def statuses(self) -> tuple[FeedStatus, ...]:
        """Return how every feed is that has been heard of; it takes a while, for every symbol's lag is there."""
        return tuple(self._status(health) for health in self.healths())

    def healths(self) -> list[FeedHealth]:
        """Return what every feed says of itself that has been heard of."""
        names = sorted({*self._healths, *self._meters, *self._refused, *self._last})
        return [self._healths.get(name) or FeedHealth(feed=name) for name in names]

    def troubles(self) -> list[str]:
        """Return a sentence for a clock that is wrong, and for every reason for which a feed will not send symbols."""
        found: dict[tuple[str, str, str], list[str]] = {}
        for feed, refused in sorted(self._refused.items()):
            for (channel, symbol), reason in refused.items():
                found.setdefault((feed, channel, reason), []).append(symbol)
        return [*self._unequal(), *self.clock_troubles()] + [
            f"{feed} does not send {what(symbols, channel)}: {reason}"
            for (feed, channel, reason), symbols in found.items()
        ]

    def _unequal(self) -> list[str]:
        return [
            f"the counts of feed {health.feed} do not add up: {health.accepted} accepted + {health.rejected} rejected "
            f"+ {health.duplicates} duplicates are not {health.received} received of what it gave"
            for health in self._healths.values()
            if not health.adds_up
        ]

    def clock_troubles(self) -> list[str]:
        """Return a sentence for each thing that is wrong with the times of what comes."""
        return [said for feed, clock in sorted(self._clocks.items()) for said in clock.troubles(feed)]

    def _status(self, health: FeedHealth) -> FeedStatus:
        feed = health.feed
        meter, clock = self._meters.get(feed), self._clocks.get(feed)
        offset_ns = None if clock is None else clock.offset_ns
        return FeedStatus(
            health=health,
            lag_p50_ms=None if meter is None else meter.quantile_ms(0.5),
            lag_p99_ms=None if meter is None else meter.quantile_ms(0.99),
            refused=tuple(sorted({symbol for _, symbol in self._refused.get(feed, ())})),
            clock_offset_ms=None if offset_ns is None else offset_ns / 1e6,
            symbols=self._symbols(feed),
        )

    def _symbols(self, feed: str) -> tuple[SymbolLag, ...]:
        lags = [
            SymbolLag(symbol=symbol, at_ns=event_ns, lag_ms=max(arrived_ns - event_ns, 0) / 1e6)
            for symbol, (event_ns, arrived_ns) in self._last.get(feed, {}).items()
        ]
        return tuple(sorted(lags, key=lambda one: (-one.lag_ms, one.symbol)))


def some(symbols: Sequence[str]) -> str:
    """Return a few symbols, and how many more there are."""
    few = ", ".join(symbols[:_FEW])
    return few if len(symbols) <= _FEW else f"{few} and {len(symbols) - _FEW} more"


def what(symbols: Sequence[str], channel: str) -> str:
    """Return a few symbols, and what of them it is about."""
    return f"{channel} of {some(symbols)}" if channel else some(symbols)
