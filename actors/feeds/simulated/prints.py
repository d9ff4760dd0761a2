"""The trades and quotes of a simulated minute: made so that its bar is exactly what they fold to."""

from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from messages.errors import SettingsError
from messages.tables.columns import BarBatch, Floats, Indices, Stamps
from messages.values import Nanos

_PRINTS = 3
"""What a random stream is for; ``simulated`` has 0 to 2."""
_FEWEST_TICKS = 4
"""Open, high, low and close may be four different prices."""
_CENT = 0.01
_SPREAD = 0.0002
_LOT = 100.0


class PrintRates(msgspec.Struct, frozen=True, kw_only=True):
    """How many trades and quotes a minute of each symbol has."""

    ticks: int = 0
    """0, or at least 4; a minute with fewer shares than that has exactly 4, of a quarter of its volume each."""
    quotes: int = 0

    def check(self, *, has_bars: bool) -> None:
        """Raise ``SettingsError`` if such a minute cannot be, or has nothing in it."""
        if self.ticks < 0 or 0 < self.ticks < _FEWEST_TICKS or self.quotes < 0:
            raise SettingsError(f"a minute has no trades or at least {_FEWEST_TICKS}, not {self.ticks}")
        if not (has_bars or self.ticks or self.quotes):
            raise SettingsError("a simulated feed sends bars, trades or quotes, or there is nothing to send")


class MinutePrints(NamedTuple):
    """Trades and quotes of many symbols, each in order of time; symbols are places in the batch's table."""

    tick_ns: Stamps
    tick_symbol: Indices
    price: Floats
    size: Floats
    quote_ns: Stamps
    quote_symbol: Indices
    quote: Floats
    """Bid, ask, bid size, ask size: 4 x quotes."""


def minute_prints(bars: BarBatch, seed: tuple[int, Nanos], rates: PrintRates) -> MinutePrints:
    """Return what happened within one minute.

    Args:
        bars: the bars of one minute, each symbol once.
        seed: the market's, and the minute's start: the same ones make the same prints.
        rates: how many.
    """
    random = np.random.default_rng((seed[0], _PRINTS, abs(seed[1])))
    prices = _path(bars, max(rates.ticks, _FEWEST_TICKS), random)
    return MinutePrints(*_ticks(bars, prices, random, rates.ticks), *_quotes(bars, prices, random, rates.quotes))


class _Path(NamedTuple):
    price: Floats
    """Ticks x bars."""
    is_knot: npt.NDArray[np.bool_]
    """Whether the price is the open, the close, or the first time at the high or the low."""


def _path(bars: BarBatch, count: int, random: np.random.Generator) -> _Path:
    """Walk from the open over the high and the low, in either order, to the close, in whole cents."""
    opens, highs, lows, closes = bars.values[:4]
    is_up_first = random.random(len(bars)) < 0.5
    first, second = np.where(is_up_first, highs, lows), np.where(is_up_first, lows, highs)
    early = random.integers(1, count - 2, len(bars))
    late = early + random.integers(1, count - 1 - early)
    step = np.arange(count)[:, np.newaxis]
    legs = [
        opens + (first - opens) * (step / early),
        first + (second - first) * ((step - early) / (late - early)),
        second + (closes - second) * ((step - late) / (count - 1 - late)),
    ]
    # Rounding may leave the range of a bar whose prices are no whole cents.
    price = np.round(np.select([step <= early, step <= late], legs[:2], legs[2]), 2).clip(lows, highs)
    is_knot = (step == 0) | (step == early) | (step == late) | (step == count - 1)
    for place, knot in ((0 * early, opens), (early, first), (late, second), (0 * late - 1, closes)):
        np.put_along_axis(price, place[np.newaxis], knot[np.newaxis], axis=0)
    return _Path(price, is_knot)


def _ticks(
    bars: BarBatch, path: _Path, random: np.random.Generator, count: int
) -> tuple[Stamps, Indices, Floats, Floats]:
    if not count:
        return np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0), np.empty(0)
    size = _sizes(bars.volume, path.is_knot, random)
    at_ns = _instants(bars, count, random)
    order = np.argsort(at_ns, axis=None, kind="stable")
    order = order[size.reshape(-1)[order] > 0]
    symbol = np.broadcast_to(bars.symbol_index, at_ns.shape).reshape(-1)
    return at_ns.reshape(-1)[order], symbol[order], path.price.reshape(-1)[order], size.reshape(-1)[order]


def _sizes(volume: Floats, is_knot: npt.NDArray[np.bool_], random: np.random.Generator) -> Floats:
    """Share out each volume so that the sum is exact: in whole shares, or in quarters where there are too few."""
    count = len(is_knot)
    weight = random.standard_exponential(is_knot.shape)
    whole = 1.0 + np.floor((volume - count) * weight / weight.sum(axis=0))
    whole[-1] += volume - whole.sum(axis=0)
    sizes: Floats = np.where(volume >= count, whole, np.where(is_knot, volume / _FEWEST_TICKS, 0.0))
    return sizes


def _quotes(bars: BarBatch, path: _Path, random: np.random.Generator, count: int) -> tuple[Stamps, Indices, Floats]:
    if not count:
        return np.empty(0, np.int64), np.empty(0, np.int32), np.empty((4, 0))
    at_ns = _instants(bars, count, random)
    elapsed = (at_ns - bars.start_ns) / bars.interval.span_ns
    middle = np.take_along_axis(path.price, (elapsed * len(path.price)).astype(np.intp), axis=0)
    spread = np.maximum(np.round(middle * _SPREAD, 2), _CENT)
    quote = np.empty((4, *at_ns.shape))
    quote[0] = np.maximum(np.round(middle - spread / 2, 2), _CENT)
    quote[1] = np.round(quote[0] + spread, 2)
    quote[2:] = _LOT * random.integers(1, 20, (2, *at_ns.shape))
    order = np.argsort(at_ns, axis=None, kind="stable")
    symbol = np.broadcast_to(bars.symbol_index, at_ns.shape).reshape(-1)
    return at_ns.reshape(-1)[order], symbol[order], quote.reshape(4, -1)[:, order]


def _instants(bars: BarBatch, count: int, random: np.random.Generator) -> Stamps:
    """Return ascending times within the minute: count x bars."""
    elapsed = np.sort(random.random((count, len(bars))), axis=0)
    return bars.start_ns + (elapsed * bars.interval.span_ns).astype(np.int64)
