"""Candles of an exchange as they grow: ccxt passes on their six numbers, and not whether they are closed."""

from collections import deque
from collections.abc import Iterator, Sequence

import msgspec

from actors.market.instants import counted
from messages.values import SECOND_NS, Bar, Interval, Nanos

_MILLISECOND_NS = 10**6
_KEPT = 16
"""So many of each symbol's latest bars are remembered, to know one that has changed since it was told."""
_LAST_WORD_NS = 5 * SECOND_NS
"""After the end of its minute, a candle may still change for so long."""
_REMEMBERED = 16
_MOST_LATE_NS = 60 * SECOND_NS
"""What changes later than that is amended, and says nothing of the clock."""


class Told(msgspec.Struct, frozen=True):
    """A bar to be told."""

    bar: Bar
    is_correction: bool = False


class GrowingCandles:
    """Tells a candle when it is over: when a later one of its symbol has begun, or else some seconds after its end.

    Where candles still grow after their end, our clock is ahead of the exchange's: they are over that much later.
    One that changes after it was told is told again, as a correction.

    Args:
        interval: how long candles are.
    """

    def __init__(self, interval: Interval) -> None:
        self._interval = interval
        self._growing: dict[str, Bar] = {}
        self._told: dict[str, dict[Nanos, Bar]] = {}
        self._late_ns: deque[Nanos] = deque(maxlen=_REMEMBERED)
        """How long after their end the latest candles were still growing; a number for each candle."""
        self._latest_ns: Nanos = -1
        """The start of the latest candle of all."""

    def take(self, symbol: str, candles: Sequence[Sequence[float]], now_ns: Nanos | None = None) -> Iterator[Told]:
        """Take candles as they are now, in order of time; yield what is over by them.

        Args:
            symbol: whose.
            candles: six numbers each.
            now_ns: the time.

        Raises:
            ValueError: one is no candle.
        """
        for candle in candles:
            bar = _bar(symbol, candle, self._interval)
            growing = self._growing.get(symbol)
            if now_ns is not None:
                self._look_at_clocks(bar, growing, now_ns)
            if growing is None or bar.start_ns >= growing.start_ns:
                self._growing[symbol] = bar
                if growing is not None and bar.start_ns > growing.start_ns:
                    yield from self._over(growing)
            else:
                yield from self._over(bar)

    def due(self, now_ns: Nanos) -> Iterator[Told]:
        """Yield what is over by the clock."""
        for symbol, bar in list(self._growing.items()):
            is_told = bar.start_ns in self._told.get(symbol, ())
            late_ns = 0 if is_told else max(self._late_ns, default=0)
            if bar.start_ns + self._interval.span_ns + _LAST_WORD_NS + late_ns <= now_ns:
                yield from self._over(bar)
                if self._growing[symbol] is bar:
                    del self._growing[symbol]

    def forget(self, symbol: str) -> None:
        """Want no more of a symbol."""
        self._growing.pop(symbol, None)
        self._told.pop(symbol, None)

    def _look_at_clocks(self, bar: Bar, growing: Bar | None, now_ns: Nanos) -> None:
        """Remember for how long a candle has grown after its end."""
        if bar.start_ns > self._latest_ns:
            self._latest_ns = bar.start_ns
            self._late_ns.append(0)
        before = self._told.get(bar.symbol, {}).get(bar.start_ns, growing)
        late_ns = now_ns - bar.start_ns - self._interval.span_ns
        is_growing = before is not None and before.start_ns == bar.start_ns == self._latest_ns and before != bar
        if is_growing and 0 < late_ns <= _MOST_LATE_NS:
            self._late_ns[-1] = max(self._late_ns[-1], late_ns)

    def _over(self, bar: Bar) -> Iterator[Told]:
        told = self._told.setdefault(bar.symbol, {})
        before = told.get(bar.start_ns)
        if before == bar:
            return
        told[bar.start_ns] = bar
        if len(told) > _KEPT:
            del told[min(told)]
        yield Told(bar, is_correction=before is not None)


def _bar(symbol: str, candle: Sequence[float], interval: Interval) -> Bar:
    try:
        start, opened, high, low, close, volume = candle[:6]
        return Bar(
            symbol=symbol,
            start_ns=counted(int(start) * _MILLISECOND_NS),
            open=float(opened),
            high=float(high),
            low=float(low),
            close=float(close),
            volume=float(volume),
            interval=interval,
        )
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError("Expected six numbers: milliseconds, open, high, low, close, volume") from error
