"""Bars shorter than the base interval, folded to base bars while they come."""

import math
from collections.abc import Iterable, Iterator

from messages.values import Bar, Interval, Nanos


class ShortBars:
    """Keeps the short bars of each symbol's latest base intervals, and gives a base bar when one of them is over.

    Where a short bar comes for each stretch of time, traded in or not (``comes_always``), a base bar is given when all
    of its stretches came, and never if one is lacking. Else it is over when ``over`` says so, or when a short bar of a
    later one comes. One that was given is given anew if another of its short bars comes after all.

    Args:
        base: the length of the bars that are given.
        short: that of those that come; a whole part of the base.
        comes_always: whether those without a trade come too, of volume 0: beside others these set no price.
    """

    def __init__(self, base: Interval, short: Interval, *, comes_always: bool) -> None:
        self._base = base
        self._short_ns = short.span_ns
        self._count = base.span_ns // short.span_ns
        self._comes_always = comes_always
        self._held: dict[str, dict[Nanos, dict[Nanos, Bar]]] = {}
        """By symbol and start of the base bar the short bars, by their start."""
        self._given: dict[str, Nanos] = {}
        """By symbol the start of the latest base bar that was given, or that is past."""

    @property
    def unfinished_ns(self) -> Nanos | None:
        """The start of the earliest base bar that is not given yet; ``None``: there is none."""
        starts = (start for symbol, kept in self._held.items() for start in kept if start > self._given.get(symbol, -1))
        return min(starts, default=None)

    def add(self, bar: Bar) -> Iterator[Bar]:
        """Take a short bar; yield the base bars that are over by it."""
        symbol, start_ns = bar.symbol, bar.start_ns // self._base.span_ns * self._base.span_ns
        kept = self._held.setdefault(symbol, {})
        if start_ns not in kept and start_ns <= self._given.get(symbol, -1):
            return  # one half of a base bar that is past says nothing of the other
        kept.setdefault(start_ns, {})[bar.start_ns] = bar
        if self._comes_always:
            yield from self._whole(symbol, start_ns)
        elif start_ns <= self._given.get(symbol, -1):
            yield from self._bar(symbol, start_ns)
        else:
            yield from self._until(symbol, start_ns)

    def over(self, now_ns: Nanos) -> Iterator[Bar]:
        """Yield the base bars that have ended at ``now_ns``."""
        if not self._comes_always:
            for symbol in self._held:
                yield from self._until(symbol, now_ns // self._base.span_ns * self._base.span_ns)

    def forget(self) -> None:
        """Begin anew: what comes between now and the next short bar is lost."""
        self._held.clear()
        self._given.clear()

    def skip(self, symbols: Iterable[str], now_ns: Nanos) -> None:
        """Give no bar of the interval at hand: its first short bars were not heard."""
        self._given.update(dict.fromkeys(symbols, now_ns // self._base.span_ns * self._base.span_ns))

    def drop(self, symbol: str) -> None:
        """Forget a symbol that is not wanted any more."""
        self._held.pop(symbol, None)
        self._given.pop(symbol, None)

    def _whole(self, symbol: str, start_ns: Nanos) -> Iterator[Bar]:
        kept = self._held[symbol]
        if len(kept[start_ns]) == self._count:
            yield from self._bar(symbol, start_ns)
        self._forget_before(symbol, start_ns - self._base.span_ns)

    def _until(self, symbol: str, end_ns: Nanos) -> Iterator[Bar]:
        """Yield what was not given yet of the base bars that begin before ``end_ns``."""
        given_ns = self._given.get(symbol, -1)
        for start_ns in sorted(start for start in self._held[symbol] if given_ns < start < end_ns):
            self._given[symbol] = start_ns
            yield from self._bar(symbol, start_ns)
        self._forget_before(symbol, self._given.get(symbol, -1))

    def _forget_before(self, symbol: str, start_ns: Nanos) -> None:
        kept = self._held[symbol]
        for old_ns in [old for old in kept if old < start_ns]:
            del kept[old_ns]

    def _bar(self, symbol: str, start_ns: Nanos) -> Iterator[Bar]:
        kept = [bar for _, bar in sorted(self._held[symbol][start_ns].items())]
        traded = [bar for bar in kept if bar.volume] if self._comes_always else kept
        yield folded(traded or kept, start_ns, self._base)  # what is printed is a bar, also with volume 0


def folded(shorts: list[Bar], start_ns: Nanos, base: Interval) -> Bar:
    """Return one bar of several that follow each other."""
    volume = math.fsum(bar.volume for bar in shorts)
    low, high = min(bar.low for bar in shorts), max(bar.high for bar in shorts)
    has_vwap = volume > 0 and all(bar.vwap is not None for bar in shorts)
    turnover = math.fsum((bar.vwap or 0.0) * bar.volume for bar in shorts)
    counts = [bar.trades for bar in shorts]
    return Bar(
        symbol=shorts[0].symbol,
        start_ns=start_ns,
        open=shorts[0].open,
        high=high,
        low=low,
        close=shorts[-1].close,
        volume=volume,
        vwap=min(max(turnover / volume, low), high) if has_vwap else None,
        trades=None if None in counts else math.fsum(count for count in counts if count is not None),
        interval=base,
    )
